/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the flow cache holds, by backend. Nothing is changed, so a copy of the daemon can
 * look, too; a slice of the map is mapped at a time, as for sweeps.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "dataplane/internal.h"
#include "tables/transit.h"

static int count_lines(const struct dataplane *dp, const struct flows_scan *s,
		       struct flows_tally *tallies)
{
	for (size_t at = 0; at < dp->sizes.flow_lines; at += FLOW_SLICE_LINES) {
		const size_t left = dp->sizes.flow_lines - at;
		const size_t n = left < FLOW_SLICE_LINES ? left : FLOW_SLICE_LINES;
		struct shunt_flow_line *lines = flow_lines_map(dp->fds[LOAD_FLOWS], at, n);

		if (!lines)
			return -errno;
		flows_count(s, lines, n, tallies);
		flow_lines_unmap(lines, n);
	}
	return 0;
}

static bool has_any(const struct flows_tally *t)
{
	array_for_each (n, t->by_age, array_len(t->by_age))
		if (*n)
			return true;
	return false;
}

/* Those of a service that have entries. */
static int list_service(const struct plan *plan, size_t service, const struct flows_scan *s,
			const struct flows_tally *tallies, struct snapshot_flow_list *out)
{
	const struct plan_backend *b;

	for (size_t i = 0; (b = plan_backend_of(plan, service, i)); i++) {
		struct snapshot_flows *next;

		if (b->id >= s->n_backends || !has_any(&tallies[b->id]))
			continue;
		next = array_add(&out->list, &out->n);
		if (!next)
			return -ENOMEM;
		*next = (struct snapshot_flows){ service, i, tallies[b->id] };
	}
	return 0;
}

int dataplane_count_flows(const struct dataplane *dp, const struct plan *plan,
			  const struct conf *conf, size_t service, struct snapshot_flow_list *out)
{
	_cleanup_free_ struct flows_tally *tallies = calloc(dp->n_backends, sizeof(*tallies));
	_cleanup_free_ struct flows_backend *backends = NULL;
	struct snapshot_flow_list found = { 0 };
	struct flows_scan s;
	int err;

	*out = found;
	if (!flow_cache_may_hold(dp))
		return 0;
	if (!tallies)
		return -ENOMEM;
	err = flow_cache_prepare(dp, plan, conf, transit_seconds(clock_now_ms()), &s);
	if (err)
		return err;
	backends = s.backends;
	err = count_lines(dp, &s, tallies);
	for (size_t i = 0; i < plan->n_conf_services && !err; i++)
		if (service == SIZE_MAX || service == i)
			err = list_service(plan, i, &s, tallies, &found);
	if (err)
		free(found.list);
	else
		*out = found;
	return err;
}
