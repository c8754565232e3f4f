/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sieves: whoever is in a prefix is never let pass, whatever the prefixes are; most others
 * are; and what packets look at is not written to.
 */
#include <criterion/criterion.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/guard_ref.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "tables/guard_sieve.h"

#define LISTS 300
#define MOST 40
#define DENY(rule) (SHUNT_GUARD_DENY | (rule))

/* --- as the program looks ------------------------------------------------------------- */

static bool passes(const struct shunt_guard_sieve *s, bool own, const struct shunt_addr *a)
{
	const bool v6 = !guard_ref_is_v4(a);
	const uint64_t sieved = s->live[SHUNT_GUARD_SIEVE(v6, own)];
	const uint64_t key = v6 ? be64toh(a->d[0]) : be32toh(a->w[3]);
	const uint32_t first = SHUNT_GUARD_SIEVED_FIRST(sieved);
	uint64_t hash, mask;
	uint32_t word;

	if (!sieved)
		return false;
	hash = SHUNT_GUARD_SIEVE_HASH(sieved, key);
	mask = SHUNT_GUARD_SIEVE_MASK(hash);
	word = SHUNT_GUARD_SIEVE_WORD(sieved, hash);
	cr_assert_eq(first % SHUNT_GUARD_SIEVE_WORDS, 0);
	cr_assert_lt(word, SHUNT_GUARD_SIEVE_WORDS);
	cr_assert_lt(first + word, SHUNT_GUARD_ALL_SIEVE_WORDS);
	return mask & ~s->word[first + word];
}

static struct shunt_guard_sieve *open_sieve(void)
{
	struct shunt_guard_sieve *s = calloc(1, sizeof(*s));

	cr_assert(s);
	return s;
}

static void put(struct shunt_guard_sieve *s, const struct guard_set *set)
{
	const struct guard_sieved made = guard_sieve_make(set, s);

	guard_sieve_switch(s, &made);
}

/* --- nobody is let pass who must not be ------------------------------------------------- */

static void expect_held(const struct shunt_guard_sieve *s, const struct firewall_list lists[2],
			struct shunt_addr a)
{
	const bool all = guard_ref(&lists[0], &a), own = guard_ref(&lists[1], &a);
	char text[ADDR_TEXT];

	if (all)
		cr_assert(!passes(s, false, &a), "%s", addr_format(&a, text));
	if (all || own)
		cr_assert(!passes(s, true, &a), "%s, by all lists", addr_format(&a, text));
}

static void expect_ends_held(const struct shunt_guard_sieve *s, const struct firewall_list lists[2],
			     const struct firewall_list *list)
{
	array_for_each (p, list->prefixes, list->n) {
		for (int end = 0; end < 2; end++) {
			const struct shunt_addr a = guard_ref_end(p, end);

			expect_held(s, lists, a);
			expect_held(s, lists, guard_ref_next(a, !end));
		}
	}
}

/* With @narrow none of them is so short that there would be no sieve. */
static void fill(struct firewall_list *list, size_t n, bool narrow, uint64_t *seed)
{
	for (list->n = 0; list->n < n; list->n++) {
		const struct firewall_prefix p =
			guard_ref_prefix(list->prefixes, list->n, list->n + 1, seed);

		list->prefixes[list->n] = narrow ? guard_ref_narrow(p) : p;
	}
}

Test(guard_sieve, whoever_is_in_a_prefix_is_held)
{
	_cleanup_free_ struct shunt_guard_sieve *s = open_sieve();
	struct firewall_prefix prefixes[2][MOST];
	struct firewall_list lists[2] = { { .prefixes = prefixes[0] },
					  { .prefixes = prefixes[1] } };
	size_t sieves = 0;
	uint64_t seed = 0x51;

	for (size_t i = 0; i < LISTS; i++) {
		fill(&lists[0], guard_ref_random(&seed) % MOST, i % 4, &seed);
		fill(&lists[1], guard_ref_random(&seed) % MOST, i % 4, &seed);
		put(s, &(struct guard_set){ .lists = lists, .n_lists = 2 });
		for (int which = 0; which < SHUNT_GUARD_SIEVES; which++)
			sieves += !!s->live[which];
		expect_ends_held(s, lists, &lists[0]);
		expect_ends_held(s, lists, &lists[1]);
		for (int j = 0; j < 64; j++)
			expect_held(s, lists, guard_ref_addr(j & 1, &seed));
	}
	cr_expect_gt(sieves, LISTS, "%zu sieves are hardly a test", sieves);
}

/* --- most others are ---------------------------------------------------------------------- */

/* Of a thousand addresses at random those that pass. */
static int count_passing(const struct shunt_guard_sieve *s, bool v4, uint64_t *seed)
{
	int n = 0;

	for (int i = 0; i < 1000; i++) {
		const struct shunt_addr a = guard_ref_addr(v4, seed);

		n += passes(s, false, &a);
	}
	return n;
}

