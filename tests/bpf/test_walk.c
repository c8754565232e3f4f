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
#define SEED 0x7a5517ULL
/* Steps after which all lines are compared, not only the touched ones. */
#define ROUND 5000

static void expect_variety(const struct walk *w, __u32 n)
{
	/* Where there is one line, no flow has another. */
	const int pins = w->t->model.rodata.flow_mask ? WALK_PINS : WALK_FOUND_IN_OTHER;

	for (int by = 0; by < FLOW_BYS; by++)
		cr_expect_gt(w->by[by], n / 200, "decided by %d: %llu of %u", by, w->by[by], n);
	for (int s = 0; s <= SHUNT_SLOT_PINNED; s++)
		cr_expect_gt(w->by_state[s], n / 20, "state %d: %llu of %u", s, w->by_state[s], n);
	for (int pin = 0; pin < pins; pin++)
		cr_expect_gt(w->pins[pin], n / 500, "pin %d: %llu of %u", pin, w->pins[pin], n);
	for (int pin = pins; pin < WALK_PINS; pin++)
		cr_expect_eq(w->pins[pin], 0, "pin %d: %llu of %u", pin, w->pins[pin], n);
	cr_expect_gt(w->notes_lost, n / 500);
	cr_expect_gt(w->refused, n / 1000);
	cr_expect_eq(w->unserved, 0);
}

static void take_steps(struct walk *w, __u32 n)
{
	for (__u32 i = 0; i < n; i++) {
		cr_assert(walk_step(w), "step %u", i);
		if (i % ROUND == 0)
			cr_assert(crossing_check_all(w->t), "step %u", i);
	}
	cr_expect(crossing_check_all(w->t));
	cr_expect(rig_check_totals(w->t->rig));
}

static void expect_walk(const struct world *town, __u64 seed, __u32 n)
{
	_cleanup_crossing_ struct crossing *t = crossing_open(town);
	_cleanup_free_ struct walk *w = malloc(sizeof(*w));

	cr_assert(w);
	fprintf(stderr, "walk: %u lines, %u steps, SHUNT_TEST_SEED=0x%llx\n",
		town->rodata.flow_mask + 1, n, seed);
	walk_begin(w, t, seed);
	take_steps(w, n);
	expect_variety(w, n);
}

/* The fewer lines, the more often both of a flow are full; of one line both are the same. */
Test(walk, agrees_with_the_model)
{
	static const __u32 flow_lines[] = { 8, 4, 2, 1 };
	_cleanup_free_ struct world *town = malloc(sizeof(*town));
	const char *text = getenv("SHUNT_TEST_SEED");
	const __u64 seed = text ? strtoull(text, NULL, 0) : SEED;
	const __u32 n = rig_scale(STEPS);

	cr_assert(town);
	crossing_build_town(town);
	for (size_t i = 0; i < sizeof(flow_lines) / sizeof(flow_lines[0]); i++) {
		town->rodata.flow_mask = flow_lines[i] - 1;
		expect_walk(town, seed + i, n);
	}
}

static void allow_little(struct world *w)
{
	w->rodata.pins_per_s = 0;
	w->rodata.flow_mask = 0;
}

/* No budget at all, a single line of flows: the smallest there is. */
Test(walk, agrees_with_the_model_where_little_fits)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(allow_little);
	_cleanup_free_ struct walk *w = malloc(sizeof(*w));

	cr_assert(w);
	walk_begin(w, t, SEED);
	take_steps(w, rig_scale(STEPS));
	cr_expect_eq(w->pins[WALK_OUT_OF_FIRST], 0);
	cr_expect_gt(w->pins[WALK_NO_ROOM], 0);
}
