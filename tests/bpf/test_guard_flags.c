/* SPDX-License-Identifier: BSD-2-Clause */
/* Every set of TCP flags, against what is said of them here in other words. */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "base/array.h"
#include "gate.h"
#include "ref.h"
#include "shunt/guard.h"
#include "shunt/reason.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

/* What a segment may be, PSH, URG, ECE and CWR aside. */
static const __u8 right[] = { SYN, SYN | ACK, RST, RST | ACK, ACK, FIN | ACK };

static bool is_right(__u8 flags)
{
	array_for_each (r, right, array_len(right))
		if ((flags & (FIN | SYN | RST | ACK)) == *r)
			return true;
	return false;
}

static struct packet segment(int family, __u16 flags)
{
	return (struct packet){ .src = family == 4 ? CLIENT4 : CLIENT6,
				.dst = family == 4 ? SHOP4 : SHOP6,
				.proto = IPPROTO_TCP,
				.sport = 40000,
				.dport = GATE_PORT,
				.flags = flags ?: FRAME_NO_FLAGS };
}

Test(guard_flags, that_mean_nothing_are_dropped)
{
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_FLAGS);
	__u64 dropped = 0;

	for (int family = 4; family <= 6; family += 2)
		for (__u16 flags = 0; flags < 256; flags++) {
			const struct packet p = segment(family, flags);
			const enum shunt_reason want =
				is_right(flags) ? SHUNT_FORWARDED : SHUNT_BAD_FLAGS;
			const enum shunt_reason got = gate_run(g, &p);

			cr_expect_eq(got, want, "IPv%d, flags %#04x: %s", family, flags,
				     ref_name(got));
			dropped += want == SHUNT_BAD_FLAGS;
		}
	cr_expect_eq(dropped, 2 * 160);
	cr_expect_eq(gate_hits(g, SHUNT_GUARD_FLAGS_RULE), dropped);
}

Test(guard_flags, of_a_rule_that_is_tried_out_pass)
{
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_FLAGS | SHUNT_GUARD_FLAGS_MONITOR);

	for (__u16 flags = 0; flags < 256; flags++) {
		const struct packet p = segment(4, flags);

		cr_expect_eq(gate_run(g, &p), SHUNT_FORWARDED, "flags %#04x", flags);
	}
	cr_expect_eq(gate_hits(g, SHUNT_GUARD_FLAGS_RULE), 160);
}

/* ECN (RFC 3168) and fast open (RFC 7413). */
Test(guard_flags, of_a_syn_may_ask_for_ecn_and_come_with_data)
{
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_FLAGS);
	struct packet p = segment(4, SYN | 0xc0);

	cr_expect_eq(gate_run(g, &p), SHUNT_FORWARDED);
	p.payload = 100;
	cr_expect_eq(gate_run(g, &p), SHUNT_FORWARDED);
}

/* What has no flags is not looked at: UDP, later fragments, errors, pings. */
Test(guard_flags, are_those_of_tcp_headers_only)
{
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_FLAGS);
	struct packet udp = segment(4, 0), first = segment(4, ACK), later, none = segment(4, 0);
	struct packet quoted = { .src = SHOP4, .dst = CLIENT4, .proto = IPPROTO_TCP };
	struct packet error = segment(4, 0);

	udp.proto = IPPROTO_UDP;
	cr_expect_eq(gate_run(g, &udp), SHUNT_FORWARDED);
	first.fragment = 0x2000;
	first.id = 77;
	first.payload = 80;
	later = first;
	later.fragment = 0x2010;
	cr_expect_eq(gate_run(g, &first), SHUNT_FORWARDED);
	cr_expect_eq(gate_run(g, &later), SHUNT_FORWARDED);
	none.fragment = 0x2000;
	none.id = 78;
	cr_expect_eq(gate_run(g, &none), SHUNT_BAD_FLAGS, "the first fragment has flags");
	quoted.sport = GATE_PORT;
	quoted.dport = 40000;
	error.proto = IPPROTO_ICMP;
	error.icmp_type = 3;
	error.icmp_code = 4;
	error.quoted = &quoted;
	cr_expect_eq(gate_run(g, &error), SHUNT_FORWARDED);
}

/* Whoever sends to no service may send what he likes. */
Test(guard_flags, for_nobody_are_left_to_the_stack)
{
	_cleanup_gate_ struct gate *g = gate_open(SHUNT_GUARD_FLAGS);
	struct packet p = segment(4, 0);

	p.dport = 4711;
	cr_expect_eq(gate_run(g, &p), SHUNT_NOT_SERVICE);
	p.dst = STRANGER4;
	cr_expect_eq(gate_run(g, &p), SHUNT_NOT_SERVICE);
}
