/* SPDX-License-Identifier: BSD-2-Clause */
/* Records, their index and their bits; from one data plane to another. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conns_world.h"
#include "tables/flows.h"

Test(conns, are_found_by_either_tuple)
{
	struct conns c = conns_world_make(512, 0);
	const struct shunt_conn a = conns_world_conn(1, 3, 100), b = conns_world_conn(2, 3, 100);
	const uint32_t r = conns_world_add(&c, 1, 3, 100);

	cr_assert_neq(r, 0U, "that of nobody");
	cr_assert(conns_world_is_taken(&c, r));
	cr_assert_eq(conns_find(&c, &a.client, SHUNT_TO_SERVER), r);
	cr_assert_eq(conns_find(&c, &a.server, SHUNT_TO_CLIENT), r);
	cr_assert_eq(conns_find(&c, &a.client, SHUNT_TO_CLIENT), 0U, "the other way");
	cr_assert_eq(conns_find(&c, &b.client, SHUNT_TO_SERVER), 0U);
	cr_assert(conns_is_listed(&c, r, &a, SHUNT_TO_SERVER));
	cr_assert_eq(c.loads[3].active, 1U);
	conns_unlist(&c, r, &a);
	cr_assert_eq(conns_find(&c, &a.client, SHUNT_TO_SERVER), 0U);
	cr_assert_eq(conns_world_entries(&c), 0U);
	cr_assert(conns_world_is_taken(&c, r), "a packet may be under way to it");
	conns_free(&c, r);
	cr_assert_not(conns_world_is_taken(&c, r));
	cr_assert_eq(c.loads[3].active, 0U);
	cr_assert_eq(memcmp(&c.records[r], &(struct shunt_conn){ 0 }, sizeof(a)), 0);
	conns_world_free(&c);
}

Test(conns, have_a_tuple_once)
{
	struct conns c = conns_world_make(512, 1);
	struct shunt_conn a = conns_world_conn(1, 3, 100);
	uint32_t hint = 1;

	a.port_bit = 17;
	cr_assert_eq(conns_add(&c, &a, &hint), 0);
	/* Another client whose answers would look the same. */
	a.client = conns_world_conn(2, 3, 100).client;
	a.port_bit = 18;
	cr_assert_eq(conns_add(&c, &a, &hint), -EEXIST);
	/* The same client, to another server. */
	a = conns_world_conn(1, 4, 100);
	a.port_bit = 19;
	cr_assert_eq(conns_add(&c, &a, &hint), -EEXIST);
	cr_assert_eq(conns_world_entries(&c), 2U);
	cr_assert_eq(conns_count_bits(c.bits, c.n), 2U);
	cr_assert_eq(conns_count_bits(c.port_bits, SHUNT_BITS_PER_LINE), 1U);
	cr_assert(conns_world_port_is_taken(&c, 17));
	cr_assert_eq(c.loads[3].active, 1U);
	cr_assert_eq(c.loads[4].active, 0U);
	conns_world_free(&c);
}

/* All records are of use: the index has room for both tuples of every one. */
/* The program has just entered the same one, and has taken the port for it. */
Test(conns, that_come_too_late_give_no_port_back)
{
	struct conns c = conns_world_make(512, 4);
	struct shunt_conn conn = conns_world_conn(1, 3, 100);
	uint32_t hint = 1;

	conn.port_bit = 7;
	cr_assert_eq(conns_add(&c, &conn, &hint), 0);
	cr_assert_eq(conns_add(&c, &conn, &hint), -EEXIST);
	cr_expect(conns_world_port_is_taken(&c, 7));
	conns_free(&c, conns_find(&c, &conn.client, SHUNT_TO_SERVER));
	cr_expect_not(conns_world_port_is_taken(&c, 7));
	conns_world_free(&c);
}

