/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "tables/limits.h"

#define HALF 16
#define LISTS 64
#define NOW 4711

struct maps {
	struct shunt_limit limits[2 * HALF];
	struct shunt_limits_of of[LISTS];
	struct limits l;
};

static struct maps maps_make(void)
{
	return (struct maps){ 0 };
}

static struct limits *maps_of(struct maps *m)
{
	m->l.limits = m->limits;
	m->l.half = HALF;
	m->l.of = m->of;
	m->l.n_of = LISTS;
	return &m->l;
}

static const struct conf_limit syn = {
	.match = CONF_LIMIT_TCP_SYN,
	.prefix4 = 24,
	.prefix6 = 56,
	.rate = { 200, 1 },
	.burst = 400,
};
static const struct conf_limit all = {
	.match = CONF_LIMIT_PACKETS,
	.by = CONF_LIMIT_BY_SERVICE,
	.rate = { 1000, 1 },
	.burst = 1000,
};
static const struct conf_limit ping = {
	.match = CONF_LIMIT_ICMP,
	.prefix4 = 32,
	.prefix6 = 128,
	.rate = { 10, 60 },
	.burst = 5,
};

/* The limit at place @i of a list. */
static const struct shunt_limit *seen(const struct maps *m, uint32_t of, uint32_t i)
{
	cr_assert_lt(i, m->of[of].n, "list %u has %u", of, m->of[of].n);
	return &m->limits[m->of[of].first + i];
}

Test(limits, say_what_the_config_says)
{
	const struct shunt_limit l = limits_make(&(struct limits_rule){ &syn, 7 });
	const struct shunt_limit p = limits_make(&(struct limits_rule){ &ping, 8 });

	cr_expect_eq(l.cost, SHUNT_LIMIT_UNITS_PER_S / 200);
	cr_expect_eq(l.depth, 2 * SHUNT_LIMIT_UNITS_PER_S);
	cr_expect_eq(l.ahead, l.depth + SHUNT_LIMIT_LATEST);
	cr_expect_eq(l.verdict, 7);
	cr_expect_eq(l.match, SHUNT_LIMIT_SYN);
	cr_expect_eq(l.flags, 0);
	cr_expect_eq(l.mask4, inet_addr("255.255.255.0"));
	cr_expect_eq(memcmp(l.mask6, "\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0", 16), 0);
	cr_expect_eq(p.cost, 6 * SHUNT_LIMIT_UNITS_PER_S);
	cr_expect_eq(p.mask4, 0xffffffff);
	cr_expect_eq(p.mask6[0] & p.mask6[1], ~0ULL);
	cr_expect_eq(p.match, SHUNT_LIMIT_ICMP);
	cr_expect_eq(limits_make(&(struct limits_rule){ &all, 9 }).flags, SHUNT_LIMIT_BY_SERVICE);
}

Test(limits, have_prefixes_of_any_length)
{
	struct conf_limit c = syn;

	for (uint32_t bits = 1; bits <= 128; bits++) {
		struct shunt_limit l;
		const uint8_t *mask = (const uint8_t *)l.mask6;
		uint32_t found = 0;

		c.prefix6 = bits;
		c.prefix4 = bits > 32 ? 32 : bits;
		l = limits_make(&(struct limits_rule){ &c, 1 });
		while (found < 128 && mask[found / 8] & 0x80 >> found % 8)
			found++;
		cr_expect_eq(found, bits);
		for (; found < 128; found++)
			cr_expect_not(mask[found / 8] & 0x80 >> found % 8);
		cr_expect_eq(ntohl(l.mask4), 0xffffffff << (32 - c.prefix4));
	}
}

