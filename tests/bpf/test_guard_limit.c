/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits, through the program and by its clock, which moves on in steps of up to 10 ms. What
 * follows from arithmetic alone is tested with shunt/limit.h.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "gate.h"
#include "rig.h"
#include "shunt/guard.h"
#include "shunt/reason.h"

#define RULE 5
#define OTHER_RULE 6
#define TICK_MS 10

#define LIST(place, rule)                                                                          \
	(struct limits_list)                                                                       \
	{                                                                                          \
		.of = place, .rules = &rule, .n = 1                                                \
	}

#define BY_SOURCE(what) .match = CONF_LIMIT_##what, .prefix4 = 32, .prefix6 = 64
#define BY_SERVICE(what) .match = CONF_LIMIT_##what, .by = CONF_LIMIT_BY_SERVICE
/* So seldom that none is granted while a test runs. */
#define NEVER .rate = { 1, 3600 }, .burst = 1
#define SELDOM(n) .rate = { n, 3600 }, .burst = (n)

static struct gate *open_with(const struct conf_limit *conf)
{
	const struct limits_rule rule = { conf, RULE | SHUNT_GUARD_DENY };
	struct gate *g = gate_open(SHUNT_GUARD_LIMITS);

	gate_limit(g, &rule, 1);
	return g;
}

static void expect(struct gate *g, const struct packet *p, enum shunt_reason reason,
		   const char *what)
{
	const enum shunt_reason got = gate_run(g, p);

	cr_expect_eq(got, reason, "%s: %s, not %s", what, ref_name(got), ref_name(reason));
}

/* A burst of two seconds, because a slow machine may sleep for as long. */
Test(guard_limit, lets_a_burst_pass_and_then_the_rate)
{
	const struct conf_limit conf = { BY_SOURCE(PACKETS), .rate = { 1000, 1 }, .burst = 2000 };
	_cleanup_gate_ struct gate *g = open_with(&conf);
	const struct packet p = gate_segment("198.51.100.1", FRAME_ACK);
	const __u64 begin_ms = gate_now_ms();
	__u32 sent = 4000, passed = gate_run_many(g, &p, sent), least, most;

	cr_expect_geq(passed, 2000);
	cr_expect_leq(passed, 2000 + gate_now_ms() - begin_ms + TICK_MS);
	for (int i = 0; i < 5; i++, sent += 2000) {
		usleep(100 * 1000);
		/* A slow machine takes its time for the last packets, and behind them. */
		least = 2000 + gate_now_ms() - begin_ms;
		passed += gate_run_many(g, &p, 2000);
	}
	most = 2000 + gate_now_ms() - begin_ms;
	cr_expect_geq(passed, least - 2 * TICK_MS, "%u, not %u", passed, least);
	cr_expect_leq(passed, most + 2 * TICK_MS, "%u, not %u", passed, most);
	cr_expect_eq(gate_hits(g, RULE), sent - passed);
	cr_expect_eq(gate_count(g, SHUNT_RATE_LIMITED), sent - passed);
}

Test(guard_limit, of_syns_is_of_no_other_packet)
{
	const struct conf_limit conf = { BY_SOURCE(TCP_SYN), NEVER };
	_cleanup_gate_ struct gate *g = open_with(&conf);
	static const char *const sources[] = { "198.51.100.1", "2001:db8:c::1" };

	array_for_each (src, sources, array_len(sources)) {
		struct packet syn = gate_segment(*src, FRAME_SYN),
			      ack = gate_segment(*src, FRAME_ACK);
		struct packet both = gate_segment(*src, FRAME_SYN | FRAME_ACK),
			      udp = gate_datagram(*src);

		expect(g, &syn, SHUNT_FORWARDED, "first SYN");
		expect(g, &syn, SHUNT_RATE_LIMITED, "second SYN");
		expect(g, &ack, SHUNT_FORWARDED, "ACK");
		expect(g, &both, SHUNT_FORWARDED, "SYN and ACK");
		expect(g, &udp, SHUNT_FORWARDED, "UDP");
		syn.flags |= 0xc0;
		expect(g, &syn, SHUNT_RATE_LIMITED, "SYN that asks for ECN");
	}
}

Test(guard_limit, of_udp_is_of_all_udp)
{
	const struct conf_limit conf = { BY_SOURCE(UDP), NEVER };
	_cleanup_gate_ struct gate *g = open_with(&conf);
	struct packet udp = gate_datagram("198.51.100.1"),
		      tcp = gate_segment("198.51.100.1", FRAME_SYN);

	expect(g, &udp, SHUNT_FORWARDED, "UDP");
	expect(g, &tcp, SHUNT_FORWARDED, "TCP");
	expect(g, &udp, SHUNT_RATE_LIMITED, "UDP again");
	udp.fragment = 0x2000;
	expect(g, &udp, SHUNT_RATE_LIMITED, "first fragment");
	/* Whose first one has not come in. */
	udp.fragment = 0x0010;
	expect(g, &udp, SHUNT_LATE_FRAGMENT, "later fragment");
}

