/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prober: the child that reads what comes from the network.
 *
 * One loop over epoll. Requests come in by the control socket; each becomes a
 * non-blocking connection in a place of its own, and ends with one answer, at
 * the latest when its time is up. Answers that the parent is not yet taking
 * are kept, and requests are left in the socket while all places are taken:
 * nothing is lost either way. The loop ends when the parent closes its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "health/check.h"
#include "health/check_mysql.h"
#include "health/check_sched.h"
#include "health/leftover.h"
#include "health/probe.h"
#include "health/prober_control.h"
#include "health/prober_echo.h"
#include "health/prober_jail.h"
#include "health/prober_trust.h"
#include "health/tls_client.h"
#include "net/addr.h"

#define EVENTS 128

/* Descriptors that are not probes: stdio, the control socket, epoll; and spare. */
#define OTHER_FILES 16

/* In epoll_event.data; all other values are places. */
#define CONTROL UINT32_MAX
#define FIRST_ECHO (CONTROL - ECHO_FAMILIES)

/* Most at once of kinds that cost more than a socket. */
#define MAX_LOG_INS 512
#define MAX_COMMANDS 128

/**
 * struct prober - all the child has
 * @echo, @tls, @leftovers: of all probes that need them
 * @control_events: what epoll watches @control_fd for
 * @probes: places; @vacant: those that are free
 * @max_flying: places that may be taken at once
 * @timeouts: by place
 */
struct prober {
	enum prober_trade trade;
	int epoll_fd;
	int control_fd;
	struct prober_echo echo;
	struct tls_client tls;
	struct leftovers leftovers;
	uint32_t control_events;
	struct probe *probes;
	size_t n_probes;
	uint32_t *vacant;
	size_t n_vacant;
	size_t max_flying;
	struct check_sched timeouts;
	struct prober_outbox outbox;
};

static size_t flying(const struct prober *p)
{
	return p->n_probes - p->n_vacant;
}

/* --- one probe ------------------------------------------------------------ */

static int take_place(struct prober *p, uint32_t *place)
{
	if (!p->n_vacant) {
		if (check_sched_reserve(&p->timeouts, p->n_probes + 64) ||
		    !array_add(&p->probes, &p->n_probes))
			return -ENOMEM;
		*place = p->n_probes - 1;
		return 0;
	}
	*place = p->vacant[--p->n_vacant];
	return 0;
}

static int end_probe(struct prober *p, uint32_t place, const struct check_result *r)
{
	struct probe *probe = &p->probes[place];
	const struct prober_answer answer = probe_answer(probe, r);
	uint32_t *vacant = array_add(&p->vacant, &p->n_vacant);

	if (!vacant || prober_outbox_add(&p->outbox, &answer))
		return -ENOMEM;
	*vacant = place;
	probe_close(probe, p->epoll_fd);
	check_sched_remove(&p->timeouts, place);
	return 0;
}

/* @fd: a socket that came with it, or -1. */
static int start_probe(struct prober *p, const struct prober_request *request, int fd)
{
	uint64_t now_us = clock_now_us();
	struct check_result r = { 0 };
	uint32_t place;
	int err = take_place(p, &place);

	if (err)
		return err;
	p->probes[place] = (struct probe){
		.request = *request,
		.ops = check_ops_of(request->type),
		.fd = fd,
		.also_fd = -1,
		.started_us = now_us,
		.tls_client = &p->tls,
		.leftovers = &p->leftovers,
	};
	if (probe_begin(&p->probes[place], p->epoll_fd, &p->echo, place, &r))
		return end_probe(p, place, &r);
	check_sched_fly(&p->timeouts, place, now_us / 1000 + request->timeout_ms);
	return 0;
}

static int advance_probe(struct prober *p, uint32_t place, uint32_t events)
{
	struct probe *probe = &p->probes[place];
	struct check_result r = { 0 };

	/* Its other descriptor has just ended it. */
	if (!probe->ops)
		return 0;
	if (probe_step(probe, events, &r))
		return end_probe(p, place, &r);
	return 0;
}

