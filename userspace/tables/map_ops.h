/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam between what is decided and what is written: the kernel's maps in
 * the daemon, a fake in tests.
 */
#ifndef TABLES_MAP_OPS_H
#define TABLES_MAP_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "shunt/abi.h"
#include "tables/flows.h"

struct plan_table;

/* Services that are sent to @from shall be sent to @to. */
struct map_move {
	struct shunt_service from;
	struct shunt_service to;
};

/**
 * struct map_ops - writes to the maps; all return 0 or a negative errno
 * @put_backend: @id is in no slot yet: an array is overwritten in place
 *	unless it says the same. The hop of a leg whose address and way of
 *	forwarding stay is kept, whatever @b says, unless it was removed meanwhile.
 * @mark_backend: SHUNT_LEG_*, one byte a leg, from now on
 * @put_load: of struct shunt_load; what it counts stays
 * @del_backend: packets that are under way to it still may read it
 * @set_hop: one aligned 64-bit store, seen whole by packets
 * @get_hop, @get_egress: what is there, perhaps from a former daemon
 * @lines: @n lines of shunt_slots from @first on, one behind the other, writable, each
 *	half stored atomically, valid until the next call; NULL if there are no such
 * @read_former: the words that a former data plane had for a table, in its members and
 *	table->slots of them. -ENOENT: it had none.
 * @put_service: @like: of its flags those of the service, and where it is sent
 * @repoint: all at once; @moves sorted by @from as memcmp() does
 * @move_flows: blocks were outgrown: what is pinned to their backends, and counted of
 *	them, is that of others now. All at once: the flow cache is read from end to end.
 * @put_egress: @index in [1, SHUNT_MAX_EGRESS), referred to by no hop yet
 */
struct map_ops {
	int (*put_backend)(void *ctx, __u32 id, const struct shunt_backend *b);
	int (*mark_backend)(void *ctx, __u32 id, __u8 flags);
	int (*put_load)(void *ctx, __u32 id, __u32 limit, __u32 weight);
	int (*set_hop)(void *ctx, __u32 id, enum shunt_family family, union shunt_hop hop,
		       __u16 mtu);
	int (*get_hop)(void *ctx, __u32 id, enum shunt_family family, union shunt_hop *hop,
		       __u16 *mtu);
	int (*del_backend)(void *ctx, __u32 id);
	__u16 *(*lines)(void *ctx, __u32 first, __u32 n);
	int (*read_former)(void *ctx, const struct plan_table *table, __u32 *words);
	int (*put_vip)(void *ctx, const struct shunt_addr *vip);
	int (*del_vip)(void *ctx, const struct shunt_addr *vip);
	int (*put_service)(void *ctx, const struct shunt_service_key *key,
			   const struct shunt_listing *like);
	int (*del_service)(void *ctx, const struct shunt_service_key *key);
	void (*repoint)(void *ctx, const struct map_move *moves, size_t n);
	int (*move_flows)(void *ctx, const struct flows_move *moves, size_t n);
	int (*put_egress)(void *ctx, __u32 index, const struct shunt_egress *e);
	int (*del_egress)(void *ctx, __u32 index);
	int (*get_egress)(void *ctx, __u32 index, struct shunt_egress *out);
};

#endif /* TABLES_MAP_OPS_H */
