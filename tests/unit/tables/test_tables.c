/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables that share places, leave them, and meet again. */
#include <criterion/criterion.h>

#include "tables_world.h"

Test(tables, of_equal_recipes_share_a_place)
{
	struct world *w = world_make(1024);
	struct tables_count c;

	serve(w, 0, "12");
	serve(w, 1, "12");
	serve(w, 2, "21");
	cr_assert(together(w, 0, 1));
	cr_assert_not(together(w, 0, 2));
	cr_assert_eq(count(w, 1, SHUNT_SLOT_STABLE, 0, 1), SLOTS / 2);
	c = tables_count(&w->tables);
	cr_assert_eq(c.tables, 3U);
	cr_assert_eq(c.places, 2U);
	cr_assert_eq(c.lines - c.lines_free, 2 * LINES);
	world_free(w);
}

Test(tables, that_change_leave_the_others)
{
	struct world *w = world_make(1024);

	serve_all(w, 3, "12");
	cr_assert_eq(fill_sized(w, 1, "1", SLOTS), 0);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_STABLE, 0, 2), SLOTS / 2, "nobody was told yet");
	tables_flush(&w->tables, w->now_ms);
	cr_assert_not(together(w, 0, 1));
	cr_assert(together(w, 0, 2));
	cr_assert_eq(count(w, 0, SHUNT_SLOT_STABLE, 0, 2), SLOTS / 2);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_STABLE, 0, 1), SLOTS / 2);
	world_free(w);
}

/* The last one may use the place as its own only when the others have been told. */
static void part(uint32_t n_lines)
{
	struct world *w = world_make(n_lines);

	serve_all(w, 2, "12");
	cr_assert_eq(fill_sized(w, 0, "1", SLOTS), 0);
	cr_assert_eq(fill_sized(w, 1, "2", SLOTS), 0);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 1, 2), 0U);
	tables_flush(&w->tables, w->now_ms);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_MIGRATING, 1, 2), SLOTS / 2);
	world_free(w);
}

Test(tables, that_stay_wait_for_those_that_leave)
{
	part(1024);
	part(2 * LINES);
}

/* To tell services takes a look at all of them, so it is not done pair by pair. */
Test(tables, that_part_in_pairs_are_told_at_once)
{
	struct world *w = world_make(1024);
	static const char *const pools[] = { "12", "23", "34", "41" };

	for (uint32_t n = 0; n < 8; n++)
		serve(w, n, pools[n / 2]);
	w->fake.repoints = 0;
	for (uint32_t n = 0; n < 8; n++)
		cr_assert_eq(fill_sized(w, n, n % 2 ? "1" : "2", SLOTS), 0);
	tables_flush(&w->tables, w->now_ms);
	cr_assert_eq(w->fake.repoints, 1U);
	for (uint32_t n = 0; n < 8; n += 2)
		cr_assert_not(together(w, n, n + 1));
	world_free(w);
}

Test(tables, alone_change_where_they_are)
{
	struct world *w = world_make(1024);
	struct shunt_service before;

	serve(w, 0, "12");
	before = seen(w, 0);
	serve(w, 0, "1");
	cr_assert_eq(seen(w, 0).first, before.first);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	cr_assert_eq(w->fake.repoints, 0U);
	world_free(w);
}

/* One copy, one pass over the services map, however many there are. */
Test(tables, that_take_the_same_step_go_together)
{
	struct world *w = world_make(1024);
	uint32_t first;

	serve_all(w, 100, "1234");
	for (uint32_t n = 0; n < 100; n++)
		kill_member(w, n, 3);
	first = seen(w, 0).first;
	fill_all(w, 100, "1204");
	cr_assert_eq(w->fake.repoints, 1U);
	for (uint32_t n = 1; n < 100; n++)
		cr_assert(together(w, 0, n));
	cr_assert_neq(seen(w, 0).first, first);
	cr_assert_eq(count(w, 99, -1, 0, 3), 0U);
	cr_assert_eq(count(w, 99, SHUNT_SLOT_STABLE, 0, 1) + count(w, 99, SHUNT_SLOT_STABLE, 0, 2) +
			     count(w, 99, SHUNT_SLOT_STABLE, 0, 4),
		     SLOTS);
	cr_assert_eq(tables_count(&w->tables).places, 1U);
	world_free(w);
}

