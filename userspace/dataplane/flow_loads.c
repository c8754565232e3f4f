/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads of the backends whose connections the flow cache counts: put right with every
 * sweep of it (tables/loads.h), moved when blocks are outgrown, forgotten when an id
 * becomes another backend. Those of nat and fullnat are put right elsewhere, by their
 * connections.
 */
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "tables/loads.h"

static bool is_counted(const struct dataplane *dp, const struct plan_backend *b)
{
	return b->counted && b->id < dp->n_backends &&
	       !conf_forward_is_nat(b->leg[SHUNT_V4].forward) &&
	       !conf_forward_is_nat(b->leg[SHUNT_V6].forward);
}

void flow_loads_begin(struct dataplane *dp)
{
	memset(dp->flows.looks, 0, dp->n_backends * sizeof(*dp->flows.looks));
}

void flow_loads_before(struct dataplane *dp, const struct plan *plan)
{
	array_for_each (b, plan->backends, plan->n_backends)
		if (is_counted(dp, b))
			loads_before(&dp->flows.looks[b->id], &dp->loads[b->id]);
}

void flow_loads_after(struct dataplane *dp, const struct plan *plan,
		      const struct flows_backend *found)
{
	array_for_each (b, plan->backends, plan->n_backends)
		if (is_counted(dp, b))
			loads_after(&dp->flows.looks[b->id], &dp->loads[b->id], found[b->id].open);
}

void flow_loads_end(struct dataplane *dp, const struct plan *plan, uint32_t parts)
{
	array_for_each (b, plan->backends, plan->n_backends) {
		const struct loads_look *look = &dp->flows.looks[b->id];
		int32_t wrong;

		/* Of one that was not counted yet when the sweep began too little is known. */
		if (!is_counted(dp, b) || look->parts != parts)
			continue;
		wrong = loads_correct(look, &dp->loads[b->id]);
		if (wrong)
			log_debug("backend %u: %d connections less than were counted", b->id,
				  wrong);
	}
}

void flow_loads_move(struct dataplane *dp, const struct flows_move *moves, size_t n)
{
	array_for_each (m, moves, n)
		for (uint32_t i = 0; i < m->span; i++)
			loads_move(&dp->loads[m->from + i], &dp->loads[m->to + i]);
	/* A sweep that is under way has looked at others. */
	flow_loads_begin(dp);
}

void flow_loads_forget(struct dataplane *dp, uint32_t id)
{
	loads_move(&dp->loads[id], NULL);
}

struct shunt_load dataplane_read_load(const struct dataplane *dp, uint32_t backend_id)
{
	struct shunt_load load = { 0 };

	if (backend_id >= dp->n_backends)
		return load;
	load = dp->loads[backend_id];
	load.active = loads_active(&load);
	return load;
}
