/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines that are free, that rest, that are full; and what a former daemon has left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tables/listing.h"
#include "tables_world.h"

/* A service that a former daemon sends to @first. */
static void list(struct world *w, uint32_t n, uint32_t first, uint32_t line_mask, uint32_t base)
{
	const struct shunt_service_key key = slots_fake_key(n);
	const struct shunt_listing like = { .service = { first, line_mask, base } };

	cr_assert_eq(slots_fake_ops.put_service(&w->fake, &key, &like), 0);
}

Test(tables_room, is_not_used_again_before_packets_are_through)
{
	struct world *w = world_make(8 * LINES);
	uint32_t first;

	serve_all(w, 2, "12");
	first = seen(w, 0).first;
	fill_all(w, 2, "1");
	cr_assert_neq(seen(w, 0).first, first, "both have gone elsewhere, one by one");
	serve(w, 2, "34");
	cr_assert_neq(seen(w, 2).first, first);
	w->now_ms += TABLES_REST_MS - 1;
	serve(w, 3, "43");
	cr_assert_neq(seen(w, 3).first, first);
	w->now_ms += 1;
	serve(w, 4, "134");
	cr_assert_eq(seen(w, 4).first, first);
	world_free(w);
}

Test(tables_room, is_used_at_once_where_there_is_no_other)
{
	struct world *w = world_make(2 * LINES);

	serve_all(w, 2, "12");
	fill_all(w, 2, "1");
	serve(w, 2, "34");
	cr_assert_eq(count(w, 2, SHUNT_SLOT_STABLE, 0, 3), SLOTS / 2);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	world_free(w);
}

/* Tables 0 and 1 have left a place that their services were not sent away from yet. */
Test(tables_room, is_made_by_those_that_have_still_to_leave)
{
	struct world *w = world_make(3 * LINES);

	serve_all(w, 2, "12");
	serve(w, 2, "34");
	cr_assert_eq(fill_sized(w, 0, "1", SLOTS), 0);
	cr_assert_eq(fill_sized(w, 1, "1", SLOTS), 0);
	cr_assert_eq(fill_sized(w, 3, "43", SLOTS), 0);
	put(w, 3);
	cr_assert_eq(count(w, 3, SHUNT_SLOT_STABLE, 0, 3), SLOTS / 2);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	world_free(w);
}

Test(tables_room, may_be_full)
{
	struct world *w = world_make(2 * LINES);

	serve_all(w, 2, "12");
	serve(w, 2, "34");
	cr_assert_eq(fill_sized(w, 3, "43", SLOTS), -ENOSPC);
	cr_assert_null(tables_place(&w->tables, 3));
	cr_assert_eq(fill_sized(w, 1, "1", SLOTS), -ENOSPC, "a copy needs a place, too");
	cr_assert(together(w, 0, 1));
	cr_assert_eq(count(w, 1, SHUNT_SLOT_STABLE, 0, 2), SLOTS / 2);
	cr_assert_eq(tables_count(&w->tables).lines_free, 0U);
	serve(w, 2, "3");
	tables_drop(&w->tables, 2, w->now_ms);
	cr_assert_null(tables_place(&w->tables, 2));
	cr_assert_null(tables_read(&w->tables, 2));
	serve(w, 1, "1");
	cr_assert_not(together(w, 0, 1));
	world_free(w);
}

/* Where lines of two tables were, one may be that is twice as large. */
Test(tables_room, of_neighbours_is_joined)
{
	struct world *w = world_make(4 * LINES);

	for (uint32_t n = 0; n < 4; n++)
		serve(w, n, (const char *[]){ "12", "21", "13", "31" }[n]);
	tables_drop(&w->tables, 2, w->now_ms);
	tables_drop(&w->tables, 1, w->now_ms);
	cr_assert_eq(fill_sized(w, 4, "12", 2 * SLOTS), 0);
	put(w, 4);
	cr_assert_eq(seen(w, 4).first, LINES);
	world_free(w);
}

/* Words half done are right as far as they go, and the next step sees what they are. */
Test(tables_room, a_failure_may_be_repeated)
{
	for (unsigned int fail = 1; fail < 20; fail++) {
		struct world *w = world_make(8 * LINES);
		int err;

		serve_all(w, 2, "12");
		w->fake.fail_lines = fail;
		err = fill_sized(w, 1, "13", SLOTS);
		if (w->fake.fail_lines) {
			cr_assert_eq(err, 0);
			cr_assert_gt(fail, 1U);
			world_free(w);
			return;
		}
		cr_assert_eq(err, -ENOMEM);
		cr_assert(together(w, 0, 1));
		cr_assert_eq(tables_count(&w->tables).places, 1U);
		serve(w, 1, "13");
		cr_assert_eq(count(w, 1, SHUNT_SLOT_MIGRATING, 2, 3), SLOTS / 2);
		cr_assert_eq(count(w, 0, SHUNT_SLOT_STABLE, 0, 2), SLOTS / 2);
		world_free(w);
	}
	cr_assert_fail("it failed again and again");
}