Test(limits, of_all_services_are_shared_unless_they_are_by_service)
{
	const struct limits_rule global[] = { { &syn, 1 }, { &ping, 2 } };
	const struct limits_rule own[] = { { &syn, 1 }, { &ping, 2 }, { &all, 3 } };
	const struct limits_list lists[] = {
		{ .of = 0, .rules = global, .n = 2 },  { .of = 5, .rules = global, .n = 2 },
		{ .of = 9, .rules = own, .n = 3 },     { .of = 11, .rules = own, .n = 3 },
		{ .of = 13, .rules = global, .n = 2 },
	};
	struct maps m = maps_make();

	cr_expect_eq(limits_count(lists, array_len(lists)), 8);
	cr_assert_eq(limits_put(maps_of(&m), lists, array_len(lists), NOW), 0);
	cr_expect_eq(m.of[0].first, m.of[5].first);
	cr_expect_eq(m.of[0].first, m.of[13].first);
	cr_expect_neq(m.of[9].first, m.of[11].first);
	cr_expect_eq(seen(&m, 5, 1)->verdict, 2);
	cr_expect_eq(seen(&m, 9, 2)->verdict, 3);
	cr_expect_eq(seen(&m, 11, 0)->verdict, 1);
	cr_expect_eq(m.of[5].match, SHUNT_LIMIT_SYN | SHUNT_LIMIT_ICMP);
	cr_expect_eq(m.of[9].match, SHUNT_LIMIT_SYN | SHUNT_LIMIT_ICMP | SHUNT_LIMIT_PACKETS);
	cr_expect_eq(m.of[1].n, 0);
	cr_expect_eq(m.of[1].match, 0);
}

Test(limits, go_elsewhere_at_each_change)
{
	const struct limits_rule rules[] = { { &syn, 1 }, { &all, 2 } };
	const struct limits_list lists[] = { { .of = 0, .rules = rules, .n = 1 },
					     { .of = 3, .rules = rules, .n = 2 },
					     { .of = 4, .rules = rules, .n = 2 } };
	struct maps m = maps_make();
	struct limits *l = maps_of(&m);

	cr_assert_eq(limits_put(l, lists, 3, NOW), 0);
	cr_expect_geq(m.of[3].first, HALF);
	cr_assert_eq(limits_put(l, lists, 2, NOW), 0);
	cr_expect_lt(m.of[3].first, HALF);
	cr_expect_eq(m.of[4].n, 0, "it has none any more");
	/* And a daemon that begins with these maps sees which half is free. */
	l->second = true;
	limits_adopt(l);
	cr_assert_eq(limits_put(l, lists, 3, NOW), 0);
	cr_expect_geq(m.of[3].first, HALF);
	cr_assert_eq(limits_put(l, NULL, 0, NOW), 0);
	for (uint32_t i = 0; i < LISTS; i++)
		cr_expect_eq(m.of[i].n, 0);
}

Test(limits, keep_their_buckets_while_service_and_rule_remain)
{
	struct conf_limit faster = all;
	const struct limits_rule before[] = { { &all, 2 }, { &syn, 1 } };
	const struct limits_rule after[] = { { &syn, 1 }, { &faster, 2 | SHUNT_GUARD_MONITOR } };
	const struct limits_list was[] = { { .of = 3, .rules = before, .n = 2 },
					   { .of = 4, .rules = before, .n = 2 } };
	const struct limits_list is[] = { { .of = 4, .rules = after, .n = 2 },
					  { .of = 3, .rules = after, .n = 2 },
					  { .of = 6, .rules = after, .n = 2 } };
	struct maps m = maps_make();
	struct limits *l = maps_of(&m);

	faster.burst = 10;
	faster.rate.count = 100;
	cr_assert_eq(limits_put(l, was, 2, NOW), 0);
	m.limits[m.of[3].first].total = 333;
	m.limits[m.of[4].first].total = 444;
	cr_assert_eq(limits_put(l, is, 3, NOW), 0);
	cr_expect_eq(seen(&m, 3, 1)->total, 333);
	cr_expect_eq(seen(&m, 4, 1)->total, 444);
	cr_expect_eq(seen(&m, 6, 1)->total, NOW);
	cr_expect_eq(seen(&m, 3, 1)->cost, SHUNT_LIMIT_UNITS_PER_S / 100);
	cr_expect_eq(seen(&m, 3, 1)->depth, SHUNT_LIMIT_UNITS_PER_S / 10);
	cr_expect_eq(seen(&m, 3, 1)->ahead, SHUNT_LIMIT_UNITS_PER_S + SHUNT_LIMIT_LATEST,
		     "as deep as it was");
	cr_expect_eq(seen(&m, 6, 1)->ahead, SHUNT_LIMIT_UNITS_PER_S / 10 + SHUNT_LIMIT_LATEST);
}

