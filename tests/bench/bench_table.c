/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long does a table of scheduler consistent take, and how many of its slots move?
 *
 *	bench_table [ROUNDS]
 *
 * For 10 to 10 000 backends and the slots that `slots: auto` gives them, medians of
 * the CPU time of: a table from nothing; the same when another table of that size was
 * made before, as the daemon keeps what they have in common; and a repair, which is
 * the new table and a step of every slot. Another backend dies in each round and
 * comes back in the next. The least that can move is what the dead one had, and what
 * the returned one gets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "plan/plan.h"

#define ROUNDS 21
#define MOST_ROUNDS 1001
#define SLOTS_A_POSITION 100
#define BAR_POSITIONS 1000U
#define BAR_MS 10U

/**
 * struct hall - a table and what is in its slots
 * @alive: the backends; their ids are the members, as @table.base is 0
 * @words: the table as it was built last
 * @slots: as they are in the map, one step after the other
 */
struct hall {
	struct plan_table table;
	struct id_set alive;
	uint32_t *words;
	uint32_t *slots;
};

/* Medians in ms, and slots of all rounds: those that moved, those that had to. */
struct result {
	double nothing, cached, dies, returns;
	uint64_t moved, least;
};

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return 1e3 * (double)ts.tv_sec + (double)ts.tv_nsec / 1e6;
}

static void need(bool is_well, const char *what)
{
	if (is_well)
		return;
	fprintf(stderr, "bench_table: %s\n", what);
	exit(EXIT_FAILURE);
}

/* As `slots: auto`. */
static uint32_t slots_for(uint32_t positions)
{
	uint32_t slots = SHUNT_MIN_SLOTS;

	while (slots < SLOTS_A_POSITION * positions)
		slots *= 2;
	return slots;
}

static void hall_seat(struct hall *h, uint32_t position, bool is_alive)
{
	const uint32_t member = position + 1;

	h->table.positions[position] = (struct plan_position){
		.member = is_alive ? member : 0,
		.keep = is_alive ? PLAN_KEEP_ALL : 0,
	};
	if (is_alive)
		id_set_add(&h->alive, member);
	else
		id_set_remove(&h->alive, member);
}

static struct hall *hall_create(uint32_t positions)
{
	struct hall *h = calloc(1, sizeof(*h));

	need(h, "no memory");
	h->table.slots = slots_for(positions);
	h->table.n_positions = positions;
	h->table.positions = calloc(positions, sizeof(*h->table.positions));
	h->words = calloc(h->table.slots, sizeof(*h->words));
	h->slots = calloc(h->table.slots, sizeof(*h->slots));
	need(h->table.positions && h->words && h->slots, "no memory");
	for (uint32_t p = 0; p < positions; p++)
		hall_seat(h, p, true);
	return h;
}

static void hall_free(struct hall *h)
{
	free(h->table.positions);
	free(h->words);
	free(h->slots);
	free(h);
}

static uint64_t slots_of(const struct hall *h, uint32_t member)
{
	uint64_t n = 0;

	for (uint32_t s = 0; s < h->table.slots; s++)
		n += SHUNT_SLOT_CUR(h->slots[s]) == member;
	return n;
}

/* The work of a change: the new table, and one step of every slot. */
static double repair_ms(struct hall *h, struct table_cache *cache)
{
	const double begin = cpu_ms();

	need(!table_build_cached(cache, &h->table, h->words), "cannot make a table");
	for (uint32_t s = 0; s < h->table.slots; s++)
		h->slots[s] = slot_step(h->slots[s], SHUNT_SLOT_CUR(h->words[s]), h->table.base,
					&h->alive);
	return cpu_ms() - begin;
}

/* Let a backend die or return: the time goes to @ms, the slots to @r. */
static void change(struct hall *h, struct table_cache *cache, uint32_t position, double *ms,
		   struct result *r)
{
	const bool returns = !h->table.positions[position].keep;
	const size_t size = h->table.slots * sizeof(*h->slots);
	_cleanup_free_ uint32_t *before = calloc(1, size);
	const uint64_t had = slots_of(h, position + 1);

	need(before, "no memory");
	memcpy(before, h->slots, size);
	hall_seat(h, position, returns);
	*ms = repair_ms(h, cache);
	for (uint32_t s = 0; s < h->table.slots; s++)
		r->moved += SHUNT_SLOT_CUR(before[s]) != SHUNT_SLOT_CUR(h->slots[s]);
	r->least += returns ? slots_of(h, position + 1) : had;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *ms, size_t n)
{
	qsort(ms, n, sizeof(*ms), by_size);
	return ms[n / 2];
}

static double build_ms(struct hall *h, struct table_cache *cache)
{
	const double begin = cpu_ms();

	need(!(cache ? table_build_cached(cache, &h->table, h->words)
		     : table_build(&h->table, h->words)),
	     "cannot make a table");
	return cpu_ms() - begin;
}

static struct result measure(uint32_t positions, size_t rounds)
{
	static double nothing[MOST_ROUNDS], cached[MOST_ROUNDS], dies[MOST_ROUNDS],
		returns[MOST_ROUNDS];
	_cleanup_(table_cache_freep) struct table_cache *cache = table_cache_create();
	struct hall *h = hall_create(positions);
	struct result r = { 0 };

	need(cache, "no memory");
	build_ms(h, cache);
	memcpy(h->slots, h->words, h->table.slots * sizeof(*h->slots));
	for (size_t i = 0; i < rounds; i++) {
		const uint32_t position = i * 7919 % positions;

		nothing[i] = build_ms(h, NULL);
		cached[i] = build_ms(h, cache);
		change(h, cache, position, &dies[i], &r);
		change(h, cache, position, &returns[i], &r);
	}
	hall_free(h);
	r.nothing = median(nothing, rounds);
	r.cached = median(cached, rounds);
	r.dies = median(dies, rounds);
	r.returns = median(returns, rounds);
	return r;
}

static void print_row(uint32_t positions, const struct result *r)
{
	printf("%9u %9u %10.3f %8.3f %8.3f %8.3f %10llu %10llu\n", positions, slots_for(positions),
	       r->nothing, r->cached, r->dies, r->returns, (unsigned long long)r->moved,
	       (unsigned long long)r->least);
}

static void print_bar(const struct result *r)
{
	const double all[] = { r->nothing, r->cached, r->dies, r->returns };
	double worst = 0;

	array_for_each (ms, all, array_len(all))
		worst = *ms > worst ? *ms : worst;
	printf("%u backends: %.3f ms at most, the bar is %u ms: %s\n", BAR_POSITIONS, worst, BAR_MS,
	       worst < BAR_MS ? "met" : "MISSED");
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 10, 100, BAR_POSITIONS, 10000 };
	const size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : ROUNDS;
	struct result bar = { 0 };

	if (argc > 2 || !rounds || rounds > MOST_ROUNDS) {
		fprintf(stderr, "usage: bench_table [ROUNDS], %d at most\n", MOST_ROUNDS);
		return 2;
	}
	printf("Tables of scheduler consistent, medians of %zu in ms, slots that moved\n\n",
	       rounds);
	printf("%9s %9s %10s %8s %8s %8s %10s %10s\n", "backends", "slots", "new table", "another",
	       "one dies", "returns", "moved", "least");
	array_for_each (n, sizes, array_len(sizes)) {
		const struct result r = measure(*n, rounds);

		print_row(*n, &r);
		if (*n == BAR_POSITIONS)
			bar = r;
	}
	print_bar(&bar);
	return EXIT_SUCCESS;
}
