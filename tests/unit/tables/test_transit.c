/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots in transition on a clock of their own, from change to rest. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tables/tables.h"

#define SLOTS SHUNT_MIN_SLOTS
#define EARLY_S 60
#define IDLE_S 300

/* Of ids: member 1 is backend 65. */
#define BASE 64

/* Members 1, 2 and 3 of a table, which they share or do not. */
struct world {
	struct transit transit;
	struct id_set alive;
	struct place place;
	uint16_t halves[2][SLOTS];
	struct slot_words words;
	uint32_t owners[SLOTS];
	uint16_t now_s;
};

static struct world *world_make(uint16_t now_s)
{
	struct world *w = calloc(1, sizeof(*w));

	w->transit = (struct transit){ .early_s = EARLY_S, .idle_s = IDLE_S };
	w->words = (struct slot_words){ w->halves[0], w->halves[1], SLOTS };
	w->now_s = now_s;
	for (uint32_t id = 1; id <= 3; id++)
		id_set_add(&w->alive, BASE + id);
	return w;
}

static void world_free(struct world *w)
{
	transit_free(&w->transit);
	free(w);
}

static void own(struct world *w, uint32_t first, uint32_t n, uint32_t owner)
{
	for (uint32_t i = first; i < first + n; i++)
		w->owners[i] = owner;
}

static void fill(struct world *w)
{
	const struct transit_step step = { w->owners, BASE, &w->alive, w->now_s, false };

	cr_assert_eq(transit_fill(&w->transit, &w->place, &w->words, &step), 0);
}

static void tick(struct world *w)
{
	struct transit_table *tt;

	while ((tt = transit_due(&w->transit, w->now_s))) {
		cr_assert_eq(tt->place, &w->place);
		transit_advance(&w->transit, tt, &w->words, w->now_s);
	}
}

/* Seconds pass one by one. */
static void pass(struct world *w, uint32_t seconds)
{
	while (seconds--) {
		w->now_s++;
		tick(w);
	}
}

/* A sweep that finds @slot at @id, or nothing if @id is 0. */
static void sweep(struct world *w, uint32_t slot, uint16_t id)
{
	struct transit_table *tt;

	cr_assert_eq(transit_sweep_begin(&w->transit, w->now_s), 0);
	tt = transit_swept(&w->transit, &w->place);
	if (id && tt)
		transit_see(tt->seen, slot, id);
	while ((tt = transit_unsettled(&w->transit)))
		transit_sweep_end(&w->transit, tt, &w->words, w->now_s);
}

static void expect(const struct world *w, uint32_t slot, uint32_t word)
{
	const uint32_t got = slot_load(&w->words, slot);

	cr_assert_eq(got, word, "slot %u at %u s: state %u, prev %u, cur %u", slot, w->now_s,
		     SHUNT_SLOT_STATE(got), SHUNT_SLOT_PREV(got), SHUNT_SLOT_CUR(got));
}

/* From backend 1 to backend 2: the first ten slots. */
static struct world *world_moved(uint16_t now_s)
{
	struct world *w = world_make(now_s);

	own(w, 0, SLOTS, 1);
	fill(w);
	cr_assert_eq(w->transit.n_tables, 0, "nothing was there to be kept");
	own(w, 0, 10, 2);
	fill(w);
	return w;
}

/* The clock of entries comes round; nothing depends on where it stands. */
static const uint16_t starts[] = { 0, 1, 30000, 32700, 65000, 65535 };

