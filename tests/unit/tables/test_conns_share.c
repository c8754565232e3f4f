/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that two balancers share: who tells whom of what, and who is right. */
#include <criterion/criterion.h>
#include <string.h>

#include "conns_side.h"
#include "tables/flows.h"

#define START_S 1000

static struct side a, b;

static void setup(void)
{
	side_make(&a);
	side_make(&b);
}

static void teardown(void)
{
	side_free(&a);
	side_free(&b);
}

TestSuite(conns_share, .init = setup, .fini = teardown);

Test(conns_share, news_are_told_once_and_never_back)
{
	for (uint32_t i = 1; i <= 100; i++)
		conns_world_add(&a.c, i, 1 + i % 3, START_S);
	cr_assert_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 100);
	cr_expect_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 0);
	cr_expect_eq(side_count(&b), 100);
	cr_expect_eq(b.share.n_theirs, 100);
	cr_expect_eq(side_tell(&b, CONNS_NEWS, &a, START_S), 0);
	conns_share_restart(&b.share, false);
	cr_expect_eq(side_tell(&b, CONNS_ALL, &a, START_S), 0);
	cr_expect(conns_share_is_through(&b.share));
	cr_expect_eq(b.c.loads[1].active + b.c.loads[2].active + b.c.loads[3].active, 100);
}

Test(conns_share, handshakes_are_not_told_and_their_ends_neither)
{
	const uint32_t r = conns_world_add(&a.c, 1, 1, START_S);

	a.c.records[r].flags[SHUNT_TO_CLIENT] = 0;
	a.c.records[r].flags[SHUNT_TO_SERVER] = SHUNT_CONN_SYN;
	cr_expect_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 0);
	side_sweep(&a, START_S, START_S + 20);
	cr_expect_eq(side_count(&a), 0);
	cr_expect_eq(side_tell_ends(&a, &b), 0);
}

Test(conns_share, what_was_over_before_it_was_told_is_not)
{
	const uint32_t r = conns_world_add(&a.c, 1, 1, START_S);

	a.c.records[r].flags[SHUNT_TO_CLIENT] |= SHUNT_CONN_FIN;
	a.c.records[r].flags[SHUNT_TO_SERVER] |= SHUNT_CONN_FIN;
	cr_expect_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 0);
	conns_share_restart(&a.share, false);
	cr_expect_eq(side_tell(&a, CONNS_ALL, &b, START_S), 0);
}

/* It is looked at once, and not in each pass until its time is over. */
Test(conns_share, what_was_over_before_it_was_told_is_no_candidate)
{
	const uint32_t r = conns_world_add(&a.c, 1, 1, START_S);
	struct shunt_conn conn;
	uint32_t work = 10;

	a.c.records[r].flags[SHUNT_TO_CLIENT] |= SHUNT_CONN_RST;
	cr_expect_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 0);
	side_sweep(&a, START_S, START_S + 1);
	cr_expect_eq(conns_share_next(&a.share, &a.c, CONNS_NEWS, &work, &conn), 0);
	cr_expect_eq(work, 10);
	side_sweep(&a, START_S + 2, START_S + 10);
	cr_expect_eq(side_count(&a), 0);
	cr_expect_eq(side_tell_ends(&a, &b), 0, "nobody has it");
}

Test(conns_share, another_state_is_news)
{
	const uint32_t r = conns_world_add(&a.c, 1, 1, START_S);
	uint32_t there;

	side_tell(&a, CONNS_NEWS, &b, START_S);
	a.c.records[r].flags[SHUNT_TO_CLIENT] |= SHUNT_CONN_RST;
	side_sweep(&a, START_S, START_S);
	cr_assert_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 1);
	there = conns_find(&b.c, &a.c.records[r].client, SHUNT_TO_SERVER);
	cr_expect_eq(conns_state(&b.c.records[there]), SHUNT_CONN_CLOSED);
	cr_expect_eq(b.c.loads[1].active, 0, "it is counted no more");
}

Test(conns_share, ends_are_told)
{
	conns_world_add(&a.c, 1, 1, START_S);
	conns_world_add(&a.c, 2, 1, START_S + 70);
	side_tell(&a, CONNS_NEWS, &b, START_S);
	side_sweep(&a, START_S + 70, START_S + 75);
	cr_assert_eq(side_count(&a), 1);
	cr_expect_eq(side_tell_ends(&a, &b), 1);
	side_sweep(&b, START_S + 71, START_S + 80);
	cr_expect_eq(side_count(&b), 1);
	cr_expect_eq(b.share.n_theirs, 1);
	cr_expect_eq(conns_world_entries(&b.c), 2);
}

Test(conns_share, ends_follow_an_outgrown_block)
{
	const struct flows_move move = { .from = 1, .span = 2, .to = 9 };

	conns_world_add(&a.c, 1, 2, START_S);
	conns_world_add(&a.c, 2, 3, START_S);
	side_tell(&a, CONNS_NEWS, &b, START_S);
	side_sweep(&a, START_S + 70, START_S + 75);
	cr_assert_eq(a.share.n_ends, 2);
	conns_move(&a.c, &move, 1);
	cr_expect_eq(a.share.ends[0].backend, 10);
	cr_expect_eq(a.share.ends[1].backend, 3);
}

