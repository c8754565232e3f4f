/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "dataplane/view.h"
#include "net/addr.h"

static int compare_links(const void *a, const void *b)
{
	const struct netlink_link *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static int compare_neighs(const void *a, const void *b)
{
	const struct view_neigh *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex)
		       ?: addr_compare(&x->addr, &y->addr);
}

void view_free(struct view *v)
{
	free(v->links);
	free(v->addrs);
	free(v->neighs);
	*v = (struct view){ 0 };
}

void view_forget_links(struct view *v)
{
	free(v->links);
	free(v->addrs);
	v->links = NULL;
	v->addrs = NULL;
	v->n_links = v->n_addrs = 0;
}

static struct netlink_link *find_link(const struct view *v, int ifindex)
{
	const struct netlink_link key = { .ifindex = ifindex };

	if (!v->n_links)
		return NULL;
	return bsearch(&key, v->links, v->n_links, sizeof(key), compare_links);
}

const struct netlink_link *view_link(const struct view *v, int ifindex)
{
	return find_link(v, ifindex);
}

struct view_neigh *view_neigh(const struct view *v, int ifindex, const struct shunt_addr *addr)
{
	const struct view_neigh key = { .ifindex = ifindex, .addr = *addr };

	if (!v->n_neighs)
		return NULL;
	return bsearch(&key, v->neighs, v->n_neighs, sizeof(key), compare_neighs);
}

struct shunt_addr view_source(const struct view *v, int ifindex, bool v4)
{
	array_for_each (a, v->addrs, v->n_addrs)
		if (a->ifindex == ifindex && a->usable && addr_is_v4(&a->addr) == v4)
			return a->addr;
	return (struct shunt_addr){ 0 };
}

static bool link_is_same(const struct netlink_link *a, const struct netlink_link *b)
{
	return !strcmp(a->name, b->name) && !memcmp(a->mac, b->mac, sizeof(a->mac)) &&
	       a->has_mac == b->has_mac && a->up == b->up && a->vlan_id == b->vlan_id &&
	       a->tpid == b->tpid && a->below == b->below && a->mtu == b->mtu;
}

static enum view_change update_link(struct view *v, const struct netlink_event *ev)
{
	struct netlink_link *link = find_link(v, ev->link.ifindex);

	if (link && ev->gone) {
		*link = v->links[--v->n_links];
	} else if (link) {
		/* Sent for much that is of no interest: statistics, carrier, groups. */
		if (link_is_same(link, &ev->link))
			return VIEW_SAME;
		*link = ev->link;
		return VIEW_ROUTES;
	} else if (ev->gone) {
		return VIEW_SAME;
	} else {
		link = array_add(&v->links, &v->n_links);
		if (!link)
			return VIEW_NO_MEMORY;
		*link = ev->link;
	}
	qsort(v->links, v->n_links, sizeof(*v->links), compare_links);
	return VIEW_ROUTES;
}

static struct netlink_addr *find_addr(const struct view *v, const struct netlink_addr *addr)
{
	array_for_each (a, v->addrs, v->n_addrs)
		if (a->ifindex == addr->ifindex && addr_is_equal(&a->addr, &addr->addr))
			return a;
	return NULL;
}

static enum view_change update_addr(struct view *v, const struct netlink_event *ev)
{
	struct netlink_addr *a = find_addr(v, &ev->addr);

	if (ev->gone) {
		if (!a)
			return VIEW_SAME;
		memmove(a, a + 1, (v->addrs + --v->n_addrs - a) * sizeof(*a));
		return VIEW_ROUTES;
	}
	/* IPv6 tells again and again how long an address will last. */
	if (a && a->usable == ev->addr.usable)
		return VIEW_SAME;
	a = a ?: array_add(&v->addrs, &v->n_addrs);
	if (!a)
		return VIEW_NO_MEMORY;
	*a = ev->addr;
	return VIEW_ROUTES;
}

/* An entry that is merely gone says nothing: the kernel forgets those not in use. */
static enum view_change lose_neigh(struct view_neigh *n)
{
	if (!n->has_mac || n->is_silent)
		return VIEW_SAME;
	n->is_silent = true;
	n->probe_at_ms = 0;
	return VIEW_NEIGH;
}

static enum view_change update_neigh(struct view *v, const struct netlink_event *ev)
{
	struct view_neigh *n = view_neigh(v, ev->neigh.ifindex, &ev->neigh.addr);

	if (!n || !ev->neigh.has_mac)
		return n && ev->neigh.state == NUD_FAILED ? lose_neigh(n) : VIEW_SAME;
	n->backoff_ms = 0;
	if (n->has_mac && !n->is_silent && !memcmp(n->mac, ev->neigh.mac, sizeof(n->mac)))
		return VIEW_SAME;
	memcpy(n->mac, ev->neigh.mac, sizeof(n->mac));
	n->has_mac = true;
	n->is_silent = false;
	return VIEW_NEIGH;
}

enum view_change view_update(struct view *v, const struct netlink_event *ev)
{
	switch (ev->kind) {
	case NETLINK_LINK:
		return update_link(v, ev);
	case NETLINK_ADDR:
		return update_addr(v, ev);
	case NETLINK_PATH:
		return VIEW_ROUTES;
	case NETLINK_NEIGH:
		return update_neigh(v, ev);
	case NETLINK_OTHER:
		break;
	}
	return VIEW_SAME;
}

int view_watch(struct view *v, struct view_neigh *neighs, size_t n, bool *added)
{
	struct view_neigh *next = calloc(n ? n : 1, sizeof(*next));
	size_t len = 0;

	if (!next)
		return -ENOMEM;
	if (n)
		qsort(neighs, n, sizeof(*neighs), compare_neighs);
	*added = false;
	array_for_each (want, neighs, n) {
		const struct view_neigh *known;

		if (len && !compare_neighs(&next[len - 1], want))
			continue;
		known = view_neigh(v, want->ifindex, &want->addr);
		*added |= !known;
		next[len++] =
			known ? *known
			      : (struct view_neigh){ .ifindex = want->ifindex, .addr = want->addr };
	}
	free(v->neighs);
	v->neighs = next;
	v->n_neighs = len;
	return 0;
}
