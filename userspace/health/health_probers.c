/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/array.h"
#include "health/check.h"
#include "health/health_internal.h"

/* The prober keeps the time of its probes; this much later it has failed to. */
#define GRACE_MS 1000

/* A prober that keeps dying is started once in so long. */
#define RESTART_MS 1000

struct health_prober *health_prober_of(struct health *h, const struct target *t)
{
	return &h->probers[prober_trade_of(t->request.type)];
}

/* When it may be started again, if it is not running. */
static uint64_t restart_ms(const struct health_prober *p)
{
	return p->link.started_ms + RESTART_MS;
}

uint64_t health_prober_due_ms(const struct health_prober *p)
{
	if (p->link.parting_pid >= 0)
		return p->link.parting_until_ms;
	return p->wanted && p->link.pid < 0 ? restart_ms(p) : CHECK_NEVER;
}

void health_postpone(struct health *h, struct target *t, uint64_t now_ms)
{
	uint64_t again_ms = restart_ms(health_prober_of(h, t));
	uint64_t from_ms = again_ms > now_ms ? again_ms : now_ms;

	check_sched_wait(&h->sched, t->id, from_ms + check_state_draw(&t->check, CHECK_SPREAD_MS));
}

/* What the prober shall answer if there is no socket to give it. */
static enum prober_via via_of(int fd)
{
	if (fd >= 0)
		return PROBER_VIA_GIVEN;
	return fd == -ENETUNREACH ? PROBER_VIA_NO_ROUTE : PROBER_VIA_NO_SOCKET;
}

/* A socket for the probe of @t, if it is one via: vip; else, or without one, -1. */
static int open_via(struct health *h, struct target *t)
{
	int type, fd;

	if (!t->request.via)
		return -1;
	type = check_ops_of(t->request.type)->transport == CHECK_OVER_UDP ? SOCK_DGRAM
									  : SOCK_STREAM;
	fd = h->sockets.open ? h->sockets.open(h->sockets.ctx, &t->via, type) : -EOPNOTSUPP;
	t->request.via = via_of(fd);
	return fd < 0 ? -1 : fd;
}

static size_t send_batch(struct health *h, struct health_prober *p, uint64_t now_ms)
{
	struct prober_request *requests[PROBER_BATCH];
	int fds[PROBER_BATCH];
	size_t n = 0, sent;

	for (struct target *t = p->queue.head; t && n < PROBER_BATCH; t = t->next) {
		fds[n] = open_via(h, t);
		requests[n++] = &t->request;
	}
	sent = n ? prober_link_send(&p->link, requests, fds, n) : 0;
	for (size_t i = 0; i < sent; i++) {
		struct target *t = p->queue.head;

		target_queue_remove(t);
		check_state_start(&t->check, now_ms);
		check_sched_fly(&h->sched, t->id, now_ms + t->request.timeout_ms + GRACE_MS);
	}
	return sent;
}

void health_send(struct health *h, struct health_prober *p, uint64_t now_ms)
{
	/* Whom to trust, before anything that hangs on it. */
	if (p->link.trade == PROBER_NET && !trust_tell(&h->set.trust, &p->link, now_ms))
		return;
	while (prober_link_is_up(&p->link) && send_batch(h, p, now_ms) == PROBER_BATCH)
		;
}

/* --- their lives ---------------------------------------------------------------- */

/* What was under way is repeated, and what waited for it goes on waiting. */
static void postpone_all(struct health *h, struct health_prober *p, uint64_t now_ms)
{
	struct target *t;

	while ((t = p->queue.head)) {
		target_queue_remove(t);
		health_postpone(h, t, now_ms);
	}
	for (size_t i = 0; i < h->set.n; i++) {
		t = h->set.by_place[i];
		if (!t->request.serial || health_prober_of(h, t) != p)
			continue;
		t->request.serial = 0;
		health_postpone(h, t, now_ms);
	}
}

static void see_off(struct health_prober *p, uint64_t now_ms)
{
	const char *name = prober_trade_name(p->link.trade);
	int status;

	if (!prober_link_see_off(&p->link, now_ms, &status))
		return;
	if (WIFSIGNALED(status))
		prober_link_warn(&p->link, now_ms, "%s ended by signal %d; starting it again", name,
				 WTERMSIG(status));
	else
		prober_link_warn(&p->link, now_ms, "%s ended with status %d; starting it again",
				 name, WEXITSTATUS(status));
}

static void start(struct health_prober *p, uint64_t now_ms)
{
	if (p->wanted && p->link.pid < 0 && p->link.parting_pid < 0 && now_ms >= restart_ms(p))
		prober_link_start(&p->link, now_ms);
}

void health_keep_alive(struct health *h, struct health_prober *p, uint64_t now_ms)
{
	if (p->link.ended) {
		prober_link_part(&p->link, now_ms);
		postpone_all(h, p, now_ms);
	}
	see_off(p, now_ms);
	start(p, now_ms);
}

/* That of plain probes runs always; the others, while there is work for them. */
void health_hire(struct health *h, uint64_t now_ms)
{
	bool wanted[PROBER_TRADES] = { [PROBER_NET] = true };

	array_for_each (t, h->set.by_place, h->set.n)
		wanted[prober_trade_of((*t)->request.type)] = true;
	array_for_each (p, h->probers, PROBER_TRADES) {
		p->wanted = wanted[p - h->probers];
		if (!p->wanted)
			prober_link_part(&p->link, now_ms);
		see_off(p, now_ms);
		start(p, now_ms);
	}
}
