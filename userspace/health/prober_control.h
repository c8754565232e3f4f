/* SPDX-License-Identifier: BSD-2-Clause */
/* The prober's end of the socket to its parent: batches in, batches out. */
#ifndef HEALTH_PROBER_CONTROL_H
#define HEALTH_PROBER_CONTROL_H

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
 * prober_control_flush() - send answers, as many as the parent takes now
 * @answers, @n: the oldest first; those that are left move to the front
 *
 * Return: 0 or a negative errno.
 */
int prober_control_flush(int fd, struct prober_answer *answers, size_t *n);

#endif /* HEALTH_PROBER_CONTROL_H */