/* A ping, and an error: who sends it counts, and not whose flow it is about. */
Test(guard_limit, of_icmp_is_of_what_is_for_vips)
{
	const struct conf_limit conf = { BY_SOURCE(ICMP), SELDOM(2) };
	const struct limits_rule rule = { &conf, RULE | SHUNT_GUARD_DENY };
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	struct packet one = gate_ping("198.51.100.1"), six = gate_ping("2001:db8:c::1");
	struct packet quoted = { .src = SHOP4, .dst = "198.51.100.9", .proto = IPPROTO_TCP };
	struct packet error = gate_ping("198.51.100.1"), other = gate_ping("198.51.100.2");

	quoted.sport = GATE_PORT;
	quoted.dport = 40000;
	error.icmp_type = other.icmp_type = 3;
	error.icmp_code = other.icmp_code = 4;
	error.quoted = other.quoted = &quoted;
	gate_put(g, &LIST(GATE_OF_NOBODY, rule), 1);
	expect(g, &one, SHUNT_ECHO_ANSWERED, "ping");
	expect(g, &error, SHUNT_FORWARDED, "error");
	expect(g, &one, SHUNT_RATE_LIMITED, "second ping");
	expect(g, &error, SHUNT_RATE_LIMITED, "second error");
	expect(g, &other, SHUNT_FORWARDED, "another router's error");
	expect(g, &six, SHUNT_ECHO_ANSWERED, "ping by IPv6");
	expect(g, &six, SHUNT_ECHO_ANSWERED, "second one");
	expect(g, &six, SHUNT_RATE_LIMITED, "third one");
}

Test(guard_limit, of_a_prefix_is_of_all_in_it)
{
	const struct conf_limit conf = {
		.match = CONF_LIMIT_PACKETS, .prefix4 = 24, .prefix6 = 64, SELDOM(2)
	};
	_cleanup_gate_ struct gate *g = open_with(&conf);
	static const struct {
		const char *src;
		bool is_within;
	} rows[] = {
		{ "198.51.100.1", true },   { "198.51.100.255", true },
		{ "198.51.100.7", false },  { "198.51.101.1", true },
		{ "2001:db8:c::1", true },  { "2001:db8:c::ffff:1", true },
		{ "2001:db8:c::9", false }, { "2001:db8:c:1::1", true },
		{ "198.51.100.1", false },  { "2001:db8:c:0:8000::", false },
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		const struct packet p = gate_segment(rows[i].src, FRAME_ACK);

		expect(g, &p, rows[i].is_within ? SHUNT_FORWARDED : SHUNT_RATE_LIMITED,
		       rows[i].src);
	}
}

/* By the last bit of either family, too. */
Test(guard_limit, tells_single_addresses_apart)
{
	const struct conf_limit conf = {
		.match = CONF_LIMIT_PACKETS, .prefix4 = 32, .prefix6 = 128, NEVER
	};
	_cleanup_gate_ struct gate *g = open_with(&conf);
	static const char *const sources[] = { "198.51.100.2", "198.51.100.3", "2001:db8:c::2",
					       "2001:db8:c::3", "2001:db8:d::2" };

	array_for_each (src, sources, array_len(sources)) {
		const struct packet p = gate_segment(*src, FRAME_ACK);

		expect(g, &p, SHUNT_FORWARDED, *src);
		expect(g, &p, SHUNT_RATE_LIMITED, *src);
	}
}

Test(guard_limit, of_one_service_is_not_of_another)
{
	const struct conf_limit conf = { BY_SOURCE(PACKETS), NEVER };
	const struct conf_limit more = { BY_SOURCE(PACKETS), SELDOM(3) };
	const struct limits_rule one = { &conf, RULE | SHUNT_GUARD_DENY };
	const struct limits_rule other = { &more, OTHER_RULE | SHUNT_GUARD_DENY };
	const struct limits_list lists[] = { LIST(GATE_OF, one), LIST(GATE_OF_OTHER, other) };
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	struct packet p = gate_segment("198.51.100.1", FRAME_ACK);

	gate_put(g, lists, array_len(lists));
	expect(g, &p, SHUNT_FORWARDED, "first");
	expect(g, &p, SHUNT_RATE_LIMITED, "second");
	p.dport = GATE_OTHER_PORT;
	for (int i = 0; i < 3; i++)
		expect(g, &p, SHUNT_FORWARDED, "to the other");
	expect(g, &p, SHUNT_RATE_LIMITED, "to the other, the fourth");
	cr_expect_eq(gate_hits(g, RULE), 1);
	cr_expect_eq(gate_hits(g, OTHER_RULE), 1);
}

