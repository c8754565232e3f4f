/* SPDX-License-Identifier: BSD-2-Clause */
/* What the firewall makes of a packet is said before it comes, and counts nobody for it. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "explainer.h"
#include "gate.h"
#include "ref.h"
#include "shunt/guard.h"
#include "tables/guard.h"

#define ALLOW_RULE 1
#define DENY_RULE 2
#define LIMIT_RULE 3
#define TRIED_RULE 10

/* One packet, and then none while a test runs. */
#define ONCE                                                                                       \
	.match = CONF_LIMIT_PACKETS, .prefix4 = 32, .prefix6 = 64, .rate = { 1, 3600 }, .burst = 1

static struct explain ask(struct explainer *e, const struct packet *p)
{
	struct explain_packet asked;
	struct frame in;

	frame_build(p, &in);
	asked = explainer_packet(&in, p->flags & FRAME_SYN);
	return explainer_ask(e, &asked);
}

/* Asked more than once, because asking must not use up what there is. @rule: 0: none. */
static void expect(struct explainer *e, const struct packet *p, enum shunt_reason reason,
		   __u32 rule)
{
	for (int i = 0; i < 3; i++) {
		const struct explain x = ask(e, p);

		cr_expect_eq(x.reason, reason, "%s: %s, not %s", p->src, ref_name(x.reason),
			     ref_name(reason));
		cr_assert_eq(x.n_rules, !!rule, "%s: %zu rules", p->src, x.n_rules);
		cr_expect(!rule || x.rules[0] == rule, "%s: by rule %u", p->src, x.rules[0]);
	}
}

static void put_prefixes(struct gate *g)
{
	struct firewall_prefix prefixes[] = {
		{ frame_addr("198.51.100.8"), 32, ALLOW_RULE | SHUNT_GUARD_ALLOW },
		{ frame_addr("198.51.100.0"), 24, DENY_RULE | SHUNT_GUARD_DENY },
		{ frame_addr("2001:db8:bad::"), 48, DENY_RULE | SHUNT_GUARD_DENY },
	};
	const struct firewall_list list = { .prefixes = prefixes, .n = array_len(prefixes) };

	dp_put_guard(g->dp, &(struct guard_set){ .lists = &list, .n_lists = 1 });
}

Test(guard_explain, tells_who_denies_and_who_allows)
{
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_PREFIXES | SHUNT_GUARD_FLAGS);
	_cleanup_explainer_ struct explainer *e = explainer_open(g->dp);
	const struct packet four = gate_segment("198.51.100.9", FRAME_SYN),
			    six = gate_segment("2001:db8:bad::1", FRAME_ACK),
			    udp = gate_datagram("198.51.100.9"),
			    allowed = gate_segment("198.51.100.8", FRAME_ACK),
			    other = gate_segment("203.0.113.1", FRAME_SYN);

	put_prefixes(g);
	expect(e, &four, SHUNT_DENIED, DENY_RULE);
	expect(e, &six, SHUNT_DENIED, DENY_RULE);
	expect(e, &udp, SHUNT_DENIED, DENY_RULE);
	expect(e, &allowed, SHUNT_FORWARDED, ALLOW_RULE);
	expect(e, &other, SHUNT_FORWARDED, 0);
	cr_expect_eq(gate_hits(g, ALLOW_RULE) + gate_hits(g, DENY_RULE), 0);
	cr_expect_eq(gate_count(g, SHUNT_DENIED), 0);
}

/* By source the bucket is in one map, by service in another. */
Test(guard_explain, tells_who_limits_and_leaves_the_buckets)
{
	static const struct conf_limit confs[] = {
		{ ONCE },
		{ ONCE, .by = CONF_LIMIT_BY_SERVICE },
	};

	array_for_each (conf, confs, array_len(confs)) {
		const struct limits_rule rule = { conf, LIMIT_RULE | SHUNT_GUARD_DENY };
		_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
		_cleanup_explainer_ struct explainer *e = explainer_open(g->dp);
		const struct packet p = gate_segment("203.0.113.1", FRAME_ACK);

		gate_limit(g, &rule, 1);
		expect(e, &p, SHUNT_FORWARDED, 0);
		cr_expect_eq(gate_run(g, &p), SHUNT_FORWARDED, "asking has used it up");
		expect(e, &p, SHUNT_RATE_LIMITED, LIMIT_RULE);
		cr_expect_eq(gate_run(g, &p), SHUNT_RATE_LIMITED);
		cr_expect_eq(gate_hits(g, LIMIT_RULE), 1);
	}
}

/* All that are tried out are told, and then who does limit: it has the last word. */
Test(guard_explain, tells_every_rule)
{
	static const struct conf_limit once = { ONCE };
	struct limits_rule rules[SHUNT_MAX_LIMITS];
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	_cleanup_explainer_ struct explainer *e = explainer_open(g->dp);
	const struct packet p = gate_segment("203.0.113.1", FRAME_ACK);
	struct explain x;

	for (__u32 i = 0; i < SHUNT_MAX_LIMITS; i++)
		rules[i] = (struct limits_rule){ &once, (TRIED_RULE + i) | SHUNT_GUARD_DENY |
								SHUNT_GUARD_MONITOR };
	rules[SHUNT_MAX_LIMITS - 1].verdict &= ~SHUNT_GUARD_MONITOR;
	gate_limit(g, rules, SHUNT_MAX_LIMITS);
	cr_expect_eq(gate_run(g, &p), SHUNT_FORWARDED);
	x = ask(e, &p);
	cr_expect_eq(x.reason, SHUNT_RATE_LIMITED);
	cr_assert_eq(x.n_rules, SHUNT_MAX_LIMITS, "%zu rules", x.n_rules);
	for (__u32 i = 0; i < SHUNT_MAX_LIMITS; i++)
		cr_expect_eq(x.rules[i], TRIED_RULE + i);
}
