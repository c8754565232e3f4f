/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots in transition and the flow cache in real maps: carried, purged, brought to rest. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "dataplane/dataplane.h"
#include "net/addr.h"
#include "tables/transit.h"
#include "ns.h"

static const struct dataplane_sizes sizes = {
	.slot_lines = 256, .backends = 64, .services = 16, .flow_lines = 64
};
static const struct map_ops *ops = &dataplane_map_ops;

static struct dataplane *open_sized(const struct dataplane_sizes *s, bool adopt)
{
	const struct shunt_rodata rodata = { .flow_mask = s->flow_lines - 1 };
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, s, &rodata, adopt, &dp), 0);
	return dp;
}

static struct shunt_addr address(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

static struct shunt_flow_line *flows_of(const char *map, size_t n)
{
	char path[128];
	void *p;
	int fd;

	snprintf(path, sizeof(path), NS_PIN_DIR "/v%d/%s", SHUNT_ABI_VERSION, map);
	fd = bpf_obj_get(path);
	p = mmap(NULL, n * sizeof(struct shunt_flow_line), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 0);
	close(fd);
	cr_assert_neq(p, MAP_FAILED);
	return p;
}

#define flows_unmap(lines, n) munmap(lines, (n) * sizeof(*(lines)))

/* By the mask a flow finds its line: a map that is larger does not do. */
Test(flow_cache, of_another_size_is_not_taken_over)
{
	struct dataplane_sizes other = sizes;
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, false);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	other.flow_lines /= 2;
	dp = open_sized(&other, true);
	cr_assert_not(dataplane_was_adopted(dp));
	dataplane_close(dp);
}

/* An id that is used again must not inherit the flows of the backend before. */
Test(flow_cache, flows_of_a_removed_backend_are_not_those_of_the_next)
{
	struct shunt_backend b = { .leg[SHUNT_V4] = { .addr = address("192.0.2.11"),
						      .forward = SHUNT_FORWARD_DIRECT } };
	struct shunt_flow_line *flows, *fresh;
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, false);
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(ops->put_backend(dp, 8, &b), 0);
	dataplane_close(dp);

	/* Taken over: there is no telling what the cache holds. */
	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	flows = flows_of("shunt_flows", 64);
	fresh = flows_of("shunt_fresh", SHUNT_FRESH_LINES);
	flows[1].entry[0] = SHUNT_FLOW(1, 7, 0);
	flows[1].entry[1] = SHUNT_FLOW(2, 8, 0);
	flows[1].entry[2] = SHUNT_FLOW(3, 9, 0);
	fresh[1].entry[0] = SHUNT_FLOW(1, 7, 0);
	cr_assert_eq(ops->del_backend(dp, 7), 0);
	b.leg[SHUNT_V4].addr = address("192.0.2.12");
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(flows[1].entry[0], 0UL);
	cr_assert_eq(flows[1].entry[1], SHUNT_FLOW(2, 8, 0));
	cr_assert_eq(flows[1].entry[2], 0UL, "of an id that nobody had any more");
	cr_assert_eq(fresh[1].entry[0], 0UL);
	/* In place, too: another backend under an id that was in use. */
	cr_assert_eq(ops->put_backend(dp, 8, &b), 0);
	cr_assert_eq(flows[1].entry[1], 0UL);
	flows_unmap(flows, 64);
	flows_unmap(fresh, SHUNT_FRESH_LINES);
	dataplane_close(dp);
}

Test(flow_cache, a_mark_is_written_and_kept)
{
	struct shunt_backend b = { .leg[SHUNT_V4] = { .addr = address("192.0.2.11"),
						      .forward = SHUNT_FORWARD_DIRECT } };
	const union shunt_hop hop = { .dmac = { 2, 0, 0, 0, 0, 9 }, .egress = 5 };
	struct shunt_backend got;
	__u32 id = 7;
	struct dataplane *dp;
	int fd;

	ns_enter();
	dp = open_sized(&sizes, false);
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_eq(ops->put_backend(dp, id, &b), 0);
	cr_assert_eq(ops->set_hop(dp, id, SHUNT_V4, hop, 1500), 0);
	cr_assert_eq(ops->mark_backend(dp, id, true), 0);
	cr_assert_eq(ops->mark_backend(dp, sizes.backends + 1, true), -ERANGE);
	fd = bpf_obj_get(NS_PIN_DIR "/v3/shunt_backends");
	cr_assert_eq(bpf_map_lookup_elem(fd, &id, &got), 0);
	cr_assert_eq(got.leg[SHUNT_V4].flags, SHUNT_LEG_DEAD);
	cr_assert_eq(got.leg[SHUNT_V6].flags, SHUNT_LEG_DEAD);
	cr_assert_eq(got.leg[SHUNT_V4].hop.word, hop.word);
	/* Adopted alive, by a daemon that knows nothing of the mark. */
	cr_assert_eq(ops->put_backend(dp, id, &b), 0);
	cr_assert_eq(bpf_map_lookup_elem(fd, &id, &got), 0);
	cr_assert_eq(got.leg[SHUNT_V4].flags, 0);
	cr_assert_eq(got.leg[SHUNT_V4].hop.word, hop.word);
	close(fd);
	dataplane_close(dp);
}