/* And one rule of all services is one bucket for each source. */
Test(guard_limit, by_source_goes_over_all_services_that_have_it)
{
	const struct conf_limit conf = { BY_SOURCE(PACKETS), SELDOM(2) };
	const struct limits_rule rule = { &conf, RULE | SHUNT_GUARD_DENY };
	const struct limits_list lists[] = { LIST(GATE_OF, rule), LIST(GATE_OF_OTHER, rule) };
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	struct packet p = gate_segment("198.51.100.1", FRAME_ACK);

	gate_put(g, lists, array_len(lists));
	expect(g, &p, SHUNT_FORWARDED, "one");
	p.dport = GATE_OTHER_PORT;
	expect(g, &p, SHUNT_FORWARDED, "the other");
	expect(g, &p, SHUNT_RATE_LIMITED, "the other again");
}

Test(guard_limit, by_service_is_of_all_sources_together)
{
	const struct conf_limit conf = { BY_SERVICE(TCP_SYN), SELDOM(4) };
	const struct limits_rule rule = { &conf, RULE | SHUNT_GUARD_DENY };
	const struct limits_list lists[] = { LIST(GATE_OF, rule), LIST(GATE_OF_OTHER, rule) };
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	static const char *const sources[] = { "198.51.100.1", "203.0.113.1", "2001:db8:c::1",
					       "2001:db8:d::1" };
	struct packet p;

	gate_put(g, lists, array_len(lists));
	array_for_each (src, sources, array_len(sources)) {
		p = gate_segment(*src, FRAME_SYN);
		expect(g, &p, SHUNT_FORWARDED, *src);
	}
	expect(g, &p, SHUNT_RATE_LIMITED, "the fifth");
	p.dport = GATE_OTHER_PORT;
	expect(g, &p, SHUNT_FORWARDED, "to the other service");
}

/* What the first one refuses does not count for the second one. */
Test(guard_limit, all_of_them_are_asked_in_their_order)
{
	const struct conf_limit own = { BY_SOURCE(PACKETS), NEVER };
	const struct conf_limit all = { BY_SERVICE(PACKETS), SELDOM(2) };
	const struct limits_rule rules[] = { { &own, RULE | SHUNT_GUARD_DENY },
					     { &all, OTHER_RULE | SHUNT_GUARD_DENY } };
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	const struct packet one = gate_segment("198.51.100.1", FRAME_ACK);
	const struct packet two = gate_segment("198.51.100.2", FRAME_ACK);
	const struct packet three = gate_segment("198.51.100.3", FRAME_ACK);

	gate_limit(g, rules, 2);
	expect(g, &one, SHUNT_FORWARDED, "one");
	for (int i = 0; i < 10; i++)
		expect(g, &one, SHUNT_RATE_LIMITED, "one again");
	expect(g, &two, SHUNT_FORWARDED, "two");
	expect(g, &three, SHUNT_RATE_LIMITED, "three");
	cr_expect_eq(gate_hits(g, RULE), 10);
	cr_expect_eq(gate_hits(g, OTHER_RULE), 1);
}

Test(guard_limit, that_is_tried_out_counts_and_lets_pass)
{
	const struct conf_limit conf = { BY_SOURCE(PACKETS), NEVER };
	const struct limits_rule tried = { &conf, RULE | SHUNT_GUARD_DENY | SHUNT_GUARD_MONITOR };
	const struct limits_rule earnest = { &conf, RULE | SHUNT_GUARD_DENY };
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	const struct packet p = gate_segment("198.51.100.1", FRAME_ACK);

	gate_limit(g, &tried, 1);
	for (int i = 0; i < 10; i++)
		expect(g, &p, SHUNT_FORWARDED, "tried out");
	cr_expect_eq(gate_hits(g, RULE), 9);
	/* What the bucket holds counts as soon as the rule is in earnest. */
	gate_limit(g, &earnest, 1);
	expect(g, &p, SHUNT_RATE_LIMITED, "in earnest");
}

