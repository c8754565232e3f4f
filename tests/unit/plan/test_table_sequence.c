/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns: how even a sequence is on the whole, and on every stretch of it. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "make.h"

#define MOST 1000

/* Member i + 1 at place i. */
struct queue {
	struct plan_position positions[MOST];
	uint32_t weights[MOST];
	struct plan_table table;
	uint64_t sum;
};

static void queue_open(struct queue *q, uint32_t slots, const uint32_t *weights, uint32_t n)
{
	q->sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		q->positions[i] = (struct plan_position){ i + 1, PLAN_KEEP_ALL };
		q->weights[i] = weights[i];
		q->sum += weights[i];
	}
	q->table = (struct plan_table){
		.scheduler = CONF_SCHEDULER_ROUND_ROBIN,
		.slots = slots,
		.positions = q->positions,
		.weights = q->weights,
		.n_positions = n,
	};
}

/* Up to every slot each has had its share, to less than two slots, of the weights. */
static void expect_even_everywhere(const struct queue *q, const uint32_t *words)
{
	static uint32_t had[MOST + 1];

	memset(had, 0, sizeof(had));
	for (uint32_t s = 0; s < q->table.slots; s++) {
		cr_assert_gt(words[s], 0);
		cr_assert_leq(words[s], q->table.n_positions);
		had[words[s]]++;
		if (s % 61 && s + 1 < q->table.slots)
			continue;
		for (uint32_t i = 0; i < q->table.n_positions; i++) {
			const double share = (s + 1.0) * q->weights[i] / q->sum;

			cr_assert_lt(fabs(had[i + 1] - share), 2.0, "%u of %u: %u, not %f", i,
				     q->table.n_positions, had[i + 1], share);
		}
	}
	for (uint32_t i = 0; i < q->table.n_positions; i++) {
		const double share = (double)q->table.slots * q->weights[i] / q->sum;

		cr_assert_leq(fabs(had[i + 1] - share), 1.0);
	}
}

Test(sequence, every_stretch_is_as_even_as_the_whole)
{
	static const uint32_t pattern[][4] = {
		{ 1, 1, 1, 1 },	  { 1, 1, 1, 2 },     { 1, 10, 3, 7 },
		{ 100, 1, 1, 1 }, { 100, 50, 75, 1 }, { 997, 991, 983, 977 },
	};
	static const uint32_t sizes[] = { 1, 2, 3, 7, 10, 100 };
	static uint32_t weights[MOST];
	static struct queue q;

	array_for_each (p, pattern, array_len(pattern)) {
		array_for_each (n, sizes, array_len(sizes)) {
			_cleanup_free_ uint32_t *words = NULL;

			for (uint32_t i = 0; i < *n; i++)
				weights[i] = (*p)[i % 4];
			queue_open(&q, 16384, weights, *n);
			words = make_words(&q.table);
			expect_even_everywhere(&q, words);
		}
	}
}

/* New flows one behind the other, from any slot on and over the end of the table. */
static void expect_split(const struct queue *q, const uint32_t *words, uint32_t from)
{
	static uint32_t had[MOST + 1];

	memset(had, 0, sizeof(had));
	for (uint32_t i = 0; i < 10000; i++)
		had[words[(from + i) & (q->table.slots - 1)]]++;
	for (uint32_t i = 0; i < q->table.n_positions; i++)
		cr_assert_lt(fabs(had[i + 1] / 10000.0 - (double)q->weights[i] / q->sum), 0.0004,
			     "from %u: %u of weight %u", from, had[i + 1], q->weights[i]);
}

Test(sequence, ten_thousand_flows_are_split_by_weight)
{
	static const uint32_t slots[] = { 8192, 65536 };
	static uint32_t weights[MOST];
	static struct queue q;
	uint64_t random = 4711;

	for (int round = 0; round < 40; round++) {
		const uint32_t n = 1 + make_random(&random, 100);
		_cleanup_free_ uint32_t *words = NULL;

		for (uint32_t i = 0; i < n; i++)
			weights[i] = 1 + make_random(&random, 100);
		queue_open(&q, slots[round % 2], weights, n);
		words = make_words(&q.table);
		for (int i = 0; i < 10; i++)
			expect_split(&q, words, make_random(&random, q.table.slots));
	}
}

