/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of a packet first: who is allowed, who is denied, flags, limits. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "gate.h"
#include "ref.h"
#include "shunt/guard.h"
#include "shunt/reason.h"
#include "tables/guard.h"

#define ALLOW_RULE 1
#define DENY_RULE 2
#define LIMIT_RULE 3

/* 198.51.100.0/24 is denied, and of it 198.51.100.8/32 is allowed. */
static void put_prefixes(struct gate *g)
{
	struct firewall_prefix prefixes[] = {
		{ frame_addr("198.51.100.8"), 32, ALLOW_RULE | SHUNT_GUARD_ALLOW },
		{ frame_addr("198.51.100.0"), 24, DENY_RULE | SHUNT_GUARD_DENY },
	};
	const struct firewall_list list = { .prefixes = prefixes, .n = array_len(prefixes) };

	dp_put_guard(g->dp, &(struct guard_set){ .lists = &list, .n_lists = 1 });
}

Test(guard_order, is_allow_deny_flags_limits)
{
	const struct conf_limit once = { .match = CONF_LIMIT_PACKETS,
					 .prefix4 = 32,
					 .prefix6 = 64,
					 .rate = { 1, 3600 },
					 .burst = 1 };
	const struct limits_rule limit = { &once, LIMIT_RULE | SHUNT_GUARD_DENY };
	_cleanup_gate_ struct gate *g =
		gate_open(SHUNT_GUARD_PREFIXES | SHUNT_GUARD_FLAGS | SHUNT_GUARD_LIMITS);
	const struct packet allowed = gate_segment("198.51.100.8", FRAME_NO_FLAGS);
	const struct packet denied = gate_segment("198.51.100.9", FRAME_NO_FLAGS);
	const struct packet bad = gate_segment("203.0.113.1", FRAME_NO_FLAGS);
	const struct packet good = gate_segment("203.0.113.1", FRAME_ACK);

	put_prefixes(g);
	gate_limit(g, &limit, 1);
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(gate_run(g, &allowed), SHUNT_FORWARDED,
			     "who is allowed is asked more");
		cr_expect_eq(gate_run(g, &denied), SHUNT_DENIED);
		cr_expect_eq(gate_run(g, &bad), SHUNT_BAD_FLAGS);
	}
	cr_expect_eq(gate_run(g, &good), SHUNT_FORWARDED, "what was dropped before has counted");
	cr_expect_eq(gate_run(g, &good), SHUNT_RATE_LIMITED);
	cr_expect_eq(gate_hits(g, ALLOW_RULE), 5);
	cr_expect_eq(gate_hits(g, DENY_RULE), 5);
	cr_expect_eq(gate_hits(g, SHUNT_GUARD_FLAGS_RULE), 5);
	cr_expect_eq(gate_hits(g, LIMIT_RULE), 1);
}
