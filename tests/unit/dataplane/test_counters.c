/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters that run on, in blocks, and what is subtracted from them. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "ns.h"

static const struct dataplane_sizes sizes = {
	.slot_lines = 64, .backends = 99, .services = 16, .flow_lines = 64
};

static struct dataplane *open_pinned(bool adopt)
{
	const struct shunt_rodata rodata = { .flow_mask = 63 };
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, adopt, &dp), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	return dp;
}

/* On every CPU. No program runs, so nothing is lost. */
static void count(uint32_t id, __u64 packets, __u64 bytes)
{
	const int cpus = libbpf_num_possible_cpus();
	const int fd = bpf_obj_get(NS_PIN_DIR "/v3/shunt_counters");
	struct shunt_counter_block *blocks = calloc(cpus, sizeof(*blocks));
	__u32 index = id / SHUNT_COUNTERS_PER_BLOCK;

	cr_assert_eq(bpf_map_lookup_elem(fd, &index, blocks), 0);
	for (int cpu = 0; cpu < cpus; cpu++) {
		blocks[cpu].counter[id % SHUNT_COUNTERS_PER_BLOCK].packets += packets;
		blocks[cpu].counter[id % SHUNT_COUNTERS_PER_BLOCK].bytes += bytes;
	}
	cr_assert_eq(bpf_map_update_elem(fd, &index, blocks, BPF_ANY), 0);
	close(fd);
	free(blocks);
}

/* For each CPU. */
static void assert_counted(const struct dataplane *dp, uint32_t id, __u64 packets, __u64 bytes)
{
	const int cpus = libbpf_num_possible_cpus();
	struct shunt_counter c;

	cr_assert_eq(dataplane_read_counter(dp, id, &c), 0);
	cr_assert_eq(c.packets, packets * cpus, "%u: %llu packets", id, c.packets);
	cr_assert_eq(c.bytes, bytes * cpus, "%u: %llu bytes", id, c.bytes);
}

Test(counters, are_read_alone_or_all_at_once)
{
	const int cpus = libbpf_num_possible_cpus();
	struct shunt_counter all[100], some[3] = { 0 };
	struct dataplane *dp;

	ns_enter();
	dp = open_pinned(false);
	for (uint32_t id = 1; id < 100; id++)
		count(id, id, 1000 * id);
	for (uint32_t id = 1; id < 100; id++)
		assert_counted(dp, id, id, 1000 * id);
	cr_assert_eq(dataplane_read_counters(dp, 0, 100, all), 0);
	for (uint32_t id = 0; id < 100; id++)
		cr_assert_eq(all[id].bytes, 1000ULL * id * cpus);
	/* Across the border of two blocks, and nothing beside. */
	cr_assert_eq(dataplane_read_counters(dp, 15, 2, some), 0);
	cr_assert_eq(some[0].packets, 15ULL * cpus);
	cr_assert_eq(some[1].packets, 16ULL * cpus);
	cr_assert_eq(some[2].packets, 0ULL);
	cr_assert_eq(dataplane_read_counters(dp, 100, 0, some), 0);
	cr_assert_eq(dataplane_read_counters(dp, 99, 2, some), -ERANGE);
	cr_assert_eq(dataplane_read_counters(dp, 101, 0, some), -ERANGE);
	cr_assert_eq(dataplane_read_counters(dp, 2, UINT32_MAX, some), -ERANGE);
	dataplane_close(dp);
}

Test(counters, that_are_cleared_begin_anew_and_leave_others)
{
	struct dataplane *dp;

	ns_enter();
	dp = open_pinned(false);
	count(17, 5, 500);
	count(18, 6, 600);
	cr_assert_eq(dataplane_clear_counter(dp, 17), 0);
	cr_assert_eq(dataplane_clear_counter(dp, 17), 0);
	cr_assert_eq(dataplane_clear_counter(dp, 100), -ERANGE);
	assert_counted(dp, 17, 0, 0);
	assert_counted(dp, 18, 6, 600);
	count(17, 1, 100);
	assert_counted(dp, 17, 1, 100);
	dataplane_close(dp);
	/* Another daemon on the same maps. */
	dp = open_pinned(true);
	cr_assert(dataplane_was_adopted(dp));
	assert_counted(dp, 17, 1, 100);
	assert_counted(dp, 18, 6, 600);
	dataplane_close(dp);
}

/* Members keep what they have counted; ids are as new. */
Test(counters, of_a_block_move)
{
	const struct flows_move move = { .from = 16, .span = 8, .to = 64 };
	struct dataplane *dp;

	ns_enter();
	dp = open_pinned(false);
	count(16 + 1, 5, 500);
	count(16 + 7, 6, 600);
	count(16 + 8, 7, 700);
	count(64 + 1, 100, 100);
	cr_assert_eq(dataplane_clear_counter(dp, 64 + 1), 0);
	cr_assert_eq(dataplane_map_ops.move_flows(dp, &move, 1), 0);
	assert_counted(dp, 16 + 1, 0, 0);
	assert_counted(dp, 16 + 7, 0, 0);
	assert_counted(dp, 16 + 8, 7, 700);
	assert_counted(dp, 64 + 1, 5, 500);
	assert_counted(dp, 64 + 7, 6, 600);
	assert_counted(dp, 64 + 8, 0, 0);
	count(64 + 1, 1, 100);
	assert_counted(dp, 64 + 1, 6, 600);
	/* A last packet under way counts where it went; its block is asked once more. */
	count(16 + 1, 1, 100);
	assert_counted(dp, 16 + 1, 1, 100);
	dataplane_close(dp);
}
