/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of connections, whatever their headers carry, and how they come out. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat_town.h"
#include "rig.h"

static const int families[] = { 4, 6 };
static const __u16 ways[] = { NAT_FULL, NAT_TWO, NAT_PLAIN };

#define each_family(i) for (size_t i = 0; i < 2; i++)
#define each_way(i) for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)

/* The same flow, other flags: it has to go by the same record. */
static void expect_request(struct nat_town *t, struct packet p, __u32 record, __u16 flags)
{
	p.flags = flags;
	cr_expect_eq(nat_send(t, &p), SHUNT_FORWARDED);
	cr_expect_eq(nat_record(t, &p), record);
	cr_expect(nat_went_to_server(t, record));
}

Test(nat_packet, takes_one_hop_in_both_directions)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		struct packet p = nat_packet(families[f], NAT_FULL, IPPROTO_TCP, 41000);
		const __u32 r = nat_connect(t, &p);
		const struct shunt_conn conn = nat_conn(t, r);
		struct frame back;

		for (int ttl = 1; ttl < 256; ttl++) {
			const enum shunt_reason want =
				ttl == 1 ? SHUNT_TTL_EXPIRED : SHUNT_FORWARDED;

			p.ttl = ttl;
			cr_expect_eq(nat_send(t, &p), want);
			cr_expect(want != SHUNT_FORWARDED || nat_went_to_server(t, r));
			nat_answer_frame(&conn, FRAME_ACK, 3, &back);
			if (families[f] == 4)
				frame_put16(back.data + 24,
					    frame_get16(back.data + 24) + ((64 - ttl) << 8));
			back.data[FRAME_IP + (families[f] == 6 ? 7 : 8)] = ttl;
			cr_expect_eq(nat_send_frame(t, &back), want);
			cr_expect(want != SHUNT_FORWARDED || nat_went_to_client(t, r));
		}
	}
}

Test(nat_packet, carries_options_extension_headers_and_padding)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	struct packet p4 = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000);
	struct packet p6 = nat_packet(6, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 r4 = nat_connect(t, &p4), r6 = nat_connect(t, &p6);

	for (p4.options = 0; p4.options <= 40; p4.options += 4)
		expect_request(t, p4, r4, 0);
	p4.options = 8;
	p4.pad = 17;
	expect_request(t, p4, r4, 0);
	p6.pad = 5;
	for (int n = 0; n < 6; n++) {
		p6.extension[n] = FRAME_EXTENSION(n % 2 ? IPPROTO_AH : IPPROTO_DSTOPTS);
		expect_request(t, p6, r6, FRAME_ACK);
	}
}

Test(nat_packet, an_absent_checksum_of_udp_stays_absent)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000);
	const __u32 r = nat_connect(t, &p);
	struct frame f;

	frame_build(&p, &f);
	frame_put16(f.data + FRAME_IP + 26, 0);
	cr_expect_eq(nat_send_frame(t, &f), SHUNT_FORWARDED);
	cr_expect(nat_went_to_server(t, r));
	cr_expect_eq(frame_get16(t->got.data + FRAME_IP + 26), 0);
}

/* A word of the payload takes the checksum through all values, and past both zeroes. */
static void sweep_checksums(struct nat_town *t, const struct packet *p, bool wrong)
{
	const __u32 r = nat_connect(t, p), step = 65536 / rig_scale(65536);
	struct frame f;

	frame_build(p, &f);
	for (__u32 word = 0; word < 65536; word += step) {
		const size_t l4 = FRAME_IP + (strchr(p->dst, ':') ? 40 : 20);
		const size_t check = l4 + (p->proto == IPPROTO_TCP ? 16 : 6);
		const __u16 before = frame_get16(f.data + l4 + 22);

		frame_put16(f.data + l4 + 22, word);
		if (wrong)
			frame_put16(f.data + check, word ?: 1);
		else
			frame_put16(f.data + check,
				    ~frame_sum((__u8[]){ ~f.data[check], ~f.data[check + 1],
							 ~(before >> 8), ~before, word >> 8, word },
					       6));
		if (!wrong && p->proto == IPPROTO_UDP && !frame_get16(f.data + check))
			frame_put16(f.data + check, 0xffff);
		cr_assert(wrong || !ref_l4_error(&f));
		cr_assert_eq(nat_send_frame(t, &f), SHUNT_FORWARDED);
		cr_assert_eq(ref_l4_error(&t->got), ref_l4_error(&f), "word %04x", word);
		cr_assert(wrong || nat_went_to_server(t, r), "word %04x", word);
	}
}

Test(nat_packet, updates_every_checksum)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet tcp = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const struct packet udp = nat_packet(6, NAT_FULL, IPPROTO_UDP, 41000);

	sweep_checksums(t, &tcp, false);
	sweep_checksums(t, &udp, false);
}

Test(nat_packet, leaves_every_wrong_checksum_as_wrong)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet tcp = nat_packet(6, NAT_FULL, IPPROTO_TCP, 41000);
	const struct packet udp = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000);

	sweep_checksums(t, &tcp, true);
	sweep_checksums(t, &udp, true);
}

