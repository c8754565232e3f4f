/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records and ports: each in use by one connection, none lost, and what happens when
 * there are no more.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat_town.h"
#include "rig.h"

/* One flow of many: the ports of the client, and then its address. */
static struct packet flow(char src[48], int family, __u16 port, __u32 i)
{
	struct packet p =
		nat_packet(family, port, i & 1 ? IPPROTO_UDP : IPPROTO_TCP, 1024 + i % 60000);

	snprintf(src, 48, family == 6 ? "2001:db8:c::%x" : "198.51.100.%u", i / 60000 + 1);
	p.src = src;
	return p;
}

/* The bits that records hold are those that are set, each once. */
static void expect_bits(const struct nat_town *t)
{
	const __u32 bits = t->conns.port_lines * SHUNT_BITS_PER_LINE;
	_cleanup_free_ __u8 *held = calloc(bits, 1);
	__u64 n_ports = 0;

	cr_assert(held);
	for (__u32 r = conns_next(&t->conns, 1); r; r = conns_next(&t->conns, r + 1)) {
		const struct shunt_conn conn = nat_conn(t, r);

		cr_assert(conns_is_written(&conn));
		cr_expect(conns_is_listed(&t->conns, r, &conn, SHUNT_TO_CLIENT));
		if (conn.port_bit == SHUNT_NO_PORT_BIT)
			continue;
		cr_assert_lt(conn.port_bit, bits);
		cr_expect(!held[conn.port_bit]++, "port bit %u twice", conn.port_bit);
		n_ports++;
	}
	cr_expect_eq(nat_count_ports(t), n_ports);
}

static void collect_all(struct nat_town *t)
{
	for (__u32 r = conns_next(&t->conns, 1); r; r = conns_next(&t->conns, r + 1))
		nat_collect(t, r);
}

static void expect_empty(const struct nat_town *t)
{
	cr_expect_eq(nat_count_conns(t), 0);
	cr_expect_eq(nat_count_ports(t), 0);
	for (__u32 line = 0; line <= t->conns.mask; line++)
		for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
			cr_assert_eq(t->conns.index[line].entry[i], 0, "line %u", line);
}

/* Flows to one port of a family: @n of them from the number @from on. */
struct batch {
	int family;
	__u16 port;
	__u32 from;
	__u32 n;
};

/* Open them; each is sent, or ends in @end. Return: how many did. */
static __u32 open_batch(struct nat_town *t, struct batch b, enum shunt_reason end)
{
	__u32 ended = 0;

	for (__u32 i = b.from; i < b.from + b.n; i++) {
		char src[48];
		const struct packet p = flow(src, b.family, b.port, i);
		const enum shunt_reason reason = nat_send(t, &p);

		cr_assert(reason == SHUNT_FORWARDED || reason == end, "flow %u: %s", i,
			  ref_name(reason));
		cr_assert_eq(nat_record(t, &p) != 0, reason == SHUNT_FORWARDED);
		ended += reason == end;
	}
	return ended;
}

/* A pool of 1001 ports of two addresses: the last port is found, and no more. */
Test(nat_limits, hands_out_every_port_once)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const __u32 ports4 = NAT_ADDRS4 * NAT_PORTS, ports6 = NAT_ADDRS6 * NAT_PORTS;

	cr_expect_eq(open_batch(t, (struct batch){ 4, NAT_FULL, 0, ports4 }, SHUNT_NO_PORT), 0);
	cr_expect_eq(open_batch(t, (struct batch){ 4, NAT_FULL, ports4, 10 }, SHUNT_NO_PORT), 10);
	cr_expect_eq(open_batch(t, (struct batch){ 6, NAT_FULL, 0, ports6 }, SHUNT_NO_PORT), 0);
	cr_expect_eq(open_batch(t, (struct batch){ 6, NAT_FULL, ports6, 10 }, SHUNT_NO_PORT), 10);
	cr_expect_eq(nat_count_conns(t), ports4 + ports6);
	expect_bits(t);
	/* Other servers have ports of their own. */
	cr_expect_eq(open_batch(t, (struct batch){ 4, NAT_TWO, 0, 500 }, SHUNT_NO_PORT), 0);
	expect_bits(t);
	collect_all(t);
	expect_empty(t);
	cr_expect_eq(open_batch(t, (struct batch){ 4, NAT_FULL, 5000, ports4 }, SHUNT_NO_PORT), 0);
}

/* In the last word of a space are bits that are no ports, and are of no other space. */
Test(nat_limits, stays_within_the_space_of_a_server)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const __u32 lines = t->world.rodata.space_lines;

	open_batch(t, (struct batch){ 4, NAT_FULL, 0, NAT_ADDRS4 * NAT_PORTS + 20 }, SHUNT_NO_PORT);
	for (__u32 line = 0; line < t->conns.port_lines; line++) {
		const __u64 n = conns_count_bits(&t->conns.port_bits[line], SHUNT_BITS_PER_LINE);
		const __u32 space = NAT_BACKEND_FULL * SHUNT_FAMILIES + SHUNT_V4;

		if (line / lines != space)
			cr_expect_eq(n, 0, "line %u", line);
		else if (line % lines + 1 < lines)
			cr_expect_eq(n, SHUNT_BITS_PER_LINE, "line %u", line);
		else
			cr_expect_eq(n, NAT_ADDRS4 * NAT_PORTS % SHUNT_BITS_PER_LINE);
	}
}