Test(conns, fit_their_index)
{
	const uint32_t n = 65536;
	struct conns c = conns_world_make(n, 0);
	struct shunt_conn conn = conns_world_conn(n, 3, 100);
	uint32_t hint = 1;

	for (uint32_t i = 1; i < n; i++) {
		conn = conns_world_conn(i, 3, 100);
		cr_assert_eq(conns_add(&c, &conn, &hint), 0, "%u", i);
	}
	conn = conns_world_conn(n, 3, 100);
	cr_assert_eq(conns_add(&c, &conn, &hint), -ENOSPC);
	cr_assert_eq(conns_world_entries(&c), 2 * (n - 1));
	cr_assert_leq(conns_world_entries(&c), (c.mask + 1) * SHUNT_FLOWS_PER_LINE / 2);
	for (uint32_t i = 1, r = 0; i < n; i++)
		cr_assert_neq(r = conns_next(&c, r + 1), 0U);
	cr_assert_eq(conns_next(&c, n - 1), n - 1);
	conns_world_free(&c);
}

Test(conns, in_an_index_of_one_line_are_told_apart)
{
	struct conns c = conns_world_make(3, 0);

	c.mask = 0;
	cr_assert_neq(conns_world_add(&c, 1, 3, 100), conns_world_add(&c, 2, 3, 100));
	cr_assert_eq(conns_world_entries(&c), 4U);
	conns_world_free(&c);
}

static uint32_t port_of(const void *ctx, const struct shunt_conn *conn)
{
	(void)ctx;
	return conn->backend == 9 ? 100U + conn->client.src.b[15] : SHUNT_NO_PORT_BIT;
}

/* Larger, smaller, and with another key. */
Test(conns, go_on_in_another_data_plane)
{
	static const uint32_t sizes[] = { 4096, 512, 512 };
	const uint16_t ids[WORLD_IDS] = { [3] = 8, [4] = 9 };

	for (size_t i = 0; i < 3; i++) {
		struct conns from = conns_world_make(1024, 0), to = conns_world_make(sizes[i], 1);
		struct conns_carry carry = { &from, &to, ids, WORLD_IDS, port_of, NULL, 0 };
		struct shunt_conn was;
		uint32_t r;

		to.hash_key[0] += i == 2;
		for (uint32_t j = 1; j <= 90; j++)
			conns_world_add(&from, j, 3 + j % 3, 100 + j);
		conns_carry(&carry);
		cr_assert_eq(carry.lost, 0UL);
		cr_assert_eq(conns_count_bits(to.bits, to.n), 61U, "without those of backend 5");
		cr_assert_eq(conns_world_entries(&to), 120U);
		cr_assert_eq(to.loads[8].active, 30U);
		cr_assert_eq(to.loads[9].active, 30U);
		cr_assert_eq(conns_count_bits(to.port_bits, SHUNT_BITS_PER_LINE), 30U);
		was = conns_world_conn(4, 4, 104);
		r = conns_find(&to, &was.client, SHUNT_TO_SERVER);
		cr_assert_eq(to.records[r].backend, 9);
		cr_assert_eq(to.records[r].counted, 9U);
		cr_assert_eq(to.records[r].port_bit, 104U);
		cr_assert(conns_world_port_is_taken(&to, 104));
		cr_assert_eq(to.records[r].seen_s[SHUNT_TO_CLIENT], 104U);

		/* What has happened since; and again nothing comes of what is there. */
		conns_world_add(&from, 94, 4, 200);
		r = conns_find(&from, &was.client, SHUNT_TO_SERVER);
		from.records[r].seen_s[SHUNT_TO_CLIENT] = 300;
		from.records[r].flags[SHUNT_TO_CLIENT] |= SHUNT_CONN_FIN;
		conns_carry(&carry);
		conns_carry(&carry);
		cr_assert_eq(conns_count_bits(to.bits, to.n), 62U);
		cr_assert_eq(to.loads[9].active, 31U);
		r = conns_find(&to, &was.client, SHUNT_TO_SERVER);
		cr_assert_eq(to.records[r].seen_s[SHUNT_TO_CLIENT], 300U);
		cr_assert(to.records[r].flags[SHUNT_TO_CLIENT] & SHUNT_CONN_FIN);
		conns_world_free(&from);
		conns_world_free(&to);
	}
}