/* Established ones have 60 s. */
Test(conns_share, lives_for_as_long_as_it_is_told_of)
{
	uint32_t now = START_S;

	conns_world_add(&a.c, 1, 1, START_S);
	side_tell(&a, CONNS_NEWS, &b, now);
	for (; now < START_S + 300; now += 20) {
		conns_share_restart(&a.share, false);
		side_tell(&a, CONNS_ALL, &b, now);
		side_sweep(&b, now, now + 19);
		cr_assert_eq(side_count(&b), 1, "at %u", now);
	}
	side_sweep(&b, now, now + 40);
	cr_expect_eq(side_count(&b), 0, "nobody tells of it any more");
	cr_expect_eq(b.share.n_theirs, 0);
	cr_expect_eq(side_tell_ends(&b, &a), 0, "and it was not ours");
}

Test(conns_share, is_ours_from_the_first_packet_on)
{
	const uint32_t r = conns_world_add(&a.c, 1, 1, START_S);
	const struct shunt_conn was = conns_read(&a.c, r);
	uint32_t there;

	side_tell(&a, CONNS_NEWS, &b, START_S);
	there = conns_find(&b.c, &was.client, SHUNT_TO_SERVER);
	b.c.records[there].seen_s[SHUNT_TO_SERVER] = START_S + 9;
	side_sweep(&b, START_S + 9, START_S + 9);
	cr_expect_eq(b.share.n_theirs, 0);
	cr_expect_eq(conns_share_enter(&b.share, &b.c, &was, START_S + 9), CONNS_OURS);
	cr_expect_eq(conns_share_leave(&b.share, &b.c, &was), CONNS_OURS);
	/* Now it is the first one that is told. */
	cr_assert_eq(side_tell(&b, CONNS_NEWS, &a, START_S + 9), 1);
	cr_expect_eq(a.share.n_theirs, 1);
	cr_expect_eq(a.c.records[r].seen_s[SHUNT_TO_SERVER], START_S + 9);
	conns_share_restart(&a.share, false);
	cr_expect_eq(side_tell(&a, CONNS_ALL, &b, START_S + 9), 0);
}

/* A packet that the program sees meanwhile. */
Test(conns_share, what_was_seen_here_stays)
{
	struct shunt_conn conn = conns_world_conn(1, 1, START_S);
	struct shunt_conn *own;

	cr_assert_eq(conns_share_enter(&b.share, &b.c, &conn, START_S), CONNS_ENTERED);
	own = &b.c.records[conns_find(&b.c, &conn.client, SHUNT_TO_SERVER)];
	own->flags[SHUNT_TO_SERVER] |= SHUNT_CONN_FIN;
	conn.seen_s[SHUNT_TO_SERVER] -= 5;
	conn.seen_s[SHUNT_TO_CLIENT] -= 1;
	conn.flags[SHUNT_TO_CLIENT] |= SHUNT_CONN_FIN;
	cr_assert_eq(conns_share_enter(&b.share, &b.c, &conn, START_S), CONNS_REFRESHED);
	cr_expect(own->flags[SHUNT_TO_SERVER] & SHUNT_CONN_FIN);
	cr_expect(shunt_conn_is_closed(own->flags));
	cr_expect_eq(own->seen_s[SHUNT_TO_SERVER], START_S);
	cr_expect_eq(own->seen_s[SHUNT_TO_CLIENT], START_S);
	side_sweep(&b, START_S, START_S);
	cr_expect_eq(b.share.n_theirs, 1, "no packet of it was seen here");
}

Test(conns_share, one_of_the_same_ports_begins_anew)
{
	struct shunt_conn conn = conns_world_conn(1, 1, START_S);
	const struct shunt_conn later = conns_world_conn(1, 1, START_S + 3);
	const struct shunt_conn *own;

	conn.flags[SHUNT_TO_SERVER] |= SHUNT_CONN_RST;
	cr_assert_eq(conns_add(&b.c, &conn, &b.share.hint), 0);
	cr_assert_eq(conns_share_enter(&b.share, &b.c, &later, START_S + 3), CONNS_REFRESHED);
	own = &b.c.records[conns_find(&b.c, &later.client, SHUNT_TO_SERVER)];
	cr_expect_eq(conns_state(own), conns_state(&later));
	cr_expect_eq(own->seen_s[SHUNT_TO_SERVER], START_S + 3);
}

/* The end was lost, and the client's port or that of the pool is in use again. */
Test(conns_share, makes_way_for_what_they_tell_later)
{
	struct shunt_conn first = conns_world_conn(1, 1, START_S);
	struct shunt_conn again = conns_world_conn(1, 2, START_S + 1);
	struct shunt_conn other = conns_world_conn(2, 2, START_S + 2);

	cr_assert_eq(conns_share_enter(&b.share, &b.c, &first, START_S), CONNS_ENTERED);
	cr_expect_eq(conns_share_enter(&b.share, &b.c, &again, START_S), CONNS_ENTERED);
	other.server = again.server;
	cr_expect_eq(conns_share_enter(&b.share, &b.c, &other, START_S), CONNS_ENTERED);
	cr_expect_eq(conns_find(&b.c, &first.client, SHUNT_TO_SERVER), 0);
	side_sweep(&b, START_S, START_S + 10);
	cr_expect_eq(side_count(&b), 1);
}

