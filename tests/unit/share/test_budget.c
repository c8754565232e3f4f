/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be told of what is new, and in rounds, while there is too much of it. */
#include <criterion/criterion.h>

#include "share/budget.h"

#define TICK_MS 100

struct told {
	unsigned int news, rounds;
};

static unsigned int take(struct budget *b, unsigned int wanted)
{
	unsigned int n = 0;

	while (n < wanted && budget_take(b))
		n++;
	return n;
}

/* For 100 s, with so much to tell in each tick. */
static struct told tell(uint32_t rate, unsigned int news, unsigned int rounds)
{
	struct budget b = { 0 };
	struct told told = { 0 };

	for (int i = 0; i < 100 * 1000 / TICK_MS; i++) {
		unsigned int n;

		budget_refill(&b, rate, TICK_MS);
		budget_begin_news(&b, rounds);
		n = take(&b, news);
		told.news += n;
		budget_begin_round(&b, n == news);
		told.rounds += take(&b, rounds);
		budget_end(&b);
		cr_assert_leq(b.kept, b.tokens);
	}
	return told;
}

Test(budget, rounds_have_a_part_whatever_is_new)
{
	const uint32_t rates[] = { 10, 20, 100, 2000, 1000000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		const struct told told = tell(rates[i], 1000000, 1000000);
		const unsigned int all = rates[i] * 100;

		cr_expect_leq(told.news + told.rounds, all);
		cr_expect_geq(told.news + told.rounds, all - all / 50, "%u", rates[i]);
		cr_expect_geq(told.rounds, all / 5, "%u: %u", rates[i], told.rounds);
		cr_expect_geq(told.news, all / 2, "%u: %u", rates[i], told.news);
	}
}

Test(budget, what_one_does_not_need_the_other_has)
{
	struct told told = tell(2000, 1000000, 0);

	cr_expect_geq(told.news, 199000);
	told = tell(2000, 0, 1000000);
	cr_expect_geq(told.rounds, 199000);
	told = tell(2000, 50, 1000000);
	cr_expect_eq(told.news, 50 * 1000);
	cr_expect_geq(told.rounds, 149000);
}

Test(budget, a_pause_is_worth_a_burst)
{
	struct budget b = { 0 };

	budget_refill(&b, 100, 3600 * 1000);
	cr_expect_eq(take(&b, 1000), 20);
	cr_expect(b.held_back);
	budget_return(&b);
	cr_expect_eq(take(&b, 1000), 1);
}
