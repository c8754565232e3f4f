/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From former maps to new ones, of version 2 of the ABI, of a state that is lost, and
 * of a data plane that is replaced: slots, flows and counters go on.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "dataplane/dataplane.h"
#include "dataplane/former.h"
#include "tables/transit.h"
#include "ns.h"
#include "v2_town.h"

static const struct dataplane_sizes sizes = {
	.slot_lines = 1024, .backends = 255, .services = 16, .flow_lines = 128
};
static struct dataplane *open_sized(const struct dataplane_sizes *s, bool adopt, __u64 key)
{
	const struct shunt_rodata rodata = { .flow_mask = s->flow_lines - 1,
					     .hash_key = { key, 12 } };
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, s, &rodata, adopt, &dp), 0);
	return dp;
}

static struct dataplane *open_keyed(bool adopt, __u64 key)
{
	return open_sized(&sizes, adopt, key);
}

static __u64 *pinned_entries(const char *map, size_t lines)
{
	char path[128];
	void *p;
	int fd;

	snprintf(path, sizeof(path), NS_PIN_DIR "/v%d/%s", SHUNT_ABI_VERSION, map);
	fd = bpf_obj_get(path);
	p = mmap(NULL, lines * 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	cr_assert_neq(p, MAP_FAILED);
	return p;
}

static uint32_t word_of(struct dataplane *dp, uint32_t table, uint32_t slot)
{
	const uint32_t *all = dataplane_read_table(dp, table);

	cr_assert_not_null(all);
	return all[slot];
}

static uint64_t packets_of(const struct dataplane *dp, uint32_t id)
{
	struct shunt_counter c;

	cr_assert_eq(dataplane_read_counter(dp, id, &c), 0);
	return c.packets;
}

/* Both are of the former maps, and the new owners of their slots are those of the plan. */
static void assert_carried(struct dataplane *dp)
{
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++) {
		const uint32_t was = i % V2_SLOTS, word = word_of(dp, v2_shape.table[0], i);
		const uint32_t owner = was & 1 ? 3 : 2, cur = SHUNT_SLOT_CUR(word);

		if (was < V2_WORDS)
			continue;
		if (cur == owner)
			cr_assert_eq(word, owner);
		else
			cr_assert_eq(word, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, owner, cur));
	}
	cr_assert_eq(SHUNT_SLOT_PREV(word_of(dp, v2_shape.table[0], 1)), 3U);
	cr_assert_eq(SHUNT_SLOT_STATE(word_of(dp, v2_shape.table[0], 10)), SHUNT_SLOT_PINNED);
}

