/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of talk: answers each question with its number and NAME.
 *
 *	talk_server NAME PORT
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "talk.h"

#define EVENTS 256

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		die("setsockopt");
}

/* Connections inherit that they are told of whole questions only. */
static int listen_on(int port)
{
	const struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	set(fd, SOL_SOCKET, SO_RCVLOWAT, sizeof(struct talk_ask));
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) || listen(fd, 4096))
		die("listen");
	return fd;
}

static void watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

static void accept_all(int epoll_fd, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		watch(epoll_fd, fd);
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

/* A client that leaves, or that breaks off, is none of the server's business. */
static void serve(int fd, struct talk_answer *mine)
{
	struct talk_ask ask;
	const ssize_t n = recv(fd, &ask, sizeof(ask), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	mine->id = ask.id;
	if (n != sizeof(ask) || send(fd, mine, sizeof(*mine), MSG_NOSIGNAL) != sizeof(*mine))
		close(fd);
}

int main(int argc, char **argv)
{
	struct talk_answer mine = { 0 };
	struct epoll_event events[EVENTS];
	int epoll_fd, listener, n;

	if (argc != 3 || strlen(argv[1]) >= TALK_NAME) {
		fprintf(stderr, "usage: talk_server NAME PORT\n");
		return 2;
	}
	memcpy(mine.name, argv[1], strlen(argv[1]));
	listener = listen_on(atoi(argv[2]));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		die("epoll_create1");
	watch(epoll_fd, listener);
	printf("serving\n");
	fflush(stdout);
	while ((n = epoll_wait(epoll_fd, events, EVENTS, -1)) >= 0 || errno == EINTR)
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				accept_all(epoll_fd, listener);
			else
				serve(events[i].data.fd, &mine);
	die("epoll_wait");
}
