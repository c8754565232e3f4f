/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that two balancers share: one of them begins anew; and those of SYN cookies. */
#include <criterion/criterion.h>

#include "conns_side.h"

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

TestSuite(conns_share_anew, .init = setup, .fini = teardown);

/* It has lost what it had, and one of its connections has been silent since. */
Test(conns_share_anew, who_begins_anew_is_told_what_was_its_own)
{
	struct side again;
	struct shunt_conn silent, busy;

	side_make(&again);
	conns_world_add(&a.c, 1, 1, START_S);
	conns_world_add(&a.c, 2, 1, START_S);
	conns_world_add(&a.c, 3, 1, START_S);
	silent = conns_world_conn(1, 1, START_S);
	busy = conns_world_conn(2, 1, START_S);
	cr_assert_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 3);
	b.c.records[conns_find(&b.c, &busy.client, SHUNT_TO_SERVER)].seen_s[SHUNT_TO_SERVER] =
		START_S + 9;
	conns_share_leave(&b.share, &b.c, &a.c.records[3]);
	side_sweep(&b, START_S + 9, START_S + 12);
	conns_share_restart(&b.share, false);
	cr_expect_eq(side_tell(&b, CONNS_ALL, NULL, START_S + 9), 1);
	conns_share_restart(&b.share, true);
	cr_expect_eq(side_tell(&b, CONNS_ALL, &again, START_S + 9), 2);
	cr_expect_neq(conns_find(&again.c, &silent.client, SHUNT_TO_SERVER), 0);
	cr_expect_eq(again.share.n_theirs, 2);
	cr_expect_eq(b.share.n_theirs, 1, "and there they are what they were");
	conns_share_restart(&b.share, false);
	cr_expect_eq(side_tell(&b, CONNS_ALL, &again, START_S + 9), 1);
	side_free(&again);
}

static uint32_t add_spliced(struct side *s, uint32_t number, uint32_t client_isn)
{
	const struct shunt_conn_seq seq = { client_isn, 77 };
	struct shunt_conn conn = conns_world_conn(number, 1, START_S);
	uint32_t hint = 1;

	conn.flags[SHUNT_TO_SERVER] |= SHUNT_CONN_SPLICED;
	cr_assert_eq(conns_add_spliced(&s->c, &conn, &seq, &hint), 0);
	return hint - 1;
}

/* Begun by a SYN cookie: before the server has answered its numbers are others. */
Test(conns_share_anew, spliced_ones_are_told_with_their_numbers)
{
	const uint32_t r = add_spliced(&a, 1, 5);
	uint32_t there;

	a.c.records[r].flags[SHUNT_TO_CLIENT] = SHUNT_CONN_DATA;
	cr_expect_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 0);
	a.c.records[r].flags[SHUNT_TO_CLIENT] |= SHUNT_CONN_SYN;
	cr_assert_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 1);
	there = conns_find(&b.c, &a.c.records[r].client, SHUNT_TO_SERVER);
	cr_assert_neq(there, 0);
	cr_expect(conns_is_spliced(&b.c.records[there]));
	cr_expect_eq(conns_read_seq(&b.c, there).client_isn, 5);
	cr_expect_eq(conns_read_seq(&b.c, there).ours, 77);
	conns_share_restart(&a.share, false);
	cr_expect_eq(side_tell(&a, CONNS_ALL, &b, START_S + 1), 1);
	cr_expect_eq(side_count(&b), 1);
}

/* The same ports; only the numbers tell that it is another one. */
Test(conns_share_anew, spliced_ones_are_told_apart_by_their_numbers)
{
	const uint32_t r = add_spliced(&a, 1, 5);
	uint32_t there;

	cr_assert_eq(side_tell(&a, CONNS_NEWS, &b, START_S), 1);
	conns_write_seq(&a.c, r, &(struct shunt_conn_seq){ 6, 78 });
	a.c.records[r].seen_s[SHUNT_TO_SERVER] = START_S + 9;
	conns_share_restart(&a.share, false);
	cr_assert_eq(side_tell(&a, CONNS_ALL, &b, START_S + 9), 1);
	there = conns_find(&b.c, &a.c.records[r].client, SHUNT_TO_SERVER);
	cr_assert_neq(there, 0);
	cr_expect_eq(conns_read_seq(&b.c, there).client_isn, 6);
	side_sweep(&b, START_S + 9, START_S + 12);
	cr_expect_eq(side_count(&b), 1);
}