/* --- of a former daemon ---------------------------------------------------------- */

Test(tables_former, places_are_found_by_their_blocks)
{
	struct world *w = world_make(16 * LINES);
	uint32_t first;

	serve_all(w, 3, "12");
	serve(w, 3, "21");
	serve(w, 2, "1");
	pass(w, EARLY_S);
	first = seen(w, 0).first;
	world_restart(w);
	cr_assert_eq(tables_count(&w->tables).places, 3U);
	serve_all(w, 2, "12");
	serve(w, 2, "1");
	tables_forget_former(&w->tables, w->now_ms);
	cr_assert_eq(seen(w, 1).first, first);
	cr_assert(together(w, 0, 1));
	cr_assert_eq(count(w, 2, SHUNT_SLOT_PINNING, 2, 1), SLOTS / 2);
	cr_assert_eq(tables_count(&w->tables).places, 2U, "nobody wants the one of table 3");
	pass(w, IDLE_S - 1);
	cr_assert_eq(count(w, 2, SHUNT_SLOT_PINNING, 2, 1), SLOTS / 2);
	pass(w, 1);
	cr_assert_eq(count(w, 2, SHUNT_SLOT_PINNED, 0, 1), SLOTS / 2);
	world_free(w);
}

/* The former daemon has got as far as to hand out another block, or the next one has. */
Test(tables_former, places_are_found_by_blocks_that_were_outgrown)
{
	struct world *w = world_make(16 * LINES);
	struct plan_position positions[] = { { 1, PLAN_KEEP_ALL }, { 2, PLAN_KEEP_ALL } };
	const struct plan_table first = { .number = 0, .base = 0, .span = SPAN }, second = {
		.number = 0, .base = 20 * SPAN, .span = 2 * SPAN, .left = &first
	};
	const struct plan_table now = { .number = 0,
					.base = 8 * SPAN,
					.span = 4 * SPAN,
					.left = &second,
					.slots = SLOTS,
					.positions = positions,
					.n_positions = 2 };
	const struct plan_service service = { .base = now.base };
	struct shunt_service s;

	serve(w, 0, "1");
	serve(w, 0, "12");
	world_restart(w);
	cr_assert_eq(tables_fill(&w->tables, &now, &w->alive, w->now_ms), 0);
	tables_flush(&w->tables, w->now_ms);
	cr_assert_eq(tables_service(&w->tables, &service, &s), 0);
	cr_assert_eq(s.first, seen(w, 0).first);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 1, 2), SLOTS / 2);
	cr_assert_eq(tables_count(&w->tables).places, 1U);
	world_free(w);
}

/* The former daemon died when it had sent some services of a table to its new place. */
Test(tables_former, of_two_places_the_one_in_transition_is_kept)
{
	struct world *w = world_make(16 * LINES);
	struct shunt_service left;

	serve_all(w, 2, "12");
	left = seen(w, 0);
	serve(w, 0, "1");
	cr_assert_neq(seen(w, 0).first, left.first);
	list(w, 60, left.first, left.line_mask, left.base);
	world_restart(w);
	serve(w, 0, "1");
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	cr_assert_eq(count(w, 1, SHUNT_SLOT_STABLE, 0, 2), SLOTS / 2);
	world_free(w);
}

/* One of those that share has changed while no daemon was there. */
Test(tables_former, places_are_left_by_who_changes)
{
	struct world *w = world_make(16 * LINES);

	serve_all(w, 3, "12");
	world_restart(w);
	serve(w, 0, "1");
	serve(w, 1, "12");
	cr_assert_not(together(w, 0, 1));
	cr_assert_eq(seen(w, 1).first, seen(w, 2).first);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_MIGRATING, 2, 1), SLOTS / 2);
	cr_assert_eq(count(w, 2, SHUNT_SLOT_STABLE, 0, 2), SLOTS / 2);
	/* Table 2 is no more, but who would know before the end? */
	serve(w, 1, "1");
	cr_assert_eq(count(w, 2, SHUNT_SLOT_STABLE, 0, 2), SLOTS / 2);
	world_free(w);
}

Test(tables_former, that_changed_alike_go_together_again)
{
	struct world *w = world_make(16 * LINES);

	serve_all(w, 50, "12");
	world_restart(w);
	fill_all(w, 50, "1");
	for (uint32_t n = 1; n < 50; n++)
		cr_assert(together(w, 0, n));
	tables_forget_former(&w->tables, w->now_ms);
	cr_assert_eq(tables_count(&w->tables).places, 1U);
	world_free(w);
}

