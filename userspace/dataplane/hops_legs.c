/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Targets and legs: from the plan, and to the map. What is logged of a target is
 * the same struct that `shunt show neighbors` prints.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/hops_internal.h"
#include "net/addr.h"

#define LOG_LINES_PER_S 20

static int compare_legs(const void *a, const void *b)
{
	const struct leg *x = a, *y = b;

	return addr_compare(&x->addr, &y->addr) ?:
	       (x->id > y->id) - (x->id < y->id) ?:
	       (x->family > y->family) - (x->family < y->family);
}

static int compare_targets(const void *a, const void *b)
{
	return addr_compare(&((const struct target *)a)->addr, &((const struct target *)b)->addr);
}

/* At most so many lines a second; then one that says so. */
static bool may_log(struct hops *h, uint64_t now_ms)
{
	if (now_ms - h->log_from_ms >= 1000) {
		h->log_from_ms = now_ms;
		h->log_lines = 0;
	}
	if (h->log_lines++ == LOG_LINES_PER_S)
		log_info("many next hops change; see all by: shunt show neighbors");
	return h->log_lines <= LOG_LINES_PER_S;
}

void hops_log_probe(struct hops *h, const struct view_neigh *n, int err, uint64_t now_ms)
{
	char addr[ADDR_TEXT];

	/* The interface has gone or is down: events tell of that. */
	if (err == -ENODEV || err == -ENETDOWN || !may_log(h, now_ms))
		return;
	addr_format(&n->addr, addr);
	if (err == -ENOBUFS)
		log_warn("%s: the kernel's neighbour table is full: raise "
			 "net.ipv4.neigh.default.gc_thresh3 and that of ipv6",
			 addr);
	else
		log_warn("%s: cannot ask for its MAC address: %s", addr, strerror(-err));
}

static void log_target(struct hops *h, const struct target *t, uint64_t now_ms)
{
	const struct snapshot_hop *s = &t->said;
	const uint8_t *m = s->mac;
	char addr[ADDR_TEXT], via[ADDR_TEXT];

	if (!may_log(h, now_ms))
		return;
	addr_format(&t->addr, addr);
	addr_format(&s->via, via);
	if (s->state == HOP_NO_ROUTE)
		log_warn("%s: %s", addr, t->path.obstacle);
	else if (s->state == HOP_RESOLVING)
		log_info("%s: asking for the MAC address of %s on %s", addr, via, s->ifname);
	else if (s->state == HOP_SILENT)
		log_warn("%s: %s on %s does not answer any more; its last MAC address is used on",
			 addr, via, s->ifname);
	else
		log_info("%s: via %s%s%s %02x:%02x:%02x:%02x:%02x:%02x", addr,
			 addr_is_equal(&s->via, &t->addr) ? "" : via,
			 addr_is_equal(&s->via, &t->addr) ? "" : " on ", s->ifname, m[0], m[1],
			 m[2], m[3], m[4], m[5]);
}

/* Why packets cannot leave by @link, for people; NULL if they can. */
static const char *link_obstacle(const struct view *v, const struct netlink_link *link)
{
	const struct netlink_link *below;

	if (!link || !link->up)
		return "its interface is down";
	if (!link->has_mac)
		return "its interface has no MAC addresses";
	if (!link->tpid)
		return NULL;
	below = view_link(v, link->below);
	if (!below)
		return "its VLAN device is on an interface of another network namespace";
	if (below->tpid)
		return "its VLAN device is on another VLAN device, and two tags are not supported";
	return link->tpid == ETH_P_8021Q ? NULL : "its VLAN device is not of 802.1Q";
}

/* The way of @t as it is now, in @out; sets path.obstacle where the link is one. */
static const struct view_neigh *look(const struct hops *h, struct target *t,
				     struct snapshot_hop *out)
{
	const struct netlink_link *link = view_link(&h->view, t->path.ifindex);
	const struct view_neigh *n;