/* A reply belongs to the probe that it names, if that still waits for it. */
static bool is_awaited(const struct prober *p, const struct prober_reply *reply)
{
	const struct probe *probe = &p->probes[reply->place];

	return reply->place < p->n_probes && probe->ops &&
	       probe->ops->transport == CHECK_OVER_ECHO && probe->request.serial == reply->serial &&
	       addr_is_equal(&probe->request.addr, &reply->from);
}

/* Bounded: what is left wakes the loop again. */
static int take_replies(struct prober *p, enum echo_family family)
{
	struct prober_reply replies[PROBER_BATCH];
	size_t n = prober_echo_receive(&p->echo, family, replies);
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (is_awaited(p, &replies[i]))
			err = advance_probe(p, replies[i].place, 0);
	}
	return err;
}

static int end_overdue(struct prober *p)
{
	uint64_t now_ms = clock_now_ms();
	uint32_t place;

	while (check_sched_take(&p->timeouts, now_ms, &place) != CHECK_NOTHING) {
		struct check_result r = { 0 };

		check_time_out(&p->probes[place], &r);
		if (end_probe(p, place, &r))
			return -ENOMEM;
	}
	return 0;
}

/* --- the parent ------------------------------------------------------------- */

static int take_message(struct prober *p, struct prober_message *m)
{
	if (m->said == PROBER_SAID_REQUEST && prober_trade_of(m->request.type) == p->trade &&
	    check_ops_of(m->request.type))
		return start_probe(p, &m->request, m->fd);
	if (m->said == PROBER_SAID_TRUST)
		prober_trust_take(&p->tls, &m->trust, take_fd(&m->fd));
	else
		log_warn("prober: dropped a message that is not valid");
	cleanup_closep(&m->fd);
	return 0;
}

/* As many as there are free places: so there are descriptors for what comes along. */
static int take_messages(struct prober *p)
{
	struct prober_message messages[PROBER_BATCH];
	int n = PROBER_BATCH, err = 0;
	size_t room;

	while (!err && n == PROBER_BATCH && (room = p->max_flying - flying(p))) {
		n = prober_control_receive(p->control_fd, messages, room);
		if (n <= 0)
			return n;
		for (int i = 0; i < n && !err; i++)
			err = take_message(p, &messages[i]);
	}
	return err;
}

/* Look at the control socket only for what can be done with it. */
static int watch_control(struct prober *p)
{
	uint32_t events =
		(flying(p) < p->max_flying ? EPOLLIN : 0) | (p->outbox.blocked ? EPOLLOUT : 0);
	struct epoll_event ev = { .events = events, .data.u32 = CONTROL };

	if (events == p->control_events)
		return 0;
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_MOD, p->control_fd, &ev))
		return -errno;
	p->control_events = events;
	return 0;
}

/* --- the loop --------------------------------------------------------------- */

static int wait_ms(const struct prober *p)
{
	const uint64_t overdue_ms = check_sched_next_ms(&p->timeouts);
	const uint64_t answers_ms = prober_outbox_due_ms(&p->outbox);
	const uint64_t next_ms = overdue_ms < answers_ms ? overdue_ms : answers_ms;
	uint64_t now_ms;

	if (next_ms == CHECK_NEVER)
		return -1;
	now_ms = clock_now_ms();
	return next_ms > now_ms ? next_ms - now_ms : 0;
}

/*
 * Requests come last: a place that has just become free may be taken again, and
 * no event of its former probe must be left.
 */
