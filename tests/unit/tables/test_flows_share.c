/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of the flow cache that two balancers share. */
#include <criterion/criterion.h>
#include <string.h>

#include "tables/flows_share.h"

#define LINES 64
#define NOW 5000

struct side {
	struct shunt_flow_line lines[4 * LINES];
	uint8_t marks[4 * LINES];
	struct flows_cache cache;
	struct flows_share share;
};

static struct side a, b;

static void side_make(struct side *s, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->cache = (struct flows_cache){ s->lines, n, s->marks };
	cr_assert_eq(flows_share_init(&s->share, n), 0);
}

static void setup(void)
{
	side_make(&a, LINES);
	side_make(&b, LINES);
}

static void teardown(void)
{
	flows_share_free(&a.share);
	flows_share_free(&b.share);
}

TestSuite(flows_share, .init = setup, .fini = teardown);

/* What @s has to tell, a second older, entered in @to. Return: how many. */
static size_t tell(struct side *s, enum flows_which which, struct side *to, uint16_t now)
{
	uint64_t entries[SHUNT_FLOWS_PER_LINE];
	size_t n = 0;

	for (size_t at = 0; at < s->cache.n; at++) {
		n += flows_share_look(&s->share, which, at, &s->lines[at], entries);
		for (int i = 0; to && i < SHUNT_FLOWS_PER_LINE; i++) {
			const struct flows_told told = { entries[i] - 1, at, s->cache.n };

			if (entries[i])
				flows_share_enter(&to->share, &to->cache, &told, now);
		}
		flows_share_told(&s->share, at, entries);
	}
	return n;
}

static size_t count(const struct side *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->cache.n * SHUNT_FLOWS_PER_LINE; i++)
		n += s->lines[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE] != 0;
	return n;
}

Test(flows_share, news_are_told_once_and_never_back)
{
	a.lines[3].entry[0] = SHUNT_FLOW(77, 1, NOW);
	a.lines[9].entry[7] = SHUNT_FLOW(78, 2, NOW - 10);
	cr_assert_eq(tell(&a, FLOWS_NEWS, &b, NOW), 2);
	cr_expect_eq(count(&b), 2);
	cr_expect_eq(tell(&a, FLOWS_NEWS, &b, NOW), 0);
	cr_expect_eq(tell(&b, FLOWS_NEWS, &a, NOW), 0);
	cr_expect_eq(tell(&b, FLOWS_ALL, &a, NOW), 0);
	cr_expect_eq(tell(&a, FLOWS_ALL, &b, NOW), 2);
	cr_expect_eq(count(&b), 2);
	cr_expect_eq(count(&a), 2);
}

/* It has lost what it had; what it told of is silent since. */
Test(flows_share, who_begins_anew_is_told_what_was_its_own)
{
	a.lines[3].entry[0] = SHUNT_FLOW(77, 1, NOW);
	cr_assert_eq(tell(&a, FLOWS_NEWS, &b, NOW), 1);
	flows_share_free(&a.share);
	side_make(&a, LINES);
	cr_expect_eq(tell(&b, FLOWS_EVERY, &a, NOW + 1), 1);
	cr_expect_eq(count(&a), 1);
	cr_expect_eq(tell(&b, FLOWS_ALL, NULL, NOW + 1), 0, "there it is what it was");
	cr_expect_eq(tell(&a, FLOWS_ALL, NULL, NOW + 1), 0);
}

Test(flows_share, another_backend_or_an_end_is_news_and_a_packet_is_none)
{
	__u64 *entry = &a.lines[3].entry[0];

	*entry = SHUNT_FLOW(77, 1, NOW);
	tell(&a, FLOWS_NEWS, &b, NOW);
	*entry = SHUNT_FLOW(77, 1, NOW + 5);
	cr_expect_eq(tell(&a, FLOWS_NEWS, &b, NOW + 5), 0);
	*entry = SHUNT_FLOW(77, 2, NOW + 6);
	cr_expect_eq(tell(&a, FLOWS_NEWS, &b, NOW + 6), 1);
	*entry |= SHUNT_FLOW_CLOSING;
	cr_expect_eq(tell(&a, FLOWS_NEWS, &b, NOW + 6), 1);
}