/* A service whose block of ids was outgrown is at both places for a while. */
Test(limits, of_a_service_that_moves_go_with_it)
{
	const struct limits_rule rules[] = { { &syn, 1 }, { &all, 2 } };
	const struct limits_list was[] = { { .of = 0, .rules = rules, .n = 1 },
					   { .of = 3, .rules = rules, .n = 2 } };
	const struct limits_list is[] = { { .of = 0, .rules = rules, .n = 1 },
					  { .of = 7, .rules = rules, .n = 2 },
					  { .of = 3, .same = true } };
	struct maps m = maps_make();
	struct limits *l = maps_of(&m);

	cr_assert_eq(limits_put(l, was, 2, NOW), 0);
	m.limits[m.of[3].first + 1].total = 333;
	cr_expect_eq(limits_count(is, 3), 3);
	cr_assert_eq(limits_put(l, is, 3, NOW), 0);
	cr_expect_eq(m.of[3].first, m.of[7].first);
	cr_expect_eq(m.of[3].n, 2);
	cr_expect_eq(seen(&m, 7, 1)->total, 333);
}

Test(limits, that_do_not_fit_change_nothing)
{
	const struct limits_rule rules[] = { { &all, 1 }, { &syn, 2 } };
	const struct limits_list one[] = { { .of = 0, .rules = rules, .n = 2 } };
	struct limits_list many[HALF / 2 + 1];
	struct maps m = maps_make(), before;

	for (uint32_t i = 0; i < array_len(many); i++)
		many[i] = (struct limits_list){ .of = i, .rules = rules, .n = 2 };
	cr_assert_eq(limits_put(maps_of(&m), one, 1, NOW), 0);
	before = m;
	cr_expect_eq(limits_put(maps_of(&m), many, array_len(many), NOW), -ENOSPC);
	cr_expect_eq(memcmp(m.limits, before.limits, sizeof(m.limits)), 0);
	cr_expect_eq(memcmp(m.of, before.of, sizeof(m.of)), 0);
	cr_expect_eq(limits_put(maps_of(&m), many, array_len(many) - 1, NOW), 0);
	many[0].of = LISTS;
	cr_expect_eq(limits_put(maps_of(&m), many, 1, NOW), -ENOSPC);
}

Test(limits, forget_sources_that_have_long_been_quiet)
{
	const uint64_t now = 100 * SHUNT_LIMIT_UNITS_PER_S;
	const uint64_t full = SHUNT_BUCKET_TAG(5) | (now + SHUNT_LIMIT_UNITS_PER_S);
	const uint64_t past = SHUNT_BUCKET_TAG(6) | (now - SHUNT_LIMIT_UNITS_PER_S);
	struct shunt_bucket_line lines[2] = { { { full, past } }, { { 0, 0, past, full } } };

	limits_sweep_sources(lines, 2, now);
	cr_expect_eq(lines[0].bucket[0], full);
	cr_expect_eq(lines[0].bucket[1], 0);
	cr_expect_eq(lines[1].bucket[2], 0);
	cr_expect_eq(lines[1].bucket[3], full);
}

/* Whenever the first packet comes: times go round. */
Test(limits, by_service_begin_empty_and_stay_so)
{
	const uint64_t hour = 3600 * SHUNT_LIMIT_UNITS_PER_S;
	const struct conf_limit deep = { .match = CONF_LIMIT_PACKETS,
					 .by = CONF_LIMIT_BY_SERVICE,
					 .rate = { 4, 3600 },
					 .burst = 4 };
	const struct limits_rule rule = { &deep, 1 };
	const struct limits_list list = { .of = 3, .rules = &rule, .n = 1 };

	for (uint64_t start = 0; start <= SHUNT_BUCKET_TIME_MASK; start += hour / 7) {
		struct maps m = maps_make();
		struct limits *l = maps_of(&m);
		struct shunt_limit *limit;

		cr_assert_eq(limits_put(l, &list, 1, start), 0);
		limit = &m.limits[m.of[3].first];
		/* Through two turns of the circle. */
		for (int i = 1; i < 20; i++)
			limits_sweep(l, (start + i * hour / 2) & SHUNT_BUCKET_TIME_MASK);
		for (int i = 0; i < 8; i++)
			cr_expect_eq(
				shunt_bucket_take(limit, &limit->total, 0,
						  (start + 10 * hour) & SHUNT_BUCKET_TIME_MASK),
				i < 4, "%lu: packet %d", start / hour, i);
	}
}
