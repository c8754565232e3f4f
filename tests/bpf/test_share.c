/* SPDX-License-Identifier: BSD-2-Clause */
/* Two balancers: the program of one goes on with connections that the other has begun. */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "spliced.h"
#include "tables/conns_share.h"

/* @pools_differ: ports of the one are none of the other */
struct pair_of_towns {
	struct nat_town *first, *second;
	struct conns_share told, heard;
	bool pools_differ;
};

static void pair_open_with(struct pair_of_towns *p, struct nat_town *first)
{
	p->first = first;
	p->second = nat_town_open();
	cr_assert_eq(conns_share_init(&p->told, p->first->conns.n), 0);
	cr_assert_eq(conns_share_init(&p->heard, p->second->conns.n), 0);
	p->first->conns.share = &p->told;
	p->second->conns.share = &p->heard;
}

static void pair_open(struct pair_of_towns *p)
{
	pair_open_with(p, nat_town_open());
}

static void pair_close(struct pair_of_towns *p)
{
	p->first->conns.share = p->second->conns.share = NULL;
	conns_share_free(&p->told);
	conns_share_free(&p->heard);
	nat_town_close(p->first);
	nat_town_close(p->second);
}

static uint32_t last_seen(const struct shunt_conn *conn)
{
	const __u32 a = conn->seen_s[SHUNT_TO_SERVER], b = conn->seen_s[SHUNT_TO_CLIENT];

	return a > b ? a : b;
}

/* What the first one has to tell. Return: how many were entered. */
static unsigned int tell(struct pair_of_towns *p)
{
	uint32_t work = UINT32_MAX, r;
	struct shunt_conn conn;
	unsigned int n = 0;

	while ((r = conns_share_next(&p->told, &p->first->conns, CONNS_NEWS, &work, &conn))) {
		const struct shunt_conn_seq seq = conns_read_seq(&p->first->conns, r);

		conns_share_told(&p->told, CONNS_NEWS, r, &conn);
		conn.counted = 0;
		if (p->pools_differ)
			conn.port_bit = SHUNT_NO_PORT_BIT;
		n += conns_share_enter_spliced(&p->heard, &p->second->conns, &conn, &seq,
					       last_seen(&conn)) == CONNS_ENTERED;
	}
	return n;
}

static enum shunt_reason answer(struct nat_town *t, __u32 record, __u16 flags)
{
	const struct shunt_conn conn = nat_conn(t, record);
	struct frame f;

	nat_answer_frame(&conn, flags, 33, &f);
	return nat_send_frame(t, &f);
}

/* The handshake, by the first one. */
static void establish(struct pair_of_towns *p, struct packet *packet)
{
	const __u32 r = nat_connect(p->first, packet);

	cr_assert_eq(answer(p->first, r, FRAME_SYN | FRAME_ACK), SHUNT_FORWARDED);
	packet->flags = FRAME_ACK;
	cr_assert_eq(nat_send(p->first, packet), SHUNT_FORWARDED);
}

static void goes_on(struct pair_of_towns *p, const struct packet *packet)
{
	const __u32 r = nat_record(p->second, packet);

	cr_assert_neq(r, 0U);
	/* The server may be the first to say something. */
	cr_expect_eq(answer(p->second, r, FRAME_ACK), SHUNT_FORWARDED);
	cr_expect(nat_went_to_client(p->second, r));
	cr_expect_eq(nat_send(p->second, packet), SHUNT_FORWARDED);
	cr_expect(nat_went_to_server(p->second, r));
}

Test(share, connections_go_on_at_the_other_one)
{
	static const __u16 ports[] = { NAT_FULL, NAT_TWO, NAT_PLAIN };
	struct packet packets[2 * sizeof(ports) / sizeof(*ports)];
	struct pair_of_towns p = { 0 };
	size_t n = 0;

	pair_open(&p);
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		for (int family = 4; family <= 6; family += 2) {
			packets[n] = nat_packet(family, ports[i], IPPROTO_TCP, 41000 + i);
			establish(&p, &packets[n]);
			cr_expect_eq(nat_send(p.second, &packets[n]), SHUNT_NO_CONNECTION);
			n++;
		}
	cr_assert_eq(tell(&p), n);
	cr_expect_eq(nat_count_conns(p.second), n);
	cr_expect_eq(nat_count_ports(p.second), nat_count_ports(p.first));
	for (size_t i = 0; i < n; i++)
		goes_on(&p, &packets[i]);
	pair_close(&p);
}