/* Out of the map, of no size that is, one in the other. */
Test(tables_former, nonsense_breaks_nothing)
{
	struct world *w = world_make(16 * LINES);

	memset(w->fake.lines, 0xab, sizeof(w->fake.lines));
	list(w, 0, 16 * LINES - 1, SLOTS / SHUNT_SLOTS_PER_LINE - 1, 0);
	list(w, 1, UINT32_MAX, UINT16_MAX, SPAN);
	list(w, 2, LINES, 2, 2 * SPAN);
	list(w, 3, 4 * LINES, LINES / 2 - 1, 3 * SPAN);
	list(w, 4, 4 * LINES + 5, LINES / 2 - 1, 4 * SPAN);
	list(w, 5, 7 * LINES, LINES / 2 - 1, 5 * SPAN);
	list(w, 6, 9 * LINES, LINES / 2 - 1, 5 * SPAN);
	list(w, 7, 11 * LINES, LINES / 2 - 1, UINT16_MAX);
	world_restart(w);
	cr_assert_eq(tables_count(&w->tables).places, 3U);
	for (uint32_t n = 0; n < 5; n++) {
		serve(w, n, "12");
		cr_assert(together(w, 0, n));
		cr_assert_eq(count(w, n, SHUNT_SLOT_STABLE, 0, 1), SLOTS / 2);
	}
	tables_forget_former(&w->tables, w->now_ms);
	cr_assert_eq(tables_count(&w->tables).places, 1U);
	cr_assert_eq(tables_count(&w->tables).lines_free, 15 * LINES);
	world_free(w);
}

/* Its lines are not written to, as long as there are others. */
Test(tables_former, nonsense_is_left_alone)
{
	struct world *w = world_make(4 * LINES);

	list(w, 9, 0, 2, 0);
	list(w, 8, LINES, LINES - 1, 0);
	world_restart(w);
	serve(w, 0, "12");
	cr_assert_eq(seen(w, 0).first, 3 * LINES);
	serve(w, 1, "21");
	cr_assert_lt(seen(w, 1).first, 3 * LINES, "there are none");
	cr_assert_eq(count(w, 1, SHUNT_SLOT_STABLE, 0, 1), SLOTS / 2);
	world_free(w);
}

Test(tables_former, a_member_that_cannot_be_is_replaced)
{
	struct world *w = world_make(16 * LINES);

	for (uint32_t i = 0; i < LINES / 2 * SHUNT_SLOTS_PER_LINE; i++)
		w->fake.lines[i / SHUNT_SLOTS_PER_LINE].half[i % SHUNT_SLOTS_PER_LINE] = 0x7fff;
	list(w, 4000, 0, LINES / 2 - 1, 4000 * SPAN);
	world_restart(w);
	serve(w, 4000, "1");
	cr_assert_eq(seen(w, 4000).first, 0U);
	cr_assert_eq(count(w, 4000, SHUNT_SLOT_STABLE, 0, 1), SLOTS);
	world_free(w);
}

/* --- of former maps --------------------------------------------------------------- */

static bool is_not_table_2(uint32_t number)
{
	return number != 2;
}

Test(tables_former, words_of_other_maps_go_on)
{
	uint32_t former[SLOTS];
	struct world *w = world_make(16 * LINES);

	for (uint32_t i = 0; i < SLOTS; i++)
		former[i] = i % 2 ? 1 : SHUNT_SLOT(SHUNT_SLOT_PINNING, 2, 1);
	w->fake.former = former;
	w->fake.has_former = is_not_table_2;
	serve_all(w, 3, "1");
	cr_assert(together(w, 0, 1), "both have the same words and the same clocks");
	cr_assert_not(together(w, 0, 2));
	cr_assert_eq(count(w, 0, SHUNT_SLOT_PINNING, 2, 1), SLOTS / 2);
	cr_assert_eq(count(w, 2, SHUNT_SLOT_STABLE, 0, 1), SLOTS);
	pass(w, IDLE_S - 1);
	cr_assert_eq(count(w, 0, SHUNT_SLOT_PINNING, 2, 1), SLOTS / 2);
	settle(w);
	cr_assert(together(w, 0, 2));
	world_free(w);
}

Test(tables_former, words_that_are_at_rest_are_shared)
{
	uint32_t former[SLOTS];
	struct world *w = world_make(16 * LINES);

	for (uint32_t i = 0; i < SLOTS; i++)
		former[i] = 1;
	w->fake.former = former;
	w->fake.has_former = is_not_table_2;
	serve(w, 2, "1");
	serve_all(w, 2, "1");
	cr_assert(together(w, 0, 2));
	cr_assert(together(w, 1, 2));
	world_free(w);
}