/* Its client uses its port again: the program enters another record in place of the first. */
Test(conns_share, the_end_of_a_former_one_is_not_that_of_its_successor)
{
	const uint32_t former = conns_world_add(&a.c, 1, 1, START_S);
	struct shunt_conn conn;
	uint32_t r;

	side_tell(&a, CONNS_NEWS, &b, START_S);
	a.c.records[former].flags[SHUNT_TO_CLIENT] |= SHUNT_CONN_FIN;
	a.c.records[former].flags[SHUNT_TO_SERVER] |= SHUNT_CONN_FIN;
	side_sweep(&a, START_S + 1, START_S + 1);
	cr_assert_eq(side_tell(&a, CONNS_NEWS, &b, START_S + 1), 1);
	conn = conns_read(&a.c, former);
	conns_unlist(&a.c, former, &conn);
	r = conns_world_add(&a.c, 1, 1, START_S + 2);
	cr_assert_neq(r, former);
	cr_assert_eq(side_tell(&a, CONNS_NEWS, &b, START_S + 2), 1);
	for (uint32_t now = START_S + 3; now < START_S + 10; now++) {
		a.c.records[r].seen_s[SHUNT_TO_SERVER] = now;
		side_sweep(&a, now, now);
		side_tell(&a, CONNS_NEWS, &b, now);
		cr_expect_eq(side_tell_ends(&a, &b), 0);
		side_sweep(&b, now, now);
	}
	cr_expect_eq(side_count(&a), 1);
	cr_expect_neq(conns_find(&b.c, &conn.client, SHUNT_TO_SERVER), 0);
}

Test(conns_share, a_port_goes_on_to_whoever_it_makes_way_for)
{
	struct shunt_conn first = conns_world_conn(1, 1, START_S);
	struct shunt_conn other = conns_world_conn(2, 1, START_S + 5);

	first.port_bit = other.port_bit = 7;
	other.server = first.server;
	cr_assert_eq(conns_share_enter(&b.share, &b.c, &first, START_S), CONNS_ENTERED);
	cr_assert_eq(conns_share_enter(&b.share, &b.c, &other, START_S + 5), CONNS_ENTERED);
	side_sweep(&b, START_S + 5, START_S + 15);
	cr_assert_eq(side_count(&b), 1);
	cr_expect_neq(conns_find(&b.c, &other.client, SHUNT_TO_SERVER), 0);
	cr_expect(conns_world_port_is_taken(&b.c, 7));
}

Test(conns_share, ours_makes_no_way)
{
	struct shunt_conn conn = conns_world_conn(1, 2, START_S);

	conns_world_add(&b.c, 1, 1, START_S + 1);
	cr_expect_eq(conns_share_enter(&b.share, &b.c, &conn, START_S), CONNS_CLASH);
	cr_expect_eq(side_count(&b), 1);
}

Test(conns_share, says_when_there_is_no_room)
{
	struct shunt_conn conn;
	uint32_t full = 0;

	for (uint32_t i = 1; i <= RECORDS; i++) {
		conn = conns_world_conn(i, 1, START_S);
		full += conns_share_enter(&b.share, &b.c, &conn, START_S) == CONNS_FULL;
	}
	cr_expect_geq(full, 1);
	cr_expect_eq(side_count(&b) + full, RECORDS);
}

/* Told anew after a round that was lost. */
Test(conns_share, rounds_make_up_for_what_was_lost)
{
	for (uint32_t i = 1; i <= 50; i++)
		conns_world_add(&a.c, i, 1, START_S);
	cr_assert_eq(side_tell(&a, CONNS_NEWS, NULL, START_S), 50);
	cr_assert_eq(side_count(&b), 0);
	conns_share_restart(&a.share, false);
	cr_expect_eq(side_tell(&a, CONNS_ALL, &b, START_S), 50);
	cr_expect_eq(side_count(&b), 50);
}

Test(conns_share, work_is_done_in_pieces)
{
	struct shunt_conn conn;
	uint32_t work = 10, n = 0;

	for (uint32_t i = 1; i <= 50; i++) {
		const uint32_t r = conns_world_add(&a.c, i, 1, START_S);

		if (i <= 25)
			a.c.records[r].flags[SHUNT_TO_CLIENT] = 0;
	}
	cr_expect_eq(conns_share_next(&a.share, &a.c, CONNS_NEWS, &work, &conn), 0);
	cr_expect_eq(work, 0);
	for (int i = 0; i < 100; i++) {
		uint32_t r;

		work = 10;
		while ((r = conns_share_next(&a.share, &a.c, CONNS_NEWS, &work, &conn))) {
			conns_share_told(&a.share, CONNS_NEWS, r, &conn);
			n++;
		}
	}
	cr_expect_eq(n, 25);
}
