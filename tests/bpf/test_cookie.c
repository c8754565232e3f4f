/* SPDX-License-Identifier: BSD-2-Clause */
/* SYN cookies: who gets one, who is believed that he had one, and when it all begins. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "spliced.h"

#define PERIOD 1000
#define ABOVE 100

static const int families[] = { 4, 6 };

#define each_family(i) for (size_t i = 0; i < 2; i++)

Test(cookie, a_syn_is_answered_and_nothing_is_kept)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		spliced_knock(t, families[f], NAT_FULL, 41000);
		spliced_knock(t, families[f], NAT_PLAIN, 41000);
		spliced_knock(t, families[f], NAT_OTHER, 41000);
		/* Nobody has to be there. */
		spliced_knock(t, families[f], NAT_NOBODY, 41000);
	}
	cr_expect_eq(nat_count_conns(t), 0);
	cr_expect_eq(nat_count_ports(t), 0);
}

/* Every length of options, data behind them, and tags: the answer has its own. */
Test(cookie, whatever_the_syn_has)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		for (__u8 more = 0; more <= 36; more += 4) {
			struct packet p = nat_packet(families[f], NAT_FULL, IPPROTO_TCP, 41000);

			p.seq = 77;
			p.payload = more * 20;
			p.options = families[f] == 4 ? more : 0;
			p.tags = more % 3;
			memset(p.tcp_options, 1, more);
			p.tcp_options_len = more;
			cr_expect_eq(nat_send(t, &p), SHUNT_SYN_COOKIE, "%u", more);
			cr_expect_leq(t->got.len, 78 + 4 * p.tags, "%zu", t->got.len);
			cr_expect_eq(memcmp(t->got.data, t->in.data + 6, 6), 0);
		}
	}
}

/* An MSS at an odd offset, and of a client that asks for none. */
Test(cookie, finds_the_segment_size)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	static const struct {
		__u8 options[8], len;
		__u32 mss;
	} rows[] = {
		{ { 0 }, 0, 536 },
		{ { 1, 2, 4, 1400 >> 8, 1400 & 255, 1, 1, 1 }, 8, 1400 },
		{ { 3, 3, 7, 2, 4, 1300 >> 8, 1300 & 255, 1 }, 8, 1300 },
		{ { 0, 2, 4, 5, 180, 1, 1, 1 }, 8, 536 },
		{ { 2, 3, 5, 180, 1, 1, 1, 1 }, 8, 536 },
		{ { 3, 0, 2, 4, 5, 180, 1, 1 }, 8, 536 },
		{ { 1, 1, 1, 1, 1, 1, 2, 4 }, 8, 536 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000 + i);
		__u32 cookie;

		memcpy(p.tcp_options, rows[i].options, rows[i].len);
		p.tcp_options_len = rows[i].len;
		cr_assert_eq(nat_send(t, &p), SHUNT_SYN_COOKIE);
		cookie = (__u32)frame_get16(t->got.data + FRAME_IP + 24) << 16;
		cr_expect_eq(shunt_cookie_mss(cookie >> SHUNT_COOKIE_MSS_SHIFT & 7), rows[i].mss,
			     "row %zu", i);
	}
}

/* --- who is believed ---------------------------------------------------------------- */

static void expect_refused(struct spliced *c, __u32 seq, __u32 ack)
{
	cr_expect_eq(spliced_say(c, FRAME_ACK, seq, ack, 0), SHUNT_BAD_COOKIE);
}

