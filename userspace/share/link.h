/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets: one to send by and to be sent to, another one that hears the group. */
#ifndef SHARE_LINK_H
#define SHARE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "conf/conf.h"

struct link_end {
	struct sockaddr_storage addr;
	socklen_t len;
};

/**
 * struct link - all -1 and nobody is closed
 * @fds: -1: there is none
 * @to: everybody, @n_to of them
 */
struct link {
	int fds[2];
	struct link_end to[CONF_MAX_PEERS + 1];
	size_t n_to;
};

#define LINK_CLOSED ((struct link){ .fds = { -1, -1 } })

/* 0 or a negative errno, not logged. */
int link_open(const struct conf_peers *conf, struct link *out);
void link_close(struct link *l);

/* To everybody. Return: to how many it could not be sent. */
size_t link_send(const struct link *l, const uint8_t *bytes, size_t n);

/* The next one that came. Return: its length; -EAGAIN; another negative errno. */
int link_receive(int fd, uint8_t *out, size_t max);

#endif /* SHARE_LINK_H */