/* A port that another connection has here is not given to a new one. */
Test(share, new_connections_keep_off_their_ports)
{
	struct pair_of_towns p = { 0 };
	struct packet theirs = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	struct shunt_conn own, other;

	pair_open(&p);
	establish(&p, &theirs);
	cr_assert_eq(tell(&p), 1);
	for (__u16 i = 0; i < 200; i++) {
		const struct packet ours = nat_packet(4, NAT_FULL, IPPROTO_TCP, 42000 + i);

		own = nat_conn(p.second, nat_connect(p.second, &ours));
		other = nat_conn(p.second, nat_record(p.second, &theirs));
		/* Another address of the pool may have the same port. */
		cr_assert_not(shunt_tuple_is_equal(&own.server, &other.server));
	}
	goes_on(&p, &theirs);
	pair_close(&p);
}

/* The program may use what was ended and given back. */
Test(share, what_has_ended_there_is_not_found_here)
{
	struct pair_of_towns p = { 0 };
	struct packet packet = nat_packet(6, NAT_FULL, IPPROTO_TCP, 41000);
	struct shunt_conn conn;

	pair_open(&p);
	establish(&p, &packet);
	cr_assert_eq(tell(&p), 1);
	conn = nat_conn(p.first, nat_record(p.first, &packet));
	cr_expect_eq(conns_share_leave(&p.heard, &p.second->conns, &conn), CONNS_ENDED);
	cr_expect_eq(nat_record(p.second, &packet), 0);
	cr_expect_eq(nat_send(p.second, &packet), SHUNT_NO_CONNECTION);
	packet.flags = FRAME_SYN;
	cr_expect_eq(nat_send(p.second, &packet), SHUNT_FORWARDED);
	pair_close(&p);
}

/* Both are active, each with a pool of its own: the other one's ports are nobody's here. */
Test(share, connections_of_another_pool_go_on)
{
	struct pair_of_towns p = { .pools_differ = true };
	const struct shunt_addr pools[] = { frame_addr("10.9.0.3"), frame_addr("10.9.0.4"),
					    frame_addr("fd00:9::2") };
	struct packet packets[4];

	pair_open(&p);
	for (__u32 i = 0; i < sizeof(pools) / sizeof(*pools); i++)
		dp_put_pool(p.second->dp, i, &pools[i]);
	for (int i = 0; i < 4; i++) {
		packets[i] = nat_packet(i % 2 ? 6 : 4, NAT_FULL, IPPROTO_TCP, 41000 + i);
		establish(&p, &packets[i]);
	}
	cr_assert_eq(tell(&p), 4);
	cr_expect_eq(nat_count_ports(p.second), 0);
	for (int i = 0; i < 4; i++)
		goes_on(&p, &packets[i]);
	pair_close(&p);
}

/* To a program that answers no SYNs by cookies itself. */
Test(share, those_that_a_cookie_began_go_on)
{
	struct pair_of_towns p = { 0 };

	pair_open_with(&p, spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS));
	for (int family = 4; family <= 6; family += 2) {
		struct spliced c = spliced_knock(p.first, family, NAT_FULL, 41000);
		struct packet want = { .flags = FRAME_ACK, .payload = 100, .ttl = 63 };

		spliced_begin(&c);
		spliced_join(&c);
		cr_expect_eq(tell(&p), 0, "a handshake");
		cr_assert_eq(spliced_say(&c, FRAME_ACK, c.x + 1, c.c + 1, 0), SHUNT_FORWARDED);
		cr_assert_eq(tell(&p), 1);
		c.t = p.second;
		c.record = nat_record(p.second, &c.p);
		cr_assert(c.record);
		want.seq = c.x + 1;
		want.ack = c.s + 1;
		want.window = 50000;
		cr_expect_eq(spliced_say(&c, FRAME_ACK, c.x + 1, c.c + 1, 100), SHUNT_FORWARDED);
		cr_expect(spliced_went_to_server(&c, &want));
		want.seq = c.c + 1;
		want.ack = c.x + 101;
		want.window = 60000;
		cr_expect_eq(spliced_answer(&c, FRAME_ACK, c.s + 1, c.x + 101, 100),
			     SHUNT_FORWARDED);
		cr_expect(spliced_went_to_client(&c, &want));
	}
	pair_close(&p);
}
