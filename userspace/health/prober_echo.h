/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo requests and replies (RFC 792, RFC 4443): one raw socket of each family
 * for all probes, because only root may open them, which the prober is no longer
 * when it gets a request.
 *
 * A request carries a number that this prober drew at random, and the place and
 * serial of its probe; a reply is taken only if all of it has come back. Replies
 * to other programs of the host are filtered out in the kernel, by the
 * identifier, so that they wake nobody.
 */
#ifndef HEALTH_PROBER_ECHO_H
#define HEALTH_PROBER_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health/prober_proto.h"

enum echo_family {
	ECHO_V4,
	ECHO_V6,
	ECHO_FAMILIES,
};

/**
 * struct prober_echo - the two sockets
 * @fd: -1: there is none
 * @id: identifier of the requests, in network order
 * @key: that they carry
 */
struct prober_echo {
	int fd[ECHO_FAMILIES];
	uint16_t id;
	uint64_t key;
};

/* What a reply says, and where it came from. */
struct prober_reply {
	struct shunt_addr from;
	uint64_t serial;
	uint32_t place;
};

/* Sockets that cannot be opened are -1. */
void prober_echo_open(struct prober_echo *e);
void prober_echo_close(struct prober_echo *e);

/* Return: 0; -EBADF if there is no socket; another negative errno. */
int prober_echo_send(const struct prober_echo *e, const struct prober_request *r, uint32_t place);

/**
 * prober_echo_receive() - take replies
 * @replies: room for PROBER_BATCH; those to requests of @e
 *
 * Looks at PROBER_BATCH packets at most: epoll tells of those that are left.
 *
 * Return: how many.
 */
size_t prober_echo_receive(const struct prober_echo *e, enum echo_family family,
			   struct prober_reply *replies);

/**
 * prober_echo_read() - a received packet
 * @data: from the IP header on with ECHO_V4, from the ICMP header on with ECHO_V6
 *
 * Return: whether it is a reply to a request of @e; then @reply is set, but for @from.
 */
bool prober_echo_read(const struct prober_echo *e, enum echo_family family, const void *data,
		      size_t len, struct prober_reply *reply);

#endif /* HEALTH_PROBER_ECHO_H */