static void expect_seq(const struct conns *c, uint32_t r, uint32_t client_isn, uint32_t ours)
{
	const struct shunt_conn_seq seq = conns_read_seq(c, r);

	cr_expect_eq(seq.client_isn, client_isn, "%u", seq.client_isn);
	cr_expect_eq(seq.ours, ours, "%u", seq.ours);
}

/* What the former program sees after a connection was entered, which a cookie began. */
static void go_on(const struct conns *c, uint32_t r, enum shunt_way way, __u8 flag,
		  const struct shunt_conn_seq *seq)
{
	c->records[r].flags[way] |= flag;
	conns_write_seq(c, r, seq);
}

Test(conns, that_a_cookie_began_keep_their_numbers)
{
	const uint16_t ids[WORLD_IDS] = { [3] = 3 };
	struct conns from = conns_world_make(512, 0), to = conns_world_make(512, 1);
	struct conns_carry carry = { &from, &to, ids, WORLD_IDS, port_of, NULL, 0 };
	struct shunt_conn conn = conns_world_conn(1, 3, 100);
	const struct shunt_conn_seq cookie = { 1000, 77 }, by = { 1000, 12345 },
				    anew = { 5000, 12345 }, late = { 9, 9 };
	uint32_t r, there, hint = 7;

	conn.flags[SHUNT_TO_SERVER] = SHUNT_CONN_SYN | SHUNT_CONN_SPLICED;
	conn.flags[SHUNT_TO_CLIENT] = 0;
	cr_assert_eq(conns_add_spliced(&from, &conn, &cookie, &hint), 0);
	r = hint - 1;
	conns_carry(&carry);
	there = conns_find(&to, &conn.client, SHUNT_TO_SERVER);
	cr_assert(there && there != r);
	expect_seq(&to, there, 1000, 77);
	go_on(&from, r, SHUNT_TO_CLIENT, SHUNT_CONN_SYN, &by);
	conns_carry(&carry);
	expect_seq(&to, there, 1000, 12345);
	go_on(&from, r, SHUNT_TO_SERVER, SHUNT_CONN_ANEW, &anew);
	conns_carry(&carry);
	expect_seq(&to, there, 5000, 12345);
	cr_expect(to.records[there].flags[SHUNT_TO_SERVER] & SHUNT_CONN_ANEW);
	/* It is the other program's by now. */
	go_on(&from, r, SHUNT_TO_CLIENT, SHUNT_CONN_DATA, &late);
	conns_carry(&carry);
	expect_seq(&to, there, 5000, 12345);
	conns_world_free(&from);
	conns_world_free(&to);
}

Test(conns, that_were_replaced_or_half_written_are_not_carried)
{
	const uint16_t ids[WORLD_IDS] = { [3] = 3 };
	struct conns from = conns_world_make(512, 0), to = conns_world_make(512, 1);
	struct conns_carry carry = { &from, &to, ids, WORLD_IDS, port_of, NULL, 0 };
	const uint32_t a = conns_world_add(&from, 1, 3, 100);
	struct shunt_conn conn = conns_world_conn(1, 3, 100);

	/* Its client has another one by now, which has the entry. */
	conns_unlist(&from, a, &conn);
	from.bits[0].word[1] |= 4;
	conns_carry(&carry);
	cr_assert_eq(conns_count_bits(to.bits, to.n), 1U);
	conns_world_free(&from);
	conns_world_free(&to);
}

Test(conns, that_there_is_no_room_for_are_counted)
{
	const uint16_t ids[WORLD_IDS] = { [3] = 3 };
	struct conns from = conns_world_make(1024, 0), to = conns_world_make(512, 1);
	struct conns_carry carry = { &from, &to, ids, WORLD_IDS, port_of, NULL, 0 };

	for (uint32_t i = 1; i <= 600; i++)
		conns_world_add(&from, i, 3, 100);
	conns_carry(&carry);
	cr_assert_eq(carry.lost, 600UL - 511);
	conns_world_free(&from);
	conns_world_free(&to);
}

