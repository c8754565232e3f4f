/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prefixes, laid out: what is found the way that shunt/guard.h says is what a naive search
 * through the list finds, for any list and address.
 */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "../../lib/guard_ref.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf_firewall.h"
#include "net/addr.h"
#include "tables/guard.h"

#define LISTS 400
#define MOST 40

/* --- as the program looks ------------------------------------------------------------- */

struct lines {
	struct shunt_guard_line *at;
	size_t n;
};

static uint64_t word(const struct lines *l, uint32_t i)
{
	cr_assert_lt(i / SHUNT_GUARD_WORDS_PER_LINE, l->n);
	return l->at[i / SHUNT_GUARD_WORDS_PER_LINE].word[i % SHUNT_GUARD_WORDS_PER_LINE];
}

struct key {
	uint64_t high, low;
};

static struct key key_of(const struct shunt_addr *a)
{
	if (addr_is_v4(a))
		return (struct key){ be32toh(a->w[3]), 0 };
	return (struct key){ be64toh(a->d[0]), be64toh(a->d[1]) };
}

/* Boundary @i: is it behind @k, and its verdict. */
static bool is_behind(const struct lines *l, uint32_t i, bool v4, struct key k, uint32_t *verdict)
{
	const struct shunt_guard_bound6 *b;

	if (v4) {
		*verdict = word(l, i);
		return word(l, i) >> 32 > k.high;
	}
	cr_assert_lt(i, l->n);
	b = (const void *)&l->at[i];
	*verdict = b->verdict;
	return b->high > k.high || (b->high == k.high && b->low > k.low);
}

/* All boundaries of the bucket, one by one. */
static uint32_t look(const struct lines *l, uint32_t number, const struct shunt_addr *a)
{
	const bool v4 = addr_is_v4(a);
	const struct shunt_guard_list *list = (const void *)&l->at[1 + 2 * number + !v4];
	const struct key k = key_of(a);
	uint32_t found = 0, verdict;
	uint64_t bucket;

	if (!list->buckets || k.high < list->first)
		return 0;
	bucket = (k.high - list->first) >> list->shift;
	bucket = word(l, list->buckets + (bucket < list->last ? bucket : list->last));
	if (!(bucket >> 32))
		return bucket;
	for (uint32_t i = 0; i < bucket >> 32; i++) {
		const bool behind = is_behind(l, (uint32_t)bucket + i, v4, k, &verdict);

		cr_assert(i || !behind, "the first boundary of a bucket is behind its beginning");
		if (behind)
			break;
		found = verdict;
	}
	return found;
}

static struct lines build(const struct guard_set *set)
{
	struct lines l;

	cr_assert_eq(guard_build(set, &l.at, &l.n), 0);
	return l;
}

/* --- lists at random ------------------------------------------------------------------- */

static void expect(const struct lines *l, uint32_t number, const struct firewall_list *list,
		   struct shunt_addr a)
{
	const uint32_t want = guard_ref(list, &a), got = look(l, number, &a);
	char text[ADDR_TEXT];

	cr_assert_eq(got, want, "%s: %x, not %x", addr_format(&a, text), got, want);
}

static void expect_agreement(const struct lines *l, uint32_t number,
			     const struct firewall_list *list, uint64_t *seed)
{
	array_for_each (p, list->prefixes, list->n) {
		for (int end = 0; end < 2; end++) {
			const struct shunt_addr a = guard_ref_end(p, end);

			expect(l, number, list, a);
			expect(l, number, list, guard_ref_next(a, false));
			expect(l, number, list, guard_ref_next(a, true));
		}
	}
	for (int i = 0; i < 64; i++)
		expect(l, number, list, guard_ref_addr(i & 1, seed));
}

static void fill(struct firewall_list *list, size_t n, uint64_t *seed)
{
	for (list->n = 0; list->n < n; list->n++)
		list->prefixes[list->n] =
			guard_ref_prefix(list->prefixes, list->n, list->n + 1, seed);
}

Test(guard, any_list_says_what_its_prefixes_say)
{
	struct firewall_prefix prefixes[2][MOST];
	struct firewall_list lists[2] = { { .prefixes = prefixes[0] },
					  { .prefixes = prefixes[1] } };
	const struct guard_owner owner = { .base = 4096, .list = 1 };
	uint64_t seed = 0x6a;

	for (size_t i = 0; i < LISTS; i++) {
		const struct guard_set set = { lists, 2, &owner, 1 };
		struct lines l;

		fill(&lists[0], guard_ref_random(&seed) % MOST, &seed);
		fill(&lists[1], guard_ref_random(&seed) % MOST, &seed);
		l = build(&set);
		expect_agreement(&l, 0, &lists[0], &seed);
		expect_agreement(&l, 1, &lists[1], &seed);
		free(l.at);
	}
}

static struct firewall_prefix prefix(const char *text, uint32_t verdict)
{
	struct conf_prefix p;
	struct buf flaw = { 0 };

	cr_assert_eq(conf_prefix_parse(text, &p, &flaw), 0, "%s", text);
	return (struct firewall_prefix){ .addr = p.addr, .bits = p.bits, .verdict = verdict };
}