/* Each length of a packet that goes, in both directions, is not forwarded cut. */
Test(nat_packet, never_forwards_what_is_cut)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		const struct packet p = nat_packet(families[f], NAT_FULL, IPPROTO_TCP, 41000);
		const __u32 r = nat_connect(t, &p);
		const struct shunt_conn conn = nat_conn(t, r);
		struct frame to, back;

		frame_build(&p, &to);
		for (to.len--; to.len > FRAME_SHORTEST; to.len--)
			cr_expect_neq(nat_send_frame(t, &to), SHUNT_FORWARDED);
		nat_answer_frame(&conn, FRAME_ACK, 9, &back);
		for (back.len--; back.len > FRAME_SHORTEST; back.len--)
			cr_expect_neq(nat_send_frame(t, &back), SHUNT_FORWARDED);
	}
}

Test(nat_packet, does_not_send_what_the_link_does_not_take)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		struct packet p = nat_packet(families[f], NAT_SMALL, IPPROTO_TCP, 41000);
		const __u32 r = nat_connect(t, &p);

		p.payload = TOWN_SMALL_MTU - (families[f] == 6 ? 60 : 40);
		expect_request(t, p, r, FRAME_ACK);
		p.payload++;
		cr_expect_eq(nat_send(t, &p), SHUNT_TOO_BIG);
	}
}

/* And its sender is told. */
Test(nat_packet, answers_what_the_link_does_not_take)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	_cleanup_nat_town_ struct nat_town *t = NULL;

	cr_assert(w);
	nat_build_world(w);
	w->rodata.icmp_per_s = 100;
	t = nat_town_open_world(w);
	each_family(f)
	{
		struct packet p = nat_packet(families[f], NAT_SMALL, IPPROTO_TCP, 41000);
		const size_t ip_len = families[f] == 6 ? 40 : 20;

		nat_connect(t, &p);
		p.flags = FRAME_ACK;
		p.fragment = 0x4000;
		p.payload = 1300;
		cr_expect_eq(nat_send(t, &p), SHUNT_TOO_BIG_ANSWERED);
		/* RFC 1191 and RFC 8201; no IPv6 link is as small as that. */
		cr_expect_eq(frame_get16(t->got.data + FRAME_IP + ip_len + 6),
			     families[f] == 6 ? 1280 : TOWN_SMALL_MTU);
	}
}

/* All fragments of a datagram go where the first one goes, in both directions. */
Test(nat_packet, carries_fragments)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_way(way)
	{
		struct packet p = nat_packet(4, ways[way], IPPROTO_UDP, 41000);
		struct frame back;
		__u32 r;

		p.id = 0x1234;
		p.fragment = 0x2000;
		r = nat_connect(t, &p);
		p.fragment = 0x2000 | 20;
		cr_expect_eq(nat_send(t, &p), SHUNT_FORWARDED);
		cr_expect(nat_went_to_server(t, r));
		p.id++;
		cr_expect_eq(nat_send(t, &p), SHUNT_LATE_FRAGMENT);
		for (int offset = 0; offset <= 20; offset += 20) {
			const struct shunt_conn conn = nat_conn(t, r);

			nat_answer_frame(&conn, 0, 32, &back);
			frame_put16(back.data + FRAME_IP + 6, 0x2000 | offset);
			frame_put16(back.data + FRAME_IP + 10, 0);
			frame_put16(back.data + FRAME_IP + 10,
				    ~frame_sum(back.data + FRAME_IP, 20));
			cr_expect_eq(nat_send_frame(t, &back), SHUNT_FORWARDED);
			cr_expect(nat_went_to_client(t, r));
		}
	}
}

/* To a server of the other family and back; the bytes are test_translate.c's to judge. */
Test(nat_packet, crosses_families)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		struct packet p = nat_packet(families[f], NAT_OTHER, IPPROTO_TCP, 41000);
		struct shunt_conn conn;
		struct ref_ends ends;
		struct frame back;

		cr_assert_eq(nat_send(t, &p), SHUNT_FORWARDED);
		conn = nat_conn(t, nat_record(t, &p));
		ends = ref_ends_of(&t->got);
		cr_expect_eq(memcmp(&ends.dst, &conn.server.src, sizeof(ends.dst)), 0);
		cr_expect_eq(memcmp(&ends.src, &conn.server.dst, sizeof(ends.src)), 0);
		cr_expect_eq(ends.sport, conns_port(conn.server.ports, 1));
		cr_expect_eq(ref_l4_error(&t->got), 0);
		nat_answer_frame(&conn, FRAME_SYN | FRAME_ACK, 7, &back);
		cr_assert_eq(nat_send_frame(t, &back), SHUNT_FORWARDED);
		ends = ref_ends_of(&t->got);
		cr_expect_eq(memcmp(&ends.dst, &conn.client.src, sizeof(ends.dst)), 0);
		cr_expect_eq(memcmp(&ends.src, &conn.client.dst, sizeof(ends.src)), 0);
		cr_expect_eq(ends.dport, 41000);
		cr_expect_eq(ref_l4_error(&t->got), 0);
	}
}