	*out = (struct snapshot_hop){ .addr = t->addr, .state = HOP_NO_ROUTE };
	if (!t->path.ifindex)
		return NULL;
	t->path.obstacle = link_obstacle(&h->view, link);
	if (t->path.obstacle)
		return NULL;
	out->via = t->path.via;
	memcpy(out->ifname, link->name, sizeof(out->ifname));
	out->mtu = t->path.mtu && t->path.mtu < link->mtu ? t->path.mtu
		   : link->mtu < UINT16_MAX		  ? link->mtu
							  : UINT16_MAX;
	n = view_neigh(&h->view, t->path.ifindex, &t->path.via);
	out->state = HOP_RESOLVING;
	if (!n || !n->has_mac)
		return NULL;
	out->state = n->is_silent ? HOP_SILENT : HOP_RESOLVED;
	memcpy(out->mac, n->mac, sizeof(out->mac));
	return n;
}

/*
 * Tunnels start from what the route says, in its family; else from the interface. Of a
 * VLAN device the program is told the interface below it, and the tag.
 */
static struct shunt_egress egress_of(const struct hops *h, const struct target *t)
{
	const struct netlink_link *link = view_link(&h->view, t->path.ifindex);
	struct shunt_addr src4 = view_source(&h->view, t->path.ifindex, true);
	struct shunt_egress e = { .ifindex = t->path.ifindex };

	e.src6 = view_source(&h->view, t->path.ifindex, false);
	if (!addr_is_unspecified(&t->path.source)) {
		if (addr_is_v4(&t->path.source))
			src4 = t->path.source;
		else
			e.src6 = t->path.source;
	}
	e.src4 = src4.w[3];
	memcpy(e.smac, link->mac, sizeof(e.smac));
	if (link->tpid) {
		e.ifindex = link->below | SHUNT_EGRESS_VLAN;
		e.vlan = htons(link->vlan_id);
	}
	return e;
}

static void write_leg(struct hops *h, struct leg *leg, union shunt_hop hop, uint16_t mtu,
		      uint64_t now_ms)
{
	const union shunt_hop old = leg->hop;

	if (old.word == hop.word && leg->mtu == mtu && !leg->dangling)
		return;
	if (h->ops->set_hop(h->ctx, leg->id, leg->family, hop, mtu))
		return;
	egress_hold(&h->egress, hop.egress);
	if (!leg->dangling)
		egress_drop(&h->egress, old.egress, now_ms);
	leg->hop = hop;
	leg->mtu = mtu;
	leg->dangling = false;
}

/* What a leg keeps while the MAC address of its next hop is asked for. */
static union shunt_hop hop_meanwhile(const struct hops *h, const struct leg *leg)
{
	const union shunt_hop none = { .word = 0 };

	if (leg->dangling || !leg->hop.egress || h->egress.entry[leg->hop.egress].lost)
		return none;
	return leg->hop;
}

static int resolved_hop(struct hops *h, const struct target *t, const struct view_neigh *n,
			union shunt_hop *out)
{
	const struct shunt_egress e = egress_of(h, t);
	int index = egress_find(&h->egress, h->ops, h->ctx, &e);

	if (index < 0)
		return index;
	memcpy(out->dmac, n->mac, sizeof(out->dmac));
	out->egress = index;
	return 0;
}

static bool is_same(const struct snapshot_hop *a, const struct snapshot_hop *b)
{
	return a->state == b->state && a->mtu == b->mtu && addr_is_equal(&a->via, &b->via) &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac)) && !strcmp(a->ifname, b->ifname);
}

/* An address on its way to be resolved for the first time is not news yet. */
static bool is_news(const struct target *t, const struct snapshot_hop *now)
{
	return t->is_said ? !is_same(&t->said, now) : now->state != HOP_RESOLVING;
}

void hops_settle(struct hops *h, struct target *t, uint64_t now_ms)
{
	const union shunt_hop none = { .word = 0 };
	union shunt_hop hop = none;
	struct snapshot_hop now;
	const struct view_neigh *n = look(h, t, &now);
	int err = n ? resolved_hop(h, t, n, &hop) : 0;

	if (is_news(t, &now)) {
		t->said = now;
		t->is_said = true;
		log_target(h, t, now_ms);
	}
	t->said = now;
	if (err && may_log(h, now_ms))
		log_err(err, "interface %s: enter it for packets to leave by", now.ifname);
	for (struct leg *leg = &h->legs[t->first_leg]; leg < &h->legs[t->first_leg + t->n_legs];
	     leg++)
		write_leg(h, leg, now.state == HOP_RESOLVING || err ? hop_meanwhile(h, leg) : hop,
			  now.mtu, now_ms);
}

