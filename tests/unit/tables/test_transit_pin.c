/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots at rest that ask the flow cache, because somebody else knows of a flow. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tables/tables.h"

#define SLOTS SHUNT_MIN_SLOTS
#define PINNED(cur) SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, cur)

struct world {
	struct transit transit;
	struct place place;
	uint16_t halves[2][SLOTS];
	struct slot_words words;
	uint16_t now_s;
};

/* All slots are of member 1. */
static struct world *world_make(void)
{
	struct world *w = calloc(1, sizeof(*w));

	w->transit = (struct transit){ .early_s = 60, .idle_s = 300 };
	w->words = (struct slot_words){ w->halves[0], w->halves[1], SLOTS };
	w->now_s = 30000;
	for (uint32_t i = 0; i < SLOTS; i++)
		slot_store(&w->words, i, 1);
	return w;
}

static void world_free(struct world *w)
{
	transit_free(&w->transit);
	free(w);
}

static int pin(struct world *w, uint32_t slot, uint16_t member)
{
	return transit_pin(&w->transit, &w->place, &w->words, (struct transit_pin){ slot, member },
			   w->now_s);
}

/* After some seconds, a sweep that finds a flow of @slot at @member. */
static void sweep(struct world *w, uint16_t after_s, uint32_t slot, uint16_t member)
{
	struct transit_table *tt;

	w->now_s += after_s;
	cr_assert_eq(transit_sweep_begin(&w->transit, w->now_s), 0);
	tt = transit_swept(&w->transit, &w->place);
	cr_assert_not_null(tt);
	transit_see(tt->seen, slot, member);
	transit_sweep_end(&w->transit, tt, &w->words, w->now_s);
}

Test(transit_pin, lasts_until_the_flow_is_gone)
{
	struct world *w = world_make();

	cr_expect_eq(pin(w, 7, 1), 0, "its own flow");
	cr_expect_eq(w->transit.n_tables, 0);
	cr_expect_eq(pin(w, 7, 2), 1);
	cr_expect_eq(pin(w, 7, 3), 0, "it asks already");
	cr_expect_eq(slot_load(&w->words, 7), PINNED(1));
	cr_expect_eq(slot_load(&w->words, 8), 1);
	cr_expect(transit_wants_sweep(&w->transit));
	sweep(w, TRANSIT_SETTLE_S, 7, 2);
	cr_expect_eq(slot_load(&w->words, 7), PINNED(1));
	sweep(w, 60, 7, 1);
	cr_expect_eq(slot_load(&w->words, 7), 1);
	cr_expect_eq(w->transit.n_tables, 0);
	world_free(w);
}

/* The flow may have been entered behind where the sweep was. */
Test(transit_pin, is_not_ended_by_a_sweep_that_was_under_way)
{
	struct world *w = world_make();
	struct transit_table *tt;

	cr_assert_eq(pin(w, 7, 2), 1);
	w->now_s += 60;
	cr_assert_eq(transit_sweep_begin(&w->transit, w->now_s), 0);
	cr_assert_eq(pin(w, 9, 2), 1);
	tt = transit_swept(&w->transit, &w->place);
	transit_sweep_end(&w->transit, tt, &w->words, w->now_s);
	cr_expect_eq(slot_load(&w->words, 7), 1);
	cr_expect_eq(slot_load(&w->words, 9), PINNED(1));
	world_free(w);
}

Test(transit_pin, changes_nothing_where_the_cache_is_asked_already)
{
	struct world *w = world_make();
	const uint32_t word = SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 1, 2);

	slot_store(&w->words, 9, word);
	cr_expect_eq(pin(w, 9, 3), 0);
	cr_expect_eq(slot_load(&w->words, 9), word);
	world_free(w);
}
