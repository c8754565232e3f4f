/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random walks through slots in transition: program and model must agree about
 * every packet, and about all that is remembered in the end. The seed is printed;
 * SHUNT_TEST_SEED gives another.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "walk.h"

#define STEPS 100000
#define WALKS 3
#define SEED 0x7a5517ULL
/* Steps after which all lines are compared, not only the touched ones. */
#define ROUND 5000

static void expect_variety(const struct walk *w, __u32 n)
{
	for (int by = 0; by < FLOW_BYS; by++)
		cr_expect_gt(w->by[by], n / 100, "decided by %d: %llu of %u", by, w->by[by], n);
	for (int s = 0; s <= SHUNT_SLOT_PINNED; s++)
		cr_expect_gt(w->by_state[s], n / 20, "state %d: %llu of %u", s, w->by_state[s], n);
	cr_expect_gt(w->evicted, n / 100);
	cr_expect_gt(w->refused, n / 1000);
	cr_expect_eq(w->unserved, 0);
}

static void expect_walk(const struct world *town, __u64 seed, __u32 n)
{
	_cleanup_crossing_ struct crossing *t = crossing_open(town);
	_cleanup_free_ struct walk *w = malloc(sizeof(*w));

	cr_assert(w);
	fprintf(stderr, "walk: %u steps, SHUNT_TEST_SEED=0x%llx\n", n, seed);
	walk_begin(w, t, seed);
	for (__u32 i = 0; i < n; i++) {
		cr_assert(walk_step(w), "step %u", i);
		if (i % ROUND == 0)
			cr_assert(crossing_check_all(t), "step %u", i);
	}
	cr_expect(crossing_check_all(t));
	cr_expect(rig_check_totals(t->rig));
	expect_variety(w, n);
}

Test(walk, agrees_with_the_model)
{
	_cleanup_free_ struct world *town = malloc(sizeof(*town));
	const char *text = getenv("SHUNT_TEST_SEED");
	const __u64 seed = text ? strtoull(text, NULL, 0) : SEED;
	const __u32 n = rig_scale(STEPS);

	cr_assert(town);
	crossing_build_town(town);
	for (__u32 i = 0; i < WALKS; i++)
		expect_walk(town, seed + i, n);
}

/* No pins to prev at all, a single line of flows: the smallest there is. */
Test(walk, agrees_with_the_model_where_little_fits)
{
	_cleanup_free_ struct world *town = malloc(sizeof(*town));
	_cleanup_crossing_ struct crossing *t = NULL;
	_cleanup_free_ struct walk *w = malloc(sizeof(*w));
	const __u32 n = rig_scale(STEPS);

	cr_assert(town && w);
	crossing_build_town(town);
	town->rodata.pins_per_s = 0;
	town->rodata.flow_mask = 0;
	t = crossing_open(town);
	walk_begin(w, t, SEED);
	for (__u32 i = 0; i < n; i++)
		cr_assert(walk_step(w), "step %u", i);
	cr_expect(crossing_check_all(t));
}