Test(cookie, others_are_refused)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		struct spliced c = spliced_knock(t, families[f], NAT_FULL, 41000), other = c;

		for (int bit = 0; bit < 32; bit++) {
			expect_refused(&c, c.x + 1, (c.c ^ 1U << bit) + 1);
			expect_refused(&c, (c.x ^ 1U << bit) + 1, c.c + 1);
		}
		expect_refused(&c, c.x - 1, c.c + 1);
		expect_refused(&c, c.x + 2, c.c + 1);
		expect_refused(&c, c.x + 1, c.c);
		other.p.sport++;
		expect_refused(&other, c.x + 1, c.c + 1);
		other = c;
		other.p.dport = NAT_PLAIN;
		expect_refused(&other, c.x + 1, c.c + 1);
		other = c;
		other.p.src = families[f] == 6 ? "2001:db8:c::8" : "198.51.100.8";
		expect_refused(&other, c.x + 1, c.c + 1);
	}
	cr_expect_eq(nat_count_conns(t), 0);
	cr_expect_eq(nat_count_ports(t), 0);
}

Test(cookie, lasts_for_two_periods)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	for (int later = -3; later <= 4; later++) {
		struct spliced c;

		spliced_set_period(t, PERIOD);
		c = spliced_knock(t, 4, NAT_FULL, 41010 + later);
		spliced_set_period(t, PERIOD + later);
		if (later >= -1 && later <= 1)
			spliced_begin(&c);
		else
			expect_refused(&c, c.x + 1, c.c + 1);
	}
	cr_expect_eq(nat_count_conns(t), 3);
}

/* It is that of another balancer, with the same key, or this one was loaded anew. */
Test(cookie, needs_no_memory)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	_cleanup_nat_town_ struct nat_town *peer = spliced_town(0);
	struct spliced c = spliced_knock(t, 6, NAT_FULL, 41000);

	c.t = peer;
	spliced_begin(&c);
	spliced_join(&c);
}

/* What comes once more belongs to the connection that there is. */
Test(cookie, said_twice_is_one_connection)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = spliced_knock(t, 4, NAT_FULL, 41000);

	spliced_begin(&c);
	for (int i = 0; i < 3; i++)
		spliced_begin(&c);
	cr_expect_eq(nat_count_conns(t), 1);
	cr_expect_eq(nat_count_ports(t), 1);
}

/* Its ACK was lost, and it asks for a window: by the number before what it would send. */
Test(cookie, may_come_with_a_probe)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		struct spliced c = spliced_knock(t, families[f], NAT_FULL, 41000);

		cr_expect_eq(spliced_say(&c, FRAME_ACK, c.x, c.c + 1, 0), SHUNT_FORWARDED);
		c.record = nat_record(t, &c.p);
		cr_expect(spliced_is_syn(&c));
		spliced_join(&c);
	}
}

Test(cookie, only_acknowledgements_are_looked_at)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = spliced_knock(t, 4, NAT_FULL, 41000);

	for (int flags = 0; flags < 32; flags++) {
		const enum shunt_reason reason =
			spliced_say(&c, flags ?: FRAME_NO_FLAGS, c.x + 2, c.c + 1, 0);

		if ((flags & 0x17) == FRAME_SYN)
			cr_expect_eq(reason, SHUNT_SYN_COOKIE, "flags %02x", flags);
		else if ((flags & 0x16) == FRAME_ACK)
			cr_expect_eq(reason, SHUNT_BAD_COOKIE, "flags %02x", flags);
		else
			cr_expect_eq(reason, SHUNT_NO_CONNECTION, "flags %02x", flags);
	}
	/* A client that ends at once, or whose ACK was lost, may say it all in one. */
	cr_expect_eq(spliced_say(&c, FRAME_ACK | FRAME_FIN, c.x + 1, c.c + 1, 5), SHUNT_FORWARDED);
	cr_expect_eq(nat_count_conns(t), 1);
}

/* A service that does not ask for them has none, beside one that does. */
Test(cookie, is_for_services_that_ask)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = spliced_knock(t, 4, NAT_FULL, 41000);
	struct packet udp = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000);

	nat_connect(t, &udp);
	for (__u32 i = 0; i < t->world.n_services; i++)
		t->world.services[i].flags &=
			~(SHUNT_SERVICE_COOKIES | SHUNT_SERVICE_COOKIES_ALWAYS);
	world_install(&t->world, t->dp);
	cr_expect_eq(spliced_say(&c, FRAME_ACK, c.x + 1, c.c + 1, 0), SHUNT_NO_CONNECTION);
	nat_connect(t, &c.p);
}

