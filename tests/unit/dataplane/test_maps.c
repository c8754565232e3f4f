/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps that outlive the daemon: taken over where they fit, replaced where not. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/dataplane.h"
#include "net/addr.h"
#include "tables/listing.h"
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

static struct shunt_addr address(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

static const struct map_ops *ops = &dataplane_map_ops;

Test(maps, are_taken_over_with_what_they_hold)
{
	const struct shunt_backend b = { .leg[SHUNT_V4] = { .addr = address("192.0.2.11"),
							    .forward = SHUNT_FORWARD_DIRECT } };
	const union shunt_hop hop = { .dmac = { 2, 0, 0, 0, 0, 9 }, .egress = 5 };
	union shunt_hop got;
	__u16 mtu;
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(ops->set_hop(dp, 7, SHUNT_V4, hop, 1500), 0);
	ops->lines(dp, 99, 2)[SHUNT_SLOTS_PER_LINE + 17] = 7;
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);

	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	cr_assert_eq(ops->lines(dp, 100, 1)[17], 7);
	cr_assert_eq(ops->lines(dp, 99, 1)[17], 0);
	/* The same backend again: its hop is still true. */
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(ops->get_hop(dp, 7, SHUNT_V4, &got, &mtu), 0);
	cr_assert_eq(got.word, hop.word);
	cr_assert_eq(mtu, 1500);
	dataplane_close(dp);
}

Test(maps, a_backend_with_another_address_has_no_hop)
{
	struct shunt_backend b = { .leg[SHUNT_V4] = { .addr = address("192.0.2.11"),
						      .forward = SHUNT_FORWARD_DIRECT } };
	const union shunt_hop hop = { .dmac = { 2, 0, 0, 0, 0, 9 }, .egress = 5 };
	union shunt_hop got;
	__u16 mtu;
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(ops->set_hop(dp, 7, SHUNT_V4, hop, 1500), 0);
	b.leg[SHUNT_V4].addr = address("192.0.2.12");
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(ops->get_hop(dp, 7, SHUNT_V4, &got, &mtu), 0);
	cr_assert_eq(got.word, 0UL);
	dataplane_close(dp);
}

Test(maps, a_removed_backend_stays_readable_until_its_id_is_used_again)
{
	const struct shunt_backend b = { .leg[SHUNT_V4] = { .addr = address("192.0.2.11"),
							    .forward = SHUNT_FORWARD_DIRECT } };
	const union shunt_hop hop = { .dmac = { 2, 0, 0, 0, 0, 9 }, .egress = 5 };
	union shunt_hop got;
	__u16 mtu;
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(ops->set_hop(dp, 7, SHUNT_V4, hop, 1500), 0);
	cr_assert_eq(ops->del_backend(dp, 7), 0);
	/* A packet that read the slot a moment ago still gets there. */
	cr_assert_eq(ops->get_hop(dp, 7, SHUNT_V4, &got, &mtu), 0);
	cr_assert_eq(got.word, hop.word);
	/* Much later: the way there may be another one. */
	cr_assert_eq(ops->put_backend(dp, 7, &b), 0);
	cr_assert_eq(ops->get_hop(dp, 7, SHUNT_V4, &got, &mtu), 0);
	cr_assert_eq(got.word, 0UL);
	dataplane_close(dp);
}

Test(maps, that_are_larger_are_taken_over_as_they_are)
{
	struct dataplane_sizes larger = sizes, got;
	struct dataplane *dp;

	larger.slot_lines *= 2;
	larger.backends *= 4;
	larger.services *= 8;
	ns_enter();
	dp = open_sized(&larger, true);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	got = dataplane_get_sizes(dp);
	cr_assert_eq(memcmp(&got, &larger, sizeof(got)), 0);
	cr_assert_eq(ops->put_backend(dp, larger.backends, &(struct shunt_backend){ 0 }), 0);
	cr_assert_not_null(ops->lines(dp, larger.slot_lines - 1, 1));
	dataplane_close(dp);
}

Test(maps, have_one_owner)
{
	int fd, other;

	ns_enter();
	cr_assert_eq(dataplane_lock(NS_PIN_DIR, &fd), 0);
	cr_assert_eq(dataplane_lock(NS_PIN_DIR, &other), -EADDRINUSE);
	dataplane_unlock(NS_PIN_DIR, fd);
	cr_assert_eq(access(NS_PIN_DIR, F_OK), -1, "nothing is left of it");
	cr_assert_eq(dataplane_lock(NS_PIN_DIR, &fd), 0);
	dataplane_unlock(NS_PIN_DIR, fd);
}

