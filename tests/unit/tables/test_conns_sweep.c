/* SPDX-License-Identifier: BSD-2-Clause */
/* Who takes connections out: when their time is over, and what nobody else gives back. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "conns_world.h"
#include "tables/conns_sweep.h"

#define SPACE_LINES 2
#define START_MS 1000000

static const struct conns_service web = { .timeout_s = { 5, 60, 20, 2, 10, 30 }, .counted = true };

struct rig {
	struct conns c;
	struct conns_sweep s;
	const struct conns_service *services[WORLD_IDS];
	uint64_t now_ms;
};

static struct rig rig_make(uint32_t n)
{
	struct rig rig = { .c = conns_world_make(n, 2 * SPACE_LINES), .now_ms = START_MS };

	cr_assert_eq(conns_sweep_init(&rig.s, &rig.c, WORLD_IDS, SPACE_LINES), 0);
	for (uint32_t id = 1; id < WORLD_IDS; id++)
		rig.services[id] = &web;
	return rig;
}

static void rig_free(struct rig *rig)
{
	conns_sweep_free(&rig->s);
	conns_world_free(&rig->c);
}

static uint32_t now_s(const struct rig *rig)
{
	return rig->now_ms / 1000;
}

/* So much time passes, and whatever is to be done is done. */
static int tick_after(struct rig *rig, uint64_t ms)
{
	int steps = 0;

	rig->now_ms += ms;
	while (conns_sweep_is_due(&rig->s, rig->now_ms)) {
		steps++;
		if (!conns_sweep_step(&rig->s, &rig->c, rig->services, rig->now_ms))
			break;
	}
	return steps;
}

static int tick(struct rig *rig)
{
	return tick_after(rig, 1000);
}

static void ticks(struct rig *rig, int n)
{
	while (n--)
		tick(rig);
}

Test(conns_sweep, takes_out_what_was_silent_too_long)
{
	struct rig rig = rig_make(512);
	const uint32_t r = conns_world_add(&rig.c, 1, 3, now_s(&rig));
	const struct shunt_conn conn = rig.c.records[r];

	ticks(&rig, 60);
	cr_assert(conns_is_listed(&rig.c, r, &conn, SHUNT_TO_SERVER));
	cr_assert_eq(rig.s.last_by_state[SHUNT_CONN_ESTABLISHED], 1UL);
	cr_assert_eq(rig.s.last_live[3], 1U);
	tick(&rig);
	cr_assert_eq(conns_world_entries(&rig.c), 0U);
	cr_assert(conns_world_is_taken(&rig.c, r), "packets may be under way to it");
	cr_assert_eq(rig.c.loads[3].active, 1U);
	tick(&rig);
	cr_assert_not(conns_world_is_taken(&rig.c, r));
	cr_assert_eq(rig.c.loads[3].active, 0U);
	cr_assert_eq(rig.s.last_live[3], 0U);
	cr_assert_null(rig.s.queue);
	rig_free(&rig);
}

Test(conns_sweep, goes_by_the_state)
{
	static const __u8 flags[][SHUNT_WAYS] = {
		{ SHUNT_CONN_SYN, SHUNT_CONN_SYN },
		{ SHUNT_CONN_DATA, SHUNT_CONN_DATA },
		{ SHUNT_CONN_DATA, SHUNT_CONN_FIN },
		{ SHUNT_CONN_FIN, SHUNT_CONN_FIN },
	};
	struct rig rig = rig_make(512);
	uint32_t r[4];

	for (uint32_t i = 0; i < 4; i++) {
		r[i] = conns_world_add(&rig.c, i + 1, 3, now_s(&rig));
		memcpy(rig.c.records[r[i]].flags, flags[i], SHUNT_WAYS);
	}
	tick(&rig);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(rig.s.last_by_state[i], 1UL, "state %d", i);
	for (uint32_t second = 2; second < 70; second++) {
		tick(&rig);
		for (uint32_t i = 0; i < 4; i++)
			cr_assert_eq(conns_world_is_taken(&rig.c, r[i]),
				     second < web.timeout_s[i] + 2, "state %u, second %u", i,
				     second);
	}
	rig_free(&rig);
}

