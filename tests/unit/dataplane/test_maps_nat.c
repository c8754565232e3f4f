/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of connections: as large as asked for, taken over, added to a set without them. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "ns.h"

static const struct dataplane_sizes sizes = {
	.slot_lines = 256, .backends = 64, .services = 16, .flow_lines = 64
};

static struct dataplane *open_sized(const struct dataplane_sizes *s, bool adopt)
{
	const struct shunt_rodata rodata = {
		.flow_mask = s->flow_lines - 1, .ipv4 = 1, .direct = 1, .hash_key = { 1, 2 }
	};
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, s, &rodata, adopt, &dp), 0);
	return dp;
}

static const struct map_ops *ops = &dataplane_map_ops;

static const struct dataplane_sizes nat_sizes = {
	.slot_lines = 256,
	.backends = 64,
	.services = 16,
	.flow_lines = 64,
	.conns = 512,
	.port_spaces = 4,
	.pool = { .addr = { { .w = { 0, 0, 0xffff0000, 0x0100000a } } },
		  .n = { 1, 0 },
		  .first_port = 1024,
		  .ports = 1000 },
};

static struct bpf_map_info pinned_info(const char *map)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	char path[128];
	int fd;

	snprintf(path, sizeof(path), NS_PIN_DIR "/v3/%s", map);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s", path);
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	close(fd);
	return info;
}

Test(maps_nat, are_as_large_as_they_need_to_be)
{
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_eq(pinned_info("shunt_conns").max_entries, 1U, "without NAT");
	cr_assert_eq(pinned_info("shunt_conn_index").max_entries, 1U);
	cr_assert_eq(pinned_info("shunt_conn_bits").max_entries, 1U);
	cr_assert_eq(pinned_info("shunt_port_bits").max_entries, 1U);
	dataplane_close(dp);
	dp = open_sized(&nat_sizes, true);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_eq(pinned_info("shunt_conns").max_entries, 512U);
	cr_assert_eq(pinned_info("shunt_conn_index").max_entries, 256U);
	cr_assert_eq(pinned_info("shunt_conn_bits").max_entries, 1U);
	cr_assert_eq(pinned_info("shunt_port_bits").max_entries, 4U * 2);
	dataplane_close(dp);
}

/* Where no pool is asked for the one that is there stays; another one is another meaning. */
Test(maps_nat, are_taken_over_with_their_pool)
{
	struct dataplane_sizes got, other = nat_sizes;
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&nat_sizes, true);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	got = dataplane_get_sizes(dp);
	cr_assert_eq(memcmp(&got, &nat_sizes, sizeof(got)), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_sized(&nat_sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	dataplane_close(dp);
	other.pool.addr[0].b[15]++;
	dp = open_sized(&other, true);
	cr_assert_not(dataplane_was_adopted(dp));
	dataplane_close(dp);
	other = nat_sizes;
	other.pool.first_port++;
	dp = open_sized(&other, true);
	cr_assert_not(dataplane_was_adopted(dp));
	dataplane_close(dp);
}

static const char *const later_maps[] = { "shunt_pool",	      "shunt_loads",	  "shunt_conns",
					  "shunt_conn_index", "shunt_conn_bits",  "shunt_port_bits",
					  "shunt_fragments",  "shunt_icmp_budget" };

/* The constants of the first releases of this ABI: 40 bytes, flags where numbers are now. */
static void pin_former_rodata(__u32 flow_mask)
{
	struct {
		__u64 hash_key[2];
		__u32 service_mask, flow_mask, pins_per_s;
		__u8 flags[12];
	} rodata = { { 1, 2 }, 0, flow_mask, 64, { 1, 1, 1, 1, 1, 1, 1, 1, 1 } };
	const int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rodata", 4, sizeof(rodata), 1, NULL);
	const __u32 zero = 0;

	_Static_assert(sizeof(rodata) == 40, "as it was");
	cr_assert_eq(bpf_map_update_elem(fd, &zero, &rodata, BPF_ANY), 0);
	cr_assert_eq(unlink(NS_PIN_DIR "/v3/rodata"), 0);
	cr_assert_eq(bpf_obj_pin(fd, NS_PIN_DIR "/v3/rodata"), 0);
	close(fd);
}

Test(maps_nat, that_a_former_daemon_did_not_know_are_added)
{
	const struct dataplane_sizes *asked[] = { &sizes, &nat_sizes };
	struct dataplane *dp;
	__u64 key[2];

	ns_enter();
	for (size_t i = 0; i < 2; i++) {
		dp = open_sized(&sizes, false);
		ops->lines(dp, 3, 1)[17] = 7;
		cr_assert_eq(dataplane_commit(dp), 0);
		dataplane_close(dp);
		for (size_t m = 0; m < sizeof(later_maps) / sizeof(*later_maps); m++)
			ns_run("rm " NS_PIN_DIR "/v3/%s", later_maps[m]);
		pin_former_rodata(sizes.flow_lines - 1);
		cr_assert_eq(dataplane_former_key(NS_PIN_DIR, key), 0);
		cr_assert(key[0] == 1 && key[1] == 2);
		dp = open_sized(asked[i], true);
		cr_assert(dataplane_was_adopted(dp));
		cr_assert_eq(ops->lines(dp, 3, 1)[17], 7);
		cr_assert_eq(dataplane_commit(dp), 0);
		dataplane_close(dp);
		cr_assert_eq(pinned_info("shunt_conns").max_entries, asked[i]->conns ?: 1);
		dp = open_sized(asked[i], true);
		cr_assert(dataplane_was_adopted(dp));
		dataplane_close(dp);
	}
}

/* An older daemon ran once more: its constants do not tell of the pool that is pinned. */
Test(maps_nat, whose_constants_are_older_than_they_are_get_others)
{
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&nat_sizes, true);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	pin_former_rodata(sizes.flow_lines - 1);
	dp = open_sized(&nat_sizes, true);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert(dataplane_has_former(dp));
	dataplane_close(dp);
	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	dataplane_close(dp);
}
