/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server of the control socket. One epoll descriptor goes out to the
 * daemon's loop; behind it are the listener, the clients, and a timer for those
 * that stay silent. Nothing here waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "ctl/conn.h"
#include "ctl/ctl.h"
#include "ctl/listener.h"
#include "ctl/peer.h"

/*
 * Places for clients: so many that whoever has just connected is served long before
 * others have taken them all; of the process's descriptors no more than a part.
 */
#define CTL_CLIENTS 2048
#define CTL_FILES_PART 4
#define CTL_PATIENCE_MS 10000
/* Until accepting is tried again where it failed. */
#define CTL_DEAF_MS 500

/* What an event is about: a client by its index, or one of these. */
#define EVENT_LISTENER CTL_CLIENTS
#define EVENT_TIMER (CTL_CLIENTS + 1)
/* And from here on the copies of the daemon that answer clients. */
#define EVENT_APART (CTL_CLIENTS + 2)

struct ctl {
	struct ctl_ops ops;
	struct conn_host host;
	struct listener listener;
	struct peer_policy policy;
	uint32_t patience_ms;
	uint64_t deaf_until_ms; /* nobody is accepted; 0: all are */
	int accept_err; /* of the last try */
	int epoll_fd;
	int timer_fd;
	size_t n_places;
	struct conn conns[CTL_CLIENTS];
};

/* --- life ----------------------------------------------------------------- */

static int watch(struct ctl *c, int op, int fd, uint32_t events, uint32_t what)
{
	struct epoll_event ev = { .events = events, .data.u32 = what };

	return epoll_ctl(c->epoll_fd, op, fd, &ev) ? -errno : 0;
}

static int open_epoll(struct ctl *c)
{
	int err;

	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (c->epoll_fd < 0 || c->timer_fd < 0)
		return log_err(-errno, "control socket");
	err = watch(c, EPOLL_CTL_ADD, c->listener.fd, EPOLLIN, EVENT_LISTENER)
		      ?: watch(c, EPOLL_CTL_ADD, c->timer_fd, EPOLLIN, EVENT_TIMER);
	return err ? log_err(err, "control socket") : 0;
}

static void ctl_freep(struct ctl **c)
{
	ctl_free(*c);
}

/* Where groups are served everybody may connect, and is told if it is not served. */
static int listen_at(struct ctl *c, const char *path)
{
	const bool groups = c->policy.has_group || c->policy.has_read_group;

	return listener_open(&c->listener, path, groups ? 0666 : 0600, CTL_CLIENTS);
}

static size_t count_places(void)
{
	struct rlimit files;
	rlim_t n = CTL_CLIENTS;

	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur / CTL_FILES_PART < n)
		n = files.rlim_cur / CTL_FILES_PART;
	return n ?: 1;
}

static struct ctl *ctl_alloc(const struct ctl_ops *ops, void *app)
{
	struct ctl *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->ops = *ops;
	c->host = (struct conn_host){ .ops = &c->ops, .app = app };
	c->patience_ms = CTL_PATIENCE_MS;
	c->n_places = count_places();
	c->epoll_fd = c->listener.fd = c->timer_fd = -1;
	array_for_each (conn, c->conns, CTL_CLIENTS)
		conn->fd = -1;
	return c;
}

int ctl_create(const char *path, const char *group, const char *read_group,
	       const struct ctl_ops *ops, void *app, struct ctl **out)
{
	_cleanup_(ctl_freep) struct ctl *c = ctl_alloc(ops, app);
	int err;

	if (!c)
		return -ENOMEM;
	err = peer_policy_init(group, read_group, &c->policy)
	   ?: listen_at(c, path)
	   ?: open_epoll(c);
	if (err)
		return err;
	*out = take_ptr(&c);
	return 0;
}

/*
 * A copy of the daemon has its descriptors for a moment, too, and as long as somebody has
 * one epoll tells of it: of a client that is in this place no more.
 */
static void drop(struct ctl *c, struct conn *conn)
{
	const int apart_fd = conn_apart_fd(conn);

	watch(c, EPOLL_CTL_DEL, conn->fd, 0, 0);
	if (apart_fd >= 0)
		watch(c, EPOLL_CTL_DEL, apart_fd, 0, 0);
	conn_close(conn, &c->host);
}

void ctl_free(struct ctl *c)
{
	if (!c)
		return;
	array_for_each (conn, c->conns, CTL_CLIENTS)
		if (conn->fd >= 0)
			drop(c, conn);
	listener_close(&c->listener);
	cleanup_closep(&c->timer_fd);
	cleanup_closep(&c->epoll_fd);
	free(c);
}

void ctl_set_patience(struct ctl *c, uint32_t patience_ms)
{
	c->patience_ms = patience_ms;
}

int ctl_fd(const struct ctl *c)
{
	return c->epoll_fd;
}

/* --- clients --------------------------------------------------------------- */

/* A free place; if there is none, that of the client that was even longest ago. */
static struct conn *find_place(struct ctl *c)
{
	struct conn *oldest = &c->conns[0];

	array_for_each (conn, c->conns, c->n_places) {
		if (conn->fd < 0)
			return conn;
		if (conn->since_ms < oldest->since_ms)
			oldest = conn;
	}
	drop(c, oldest);
	return oldest;
}

/* While a copy works for it, a client is only heard of when it goes. */
static int watch_client(struct ctl *c, const struct conn *conn)
{
	const uint32_t index = conn - c->conns;
	uint32_t events = conn_wants_to_write(conn) ? EPOLLOUT : EPOLLIN;

	if (conn_apart_fd(conn) >= 0)
		events = 0;
	return watch(c, EPOLL_CTL_MOD, conn->fd, events, index);
}

