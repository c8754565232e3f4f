/* SPDX-License-Identifier: BSD-2-Clause */
/* What is put right of a load, and what may be our own mistake. */
#include <criterion/criterion.h>

#include "tables/loads.h"

/* A sweep of one part that finds @found, while @opened begin and @ended end. */
static int32_t sweep(struct shunt_load *load, uint32_t found, uint32_t opened, uint32_t ended)
{
	struct loads_look look = { 0 };

	loads_before(&look, load);
	load->opened += opened;
	load->active += opened - ended;
	loads_after(&look, load, found);
	return loads_correct(&look, load);
}

Test(loads, what_is_right_stays)
{
	struct shunt_load load = { .active = 100, .opened = 4000 };

	cr_expect_eq(sweep(&load, 100, 0, 0), 0);
	cr_expect_eq(load.active, 100);
	cr_expect_eq(load.opened, 4000);
}

Test(loads, what_fell_silent_is_taken_off_at_once)
{
	struct shunt_load load = { .active = 100 };

	cr_expect_eq(sweep(&load, 60, 0, 0), 40);
	cr_expect_eq(load.active, 60);
}

/* As after a start with other maps, into which flows were carried. */
Test(loads, what_was_never_counted_is_added)
{
	struct shunt_load load = { 0 };

	cr_expect_eq(sweep(&load, 60, 0, 0), -60);
	cr_expect_eq(load.active, 60);
}

Test(loads, less_than_none_is_none_and_is_put_right)
{
	struct shunt_load load = { .active = -3U };

	cr_expect_eq(loads_active(&load), 0);
	cr_expect_eq(sweep(&load, 2, 0, 0), -5);
	cr_expect_eq(load.active, 2);
	cr_expect_eq(loads_active(&load), 2);
}

/* Whichever of those that began or ended meanwhile were found, the number is not touched. */
Test(loads, what_moves_meanwhile_is_no_error)
{
	for (uint32_t opened = 0; opened <= 20; opened++)
		for (uint32_t ended = 0; ended <= 20; ended++)
			for (uint32_t found = 100 - ended; found <= 100 + opened; found++) {
				struct shunt_load load = { .active = 100 };

				cr_assert_eq(sweep(&load, found, opened, ended), 0,
					     "%u opened, %u ended, %u found", opened, ended, found);
			}
}

/* Nor is more corrected than is surely wrong. */
Test(loads, never_corrects_too_far)
{
	for (uint32_t opened = 0; opened <= 20; opened++)
		for (uint32_t ended = 0; ended <= 20; ended++) {
			struct shunt_load load = { .active = 200 };
			/* A hundred of them are wrong; half of what moves is found. */
			const int32_t taken = sweep(&load, 100 + opened / 2, opened, ended);

			cr_assert_leq(taken, 100);
			cr_assert_geq(taken, 100 - 2 * (int32_t)(opened + ended));
		}
}

/* Of a cache of many parts, between which the number grows: the mean is what was found. */
Test(loads, parts_are_compared_with_what_there_was_then)
{
	struct shunt_load load = { .active = 1000 };
	struct loads_look look = { 0 };

	/* Of each of ten parts a tenth of what there is is found. */
	for (int part = 0; part < 10; part++) {
		loads_before(&look, &load);
		loads_after(&look, &load, load.active / 10);
		load.active += 500;
		load.opened += 500;
	}
	cr_expect_eq(loads_correct(&look, &load), 0);
	cr_expect_eq(load.active, 6000);
}

Test(loads, a_sweep_that_saw_nothing_says_nothing)
{
	struct shunt_load load = { .active = 7 };
	const struct loads_look look = { 0 };

	cr_expect_eq(loads_correct(&look, &load), 0);
	cr_expect_eq(load.active, 7);
}

Test(loads, move_with_their_backend)
{
	struct shunt_load from = { .active = 5, .opened = 50, .limit = 8, .weight = 2 };
	struct shunt_load to = { .active = 1, .opened = 1, .limit = 9, .weight = 3 };

	loads_move(&from, &to);
	cr_expect_eq(to.active, 6);
	cr_expect_eq(to.opened, 51);
	cr_expect_eq(to.limit, 9);
	cr_expect_eq(to.weight, 3);
	cr_expect_eq(from.active, 0);
	cr_expect_eq(from.opened, 0);
	loads_move(&to, NULL);
	cr_expect_eq(to.active, 0);
}
