/* SPDX-License-Identifier: BSD-2-Clause */
/* The prober's end of the socket to its parent: batches in, batches out. */
#ifndef HEALTH_PROBER_CONTROL_H
#define HEALTH_PROBER_CONTROL_H

#include "health/check_sched.h"
#include "health/prober_proto.h"

enum prober_said {
	PROBER_SAID_NONSENSE,
	PROBER_SAID_REQUEST,
	PROBER_SAID_TRUST,
};

/**
 * struct prober_message - what the parent said
 * @said: which member of the union it is
 * @fd: what came with it, now the receiver's, or -1: certificates, or a socket
 */
struct prober_message {
	enum prober_said said;
	int fd;
	union {
		struct prober_request request;
		struct prober_trust trust;
	};
};

/**
 * prober_control_receive() - take messages
 * @messages: room for PROBER_BATCH
 * @room: most that are wanted, at least 1
 *
 * Return: how many; 0 if there are none now; -EPIPE at the end; another negative
 * errno.
 */
int prober_control_receive(int fd, struct prober_message *messages, size_t room);

/**
 * struct prober_outbox - answers on their way; zero-initialised is empty and valid
 * @answers: not yet taken by the parent, the oldest first; released with free()
 * @from_ms: they may not go before
 * @blocked: the parent took no more when they did: watch for EPOLLOUT
 *
 * An answer goes at once, but then none for PROBER_ANSWER_GAP_MS, and those that come
 * meanwhile go together: where probes end all the time, to wake up the parent for each
 * would cost more than the probes.
 */
struct prober_outbox {
	struct prober_answer *answers;
	size_t n;
	uint64_t from_ms;
	bool blocked;
};

/* As often as the parent looks who is due. */
#define PROBER_ANSWER_GAP_MS 10

/* Copied. Return: 0 or -ENOMEM. */
int prober_outbox_add(struct prober_outbox *box, const struct prober_answer *answer);

/* When prober_outbox_send() would do something next, by the clock alone; or CHECK_NEVER. */
uint64_t prober_outbox_due_ms(const struct prober_outbox *box);

/* Send what is due, as far as the parent takes it now. Return: 0 or a negative errno. */
int prober_outbox_send(struct prober_outbox *box, int fd, uint64_t now_ms);

#endif /* HEALTH_PROBER_CONTROL_H */