Test(former, of_version_2_goes_on)
{
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	uint64_t reasons[SHUNT_REASONS];
	struct dataplane *dp;
	__u64 *flows, *fresh;
	struct town town;
	struct v2 v2;

	ns_enter();
	town_make(&town, &v2_shape);
	v2_town_make(&v2, &v2_rodata);
	v2_put_words(&v2);
	v2.flows[5 * 8] = SHUNT_FLOW(99, WEB_1, now_s);
	v2.flows[5 * 8 + 1] = SHUNT_FLOW(100, OTHER_1, now_s);
	v2.flows[5 * 8 + 2] = SHUNT_FLOW(101, DNS_2, now_s);
	v2.flows[5 * 8 + 3] = SHUNT_FLOW(102, 65535, now_s);
	v2.fresh[6 * 8] = SHUNT_FLOW(98, DNS_4, now_s);
	v2_count(&v2, WEB_1, 3, 300);
	v2_count(&v2, OTHER_1, 5, 500);
	v2_count_reason(&v2, SHUNT_FORWARDED, 9);

	dp = open_keyed(true, 11);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert(dataplane_has_former(dp));
	town_apply(&town, dp, now_ms);
	assert_carried(dp);
	/* Until the program is replaced the former one learns, and counts. */
	v2.flows[7 * 8 + 1] = SHUNT_FLOW(103, WEB_2, now_s);
	v2_count(&v2, WEB_1, 4, 400);
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 0UL);
	cr_assert_eq(access(NS_PIN_DIR "/v2/rodata", F_OK), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_neq(access(NS_PIN_DIR "/v2", F_OK), 0);

	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	fresh = pinned_entries("shunt_fresh", SHUNT_FRESH_LINES);
	for (__u32 line = 5; line < 128; line += 64) {
		cr_assert_eq(flows[line * 8], SHUNT_FLOW(99, NEW_WEB_1, now_s));
		cr_assert_eq(flows[line * 8 + 1], SHUNT_FLOW(101, NEW_DNS_2, now_s));
		cr_assert_eq(flows[line * 8 + 2], 0UL);
		cr_assert_eq(flows[(line + 2) * 8], SHUNT_FLOW(103, NEW_WEB_2, now_s));
	}
	cr_assert_eq(fresh[6 * 8], SHUNT_FLOW(98, NEW_DNS_4, now_s));
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 4UL);
	cr_assert_eq(packets_of(dp, NEW_WEB_2), 0UL);
	cr_assert_eq(packets_of(dp, NEW_DNS_1), 0UL);
	cr_assert_eq(dataplane_read_reasons(dp, reasons), 0);
	cr_assert_eq(reasons[SHUNT_FORWARDED], 9UL);
	munmap(flows, sizes.flow_lines * 64);
	munmap(fresh, SHUNT_FRESH_LINES * 64);
	dataplane_close(dp);
	v2_close(&v2);
}

/* Back to the release before, and here again: our own maps are not what runs. */
Test(former, of_whoever_ran_last_goes_on)
{
	struct dataplane *dp;
	struct former *f;
	__u64 key[2];
	struct v2 v2;

	ns_enter();
	dp = open_keyed(true, 1);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	/* File systems tell times apart that are a tick apart. */
	usleep(20 * 1000);
	v2_town_make(&v2, &v2_rodata);
	dp = open_keyed(true, 1);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert_eq(former_open(NS_PIN_DIR, &f), 0);
	cr_assert_eq(former_version(f), 2);
	former_close(f);
	cr_assert_eq(dataplane_former_key(NS_PIN_DIR, key), 0);
	cr_assert_eq(key[0], 11UL);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_keyed(true, 1);
	cr_assert(dataplane_was_adopted(dp));
	dataplane_close(dp);
	v2_close(&v2);
}

/* Counters are of backends, whatever the hash; slots and flows are not. */
Test(former, of_another_hash_key_leaves_its_counters)
{
	const uint64_t now_ms = clock_now_ms();
	struct dataplane *dp;
	struct town town;
	__u64 *flows;
	struct v2 v2;

	ns_enter();
	town_make(&town, &v2_shape);
	v2_town_make(&v2, &v2_rodata);
	v2_put_words(&v2);
	v2.flows[5 * 8] = SHUNT_FLOW(99, WEB_1, transit_seconds(now_ms));
	v2_count(&v2, WEB_1, 3, 300);
	dp = open_keyed(true, 13);
	town_apply(&town, dp, now_ms);
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++)
		cr_assert_eq(SHUNT_SLOT_STATE(word_of(dp, v2_shape.table[0], i)),
			     SHUNT_SLOT_STABLE);
	cr_assert_eq(dataplane_commit(dp), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	cr_assert_eq(flows[5 * 8], 0UL);
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 3UL);
	munmap(flows, sizes.flow_lines * 64);
	dataplane_close(dp);
	v2_close(&v2);
}

/* All CPUs' counters of a block. */
static void count(const char *pin, uint32_t id, __u64 packets)
{
	const int cpus = libbpf_num_possible_cpus(), fd = bpf_obj_get(pin);
	struct shunt_counter_block *blocks = calloc(cpus, sizeof(*blocks));
	__u32 index = id / SHUNT_COUNTERS_PER_BLOCK;

	cr_assert_eq(bpf_map_lookup_elem(fd, &index, blocks), 0);
	for (int cpu = 0; cpu < cpus; cpu++)
		blocks[cpu].counter[id % SHUNT_COUNTERS_PER_BLOCK].packets = packets;
	cr_assert_eq(bpf_map_update_elem(fd, &index, blocks, BPF_ANY), 0);
	close(fd);
	free(blocks);
}