Test(conns, follow_an_outgrown_block)
{
	const struct flows_move moves[] = { { .from = 2, .span = 2, .to = 10 } };
	struct conns c = conns_world_make(512, 0);
	const uint32_t a = conns_world_add(&c, 1, 3, 100), b = conns_world_add(&c, 2, 4, 100);

	conns_move(&c, moves, 1);
	cr_assert_eq(c.records[a].backend, 11);
	cr_assert_eq(c.records[a].counted, 11U);
	cr_assert_eq(c.records[b].backend, 4);
	cr_assert_eq(c.records[b].counted, 4U);
	conns_world_free(&c);
}

Test(conns, stand_as_their_packets_say)
{
	static const struct {
		uint8_t proto, to_server, to_client;
		enum shunt_conn_state state;
	} rows[] = {
		{ IPPROTO_TCP, SHUNT_CONN_SYN, 0, SHUNT_CONN_OPENING },
		{ IPPROTO_TCP, SHUNT_CONN_SYN, SHUNT_CONN_SYN, SHUNT_CONN_OPENING },
		{ IPPROTO_TCP, SHUNT_CONN_SYN | SHUNT_CONN_DATA, 0, SHUNT_CONN_OPENING },
		{ IPPROTO_TCP, SHUNT_CONN_SYN | SHUNT_CONN_DATA, SHUNT_CONN_SYN,
		  SHUNT_CONN_ESTABLISHED },
		{ IPPROTO_TCP, SHUNT_CONN_SYN | SHUNT_CONN_DATA | SHUNT_CONN_FIN,
		  SHUNT_CONN_SYN | SHUNT_CONN_DATA, SHUNT_CONN_CLOSING },
		{ IPPROTO_TCP, SHUNT_CONN_FIN, SHUNT_CONN_FIN, SHUNT_CONN_CLOSED },
		{ IPPROTO_TCP, SHUNT_CONN_SYN, SHUNT_CONN_RST, SHUNT_CONN_CLOSED },
		{ IPPROTO_TCP, SHUNT_CONN_RST, SHUNT_CONN_DATA, SHUNT_CONN_CLOSED },
		{ IPPROTO_UDP, SHUNT_CONN_DATA, 0, SHUNT_CONN_ONE_WAY },
		{ IPPROTO_UDP, SHUNT_CONN_DATA, SHUNT_CONN_DATA, SHUNT_CONN_REPLIED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const __u8 flags[SHUNT_WAYS] = { rows[i].to_server, rows[i].to_client };

		cr_assert_eq(shunt_conn_state_of(rows[i].proto, flags), rows[i].state, "row %zu",
			     i);
	}
}

static void *share(void *from, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(p, MAP_FAILED);
	memcpy(p, from, bytes);
	free(from);
	return p;
}

/*
 * Who gives a record back is killed when it comes to the port. The next one finds a record
 * that names no port: the bit may be another connection's by then.
 */
Test(conns, a_record_names_no_port_that_is_free)
{
	struct conns c = conns_world_make(512, 1);
	struct shunt_conn conn = conns_world_conn(1, 3, 100);
	uint32_t hint = 1;
	int status;
	pid_t pid;

	c.records = share(c.records, c.n * sizeof(*c.records));
	c.port_bits = share(c.port_bits, sizeof(*c.port_bits));
	conn.port_bit = 5;
	cr_assert_eq(conns_add(&c, &conn, &hint), 0);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL); /* a sanitizer would tell of it */
		mprotect(c.port_bits, sizeof(*c.port_bits), PROT_READ);
		conns_free(&c, hint - 1);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status), "nobody was killed");
	cr_assert(conns_world_port_is_taken(&c, 5));
	cr_assert(conns_world_is_taken(&c, hint - 1));
	conns_free(&c, hint - 1);
	cr_assert(conns_world_port_is_taken(&c, 5), "it was given back a second time");
	cr_assert_not(conns_world_is_taken(&c, hint - 1));
	munmap(c.records, c.n * sizeof(*c.records));
	munmap(c.port_bits, sizeof(*c.port_bits));
	c.records = NULL;
	c.port_bits = NULL;
	conns_world_free(&c);
}
