/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A steady stream of numbered datagrams, and who got which of them.
 *
 *	stream send VIP PORT FLOWS PACKETS_PER_S
 *	stream receive PORT
 *
 * Each flow has a socket of its own and counts by itself, so a receiver sees for
 * each flow whether something is missing, came twice or out of order. Both go on
 * until SIGTERM and then say what they counted; the receiver first waits until
 * nothing has come for a while.
 *
 * The sender keeps its bursts short: the queue of a veth holds 256 packets. If it
 * is not run for a while the stream is thinner then, and not made up for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define MAX_FLOWS 1024
#define BURST 8
#define MAX_BURSTS 8 /* at a time, when late */
#define BATCH 64
#define SILENCE_US 300000
#define RECEIVE_BUFFER (64 << 20)
#define MAX_TOLD 10

struct datagram {
	uint32_t flow;
	uint32_t pad;
	uint64_t number; /* within its flow, from 1 */
};

static volatile sig_atomic_t is_over;

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void end(int number)
{
	(void)number;
	is_over = 1;
}

/* --- sending ------------------------------------------------------------------ */

struct flow {
	int fd;
	uint64_t sent;
};

static int connect_to(const char *vip, int port)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	char mapped[INET6_ADDRSTRLEN + 8];
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(vip, ':') ? "" : "::ffff:", vip);
	if (fd < 0 || inet_pton(AF_INET6, mapped, &to.sin6_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(vip);
	return fd;
}

static void send_burst(struct flow *flow, uint32_t index)
{
	struct mmsghdr headers[BURST] = { 0 };
	struct datagram datagrams[BURST];
	struct iovec parts[BURST];
	int n;

	for (int i = 0; i < BURST; i++) {
		datagrams[i] = (struct datagram){ .flow = index, .number = flow->sent + i + 1 };
		parts[i] = (struct iovec){ &datagrams[i], sizeof(datagrams[i]) };
		headers[i].msg_hdr.msg_iov = &parts[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(flow->fd, headers, BURST, 0);
	if (n < 0 && errno != EINTR)
		die("sendmmsg");
	flow->sent += n > 0 ? n : 0;
}

static void sleep_until(uint64_t us)
{
	const struct timespec at = { .tv_sec = (time_t)(us / 1000000),
				     .tv_nsec = (long)(us % 1000000) * 1000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int send_stream(struct flow *flows, uint32_t n, uint64_t rate)
{
	const uint64_t start_us = clock_now_us();
	uint64_t turn = 0, skipped = 0, total = 0, now;

	prctl(PR_SET_TIMERSLACK, 1);
	printf("under way\n");
	while (!is_over) {
		now = clock_now_us();
		const uint64_t due = (now - start_us) * rate / (BURST * 1000000ULL);

		if (due > turn + skipped + MAX_BURSTS)
			skipped = due - turn - MAX_BURSTS;
		for (; turn + skipped < due; turn++)
			send_burst(&flows[turn % n], turn % n);
		sleep_until(start_us + (turn + skipped + 1) * BURST * 1000000 / rate);
	}
	for (uint32_t i = 0; i < n; i++)
		total += flows[i].sent;
	printf("sent %" PRIu64 " flows %" PRIu32 " rate %.0f skipped %" PRIu64 "\n", total, n,
	       (double)total * 1e6 / (double)(clock_now_us() - start_us), skipped * BURST);
	return 0;
}

/* --- receiving ---------------------------------------------------------------- */

struct received {
	uint64_t packets, flows, missing, late;
	uint64_t last[MAX_FLOWS]; /* number of each flow */
};

static int listen_on(int port)
{
	const struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct timeval silence = { .tv_usec = SILENCE_US };
	const int buffer = RECEIVE_BUFFER;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence)))
		die("listen");
	return fd;
}

/* A flow that comes from elsewhere, or comes back, misses what went there. */
static void take(struct received *r, const struct datagram *d)
{
	const uint64_t last = r->last[d->flow % MAX_FLOWS];

	r->packets++;
	if (d->number <= last) {
		r->late++;
		return;
	}
	r->flows += !last;
	if (d->number > last + 1) {
		if (r->missing < MAX_TOLD)
			printf("%.3f s: flow %" PRIu32 ": %" PRIu64 " missing before %" PRIu64 "\n",
			       (double)clock_now_us() / 1e6, d->flow, d->number - last - 1,
			       d->number);
		r->missing += d->number - last - 1;
	}
	r->last[d->flow % MAX_FLOWS] = d->number;
}

static int receive_stream(int fd)
{
	struct mmsghdr headers[BATCH] = { 0 };
	struct datagram datagrams[BATCH];
	struct iovec parts[BATCH];
	struct received r = { 0 };
	int n;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ &datagrams[i], sizeof(datagrams[i]) };
		headers[i].msg_hdr.msg_iov = &parts[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	printf("under way\n");
	do {
		n = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++)
			take(&r, &datagrams[i]);
	} while (n > 0 || errno != EAGAIN || !is_over);
	printf("received %" PRIu64 " flows %" PRIu64 " missing %" PRIu64 " late %" PRIu64 "\n",
	       r.packets, r.flows, r.missing, r.late);
	return 0;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = end, .sa_flags = SA_RESTART };
	struct flow flows[MAX_FLOWS] = { 0 };
	int n;

	setlinebuf(stdout);
	sigaction(SIGTERM, &action, NULL);
	if (argc == 3 && !strcmp(argv[1], "receive"))
		return receive_stream(listen_on(atoi(argv[2])));
	n = argc == 6 ? atoi(argv[4]) : 0;
	if (argc != 6 || strcmp(argv[1], "send") || n < 1 || n > MAX_FLOWS || atoi(argv[5]) < 1) {
		fprintf(stderr, "usage: stream send VIP PORT FLOWS PACKETS_PER_S\n"
				"       stream receive PORT\n");
		return 2;
	}
	for (int i = 0; i < n; i++)
		flows[i].fd = connect_to(argv[2], atoi(argv[3]));
	return send_stream(flows, n, atoi(argv[5]));
}