/* What the map holds: written by us, by a former daemon, or not yet. */
static void leg_adopt(struct hops *h, struct leg *leg)
{
	uint16_t mtu = 0;

	if (h->ops->get_hop(h->ctx, leg->id, leg->family, &leg->hop, &mtu))
		return;
	leg->mtu = mtu;
	leg->dangling = leg->hop.word && (leg->hop.egress >= SHUNT_MAX_EGRESS ||
					  !h->egress.entry[leg->hop.egress].e.ifindex);
	if (!leg->dangling)
		egress_hold(&h->egress, leg->hop.egress);
}

static int list_legs(const struct plan *plan, struct leg **out, size_t *n)
{
	_cleanup_free_ struct leg *legs =
		calloc(plan->n_backends * SHUNT_FAMILIES + 1, sizeof(*legs));
	size_t len = 0;

	if (!legs)
		return -ENOMEM;
	array_for_each (b, plan->backends, plan->n_backends)
		for (int f = 0; f < SHUNT_FAMILIES; f++)
			if (b->leg[f].forward != SHUNT_FORWARD_NONE)
				legs[len++] = (struct leg){ .addr = b->leg[f].addr,
							    .id = b->id,
							    .family = f };
	array_sort(legs, len, sizeof(*legs), compare_legs);
	*out = take_ptr(&legs);
	*n = len;
	return 0;
}

static int list_targets(const struct hops *h, const struct leg *legs, size_t n_legs,
			struct target **out, size_t *n)
{
	struct target *targets = calloc(n_legs + 1, sizeof(*targets));
	size_t len = 0;

	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < n_legs; i++) {
		struct target key = { .addr = legs[i].addr };
		const struct target *known;

		if (!len || !addr_is_equal(&targets[len - 1].addr, &key.addr)) {
			known = h->n_targets ? bsearch(&key, h->targets, h->n_targets, sizeof(key),
						       compare_targets)
					     : NULL;
			targets[len] = known ? *known : key;
			targets[len].first_leg = i;
			targets[len++].n_legs = 0;
		}
		targets[len - 1].n_legs++;
	}
	*out = targets;
	*n = len;
	return 0;
}

/* New legs get their references before old ones lose theirs: nothing falls idle. */
static void move_references(struct hops *h, struct leg *legs, size_t n, uint64_t now_ms)
{
	array_for_each (leg, legs, n)
		leg_adopt(h, leg);
	array_for_each (leg, h->legs, h->n_legs)
		if (!leg->dangling)
			egress_drop(&h->egress, leg->hop.egress, now_ms);
}

int hops_take_plan(struct hops *h, const struct plan *plan, uint64_t now_ms)
{
	_cleanup_free_ struct leg *legs = NULL;
	struct target *targets = NULL;
	size_t n_legs = 0, n_targets = 0;
	int err;

	err = list_legs(plan, &legs, &n_legs)
		      ?: list_targets(h, legs, n_legs, &targets, &n_targets);
	if (err)
		return err;
	move_references(h, legs, n_legs, now_ms);
	free(h->targets);
	free(h->legs);
	h->targets = targets;
	h->n_targets = n_targets;
	h->legs = take_ptr(&legs);
	h->n_legs = n_legs;
	return 0;
}

bool hops_is_settled(const struct hops *h)
{
	array_for_each (t, h->targets, h->n_targets)
		if (t->said.state == HOP_RESOLVING)
			return false;
	return true;
}

int hops_list(const struct hops *h, struct snapshot_hop **out, size_t *n)
{
	struct snapshot_hop *list = calloc(h->n_targets + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < h->n_targets; i++)
		list[i] = h->targets[i].said;
	*out = list;
	*n = h->n_targets;
	return 0;
}
