/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts on a virtual clock. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "health/check_state.h"

/*
 * A scenario: each letter is the result of one check (P pass, F fail, V void),
 * each check starts when it is due and takes @takes_ms. @states has the state
 * after each (u, U, D), @waits the time from its start to the next start.
 * The first wait after a verdict is drawn, so there 0 stands for "up to the
 * interval".
 */
struct scenario {
	char name[40];
	uint32_t rise, fall, takes_ms;
	char results[16];
	char states[16];
	uint32_t waits[12];
};

#define INTERVAL 2000
#define FAST 1000
#define DOWN 5000

ParameterizedTestParameters(check_state, scenario)
{
	static struct scenario cases[] = {
		{ "one pass is enough at first", 2, 3, 1, "PPP", "UUU", { 0, 2000, 2000 } },
		{ "one failure is enough at first", 2, 3, 1, "FFF", "DDD", { 0, 5000, 5000 } },
		{ "falls, and looks faster",
		  2,
		  3,
		  1,
		  "PPFFF",
		  "UUUUD",
		  { 0, 2000, 1000, 1000, 5000 } },
		{ "rises, and looks faster", 2, 3, 1, "FFPP", "DDDU", { 0, 5000, 1000, 2000 } },
		{ "a pass ends the fall",
		  2,
		  3,
		  1,
		  "PFFPFFP",
		  "UUUUUUU",
		  { 0, 1000, 1000, 2000, 1000, 1000, 2000 } },
		{ "a failure ends the rise",
		  3,
		  3,
		  1,
		  "FPPFPPP",
		  "DDDDDDU",
		  { 0, 1000, 1000, 5000, 1000, 1000, 2000 } },
		{ "flaps with rise and fall 1",
		  1,
		  1,
		  1,
		  "PFPFP",
		  "UDUDU",
		  { 0, 5000, 2000, 5000, 2000 } },
		{ "void moves nothing",
		  2,
		  3,
		  1,
		  "VPFVFVFVPVP",
		  "uUUUUUDDDDU",
		  { 1000, 0, 1000, 1000, 1000, 1000, 5000, 5000, 1000, 1000, 2000 } },
		{ "slow checks start at once again",
		  2,
		  3,
		  3000,
		  "PPFP",
		  "UUUU",
		  { 3000, 3000, 3000, 3000 } },
	};

	return cr_make_param_array(struct scenario, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct scenario *c, check_state, scenario)
{
	static const struct {
		char letter;
		enum check_outcome outcome;
	} outcomes[] = { { 'P', CHECK_PASSED }, { 'F', CHECK_FAILED }, { 'V', CHECK_VOID } };
	static const char letters[] = "uUD";
	struct check_timing t = { INTERVAL, FAST, DOWN, c->rise, c->fall, 0 };
	struct check_state s;

	check_state_init(&s, 7, 1000000);
	for (size_t i = 0; c->results[i]; i++) {
		enum health_state old = s.state;
		uint64_t start = s.due_ms, wait;
		size_t o = 0;
		bool changed;

		while (outcomes[o].letter != c->results[i])
			o++;
		check_state_start(&s, start);
		changed = check_state_finish(&s, &t, outcomes[o].outcome, start + c->takes_ms);
		wait = s.due_ms - start;
		cr_expect_eq(letters[s.state], c->states[i], "%s: check %zu", c->name, i);
		cr_expect_eq(changed, s.state != old, "%s: check %zu", c->name, i);
		if (c->waits[i])
			cr_expect_eq(wait, c->waits[i], "%s: wait %zu is %lu", c->name, i, wait);
		else
			cr_expect(wait >= 1 && wait <= (s.state == HEALTH_UP ? INTERVAL : DOWN));
		cr_expect(!s.rising || !s.falling);
	}
}

Test(check_state, jitter_stays_within_bounds_and_uses_them)
{
	const struct check_timing t = { INTERVAL, FAST, DOWN, 2, 3, 5 };
	uint64_t least = UINT64_MAX, most = 0;
	struct check_state s;

	check_state_init(&s, 42, 0);
	check_state_finish(&s, &t, CHECK_PASSED, 0);
	for (int i = 0; i < 10000; i++) {
		uint64_t wait;

		check_state_start(&s, s.due_ms);
		check_state_finish(&s, &t, CHECK_PASSED, s.due_ms);
		wait = s.due_ms - s.started_ms;
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	cr_expect_eq(least, INTERVAL - 100);
	cr_expect_eq(most, INTERVAL + 100);
}

Test(check_state, same_seed_same_waits)
{
	const struct check_timing t = { INTERVAL, FAST, DOWN, 2, 3, 5 };
	struct check_state a, b, other;
	int differ = 0;

	check_state_init(&a, 1, 0);
	check_state_init(&b, 1, 0);
	check_state_init(&other, 2, 0);
	for (int i = 0; i < 100; i++) {
		check_state_finish(&a, &t, CHECK_PASSED, 0);
		check_state_finish(&b, &t, CHECK_PASSED, 0);
		check_state_finish(&other, &t, CHECK_PASSED, 0);
		cr_expect_eq(a.due_ms, b.due_ms);
		differ += a.due_ms != other.due_ms;
	}
	cr_expect_gt(differ, 90);
}

Test(check_state, an_adopted_verdict_changes_by_rise_and_fall)
{
	const struct check_timing t = { INTERVAL, FAST, DOWN, 2, 3, 5 };
	struct check_state s;

	check_state_init(&s, 1, 0);
	check_state_adopt(&s, HEALTH_UP);
	cr_expect_not(check_state_finish(&s, &t, CHECK_FAILED, 0));
	cr_expect_not(check_state_finish(&s, &t, CHECK_FAILED, 0));
	cr_expect(check_state_finish(&s, &t, CHECK_FAILED, 0));
	cr_expect_eq(s.state, HEALTH_DOWN);
}

Test(check_state, first_checks_come_soon_and_evenly)
{
	const struct check_timing t = { .interval_ms = INTERVAL }, quick = { .interval_ms = 100 };

	cr_expect_eq(check_state_first_ms(&t, 0, 1), 0);
	cr_expect_eq(check_state_first_ms(&t, 500, 1000), CHECK_SPREAD_MS / 2);
	cr_expect_lt(check_state_first_ms(&t, 999, 1000), CHECK_SPREAD_MS);
	cr_expect_lt(check_state_first_ms(&quick, 999, 1000), 100);
	/* Too many for half a second: no more than four a millisecond. */
	cr_expect_eq(check_state_first_ms(&t, 3999, 4000), 999);
	cr_expect_lt(check_state_first_ms(&t, 32000, 32001), INTERVAL);
}

Test(check_state, hastened_it_comes_as_fast_as_while_it_changes)
{
	const struct check_timing t = { 30000, FAST, DOWN, 2, 3, 0 };
	struct check_state s;

	check_state_init(&s, 1, 0);
	cr_expect_not(check_state_may_hasten(&s, &t, 500), "unknown");
	check_state_adopt(&s, HEALTH_UP);
	s.apart = true;
	check_state_start(&s, 100000);
	check_state_finish(&s, &t, CHECK_PASSED, 100001);
	cr_assert_eq(s.due_ms, 130000);

	/* Just checked: not before the fast interval is over. */
	cr_expect(check_state_may_hasten(&s, &t, 100200));
	check_state_hasten(&s, &t, 100200);
	cr_expect_eq(s.due_ms, 100000 + FAST);
	cr_expect_not(check_state_may_hasten(&s, &t, 100300), "it is as soon as can be");

	/* A while ago: at once; and if it passes the next wait is any. */
	s.due_ms = 130000;
	check_state_hasten(&s, &t, 110000);
	cr_expect_eq(s.due_ms, 110000);
	check_state_start(&s, 110000);
	check_state_finish(&s, &t, CHECK_PASSED, 110001);
	cr_expect(s.due_ms > 110000 && s.due_ms <= 140000 && s.due_ms != 140000);

	check_state_start(&s, s.due_ms);
	check_state_finish(&s, &t, CHECK_FAILED, s.due_ms);
	cr_expect_not(check_state_may_hasten(&s, &t, s.due_ms - 1), "it falls, and fast");
	check_state_adopt(&s, HEALTH_DOWN);
	cr_expect_not(check_state_may_hasten(&s, &t, 0), "that is known");
}
