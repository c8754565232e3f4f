/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation. A target is an address that some legs lead to. Its path
 * (interface, gateway, source, MTU) is asked from the kernel's routing tables, all
 * again whenever routes, links or addresses have changed, a little later so that a
 * burst costs one pass. Its MAC address is that of a watched neighbour, and follows
 * events at once. Path and MAC address together make a hop, which settle() writes
 * to every leg of the target if it differs from what is there.
 *
 * Make before break: a target whose new next hop has no MAC address yet keeps the
 * old hop; one without a route has none. So does one that has fallen silent: whether
 * its backend lives is for health checks to say, but people are told.
 *
 * Packets that XDP sends do not refresh the kernel's neighbour entries, so those in
 * use are confirmed by hand (NTF_USE), and those without an answer asked for again,
 * ever more slowly.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dataplane/hops.h"
#include "dataplane/hops_internal.h"
#include "net/addr.h"

/* After the last event of a burst, and after the first one at the latest. */
#define SETTLE_MS 50
#define SETTLE_MAX_MS 500
/* Neighbours are confirmed within this and half as much again. */
#define CONFIRM_MS 12000
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 30000

static void on_listed(void *arg, const struct netlink_event *ev)
{
	struct hops *h = arg;

	if (view_update(&h->view, ev) == VIEW_NO_MEMORY)
		h->must_resync = true;
}

static int list_links(struct hops *h)
{
	view_forget_links(&h->view);
	return netlink_dump(h->nl, NETLINK_LINK, on_listed, h)
		       ?: netlink_dump(h->nl, NETLINK_ADDR, on_listed, h);
}

static void schedule(struct hops *h, uint64_t now_ms)
{
	if (!h->resolve_at_ms)
		h->resolve_by_ms = now_ms + SETTLE_MAX_MS;
	h->resolve_at_ms = now_ms + SETTLE_MS;
	if (h->resolve_at_ms > h->resolve_by_ms)
		h->resolve_at_ms = h->resolve_by_ms;
}

static void ask_route(struct hops *h, struct target *t)
{
	struct netlink_route r;
	int err = netlink_route_to(h->nl, &t->addr, &r);

	t->is_asked = true;
	t->path = (struct path){ 0 };
	if (err || r.type == RTN_LOCAL || r.type != RTN_UNICAST || !r.ifindex) {
		t->path.obstacle =
			!err && r.type == RTN_LOCAL ? "it is this host itself" : "no route";
		return;
	}
	t->path.ifindex = r.ifindex;
	t->path.via = r.has_gateway ? r.gateway : t->addr;
	t->path.mtu = r.mtu;
	if (r.has_source)
		t->path.source = r.source;
}

/* Watch the neighbours that paths now lead by, and learn of those that are new. */
static int watch_neighs(struct hops *h)
{
	_cleanup_free_ struct view_neigh *want = calloc(h->n_targets + 1, sizeof(*want));
	size_t n = 0;
	bool added;
	int err;

	if (!want)
		return -ENOMEM;
	array_for_each (t, h->targets, h->n_targets)
		if (t->path.ifindex)
			want[n++] = (struct view_neigh){ .ifindex = t->path.ifindex,
							 .addr = t->path.via };
	err = view_watch(&h->view, want, n, &added);
	if (err || !added)
		return err;
	return netlink_dump(h->nl, NETLINK_NEIGH, on_listed, h);
}

/* Have the kernel ask for neighbours that do not answer, confirm the others. */
static void probe_due(struct hops *h, uint64_t now_ms)
{
	const size_t n = h->view.n_neighs;

	for (size_t i = 0; i < n; i++) {
		struct view_neigh *neigh = &h->view.neighs[i];
		uint32_t wait_ms = CONFIRM_MS + CONFIRM_MS / 2 * i / n;
		int err;

		if (neigh->probe_at_ms > now_ms)
			continue;
		if (!neigh->has_mac || neigh->is_silent) {
			wait_ms = neigh->backoff_ms ? neigh->backoff_ms * 2 : BACKOFF_MIN_MS;
			wait_ms = wait_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait_ms;
			neigh->backoff_ms = wait_ms;
		}
		neigh->probe_at_ms = now_ms + wait_ms;
		err = netlink_probe(h->nl, neigh->ifindex, &neigh->addr);
		if (err)
			hops_log_probe(h, neigh, err, now_ms);
	}
}

/* Routes of which nothing is known yet are asked for, and what follows is written. */
static int resolve_new(struct hops *h, uint64_t now_ms)
{
	int err;

	array_for_each (t, h->targets, h->n_targets)
		if (!t->is_asked)
			ask_route(h, t);
	err = watch_neighs(h);
	if (err)
		return err;
	array_for_each (t, h->targets, h->n_targets)
		hops_settle(h, t, now_ms);
	probe_due(h, now_ms);
	return 0;
}

