/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets of peers. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "share/link.h"

/* Of loopback, as others may bind it. Return: 0 or -errno. */
static int bind_shared(int fd, uint16_t port)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					  .sin_port = htons(port) };
	const int on = 1;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	return bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
}

/* One that nobody has. */
static uint16_t find_port(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in addr = { 0 };
	socklen_t len = sizeof(addr);

	cr_assert_eq(bind_shared(fd, 0), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	close(fd);
	return ntohs(addr.sin_port);
}

Test(link, nobody_else_gets_what_is_sent_to_it)
{
	const uint16_t port = find_port();
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct link link = LINK_CLOSED;
	char listen[32];
	const struct conf_peers conf = { .listen = listen };

	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	cr_assert_eq(link_open(&conf, &link), 0);
	cr_expect_eq(bind_shared(fd, port), -EADDRINUSE);
	link_close(&link);
	cr_expect_eq(bind_shared(fd, port), 0);
	close(fd);
}

/* A tick may tell 200 datagrams, of which the kernel's own room takes fewer than half. */
Test(link, a_burst_has_room)
{
	struct link link = LINK_CLOSED;
	char listen[32];
	const struct conf_peers conf = { .listen = listen };
	int bytes = 0, usual = 0, fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(bytes);

	snprintf(listen, sizeof(listen), "127.0.0.1:%u", find_port());
	cr_assert_eq(link_open(&conf, &link), 0);
	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &usual, &len), 0);
	close(fd);
	for (int which = 0; which < 2; which++) {
		cr_assert_eq(getsockopt(link.fds[0], SOL_SOCKET, which ? SO_SNDBUF : SO_RCVBUF,
					&bytes, &len),
			     0);
		/* Who may not have more than others has as much. */
		cr_expect_geq(bytes, geteuid() ? usual : 8 << 20);
	}
	link_close(&link);
}