Test(conns_sweep, one_direction_is_enough_to_live)
{
	struct rig rig = rig_make(512);
	const uint32_t r = conns_world_add(&rig.c, 1, 3, now_s(&rig));

	for (int i = 0; i < 100; i++) {
		tick(&rig);
		rig.c.records[r].seen_s[i / 50] = now_s(&rig);
	}
	cr_assert(conns_world_is_taken(&rig.c, r));
	rig_free(&rig);
}

Test(conns_sweep, takes_those_of_a_backend_that_has_gone_at_once)
{
	struct rig rig = rig_make(512);
	const uint32_t a = conns_world_add(&rig.c, 1, 3, now_s(&rig));
	const uint32_t b = conns_world_add(&rig.c, 2, 4, now_s(&rig));

	tick(&rig);
	rig.services[3] = NULL;
	ticks(&rig, 2);
	cr_assert_not(conns_world_is_taken(&rig.c, a));
	cr_assert(conns_world_is_taken(&rig.c, b));
	rig_free(&rig);
}

/* The id is another server's, and nobody has said that the first one went. */
Test(conns_sweep, takes_those_whose_backend_is_another_one)
{
	struct rig rig = rig_make(512);
	struct shunt_backend backends[WORLD_IDS] = { 0 };
	const uint32_t a = conns_world_add(&rig.c, 1, 3, now_s(&rig));
	const uint32_t b = conns_world_add(&rig.c, 2, 4, now_s(&rig));

	for (int id = 3; id <= 4; id++) {
		backends[id].leg[SHUNT_V4].forward = SHUNT_FORWARD_FULLNAT;
		backends[id].leg[SHUNT_V4].addr = rig.c.records[id == 3 ? a : b].server.src;
	}
	rig.c.backends = backends;
	ticks(&rig, 3);
	cr_assert(conns_world_is_taken(&rig.c, a));
	backends[3].leg[SHUNT_V4].addr.b[15] ^= 1;
	ticks(&rig, 2);
	cr_assert_not(conns_world_is_taken(&rig.c, a));
	cr_assert(conns_world_is_taken(&rig.c, b));
	backends[4].leg[SHUNT_V4].forward = SHUNT_FORWARD_DIRECT;
	ticks(&rig, 2);
	cr_assert_not(conns_world_is_taken(&rig.c, b));
	rig_free(&rig);
}

/* How often it was asked to wait; and what a slow packet did until then, if one did. */
static int graces;
static const struct conns *slow_in;
static uint32_t slow_record;

static void count_grace(void)
{
	graces++;
	if (!slow_in)
		return;
	slow_in->index[0].entry[0] = SHUNT_CONN_ENTRY(
		shunt_tuple_hash(slow_in->hash_key, &slow_in->records[slow_record].server),
		slow_record);
}

Test(conns_sweep, waits_for_packets_before_it_gives_back)
{
	struct rig rig = rig_make(512);

	rig.c.grace = count_grace;
	for (uint32_t i = 1; i <= 100; i++)
		conns_world_add(&rig.c, i, 3, now_s(&rig));
	ticks(&rig, 61);
	cr_assert_eq(conns_world_entries(&rig.c), 0U);
	cr_assert_eq(graces, 0, "they rest first");
	/* Not for another second when a tick comes early. */
	tick_after(&rig, 998);
	cr_assert_eq(conns_count_bits(rig.c.bits, rig.c.n), 1U);
	cr_assert_eq(graces, 1, "once for all of them");
	ticks(&rig, 20);
	cr_assert_eq(graces, 1, "for nobody there is nothing to wait for");
	rig_free(&rig);
}

