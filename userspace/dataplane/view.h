/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel has told of links, addresses and the neighbours that are of
 * interest: sorted arrays, kept up to date event by event. No system call here.
 */
#ifndef DATAPLANE_VIEW_H
#define DATAPLANE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/netlink.h"

/**
 * struct view_neigh - a next hop that is watched
 * @mac: the last one known, also after the kernel has lost or failed it: whether
 *	the backend lives is for health checks to say
 * @probe_at_ms: when to have the kernel ask for it, or confirm it
 * @backoff_ms: between questions, while there is no answer
 * @is_silent: the kernel has asked in vain since it told @mac; then it is asked anew,
 *	as one that is not known yet
 */
struct view_neigh {
	int ifindex;
	struct shunt_addr addr;
	uint8_t mac[6];
	bool has_mac;
	uint64_t probe_at_ms;
	uint32_t backoff_ms;
	bool is_silent;
};

/* Zero-initialised is empty and valid. */
struct view {
	struct netlink_link *links; /* by ifindex */
	size_t n_links;
	struct netlink_addr *addrs; /* in no order */
	size_t n_addrs;
	struct view_neigh *neighs; /* by interface and address */
	size_t n_neighs;
};

/* What an event meant to a view. */
enum view_change {
	VIEW_SAME,
	VIEW_ROUTES, /* routes must be asked for again */
	VIEW_NEIGH, /* a watched neighbour has another MAC address, fell silent, or answers again */
	VIEW_NO_MEMORY,
};

enum view_change view_update(struct view *v, const struct netlink_event *ev);
void view_free(struct view *v);
/* Forget links and addresses, before all are listed anew. */
void view_forget_links(struct view *v);

const struct netlink_link *view_link(const struct view *v, int ifindex); /* or NULL */
/* The first usable address of an interface; zeroes if it has none. */
struct shunt_addr view_source(const struct view *v, int ifindex, bool v4);

struct view_neigh *view_neigh(const struct view *v, int ifindex, const struct shunt_addr *addr);

/**
 * view_watch() - watch exactly these neighbours from now on
 * @neighs: @n of them, in any order, repetitions allowed; only ifindex and addr are
 *	read. Sorted in place. What is known of those watched before is kept.
 * @added: set if one was not watched before
 *
 * Return: 0 or -ENOMEM, and nothing has changed.
 */
int view_watch(struct view *v, struct view_neigh *neighs, size_t n, bool *added);

#endif /* DATAPLANE_VIEW_H */