Test(transit, goes_from_change_to_rest)
{
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct world *w = world_moved(starts[i]);

		expect(w, 9, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 1, 2));
		expect(w, 10, 1);
		pass(w, EARLY_S - 1);
		expect(w, 9, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 1, 2));
		pass(w, 1);
		expect(w, 9, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
		pass(w, IDLE_S - 1);
		expect(w, 9, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
		cr_assert_not(transit_wants_sweep(&w->transit));
		pass(w, 1);
		expect(w, 9, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
		cr_assert(transit_wants_sweep(&w->transit));
		pass(w, TRANSIT_SETTLE_S);
		sweep(w, 3, 0);
		expect(w, 9, 2);
		expect(w, 10, 1);
		cr_assert_eq(w->transit.n_tables, 0, "no memory is kept for what is at rest");
		world_free(w);
	}
}

Test(transit, waits_for_flows_elsewhere_and_not_for_those_at_cur)
{
	struct world *w = world_moved(100);

	pass(w, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
	sweep(w, 3, 1);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
	expect(w, 4, 2);
	pass(w, 5);
	sweep(w, 3, 1);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
	/* For ever, if need be: longer than its clock goes. */
	for (int i = 0; i < 20000; i++) {
		pass(w, 5);
		sweep(w, 3, 1);
	}
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
	pass(w, 5);
	sweep(w, 3, 2);
	expect(w, 3, 2);
	world_free(w);
}

Test(transit, flows_at_several_backends_are_elsewhere)
{
	struct world *w = world_moved(100);
	struct transit_table *tt;

	pass(w, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
	cr_assert_eq(transit_sweep_begin(&w->transit, w->now_s), 0);
	tt = transit_swept(&w->transit, &w->place);
	for (uint16_t id = 1; id <= 3; id++)
		transit_see(tt->seen, 3, id);
	for (int i = 0; i < 3; i++)
		transit_see(tt->seen, 4, 2);
	transit_sweep_end(&w->transit, tt, &w->words, w->now_s);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
	expect(w, 4, 2);
	world_free(w);
}

/* What a packet under way wrote before the slot was PINNED must have been seen. */
Test(transit, a_sweep_that_began_too_early_settles_nothing)
{
	struct world *w = world_moved(100);

	pass(w, EARLY_S + IDLE_S);
	for (int i = 0; i < TRANSIT_SETTLE_S; i++) {
		sweep(w, 3, 0);
		expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
		pass(w, 1);
	}
	sweep(w, 3, 0);
	expect(w, 3, 2);
	world_free(w);
}

/* Nor a long one, in the middle of which the slot has changed once more. */
Test(transit, a_change_during_a_sweep_counts)
{
	struct world *w = world_moved(100);
	struct transit_table *tt;

	pass(w, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
	cr_assert_eq(transit_sweep_begin(&w->transit, w->now_s), 0);
	pass(w, 10);
	own(w, 3, 1, 3);
	fill(w);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 2, 3));
	id_set_remove(&w->alive, BASE + 2);
	own(w, 0, 10, 3);
	fill(w);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 3));
	expect(w, 4, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 3));
	tt = transit_unsettled(&w->transit);
	transit_sweep_end(&w->transit, tt, &w->words, w->now_s);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 3));
	expect(w, 4, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 3));
	pass(w, TRANSIT_SETTLE_S);
	sweep(w, 4, 1);
	expect(w, 3, 3);
	expect(w, 4, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 3));
	world_free(w);
}

Test(transit, another_change_starts_the_clock_anew)
{
	struct world *w = world_moved(100);

	pass(w, EARLY_S / 2);
	own(w, 3, 1, 3);
	fill(w);
	pass(w, EARLY_S / 2);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 1, 3));
	expect(w, 4, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
	pass(w, EARLY_S / 2);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 3));
	world_free(w);
}

Test(transit, other_times_hold_at_once)
{
	struct world *w = world_moved(100);

	pass(w, 10);
	transit_set_times(&w->transit, 5, 7, w->now_s);
	tick(w);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
	transit_set_times(&w->transit, 5, 100, w->now_s);
	pass(w, 99);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
	pass(w, 1);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
	world_free(w);
}

/* The same plan once more, as after a failure: nothing starts anew. */
Test(transit, the_same_again_changes_nothing)
{
	struct world *w = world_moved(100);

	pass(w, EARLY_S / 2);
	fill(w);
	pass(w, EARLY_S / 2);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
	world_free(w);
}

Test(transit, flows_of_the_dead_are_not_waited_for)
{
	struct world *w = world_moved(100);

	id_set_remove(&w->alive, BASE + 1);
	own(w, 0, SLOTS, 2);
	fill(w);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
	expect(w, 10, 2);
	pass(w, TRANSIT_SETTLE_S);
	sweep(w, 3, 0);
	cr_assert_eq(w->transit.n_tables, 0);
	world_free(w);
}

