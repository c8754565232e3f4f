/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * announce: routes. A VIP is announced by a blackhole of its address alone, in a table of
 * our own, with a protocol of our own; a routing daemon learns them from the kernel and
 * tells others. Packets take none of them: XDP has sent them on before.
 *
 * Ours are blackholes of one address that have both, table and protocol. No other route
 * is ever touched. Metrics are part of a route's key: of one that is drained there are
 * two for a moment, so that the address is never without.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "announce/method.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "net/addr.h"
#include "net/netlink.h"

struct held {
	struct shunt_addr addr;
	uint32_t metric;
};

/* Sorted, but where it says otherwise. */
struct held_list {
	struct held *list;
	size_t n;
};

/**
 * struct routes
 * @held: routes of ours that are there
 * @is_stale: @held is not what there is any more
 * @err: of the last time; it has been said
 */
struct routes {
	struct conf_ha_routes conf;
	struct netlink *nl;
	struct held_list held;
	bool is_stale;
	int err;
};

static void held_free(struct held_list *h)
{
	free(h->list);
	*h = (struct held_list){ 0 };
}

static int held_compare(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return addr_compare(&x->addr, &y->addr)
		       ?: (x->metric > y->metric) - (x->metric < y->metric);
}

static void held_sort(struct held_list *h)
{
	if (h->n)
		qsort(h->list, h->n, sizeof(*h->list), held_compare);
}

/* A dump that was interrupted tells of some of them twice. */
static void held_unique(struct held_list *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!kept || held_compare(&h->list[kept - 1], &h->list[i]))
			h->list[kept++] = h->list[i];
	h->n = kept;
}

static bool held_has(const struct held_list *h, const struct shunt_addr *addr, uint32_t metric)
{
	const struct held key = { *addr, metric };

	return h->n && bsearch(&key, h->list, h->n, sizeof(key), held_compare);
}

/* At the end, wherever it belongs. */
static int held_add(struct held_list *h, const struct shunt_addr *addr, uint32_t metric)
{
	struct held *new = array_add(&h->list, &h->n);

	if (!new)
		return -ENOMEM;
	*new = (struct held){ *addr, metric };
	return 0;
}

/* --- what is there ------------------------------------------------------------------- */

static bool is_ours(const struct routes *r, const struct netlink_route *route)
{
	return route->table == r->conf.table && route->protocol == r->conf.protocol &&
	       route->type == RTN_BLACKHOLE &&
	       route->dst_bits == (route->family == AF_INET ? 32 : 128);
}

/* What a dump is collected into. */
struct catch
{
	const struct routes *r;
	struct held_list found;
	int err;
};

static void on_route(void *arg, const struct netlink_event *ev)
{
	const struct netlink_route *route = &ev->route;
	struct catch *c = arg;

	if (ev->kind == NETLINK_PATH && !ev->gone && is_ours(c->r, route))
		c->err = held_add(&c->found, &route->dst, route->metric) ?: c->err;
}

static int look(struct routes *r, struct held_list *found)
{
	struct catch c = { .r = r };
	int err;

	err = netlink_dump_table(r->nl, AF_INET, r->conf.table, on_route, &c)
		?: netlink_dump_table(r->nl, AF_INET6, r->conf.table, on_route, &c) ?: c.err;
	if (err) {
		held_free(&c.found);
		return err;
	}
	held_sort(&c.found);
	held_unique(&c.found);
	*found = c.found;
	return 0;
}

/* What we did ourselves is told, too: then it is as we think. */
static void on_event(void *arg, const struct netlink_event *ev)
{
	struct routes *r = arg;

	if (ev->kind == NETLINK_PATH && is_ours(r, &ev->route) &&
	    ev->gone == held_has(&r->held, &ev->route.dst, ev->route.metric))
		r->is_stale = true;
}

static void routes_dispatch(void *self)
{
	struct routes *r = self;

	if (netlink_read(r->nl, on_event, r))
		r->is_stale = true;
}

/* --- what shall be there --------------------------------------------------------------- */

/* False if it wants no route, or is to stay as it is. */
static bool wants(const struct routes *r, const struct announce_addr *i, uint32_t *metric)
{
	if (i->state == ANNOUNCE_DRAINED)
		*metric = r->conf.drain_metric;
	else if (i->state == ANNOUNCE_ANNOUNCED)
		*metric = r->conf.metric ?: addr_is_v4(&i->addr) ? 0 : CONF_HA_IPV6_METRIC;
	else
		return false;
	return true;
}

static struct netlink_route route_of(const struct routes *r, const struct shunt_addr *addr,
				     uint32_t metric)
{
	const bool v4 = addr_is_v4(addr);

	return (struct netlink_route){
		.family = v4 ? AF_INET : AF_INET6,
		.dst = *addr,
		.dst_bits = v4 ? 32 : 128,
		.table = r->conf.table,
		.protocol = r->conf.protocol,
		.metric = metric,
	};
}

static void say_added(const struct routes *r, const struct announce_addr *i, bool was_there)
{
	char text[ADDR_TEXT];

	addr_format(&i->addr, text);
	if (was_there)
		log_warn("%s: its route was taken away from table %u: putting it back", text,
			 r->conf.table);
	else if (i->state == ANNOUNCE_DRAINED)
		log_info("%s: announced as the last resort (metric %u)", text,
			 r->conf.drain_metric);
	else
		log_info("%s: announced", text);
}

