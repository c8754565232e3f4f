/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections through nat and fullnat from their first packet to their last. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat_town.h"
#include "rig.h"

#define FIN_ACK (FRAME_FIN | FRAME_ACK)
#define SYN_ACK (FRAME_SYN | FRAME_ACK)

static const int families[] = { 4, 6 };
static const __u16 ways[] = { NAT_FULL, NAT_TWO, NAT_PLAIN };

#define each_family(i) for (size_t i = 0; i < 2; i++)
#define each_way(i) for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)

static enum shunt_reason answer(struct nat_town *t, __u32 record, __u16 flags)
{
	const struct shunt_conn conn = nat_conn(t, record);
	struct frame f;

	nat_answer_frame(&conn, flags, 33, &f);
	return nat_send_frame(t, &f);
}

static void expect_answer(struct nat_town *t, __u32 record, __u16 flags)
{
	cr_expect_eq(answer(t, record, flags), SHUNT_FORWARDED);
	cr_expect(nat_went_to_client(t, record));
}

/* The same flow, other flags: it has to go by the same record. */
static void expect_request(struct nat_town *t, struct packet p, __u32 record, __u16 flags)
{
	p.flags = flags;
	cr_expect_eq(nat_send(t, &p), SHUNT_FORWARDED);
	cr_expect_eq(nat_record(t, &p), record);
	cr_expect(nat_went_to_server(t, record));
}

static void expect_flags(const struct nat_town *t, __u32 record, __u8 to_server, __u8 to_client)
{
	const struct shunt_conn conn = nat_conn(t, record);

	cr_expect_eq(conn.flags[SHUNT_TO_SERVER], to_server, "to the server: %02x",
		     conn.flags[SHUNT_TO_SERVER]);
	cr_expect_eq(conn.flags[SHUNT_TO_CLIENT], to_client, "to the client: %02x",
		     conn.flags[SHUNT_TO_CLIENT]);
}

static void live(struct nat_town *t, const struct packet *p)
{
	const __u8 syn = SHUNT_CONN_SYN, data = SHUNT_CONN_DATA, fin = SHUNT_CONN_FIN;
	const __u32 r = nat_connect(t, p);

	expect_flags(t, r, syn, 0);
	expect_request(t, *p, r, FRAME_SYN);
	expect_answer(t, r, SYN_ACK);
	expect_flags(t, r, syn, syn);
	expect_request(t, *p, r, FRAME_ACK);
	expect_flags(t, r, syn | data, syn);
	expect_answer(t, r, FRAME_ACK);
	expect_flags(t, r, syn | data, syn | data);
	expect_answer(t, r, FIN_ACK);
	expect_flags(t, r, syn | data, syn | data | fin);
	expect_request(t, *p, r, FRAME_ACK);
	expect_request(t, *p, r, FIN_ACK);
	expect_flags(t, r, syn | data | fin, syn | data | fin);
	expect_answer(t, r, FRAME_ACK);
}

Test(nat, tcp_lives_in_every_way_and_family)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		each_way(w)
		{
			const struct packet p =
				nat_packet(families[f], ways[w], IPPROTO_TCP, 41000 + w);

			live(t, &p);
		}
	}
	cr_expect_eq(nat_count_conns(t), 6);
	cr_expect_eq(nat_count_ports(t), 4);
}

Test(nat, udp_lives_in_every_way_and_family)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		each_way(w)
		{
			const struct packet p =
				nat_packet(families[f], ways[w], IPPROTO_UDP, 41000 + w);
			const __u32 r = nat_connect(t, &p);

			expect_answer(t, r, 0);
			expect_request(t, p, r, 0);
			expect_flags(t, r, SHUNT_CONN_DATA, SHUNT_CONN_DATA);
		}
	}
}

