/* SPDX-License-Identifier: BSD-2-Clause */
/* What a position table promises, for recipes made by hand. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "make.h"

#define SLOTS 65536
#define MOST 2048

/* Position p belongs to backend p + 1. */
struct hall {
	struct plan_position positions[MOST];
	struct plan_table table;
};

static void hall_open(struct hall *h, uint32_t n)
{
	for (uint32_t p = 0; p < MOST; p++)
		h->positions[p] = (struct plan_position){ p + 1, PLAN_KEEP_ALL };
	h->table = (struct plan_table){
		.slots = SLOTS,
		.positions = h->positions,
		.n_positions = n,
	};
}

static void hall_keep(struct hall *h, uint32_t p, uint32_t keep)
{
	h->positions[p] = (struct plan_position){ keep ? p + 1 : 0, keep };
}

/* Every word that differs was @from's before (0: anybody's) and is @to's now. */
static void expect_moves(const uint32_t *before, const uint32_t *after, uint32_t from, uint32_t to)
{
	for (uint32_t s = 0; s < SLOTS; s++) {
		if (before[s] == after[s])
			continue;
		cr_assert(!from || before[s] == from, "slot %u: from %u", s, before[s]);
		cr_assert(!to || after[s] == to, "slot %u: to %u", s, after[s]);
	}
}

static struct criterion_test_params sizes(void)
{
	static uint32_t n[] = { 1, 2, 3, 7, 10, 100, 1000 };

	return cr_make_param_array(uint32_t, n, array_len(n));
}

ParameterizedTestParameters(consistent, shares_are_even_to_one_slot)
{
	return sizes();
}

ParameterizedTest(const uint32_t *n, consistent, shares_are_even_to_one_slot)
{
	static uint32_t count[MOST];
	_cleanup_free_ uint32_t *words = NULL;
	static struct hall h;

	hall_open(&h, *n);
	words = make_words(&h.table);
	for (uint32_t s = 0; s < SLOTS; s++)
		count[words[s] - 1]++;
	for (uint32_t p = 0; p < *n; p++)
		cr_assert(count[p] == SLOTS / *n || count[p] == SLOTS / *n + 1, "%u: %u", p,
			  count[p]);
}

ParameterizedTestParameters(consistent, fail_moves_the_slots_of_the_failed_alone)
{
	return sizes();
}

/* The minimum: the slots that the failed one had. Back again: the very same table. */
ParameterizedTest(const uint32_t *n, consistent, fail_moves_the_slots_of_the_failed_alone)
{
	static struct hall h;
	_cleanup_free_ uint32_t *whole = NULL;

	hall_open(&h, *n);
	whole = make_words(&h.table);
	for (uint32_t p = 0; p < *n; p += *n / 7 + 1) {
		_cleanup_free_ uint32_t *less = NULL, *again = NULL;

		hall_keep(&h, p, 0);
		less = make_words(&h.table);
		expect_moves(whole, less, p + 1, 0);
		cr_assert_eq(count_words(less, SLOTS, p + 1), 0);
		cr_assert_eq(count_moved(whole, less, SLOTS), count_words(whole, SLOTS, p + 1));
		cr_assert_eq(count_words(less, SLOTS, 0), *n == 1 ? SLOTS : 0);

		hall_keep(&h, p, PLAN_KEEP_ALL);
		again = make_words(&h.table);
		cr_assert_eq(count_moved(whole, again, SLOTS), 0);
	}
}

ParameterizedTestParameters(consistent, add_moves_the_share_of_the_newcomer_alone)
{
	return sizes();
}

/* The minimum: an even share, rounded down, all of it to the newcomer. */
ParameterizedTest(const uint32_t *n, consistent, add_moves_the_share_of_the_newcomer_alone)
{
	static struct hall h;
	_cleanup_free_ uint32_t *before = NULL, *after = NULL;

	hall_open(&h, *n);
	before = make_words(&h.table);
	h.table.n_positions++;
	after = make_words(&h.table);
	expect_moves(before, after, 0, *n + 1);
	cr_assert_eq(count_moved(before, after, SLOTS), SLOTS / (*n + 1));
}

/* With holes and lowered weights about, the rules hold as they do without. */
Test(consistent, changes_beside_holes_move_slots_of_one_position_alone)
{
	static struct hall h;
	_cleanup_free_ uint32_t *before = NULL;
	uint64_t random = 1;

	hall_open(&h, 40);
	before = make_words(&h.table);
	for (int i = 0; i < 100; i++) {
		_cleanup_free_ uint32_t *after = NULL;
		uint32_t p = make_random(&random, 40), was = h.positions[p].keep;
		uint32_t keep = make_random(&random, 4) * (PLAN_KEEP_ALL / 3);
		uint32_t had, has;

		if (keep == PLAN_KEEP_ALL / 3 * 3)
			keep = PLAN_KEEP_ALL;
		hall_keep(&h, p, keep);
		after = make_words(&h.table);
		had = count_words(before, SLOTS, p + 1);
		has = count_words(after, SLOTS, p + 1);
		if (keep > was)
			expect_moves(before, after, 0, p + 1);
		else
			expect_moves(before, after, p + 1, 0);
		cr_assert_eq(count_moved(before, after, SLOTS), keep > was ? has - had : had - has);
		free(before);
		before = take_ptr(&after);
	}
}