/* Equals come one after the other, so that a burst is spread over all. */
Test(sequence, of_equals_is_a_round)
{
	static const uint32_t weights[8] = { 3, 3, 3, 3, 3, 3, 3, 3 };
	_cleanup_free_ uint32_t *words = NULL;
	static struct queue q;

	queue_open(&q, 1024, weights, 8);
	words = make_words(&q.table);
	for (uint32_t s = 8; s < 1024; s++)
		cr_assert_eq(words[s], words[s - 8]);
	for (uint32_t s = 1; s < 8; s++)
		for (uint32_t t = 0; t < s; t++)
			cr_assert_neq(words[s], words[t]);
}

/* The heavy one is served in between, not before and after all the others. */
Test(sequence, light_ones_do_not_gather)
{
	static uint32_t weights[101];
	_cleanup_free_ uint32_t *words = NULL;
	static struct queue q;

	weights[0] = 100;
	for (int i = 1; i <= 100; i++)
		weights[i] = 1;
	queue_open(&q, 2048, weights, 101);
	words = make_words(&q.table);
	for (uint32_t s = 2; s < 2048; s++)
		cr_assert(words[s] == 1 || words[s - 1] == 1 || words[s - 2] == 1);
}

Test(sequence, nobody_goes_without)
{
	static uint32_t weights[MOST], count[MOST + 1];
	_cleanup_free_ uint32_t *words = NULL;
	static struct queue q;

	for (uint32_t i = 0; i < MOST; i++)
		weights[i] = i % 2 ? 1 : 1000;
	queue_open(&q, 1024, weights, MOST);
	words = make_words(&q.table);
	for (uint32_t s = 0; s < 1024; s++)
		count[words[s]]++;
	for (uint32_t i = 0; i < MOST; i++)
		cr_assert_geq(count[i + 1], 1);
	cr_assert_eq(count[0], 0);
}

/* With fewer slots than backends some do, but the slots are full. */
Test(sequence, more_backends_than_slots)
{
	static uint32_t weights[MOST];
	static struct queue q;
	uint32_t words[512];

	for (uint32_t i = 0; i < MOST; i++)
		weights[i] = 1 + i % 7;
	queue_open(&q, 512, weights, MOST);
	cr_assert_eq(table_build(&q.table, words), 0);
	for (uint32_t s = 0; s < 512; s++)
		cr_assert_gt(words[s], 0);
}

Test(sequence, nobody_serves)
{
	static struct queue q;
	static const uint32_t weights[] = { 1, 1 };
	_cleanup_free_ uint32_t *words = NULL;

	queue_open(&q, 1024, weights, 2);
	q.positions[0].keep = 0;
	q.positions[1].keep = 0;
	words = make_words(&q.table);
	for (uint32_t s = 0; s < 1024; s++)
		cr_assert_eq(words[s], 0);
}

/* --- from the config ---------------------------------------------------------------- */

static uint32_t slots_with(uint32_t a, uint32_t b, uint32_t n)
{
	_cleanup_(make_free) struct conf *conf = make_web(0, n, a);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *plan = NULL;

	conf->services[0].scheduler = CONF_SCHEDULER_ROUND_ROBIN;
	conf->services[0].backends[0].weight = b;
	plan = make_plan(conf, ids);
	return plan->tables[0].slots;
}

Test(sequence, slots_are_enough_for_the_lightest)
{
	cr_expect_eq(slots_with(1, 1, 2), 1024);
	cr_expect_eq(slots_with(100, 200, 10), 1024);
	cr_expect_eq(slots_with(1, 1000, 2), 8192);
	cr_expect_eq(slots_with(7, 1000, 100), 16384);
	cr_expect_eq(slots_with(999, 1000, 100), 65536);
	cr_expect_eq(slots_with(1, 1, 1000), 65536);
}

Test(sequence, doubled_weights_are_the_same)
{
	_cleanup_(make_free) struct conf *conf = make_web(0, 5, 10);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *a = NULL, *b = NULL;

	conf->services[0].scheduler = CONF_SCHEDULER_ROUND_ROBIN;
	conf->services[0].backends[3].weight = 30;
	a = make_plan(conf, ids);
	for (int i = 0; i < 5; i++)
		conf->services[0].backends[i].weight *= 2;
	b = make_plan(conf, ids);
	cr_expect(plan_table_is_equal(&a->tables[0], &b->tables[0]));
	conf->services[0].backends[3].weight = 61;
	plan_free(b);
	b = make_plan(conf, ids);
	cr_expect_not(plan_table_is_equal(&a->tables[0], &b->tables[0]));
}
