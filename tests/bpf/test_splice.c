/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that begin with a SYN cookie, from there to their end. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "header_sum.h"
#include "spliced.h"

#define FIN_ACK (FRAME_FIN | FRAME_ACK)

static const int families[] = { 4, 6 };
static const __u16 ways[] = { NAT_FULL, NAT_PLAIN, NAT_OTHER };

#define each_family(i) for (size_t i = 0; i < 2; i++)
#define each_way(i) for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)

/* --- what arrives --------------------------------------------------------------------- */

/* With one hop less. */
static struct packet passed_on(__u16 flags, __u32 seq, __u32 ack, __u16 window, __u16 payload)
{
	return (struct packet){ .flags = flags,
				.seq = seq,
				.ack = ack,
				.window = window,
				.payload = payload,
				.ttl = 63 };
}

static void expect_request(struct spliced *c, __u16 flags, __u32 seq, __u32 ack, __u16 payload)
{
	const struct packet want = passed_on(flags, seq, ack - c->c + c->s, 50000, payload);

	cr_expect_eq(spliced_say(c, flags, seq, ack, payload), SHUNT_FORWARDED);
	cr_expect(spliced_went_to_server(c, &want), "%s port %u", c->p.dst, c->p.dport);
}

static void expect_reply(struct spliced *c, __u16 flags, __u32 seq, __u32 ack, __u16 payload)
{
	const struct packet want = passed_on(flags, seq - c->s + c->c, ack, 60000, payload);

	cr_expect_eq(spliced_answer(c, flags, seq, ack, payload), SHUNT_FORWARDED);
	cr_expect(spliced_went_to_client(c, &want), "%s port %u", c->p.dst, c->p.dport);
}

static void expect_state(const struct spliced *c, enum shunt_conn_state state)
{
	const struct shunt_conn conn = nat_conn(c->t, c->record);

	cr_expect_eq(conns_state(&conn), state, "state %d", conns_state(&conn));
}

/* Whole connections: requests, replies, and the end. */
static void live(struct spliced *c)
{
	spliced_begin(c);
	expect_state(c, SHUNT_CONN_OPENING);
	spliced_join(c);
	expect_state(c, SHUNT_CONN_OPENING);
	expect_request(c, FRAME_ACK, c->x + 1, c->c + 1, 0);
	expect_state(c, SHUNT_CONN_ESTABLISHED);
	expect_request(c, FRAME_ACK, c->x + 1, c->c + 1, 1000);
	expect_reply(c, FRAME_ACK, c->s + 1, c->x + 1001, 0);
	for (__u32 sent = 1; sent < 5000; sent += 1001)
		expect_reply(c, FRAME_ACK, c->s + sent, c->x + 1001, 1001);
	expect_request(c, FRAME_ACK, c->x + 1001, c->c + 5006, 0);
	expect_reply(c, FIN_ACK, c->s + 5006, c->x + 1001, 0);
	expect_request(c, FIN_ACK, c->x + 1001, c->c + 5007, 0);
	expect_state(c, SHUNT_CONN_CLOSED);
	expect_reply(c, FRAME_ACK, c->s + 5007, c->x + 1002, 0);
}

Test(splice, lives_in_every_way_and_family)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		each_way(w)
		{
			struct spliced c = spliced_knock(t, families[f], ways[w], 41000 + w);

			live(&c);
		}
	}
	cr_expect_eq(nat_count_conns(t), 6);
}

/* Sequence numbers go round, wherever they begin. */
Test(splice, wraps)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	static const __u32 numbers[] = { 0,	     1,		 0x7fffffff, 0x80000000,
					 0xffffffff, 0xfffffffe, 0xffff0000, 0x0000ffff };
	const __u16 n = sizeof(numbers) / sizeof(numbers[0]);

	for (__u16 i = 0; i < n; i++) {
		struct spliced c = spliced_knock(t, 4, NAT_FULL, 41000 + i);

		c.s = numbers[i];
		live(&c);
	}
	/* And where the server begins with the cookie, near it, and far from it. */
	for (__u16 i = 0; i < n; i++) {
		struct spliced c = spliced_knock(t, 6, NAT_PLAIN, 42000 + i);

		c.s = c.c + numbers[i];
		live(&c);
	}
}

/* --- before the server has answered ---------------------------------------------------- */

/* Whatever the client sends meanwhile asks the server once more. */
Test(splice, early_packets_are_the_syn_again)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		struct spliced c = spliced_knock(t, families[f], NAT_FULL, 41000);

		spliced_begin(&c);
		cr_expect_eq(spliced_say(&c, FRAME_ACK, c.x + 1, c.c + 1, 1200), SHUNT_FORWARDED);
		cr_expect(spliced_is_syn(&c), "data");
		cr_expect_eq(spliced_say(&c, FRAME_ACK, c.x, c.c + 1, 0), SHUNT_FORWARDED);
		cr_expect(spliced_is_syn(&c), "it asks for a window");
		cr_expect_eq(spliced_say(&c, FIN_ACK, c.x + 1, c.c + 1, 0), SHUNT_FORWARDED);
		cr_expect(spliced_is_syn(&c), "it ends");
		expect_state(&c, SHUNT_CONN_OPENING);
		spliced_join(&c);
		expect_request(&c, FRAME_ACK, c.x + 1, c.c + 1, 1200);
	}
}

