/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long conversations by the thousand, which notice whoever cuts or moves them.
 *
 *	talk PORT VIP=COUNT/PACE_MS[/LIFE_MS]...
 *
 * Each connection asks once every PACE_MS with a number of its own, and the
 * answer has to bring that number and the name of the server that gave the first
 * answer. With LIFE_MS a connection is closed after that time and another one
 * opened, so that new connections meet every event as well.
 *
 * A connection is broken when anything but that happens: reset, closed, refused,
 * moved, no answer for too long. Each one is told with its time; SIGUSR1 asks for
 * a report, SIGTERM for the last one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "talk.h"

#define EVENTS 256
/* New connections a millisecond: a burst would overflow the queues of a veth. */
#define OPEN_PER_MS 3
#define OPEN_AT_ONCE 32 /* also when this process was not run for a while */
#define TURN_MS 1
/* TCP sends again what is lost after 200 ms at the earliest. */
#define STALL_US 200000
#define NO_ANSWER_US 8000000

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void watch(int epoll_fd, int fd, uint32_t events, void *data)
{
	struct epoll_event event = { .events = events, .data.ptr = data };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

/* --- one session ------------------------------------------------------------- */

static int find_server(struct talk *t, const char name[TALK_NAME])
{
	for (int i = 0; i < t->n_servers; i++)
		if (!memcmp(t->servers[i].name, name, TALK_NAME))
			return i;
	if (t->n_servers == TALK_MAX_SERVERS)
		return -1;
	memcpy(t->servers[t->n_servers].name, name, TALK_NAME);
	return t->n_servers++;
}

static void session_close(struct talk *t, struct session *s, enum session_state state)
{
	t->lost += talk_count_lost(s->fd);
	close(s->fd);
	s->fd = -1;
	s->state = state;
}

/* The session is over in a way that it should not be. */
static void session_break(struct talk *t, struct session *s, const char *why)
{
	talk_tell_broken(t, s, why);
	session_close(t, s, s->group->life_us ? SESSION_CLOSED : SESSION_BROKEN);
}

static void session_open(struct talk *t, struct session *s)
{
	const int family = s->group->to.ss_family, low = sizeof(struct talk_answer);

	s->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)))
		die("socket");
	t->connections++;
	s->id = t->connections << 32;
	s->server = -1;
	s->opened_us = s->asked_us = clock_now_us();
	s->state = SESSION_CONNECTING;
	watch(t->epoll_fd, s->fd, EPOLLIN | EPOLLOUT | EPOLLET, s);
	if (connect(s->fd, (const struct sockaddr *)&s->group->to, sizeof(s->group->to)) &&
	    errno != EINPROGRESS)
		session_break(t, s, strerror(errno));
}

static void session_ask(struct talk *t, struct session *s)
{
	const struct talk_ask ask = { .id = ++s->id };

	s->asked_us = clock_now_us();
	s->state = SESSION_ASKED;
	if (send(s->fd, &ask, sizeof(ask), MSG_NOSIGNAL) != sizeof(ask))
		session_break(t, s, strerror(errno));
}

static void note_wait(struct talk *t, struct session *s)
{
	const uint64_t waited_us = clock_now_us() - s->asked_us;

	if (waited_us > s->longest_us)
		s->longest_us = waited_us;
	if (waited_us > t->slowest_us)
		t->slowest_us = waited_us;
	if (waited_us > STALL_US * t->scale)
		t->stalls++;
}

static void session_take_answer(struct talk *t, struct session *s)
{
	struct talk_answer answer;
	const ssize_t n = recv(s->fd, &answer, sizeof(answer), 0);
	int server;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n != sizeof(answer)) {
		session_break(t, s, n < 0 ? strerror(errno) : "closed by the server");
		return;
	}
	answer.name[TALK_NAME - 1] = '\0';
	server = find_server(t, answer.name);
	if (s->state != SESSION_ASKED || answer.id != s->id || server < 0) {
		session_break(t, s, "not the answer to what was asked");
		return;
	}
	if (s->server >= 0 && s->server != server) {
		t->moved++;
		session_break(t, s, "moved to another server");
		return;
	}
	note_wait(t, s);
	t->answers++;
	t->servers[server].answers++;
	s->server = server;
	s->state = SESSION_IDLE;
}

static void session_ready(struct talk *t, struct session *s, uint32_t events)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (s->state != SESSION_CONNECTING) {
		if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
			session_take_answer(t, s);
		return;
	}
	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		t->refused += error == ECONNREFUSED;
		session_break(t, s, strerror(error));
	} else if (events & EPOLLOUT) {
		session_ask(t, s);
	}
}

