/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services whose flows were all in the flow cache, in maps of the kernel: what another
 * daemon, or a larger data plane, makes of them when they shall go by their slots.
 */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "dataplane/dataplane.h"
#include "ns.h"
#include "town.h"

#define SLOTS 1024

static const struct dataplane_sizes sizes = {
	.slot_lines = 1024, .backends = 255, .services = 16, .flow_lines = 128
};
static const struct town_shape shape = { .base = { 16, 48 }, .table = { 2, 1 }, .slots = SLOTS };

static struct dataplane *open_maps(bool adopt)
{
	const struct shunt_rodata rodata = { .flow_mask = sizes.flow_lines - 1,
					     .hash_key = { 11, 12 } };
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, adopt, &dp), 0);
	return dp;
}

/* The services of table 2 have all their flows in the cache, or none. */
static void town_make_tracked(struct town *town, bool tracked)
{
	town_make(town, &shape);
	town->tables[town->table_of[0]].tracked = tracked;
	for (int s = 0; s < 2; s++)
		town->services[s].flags = tracked ? SHUNT_SERVICE_TRACKED : 0;
}

static void expect_states(struct dataplane *dp, uint32_t table, enum shunt_slot_state state)
{
	const uint32_t *words = dataplane_read_table(dp, table);

	cr_assert_not_null(words);
	for (uint32_t i = 0; i < SLOTS; i++)
		cr_assert_eq(SHUNT_SLOT_STATE(words[i]), state, "table %u, slot %u: %x", table, i,
			     words[i]);
}

Test(forget, in_maps_that_are_taken_over)
{
	const uint64_t now_ms = clock_now_ms();
	struct dataplane *dp;
	struct town town;

	ns_enter();
	town_make_tracked(&town, true);
	dp = open_maps(true);
	town_apply(&town, dp, now_ms);
	expect_states(dp, 2, SHUNT_SLOT_STABLE);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);

	town_make_tracked(&town, false);
	dp = open_maps(true);
	cr_assert(dataplane_was_adopted(dp));
	town_apply(&town, dp, now_ms);
	expect_states(dp, 2, SHUNT_SLOT_PINNED);
	expect_states(dp, 1, SHUNT_SLOT_STABLE);
	dataplane_close(dp);
}

Test(forget, in_other_maps)
{
	const uint64_t now_ms = clock_now_ms();
	struct dataplane *from, *to;
	struct town town;

	ns_enter();
	town_make_tracked(&town, true);
	from = open_maps(true);
	town_apply(&town, from, now_ms);
	cr_assert_eq(dataplane_commit(from), 0);

	to = open_maps(false);
	dataplane_carry(from, to);
	town_make_tracked(&town, false);
	town_apply(&town, to, now_ms);
	dataplane_close(from);
	expect_states(to, 2, SHUNT_SLOT_PINNED);
	expect_states(to, 1, SHUNT_SLOT_STABLE);
	cr_assert_eq(dataplane_commit(to), 0);
	dataplane_close(to);
}