static void say_removed(const struct shunt_addr *addr, const struct announce_addr *i)
{
	char text[ADDR_TEXT];

	addr_format(addr, text);
	if (!i)
		log_info("%s: withdrawn: it is not to be announced any more", text);
	else if (i->state == ANNOUNCE_WITHDRAWN && i->service)
		log_warn("%s: withdrawn: %s: %u usable, min_healthy %u", text, i->service,
			 i->usable, i->wanted);
	else if (i->state == ANNOUNCE_WITHDRAWN)
		log_info("%s: withdrawn", text);
}

/* Said when it begins: it is tried again every second. */
static int fail(struct routes *r, int err, const struct shunt_addr *addr, const char *what)
{
	char text[ADDR_TEXT];

	if (r->err)
		return err;
	addr_format(addr, text);
	if (err == -EEXIST)
		log_error("%s: cannot be announced: table %u has a route to it that is not ours",
			  text, r->conf.table);
	else
		log_err(err, "%s: %s its route in table %u", text, what, r->conf.table);
	return err;
}

/**
 * struct round - from what is there to what is wanted
 * @before: what was there at the end of the last one
 * @found: what is there
 * @added: since then, in the order of @wanted, which is sorted
 * @after: what is there in the end
 * @err: the first thing that went wrong
 */
struct round {
	struct routes *r;
	const struct announce *wanted;
	struct held_list before, found, added, after;
	int err;
};

static void add_one(struct round *round, const struct announce_addr *i, uint32_t metric)
{
	struct routes *r = round->r;
	const struct netlink_route route = route_of(r, &i->addr, metric);
	int err = netlink_add_blackhole(r->nl, &route);

	err = err ?: held_add(&round->added, &i->addr, metric);
	if (err)
		round->err = round->err ?: fail(r, err, &i->addr, "add");
	else
		say_added(r, i, held_has(&round->before, &i->addr, metric));
}

static void add_missing(struct round *round)
{
	uint32_t metric;

	array_for_each (i, round->wanted->list, round->wanted->n)
		if (wants(round->r, i, &metric) && !held_has(&round->found, &i->addr, metric))
			add_one(round, i, metric);
}

/* It is wanted, or nothing is known yet, or what is wanted instead is not there. */
static bool stays(const struct round *round, const struct held *have, const struct announce_addr *i)
{
	uint32_t metric;

	if (!i || i->state == ANNOUNCE_WITHDRAWN)
		return false;
	return !wants(round->r, i, &metric) || metric == have->metric ||
	       (!held_has(&round->found, &have->addr, metric) &&
		!held_has(&round->added, &have->addr, metric));
}

/* False if it is still there. */
static bool remove_one(struct round *round, const struct held *have, const struct announce_addr *i)
{
	const struct netlink_route route = route_of(round->r, &have->addr, have->metric);
	const int err = netlink_del_blackhole(round->r->nl, &route);

	if (err && err != -ESRCH) {
		round->err = round->err ?: fail(round->r, err, &have->addr, "remove");
		return false;
	}
	say_removed(&have->addr, i);
	return true;
}

static void remove_surplus(struct round *round)
{
	array_for_each (have, round->found.list, round->found.n) {
		const struct announce_addr *i = announce_find(round->wanted, &have->addr);

		if (!stays(round, have, i) && remove_one(round, have, i))
			continue;
		round->err = held_add(&round->after, &have->addr, have->metric) ?: round->err;
	}
	array_for_each (new, round->added.list, round->added.n)
		round->err = held_add(&round->after, &new->addr, new->metric) ?: round->err;
	held_sort(&round->after);
}

static void carry_out(struct round *round)
{
	struct routes *r = round->r;

	add_missing(round);
	remove_surplus(round);
	if (r->err && !round->err)
		log_info("the routes of table %u are as they shall be again", r->conf.table);
	held_free(&r->held);
	r->held = round->after;
	held_free(&round->found);
	held_free(&round->added);
}

static int routes_follow(void *self, const struct announce *wanted)
{
	struct routes *r = self;
	struct round round = { .r = r, .wanted = wanted, .before = r->held };

	/* What somebody does from here on is told by an event. */
	r->is_stale = false;
	round.err = look(r, &round.found);
	if (!round.err)
		carry_out(&round);
	else if (!r->err)
		log_err(round.err, "read the routes of table %u", r->conf.table);
	r->err = round.err;
	return round.err;
}

static bool routes_is_behind(void *self)
{
	const struct routes *r = self;

	return r->is_stale || r->err;
}

static int routes_fd(const void *self)
{
	return netlink_fd(((const struct routes *)self)->nl);
}

static bool routes_has(const void *self, const struct shunt_addr *addr)
{
	const struct routes *r = self;

	array_for_each (i, r->held.list, r->held.n)
		if (addr_is_equal(&i->addr, addr))
			return true;
	return false;
}

static void routes_close(void *self)
{
	struct routes *r = self;

	held_free(&r->held);
	netlink_close(r->nl);
	free(r);
}

static int routes_open(const struct conf_ha *ha, void **out)
{
	_cleanup_free_ struct routes *r = calloc(1, sizeof(*r));
	int err = r ? netlink_open_routes(&r->nl) : -ENOMEM;

	if (err)
		return log_err(err, "open netlink");
	r->conf = ha->routes;
	*out = take_ptr(&r);
	return 0;
}

const struct method method_routes = {
	.is_by_address = true,
	.open = routes_open,
	.close = routes_close,
	.follow = routes_follow,
	.is_behind = routes_is_behind,
	.fd = routes_fd,
	.dispatch = routes_dispatch,
	.has = routes_has,
};
