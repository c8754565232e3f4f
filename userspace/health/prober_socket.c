/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "health/prober_socket.h"

static int open_tcp(int family)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	static const int off;
	_cleanup_close_ int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off)))
		return -errno;
	return take_fd(&fd);
}

static int open_udp(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int prober_socket_open(enum check_transport transport, int family)
{
	return transport == CHECK_OVER_UDP ? open_udp(family) : open_tcp(family);
}