/* What a session does when it is its turn. */
static void session_turn(struct talk *t, struct session *s)
{
	const uint64_t now = clock_now_us(), life_us = s->group->life_us;

	switch (s->state) {
	case SESSION_BROKEN:
		break;
	case SESSION_CLOSED:
		session_open(t, s);
		break;
	case SESSION_IDLE:
		if (life_us && now - s->opened_us > life_us)
			session_close(t, s, SESSION_CLOSED);
		else
			session_ask(t, s);
		break;
	case SESSION_CONNECTING:
	case SESSION_ASKED:
		if (now - s->asked_us > NO_ANSWER_US * t->scale)
			session_break(t, s, "no answer for too long");
		break;
	}
}

/* --- all of them ------------------------------------------------------------- */

/* The first round, slowly; false when all are open. */
static bool open_some(struct talk *t, uint64_t now)
{
	uint64_t due = (now - t->start_us) * OPEN_PER_MS / 1000;
	uint64_t before = 0;
	size_t g = 0;

	if (due > t->opened + OPEN_AT_ONCE)
		due = t->opened + OPEN_AT_ONCE;
	while (g < t->n_groups && t->opened >= before + t->groups[g].n)
		before += t->groups[g++].n;
	for (; g < t->n_groups; before += t->groups[g++].n)
		for (; t->opened < before + t->groups[g].n; t->opened++) {
			if (t->opened >= due)
				return true;
			session_open(t, &t->groups[g].sessions[t->opened - before]);
		}
	return false;
}

static void take_turns(struct talk *t, struct group *g, uint64_t now)
{
	const uint64_t due = (now - t->start_us) * g->n / g->pace_us;

	/* Late by more than a round: nobody takes two turns at once. */
	if (due > g->turns + g->n)
		g->turns = due - g->n;
	for (; g->turns < due; g->turns++)
		session_turn(t, &g->sessions[g->turns % g->n]);
}

/* False when it is time to end. */
static bool take_signal(struct talk *t, int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		die("signalfd");
	talk_report(t);
	return info.ssi_signo == SIGUSR1;
}

static int run(struct talk *t, int signal_fd)
{
	struct epoll_event events[EVENTS];
	bool is_opening = true, is_told = false;
	uint64_t now, last = clock_now_us();

	for (;;) {
		const int n = epoll_wait(t->epoll_fd, events, EVENTS, TURN_MS);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				session_ready(t, events[i].data.ptr, events[i].events);
			else if (!take_signal(t, signal_fd))
				return t->broken || !t->answers;
		}
		now = clock_now_us();
		if (now - last > t->pause_us)
			t->pause_us = now - last;
		last = now;
		if (is_opening) {
			is_opening = open_some(t, now);
			continue;
		}
		for (size_t g = 0; g < t->n_groups; g++)
			take_turns(t, &t->groups[g], now);
		if (!is_told && t->answers + t->broken >= t->opened) {
			is_told = printf("under way\n");
			t->slowest_us = t->pause_us = 0;
		}
	}
}

/* VIP=COUNT/PACE_MS[/LIFE_MS] */
static bool group_parse(struct group *g, const char *text, uint16_t port)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&g->to;
	struct sockaddr_in *sin = (struct sockaddr_in *)&g->to;
	unsigned int n, pace_ms, life_ms = 0;
	char vip[INET6_ADDRSTRLEN];

	if (sscanf(text, "%45[^=]=%u/%u/%u", vip, &n, &pace_ms, &life_ms) < 3 || !n || !pace_ms)
		return false;
	g->to.ss_family = strchr(vip, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(g->to.ss_family, vip,
		      g->to.ss_family == AF_INET6 ? (void *)&sin6->sin6_addr : &sin->sin_addr) != 1)
		return false;
	sin->sin_port = htons(port); /* at the same place in both */
	g->n = n;
	g->pace_us = pace_ms * 1000ULL;
	g->life_us = life_ms * 1000ULL;
	g->sessions = calloc(n, sizeof(*g->sessions));
	if (!g->sessions)
		die("calloc");
	for (uint64_t i = 0; i < n; i++)
		g->sessions[i] = (struct session){ .group = g, .fd = -1 };
	return true;
}

static int watch_signals(int epoll_fd)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd");
	watch(epoll_fd, fd, EPOLLIN, NULL);
	return fd;
}

int main(int argc, char **argv)
{
	const char *scale = getenv("SHUNT_TEST_SCALE");
	struct talk t = { .scale = scale ? strtoul(scale, NULL, 10) : 1 };
	const int port = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 2; i < argc && t.n_groups < TALK_MAX_GROUPS; i++)
		if (group_parse(&t.groups[t.n_groups], argv[i], port))
			t.n_groups++;
	if (!port || argc < 3 || t.n_groups != (size_t)argc - 2) {
		fprintf(stderr, "usage: talk PORT VIP=COUNT/PACE_MS[/LIFE_MS]...\n");
		return 2;
	}
	setlinebuf(stdout);
	t.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (t.epoll_fd < 0)
		die("epoll_create1");
	t.start_us = clock_now_us();
	return run(&t, watch_signals(t.epoll_fd));
}