/* Taken for lost, a record is entered in the end: it is somebody's. */
Test(conns_sweep, leaves_a_record_to_a_slow_opener)
{
	struct rig rig = rig_make(2);
	const uint32_t r = conns_world_add(&rig.c, 1, 3, now_s(&rig));
	const struct shunt_conn conn = rig.c.records[r];

	cr_assert_eq(rig.c.mask, 0U);
	conns_unlist(&rig.c, r, &conn);
	slow_in = &rig.c;
	slow_record = r;
	rig.c.grace = count_grace;
	ticks(&rig, 20);
	cr_assert_gt(graces, 0);
	cr_assert(conns_world_is_taken(&rig.c, r));
	cr_assert_eq(rig.c.records[r].server.ports, conn.server.ports);
	cr_assert_eq(rig.s.last_live[3], 1U);
	slow_in = NULL;
	ticks(&rig, 70);
	cr_assert_not(conns_world_is_taken(&rig.c, r));
	rig_free(&rig);
}

static uint32_t add_with_port(struct rig *rig, uint32_t number, uint32_t port_bit)
{
	struct shunt_conn conn = conns_world_conn(number, 3, now_s(rig));
	uint32_t hint = 1;

	conn.port_bit = port_bit;
	cr_assert_eq(conns_add(&rig->c, &conn, &hint), 0);
	return hint - 1;
}

Test(conns_sweep, gives_ports_back_and_counts_them)
{
	struct rig rig = rig_make(512);
	const uint32_t space = SPACE_LINES * SHUNT_BITS_PER_LINE;

	add_with_port(&rig, 1, 5);
	add_with_port(&rig, 2, space + 7);
	add_with_port(&rig, 3, space + 8);
	tick(&rig);
	cr_assert_eq(rig.s.last_used[0], 1U);
	cr_assert_eq(rig.s.last_used[1], 2U);
	ticks(&rig, 62);
	cr_assert_eq(conns_count_bits(rig.c.port_bits, 2 * space), 0U);
	tick(&rig);
	cr_assert_eq(rig.s.last_used[0] + rig.s.last_used[1], 0U);
	rig_free(&rig);
}

/* Its opener died, or gave up without giving it back. */
Test(conns_sweep, finds_records_that_are_in_no_index)
{
	struct rig rig = rig_make(512);
	const uint32_t written = add_with_port(&rig, 1, 5), empty = 77;
	const struct shunt_conn conn = rig.c.records[written];

	conns_unlist(&rig.c, written, &conn);
	rig.c.bits[0].word[empty / 64] |= 1ULL << empty % 64;
	tick(&rig);
	cr_assert(conns_world_is_taken(&rig.c, empty), "it may be being opened just now");
	cr_assert(conns_world_is_taken(&rig.c, written));
	ticks(&rig, 10);
	cr_assert_not(conns_world_is_taken(&rig.c, empty));
	cr_assert_not(conns_world_is_taken(&rig.c, written));
	cr_assert_not(conns_world_port_is_taken(&rig.c, 5));
	cr_assert_eq(rig.c.loads[3].active, 0U);
	rig_free(&rig);
}

/* Taken in every round anew, and as often given back in between. */
Test(conns_sweep, does_not_take_openings_for_what_is_lost)
{
	struct rig rig = rig_make(512);

	for (int i = 0; i < 20; i++) {
		rig.c.bits[0].word[1] |= 1;
		rig.c.port_bits[0].word[1] |= 1;
		tick(&rig);
		cr_assert(conns_world_is_taken(&rig.c, 64));
		cr_assert(conns_world_port_is_taken(&rig.c, 64));
		rig.c.bits[0].word[1] = 0;
		rig.c.port_bits[0].word[1] = 0;
		tick(&rig);
	}
	rig_free(&rig);
}

Test(conns_sweep, finds_ports_that_no_record_names)
{
	struct rig rig = rig_make(512);

	add_with_port(&rig, 1, 5);
	rig.c.port_bits[1].word[3] |= 0x10;
	tick(&rig);
	cr_assert_eq(rig.s.last_used[0], 2U, "it may be being taken just now");
	tick(&rig);
	cr_assert_eq(rig.s.last_used[0], 1U);
	cr_assert_eq(conns_count_bits(rig.c.port_bits, 2 * SHUNT_BITS_PER_LINE), 1U);
	cr_assert(conns_world_port_is_taken(&rig.c, 5));
	rig_free(&rig);
}