Test(maps, that_nobody_knows_tell_their_key)
{
	struct dataplane *dp;
	__u64 key[2];

	ns_enter();
	cr_assert_eq(dataplane_former_key(NS_PIN_DIR, key), -ENOENT);
	dp = open_sized(&sizes, true);
	cr_assert_not(dataplane_has_former(dp));
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	cr_assert_eq(dataplane_former_key(NS_PIN_DIR, key), 0);
	cr_assert(key[0] == 1 && key[1] == 2);
	dp = open_sized(&sizes, false);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert(dataplane_has_former(dp));
	dataplane_close(dp);
	/* Until others are committed they are there for whoever knows them. */
	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	dataplane_close(dp);
}

Test(maps, are_pinned_again_if_somebody_removed_the_pins)
{
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(dataplane_commit(dp), 0);
	ns_run("rm -r " NS_PIN_DIR);
	cr_assert_eq(dataplane_commit(dp), 0);
	ops->lines(dp, 3, 1)[17] = 7;
	dataplane_close(dp);
	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	cr_assert_eq(ops->lines(dp, 3, 1)[17], 7);
	dataplane_close(dp);
}

Test(maps, of_other_sizes_are_replaced_at_commit)
{
	struct dataplane_sizes larger = sizes;
	struct dataplane *dp;

	larger.slot_lines *= 2;
	ns_enter();
	dp = open_sized(&sizes, true);
	ops->lines(dp, 0, 1)[0] = 7;
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);

	dp = open_sized(&larger, true);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert_eq(ops->lines(dp, 0, 1)[0], 0, "of which service it was nobody has said");
	dataplane_close(dp);

	/* It was not committed: the old ones are still the pinned ones. */
	dp = open_sized(&sizes, true);
	cr_assert(dataplane_was_adopted(dp));
	cr_assert_eq(ops->lines(dp, 0, 1)[0], 7);
	dataplane_close(dp);

	dp = open_sized(&larger, true);
	ops->lines(dp, 511, 1)[1] = 9;
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_sized(&larger, true);
	cr_assert(dataplane_was_adopted(dp));
	cr_assert_eq(ops->lines(dp, 511, 1)[1], 9);
	dataplane_close(dp);
}

Test(maps, are_not_taken_over_unless_asked_to)
{
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_sized(&sizes, false);
	cr_assert_not(dataplane_was_adopted(dp));
	dataplane_close(dp);
}

Test(maps, refuse_what_lies_outside)
{
	const struct shunt_backend b = { 0 };
	const struct shunt_egress e = { .ifindex = 1 };
	const struct shunt_egress vlan = { .ifindex = 1 | SHUNT_EGRESS_VLAN, .vlan = 0x6400 };
	struct dataplane *dp;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(ops->put_backend(dp, 0, &b), -ERANGE);
	cr_assert_eq(ops->put_backend(dp, sizes.backends, &b), 0, "the largest id");
	cr_assert_eq(ops->put_backend(dp, sizes.backends + 1, &b), -ERANGE);
	cr_assert_eq(ops->del_backend(dp, sizes.backends + 1), -ERANGE);
	cr_assert_not_null(ops->lines(dp, sizes.slot_lines - 1, 1));
	cr_assert_null(ops->lines(dp, sizes.slot_lines, 1));
	cr_assert_null(ops->lines(dp, sizes.slot_lines - 1, 2));
	cr_assert_null(ops->lines(dp, UINT32_MAX, 2));
	cr_assert_eq(ops->put_egress(dp, 0, &e), -ERANGE);
	cr_assert_eq(ops->put_egress(dp, SHUNT_MAX_EGRESS, &e), -ERANGE);
	cr_assert_eq(ops->put_egress(dp, 1, &e), 0);
	cr_assert_eq(ops->put_egress(dp, 1, &vlan), 0, "the interface below is there");
	cr_assert_eq(ops->del_egress(dp, 1), 0);
	dataplane_close(dp);
}

