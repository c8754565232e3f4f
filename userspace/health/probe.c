/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "health/probe.h"
#include "health/prober_socket.h"
#include "health/tls.h"
#include "net/addr.h"

/* Return: true and the result in @r; or false, and the question is out. */
static bool echo_fails(struct probe *probe, const struct prober_echo *echo, uint32_t place,
		       struct check_result *r)
{
	int err = prober_echo_send(echo, &probe->request, place);

	probe->connected = true;
	return err && check_fail(r, err == -EBADF ? HEALTH_SOCKERR_CODE : HEALTH_L4CON_CODE, err);
}

static int watch_fd(int epoll_fd, int fd, uint32_t place)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				  .data.u32 = place };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* Of a kind by itself: it may even be through already. */
static bool opens_and_ends(struct probe *probe, int epoll_fd, uint32_t place,
			   struct check_result *r)
{
	int err;

	if (probe->ops->open(probe, r))
		return true;
	err = watch_fd(epoll_fd, probe->fd, place);
	if (!err && probe->also_fd >= 0)
		err = watch_fd(epoll_fd, probe->also_fd, place);
	return err && check_fail(r, HEALTH_SOCKERR_CODE, err);
}

static bool connect_fails(struct probe *probe, int epoll_fd, uint32_t place, struct check_result *r)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&probe->request.addr, probe->request.port, &ss);
	int err;

	if (prober_socket_fails(probe, ss.ss_family, r))
		return true;
	if (connect(probe->fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
		return check_fail(r, HEALTH_L4CON_CODE, -errno);
	err = watch_fd(epoll_fd, probe->fd, place);
	return err && check_fail(r, HEALTH_SOCKERR_CODE, err);
}

bool probe_begin(struct probe *probe, int epoll_fd, const struct prober_echo *echo, uint32_t place,
		 struct check_result *r)
{
	switch (probe->ops->transport) {
	case CHECK_OVER_ECHO:
		return echo_fails(probe, echo, place, r);
	case CHECK_BY_ITSELF:
		return opens_and_ends(probe, epoll_fd, place, r);
	default:
		return connect_fails(probe, epoll_fd, place, r);
	}
}

/*
 * Return: true and the result in @r if the connection did not come about. One that can be
 * written to, without an error, has: there is no need to ask.
 */
static bool connected_badly(struct probe *probe, struct check_result *r)
{
	const uint32_t what = probe->events & (EPOLLOUT | EPOLLERR | EPOLLHUP);
	socklen_t len = sizeof(int);
	int err = 0;

	if (probe->connected)
		return false;
	if (what != EPOLLOUT && getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err)
		return check_fail(r, HEALTH_L4CON_CODE, -err);
	probe->connected = true;
	return false;
}

bool probe_step(struct probe *probe, uint32_t events, struct check_result *r)
{
	probe->events = events;
	return connected_badly(probe, r) || probe->ops->step(probe, r);
}

struct prober_answer probe_answer(const struct probe *probe, const struct check_result *r)
{
	struct prober_answer a = {
		.serial = probe->request.serial,
		.target = probe->request.target,
		.duration_us = clock_now_us() - probe->started_us,
		.code = r->code,
		.agent = r->agent,
		.agent_percent = r->agent_percent,
		.warning = r->warning,
		.cert_ends_s = r->cert_ends_s,
	};

	memcpy(a.detail, r->detail, sizeof(a.detail));
	return a;
}

void probe_close(struct probe *probe, int epoll_fd)
{
	if (probe->ops->close) {
		probe->ops->close(probe);
	} else {
		tls_close(probe->tls);
		prober_socket_close(probe, epoll_fd);
	}
	probe->ops = NULL;
}
