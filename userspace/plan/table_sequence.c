/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns: the n-th new flow goes to the owner of slot n, so a table is a sequence that
 * is gone through again and again. It has to be as even on every stretch as it is on
 * the whole, or a backend would get many flows in a row and then none.
 *
 * - First each backend gets its number of slots, by weight, to less than a slot. One
 *   whose share is less than a slot gets one, which the others pay for in proportion;
 *   only if there are more backends than slots some go without.
 * - A backend of c slots out of M has its j-th in [j * M / c, (j + 1) * M / c), rounded
 *   outwards. Such windows can all be met, by serving the one that ends first of those
 *   that have begun (that they can be is known from fair scheduling: Baruah et al.,
 *   Algorithmica'96; that the earliest deadline first does it: Dertouzos, IFIP'74).
 *   So up to every slot each backend has had its share, to less than one slot.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/table.h"

#define NOBODY UINT32_MAX

/**
 * struct runner - a backend that takes turns
 * @count: slots that it gets
 * @had: slots that it has
 * @end: of the window of the next one
 * @next: another one whose window begins in the same slot
 */
struct runner {
	uint32_t word;
	uint32_t weight;
	uint32_t count;
	uint32_t had;
	uint32_t end;
	uint32_t next;
};

/**
 * struct race
 * @begins: by slot: the first of those whose next window begins there
 * @waiting: a heap of those whose window has begun, the one that ends first on top
 */
struct race {
	struct runner *runners;
	uint32_t n;
	uint32_t slots;
	uint32_t *begins;
	uint32_t *waiting;
	uint32_t n_waiting;
};

static void race_free(struct race *r)
{
	free(r->runners);
	free(r->begins);
	free(r->waiting);
}

static void race_enter(struct race *r, const struct plan_table *table)
{
	for (uint32_t i = 0; i < table->n_positions; i++)
		if (table->positions[i].keep && table->weights[i])
			r->runners[r->n++] = (struct runner){
				.word = SHUNT_SLOT(SHUNT_SLOT_STABLE, 0,
						   table->positions[i].member),
				.weight = table->weights[i],
			};
}

static int race_open(struct race *r, const struct plan_table *table)
{
	r->slots = table->slots;
	r->runners = calloc(table->n_positions + 1, sizeof(*r->runners));
	r->waiting = calloc(table->n_positions + 1, sizeof(*r->waiting));
	r->begins = malloc(table->slots * sizeof(*r->begins));
	if (!r->runners || !r->waiting || !r->begins)
		return -ENOMEM;
	memset(r->begins, 0xff, table->slots * sizeof(*r->begins));
	race_enter(r, table);
	return 0;
}

/* The lightest first; members differ. */
static int runner_compare(const void *va, const void *vb)
{
	const struct runner *a = va, *b = vb;

	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	return a->word < b->word ? -1 : a->word > b->word;
}

/* Say how many slots each has; all are given out. */
static void share_out(struct race *r)
{
	uint64_t slots = r->slots, weight = 0, sum = 0;
	uint32_t light = 0;

	qsort(r->runners, r->n, sizeof(*r->runners), runner_compare);
	for (uint32_t i = 0; i < r->n; i++)
		weight += r->runners[i].weight;
	/* With every one that is lifted up to a slot there is less for the next ones. */
	while (r->n <= r->slots && r->runners[light].weight * slots < weight) {
		r->runners[light].count = 1;
		weight -= r->runners[light++].weight;
		slots--;
	}
	for (uint32_t i = light; i < r->n; i++) {
		const uint64_t before = sum * slots / weight;

		sum += r->runners[i].weight;
		r->runners[i].count = sum * slots / weight - before;
	}
}

static bool ends_before(const struct race *r, uint32_t a, uint32_t b)
{
	const uint32_t end_a = r->runners[a].end, end_b = r->runners[b].end;

	return end_a != end_b ? end_a < end_b : a < b;
}

static void wait_push(struct race *r, uint32_t runner)
{
	uint32_t at = r->n_waiting++;

	while (at && ends_before(r, runner, r->waiting[(at - 1) / 2])) {
		r->waiting[at] = r->waiting[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	r->waiting[at] = runner;
}

static uint32_t wait_pop(struct race *r)
{
	const uint32_t top = r->waiting[0], last = r->waiting[--r->n_waiting];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < r->n_waiting) {
		if (child + 1 < r->n_waiting &&
		    ends_before(r, r->waiting[child + 1], r->waiting[child]))
			child++;
		if (!ends_before(r, r->waiting[child], last))
			break;
		r->waiting[at] = r->waiting[child];
		at = child;
	}
	r->waiting[at] = last;
	return top;
}

/* The window of its next slot begins, but not before @slot. */
static void enter_next(struct race *r, uint32_t runner, uint32_t slot)
{
	struct runner *x = &r->runners[runner];
	const uint32_t begin = (uint64_t)x->had * r->slots / x->count;

	if (x->had == x->count)
		return;
	x->end = ((x->had + 1ULL) * r->slots + x->count - 1) / x->count;
	slot = begin > slot ? begin : slot;
	x->next = r->begins[slot];
	r->begins[slot] = runner;
}

static void run(struct race *r, uint32_t *words)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->runners[i].count)
			enter_next(r, i, 0);
	for (uint32_t slot = 0; slot < r->slots; slot++) {
		uint32_t runner;

		for (runner = r->begins[slot]; runner != NOBODY; runner = r->runners[runner].next)
			wait_push(r, runner);
		assert(r->n_waiting);
		runner = wait_pop(r);
		assert(slot < r->runners[runner].end);
		words[slot] = r->runners[runner].word;
		r->runners[runner].had++;
		enter_next(r, runner, slot + 1);
	}
}

int table_build_sequence(const struct plan_table *table, uint32_t *words)
{
	_cleanup_(race_free) struct race r = { 0 };
	int err = race_open(&r, table);

	if (err)
		return err;
	memset(words, 0, table->slots * sizeof(*words));
	if (r.n) {
		share_out(&r);
		run(&r, words);
	}
	return 0;
}