#define PINNED_COUNTERS NS_PIN_DIR "/v3/shunt_counters"

/* The state is lost: the same services and servers get other numbers. */
Test(former, of_another_state_goes_on)
{
	const struct town_shape before = { .base = { 64, 128 },
					   .table = { 0, 1 },
					   .slots = V2_SLOTS };
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	const int cpus = libbpf_num_possible_cpus();
	struct town old, new;
	struct dataplane *dp;
	uint32_t was[V2_SLOTS];
	__u64 *flows;

	ns_enter();
	town_make(&old, &before);
	dp = open_keyed(true, 11);
	town_apply(&old, dp, now_ms);
	cr_assert_eq(dataplane_commit(dp), 0);
	for (uint32_t i = 0; i < V2_SLOTS; i++)
		was[i] = word_of(dp, 0, i);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	flows[5 * 8] = SHUNT_FLOW(99, 64 + 1, now_s);
	flows[6 * 8] = SHUNT_FLOW(98, 128 + 1, now_s);
	flows[7 * 8] = SHUNT_FLOW(97, 64, now_s);
	munmap(flows, sizes.flow_lines * 64);
	count(PINNED_COUNTERS, 64 + 1, 8);
	cr_assert_eq(dataplane_clear_counter(dp, 64 + 1), 0);
	count(PINNED_COUNTERS, 64 + 1, 10);
	dataplane_close(dp);

	town_make(&new, &v2_shape);
	dp = open_keyed(false, 11);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert(dataplane_has_former(dp));
	town_apply(&new, dp, now_ms);
	/* The first member was the first server, and is the third one now. */
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++) {
		const uint32_t owner = 4 - was[i % V2_SLOTS],
			       word = word_of(dp, v2_shape.table[0], i);

		cr_assert(word == owner || (SHUNT_SLOT_STATE(word) == SHUNT_SLOT_MIGRATING &&
					    SHUNT_SLOT_PREV(word) == owner),
			  "slot %u", i);
	}
	cr_assert_eq(dataplane_commit(dp), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	cr_assert_eq(flows[5 * 8], SHUNT_FLOW(99, NEW_WEB_1, now_s));
	cr_assert_eq(flows[6 * 8], SHUNT_FLOW(98, NEW_DNS_1, now_s));
	cr_assert_eq(flows[7 * 8], 0UL);
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 2UL * cpus, "less what was subtracted");
	dataplane_close(dp);
}

