/* SPDX-License-Identifier: BSD-2-Clause */
/* The arithmetic of shunt/limit.h, by a clock of the test's own. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/array.h"
#include "conf/conf_limit.h"
#include "tables/limits.h"

#define SECOND SHUNT_LIMIT_UNITS_PER_S
/* Anywhere on the circle of times. */
#define START 123456789012ULL

static struct shunt_limit limit_of(uint32_t count, uint32_t per_s, uint32_t burst)
{
	const struct conf_limit conf = { .rate = { count, per_s }, .burst = burst };
	const struct limits_rule rule = { .conf = &conf, .verdict = 1 };

	return limits_make(&rule);
}

static uint64_t at(uint64_t now)
{
	return now & SHUNT_BUCKET_TIME_MASK;
}

/* How many of @n packets at one moment pass. */
static int take(const struct shunt_limit *limit, uint64_t *bucket, uint64_t now, int n)
{
	int passed = 0;

	while (n--)
		passed += shunt_bucket_take(limit, (__u64 *)bucket, 0, at(now));
	return passed;
}

Test(bucket, lets_a_burst_pass_and_then_the_rate)
{
	const struct shunt_limit limit = limit_of(200, 1, 400);
	uint64_t bucket = START;

	cr_expect_eq(take(&limit, &bucket, START, 1000), 400);
	/* 5 ms for each. */
	cr_expect_eq(take(&limit, &bucket, START + SECOND / 200 - 1, 1000), 0);
	for (int i = 1; i <= 1000; i++)
		cr_expect_eq(take(&limit, &bucket, START + i * (SECOND / 200), 5), 1, "%d", i);
	/* After a second without any, as many as the rate says; after two, the whole burst. */
	cr_expect_eq(take(&limit, &bucket, START + 6 * SECOND, 1000), 200);
	cr_expect_eq(take(&limit, &bucket, START + 8 * SECOND, 1000), 400);
	cr_expect_eq(take(&limit, &bucket, START + 800 * SECOND, 1000), 400);
}

Test(bucket, is_exact_for_any_rate)
{
	static const struct conf_rate rates[] = {
		{ 1, 1 }, { 3, 1 }, { 7, 60 }, { 1000, 1 }, { 33333, 1 }, { 100, 3600 },
	};

	array_for_each (r, rates, array_len(rates)) {
		const struct shunt_limit limit = limit_of(r->count, r->per_s, r->count);
		const uint64_t period = SECOND * r->per_s, slack = 1 + r->count / 10000;
		uint64_t bucket = START, passed;

		/* Asked in 100 steps of a period, and more often than it allows. */
		passed = take(&limit, &bucket, START, r->count + 1);
		cr_expect_eq(passed, r->count);
		for (int i = 1; i <= 1000; i++)
			passed +=
				take(&limit, &bucket, START + i * period / 100, r->count / 50 + 2);
		/* Units are whole: of 33333/s each is a hundred-thousandth off. */
		cr_expect_geq(passed + slack, 11ULL * r->count, "%u in %u s: %lu", r->count,
			      r->per_s, passed);
		cr_expect_leq(passed, 11ULL * r->count + slack, "%u in %u s: %lu", r->count,
			      r->per_s, passed);
	}
}

/* From one in an hour to as many as can be said, with the least and the greatest burst. */
Test(bucket, holds_at_the_ends_of_what_can_be_said)
{
	static const struct {
		struct conf_rate rate;
		uint32_t burst;
	} ends[] = {
		{ { 1, 3600 }, 1 },
		{ { CONF_MAX_RATE, 1 }, CONF_MAX_RATE / 100 },
		{ { CONF_MAX_RATE, 1 }, CONF_MAX_RATE },
		{ { CONF_MAX_RATE, 3600 }, CONF_MAX_RATE },
		{ { CONF_MAX_RATE - 1, 3600 }, CONF_MAX_RATE - 1 },
		{ { 1, 1 }, 3600 },
	};

	array_for_each (e, ends, array_len(ends)) {
		const struct shunt_limit limit = limit_of(e->rate.count, e->rate.per_s, e->burst);
		const uint64_t now = SHUNT_BUCKET_TIME_MASK - 1;
		uint64_t bucket = now;
		__u64 next;

		cr_expect_gt(limit.cost, 0);
		/* Costs are rounded; and most of the circle is the past. */
		cr_expect_leq(limit.depth, SHUNT_LIMIT_MAX_DEPTH + SECOND / 10);
		cr_expect_lt(limit.ahead, SHUNT_BUCKET_TIME_MASK / 4);
		/* Full but for one, across the seam of times. */
		bucket = at(now + limit.depth - limit.cost);
		cr_expect_eq(take(&limit, &bucket, now, 2), 1);
		cr_expect_eq(bucket, at(now + limit.depth));
		cr_expect_eq(take(&limit, &bucket, now + limit.cost - 1, 1), 0);
		cr_expect_eq(take(&limit, &bucket, now + limit.cost, 2), 1);
		cr_expect_eq(shunt_bucket_put(&limit, bucket, 0, at(now + limit.depth + limit.cost),
					      &next),
			     1, "it is empty");
	}
}

