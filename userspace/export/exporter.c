/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTP listener. libmicrohttpd runs without a thread of its own: one epoll
 * descriptor goes out to the daemon's loop; behind it are that of the library
 * and a timer, for the library's own timeouts and for ours.
 *
 * Every connection carries one request and lives for CONNECTION_MS at most,
 * however it drips: the library's timeout begins anew with every byte, so a slow
 * client could keep a place for ever. Nothing here waits.
 */
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "export/answer.h"
#include "export/export.h"
#include "export/listen.h"

#define CONNECTIONS 32
#define CONNECTIONS_PER_IP 16
#define CONNECTION_MS 10000
#define CONNECTION_MEMORY_BYTES 16384

/* A connection under way; @fd is -1 where there is none. */
struct visitor {
	int fd;
	uint64_t end_ms;
};

struct exporter {
	struct answerer answerer;
	uint64_t sample_ms; /* when the next one is due */
	struct MHD_Daemon *http;
	int epoll_fd;
	int timer_fd;
	uint16_t port;
	struct visitor visitors[CONNECTIONS];
};

/* A request has come in; bodies that clients send are not read. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **request)
{
	const struct exporter *e = arg;

	(void)version, (void)upload, (void)request;
	*upload_len = 0;
	return answer_request(&e->answerer, conn, url, method);
}

/* --- patience -------------------------------------------------------------- */

static void on_connection(void *arg, struct MHD_Connection *conn, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct exporter *e = arg;
	struct visitor *v = *socket_context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (v)
			v->fd = -1;
		return;
	}
	array_for_each (place, e->visitors, CONNECTIONS) {
		if (!info || place->fd >= 0)
			continue;
		place->fd = info->connect_fd;
		place->end_ms = clock_now_ms() + CONNECTION_MS;
		*socket_context = place;
		return;
	}
}

/* Hang up on who has had enough time. Return: when to look again. */
static uint64_t hang_up(struct exporter *e, uint64_t now_ms)
{
	uint64_t next_ms = UINT64_MAX;

	array_for_each (v, e->visitors, CONNECTIONS) {
		if (v->fd < 0)
			continue;
		/* The library owns the descriptor and closes it when it reads the end. */
		if (v->end_ms <= now_ms)
			shutdown(v->fd, SHUT_RDWR);
		else if (v->end_ms < next_ms)
			next_ms = v->end_ms;
	}
	return next_ms;
}

static void set_timer(struct exporter *e, uint64_t now_ms, uint64_t next_ms)
{
	struct itimerspec timer = { 0 };
	MHD_UNSIGNED_LONG_LONG wait_ms;

	if (MHD_get_timeout(e->http, &wait_ms) == MHD_YES && now_ms + wait_ms < next_ms)
		next_ms = now_ms + wait_ms;
	if (next_ms != UINT64_MAX) {
		timer.it_value.tv_sec = next_ms / 1000;
		timer.it_value.tv_nsec = next_ms % 1000 * 1000000;
	}
	timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

/* A sample for the graphs, if one is due; one that fails is missing, no more. */
static void take_sample(struct exporter *e, uint64_t now_ms)
{
	_cleanup_(snapshot_freep) struct snapshot *s = NULL;

	if (now_ms < e->sample_ms)
		return;
	e->sample_ms = now_ms + HISTORY_GAP_MS;
	s = e->answerer.ops->snapshot(e->answerer.app);
	if (s)
		history_add(&e->answerer.history, s, now_ms);
}

void exporter_dispatch(struct exporter *e)
{
	uint64_t now_ms = clock_now_ms();
	uint64_t next_ms = hang_up(e, now_ms);

	take_sample(e, now_ms);
	if (e->sample_ms < next_ms)
		next_ms = e->sample_ms;
	MHD_run(e->http);
	/* Setting the timer again also takes back that it has fired. */
	set_timer(e, now_ms, next_ms);
}

/* --- life ------------------------------------------------------------------ */

static int watch(const struct exporter *e, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(e->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* @listen_fd is the library's from here on, if it starts. */
static int start_http(struct exporter *e, int *listen_fd)
{
	e->http = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, e, MHD_OPTION_LISTEN_SOCKET, *listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_PER_IP,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)(CONNECTION_MS / 1000),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, e, MHD_OPTION_END);
	if (!e->http)
		return -EIO;
	take_fd(listen_fd);
	return 0;
}

static int open_epoll(struct exporter *e)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(e->http, MHD_DAEMON_INFO_EPOLL_FD);

	e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	e->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!info)
		return -EIO;
	if (e->epoll_fd < 0 || e->timer_fd < 0)
		return -errno;
	return watch(e, info->epoll_fd) ?: watch(e, e->timer_fd);
}

static void exporter_freep(struct exporter **e)
{
	exporter_free(*e);
}

static struct exporter *exporter_alloc(const struct exporter_ops *ops, void *app)
{
	struct exporter *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->answerer.ops = ops;
	e->answerer.app = app;
	gethostname(e->answerer.host, sizeof(e->answerer.host) - 1);
	e->epoll_fd = e->timer_fd = -1;
	array_for_each (v, e->visitors, CONNECTIONS)
		v->fd = -1;
	return e;
}

int exporter_create(const char *listen_at, const struct exporter_ops *ops, void *app,
		    struct exporter **out)
{
	_cleanup_(exporter_freep) struct exporter *e = exporter_alloc(ops, app);
	_cleanup_close_ int fd = -1;
	int err;

	if (!e)
		return -ENOMEM;
	err = listen_open(listen_at, &fd, &e->port) ?: start_http(e, &fd) ?: open_epoll(e);
	if (err)
		return log_err(err, "metrics at %s", listen_at);
	/* The first sample is due as soon as somebody dispatches. */
	set_timer(e, 0, clock_now_ms());
	*out = take_ptr(&e);
	return 0;
}

void exporter_free(struct exporter *e)
{
	if (!e)
		return;
	if (e->http)
		MHD_stop_daemon(e->http);
	cleanup_closep(&e->timer_fd);
	cleanup_closep(&e->epoll_fd);
	history_free(&e->answerer.history);
	free(e);
}

int exporter_fd(const struct exporter *e)
{
	return e->epoll_fd;
}

uint16_t exporter_port(const struct exporter *e)
{
	return e->port;
}