Test(maps, need_bpffs)
{
	const struct shunt_rodata rodata = { 0 };
	struct dataplane *dp = NULL;

	ns_enter();
	cr_assert_lt(dataplane_open("/proc/shunt", &sizes, &rodata, true, &dp), 0);
	/* Where it belongs, it is mounted. */
	cr_assert_eq(umount("/sys/fs/bpf"), 0);
	while (!umount("/sys/fs/bpf"))
		;
	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, true, &dp), 0);
	dataplane_close(dp);
}

Test(maps, sweep_leaves_what_the_plan_holds)
{
	struct plan_service service = {
		.key = { .vip = address("192.0.2.80"), .port = htons(80), .proto = IPPROTO_TCP },
		.table = 1
	};
	struct plan_backend backend = { .id = 3 };
	struct plan_table table = { .number = 1, .slots = SHUNT_MIN_SLOTS };
	/* Of a plan that failed half-way. */
	struct plan_table gone = { .number = 0, .slots = 2 * SHUNT_MIN_SLOTS };
	const struct plan_op fill[] = { { .kind = PLAN_FILL_TABLE, .table = &gone },
					{ .kind = PLAN_FILL_TABLE, .table = &table } };
	struct snapshot_place place;
	struct shunt_addr vip = address("192.0.2.80"), stray = address("192.0.2.81");
	const struct plan plan = { .services = &service,
				   .n_services = 1,
				   .backends = &backend,
				   .n_backends = 1,
				   .tables = &table,
				   .n_tables = 1,
				   .vips = &vip,
				   .n_vips = 1 };
	struct shunt_service_key key = service.key;
	const struct shunt_listing like = { .service = { .line_mask = 31, .base = 2 } };
	const struct shunt_backend b = { .leg[SHUNT_V4].forward = SHUNT_FORWARD_DIRECT };
	struct dataplane *dp;
	struct shunt_service_line lines[1];
	int services, vips, found = 0;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(ops->put_vip(dp, &vip), 0);
	cr_assert_eq(ops->put_vip(dp, &stray), 0);
	for (int port = 80; port < 90; port++) {
		key.port = htons(port);
		cr_assert_eq(ops->put_service(dp, &key, &like), 0);
	}
	cr_assert_eq(ops->put_backend(dp, 3, &b), 0);
	cr_assert_eq(ops->put_backend(dp, 4, &b), 0);
	cr_assert_eq(dataplane_apply(dp, &plan, fill, 2, 1000), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_eq(dataplane_sweep(dp, &plan), 0);
	cr_assert(dataplane_find_place(dp, 1, &place));
	cr_assert_not(dataplane_find_place(dp, 0, &place));

	services = bpf_obj_get(NS_PIN_DIR "/v3/shunt_services");
	vips = bpf_obj_get(NS_PIN_DIR "/v3/shunt_vips");
	for (__u32 i = 0; !bpf_map_lookup_elem(services, &i, &lines[0]); i++)
		for (int j = 0; j < SHUNT_LISTINGS_PER_LINE; j++) {
			if (!lines[0].listing[j].match)
				continue;
			found++;
			key = listing_key(&lines[0].listing[j]);
			cr_assert_eq(ntohs(key.port), 80);
		}
	cr_assert_eq(found, 1);
	cr_assert_eq(bpf_map_lookup_elem(vips, &vip, &(__u32){ 0 }), 0);
	cr_assert_neq(bpf_map_lookup_elem(vips, &stray, &(__u32){ 0 }), 0);
	close(services);
	close(vips);
	dataplane_close(dp);
}

/* What is counted goes on; the rest is as it was written. */
Test(maps, limits_leave_what_is_counted)
{
	struct shunt_load load = { .active = 5, .opened = 6 };
	const __u32 id = 7;
	struct dataplane *dp;
	int fd;

	ns_enter();
	dp = open_sized(&sizes, true);
	cr_assert_eq(dataplane_commit(dp), 0);
	fd = bpf_obj_get(NS_PIN_DIR "/v3/shunt_loads");
	cr_assert_eq(bpf_map_update_elem(fd, &id, &load, BPF_ANY), 0);
	cr_assert_eq(ops->put_load(dp, id, 9, 100), 0);
	cr_assert_eq(bpf_map_lookup_elem(fd, &id, &load), 0);
	cr_expect_eq(load.active, 5);
	cr_expect_eq(load.opened, 6);
	cr_expect_eq(load.limit, 9);
	cr_expect_eq(load.weight, 100);
	cr_expect_eq(ops->put_load(dp, 1 << 20, 9, 100), -ERANGE);
	close(fd);
	dataplane_close(dp);
}