Test(bucket, writes_nothing_when_it_is_full)
{
	const struct shunt_limit limit = limit_of(10, 1, 10);
	uint64_t bucket = START, full;

	take(&limit, &bucket, START, 10);
	full = bucket;
	cr_expect_eq(take(&limit, &bucket, START + SECOND / 20, 100), 0);
	cr_expect_eq(bucket, full);
}

/* Times go round: nothing happens at the seam. */
Test(bucket, goes_on_where_times_begin_anew)
{
	const struct shunt_limit limit = limit_of(100, 1, 50);
	const uint64_t start = SHUNT_BUCKET_TIME_MASK - SECOND / 4;
	uint64_t bucket = start;

	cr_expect_eq(take(&limit, &bucket, start, 100), 50);
	for (int i = 1; i <= 200; i++)
		cr_expect_eq(take(&limit, &bucket, start + i * (SECOND / 100), 3), 1, "%d", i);
}

Test(bucket, of_a_time_long_past_is_empty)
{
	const struct shunt_limit limit = limit_of(100, 1, 50);

	for (uint64_t minutes = 1; minutes < 290; minutes++) {
		uint64_t bucket = START;

		take(&limit, &bucket, START, 50);
		cr_expect_eq(take(&limit, &bucket, START + minutes * 60 * SECOND, 100), 50,
			     "after %lu minutes", minutes);
	}
}

Test(bucket, is_not_fuller_than_a_lower_limit_lets_it_be)
{
	const struct shunt_limit deep = limit_of(1, 1, 600);
	struct shunt_limit flat = limit_of(1000, 1, 1000);
	uint64_t bucket = START;

	cr_assert_eq(take(&deep, &bucket, START, 1000), 600);
	flat.ahead = deep.ahead;
	cr_expect_eq(take(&flat, &bucket, START, 1000), 0, "what was taken is forgotten");
	cr_expect_eq(take(&flat, &bucket, START + SECOND / 10, 1000), 100, "it still waits");
}

/* Another CPU has put into it at a time that this one does not know of yet. */
Test(bucket, of_a_time_to_come_is_full)
{
	const struct shunt_limit limit = limit_of(1000, 1, 1000);

	for (uint64_t late_ms = 1; late_ms <= 50000; late_ms *= 2) {
		const uint64_t now = START - late_ms * (SECOND / 1000);
		uint64_t bucket = START, full;

		cr_assert_eq(take(&limit, &bucket, START, 2000), 1000);
		full = bucket;
		cr_expect_eq(take(&limit, &bucket, now, 2000), 0, "%lu ms late", late_ms);
		if (late_ms < 100)
			cr_expect_eq(bucket, full, "%lu ms late: time is given back", late_ms);
	}
}

Test(bucket, that_is_lightest_gives_way)
{
	const struct shunt_limit limit = limit_of(10, 1, 100);
	struct shunt_bucket_line line = { { 0 } };
	uint64_t tag[SHUNT_BUCKETS_PER_LINE];

	for (uint32_t i = 0; i < SHUNT_BUCKETS_PER_LINE; i++) {
		tag[i] = SHUNT_BUCKET_TAG(2 * i + 1);
		cr_assert_eq(shunt_bucket_find(&line, tag[i], at(START)), i);
		for (uint32_t n = 0; n < 10 + (i ^ 5); n++)
			cr_assert(shunt_bucket_take(&limit, &line.bucket[i], tag[i], at(START)));
	}
	for (uint32_t i = 0; i < SHUNT_BUCKETS_PER_LINE; i++)
		cr_expect_eq(shunt_bucket_find(&line, tag[i], at(START)), i, "it is there");
	cr_expect_eq(shunt_bucket_find(&line, SHUNT_BUCKET_TAG(99), at(START)), 5);
	/* Its place comes with nothing that it has not sent itself. */
	for (int n = 0; n < 100; n++)
		cr_expect(shunt_bucket_take(&limit, &line.bucket[5], SHUNT_BUCKET_TAG(99),
					    at(START)));
	cr_expect_not(shunt_bucket_take(&limit, &line.bucket[5], SHUNT_BUCKET_TAG(99), at(START)));
	cr_expect_eq(shunt_bucket_find(&line, SHUNT_BUCKET_TAG(97), at(START)), 4);
}

/* Whatever time it is: times go round, and 0 is one of them. */
Test(bucket, of_nobody_is_the_lightest)
{
	const struct shunt_limit limit = limit_of(1, 1, 100);

	for (uint64_t now = 0; now <= SHUNT_BUCKET_TIME_MASK; now += 60 * SECOND) {
		struct shunt_bucket_line line = { { 0 } };

		for (uint32_t i = 0; i < SHUNT_BUCKETS_PER_LINE; i++) {
			const uint64_t tag = SHUNT_BUCKET_TAG(2 * i);
			const uint32_t place = shunt_bucket_find(&line, tag, now);

			cr_assert_eq(line.bucket[place], 0, "at %lu s", now / SECOND);
			cr_assert(shunt_bucket_take(&limit, &line.bucket[place], tag, now));
		}
	}
}

