/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One DNS question, and what an answer says of it (RFC 1035, section 4). Nothing
 * is read of an answer but its header and the question that it repeats.
 */
#ifndef HEALTH_DNS_MESSAGE_H
#define HEALTH_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/* Header, the longest name, type and class. */
#define DNS_QUESTION_MAX_BYTES (12 + 255 + 4)

/**
 * struct dns_question
 * @name: with or without a final dot; "." is the root
 * @id: that the answer has to repeat
 */
struct dns_question {
	const char *name;
	uint16_t qtype;
	uint16_t id;
};

/**
 * struct dns_answer
 * @n_answers: records that the answer says it has
 */
struct dns_answer {
	uint8_t rcode;
	uint16_t n_answers;
};

/* Return: bytes of the message in @out; 0 if @q has no name that could be asked for. */
size_t dns_question_write(const struct dns_question *q, uint8_t out[DNS_QUESTION_MAX_BYTES]);

/**
 * dns_answer_read() - what came back
 *
 * Names are compared without regard to case (RFC 4343). An answer that reports an
 * error may leave the question out.
 *
 * Return: 0; -ENOMSG: no message, or not with the id of @q: somebody else's; -EBADMSG:
 * it has the id, but it is no answer to @q.
 */
int dns_answer_read(const struct dns_question *q, const uint8_t *data, size_t len,
		    struct dns_answer *out);

#endif /* HEALTH_DNS_MESSAGE_H */