/* The block of table 2; its members 3 and 4 are ids 19 and 20. */
#define BASE 16

/* Table 2, which is all of member 3, then all of member 4. */
struct world {
	struct plan_position position;
	struct plan_backend backends[2];
	struct plan_table table;
	uint32_t first_backend[2], backend_of[2], table_of[1];
	struct plan plan;
	struct dataplane *dp;
	struct shunt_flow_line *flows;
	uint64_t now_ms;
};

static void world_own(struct world *w, uint32_t member)
{
	const struct plan_op fill = { .kind = PLAN_FILL_TABLE, .table = &w->table };

	w->position = (struct plan_position){ member, PLAN_KEEP_ALL };
	cr_assert_eq(dataplane_apply(w->dp, &w->plan, &fill, 1, w->now_ms), 0);
}

static void world_open(struct world *w)
{
	*w = (struct world){ .backends = { { .id = BASE + 3, .alive = true },
					   { .id = BASE + 4, .conf_backend = 1, .alive = true } },
			     .table = { .number = 2,
					.base = BASE,
					.span = 8,
					.slots = SHUNT_MIN_SLOTS,
					.positions = &w->position,
					.n_positions = 1 },
			     .first_backend = { 0, 2 },
			     .backend_of = { 0, 1 },
			     .now_ms = 70000 * 1000ULL };
	w->plan = (struct plan){ .backends = w->backends,
				 .n_backends = 2,
				 .tables = &w->table,
				 .n_tables = 1,
				 .flow_early_s = 2,
				 .flow_idle_s = 5,
				 .n_conf_services = 1,
				 .first_backend = w->first_backend,
				 .backend_of = w->backend_of,
				 .table_of = w->table_of };
	id_set_add(&w->plan.alive, BASE + 3);
	id_set_add(&w->plan.alive, BASE + 4);
	w->dp = open_sized(&sizes, false);
	cr_assert_eq(dataplane_commit(w->dp), 0);
	w->flows = flows_of("shunt_flows", 64);
}

static void world_close(struct world *w)
{
	flows_unmap(w->flows, 64);
	dataplane_close(w->dp);
}

/* The clock is the test's. */
static void pass(struct world *w, int seconds)
{
	while (seconds--)
		dataplane_tick(w->dp, &w->plan, NULL, w->now_ms += 1000);
}

static uint32_t word_of(const struct world *w, uint32_t slot)
{
	return dataplane_read_table(w->dp, 2)[slot];
}

Test(flow_cache, slots_come_to_rest_when_their_flows_have_ended)
{
	struct world w;
	uint16_t seen_s;

	ns_enter();
	world_open(&w);
	world_own(&w, 3);
	world_own(&w, 4);
	cr_assert_eq(word_of(&w, 9), SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 3, 4));
	pass(&w, 2);
	cr_assert_eq(word_of(&w, 9), SHUNT_SLOT(SHUNT_SLOT_PINNING, 3, 4));
	/* A flow of slot 9 is at the former backend; one of slot 8 at the new one. */
	seen_s = transit_seconds(w.now_ms) + 10;
	w.flows[1].entry[3] = SHUNT_FLOW(9, BASE + 3, seen_s);
	w.flows[1].entry[4] = SHUNT_FLOW(8, BASE + 4, seen_s);
	pass(&w, 5);
	cr_assert_eq(word_of(&w, 9), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 4));
	pass(&w, 7);
	cr_assert_eq(word_of(&w, 9), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 4));
	cr_assert_eq(word_of(&w, 8), 4U);
	cr_assert_eq(dataplane_read_flows(w.dp, BASE + 3), 1UL);
	cr_assert_eq(dataplane_read_flows(w.dp, BASE + 4), 1UL);
	pass(&w, 15);
	cr_assert_eq(word_of(&w, 9), 4U);
	cr_assert_eq(w.flows[1].entry[3], 0UL);
	world_close(&w);
}

