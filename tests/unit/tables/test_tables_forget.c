/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services that had all of their flows in the flow cache, and go by their slots from now
 * on: no flow that is elsewhere than its slot says is left behind.
 */
#include <criterion/criterion.h>

#include "tables_world.h"

static uint32_t count_pinned(const struct world *w, uint32_t n)
{
	return count(w, n, SHUNT_SLOT_PINNED, 0, 1) + count(w, n, SHUNT_SLOT_PINNED, 0, 2);
}

static uint32_t count_stable(const struct world *w, uint32_t n)
{
	return count(w, n, SHUNT_SLOT_STABLE, 0, 1) + count(w, n, SHUNT_SLOT_STABLE, 0, 2);
}

/* A service whose owners are 1 and 2, tracked or not. */
static void serve_as(struct world *w, uint32_t n, bool tracked)
{
	w->tracked = tracked;
	serve(w, n, "12");
}

/* A sweep that finds one flow of table @n. */
static void sweep(struct world *w, uint32_t n, uint32_t slot, uint16_t member)
{
	const struct transit_table *tt;

	pass(w, TRANSIT_SETTLE_S);
	cr_assert_eq(tables_sweep_begin(&w->tables, w->now_ms), 0);
	tt = tables_swept(&w->tables, n);
	cr_assert_not_null(tt);
	transit_see(tt->seen, slot, member);
	cr_assert_eq(tables_sweep_end(&w->tables, w->now_ms), 0);
}

Test(tables_forget, until_a_sweep_all_slots_ask)
{
	struct world *w = world_make(1024);

	serve_as(w, 0, true);
	cr_expect_eq(count_stable(w, 0), SLOTS);
	w->tracked = false;
	cr_assert_eq(fill_sized(w, 0, "12", SLOTS), 0);
	cr_expect_eq(count_pinned(w, 0), SLOTS, "before anybody is told");
	put(w, 0);
	sweep(w, 0, 7, 3);
	cr_expect_eq(count_pinned(w, 0), 1U);
	cr_expect_eq(count_stable(w, 0), SLOTS - 1);
	serve_as(w, 0, false);
	cr_expect_eq(count_stable(w, 0), SLOTS - 1, "nothing is forgotten twice");
	settle(w);
	cr_expect_eq(count_stable(w, 0), SLOTS);
	world_free(w);
}

/* What has been remembered by turns. */
Test(tables_forget, again_and_again)
{
	struct world *w = world_make(1024);

	for (int i = 0; i < 3; i++) {
		serve_as(w, 0, false);
		settle(w);
		cr_expect_eq(count_stable(w, 0), SLOTS);
		serve_as(w, 0, true);
		cr_expect_eq(count_stable(w, 0), SLOTS, "the cache is asked anyway");
		serve_as(w, 0, false);
		cr_expect_eq(count_pinned(w, 0), SLOTS);
	}
	world_free(w);
}

/* As a reload does that changes nothing but flags: the table is not filled before. */
Test(tables_forget, what_is_known_by_the_service_alone)
{
	struct world *w = world_make(1024);

	serve_as(w, 0, false);
	w->tracked = true;
	put(w, 0);
	serve_as(w, 0, false);
	cr_expect_eq(count_pinned(w, 0), SLOTS);
	world_free(w);
}

Test(tables_forget, with_other_owners)
{
	struct world *w = world_make(1024);

	serve_as(w, 0, true);
	serve_as(w, 1, true);
	kill_member(w, 1, 2);
	w->tracked = false;
	serve(w, 0, "1");
	serve(w, 1, "1");
	cr_expect_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	cr_expect_eq(count(w, 0, SHUNT_SLOT_PINNED, 0, 1), SLOTS / 2);
	/* Of those that the dead one owned, some may be of flows that are elsewhere, too. */
	cr_expect_eq(count(w, 1, SHUNT_SLOT_PINNED, 0, 1), SLOTS);
	world_free(w);
}

