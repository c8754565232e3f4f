/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "health/prober_socket.h"

static int set_up_tcp(int given)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	static const int off;
	_cleanup_close_ int fd = given;

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off)))
		return -errno;
	return take_fd(&fd);
}

static int open_tcp(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : set_up_tcp(fd);
}

static int open_udp(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int open_own(enum check_transport transport, int family)
{
	return transport == CHECK_OVER_UDP ? open_udp(family) : open_tcp(family);
}

static int adopt(enum check_transport transport, int fd)
{
	return transport == CHECK_OVER_UDP ? fd : set_up_tcp(fd);
}

bool prober_socket_fails(struct probe *probe, int family, struct check_result *r)
{
	const enum check_transport transport = probe->ops->transport;

	switch (probe->request.via) {
	case PROBER_VIA_OWN:
		probe->fd = open_own(transport, family);
		break;
	case PROBER_VIA_NO_ROUTE:
		return check_fail(r, HEALTH_L4CON_CODE, -ENETUNREACH);
	default:
		if (probe->fd < 0)
			return check_end(r, HEALTH_SOCKERR_CODE, "no socket to the VIP");
		probe->fd = adopt(transport, probe->fd);
	}
	return probe->fd < 0 && check_fail(r, HEALTH_SOCKERR_CODE, probe->fd);
}

/*
 * One that was given may be open at the parent's for a moment longer, so that epoll
 * would go on telling of it.
 */
void prober_socket_close(const struct probe *probe, int epoll_fd)
{
	if (probe->fd < 0)
		return;
	if (probe->request.via != PROBER_VIA_OWN)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, probe->fd, NULL);
	close(probe->fd);
}