/* --- connections that there are, or were --------------------------------------------- */

/* The same client and port as before, of which the former connection is still kept. */
Test(cookie, a_port_that_comes_again)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		for (int port = NAT_FULL; port <= NAT_PLAIN; port++) {
			struct spliced c = spliced_knock(t, families[f], port, 41000);

			spliced_begin(&c);
			spliced_join(&c);
			cr_expect_eq(spliced_say(&c, FRAME_RST, c.x + 1, 0, 0), SHUNT_FORWARDED);
			c = spliced_knock(t, families[f], port, 41000);
			spliced_begin(&c);
			spliced_join(&c);
		}
	}
}

Test(cookie, a_connection_that_lives_goes_on)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(0);
	struct shunt_syn_meter m = spliced_meter(t);
	struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 record = nat_connect(t, &p);

	m.above = ABOVE;
	m.until_s = spliced_now_s() + 100;
	spliced_put_meter(t, &m);
	/* A SYN, too: the server will say what it thinks of it. */
	cr_expect_eq(nat_send(t, &p), SHUNT_FORWARDED);
	cr_expect(nat_went_to_server(t, record));
	p.flags = FRAME_ACK;
	cr_expect_eq(nat_send(t, &p), SHUNT_FORWARDED);
	cr_expect(nat_went_to_server(t, record));
}

/* --- when ---------------------------------------------------------------------------- */

static enum shunt_reason knock(struct nat_town *t, __u16 sport)
{
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, sport);

	return nat_send(t, &p);
}

/* @count SYNs were seen in this second, which is not over when the next one is. */
static enum shunt_reason knock_after(struct nat_town *t, __u32 count, __u32 until_s, __u16 sport)
{
	struct shunt_syn_meter m = spliced_meter(t);
	enum shunt_reason reason;
	__u32 now;

	do {
		now = spliced_now_s();
		m.second = now;
		m.count = count;
		m.above = ABOVE;
		m.until_s = until_s;
		spliced_put_meter(t, &m);
		reason = knock(t, sport++);
	} while (spliced_now_s() != now);
	return reason;
}

Test(cookie, begins_with_a_flood_and_ends_behind_it)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(0);
	const __u32 past = spliced_now_s() - 1, future = spliced_now_s() + 3600;

	cr_expect_eq(knock(t, 1000), SHUNT_FORWARDED, "nobody has said what a flood is");
	cr_expect_eq(knock_after(t, ABOVE - 1, past, 2000), SHUNT_FORWARDED);
	cr_expect_lt((__s32)(spliced_meter(t).until_s - spliced_now_s()), 0);
	cr_expect_eq(knock_after(t, ABOVE, past, 3000), SHUNT_SYN_COOKIE);
	cr_expect_geq((__s32)(spliced_meter(t).until_s - spliced_now_s()), SHUNT_SYN_HOLD_S - 1);
	/* From then on half as many keep it alive, and fewer do not. */
	cr_expect_eq(knock_after(t, ABOVE / 2 - 1, future, 4000), SHUNT_SYN_COOKIE);
	cr_expect_eq(spliced_meter(t).until_s, future);
	cr_expect_eq(knock_after(t, ABOVE / 2, future, 5000), SHUNT_SYN_COOKIE);
	cr_expect_lt((__s32)(spliced_meter(t).until_s - future), 0, "it ends earlier by now");
	cr_expect_eq(knock_after(t, ABOVE / 2, past, 6000), SHUNT_FORWARDED, "it is over");
}

Test(cookie, counts_no_further_than_it_needs)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(0);

	knock_after(t, ABOVE + 5, 0, 1000);
	cr_expect_eq(spliced_meter(t).count, ABOVE + 5);
}
