/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a DNS answer, and the first of them as the name that was asked for.
 * An answer that is taken repeats the id; what a name makes of a question never
 * passes as its answer.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "health/dns_message.h"

#define NAME_BYTES 32

static void try_answer(const struct dns_question *q, const uint8_t *data, size_t size)
{
	struct dns_answer a = { .rcode = 99 };
	int err = dns_answer_read(q, data, size, &a);

	require(err == 0 || err == -ENOMSG || err == -EBADMSG);
	require((err == 0) == (a.rcode != 99));
	if (err)
		return;
	require(a.rcode < 16 && size >= 12);
	require(data[0] == q->id >> 8 && data[1] == (q->id & 0xff));
}

static void try_question(const struct dns_question *q)
{
	uint8_t message[DNS_QUESTION_MAX_BYTES];
	size_t n = dns_question_write(q, message);
	struct dns_answer a;

	require(n <= sizeof(message));
	if (!n)
		return;
	require(dns_answer_read(q, message, n, &a) == -ENOMSG);
	message[2] |= 0x80;
	require(dns_answer_read(q, message, n, &a) == 0);
	require(dns_answer_read(q, message, n - 1, &a) == -EBADMSG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[NAME_BYTES + 1] = "a.example";
	struct dns_question q = { .name = name, .qtype = 1 };

	if (size < NAME_BYTES)
		return 0;
	q.id = data[0] << 8 | data[1];
	try_answer(&q, data, size);
	memcpy(name, data, NAME_BYTES);
	try_question(&q);
	try_answer(&q, data + NAME_BYTES, size - NAME_BYTES);
	return 0;
}