/* The client began anew with the same ports: its entry leads to another record. */
Test(conns_sweep, lets_a_replaced_one_live_out_its_time)
{
	struct rig rig = rig_make(512);
	const uint32_t a = conns_world_add(&rig.c, 1, 3, now_s(&rig));
	const struct shunt_conn conn = rig.c.records[a];
	struct shunt_conn next = conns_world_conn(1, 4, now_s(&rig));
	uint32_t hint = 1;

	conns_unlist(&rig.c, a, &conn);
	conns_free(&rig.c, a);
	/* As if the program had put the entry of the client to @next. */
	cr_assert_eq(conns_add(&rig.c, &next, &hint), 0);
	next.server = conn.server;
	next.backend = 3;
	next.client.ports ^= 1;
	cr_assert_eq(conns_add(&rig.c, &next, &hint), 0);
	rig.c.records[hint - 1].client = conn.client;
	ticks(&rig, 59);
	cr_assert_eq(conns_count_bits(rig.c.bits, rig.c.n), 3U);
	ticks(&rig, 4);
	cr_assert_eq(conns_count_bits(rig.c.bits, rig.c.n), 1U);
	rig_free(&rig);
}

Test(conns_sweep, corrects_loads_that_stay_wrong)
{
	struct rig rig = rig_make(512);

	for (uint32_t i = 1; i <= 10; i++)
		conns_world_add(&rig.c, i, 3, now_s(&rig) + 1000);
	rig.c.loads[3].active += 5;
	rig.c.loads[4].active -= 2;
	tick(&rig);
	cr_assert_eq(rig.c.loads[3].active, 15U, "they may be opening just now");
	tick(&rig);
	cr_assert_eq(rig.c.loads[3].active, 10U);
	cr_assert_eq(rig.c.loads[4].active, 0U);
	/* What has changed by the next round was no mistake. */
	for (int i = 0; i < 10; i++) {
		rig.c.loads[3].active = i % 2 ? 12 : 8;
		tick(&rig);
		cr_assert_eq(rig.c.loads[3].active, i % 2 ? 12U : 8U);
	}
	rig_free(&rig);
}

/* As many come as go, second by second: none of that is a mistake. */
Test(conns_sweep, leaves_loads_alone_while_connections_come_and_go)
{
	struct rig rig = rig_make(4096);
	uint32_t number = 1;

	for (int second = 0; second < 100; second++) {
		for (int i = 0; i < 20; i++) {
			const uint32_t r = conns_world_add(&rig.c, number++, 3, now_s(&rig));

			rig.c.records[r].flags[0] = rig.c.records[r].flags[1] = SHUNT_CONN_FIN;
		}
		tick(&rig);
		cr_assert_eq(rig.c.loads[3].active, conns_count_bits(rig.c.bits, rig.c.n) - 1,
			     "second %d", second);
	}
	rig_free(&rig);
}

Test(conns_sweep, works_in_pieces)
{
	const uint32_t n = 512 * 1024;
	struct rig rig = rig_make(n);
	int steps;

	for (uint32_t i = 1; i < n; i++) {
		const struct shunt_conn conn = conns_world_conn(i, 3, now_s(&rig) + 3);
		uint32_t hint = i;

		cr_assert_eq(conns_add(&rig.c, &conn, &hint), 0);
	}
	steps = tick(&rig);
	cr_assert_gt(steps, 8);
	cr_assert_eq(rig.s.last_live[3], n - 1);
	cr_assert_eq(rig.s.rounds, 1U);
	tick(&rig);
	cr_assert_eq(rig.s.rounds, 1U, "large tables are looked at less often");
	rig.services[3] = NULL;
	ticks(&rig, 6);
	cr_assert_eq(conns_count_bits(rig.c.bits, rig.c.n), 1U);
	cr_assert_eq(conns_world_entries(&rig.c), 0U);
	rig_free(&rig);
}
