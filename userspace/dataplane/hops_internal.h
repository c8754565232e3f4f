/* SPDX-License-Identifier: BSD-2-Clause */
/* struct hops, for hops.c (what the kernel says) and hops_legs.c (what is written). */
#ifndef DATAPLANE_HOPS_INTERNAL_H
#define DATAPLANE_HOPS_INTERNAL_H

#include "dataplane/egress.h"
#include "dataplane/hops.h"
#include "dataplane/view.h"

/**
 * struct path - the way to a target
 * @ifindex: 0 if there is none
 * @obstacle: why not, for people; NULL if there is one
 * @via: the gateway or the target itself
 * @source: what this host sends from; zeroes if it has no say
 * @mtu: of the path, or 0: that of the link
 */
struct path {
	int ifindex;
	const char *obstacle;
	struct shunt_addr via;
	struct shunt_addr source;
	uint32_t mtu;
};

/**
 * struct target - an address that legs lead to
 * @is_asked: @path is what the kernel said; events tell if that is no longer so
 * @said: what was logged of it last, so that only a change is
 * @first_leg, @n_legs: in hops.legs
 */
struct target {
	struct shunt_addr addr;
	struct path path;
	bool is_asked;
	struct snapshot_hop said;
	bool is_said;
	size_t first_leg;
	size_t n_legs;
};

/**
 * struct leg - a leg of a backend
 * @hop, @mtu: what the map holds; a reference to hop.egress is held
 * @dangling: hop.egress names no entry: no reference is held
 */
struct leg {
	struct shunt_addr addr;
	uint32_t id;
	enum shunt_family family;
	union shunt_hop hop;
	uint16_t mtu;
	bool dangling;
};

/**
 * struct hops
 * @targets: sorted by address
 * @legs: sorted by address, id, family: those of a target are together
 * @resolve_at_ms: when to ask for all routes again; 0: no need
 * @resolve_by_ms: the latest that it may be put off to
 * @now_ms: of the dispatch that is running
 * @must_resync: events or answers were lost
 * @log_from_ms, @log_lines: lines logged since then, to keep floods out of the log
 */
struct hops {
	const struct map_ops *ops;
	void *ctx;
	struct netlink *nl;
	int epoll_fd;
	int timer_fd;
	struct view view;
	struct egress_table egress;
	struct target *targets;
	size_t n_targets;
	struct leg *legs;
	size_t n_legs;
	uint64_t resolve_at_ms;
	uint64_t resolve_by_ms;
	uint64_t now_ms;
	bool must_resync;
	uint64_t log_from_ms;
	uint32_t log_lines;
};

/* Follow the legs of @plan instead; what is known of those that stay is kept. */
int hops_take_plan(struct hops *h, const struct plan *plan, uint64_t now_ms);

/* Bring the legs of @t in line with its path and its neighbour. */
void hops_settle(struct hops *h, struct target *t, uint64_t now_ms);

void hops_log_probe(struct hops *h, const struct view_neigh *n, int err, uint64_t now_ms);

#endif /* DATAPLANE_HOPS_INTERNAL_H */
