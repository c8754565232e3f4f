/* SPDX-License-Identifier: BSD-2-Clause */
/* The schedule on a virtual clock: against a slow model, and its load over time. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "health/check_sched.h"
#include "health/check_state.h"

Test(check_sched, empty_has_nothing_due)
{
	struct check_sched s = { 0 };
	uint32_t id;

	cr_expect_eq(check_sched_next_ms(&s), CHECK_NEVER);
	cr_expect_eq(check_sched_take(&s, CHECK_NEVER, &id), CHECK_NOTHING);
	check_sched_free(&s);
}

Test(check_sched, tells_start_from_overdue)
{
	struct check_sched s = { 0 };
	uint32_t id;

	cr_assert_eq(check_sched_reserve(&s, 2), 0);
	check_sched_wait(&s, 0, 100);
	check_sched_fly(&s, 1, 50);
	cr_expect_eq(check_sched_next_ms(&s), 50);
	cr_expect_eq(check_sched_take(&s, 49, &id), CHECK_NOTHING);
	cr_expect_eq(check_sched_take(&s, 100, &id), CHECK_OVERDUE);
	cr_expect_eq(id, 1);
	cr_expect_eq(check_sched_take(&s, 100, &id), CHECK_START);
	cr_expect_eq(id, 0);
	cr_expect_eq(check_sched_take(&s, 100, &id), CHECK_NOTHING);
	check_sched_free(&s);
}

#define IDS 200

/* The earliest time in @at, found the long way. */
static uint64_t model_next(const uint64_t *at)
{
	uint64_t next = CHECK_NEVER;

	for (size_t i = 0; i < IDS; i++)
		next = at[i] < next ? at[i] : next;
	return next;
}

Test(check_sched, does_as_the_model_does)
{
	struct check_state dice = { .random = 99 };
	struct check_sched s = { 0 };
	uint64_t at[IDS];

	cr_assert_eq(check_sched_reserve(&s, IDS / 2), 0);
	cr_assert_eq(check_sched_reserve(&s, IDS), 0);
	for (size_t i = 0; i < IDS; i++)
		at[i] = CHECK_NEVER;
	for (int round = 0; round < 20000; round++) {
		uint32_t id = check_state_draw(&dice, IDS);
		uint64_t time = check_state_draw(&dice, 1000);

		switch (check_state_draw(&dice, 4)) {
		case 0:
			check_sched_remove(&s, id);
			at[id] = CHECK_NEVER;
			break;
		case 1:
			if (check_sched_take(&s, time, &id) == CHECK_NOTHING) {
				cr_assert_gt(model_next(at), time);
			} else {
				cr_assert_eq(at[id], model_next(at));
				at[id] = CHECK_NEVER;
			}
			break;
		default:
			check_sched_wait(&s, id, time);
			at[id] = time;
		}
		cr_assert_eq(check_sched_next_ms(&s), model_next(at));
	}
	check_sched_free(&s);
}

#define TARGETS 1000
#define MINUTES 3
#define WINDOW_MS 100
#define WINDOWS (MINUTES * 60000 / WINDOW_MS)

/* Let all pass for some minutes, and count the starts in each window. */
static void simulate(const struct check_timing *t, unsigned int *starts)
{
	static struct check_state states[TARGETS];
	struct check_sched s = { 0 };
	uint32_t id;

	cr_assert_eq(check_sched_reserve(&s, TARGETS), 0);
	for (size_t i = 0; i < TARGETS; i++) {
		check_state_init(&states[i], i, check_state_first_ms(t, i, TARGETS));
		check_sched_wait(&s, i, states[i].due_ms);
	}
	for (uint64_t now = 0; now < (uint64_t)WINDOWS * WINDOW_MS; now++) {
		while (check_sched_take(&s, now, &id) == CHECK_START) {
			starts[now / WINDOW_MS]++;
			check_state_start(&states[id], now);
			check_state_finish(&states[id], t, CHECK_PASSED, now);
			check_sched_wait(&s, id, states[id].due_ms);
		}
	}
	check_sched_free(&s);
}

/* 1000 targets every 2 s are 50 in 100 ms on average; a fair spread varies by 7. */
Test(check_sched, a_thousand_targets_come_without_bursts)
{
	const struct check_timing t = { 2000, 1000, 5000, 2, 3, 5 };
	static unsigned int starts[WINDOWS];
	unsigned int total = 0;

	simulate(&t, starts);
	for (size_t i = 2000 / WINDOW_MS; i < WINDOWS; i++)
		cr_expect_leq(starts[i], i < 60000 / WINDOW_MS ? 100 : 90,
			      "%u starts in window %zu", starts[i], i);
	for (size_t i = 60000 / WINDOW_MS; i < WINDOWS; i++)
		total += starts[i];
	cr_expect_float_eq(total, TARGETS * (MINUTES - 1) * 30.0, TARGETS * 0.5);
}