/* Nobody waits for them, but their 16-bit times must not come round. */
Test(flow_cache, what_has_expired_is_cleared)
{
	struct world w;

	ns_enter();
	world_open(&w);
	world_own(&w, 3);
	world_own(&w, 4);
	pass(&w, 1);
	w.flows[63].entry[7] = SHUNT_FLOW(8, BASE + 4, transit_seconds(w.now_ms) + 12);
	pass(&w, 17);
	cr_assert_eq(word_of(&w, 8), 4U);
	cr_assert_neq(w.flows[63].entry[7], 0UL);
	pass(&w, 35);
	cr_assert_eq(w.flows[63].entry[7], 0UL);
	cr_assert_eq(dataplane_read_flows(w.dp, BASE + 4), 0UL);
	world_close(&w);
}

/* A block was outgrown: what is kept for its members is kept for their new ids. */
Test(flow_cache, a_block_moves_with_its_flows)
{
	const struct flows_move move = { .from = BASE, .span = 8, .to = 32 };
	const struct flows_move outside = { .from = BASE, .span = 8, .to = 60 };
	struct shunt_flow_line *fresh;
	struct world w;

	ns_enter();
	world_open(&w);
	fresh = flows_of("shunt_fresh", SHUNT_FRESH_LINES);
	world_own(&w, 3);
	world_own(&w, 4);
	w.flows[63].entry[7] = SHUNT_FLOW(9, BASE + 3, transit_seconds(w.now_ms));
	w.flows[63].entry[6] = SHUNT_FLOW(9, BASE + 8, transit_seconds(w.now_ms));
	fresh[SHUNT_FRESH_LINES - 1].entry[0] = SHUNT_FLOW(1, BASE + 4, 0);
	pass(&w, 1);
	cr_assert_eq(dataplane_read_flows(w.dp, BASE + 3), 1UL);
	cr_assert_eq(w.flows[63].entry[6], 0UL, "of nobody");
	w.flows[63].entry[6] = SHUNT_FLOW(9, BASE + 8, transit_seconds(w.now_ms));
	fresh[SHUNT_FRESH_LINES - 1].entry[0] = SHUNT_FLOW(1, BASE + 4, 0);

	cr_assert_eq(ops->move_flows(w.dp, &outside, 1), -ERANGE);
	cr_assert_eq(ops->move_flows(w.dp, &move, 1), 0);
	cr_assert_eq(w.flows[63].entry[7], SHUNT_FLOW(9, 32 + 3, 70000));
	cr_assert_eq(w.flows[63].entry[6], SHUNT_FLOW(9, BASE + 8, 70001));
	cr_assert_eq(fresh[SHUNT_FRESH_LINES - 1].entry[0], SHUNT_FLOW(1, 32 + 4, 0));
	cr_assert_eq(dataplane_read_flows(w.dp, BASE + 3), 0UL);
	cr_assert_eq(dataplane_read_flows(w.dp, 32 + 3), 1UL);
	flows_unmap(fresh, SHUNT_FRESH_LINES);
	world_close(&w);
}

/* What is counted follows what there is; of nat it is not ours to say. */
Test(flow_cache, loads_are_put_right_by_the_flows_that_there_are)
{
	struct shunt_load *loads;
	struct world w;
	uint16_t now_s;

	ns_enter();
	world_open(&w);
	loads = (void *)flows_of("shunt_loads", 16);
	w.backends[0].counted = w.backends[1].counted = true;
	w.backends[1].leg[SHUNT_V4].forward = SHUNT_FORWARD_NAT;
	world_own(&w, 3);
	world_own(&w, 4);
	now_s = transit_seconds(w.now_ms);
	w.flows[1].entry[3] = SHUNT_FLOW(9, BASE + 3, now_s);
	w.flows[1].entry[4] = SHUNT_FLOW(8, BASE + 3, now_s);
	w.flows[2].entry[4] = SHUNT_FLOW(7, BASE + 3, now_s) | SHUNT_FLOW_CLOSING;
	loads[BASE + 3] = (struct shunt_load){ .active = 9, .opened = 30, .limit = 5 };
	loads[BASE + 4].active = 9;
	pass(&w, 1);
	cr_expect_eq(loads[BASE + 3].active, 2U);
	cr_expect_eq(loads[BASE + 3].opened, 30U);
	cr_expect_eq(loads[BASE + 4].active, 9U);
	loads[BASE + 3].active = -1U;
	cr_expect_eq(dataplane_read_load(w.dp, BASE + 3).active, 0U);
	cr_expect_eq(dataplane_read_load(w.dp, BASE + 3).limit, 5U);
	cr_expect_eq(dataplane_read_load(w.dp, 1000000).active, 0U);
	munmap(loads, 16 * sizeof(struct shunt_flow_line));
	world_close(&w);
}

