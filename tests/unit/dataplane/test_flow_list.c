/* SPDX-License-Identifier: BSD-2-Clause */
/* What the flow cache holds, counted by backend: now, not when it was last swept. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "dataplane/dataplane.h"
#include "ns.h"
#include "town.h"
#include "tables/transit.h"

#define BASE 16
#define OTHER_BASE 32

struct world {
	struct town town;
	struct dataplane *dp;
	struct shunt_flow_line *flows;
	size_t lines;
	uint16_t now_s;
};

/* A service that remembers its flows, and another one. */
static void world_open(struct world *w, size_t lines, bool tracked)
{
	const struct town_shape shape = { .base = { BASE, OTHER_BASE },
					  .table = { 2, 3 },
					  .slots = SHUNT_MIN_SLOTS };
	const struct dataplane_sizes sizes = {
		.slot_lines = 256, .backends = 64, .services = 16, .flow_lines = lines
	};
	const struct shunt_rodata rodata = { .flow_mask = lines - 1, .tracked = tracked };
	int fd;

	ns_enter();
	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, false, &w->dp), 0);
	cr_assert_eq(dataplane_commit(w->dp), 0);
	town_make(&w->town, &shape);
	town_apply(&w->town, w->dp, clock_now_ms());
	fd = bpf_obj_get(NS_PIN_DIR "/v3/shunt_flows");
	w->lines = lines;
	w->flows = mmap(NULL, lines * sizeof(*w->flows), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(w->flows, MAP_FAILED);
	close(fd);
	w->now_s = transit_seconds(clock_now_ms());
}

static void world_close(struct world *w)
{
	munmap(w->flows, w->lines * sizeof(*w->flows));
	dataplane_close(w->dp);
}

static struct snapshot_flow_list count_flows(const struct world *w, size_t service)
{
	struct snapshot_flow_list found;

	cr_assert_eq(dataplane_count_flows(w->dp, &w->town.plan, NULL, service, &found), 0);
	return found;
}

static void put(struct world *w, size_t place, uint32_t id, uint16_t age_s)
{
	w->flows[place / SHUNT_FLOWS_PER_LINE].entry[place % SHUNT_FLOWS_PER_LINE] =
		SHUNT_FLOW(place + 1, id, w->now_s - age_s);
}

/* Ages are far from the bounds: a second may pass meanwhile. */
Test(flow_list, is_of_backends_and_ages)
{
	struct snapshot_flow_list found;
	struct world w;

	world_open(&w, 64, true);
	put(&w, 0, BASE + 2, 0);
	put(&w, 80, BASE + 2, 30);
	put(&w, 511, BASE + 2, 200);
	w.flows[63].entry[7] |= SHUNT_FLOW_CLOSING;
	put(&w, 510, BASE + 9, 0);
	put(&w, 509, OTHER_BASE + 1, 290);
	found = count_flows(&w, SIZE_MAX);
	cr_assert_eq(found.n, 2);
	cr_expect_eq(found.list[0].service, 0);
	cr_expect_eq(found.list[0].backend, 1);
	cr_expect_eq(found.list[0].tally.by_age[0], 1);
	cr_expect_eq(found.list[0].tally.by_age[1], 1);
	cr_expect_eq(found.list[0].tally.by_age[2], 0, "one that was ended is forgotten sooner");
	cr_expect_eq(found.list[1].service, 1);
	cr_expect_eq(found.list[1].backend, 0);
	cr_expect_eq(found.list[1].tally.by_age[2], 1);
	cr_expect_neq(w.flows[63].entry[6], 0UL, "only sweeps clear");
	free(found.list);
	found = count_flows(&w, 1);
	cr_assert_eq(found.n, 1);
	cr_expect_eq(found.list[0].service, 1);
	free(found.list);
	world_close(&w);
}

/* Where nothing is kept, and nothing is in transition, nobody reads the cache. */
Test(flow_list, is_empty_where_nothing_is_kept)
{
	struct snapshot_flow_list found;
	struct world w;

	world_open(&w, 64, false);
	put(&w, 0, BASE + 2, 0);
	found = count_flows(&w, SIZE_MAX);
	cr_expect_eq(found.n, 0);
	cr_expect_null(found.list);
	world_close(&w);
}

static uint64_t sum(const struct flows_tally *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < FLOWS_AGES; i++)
		n += t->by_age[i];
	return n;
}

/* In a cache of two million. */
Test(flow_list, of_a_million_takes_some_milliseconds)
{
	struct snapshot_flow_list found;
	uint64_t began_ms, took_ms;
	struct world w;

	world_open(&w, 1 << 18, true);
	w.town.plan.flow_idle_s = 28800;
	for (uint32_t i = 0; i < 1000000; i++)
		put(&w, 2 * i, BASE + 1 + i % 2, i % 20000);
	began_ms = clock_now_ms();
	found = count_flows(&w, 0);
	took_ms = clock_now_ms() - began_ms;
	cr_log_info("a million flows are counted in %lu ms", took_ms);
	cr_expect_lt(took_ms, 500);
	cr_assert_eq(found.n, 2);
	cr_expect_eq(sum(&found.list[0].tally), 500000);
	cr_expect_eq(sum(&found.list[1].tally), 500000);
	cr_expect_geq(found.list[0].tally.by_age[FLOWS_AGES - 1], 410000);
	free(found.list);
	world_close(&w);
}