Test(flows_share, a_packet_here_makes_it_ours)
{
	const struct flows_told told = { SHUNT_FLOW(77, 1, NOW - 1), 3, LINES };
	struct flows_place place = { .line = 3 };

	cr_assert_eq(flows_share_enter(&b.share, &b.cache, &told, NOW), FLOWS_ENTERED);
	flows_enter(&b.cache, &place, SHUNT_FLOW(77, 1, NOW + 2), NOW + 2);
	cr_expect_eq(tell(&b, FLOWS_NEWS, &a, NOW + 2), 1);
	cr_expect_eq(flows_share_enter(&b.share, &b.cache, &told, NOW + 2), FLOWS_OURS);
	cr_expect_eq(count(&b), 1);
}

/* What goes round among three is never seen by anybody, so it grows old. */
Test(flows_share, what_goes_round_dies_out)
{
	uint16_t now = NOW;

	a.lines[3].entry[0] = SHUNT_FLOW(77, 1, NOW);
	for (int i = 0; i < 100; i++, now++) {
		tell(&a, FLOWS_ALL, &b, now);
		memset(b.share.notes, 0, LINES * SHUNT_FLOWS_PER_LINE * sizeof(*b.share.notes));
		tell(&b, FLOWS_ALL, &a, now);
	}
	cr_expect_eq(count(&a), 1);
	cr_expect_eq(SHUNT_FLOW_TIME(a.lines[3].entry[0]), NOW);
}

/* The bits by which lines of the larger one are told apart are not known. */
Test(flows_share, is_in_each_line_that_it_may_be_of_in_a_larger_cache)
{
	const struct flows_told told = { SHUNT_FLOW(77, 1, NOW), 3, LINES / 4 };

	cr_assert_eq(flows_share_enter(&b.share, &b.cache, &told, NOW), FLOWS_ENTERED);
	cr_expect_eq(count(&b), 4);
	cr_expect_eq(tell(&b, FLOWS_ALL, NULL, NOW), 0);
}

Test(flows_share, is_not_spread_over_a_far_larger_cache)
{
	const struct flows_told told = { SHUNT_FLOW(77, 1, NOW), 0, 1 };

	cr_assert_eq(flows_share_enter(&b.share, &b.cache, &told, NOW), FLOWS_OTHER_SIZE);
	cr_expect_eq(count(&b), 0);
}

Test(flows_share, fits_a_smaller_cache)
{
	const struct flows_told told = { SHUNT_FLOW(77, 1, NOW), 4 * LINES - 1, 4 * LINES };

	cr_assert_eq(flows_share_enter(&b.share, &b.cache, &told, NOW), FLOWS_ENTERED);
	cr_expect_eq(count(&b), 1);
}

Test(flows_share, the_oldest_makes_way)
{
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const size_t other = shunt_flow_other(3, 77, LINES - 1);

		b.lines[3].entry[i] = SHUNT_FLOW(100 + i, 1, NOW - 5 - i);
		b.lines[other].entry[i] = SHUNT_FLOW(200 + i, 1, NOW - 2);
	}
	cr_expect_eq(flows_share_enter(&b.share, &b.cache,
				       &(struct flows_told){ SHUNT_FLOW(77, 1, NOW), 3, LINES },
				       NOW),
		     FLOWS_REFRESHED);
	cr_expect_eq(SHUNT_FLOW_TAG(b.lines[3].entry[7]), 77);
	cr_expect_eq(flows_share_enter(
			     &b.share, &b.cache,
			     &(struct flows_told){ SHUNT_FLOW(77, 1, NOW - 99), 3, LINES }, NOW),
		     FLOWS_OURS);
}
