/* SPDX-License-Identifier: BSD-2-Clause */
#include "dataplane/shared.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "dataplane/internal.h"

/**
 * struct shared - of a data plane that shares
 * @conns: without room for connections it is not used
 * @cache: mapped whole
 */
struct shared {
	struct conns_share conns;
	struct flows_share flows;
	struct flows_cache cache;
};

/* --- made and released --------------------------------------------------------------- */

static int share_conns(struct dataplane *dp, struct shared *s)
{
	int err;

	if (!dp->sizes.conns)
		return 0;
	err = conns_share_init(&s->conns, dp->sizes.conns);
	if (err)
		return err;
	err = conn_cache_hold(dp);
	if (err)
		return err;
	dp->conns.maps.share = &s->conns;
	return 0;
}

static int share_flows(struct dataplane *dp, struct shared *s)
{
	const size_t n = dp->sizes.flow_lines;

	s->cache.n = n;
	s->cache.lines = flow_lines_map(dp->fds[LOAD_FLOWS], 0, n);
	s->cache.marks = s->cache.lines ? flow_marks_map(dp->fds[LOAD_MARKS], 0, n) : NULL;
	return s->cache.marks ? flows_share_init(&s->flows, n) : -ENOMEM;
}

int dataplane_share(struct dataplane *dp)
{
	int err;

	if (dp->shared)
		return 0;
	dp->shared = calloc(1, sizeof(*dp->shared));
	if (!dp->shared)
		return -ENOMEM;
	err = share_conns(dp, dp->shared) ?: share_flows(dp, dp->shared);
	if (err)
		dataplane_unshare(dp);
	return err;
}

void dataplane_unshare(struct dataplane *dp)
{
	struct shared *s = take_ptr(&dp->shared);

	if (!s)
		return;
	if (dp->conns.maps.share) {
		dp->conns.maps.share = NULL;
		conn_cache_release(dp);
	}
	conns_share_free(&s->conns);
	flows_share_free(&s->flows);
	if (s->cache.marks)
		flow_marks_unmap(s->cache.marks, s->cache.n);
	if (s->cache.lines)
		flow_lines_unmap(s->cache.lines, s->cache.n);
	free(s);
}

void dataplane_hold_shared(struct dataplane *dp, uint32_t hold_s)
{
	if (dp->shared)
		dp->shared->conns.hold_s = hold_s;
}

struct conns_share *dataplane_shared_conns(struct dataplane *dp, const struct conns **maps)
{
	*maps = &dp->conns.maps;
	return dp->conns.maps.share;
}

struct flows_share *dataplane_shared_flows(struct dataplane *dp, struct flows_cache *cache)
{
	if (!dp->shared)
		return NULL;
	*cache = dp->shared->cache;
	return &dp->shared->flows;
}

/* --- what others tell --------------------------------------------------------------------- */

enum conns_verdict dataplane_enter_conn(struct dataplane *dp, const struct plan *plan,
					struct shunt_conn *conn, const struct shunt_conn_seq *seq,
					bool ended)
{
	const struct conns *c = &dp->conns.maps;
	const struct plan_backend *b = plan_backend_by_id(plan, conn->backend);

	if (!c->share)
		return CONNS_FULL;
	if (ended)
		return conns_share_leave(c->share, c, conn);
	/* One of another pool has none: no connection of ours is given its port. */
	conn->port_bit = conn_cache_port_bit(dp, conn);
	conn->counted = b && b->counted && !shunt_conn_is_closed(conn->flags) ? conn->backend : 0;
	return conns_share_enter_spliced(c->share, c, conn, seq, clock_now_ms() / 1000);
}

/* What has begun there is counted here. Nothing is exact: sweeps put it right. */
static void count_flow(struct dataplane *dp, uint32_t id, uint64_t entry)
{
	if (!(entry & SHUNT_FLOW_CLOSING))
		__atomic_fetch_add(&dp->loads[id].active, 1, __ATOMIC_RELAXED);
}

enum flows_verdict dataplane_enter_flow(struct dataplane *dp, const struct shared_flow *flow,
					uint64_t now_ms)
{
	const uint32_t id = SHUNT_FLOW_BACKEND(flow->told.entry);
	const struct plan_table *table = flow->table;
	enum flows_verdict verdict;

	if (!dp->shared || id >= dp->n_backends)
		return FLOWS_OURS;
	dp->flows.may_hold = true;
	verdict = flows_share_enter(&dp->shared->flows, &dp->shared->cache, &flow->told,
				    transit_seconds(now_ms));
	/* The entry is there before the first packet asks for it. */
	if ((verdict == FLOWS_ENTERED || verdict == FLOWS_REFRESHED) && table)
		tables_pin(&dp->tables, table->number, SHUNT_FLOW_TAG(flow->told.entry),
			   id - table->base, now_ms);
	if (verdict == FLOWS_ENTERED && flow->counted)
		count_flow(dp, id, flow->told.entry);
	return verdict;
}