Test(splice, client_may_give_up)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = spliced_knock(t, 4, NAT_FULL, 41000);
	const struct packet want = passed_on(FRAME_RST, c.x + 1, 0, 50000, 0);

	spliced_begin(&c);
	cr_expect_eq(spliced_say(&c, FRAME_RST, c.x + 1, 0, 0), SHUNT_FORWARDED);
	cr_expect(spliced_went_to_server(&c, &want));
	expect_state(&c, SHUNT_CONN_CLOSED);
}

/* RFC 9293, 3.10.7.3: a reset has no number then; RFC 5961: the client wants one. */
Test(splice, server_refuses)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		each_way(w)
		{
			struct spliced c = spliced_knock(t, families[f], ways[w], 41000);
			const struct packet want =
				passed_on(FRAME_RST | FRAME_ACK, c.c + 1, c.x + 1, 60000, 0);

			spliced_begin(&c);
			cr_expect_eq(spliced_answer(&c, FRAME_RST | FRAME_ACK, 0, c.x + 1, 0),
				     SHUNT_FORWARDED);
			cr_expect(spliced_went_to_client(&c, &want));
			expect_state(&c, SHUNT_CONN_CLOSED);
		}
	}
}

/*
 * It knows a former connection of that tuple, and says so. Who would have begun one itself
 * would reset that, by the number that it was told.
 */
Test(splice, server_that_remembers_is_told)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		struct spliced c = spliced_knock(t, families[f], NAT_FULL, 41000);
		const __u8 *tcp = t->got.data + FRAME_IP + (families[f] == 6 ? 40 : 20);

		spliced_begin(&c);
		cr_expect_eq(spliced_answer(&c, FRAME_ACK, 123456, 0x01020304, 0),
			     SHUNT_RESET_ANSWERED);
		cr_expect_eq(tcp[13], FRAME_RST);
		cr_expect_eq(memcmp(tcp + 4, (__u8[]){ 1, 2, 3, 4 }, 4), 0);
		cr_expect_eq(spliced_answer(&c, SYN_ACK, c.s, c.x + 2, 0), SHUNT_RESET_ANSWERED);
		spliced_begin(&c);
		spliced_join(&c);
	}
}

/* --- later ------------------------------------------------------------------------------ */

/* Its client's ACK was lost: the SYN-ACK comes again, and so does what it was made. */
Test(splice, server_asks_again)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = spliced_knock(t, 6, NAT_OTHER, 41000);

	spliced_begin(&c);
	spliced_join(&c);
	spliced_join(&c);
	expect_request(&c, FRAME_ACK, c.x + 1, c.c + 1, 20);
	spliced_join(&c);
	expect_reply(&c, FRAME_ACK, c.s + 1, c.x + 21, 300);
}

/*
 * Client and server have both forgotten it, each for itself, and begin anew by the record
 * that is left: nothing is translated any more.
 */
Test(splice, ends_where_client_and_server_begin_anew)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = spliced_knock(t, 4, NAT_FULL, 41000);

	live(&c);
	c = spliced_knock(t, 4, NAT_FULL, 41001);
	spliced_begin(&c);
	spliced_join(&c);
	expect_request(&c, FRAME_ACK, c.x + 1, c.c + 1, 20);
	cr_expect_eq(spliced_say(&c, FRAME_SYN, 5000, 0, 0), SHUNT_FORWARDED);
	cr_expect_eq(nat_record(t, &c.p), c.record);
	c.c = c.s;
	expect_reply(&c, SYN_ACK, 7000, 5001, 0);
	expect_request(&c, FRAME_ACK, 5001, 7001, 100);
	expect_reply(&c, FRAME_ACK, 7001, 5101, 100);
}

static void expect_right_icmp(const struct frame *f)
{
	struct headers h;
	__u32 error;

	headers_read(f, 0, &h);
	cr_assert(header_sum_error(f, &h, headers_find(&h, HEADER_ICMP, 0), &error));
	cr_expect_eq(error, 0, "its checksum");
}

/* What a client's router says about a server's packet has the number that it was sent with. */
Test(splice, icmp_quotes_what_the_server_sent)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		const bool v6 = families[f] == 6;
		struct spliced c = spliced_knock(t, families[f], NAT_FULL, 41000);
		const struct packet quoted = { .src = c.p.dst,
					       .dst = c.p.src,
					       .sport = c.p.dport,
					       .dport = c.p.sport,
					       .proto = IPPROTO_TCP,
					       .seq = c.c + 1001,
					       .payload = 600 };
		const struct packet error = { .src = v6 ? "2001:db8:c::1" : "198.51.100.1",
					      .dst = c.p.dst,
					      .proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
					      .icmp_type = v6 ? 2 : 3,
					      .icmp_code = v6 ? 0 : 4,
					      .icmp_rest = 1300,
					      .quoted = &quoted,
					      .quote = (v6 ? 40 : 20) + 8 };
		const size_t seq_at = FRAME_IP + 2 * (v6 ? 40 : 20) + 8 + 4;
		__u8 want[4];

		spliced_begin(&c);
		spliced_join(&c);
		cr_expect_eq(nat_send(t, &error), SHUNT_FORWARDED);
		frame_put16(want, (c.s + 1001) >> 16);
		frame_put16(want + 2, (c.s + 1001) & 0xffff);
		cr_expect_eq(memcmp(t->got.data + seq_at, want, 4), 0);
		expect_right_icmp(&t->got);
	}
}