/* The tuple of the server is what the configuration says. */
Test(nat, server_sees_its_own_port_and_the_client_or_the_pool)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		const struct packet full = nat_packet(families[f], NAT_FULL, IPPROTO_TCP, 41000);
		const struct packet plain = nat_packet(families[f], NAT_PLAIN, IPPROTO_TCP, 41001);
		const struct shunt_addr client = frame_addr(full.src);
		struct ref_ends ends;

		nat_connect(t, &full);
		ends = ref_ends_of(&t->got);
		cr_expect_eq(ends.dport, NAT_SERVER_PORT);
		cr_expect(ends.sport >= NAT_FIRST_PORT && ends.sport < NAT_FIRST_PORT + NAT_PORTS);
		cr_expect(families[f] == 6 ? ends.src.b[3] == 9 : ends.src.b[13] == 9, "the pool");
		nat_connect(t, &plain);
		ends = ref_ends_of(&t->got);
		cr_expect_eq(ends.dport, NAT_PLAIN);
		cr_expect_eq(ends.sport, 41001);
		cr_expect_eq(memcmp(&ends.src, &client, sizeof(client)), 0);
	}
}

/* --- who may begin a connection ------------------------------------------------------ */

Test(nat, only_a_syn_begins_a_connection_of_tcp)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	for (int flags = 0; flags < 256; flags++) {
		struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 20000 + flags);
		const bool begins = (flags & 0x17) == FRAME_SYN;

		p.flags = flags ?: FRAME_NO_FLAGS;
		cr_expect_eq(nat_send(t, &p), begins ? SHUNT_FORWARDED : SHUNT_NO_CONNECTION,
			     "flags %02x", flags);
		cr_expect_eq(nat_record(t, &p) != 0, begins, "flags %02x", flags);
	}
	cr_expect_eq(nat_count_conns(t), 16);
	cr_expect_eq(nat_count_ports(t), 16);
}

Test(nat, answers_that_nobody_asked_for_are_the_stacks)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	struct shunt_conn conn = nat_conn(t, nat_connect(t, &p));
	struct frame f;

	conn.server.ports ^= htonl(1);
	nat_answer_frame(&conn, SYN_ACK, 0, &f);
	cr_expect_eq(nat_send_frame(t, &f), SHUNT_NOT_SERVICE);
	conn.server.ports ^= htonl(1);
	conn.server.proto = IPPROTO_UDP;
	nat_answer_frame(&conn, SYN_ACK, 0, &f);
	cr_expect_eq(nat_send_frame(t, &f), SHUNT_NOT_SERVICE);
}

Test(nat, refuses_what_it_has_no_way_for)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	each_family(f)
	{
		struct packet p = nat_packet(families[f], NAT_DIRECT, IPPROTO_TCP, 41000);

		cr_expect_eq(nat_send(t, &p), SHUNT_NO_LEG);
		p.dport = NAT_NOBODY;
		cr_expect_eq(nat_send(t, &p), SHUNT_NO_BACKEND);
		p.dport = NAT_FULL;
		p.ttl = 1;
		cr_expect_eq(nat_send(t, &p), SHUNT_TTL_EXPIRED);
	}
	cr_expect_eq(nat_count_conns(t), 0);
	cr_expect_eq(nat_count_ports(t), 0);
}

/* A connection whose packets cannot be sent yet is the same one when they can. */
Test(nat, waits_for_the_next_hop)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_UNRESOLVED, IPPROTO_TCP, 41000);

	cr_expect_eq(nat_send(t, &p), SHUNT_NO_NEIGHBOUR);
	cr_expect_eq(nat_send(t, &p), SHUNT_NO_NEIGHBOUR);
	cr_expect_eq(nat_count_conns(t), 1);
	t->world.backends[NAT_BACKEND_UNRESOLVED].leg[SHUNT_V4].hop =
		t->world.backends[NAT_BACKEND_FULL].leg[SHUNT_V4].hop;
	dp_put_backend(t->dp, NAT_BACKEND_UNRESOLVED, &t->world.backends[NAT_BACKEND_UNRESOLVED]);
	nat_connect(t, &p);
	cr_expect_eq(nat_count_conns(t), 1);
}