Test(tables, that_have_lost_others_do_not_go_together)
{
	struct world *w = world_make(1024);

	serve_all(w, 3, "1234");
	/* Drained at table 0, dead at the others. */
	kill_member(w, 1, 3);
	kill_member(w, 2, 3);
	fill_all(w, 3, "1204");
	cr_assert_not(together(w, 0, 1));
	cr_assert(together(w, 1, 2));
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 3, 1) +
			     count(w, 0, SHUNT_SLOT_MIGRATING, 3, 2) +
			     count(w, 0, SHUNT_SLOT_MIGRATING, 3, 4),
		     SLOTS / 4);
	world_free(w);
}

/* Clocks are those of the place: who comes a second later has others. */
Test(tables, in_transition_are_joined_within_a_second)
{
	struct world *w = world_make(1024);

	serve_all(w, 4, "12");
	serve(w, 0, "1");
	serve(w, 1, "1");
	pass(w, 1);
	serve(w, 2, "1");
	cr_assert(together(w, 0, 1));
	cr_assert_not(together(w, 0, 2));
	pass(w, EARLY_S - 1);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_PINNING, 2, 1), SLOTS / 2);
	cr_assert_eq(count(w, 2, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	world_free(w);
}

Test(tables, meet_again_when_they_are_at_rest)
{
	struct world *w = world_make(1024);

	serve_all(w, 2, "12");
	serve(w, 0, "1");
	pass(w, 1);
	serve(w, 1, "1");
	cr_assert_not(together(w, 0, 1));
	settle(w);
	cr_assert(together(w, 0, 1));
	cr_assert_eq(count(w, 0, SHUNT_SLOT_STABLE, 0, 1), SLOTS);
	cr_assert_eq(tables_count(&w->tables).places, 1U);
	world_free(w);
}

/* Its flows were reported to where it lay before: those of the other place know half. */
Test(tables, that_join_in_the_middle_of_a_sweep_are_not_settled_by_it)
{
	struct world *w = world_make(1024);

	serve_all(w, 3, "12");
	fill_all(w, 3, "1");
	pass(w, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
	serve(w, 0, "113");
	cr_assert_eq(tables_sweep_begin(&w->tables, w->now_ms), 0);
	cr_assert_not_null(tables_swept(&w->tables, 0));
	serve(w, 1, "113");
	cr_assert(together(w, 0, 1));
	cr_assert_null(tables_swept(&w->tables, 0));
	cr_assert_not_null(tables_swept(&w->tables, 2));
	cr_assert_eq(tables_sweep_end(&w->tables, w->now_ms), 0);
	cr_assert_gt(count(w, 0, SHUNT_SLOT_PINNED, 0, 1), 0U);
	cr_assert_eq(count(w, 2, SHUNT_SLOT_STABLE, 0, 1), SLOTS);
	world_free(w);
}

/* Only one of those that share waits for flows of the dead no more. */
Test(tables, that_lose_where_flows_came_from_take_a_step)
{
	struct world *w = world_make(1024);

	serve_all(w, 2, "12");
	serve(w, 0, "1");
	serve(w, 1, "1");
	serve(w, 0, "1");
	cr_assert(together(w, 0, 1), "nothing was lost");
	kill_member(w, 0, 2);
	serve(w, 0, "1");
	cr_assert_not(together(w, 0, 1));
	cr_assert_eq(count(w, 0, SHUNT_SLOT_PINNED, 0, 1), SLOTS / 2);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	world_free(w);
}

/* Who leaves takes the clocks along, and who stays has them still. */
Test(tables, that_leave_have_the_same_times)
{
	struct world *w = world_make(1024);

	serve_all(w, 2, "12");
	fill_all(w, 2, "1");
	pass(w, 10);
	cr_assert_eq(fill_sized(w, 0, "113", 2 * SLOTS), 0);
	tables_flush(&w->tables, w->now_ms);
	cr_assert_gt(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 3), 0U);
	pass(w, EARLY_S - 11);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_PINNING, 2, 1), 0U);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_PINNING, 2, 1), 0U);
	pass(w, 1);
	cr_assert_gt(count(w, 0, SHUNT_SLOT_PINNING, 2, 1), 0U);
	cr_assert_gt(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 3), 0U);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_PINNING, 2, 1), SLOTS / 2);
	pass(w, 10);
	cr_assert_gt(count(w, 0, SHUNT_SLOT_PINNING, 2, 3), 0U);
	world_free(w);
}

