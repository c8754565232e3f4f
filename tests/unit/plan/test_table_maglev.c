/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "make.h"
#include "plan/table_hash.h"

#define MOST 1000

/* Backend i + 1 at place i. */
struct crew {
	struct plan_position positions[MOST];
	uint32_t weights[MOST];
	uint64_t seeds[MOST];
	struct plan_table table;
};

static void crew_open(struct crew *c, uint32_t slots, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		c->positions[i] = (struct plan_position){ i + 1, PLAN_KEEP_ALL };
		c->weights[i] = 1;
		c->seeds[i] = table_mix(i + 1);
	}
	c->table = (struct plan_table){
		.scheduler = CONF_SCHEDULER_MAGLEV,
		.slots = slots,
		.positions = c->positions,
		.weights = c->weights,
		.seeds = c->seeds,
		.n_positions = n,
	};
}

/* Means below 2, great spreads, many of a kind: shares to two slots of the weights. */
Test(maglev, shares_follow_weights)
{
	static const uint32_t pattern[][4] = {
		{ 1, 1, 1, 1 },	   { 1, 1, 1, 2 },	 { 1, 2, 1, 2 },
		{ 2, 3, 2, 3 },	   { 1, 10, 3, 7 },	 { 1000, 999, 500, 1 },
		{ 1000, 1, 1, 1 }, { 100, 50, 100, 75 }, { 997, 991, 983, 977 },
	};
	static const uint32_t sizes[] = { 1, 2, 3, 7, 10, 100, 1000 };
	static uint32_t count[MOST + 1];

	array_for_each (p, pattern, array_len(pattern)) {
		array_for_each (n, sizes, array_len(sizes)) {
			static struct crew c;
			_cleanup_free_ uint32_t *words = NULL;
			double sum = 0;

			crew_open(&c, 65536, *n);
			for (uint32_t i = 0; i < *n; i++)
				sum += c.weights[i] = (*p)[i % 4];
			words = make_words(&c.table);
			memset(count, 0, sizeof(count));
			for (uint32_t i = 0; i < 65536; i++)
				count[words[i]]++;
			for (uint32_t i = 0; i < *n; i++)
				cr_assert_float_eq(count[i + 1], 65536 * (c.weights[i] / sum), 2.0);
		}
	}
}

/* A weight counts in every round: a table that is hardly begun is already fair. */
Test(maglev, no_round_forgets_the_weights)
{
	static struct crew c;
	_cleanup_free_ uint32_t *words = NULL;

	crew_open(&c, 1024, 512);
	for (uint32_t i = 0; i < 512; i++)
		c.weights[i] = i % 2 ? 3 : 1;
	words = make_words(&c.table);
	for (uint32_t i = 0; i < 512; i++)
		cr_assert_leq(abs((int)count_words(words, 1024, i + 1) - (i % 2 ? 3 : 1)), 1);
}

/* Not minimal, but bounded: 1.6 times the least there can be at 100 backends (6.4 at 1000). */
Test(maglev, fail_moves_little)
{
	static struct crew c;
	_cleanup_free_ uint32_t *whole = NULL, *less = NULL;

	crew_open(&c, 65536, 100);
	whole = make_words(&c.table);
	c.positions[42] = (struct plan_position){ 0 };
	less = make_words(&c.table);
	cr_assert_eq(count_words(less, 65536, 43), 0);
	cr_assert_geq(count_moved(whole, less, 65536), 655);
	cr_assert_lt(count_moved(whole, less, 65536), 2 * 655);
}

/* The largest table, against a model that steps by additions below 2 * M alone. */
Test(maglev, the_largest_table_follows_the_permutations)
{
	enum {
		SLOTS = SHUNT_MAX_SLOTS
	};
	static struct crew c;
	_cleanup_free_ uint32_t *words = NULL, *expected = calloc(SLOTS, sizeof(*expected));
	uint32_t at[3], skip[3];

	crew_open(&c, SLOTS, 3);
	words = make_words(&c.table);
	for (int i = 0; i < 3; i++) {
		at[i] = table_hash(TABLE_OFFSET, c.seeds[i]) % SLOTS;
		skip[i] = table_hash(TABLE_SKIP, c.seeds[i]) % SLOTS | 1;
	}
	for (uint32_t taken = 0; taken < SLOTS; taken++) {
		int i = taken % 3;

		while (expected[at[i]])
			at[i] = (at[i] + skip[i]) % SLOTS;
		expected[at[i]] = SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, i + 1);
	}
	cr_assert_eq(count_moved(words, expected, SLOTS), 0);
}

Test(maglev, nobody_alive_is_all_zeroes)
{
	static struct crew c;
	_cleanup_free_ uint32_t *words = NULL;

	crew_open(&c, 1024, 2);
	c.positions[0].keep = 0;
	c.weights[1] = 0;
	words = make_words(&c.table);
	cr_assert_eq(count_words(words, 1024, 0), 1024);
}
