/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "dataplane/egress.h"

struct fake {
	struct shunt_egress map[SHUNT_MAX_EGRESS];
	unsigned int puts, dels;
	bool refuses;
};

static int fake_put(void *ctx, __u32 index, const struct shunt_egress *e)
{
	struct fake *f = ctx;

	if (f->refuses)
		return -ENODEV;
	f->map[index] = *e;
	f->puts++;
	return 0;
}

static int fake_del(void *ctx, __u32 index)
{
	struct fake *f = ctx;

	memset(&f->map[index], 0, sizeof(f->map[index]));
	f->dels++;
	return 0;
}

static int fake_get(void *ctx, __u32 index, struct shunt_egress *out)
{
	*out = ((struct fake *)ctx)->map[index];
	return 0;
}

static const struct map_ops ops = { .put_egress = fake_put,
				    .del_egress = fake_del,
				    .get_egress = fake_get };

static int find(struct egress_table *t, struct fake *f, uint32_t ifindex, uint8_t mac)
{
	const struct shunt_egress e = { .ifindex = ifindex, .smac = { 2, 0, 0, 0, 0, mac } };

	return egress_find(t, &ops, f, &e);
}

Test(egress, the_same_has_one_entry_and_what_differs_another)
{
	struct egress_table t = { 0 };
	struct fake f = { 0 };
	int first = find(&t, &f, 1, 1);

	cr_assert_gt(first, 0);
	cr_assert_eq(find(&t, &f, 1, 1), first);
	cr_assert_eq(f.puts, 1U);
	cr_assert_neq(find(&t, &f, 1, 2), first, "another MAC address");
	cr_assert_neq(find(&t, &f, 2, 1), first, "another interface");
	cr_assert_eq(f.puts, 3U);
}

Test(egress, is_written_again_only_after_a_rest)
{
	struct egress_table t = { 0 };
	struct fake f = { 0 };
	int first = find(&t, &f, 1, 1);

	egress_hold(&t, first);
	egress_collect(&t, &ops, &f, 10 * EGRESS_REST_MS);
	cr_assert_eq(f.dels, 0U, "a hop names it");
	egress_drop(&t, first, 1000);
	egress_collect(&t, &ops, &f, 1000 + EGRESS_REST_MS - 1);
	cr_assert_eq(f.dels, 0U);
	cr_assert_neq(find(&t, &f, 1, 2), first);
	egress_collect(&t, &ops, &f, 1000 + EGRESS_REST_MS);
	cr_assert_eq(f.map[first].ifindex, 0U);
	cr_assert_eq(find(&t, &f, 1, 3), first);
}

Test(egress, full_takes_the_longest_idle_and_else_refuses)
{
	struct egress_table t = { 0 };
	struct fake f = { 0 };

	for (uint32_t i = 1; i < SHUNT_MAX_EGRESS; i++)
		egress_hold(&t, find(&t, &f, i, 1));
	cr_assert_eq(find(&t, &f, 1000, 1), -ENOSPC);
	egress_drop(&t, 20, 2000);
	egress_drop(&t, 10, 1000);
	cr_assert_eq(find(&t, &f, 1000, 1), 10);
	cr_assert_eq(f.map[10].ifindex, 1000U);
}

Test(egress, of_a_lost_interface_is_not_named_again)
{
	struct egress_table t = { 0 };
	struct fake f = { 0 };
	int first = find(&t, &f, 7, 1);

	egress_hold(&t, first);
	egress_lose(&t, 7);
	cr_assert_neq(find(&t, &f, 7, 1), first, "the number was given to another interface");
}

Test(egress, of_a_vlan_device_is_lost_with_the_interface_below)
{
	struct egress_table t = { 0 };
	struct fake f = { 0 };
	int first = find(&t, &f, 7 | SHUNT_EGRESS_VLAN, 1);

	cr_assert_neq(find(&t, &f, 7, 1), first);
	egress_lose(&t, 8);
	cr_assert_eq(find(&t, &f, 7 | SHUNT_EGRESS_VLAN, 1), first);
	egress_lose(&t, 7);
	cr_assert_neq(find(&t, &f, 7 | SHUNT_EGRESS_VLAN, 1), first);
}

Test(egress, what_could_not_be_written_is_not_there)
{
	struct egress_table t = { 0 };
	struct fake f = { .refuses = true };

	cr_assert_eq(find(&t, &f, 1, 1), -ENODEV);
	f.refuses = false;
	cr_assert_gt(find(&t, &f, 1, 1), 0);
	cr_assert_eq(f.puts, 1U);
}

Test(egress, of_a_former_daemon_is_found_again)
{
	struct egress_table t = { 0 };
	struct fake f = { .map[9] = { .ifindex = 1, .smac = { 2, 0, 0, 0, 0, 1 } } };

	egress_adopt(&t, &ops, &f, 5000);
	cr_assert_eq(find(&t, &f, 1, 1), 9);
	cr_assert_eq(f.puts, 0U);
	egress_collect(&t, &ops, &f, 5000 + EGRESS_REST_MS - 1);
	cr_assert_eq(f.dels, 0U, "backends that the plan does not know may still use it");
	egress_collect(&t, &ops, &f, 5000 + EGRESS_REST_MS);
	cr_assert_eq(f.dels, 1U);
}