Test(flow_cache, loads_go_with_their_backend_and_end_with_it)
{
	const struct shunt_backend b = { .leg[SHUNT_V4] = { .addr = address("192.0.2.11"),
							    .forward = SHUNT_FORWARD_DIRECT } };
	const struct flows_move move = { .from = BASE, .span = 8, .to = 32 };
	struct shunt_load *loads;
	struct world w;

	ns_enter();
	world_open(&w);
	loads = (void *)flows_of("shunt_loads", 16);
	loads[BASE + 3].active = 6;
	loads[32 + 3].active = 1;
	cr_assert_eq(ops->move_flows(w.dp, &move, 1), 0);
	cr_expect_eq(loads[BASE + 3].active, 0U);
	cr_expect_eq(loads[32 + 3].active, 7U);
	cr_assert_eq(ops->put_backend(w.dp, 32 + 3, &b), 0);
	cr_expect_eq(loads[32 + 3].active, 0U, "another one");
	loads[32 + 3].active = 4;
	cr_assert_eq(ops->put_backend(w.dp, 32 + 3, &b), 0);
	cr_expect_eq(loads[32 + 3].active, 4U, "the same one");
	cr_assert_eq(ops->del_backend(w.dp, 32 + 3), 0);
	cr_expect_eq(loads[32 + 3].active, 4U, "packets may be under way");
	cr_assert_eq(ops->put_backend(w.dp, 32 + 3, &b), 0);
	cr_expect_eq(loads[32 + 3].active, 0U);
	munmap(loads, 16 * sizeof(struct shunt_flow_line));
	world_close(&w);
}

/* Longer than flows, if the service says so. */
Test(flow_cache, clients_with_affinity_are_remembered)
{
	struct conf_service service = { .affinity_ms = 39001 };
	const struct conf conf = { .services = &service, .n_services = 1 };
	struct world w;

	ns_enter();
	world_open(&w);
	world_own(&w, 3);
	world_own(&w, 4);
	w.now_ms += 100 * 1000;
	w.flows[0].entry[0] = SHUNT_FLOW(9, BASE + 3, transit_seconds(w.now_ms) - 39);
	w.flows[0].entry[1] = SHUNT_FLOW(8, BASE + 3, transit_seconds(w.now_ms) - 40);
	dataplane_tick(w.dp, &w.plan, &conf, w.now_ms += 1000);
	cr_expect_neq(w.flows[0].entry[0], 0UL);
	cr_expect_eq(w.flows[0].entry[1], 0UL);
	world_close(&w);
}

Test(flow_cache, are_listed_with_what_they_take)
{
	struct snapshot_map *list;
	struct dataplane *dp;
	char dir[64];
	size_t n;

	ns_enter();
	dp = open_sized(&sizes, false);
	cr_assert_eq(dataplane_list_maps(dp, &list, &n), 0);
	cr_assert_gt(n, 8);
	for (size_t i = 0; i < n; i++) {
		const bool is_flows = !strcmp(list[i].name, "shunt_flows");

		cr_assert_not_null(list[i].type);
		cr_assert_gt(list[i].bytes, 0UL, "%s", list[i].name);
		cr_assert(!is_flows || list[i].max_entries == sizes.flow_lines);
		cr_assert(!is_flows || !strcmp(list[i].type, "array"));
	}
	dataplane_format_pin_dir(dp, dir, sizeof(dir));
	cr_assert_str_eq(dir, NS_PIN_DIR "/v3");
	free(list);
	dataplane_close(dp);
}