static struct firewall_prefix random_prefix(bool v4, uint32_t bits, uint64_t *seed)
{
	struct firewall_prefix p = { guard_ref_addr(v4, seed), bits, DENY(1) };

	p.addr = guard_ref_end(&p, 0);
	return p;
}

/* As many of each family, and a few short ones of IPv4 among them. */
static void put_many(struct shunt_guard_sieve *s, size_t n, uint64_t *seed)
{
	_cleanup_free_ struct firewall_prefix *p = calloc(2 * n + 3, sizeof(*p));
	const struct firewall_list list = { .prefixes = p, .n = 2 * n + 3 };

	cr_assert(p);
	for (size_t i = 0; i < n; i++) {
		p[i] = random_prefix(true, 28, seed);
		p[n + i] = random_prefix(false, 48, seed);
	}
	for (size_t i = 0; i < 3; i++)
		p[2 * n + i] = random_prefix(true, 12, seed);
	put(s, &(struct guard_set){ .lists = &list, .n_lists = 1 });
}

Test(guard_sieve, most_who_are_in_none_pass)
{
	static const struct {
		size_t n;
		int least4, least6;
	} cases[] = {
		{ 0, 990, 1000 }, { 10, 990, 998 }, { 10000, 965, 985 }, { 100000, 925, 960 }
	};
	_cleanup_free_ struct shunt_guard_sieve *s = open_sieve();
	uint64_t seed = 7;

	array_for_each (c, cases, array_len(cases)) {
		int got4, got6;

		put_many(s, c->n, &seed);
		got4 = count_passing(s, true, &seed);
		got6 = count_passing(s, false, &seed);
		cr_expect_geq(got4, c->least4, "%zu: %d of IPv4", c->n, got4);
		cr_expect_geq(got6, c->least6, "%zu: %d of IPv6", c->n, got6);
	}
}

Test(guard_sieve, there_is_none_that_holds_everybody)
{
	const size_t n = (1 << 19) + 1;
	_cleanup_free_ struct shunt_guard_sieve *s = open_sieve();
	_cleanup_free_ struct firewall_prefix *p = calloc(n, sizeof(*p));
	struct firewall_list list = { .prefixes = p, .n = 1 };
	const struct guard_set set = { .lists = &list, .n_lists = 1 };
	uint64_t seed = 3;

	cr_assert(p);
	for (uint32_t bits = 0; bits < 3; bits++) {
		p[0] = random_prefix(true, bits, &seed);
		put(s, &set);
		cr_expect_eq(!s->live[SHUNT_GUARD_SIEVE(false, false)], bits < 2, "/%u", bits);
		cr_expect(s->live[SHUNT_GUARD_SIEVE(true, false)], "of IPv6 there is nothing");
	}
	for (size_t i = 0; i < n; i++)
		p[i] = random_prefix(true, 32, &seed);
	list.n = n;
	put(s, &set);
	cr_expect_eq(s->live[SHUNT_GUARD_SIEVE(false, false)], 0);
	list.n = n - 1;
	put(s, &set);
	cr_expect(s->live[SHUNT_GUARD_SIEVE(false, false)]);
}

/* --- the next one while packets look at this one ------------------------------------------- */

Test(guard_sieve, the_next_one_is_made_where_nobody_looks)
{
	_cleanup_free_ struct shunt_guard_sieve *s = open_sieve(), *before = open_sieve();
	struct firewall_prefix prefixes[2][MOST];
	struct firewall_list lists[2] = { { .prefixes = prefixes[0] },
					  { .prefixes = prefixes[1] } };
	const struct guard_set set = { .lists = lists, .n_lists = 2 };
	uint64_t seed = 11;

	for (int i = 0; i < 20; i++) {
		struct guard_sieved made, former;

		fill(&lists[0], 20, i % 3, &seed);
		fill(&lists[1], 20, i % 3, &seed);
		memcpy(before, s, sizeof(*s));
		made = guard_sieve_make(&set, s);
		cr_assert_arr_eq(s->live, before->live, sizeof(s->live));
		for (int which = 0; which < SHUNT_GUARD_SIEVES; which++) {
			const uint32_t first = SHUNT_GUARD_SIEVED_FIRST(s->live[which]);

			if (s->live[which])
				cr_assert_arr_eq(&s->word[first], &before->word[first],
						 SHUNT_GUARD_SIEVE_WORDS * sizeof(s->word[0]));
		}
		former = guard_sieve_switch(s, &made);
		cr_assert_arr_eq(former.live, before->live, sizeof(former.live));
		cr_assert_arr_eq(s->live, made.live, sizeof(made.live));
	}
}