static void serve(struct ctl *c, struct conn *conn, uint64_t now_ms)
{
	const bool was_apart = conn_apart_fd(conn) >= 0;
	int fd, err = 0;

	if (conn->fd < 0)
		return;
	if (!conn_serve(conn, &c->host, now_ms)) {
		drop(c, conn);
		return;
	}
	fd = conn_apart_fd(conn);
	if (fd >= 0 && !was_apart)
		err = watch(c, EPOLL_CTL_ADD, fd, EPOLLIN, EVENT_APART + (conn - c->conns));
	if (err || watch_client(c, conn))
		drop(c, conn);
}

/* Who hangs up does not wait for what a copy would say. */
static void serve_client(struct ctl *c, struct conn *conn, uint32_t events, uint64_t now_ms)
{
	if (conn->fd >= 0 && conn_apart_fd(conn) >= 0 && events & (EPOLLHUP | EPOLLERR))
		drop(c, conn);
	else if (conn_apart_fd(conn) < 0)
		serve(c, conn, now_ms);
}

/*
 * Whoever may do nothing is told so and is gone at once: it never takes a place
 * from those that are served.
 */
static void turn_away(int fd, const struct peer *peer)
{
	struct conn_host host = { 0 };
	struct conn conn;

	log_debug("control: uid %u is not served", peer->uid);
	conn_open(&conn, fd, peer, 0);
	conn_refuse(&conn, CTL_DENIED,
		    "permission denied: you are neither root nor in a group that is served");
	conn_serve(&conn, &host, 0);
	conn_close(&conn, &host);
}

/*
 * Without a descriptor for it a client stays in the queue, and the listener stays
 * readable: listen to others for a while instead of asking for ever.
 */
static void note_accept(struct ctl *c, int err, uint64_t now_ms)
{
	if (err == -EAGAIN || err == -ECONNABORTED || err == -EINTR)
		return;
	if (err && err != c->accept_err)
		log_err(err, "control: accept; it will be tried again");
	c->accept_err = err;
	if (err && !watch(c, EPOLL_CTL_MOD, c->listener.fd, 0, EVENT_LISTENER))
		c->deaf_until_ms = now_ms + CTL_DEAF_MS;
}

static void accept_one(struct ctl *c, uint64_t now_ms)
{
	_cleanup_close_ int fd = accept4(c->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct conn *place;
	struct peer peer;

	note_accept(c, fd < 0 ? -errno : 0, now_ms);
	if (fd < 0 || peer_identify(fd, &c->policy, &peer))
		return;
	if (peer.right == PEER_NOTHING) {
		turn_away(take_fd(&fd), &peer);
		return;
	}
	place = find_place(c);
	if (watch(c, EPOLL_CTL_ADD, fd, EPOLLIN, place - c->conns))
		return;
	conn_open(place, take_fd(&fd), &peer, now_ms);
}

/* Return: when to listen again; UINT64_MAX: it listens. */
static uint64_t listen_again(struct ctl *c, uint64_t now_ms)
{
	if (c->deaf_until_ms && c->deaf_until_ms <= now_ms &&
	    !watch(c, EPOLL_CTL_MOD, c->listener.fd, EPOLLIN, EVENT_LISTENER))
		c->deaf_until_ms = 0;
	return c->deaf_until_ms ?: UINT64_MAX;
}

static uint64_t patience_of(const struct ctl *c, const struct conn *conn)
{
	if (conn->captures)
		return (APART_CAPTURE_S + 1) * 1000ULL;
	return conn_apart_fd(conn) >= 0 ? APART_PATIENCE_MS : c->patience_ms;
}

/* Close who is out of patience. Return: when to look again. */
static uint64_t drop_silent(struct ctl *c, uint64_t now_ms)
{
	uint64_t next_ms = UINT64_MAX;

	array_for_each (conn, c->conns, CTL_CLIENTS) {
		uint64_t end_ms = conn->since_ms + patience_of(c, conn);

		if (conn->fd < 0)
			continue;
		if (end_ms <= now_ms)
			drop(c, conn);
		else if (end_ms < next_ms)
			next_ms = end_ms;
	}
	return next_ms;
}

static void set_timer(const struct ctl *c, uint64_t next_ms)
{
	struct itimerspec timer = { 0 };

	if (next_ms != UINT64_MAX) {
		timer.it_value.tv_sec = next_ms / 1000;
		timer.it_value.tv_nsec = next_ms % 1000 * 1000000;
	}
	timerfd_settime(c->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

void ctl_dispatch(struct ctl *c)
{
	struct epoll_event events[16];
	uint64_t now_ms = clock_now_ms(), silent_ms, deaf_ms;
	int n = epoll_wait(c->epoll_fd, events, array_len(events), 0);

	/* An event for a client that was closed in this turn finds nothing to do: harmless. */
	for (int i = 0; i < n; i++) {
		uint32_t what = events[i].data.u32;

		if (what == EVENT_LISTENER)
			accept_one(c, now_ms);
		else if (what < CTL_CLIENTS)
			serve_client(c, &c->conns[what], events[i].events, now_ms);
		else if (what >= EVENT_APART)
			serve(c, &c->conns[what - EVENT_APART], now_ms);
	}
	silent_ms = drop_silent(c, now_ms);
	deaf_ms = listen_again(c, now_ms);
	/* Setting the timer again also takes back that it has fired. */
	set_timer(c, silent_ms < deaf_ms ? silent_ms : deaf_ms);
}
