/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "health/prober_rights.h"

void prober_rights_put(struct msghdr *msg, union prober_rights *room, int fd)
{
	struct cmsghdr *c;

	memset(room, 0, sizeof(*room));
	msg->msg_control = room;
	msg->msg_controllen = sizeof(*room);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

void prober_rights_expect(struct msghdr *msg, union prober_rights *room)
{
	msg->msg_control = room;
	msg->msg_controllen = sizeof(*room);
}

/* The kernel closes those that there is no room for. */
int prober_rights_take(struct msghdr *msg)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}
