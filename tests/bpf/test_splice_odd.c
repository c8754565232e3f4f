/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that begin with a SYN cookie, when servers say what they should not, or are
 * down, or somebody else speaks in their name. Nothing of that may change what the ends of
 * a connection have agreed on.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "spliced.h"

#define RST_ACK (FRAME_RST | FRAME_ACK)

static const int families[] = { 4, 6 };

#define each_family(i) for (size_t i = 0; i < 2; i++)

static struct spliced begun(struct nat_town *t, int family, __u16 port, __u16 sport)
{
	struct spliced c = spliced_knock(t, family, port, sport);

	spliced_begin(&c);
	return c;
}

static struct spliced joined(struct nat_town *t, int family, __u16 port, __u16 sport)
{
	struct spliced c = begun(t, family, port, sport);

	spliced_join(&c);
	cr_assert_eq(spliced_say(&c, FRAME_ACK, c.x + 1, c.c + 1, 0), SHUNT_FORWARDED);
	return c;
}

/* What each says arrives at the other, in its numbers. */
static void expect_both_ways(struct spliced *c)
{
	struct packet want = { .flags = FRAME_ACK,
			       .seq = c->x + 1,
			       .ack = c->s + 1,
			       .window = 50000,
			       .payload = 100,
			       .ttl = 63 };

	cr_expect_eq(spliced_say(c, FRAME_ACK, c->x + 1, c->c + 1, 100), SHUNT_FORWARDED);
	cr_expect(spliced_went_to_server(c, &want));
	want = (struct packet){ .flags = FRAME_ACK,
				.seq = c->c + 1,
				.ack = c->x + 101,
				.window = 60000,
				.payload = 200,
				.ttl = 63 };
	cr_expect_eq(spliced_answer(c, FRAME_ACK, c->s + 1, c->x + 101, 200), SHUNT_FORWARDED);
	cr_expect(spliced_went_to_client(c, &want));
}

static void expect_open(const struct spliced *c)
{
	const struct shunt_conn conn = nat_conn(c->t, c->record);

	cr_expect_eq(conns_state(&conn), SHUNT_CONN_OPENING, "state %d", conns_state(&conn));
}

/* --- before the server has answered ----------------------------------------------- */

/* RFC 9293, 3.10.7.3: only one that acknowledges the SYN is about this connection. */
Test(splice_odd, resets_of_other_connections_end_nothing)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		struct spliced c = begun(t, families[f], NAT_FULL, 41000);

		cr_expect_eq(spliced_answer(&c, FRAME_RST, 0, 0, 0), SHUNT_NO_CONNECTION);
		cr_expect_eq(spliced_answer(&c, FRAME_RST, c.s, c.x + 1, 0), SHUNT_NO_CONNECTION);
		cr_expect_eq(spliced_answer(&c, RST_ACK, 0, c.x, 0), SHUNT_NO_CONNECTION);
		cr_expect_eq(spliced_answer(&c, RST_ACK, c.s, c.x + 2, 0), SHUNT_NO_CONNECTION);
		expect_open(&c);
		spliced_join(&c);
		expect_both_ways(&c);
	}
}

/* A SYN without an ACK is not the server's answer, whatever is where the ACK would be. */
Test(splice_odd, a_syn_of_the_server_is_no_answer)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = begun(t, 4, NAT_FULL, 41000);

	cr_expect_eq(spliced_answer(&c, FRAME_SYN, c.s, c.x + 1, 0), SHUNT_RESET_ANSWERED);
	spliced_join(&c);
	expect_both_ways(&c);
}

/*
 * Its client believes that it is connected, and will send no SYN: what it sends instead
 * goes to a server that is there, as a SYN would.
 */
Test(splice_odd, leaves_a_server_that_is_down_before_it_answers)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	__u16 sport = 41000;
	struct spliced c;
	__u32 old;

	do
		c = begun(t, 4, NAT_TWO, sport++);
	while (nat_conn(t, c.record).backend != NAT_BACKEND_TWO);
	old = c.record;
	nat_put_dead(t, NAT_BACKEND_TWO, true);
	nat_leave_to_the_second(t);
	cr_expect_eq(spliced_say(&c, FRAME_ACK, c.x, c.c + 1, 0), SHUNT_FORWARDED);
	c.record = nat_record(t, &c.p);
	cr_expect_neq(c.record, old);
	cr_expect_eq(nat_conn(t, c.record).backend, NAT_BACKEND_TWO + 1);
	cr_expect(spliced_is_syn(&c));
	spliced_join(&c);
	expect_both_ways(&c);
}

/* There is nobody else: it is asked once more, and that takes no more records. */
Test(splice_odd, stays_with_the_only_server)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = begun(t, 6, NAT_FULL, 41000);

	nat_put_dead(t, NAT_BACKEND_FULL, true);
	for (int i = 0; i < 3; i++)
		spliced_begin(&c);
	cr_expect_eq(nat_count_conns(t), 1);
	spliced_join(&c);
	/* What is begun stays, as without cookies. */
	expect_both_ways(&c);
}

/* --- later --------------------------------------------------------------------------- */

/* Nobody has begun anew, so nothing that the server says is about that. */
Test(splice_odd, answers_to_no_syn_change_nothing)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		struct spliced c = joined(t, families[f], NAT_PLAIN, 41000);

		spliced_answer(&c, SYN_ACK, 7000, 5001, 0);
		expect_both_ways(&c);
		spliced_answer(&c, FRAME_SYN, 7000, 0, 0);
		expect_both_ways(&c);
	}
}

/* A SYN in the client's name, which the server has not asked for either. */
Test(splice_odd, a_syn_alone_changes_nothing)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = joined(t, 4, NAT_FULL, 41000);

	cr_expect_eq(spliced_say(&c, FRAME_SYN, 5000, 0, 0), SHUNT_FORWARDED);
	expect_both_ways(&c);
	spliced_answer(&c, SYN_ACK, 7000, 4000, 0);
	expect_both_ways(&c);
}

/* That of the client itself, late: the server answers it as it has answered ours. */
Test(splice_odd, the_first_syn_again_is_no_new_beginning)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);
	struct spliced c = begun(t, 4, NAT_FULL, 41000);

	spliced_join(&c);
	cr_expect_eq(spliced_say(&c, FRAME_SYN, c.x, 0, 0), SHUNT_FORWARDED);
	spliced_join(&c);
	expect_both_ways(&c);
}

/*
 * Two SYNs have got two answers. Of the second one a byte would be made that the client
 * takes for data, if it happens to lie in its window.
 */
Test(splice_odd, another_answer_is_not_told)
{
	_cleanup_nat_town_ struct nat_town *t = spliced_town(SHUNT_SERVICE_COOKIES_ALWAYS);

	each_family(f)
	{
		struct spliced c = begun(t, families[f], NAT_OTHER, 41000);

		spliced_join(&c);
		cr_expect_eq(spliced_answer(&c, SYN_ACK, c.s + 2000, c.x + 1, 0),
			     SHUNT_NO_CONNECTION);
		spliced_join(&c);
		expect_both_ways(&c);
	}
}
