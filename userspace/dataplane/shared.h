/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the maps hold that another balancer cannot compute: connections of nat and fullnat
 * (tables/conns_share.h), entries of the flow cache (tables/flows_share.h). Here others
 * read them, and enter what they have heard.
 *
 * While it is shared all of these maps are mapped: they count as memory of the process.
 */
#ifndef DATAPLANE_SHARED_H
#define DATAPLANE_SHARED_H

#include "dataplane/dataplane.h"
#include "tables/conns_share.h"
#include "tables/flows_share.h"

/* From now on; nothing was told. 0 or a negative errno, not logged. */
int dataplane_share(struct dataplane *dp);
void dataplane_unshare(struct dataplane *dp);

/* What was told of within this time is not ended here. */
void dataplane_hold_shared(struct dataplane *dp, uint32_t hold_s);

/* NULL: there are no connections. Of both the maps as they are. */
struct conns_share *dataplane_shared_conns(struct dataplane *dp, const struct conns **maps);
struct flows_share *dataplane_shared_flows(struct dataplane *dp, struct flows_cache *cache);

/**
 * dataplane_enter_conn() - a connection that a peer has told of
 * @conn: all but port_bit and counted; its backend is of @plan. With fullnat its port may be
 *	of another pool than ours.
 * @seq: its sequence numbers, if it has some
 * @ended: it is over
 */
enum conns_verdict dataplane_enter_conn(struct dataplane *dp, const struct plan *plan,
					struct shunt_conn *conn, const struct shunt_conn_seq *seq,
					bool ended);

/**
 * struct shared_flow - an entry that a peer has told of
 * @table: of its service, which asks the cache only where slots are in transition; NULL:
 *	it always asks
 * @counted: it counts for the load of its backend
 */
struct shared_flow {
	struct flows_told told;
	const struct plan_table *table;
	bool counted;
};

/* Enter it. Where its slot says another backend, packets of that ask the cache from now on. */
enum flows_verdict dataplane_enter_flow(struct dataplane *dp, const struct shared_flow *flow,
					uint64_t now_ms);

#endif /* DATAPLANE_SHARED_H */