static int resolve_all(struct hops *h, uint64_t now_ms)
{
	h->resolve_at_ms = 0;
	array_for_each (t, h->targets, h->n_targets)
		t->is_asked = false;
	return resolve_new(h, now_ms);
}

/* Events were lost: everything anew. */
static int resync(struct hops *h, uint64_t now_ms)
{
	h->must_resync = false;
	return list_links(h) ?: netlink_dump(h->nl, NETLINK_NEIGH, on_listed, h)
			     ?: resolve_all(h, now_ms);
}

static uint64_t next_deadline(const struct hops *h)
{
	uint64_t at = h->resolve_at_ms ? h->resolve_at_ms : UINT64_MAX;

	array_for_each (n, h->view.neighs, h->view.n_neighs)
		at = n->probe_at_ms < at ? n->probe_at_ms : at;
	return at;
}

/* The clock of @now_ms need not be that of the timer: set what is left. */
static int arm(struct hops *h, uint64_t now_ms)
{
	const uint64_t at = next_deadline(h);
	const uint64_t left_ms = at > now_ms ? at - now_ms : 1;
	struct itimerspec its = { 0 };

	if (at != UINT64_MAX) {
		its.it_value.tv_sec = left_ms / 1000;
		its.it_value.tv_nsec = left_ms % 1000 * 1000000;
	}
	return timerfd_settime(h->timer_fd, 0, &its, NULL) ? -errno : 0;
}

static void on_event(void *arg, const struct netlink_event *ev)
{
	struct hops *h = arg;

	if (ev->kind == NETLINK_LINK && ev->gone)
		egress_lose(&h->egress, ev->link.ifindex);
	switch (view_update(&h->view, ev)) {
	case VIEW_ROUTES:
		schedule(h, h->now_ms);
		break;
	case VIEW_NEIGH:
		array_for_each (t, h->targets, h->n_targets)
			if (t->path.ifindex == ev->neigh.ifindex &&
			    addr_is_equal(&t->path.via, &ev->neigh.addr))
				hops_settle(h, t, h->now_ms);
		break;
	case VIEW_NO_MEMORY:
		h->must_resync = true;
		break;
	case VIEW_SAME:
		break;
	}
}

int hops_dispatch(struct hops *h, uint64_t now_ms)
{
	uint64_t ticks;
	int err;

	/* Only to make it unreadable; what is due is found by the time. */
	if (read(h->timer_fd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		return log_err(-errno, "timer of the next hops");
	h->now_ms = now_ms;
	err = netlink_read(h->nl, on_event, h);
	if (err == -ENOBUFS || h->must_resync)
		err = resync(h, now_ms);
	else if (!err && h->resolve_at_ms && h->resolve_at_ms <= now_ms)
		err = resolve_all(h, now_ms);
	if (err) {
		/* Tried again later: what is written stays. */
		h->must_resync = true;
		schedule(h, now_ms);
		log_err(err, "follow routes and neighbours");
	}
	probe_due(h, now_ms);
	egress_collect(&h->egress, h->ops, h->ctx, now_ms);
	return arm(h, now_ms) ?: err;
}

int hops_follow(struct hops *h, const struct plan *plan, uint64_t now_ms)
{
	int err = hops_take_plan(h, plan, now_ms) ?: resolve_new(h, now_ms) ?: arm(h, now_ms);

	return err ? log_err(err, "resolve the next hops") : 0;
}

static int add_to_epoll(int epoll_fd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int open_fds(struct hops *h)
{
	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	h->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (h->epoll_fd < 0 || h->timer_fd < 0)
		return -errno;
	return netlink_open(&h->nl) ?: add_to_epoll(h->epoll_fd, netlink_fd(h->nl))
				    ?: add_to_epoll(h->epoll_fd, h->timer_fd);
}

static void hops_freep(struct hops **h)
{
	hops_free(*h);
}

int hops_create(const struct map_ops *ops, void *ctx, struct hops **out)
{
	_cleanup_(hops_freep) struct hops *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return log_err(-ENOMEM, "watch routes and neighbours");
	h->ops = ops;
	h->ctx = ctx;
	h->epoll_fd = h->timer_fd = -1;
	err = open_fds(h) ?: list_links(h);
	if (err)
		return log_err(err, "watch routes and neighbours");
	egress_adopt(&h->egress, ops, ctx, clock_now_ms());
	*out = take_ptr(&h);
	return 0;
}

void hops_free(struct hops *h)
{
	if (!h)
		return;
	netlink_close(h->nl);
	cleanup_closep(&h->timer_fd);
	cleanup_closep(&h->epoll_fd);
	view_free(&h->view);
	free(h->targets);
	free(h->legs);
	free(h);
}

int hops_fd(const struct hops *h)
{
	return h->epoll_fd;
}