static int turn(struct prober *p)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(p->epoll_fd, events, EVENTS, wait_ms(p));
	uint32_t control = 0;
	int err = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n && !err; i++) {
		if (events[i].data.u32 == CONTROL)
			control = events[i].events;
		else if (events[i].data.u32 >= FIRST_ECHO)
			err = take_replies(p, events[i].data.u32 - FIRST_ECHO);
		else
			err = advance_probe(p, events[i].data.u32, events[i].events);
	}
	if (control & EPOLLHUP)
		return -EPIPE;
	err = err ?: end_overdue(p);
	if (!err && control)
		err = take_messages(p);
	return err ?: prober_outbox_send(&p->outbox, p->control_fd, clock_now_ms()) ?: watch_control(p);
}

static void close_prober(struct prober *p)
{
	array_for_each (probe, p->probes, p->n_probes) {
		if (probe->ops)
			probe_close(probe, p->epoll_fd);
	}
	leftovers_free(&p->leftovers);
	tls_client_free(&p->tls);
	free(p->probes);
	free(p->vacant);
	free(p->outbox.answers);
	check_sched_free(&p->timeouts);
	prober_echo_close(&p->echo);
	cleanup_closep(&p->epoll_fd);
}

/* Without privileges there may be none: such checks are void, then. */
static int watch_echo(const struct prober *p)
{
	for (size_t i = 0; i < ECHO_FAMILIES; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = FIRST_ECHO + i };

		if (p->echo.fd[i] >= 0 && epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->echo.fd[i], &ev))
			return -errno;
	}
	return 0;
}

static size_t most_at_once(enum prober_trade trade, size_t files)
{
	if (trade == PROBER_MYSQL)
		return files < MAX_LOG_INS ? files : MAX_LOG_INS;
	if (trade == PROBER_EXEC)
		return files / 2 < MAX_COMMANDS ? files / 2 : MAX_COMMANDS;
	return files;
}

static int open_prober(struct prober *p, int socket_fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = CONTROL };
	struct rlimit files;

	p->control_fd = socket_fd;
	p->control_events = EPOLLIN;
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll_fd < 0 || epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, socket_fd, &ev) ||
	    getrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	if (files.rlim_cur <= OTHER_FILES)
		return -EMFILE;
	p->max_flying = most_at_once(p->trade, files.rlim_cur - OTHER_FILES);
	return watch_echo(p);
}

/* What kinds need of libraries, as long as files can be opened. */
static int prepare(struct prober *p)
{
	switch (p->trade) {
	case PROBER_NET:
		return tls_client_init(&p->tls);
	case PROBER_MYSQL:
		return check_mysql_prepare();
	default:
		return 0;
	}
}

static int run(enum prober_trade trade, int socket_fd)
{
	_cleanup_(close_prober) struct prober p = {
		.trade = trade,
		.epoll_fd = -1,
		.echo = { .fd = { -1, -1 } },
	};
	int err;

	if (prober_jail_close(socket_fd))
		return EXIT_FAILURE;
	if (trade == PROBER_NET)
		prober_echo_open(&p.echo);
	if (prober_jail_enter(trade))
		return EXIT_FAILURE;
	err = open_prober(&p, socket_fd) ?: prepare(&p);
	if (err)
		log_err(err, "%s: set up", prober_trade_name(trade));
	if (err || prober_jail_lock(trade))
		return EXIT_FAILURE;
	do
		err = turn(&p);
	while (!err);
	/* Its end closed: the parent wants no more, or is gone. */
	if (err == -EPIPE || err == -ECONNRESET)
		return EXIT_SUCCESS;
	log_err(err, "%s", prober_trade_name(trade));
	return EXIT_FAILURE;
}

bool prober_is_asked_for(const char *argv0)
{
	enum prober_trade unused;

	return prober_trade_is_named(argv0, &unused);
}

int prober_main_as(const char *argv0, int socket_fd)
{
	enum prober_trade trade;

	return prober_trade_is_named(argv0, &trade) ? run(trade, socket_fd) : EXIT_FAILURE;
}

int prober_main(int socket_fd)
{
	return run(PROBER_NET, socket_fd);
}
