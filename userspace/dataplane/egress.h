/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which entry of shunt_egress stands for which interface and sources. Entries are
 * write-once, because hops name them and packets follow both: whatever differs gets
 * another entry, and one that no hop names rests before it is written again.
 */
#ifndef DATAPLANE_EGRESS_H
#define DATAPLANE_EGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "tables/map_ops.h"

/* Longer than a packet needs, and than slots need to leave a removed backend. */
#define EGRESS_REST_MS 30000

/**
 * struct egress_entry
 * @refs: hops that name it
 * @lost: its interface is gone: to be named by no new hop
 * @idle_since_ms: since when @refs is 0
 */
struct egress_entry {
	struct shunt_egress e;
	uint32_t refs;
	bool lost;
	uint64_t idle_since_ms;
};

struct egress_table {
	struct egress_entry entry[SHUNT_MAX_EGRESS]; /* 0 is never used */
};

/* Enter what a former daemon left in the map. */
void egress_adopt(struct egress_table *t, const struct map_ops *ops, void *ctx, uint64_t now_ms);

/**
 * egress_find() - the entry for @e, written to the map if there was none
 *
 * Return: its index, without a reference to it; -ENOSPC if all are named by hops;
 * another negative errno if it could not be written.
 */
int egress_find(struct egress_table *t, const struct map_ops *ops, void *ctx,
		const struct shunt_egress *e);

/* A hop names entry @index from now on, or no longer. 0 is nothing. */
void egress_hold(struct egress_table *t, uint32_t index);
void egress_drop(struct egress_table *t, uint32_t index, uint64_t now_ms);

/* Interface @ifindex is gone, and the VLAN devices on it: another one may get its number. */
void egress_lose(struct egress_table *t, int ifindex);

/* Clear entries that have rested. */
void egress_collect(struct egress_table *t, const struct map_ops *ops, void *ctx, uint64_t now_ms);

#endif /* DATAPLANE_EGRESS_H */