/* Larger maps in place of those that run, whose daemon knows what it does. */
Test(former, of_this_daemon_goes_on)
{
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	struct town_shape larger = v2_shape;
	struct dataplane *from, *to;
	struct town old, new;
	__u64 *flows;

	ns_enter();
	town_make(&old, &v2_shape);
	from = open_keyed(true, 11);
	town_apply(&old, from, now_ms);
	cr_assert_eq(dataplane_commit(from), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	flows[5 * 8] = SHUNT_FLOW(99, NEW_WEB_1, now_s);
	count(PINNED_COUNTERS, NEW_WEB_1, 1);

	/* One block was outgrown, too. */
	larger.base[0] = 128;
	town_make(&new, &larger);
	to = open_keyed(false, 11);
	dataplane_carry(from, to);
	town_apply(&new, to, now_ms);
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++)
		cr_assert_eq(word_of(to, v2_shape.table[0], i),
			     word_of(from, v2_shape.table[0], i));
	dataplane_close(from);
	flows[6 * 8] = SHUNT_FLOW(98, NEW_DNS_1, now_s);
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(dataplane_commit(to), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	cr_assert_eq(flows[5 * 8], SHUNT_FLOW(99, 128 + 3, now_s));
	cr_assert_eq(flows[6 * 8], SHUNT_FLOW(98, NEW_DNS_1, now_s));
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(packets_of(to, 128 + 3), (uint64_t)libbpf_num_possible_cpus());
	cr_assert_eq(packets_of(to, NEW_WEB_1), 0UL);
	dataplane_close(to);
}

/* Pinned or not, and to a cache that has fewer lines. */
Test(former, of_a_larger_flow_cache_goes_on)
{
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	struct dataplane_sizes smaller = sizes;
	struct dataplane *from, *to;
	struct town town;
	__u64 *flows;

	ns_enter();
	smaller.flow_lines /= 4;
	town_make(&town, &v2_shape);
	from = open_keyed(true, 11);
	town_apply(&town, from, now_ms);
	cr_assert_eq(dataplane_commit(from), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	flows[5 * 8] = SHUNT_FLOW(98, NEW_WEB_1, now_s);
	flows[(32 + 5) * 8] = SHUNT_FLOW(99, NEW_WEB_2, now_s);
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(dataplane_unpin(from), 0);
	to = open_sized(&smaller, false, 11);
	cr_assert_not(dataplane_has_former(to));
	dataplane_carry(from, to);
	town_apply(&town, to, now_ms);
	cr_assert_eq(dataplane_commit(to), 0);
	flows = pinned_entries("shunt_flows", smaller.flow_lines);
	cr_assert_eq(flows[5 * 8], SHUNT_FLOW(98, NEW_WEB_1, now_s));
	cr_assert_eq(flows[5 * 8 + 1], SHUNT_FLOW(99, NEW_WEB_2, now_s));
	munmap(flows, smaller.flow_lines * 64);
	dataplane_close(from);
	dataplane_close(to);
}

/* The same maps, by a daemon whose plan has outgrown the block that they go by. */
Test(carry, an_outgrown_block_goes_on_in_the_same_maps)
{
	struct town_shape shape = { .base = { 16, 48 }, .table = { 2, 1 }, .slots = 1024 };
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	struct plan_table was;
	struct dataplane *dp;
	struct town town;
	uint32_t *words, moving = 0;
	__u64 *flows;

	ns_enter();
	town_make(&town, &shape);
	was = town.tables[town.table_of[0]];
	dp = open_keyed(true, 11);
	town_apply(&town, dp, now_ms);
	/* The first backend is drained: its flows are in transition. */
	town.positions[0][0] = (struct plan_position){ 0 };
	town_apply(&town, dp, now_ms);
	words = memcpy(malloc(1024 * sizeof(*words)), dataplane_read_table(dp, 2),
		       1024 * sizeof(*words));
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	flows[5 * 8] = SHUNT_FLOW(99, 17, now_s);
	flows[5 * 8 + 1] = SHUNT_FLOW(100, 49, now_s);

	shape.base[0] = 80;
	town_make(&town, &shape);
	town.tables[town.table_of[0]].left = &was;
	town.positions[0][0] = (struct plan_position){ 0 };
	dp = open_keyed(true, 11);
	cr_assert(dataplane_was_adopted(dp));
	town_apply(&town, dp, now_ms);
	cr_assert_eq(dataplane_sweep(dp, &town.plan), 0);
	cr_assert_arr_eq(words, dataplane_read_table(dp, 2), 1024 * sizeof(*words));
	for (uint32_t i = 0; i < 1024; i++)
		moving += SHUNT_SLOT_STATE(words[i]) == SHUNT_SLOT_MIGRATING;
	cr_assert_gt(moving, 0U);
	cr_assert_eq(flows[5 * 8], SHUNT_FLOW(99, 81, now_s));
	cr_assert_eq(flows[5 * 8 + 1], SHUNT_FLOW(100, 49, now_s));
	munmap(flows, sizes.flow_lines * 64);
	dataplane_close(dp);
	free(words);
}