static struct shunt_addr addr(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

#define DENY(rule) (SHUNT_GUARD_DENY | (rule))
#define ALLOW(rule) (SHUNT_GUARD_ALLOW | (rule))

/* Once more by hand, so that two mistakes do not agree. */
Test(guard, allowed_wins_and_then_the_longest)
{
	struct firewall_prefix p[] = {
		prefix("0.0.0.0/0", DENY(1)),	     prefix("10.0.0.0/8", ALLOW(2)),
		prefix("10.1.0.0/16", DENY(3)),	     prefix("10.1.2.0/24", ALLOW(4)),
		prefix("192.0.2.0/24", DENY(5)),     prefix("192.0.2.0/24", DENY(6)),
		prefix("255.255.255.255", DENY(7)),  prefix("::/0", DENY(8)),
		prefix("2001:db8::/32", ALLOW(9)),   prefix("2001:db8::1", DENY(10)),
		prefix("2001:db9::1/128", DENY(11)),
	};
	static const struct {
		const char *addr;
		uint32_t verdict;
	} cases[] = {
		{ "0.0.0.0", DENY(1) },
		{ "9.255.255.255", DENY(1) },
		{ "10.0.0.0", ALLOW(2) },
		{ "10.1.1.1", ALLOW(2) },
		{ "10.1.2.0", ALLOW(4) },
		{ "10.1.2.255", ALLOW(4) },
		{ "10.1.3.0", ALLOW(2) },
		{ "10.255.255.255", ALLOW(2) },
		{ "11.0.0.0", DENY(1) },
		{ "192.0.2.1", DENY(5) },
		{ "255.255.255.254", DENY(1) },
		{ "255.255.255.255", DENY(7) },
		{ "::", DENY(8) },
		{ "2001:db8::1", ALLOW(9) },
		{ "2001:db9::", DENY(8) },
		{ "2001:db9::1", DENY(11) },
		{ "2001:db9::2", DENY(8) },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", DENY(8) },
	};
	const struct firewall_list list = { .prefixes = p, .n = array_len(p) };
	const struct guard_set set = { &list, 1, NULL, 0 };
	struct lines l = build(&set);

	array_for_each (c, cases, array_len(cases)) {
		const struct shunt_addr a = addr(c->addr);

		cr_expect_eq(look(&l, 0, &a), c->verdict, "%s: %x", c->addr, look(&l, 0, &a));
		cr_expect_eq(guard_ref(&list, &a), c->verdict, "%s: the reference", c->addr);
	}
	free(l.at);
}

static uint32_t list_of(const struct lines *l, uint32_t base)
{
	const struct shunt_guard_head *head = (const void *)&l->at[0];

	if (base >= head->bases)
		return 0;
	return word(l, head->services + SHUNT_GUARD_LIST_WORD(base)) >>
		       SHUNT_GUARD_LIST_SHIFT(base) &
	       0xffff;
}

Test(guard, services_have_lists_by_their_base)
{
	const struct firewall_list lists[4] = { { 0 } };
	const struct guard_owner owners[] = {
		{ 0, 1 }, { 1, 2 }, { 3, 3 }, { 64, 1 }, { 65535, 2 }
	};
	const struct guard_set set = { lists, array_len(lists), owners, array_len(owners) };
	struct lines l = build(&set);

	for (uint32_t base = 0; base < 65536; base++) {
		uint32_t want = 0;

		array_for_each (o, owners, array_len(owners))
			want = o->base == base ? o->list : want;
		cr_assert_eq(list_of(&l, base), want, "%u", base);
	}
	free(l.at);
}

Test(guard, nothing_is_small)
{
	const struct firewall_list list = { 0 };
	const struct guard_set set = { &list, 1, NULL, 0 };
	struct lines l = build(&set);
	const struct shunt_addr v4 = addr("192.0.2.1"), v6 = addr("2001:db8::1");

	cr_expect_eq(l.n, 3);
	cr_expect_eq(look(&l, 0, &v4), 0);
	cr_expect_eq(look(&l, 0, &v6), 0);
	free(l.at);
}

/* A hundred thousand networks all over, and as many hosts of one network. */
Test(guard, many_are_spread_over_buckets)
{
	const size_t n = 100000;
	_cleanup_free_ struct firewall_prefix *p = calloc(2 * n, sizeof(*p));
	struct firewall_list list = { .prefixes = p, .n = 2 * n };
	const struct guard_set set = { &list, 1, NULL, 0 };
	uint64_t seed = 7, most = 0;
	struct lines l;

	cr_assert(p);
	for (size_t i = 0; i < n; i++) {
		p[i] = (struct firewall_prefix){ guard_ref_addr(true, &seed), 24, DENY(1) };
		p[i].addr = guard_ref_end(&p[i], 0);
		p[n + i] = (struct firewall_prefix){ addr("2001:db8::"), 128, DENY(2) };
		p[n + i].addr.w[3] = htobe32(2 * i);
	}
	l = build(&set);
	for (uint32_t b = 0; b <= ((const struct shunt_guard_list *)&l.at[1])->last; b++) {
		const uint64_t bucket =
			word(&l, ((const struct shunt_guard_list *)&l.at[1])->buckets + b);

		most = bucket >> 32 > most ? bucket >> 32 : most;
	}
	cr_expect_leq(most, 32, "%lu boundaries in a bucket", most);
	for (size_t i = 0; i < 200; i++) {
		const size_t at = guard_ref_random(&seed) % n;
		struct shunt_addr a = p[n + at].addr;

		cr_expect_eq(look(&l, 0, &p[at].addr), DENY(1));
		cr_expect_eq(look(&l, 0, &a), DENY(2));
		a.w[3] |= htobe32(1);
		cr_expect_eq(look(&l, 0, &a), 0);
	}
	free(l.at);
}