static void adopt(struct world *w)
{
	transit_free(&w->transit);
	cr_assert_eq(transit_adopt(&w->transit, &w->place, &w->words, w->now_s), 0);
}

/* A daemon that starts finds words in transition and knows nothing of them. */
Test(transit, adopted_slots_start_their_time_anew)
{
	struct world *w = world_moved(100);

	pass(w, EARLY_S / 2);
	adopt(w);
	fill(w);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 1, 2));
	pass(w, EARLY_S - 1);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 1, 2));
	pass(w, 1);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
	pass(w, IDLE_S);
	adopt(w);
	fill(w);
	cr_assert(transit_wants_sweep(&w->transit));
	pass(w, TRANSIT_SETTLE_S);
	sweep(w, 3, 0);
	expect(w, 3, 2);
	world_free(w);
}

Test(transit, a_place_that_is_no_more_is_forgotten)
{
	struct world *w = world_moved(100);

	transit_forget(&w->transit, &w->place);
	cr_assert_eq(w->transit.n_tables, 0);
	cr_assert_null(transit_due(&w->transit, w->now_s + EARLY_S));
	world_free(w);
}

/* Its clock of 16 bits goes 18 hours; half of it is no limit. */
Test(transit, waits_for_twelve_hours_without_looking)
{
	struct world *w = world_moved(100);
	uint32_t looked = 0;

	transit_set_times(&w->transit, EARLY_S, 8 * 3600, w->now_s);
	tick(w);
	for (uint32_t s = 1; s < EARLY_S + 8 * 3600; s++) {
		w->now_s++;
		looked += transit_due(&w->transit, w->now_s) != NULL;
		tick(w);
	}
	cr_assert_eq(looked, 1U, "when the slots have begun to pin");
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNING, 1, 2));
	pass(w, 1);
	expect(w, 3, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2));
	world_free(w);
}

/* Random changes, deaths and sweeps: always right by the rules, and at rest in the end. */
static void walk_step(struct world *w, unsigned int *seed)
{
	const uint32_t id = 1 + rand_r(seed) % 3;

	switch (rand_r(seed) % 8) {
	case 0:
		own(w, rand_r(seed) % (SLOTS - 64), 64, id_set_has(&w->alive, BASE + id) ? id : 0);
		break;
	case 1:
		id_set_add(&w->alive, BASE + id);
		break;
	case 2:
		id_set_remove(&w->alive, BASE + id);
		for (uint32_t i = 0; i < SLOTS; i++)
			if (w->owners[i] == id)
				w->owners[i] = 0;
		break;
	case 3:
		sweep(w, rand_r(seed) % SLOTS, id);
		return;
	default:
		pass(w, rand_r(seed) % 200);
		return;
	}
	fill(w);
}

static void expect_sane(const struct world *w)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		const uint32_t word = slot_load(&w->words, i);
		const uint32_t prev = SHUNT_SLOT_PREV(word), state = SHUNT_SLOT_STATE(word);

		cr_assert_eq(SHUNT_SLOT_CUR(word), w->owners[i]);
		cr_assert(!prev || id_set_has(&w->alive, BASE + prev));
		cr_assert(prev || state == SHUNT_SLOT_STABLE || state == SHUNT_SLOT_PINNED);
		cr_assert(state == SHUNT_SLOT_STABLE || w->transit.n_tables);
	}
}

Test(transit, walks_come_to_rest)
{
	for (unsigned int run = 1; run <= 20; run++) {
		struct world *w = world_make(run * 9999);
		unsigned int seed = run;

		for (int i = 0; i < 300; i++) {
			walk_step(w, &seed);
			expect_sane(w);
		}
		pass(w, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
		sweep(w, 0, 0);
		cr_assert_eq(w->transit.n_tables, 0);
		for (uint32_t i = 0; i < SLOTS; i++)
			expect(w, i, w->owners[i]);
		world_free(w);
	}
}
