/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What probes cost the kernel: GET over HTTP to one address after another, at a steady
 * rate, with no more system calls than it takes, and nothing else done.
 *
 *	knock RATE SECONDS FIRST-ADDRESS ADDRESSES PORT
 *
 * Prints the processor time that RATE of them a second take, in percent of a core. Nobody
 * who asks as often can be much cheaper; what a health checker takes beyond this is its own.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define TICK_MS 10
#define MAX_AT_ONCE 1000

static const char question[] = "GET / HTTP/1.1\r\nHost: 192.0.2.80\r\nUser-Agent: shunt\r\n"
			       "Accept: */*\r\nConnection: close\r\n\r\n";

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* As a prober's: nothing is left of it when it is closed. */
static int begin(uint32_t addr, uint16_t port)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	static const int off;
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr.s_addr = htonl(addr) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off)))
		die("socket");
	(void)connect(fd, (const struct sockaddr *)&to, sizeof(to));
	return fd;
}

static void await(int fd, short what)
{
	struct pollfd p = { .fd = fd, .events = what };

	if (poll(&p, 1, 1000) != 1 || p.revents & POLLERR)
		die("no answer");
}

static void knock_all(uint32_t *next, uint32_t first, uint32_t n_addresses, uint16_t port, size_t n)
{
	int fds[MAX_AT_ONCE];
	char answer[2048];

	for (size_t i = 0; i < n; i++) {
		fds[i] = begin(first + *next, port);
		*next = (*next + 1) % n_addresses;
	}
	for (size_t i = 0; i < n; i++) {
		await(fds[i], POLLOUT);
		if (send(fds[i], question, strlen(question), MSG_NOSIGNAL) < 0)
			die("send");
	}
	for (size_t i = 0; i < n; i++) {
		await(fds[i], POLLIN);
		if (recv(fds[i], answer, sizeof(answer), 0) < 9 || memcmp(answer, "HTTP/1.1", 8))
			die("recv");
		close(fds[i]);
	}
}

static void sleep_until(uint64_t at_ms)
{
	const struct timespec at = { .tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static double seconds(const struct timeval *t)
{
	return t->tv_sec + t->tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	const uint64_t start_ms = clock_now_ms();
	uint32_t rate, at_once, addresses, next = 0, knocked = 0;
	struct in_addr first;
	struct rusage used;
	uint64_t end_ms;

	if (argc != 6 || inet_pton(AF_INET, argv[3], &first) != 1) {
		fprintf(stderr, "usage: knock RATE SECONDS FIRST-ADDRESS ADDRESSES PORT\n");
		return 2;
	}
	rate = atoi(argv[1]);
	end_ms = start_ms + atoi(argv[2]) * 1000;
	addresses = atoi(argv[4]);
	at_once = rate * TICK_MS / 1000;
	if (!at_once || at_once > MAX_AT_ONCE || !addresses)
		return 2;
	for (uint64_t at_ms = start_ms; clock_now_ms() < end_ms; at_ms += TICK_MS) {
		sleep_until(at_ms);
		knock_all(&next, ntohl(first.s_addr), addresses, atoi(argv[5]), at_once);
		knocked += at_once;
	}
	getrusage(RUSAGE_SELF, &used);
	printf("%.1f\n",
	       (seconds(&used.ru_utime) + seconds(&used.ru_stime)) / knocked * rate * 100);
	return 0;
}