/* A port that was given back is seldom the next one: 1 in as many as are free. */
Test(nat_limits, does_not_hand_out_again_what_was_just_given_back)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	__u32 again = 0, last = SHUNT_NO_PORT_BIT;

	for (__u32 i = 0; i < 500; i++) {
		const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 1024 + i);
		const __u32 r = nat_connect(t, &p);

		again += nat_conn(t, r).port_bit == last;
		last = nat_conn(t, r).port_bit;
		nat_collect(t, r);
	}
	cr_expect_lt(again, 5, "%u of 500", again);
}

Test(nat_limits, says_so_when_all_records_are_taken)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const __u32 n = NAT_CONNS - 1;

	cr_expect_eq(open_batch(t, (struct batch){ 4, NAT_PLAIN, 0, n }, SHUNT_CONNECTIONS_FULL),
		     0);
	cr_expect_eq(open_batch(t, (struct batch){ 4, NAT_PLAIN, n, 10 }, SHUNT_CONNECTIONS_FULL),
		     10);
	cr_expect_eq(open_batch(t, (struct batch){ 6, NAT_FULL, n, 10 }, SHUNT_CONNECTIONS_FULL),
		     10);
	expect_bits(t);
	nat_collect(t, 77);
	cr_expect_eq(open_batch(t, (struct batch){ 6, NAT_FULL, 0, 1 }, SHUNT_CONNECTIONS_FULL), 0);
	cr_expect_eq(nat_count_conns(t), n);
	collect_all(t);
	expect_empty(t);
}

/*
 * A flood makes long searches few, in its second; one record among four thousand is found
 * nevertheless, after some attempts.
 */
Test(nat_limits, goes_on_after_a_flood)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const __u32 n = NAT_CONNS - 1;
	__u32 attempts = 0;

	cr_assert_eq(open_batch(t, (struct batch){ 4, NAT_PLAIN, 0, n }, SHUNT_CONNECTIONS_FULL),
		     0);
	cr_expect_eq(open_batch(t, (struct batch){ 4, NAT_PLAIN, n, 1000 }, SHUNT_CONNECTIONS_FULL),
		     1000);
	nat_collect(t, 77);
	while (open_batch(t, (struct batch){ 6, NAT_FULL, 0, 1 }, SHUNT_CONNECTIONS_FULL))
		cr_assert_lt(attempts++, 200);
	cr_expect_eq(nat_count_conns(t), n);
	expect_bits(t);
}

/* Record 0 is nobody's, also if nobody has said so. */
Test(nat_limits, never_hands_out_the_record_of_nobody)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const __u32 n = NAT_CONNS - 1;

	t->conns.bits->word[0] &= ~1ULL;
	cr_expect_leq(
		open_batch(t, (struct batch){ 4, NAT_PLAIN, 0, n + 1 }, SHUNT_CONNECTIONS_FULL), 1);
	cr_expect_eq(
		open_batch(t, (struct batch){ 4, NAT_PLAIN, n + 1, 3 }, SHUNT_CONNECTIONS_FULL), 3);
	cr_expect_eq(t->conns.bits->word[0] & 1, 1);
	cr_expect_eq(t->conns.records[0].server.ports, 0);
	expect_bits(t);
}

/* No room for one of the two tuples: nothing stays of the attempt. */
static void expect_no_room(const struct world *w)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open_world(w);
	__u32 opened = 0, full = 0;

	for (__u32 i = 0; i < 200; i++) {
		char src[48];
		const struct packet p = flow(src, 4, NAT_FULL, i);
		const enum shunt_reason reason = nat_send(t, &p);

		cr_assert(reason == SHUNT_FORWARDED || reason == SHUNT_CONNECTIONS_FULL, "%s",
			  ref_name(reason));
		opened += reason == SHUNT_FORWARDED;
		full += reason == SHUNT_CONNECTIONS_FULL;
		cr_assert_eq(nat_count_conns(t), opened);
		cr_assert_eq(nat_count_ports(t), opened);
	}
	cr_expect_gt(full, 100);
	cr_expect_geq(2 * opened, (w->rodata.conn_mask + 1) * SHUNT_FLOWS_PER_LINE * 3 / 4);
	expect_bits(t);
	collect_all(t);
	expect_empty(t);
}

Test(nat_limits, gives_all_back_when_the_index_has_no_room)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));

	cr_assert(w);
	nat_build_world(w);
	for (w->rodata.conn_mask = 0; w->rodata.conn_mask < 16;
	     w->rodata.conn_mask = w->rodata.conn_mask * 2 + 1)
		expect_no_room(w);
}

/* Connections come and go at random; every step of the way the bits are right. */
Test(nat_limits, loses_nothing_in_the_long_run)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	static const __u16 ports[] = { NAT_FULL, NAT_TWO, NAT_PLAIN };
	__u64 state = 0x10577;
	const __u32 steps = rig_scale(6000);
	__u32 opened = 0;

	for (__u32 i = 0; i < steps; i++) {
		const __u64 draw = rig_random(&state);
		const __u32 r = conns_next(&t->conns, (draw >> 8) % NAT_CONNS);
		char src[48];
		const struct packet p =
			flow(src, draw & 1 ? 4 : 6, ports[(draw >> 33) % 3], draw >> 40 & 0x3fff);

		if (draw & 0x10 && r)
			nat_collect(t, r);
		else if (nat_send(t, &p) == SHUNT_FORWARDED)
			opened++;
		if (i % 500 == 0)
			expect_bits(t);
	}
	cr_expect_gt(opened, 0);
	expect_bits(t);
	collect_all(t);
	expect_empty(t);
}