/* The minimum: what leaves the lowered one, and nothing comes to it. */
Test(consistent, lower_weight_moves_only_the_slots_that_leave)
{
	static struct hall h;
	_cleanup_free_ uint32_t *whole = NULL, *before = NULL;
	uint32_t had = SLOTS;

	hall_open(&h, 10);
	whole = make_words(&h.table);
	before = make_words(&h.table);
	for (uint32_t percent = 100; percent; percent -= 5) {
		_cleanup_free_ uint32_t *after = NULL;
		uint32_t has;

		hall_keep(&h, 4, PLAN_KEEP_ALL / 100 * percent);
		after = make_words(&h.table);
		expect_moves(before, after, 5, 0);
		has = count_words(after, SLOTS, 5);
		cr_assert_lt(has, had);
		cr_assert_eq(count_moved(whole, after, SLOTS), count_words(whole, SLOTS, 5) - has);
		had = has;
		free(before);
		before = take_ptr(&after);
	}
}

/* keep 1/2 beside 1: a third and two thirds, not a quarter and three quarters. */
Test(consistent, shares_follow_keep)
{
	static const uint32_t keep[][3] = {
		{ PLAN_KEEP_ALL / 2, PLAN_KEEP_ALL, 0 },
		{ PLAN_KEEP_ALL / 10, PLAN_KEEP_ALL, 0 },
		{ PLAN_KEEP_ALL / 4, PLAN_KEEP_ALL / 2, PLAN_KEEP_ALL },
		{ PLAN_KEEP_ALL / 2, PLAN_KEEP_ALL / 2, PLAN_KEEP_ALL },
		{ 1000, 2000, PLAN_KEEP_ALL },
	};

	array_for_each (k, keep, array_len(keep)) {
		static struct hall h;
		_cleanup_free_ uint32_t *words = NULL;
		double sum = 0;

		hall_open(&h, 3);
		for (uint32_t p = 0; p < 3; p++) {
			hall_keep(&h, p, (*k)[p]);
			sum += (*k)[p];
		}
		words = make_words(&h.table);
		for (uint32_t p = 0; p < 3; p++)
			cr_assert_float_eq(count_words(words, SLOTS, p + 1),
					   SLOTS * ((*k)[p] / sum), SLOTS * 0.006);
	}
}

/* Nine tenths gone: the rest still share the work, each within 12 % (6 sigma). */
Test(consistent, stand_ins_share_evenly)
{
	static struct hall h;
	_cleanup_free_ uint32_t *words = NULL;

	hall_open(&h, 100);
	for (uint32_t p = 0; p < 100; p++)
		hall_keep(&h, p, p % 10 ? 0 : PLAN_KEEP_ALL);
	words = make_words(&h.table);
	for (uint32_t p = 0; p < 100; p += 10)
		cr_assert_float_eq(count_words(words, SLOTS, p + 1), SLOTS / 10.0, SLOTS * 0.008);
}

Test(consistent, nobody_alive_is_all_zeroes)
{
	static struct hall h;
	_cleanup_free_ uint32_t *words = NULL, *none = NULL;

	hall_open(&h, 3);
	for (uint32_t p = 0; p < 3; p++)
		hall_keep(&h, p, 0);
	words = make_words(&h.table);
	cr_assert_eq(count_words(words, SLOTS, 0), SLOTS);
	h.table.n_positions = 0;
	none = make_words(&h.table);
	cr_assert_eq(count_words(none, SLOTS, 0), SLOTS);
}

/* Whoever is alive alone has everything, however little it keeps. */
Test(consistent, the_last_one_takes_all)
{
	static struct hall h;
	_cleanup_free_ uint32_t *words = NULL;

	hall_open(&h, 10);
	for (uint32_t p = 0; p < 10; p++)
		hall_keep(&h, p, p == 6 ? 1 : 0);
	words = make_words(&h.table);
	cr_assert_eq(count_words(words, SLOTS, 7), SLOTS);
}

/* Positions beyond the slots have none of their own but may stand in. */
Test(consistent, more_positions_than_slots)
{
	static struct hall h;
	_cleanup_free_ uint32_t *words = NULL, *less = NULL;

	hall_open(&h, MOST);
	h.table.slots = 1024;
	words = make_words(&h.table);
	for (uint32_t p = 0; p < MOST; p++)
		cr_assert_eq(count_words(words, 1024, p + 1), p < 1024);
	for (uint32_t p = 0; p < 1024; p++)
		hall_keep(&h, p, 0);
	less = make_words(&h.table);
	for (uint32_t s = 0; s < 1024; s++)
		cr_assert_gt(less[s], 1024);
}

Test(consistent, a_cache_changes_nothing)
{
	_cleanup_(table_cache_freep) struct table_cache *cache = table_cache_create();
	_cleanup_free_ uint32_t *cached = malloc(SLOTS * sizeof(*cached));
	static struct hall h;
	uint64_t random = 3;

	for (int i = 0; i < 60; i++) {
		_cleanup_free_ uint32_t *alone = NULL;

		hall_open(&h, 1 + make_random(&random, 150));
		h.table.slots = make_random(&random, 4) ? 4096 : 8192;
		hall_keep(&h, make_random(&random, h.table.n_positions), 0);
		alone = make_words(&h.table);
		cr_assert_eq(table_build_cached(cache, &h.table, cached), 0);
		cr_assert_eq(count_moved(alone, cached, h.table.slots), 0);
	}
}
