/* SPDX-License-Identifier: BSD-2-Clause */
/* A descriptor that goes along with a message between parent and prober: unix(7). */
#ifndef HEALTH_PROBER_RIGHTS_H
#define HEALTH_PROBER_RIGHTS_H

#include <sys/socket.h>

/* Room for one; aligned as the kernel wants it. */
union prober_rights {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* Send @fd with @msg. @room: stays until it is sent. */
void prober_rights_put(struct msghdr *msg, union prober_rights *room, int fd);

/* Let one come with @msg. */
void prober_rights_expect(struct msghdr *msg, union prober_rights *room);

/* The one that came with @msg, now the caller's; or -1. */
int prober_rights_take(struct msghdr *msg);

#endif /* HEALTH_PROBER_RIGHTS_H */