Test(guard_limit, changes_at_once_and_forgets_nothing)
{
	const struct conf_limit slow = { BY_SOURCE(PACKETS), SELDOM(10) };
	const struct conf_limit more = { BY_SOURCE(PACKETS), .rate = { 10, 3600 }, .burst = 10 };
	const struct conf_limit fast = { BY_SOURCE(PACKETS), .rate = { 1000, 1 }, .burst = 50 };
	const struct limits_rule rules[] = { { &slow, RULE | SHUNT_GUARD_DENY },
					     { &more, RULE | SHUNT_GUARD_DENY },
					     { &fast, RULE | SHUNT_GUARD_DENY } };
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_LIMITS);
	const struct packet p = gate_segment("198.51.100.1", FRAME_ACK);
	const struct packet other = gate_segment("198.51.100.2", FRAME_ACK);

	gate_limit(g, &rules[0], 1);
	cr_expect_eq(gate_run_many(g, &p, 100), 10);
	gate_limit(g, &rules[1], 1);
	cr_expect_eq(gate_run_many(g, &p, 100), 0, "a reload gave it another burst");
	gate_limit(g, &rules[2], 1);
	cr_expect_leq(gate_run_many(g, &p, 100), 3 * TICK_MS, "it begins with none");
	usleep(100 * 1000);
	cr_expect_geq(gate_run_many(g, &p, 100), 50, "it waits for what the former one said");
	cr_expect_geq(gate_run_many(g, &other, 100), 50);
	gate_limit(g, NULL, 0);
	cr_expect_eq(gate_run_many(g, &p, 1000), 1000);
}

/* Behind 20 000 others nobody keeps a place in 8192 buckets, and nobody needs one. */
Test(guard_limit, of_the_honest_is_not_touched_by_a_flood)
{
	const struct conf_limit conf = { BY_SOURCE(PACKETS), SELDOM(3) };
	_cleanup_gate_ struct gate *g = open_with(&conf);
	const struct packet greedy = gate_segment("198.51.100.1", FRAME_ACK);
	const __u32 n = rig_scale(20000);
	__u64 random = 0x5eed;
	struct frame f;

	cr_expect_eq(gate_run_many(g, &greedy, 100), 3);
	for (__u32 i = 0; i < n; i++) {
		const __u64 r = rig_random(&random);
		char src[48];
		struct packet p;

		if (i & 1)
			snprintf(src, sizeof(src), "10.%u.%u.%u", (__u8)r, (__u8)(r >> 8),
				 (__u8)(r >> 16));
		else
			snprintf(src, sizeof(src), "2001:%x:%x:%x::1", (__u16)r, (__u16)(r >> 16),
				 (__u16)(r >> 32));
		p = gate_segment(src, FRAME_ACK);
		frame_build(&p, &f);
		dp_run(g->dp, &f, &f);
		if (i % 1000)
			continue;
		snprintf(src, sizeof(src), "192.0.3.%u", i / 1000);
		p = gate_segment(src, FRAME_ACK);
		cr_expect_eq(gate_run_many(g, &p, 3), 3, "%s", src);
	}
	cr_expect_eq(gate_count(g, SHUNT_RATE_LIMITED), 97, "somebody else was limited");
	cr_expect_eq(gate_run_many(g, &greedy, 100), 0, "its bucket has gone");
}

/* --- two CPUs -------------------------------------------------------------------- */

#define RUNS 100000

struct runner {
	struct gate *gate;
	struct packet packet;
	int cpu;
};

static void *run_on(void *arg)
{
	const struct runner *r = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(r->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	gate_run_many(r->gate, &r->packet, RUNS);
	return NULL;
}

static void expect_limit_of_two(const struct conf_limit *conf)
{
	_cleanup_gate_ struct gate *g = open_with(conf);
	const __u64 begin_ms = gate_now_ms();
	struct runner runners[2];
	pthread_t threads[2];
	__u64 passed, granted;

	for (int i = 0; i < 2; i++) {
		runners[i] = (struct runner){ g, gate_segment("198.51.100.1", FRAME_ACK), i };
		cr_assert_eq(pthread_create(&threads[i], NULL, run_on, &runners[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	passed = gate_count(g, SHUNT_FORWARDED);
	granted = conf->burst + (gate_now_ms() - begin_ms + TICK_MS) * conf->rate.count / 1000;
	cr_expect_geq(passed, conf->burst);
	cr_expect_leq(passed, granted + granted / 100, "%llu passed, of %llu", passed, granted);
	cr_expect_eq(passed + gate_hits(g, RULE), 2 * RUNS);
}

Test(guard_limit, holds_on_two_cpus_at_once)
{
	static const struct conf_limit by_source = { BY_SOURCE(PACKETS), .rate = { 100000, 1 },
						     .burst = 50000 };
	static const struct conf_limit by_service = { BY_SERVICE(PACKETS), .rate = { 100000, 1 },
						      .burst = 50000 };

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		cr_skip_test("there is one CPU: this needs two");
	expect_limit_of_two(&by_source);
	expect_limit_of_two(&by_service);
}