/* --- several CPUs ---------------------------------------------------------------- */

#define THREADS 2
#define ROUNDS 400
#define PER_ROUND 50

struct race {
	const struct shunt_limit *limit;
	uint64_t *bucket;
	pthread_barrier_t *barrier;
	uint64_t passed;
};

/* Each round is a moment, which all begin together. */
static void *run(void *arg)
{
	struct race *r = arg;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(r->barrier);
		r->passed += take(r->limit, r->bucket, START + round * SECOND, PER_ROUND);
	}
	return NULL;
}

/* 80 of 100 may pass in each round. A packet that passes uncounted was overtaken four times. */
Test(bucket, counts_what_several_cpus_take_at_once)
{
	const struct shunt_limit limit = limit_of(80, 1, 80);
	uint64_t bucket = START, passed = 0;
	pthread_barrier_t barrier;
	pthread_t threads[THREADS];
	struct race races[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		races[i] = (struct race){ &limit, &bucket, &barrier, 0 };
		cr_assert_eq(pthread_create(&threads[i], NULL, run, &races[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		passed += races[i].passed;
	}
	pthread_barrier_destroy(&barrier);
	cr_expect_geq(passed, 80ULL * ROUNDS);
	cr_expect_leq(passed, 80ULL * ROUNDS * 101 / 100, "%lu passed", passed);
}

/* --- a flood --------------------------------------------------------------------- */

#define LINES 65536
#define FLOOD_PER_MS 1000
#define HONEST 1000

struct town {
	struct shunt_bucket_line *lines;
	uint64_t random;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A packet of a source, by its hash. */
static int town_take(struct town *t, const struct shunt_limit *limit, uint64_t hash, uint64_t now)
{
	struct shunt_bucket_line *line = &t->lines[hash >> 32 & (LINES - 1)];
	const uint64_t tag = SHUNT_BUCKET_TAG(hash);

	return shunt_bucket_take(limit, &line->bucket[shunt_bucket_find(line, tag, at(now))], tag,
				 at(now));
}

/* Hashes of known sources: as random as those of the flood. */
static uint64_t known(uint64_t i)
{
	uint64_t state = 0x5eed + i;

	return next_random(&state);
}

/**
 * struct outcome - of some seconds with a million invented sources in each
 * @honest_lost: of those who send half of what they may
 * @greedy: passed, of those who send 50 times as much
 */
struct outcome {
	uint64_t honest_sent, honest_lost, greedy;
};

/* @every_ms: when the honest send; 100 greedy ones send in each millisecond. */
static struct outcome flood(const struct shunt_limit *limit, int ms, int every_ms)
{
	struct town t = { calloc(LINES, sizeof(*t.lines)), 1 };
	struct outcome o = { 0, 0, 0 };

	cr_assert(t.lines);
	for (int now_ms = 0; now_ms < ms; now_ms++) {
		const uint64_t now = START + now_ms * (SECOND / 1000);

		for (int i = 0; i < FLOOD_PER_MS; i++)
			town_take(&t, limit, next_random(&t.random), now);
		for (uint64_t i = now_ms % every_ms; i < HONEST; i += every_ms) {
			o.honest_sent++;
			o.honest_lost += !town_take(&t, limit, known(i), now);
		}
		for (uint64_t i = 0; i < 100; i++)
			o.greedy += town_take(&t, limit, known(HONEST + i % 10), now);
	}
	free(t.lines);
	return o;
}

/* 4 MiB, 200/s: 1000 sources at half of that, and 10 at 10 000/s, beside 1 M/s. */
Test(bucket, of_the_honest_stays_theirs_in_a_flood)
{
	const struct shunt_limit limit = limit_of(200, 1, 400);
	const struct outcome o = flood(&limit, 4000, 10);

	cr_expect_eq(o.honest_sent, 400000);
	cr_expect_eq(o.honest_lost, 0, "%lu of %lu", o.honest_lost, o.honest_sent);
	cr_expect_geq(o.greedy, 10 * (400 + 799));
	cr_expect_leq(o.greedy, 10 * (400 + 800), "%lu passed", o.greedy);
}

/* A limit so low that invented sources fill all lines: still nobody honest loses. */
Test(bucket, of_the_greedy_is_kept_by_a_low_limit, .timeout = 60)
{
	const struct shunt_limit limit = limit_of(10, 60, 10);
	const struct outcome o = flood(&limit, 4000, 2000);

	cr_expect_eq(o.honest_lost, 0, "%lu of %lu", o.honest_lost, o.honest_sent);
	cr_expect_geq(o.greedy, 10 * 10);
	/* 40 000 each. Who has just come may lose his bucket before it is a heavy one. */
	cr_expect_leq(o.greedy, 10 * 10 * 2, "%lu passed", o.greedy);
}