Test(tables_forget, with_more_slots_or_fewer)
{
	static const uint32_t sizes[][2] = { { SLOTS, 4 * SLOTS }, { 4 * SLOTS, SLOTS } };
	struct world *w = world_make(1024);

	for (int i = 0; i < 2; i++) {
		w->tracked = true;
		cr_assert_eq(fill_sized(w, 0, "12", sizes[i][0]), 0);
		put(w, 0);
		settle(w);
		w->tracked = false;
		cr_assert_eq(fill_sized(w, 0, "12", sizes[i][1]), 0);
		put(w, 0);
		cr_expect_eq(count_stable(w, 0), 0U);
		cr_expect_gt(count_pinned(w, 0), 0U);
		settle(w);
		cr_expect_eq(count_stable(w, 0), sizes[i][1]);
	}
	world_free(w);
}

Test(tables_forget, without_those_that_share)
{
	struct world *w = world_make(1024);

	w->tracked = true;
	serve_all(w, 4, "12");
	serve_as(w, 1, false);
	cr_expect_not(together(w, 0, 1));
	cr_expect_eq(count_pinned(w, 1), SLOTS);
	cr_expect_eq(count_stable(w, 0), SLOTS);
	serve_as(w, 2, false);
	cr_expect(together(w, 1, 2), "the same step");
	serve_as(w, 3, true);
	cr_expect(together(w, 0, 3));
	settle(w);
	cr_expect_eq(tables_count(&w->tables).places, 1U, "they meet again");
	cr_expect_eq(count_stable(w, 2), SLOTS);
	world_free(w);
}

Test(tables_forget, all_at_once)
{
	struct world *w = world_make(1024);

	w->tracked = true;
	serve_all(w, 100, "12");
	w->tracked = false;
	serve_all(w, 100, "12");
	cr_expect_eq(tables_count(&w->tables).places, 1U);
	cr_expect_eq(count_pinned(w, 99), SLOTS);
	world_free(w);
}

/* Some had only other owners: their place is not for those that forget. */
Test(tables_forget, not_with_those_that_never_remembered)
{
	struct world *w = world_make(1024);

	serve_as(w, 0, false);
	serve_as(w, 1, true);
	serve_as(w, 2, false);
	cr_assert(together(w, 0, 1));
	w->tracked = false;
	serve(w, 0, "1");
	serve(w, 1, "1");
	cr_expect_not(together(w, 0, 1));
	cr_expect_eq(count(w, 0, SHUNT_SLOT_STABLE, 0, 1), SLOTS / 2);
	cr_expect_eq(count(w, 1, SHUNT_SLOT_PINNED, 0, 1), SLOTS / 2);
	world_free(w);
}

/* What began since may be where the sweep has been already. */
Test(tables_forget, in_the_middle_of_a_sweep)
{
	struct world *w = world_make(1024);

	serve_as(w, 0, true);
	serve(w, 0, "1");
	pass(w, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_PINNED, 0, 1), SLOTS / 2);
	cr_assert_eq(tables_sweep_begin(&w->tables, w->now_ms), 0);
	w->tracked = false;
	serve(w, 0, "1");
	cr_assert_eq(tables_sweep_end(&w->tables, w->now_ms), 0);
	cr_expect_eq(count(w, 0, SHUNT_SLOT_PINNED, 0, 1), SLOTS);
	settle(w);
	cr_expect_eq(count(w, 0, SHUNT_SLOT_STABLE, 0, 1), SLOTS);
	world_free(w);
}

/* The config has changed while there was no daemon, or it died at any point of the step. */
Test(tables_forget, by_another_daemon)
{
	struct world *w = world_make(1024);

	w->tracked = true;
	serve_all(w, 2, "12");
	world_restart(w);
	serve_as(w, 0, false);
	serve_as(w, 1, true);
	cr_expect_eq(count_pinned(w, 0), SLOTS);
	cr_expect_eq(count_stable(w, 1), SLOTS);
	world_restart(w);
	serve_as(w, 0, false);
	cr_expect_eq(count_pinned(w, 0), SLOTS, "told, and not swept");
	w->tracked = false;
	cr_assert_eq(fill_sized(w, 1, "12", SLOTS), 0);
	tables_flush(&w->tables, w->now_ms);
	world_restart(w);
	serve_as(w, 0, false);
	serve_as(w, 1, false);
	cr_expect_eq(count_pinned(w, 1), SLOTS, "filled, and not told");
	tables_forget_former(&w->tables, w->now_ms);
	settle(w);
	cr_expect_eq(count_stable(w, 0) + count_stable(w, 1), 2 * SLOTS);
	world_free(w);
}