static void resize(uint32_t from, uint32_t to)
{
	struct world *w = world_make(1024);
	uint32_t before[4 * SLOTS] = { 0 }, moved = 0;
	struct shunt_service s;

	cr_assert_eq(fill_sized(w, 0, "123", from), 0);
	put(w, 0);
	s = seen(w, 0);
	for (uint32_t i = 0; i < from; i++)
		before[i] = slots_fake_word(&w->fake, &s, i);
	cr_assert_eq(fill_sized(w, 0, "123", to), 0);
	tables_flush(&w->tables, w->now_ms);
	s = seen(w, 0);
	cr_assert_eq(s.line_mask + 1U, to / SHUNT_SLOTS_PER_LINE);
	for (uint32_t i = 0; i < to; i++) {
		const uint32_t word = slots_fake_word(&w->fake, &s, i),
			       was = before[i & (from - 1)];

		if (SHUNT_SLOT_STATE(word) == SHUNT_SLOT_STABLE)
			cr_assert_eq(word, was);
		else
			cr_assert_eq(word,
				     SHUNT_SLOT(SHUNT_SLOT_MIGRATING, was, SHUNT_SLOT_CUR(word)));
		moved += word != was;
	}
	cr_assert_gt(moved, 0U);
	settle(w);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_STABLE, 0, 1) + count(w, 0, SHUNT_SLOT_STABLE, 0, 2) +
			     count(w, 0, SHUNT_SLOT_STABLE, 0, 3),
		     to);
	world_free(w);
}

Test(tables, get_more_slots_and_lose_no_flow)
{
	resize(SLOTS, 4 * SLOTS);
}

Test(tables, get_fewer_slots)
{
	resize(4 * SLOTS, SLOTS);
}

Test(tables, send_services_to_another_block)
{
	struct world *w = world_make(1024);
	struct plan_position positions[] = { { 1, PLAN_KEEP_ALL } };
	const struct plan_table outgrown = { .number = 0,
					     .base = 8 * SPAN,
					     .span = 2 * SPAN,
					     .slots = SLOTS,
					     .positions = positions,
					     .n_positions = 1 };
	const struct plan_service service = { .base = 8 * SPAN };
	struct shunt_service s;

	serve_all(w, 2, "12");
	cr_assert_eq(tables_fill(&w->tables, &outgrown, &w->alive, w->now_ms), 0);
	tables_flush(&w->tables, w->now_ms);
	cr_assert_eq(seen(w, 0).base, 8 * SPAN);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	cr_assert_eq(tables_service(&w->tables, &service, &s), 0);
	cr_assert_eq(s.first, seen(w, 0).first);
	world_free(w);
}

/* The block of a table that lies alone: a newcomer's member is beyond the old one. */
Test(tables, show_no_newcomer_to_the_block_that_was_outgrown)
{
	struct world *w = world_make(1024);
	struct plan_position positions[] = { { 1, PLAN_KEEP_ALL }, { SPAN + 1, PLAN_KEEP_ALL } };
	const struct plan_table outgrown = { .number = 0,
					     .base = 8 * SPAN,
					     .span = 2 * SPAN,
					     .slots = SLOTS,
					     .positions = positions,
					     .n_positions = 2 };

	serve(w, 0, "1");
	cr_assert_eq(tables_fill(&w->tables, &outgrown, &w->alive, w->now_ms), 0);
	cr_assert_eq(seen(w, 0).base, 0);
	cr_assert_eq(count(w, 0, -1, 0, 1), SLOTS);
	tables_flush(&w->tables, w->now_ms);
	cr_assert_eq(seen(w, 0).base, 8 * SPAN);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 1, SPAN + 1), SLOTS / 2);
	world_free(w);
}
