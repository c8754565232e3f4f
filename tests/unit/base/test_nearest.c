/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "base/array.h"
#include "base/nearest.h"

static const char *const names[] = { "status", "service", "backend", "show", "weight", "up" };

static const char *nearest_to(const char *typed)
{
	struct nearest n = { .typed = typed };

	for (size_t i = 0; i < array_len(names); i++)
		nearest_offer(&n, names[i]);
	return n.best;
}

Test(nearest, finds_a_letter_too_many_too_few_or_wrong)
{
	cr_assert_str_eq(nearest_to("statuss"), "status");
	cr_assert_str_eq(nearest_to("servce"), "service");
	cr_assert_str_eq(nearest_to("backand"), "backend");
	cr_assert_str_eq(nearest_to("Show"), "show");
}

Test(nearest, counts_swapped_neighbours_once)
{
	struct nearest n = { .typed = "wieght" };

	nearest_offer(&n, "weight");
	cr_assert_not_null(n.best);
	cr_assert_eq(n.distance, 1);
}

Test(nearest, offers_nothing_far_away)
{
	cr_assert_null(nearest_to("xyzzy"));
	cr_assert_null(nearest_to("b"));
	cr_assert_null(nearest_to(""));
}

Test(nearest, keeps_the_first_of_equals)
{
	struct nearest n = { .typed = "nginxx" };

	nearest_offer(&n, "nginx1");
	nearest_offer(&n, "nginx2");
	cr_assert_str_eq(n.best, "nginx1");
}

Test(nearest, gives_up_on_words_that_are_too_long)
{
	char longer[NEAREST_MAX + 2];

	for (size_t i = 0; i < sizeof(longer); i++)
		longer[i] = 'a';
	longer[sizeof(longer) - 1] = '\0';
	struct nearest n = { .typed = longer };

	nearest_offer(&n, longer);
	cr_assert_null(n.best);
	longer[NEAREST_MAX] = '\0';
	nearest_offer(&n, longer);
	cr_assert_not_null(n.best);
}
