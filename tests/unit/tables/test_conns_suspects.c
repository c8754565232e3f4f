/* SPDX-License-Identifier: BSD-2-Clause */
/* What connections tell of their servers, round by round. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "conns_world.h"
#include "tables/conns_sweep.h"

#define START_MS 1000000

static const struct conns_service web = { .timeout_s = { 30, 60, 20, 20, 10, 30 } };

static struct conns c;
static struct conns_sweep s;
static const struct conns_service *services[WORLD_IDS];
static uint64_t now_ms;

static void setup(void)
{
	c = conns_world_make(512, 2);
	memset(&s, 0, sizeof(s));
	cr_assert_eq(conns_sweep_init(&s, &c, WORLD_IDS, 1), 0);
	for (int id = 1; id < WORLD_IDS; id++)
		services[id] = &web;
	now_ms = START_MS;
}

static void teardown(void)
{
	conns_sweep_free(&s);
	conns_world_free(&c);
}

TestSuite(conns_suspects, .init = setup, .fini = teardown);

/* A connection of which so much was seen just now. */
static uint32_t begin(uint32_t number, uint16_t backend, __u8 client, __u8 server)
{
	const uint32_t r = conns_world_add(&c, number, backend, now_ms / 1000);

	c.records[r].flags[SHUNT_TO_SERVER] = client;
	c.records[r].flags[SHUNT_TO_CLIENT] = server;
	c.records[r].seen_s[SHUNT_TO_CLIENT] = server ? now_ms / 1000 : 0;
	return r;
}

/* A second and a round later: who is suspect, a bit each. */
static uint32_t round_after(void)
{
	uint32_t who = 0, id;

	now_ms += 1000;
	while (conns_sweep_is_due(&s, now_ms) && conns_sweep_step(&s, &c, services, now_ms))
		;
	while (conns_suspects_take(&s.suspects, &id))
		who |= 1U << id;
	return who;
}

Test(conns_suspects, who_refuses_is_one_once)
{
	round_after();
	begin(1, 3, SHUNT_CONN_SYN, SHUNT_CONN_RST);
	begin(2, 3, SHUNT_CONN_SYN, SHUNT_CONN_RST);
	begin(3, 5, SHUNT_CONN_SYN, SHUNT_CONN_RST);
	cr_expect_eq(round_after(), 1U << 3 | 1U << 5);
	cr_expect_eq(round_after(), 0U, "that was known, and nothing has happened since");
	begin(4, 5, SHUNT_CONN_SYN, SHUNT_CONN_RST);
	cr_expect_eq(round_after(), 1U << 5);
}

Test(conns_suspects, who_lets_clients_wait_is_one_after_a_round)
{
	uint32_t r;

	round_after();
	r = begin(1, 3, SHUNT_CONN_SYN, 0);
	cr_expect_eq(round_after(), 0U, "it has only just begun");
	c.records[r].seen_s[SHUNT_TO_SERVER] = now_ms / 1000; /* sent again */
	cr_expect_eq(round_after(), 1U << 3);
	for (int i = 0; i < 5; i++)
		round_after();
	cr_expect_eq(round_after(), 0U, "the client has given up");
	c.records[r].seen_s[SHUNT_TO_SERVER] = now_ms / 1000;
	cr_expect_eq(round_after(), 1U << 3);
}

Test(conns_suspects, who_answers_late_is_none)
{
	uint32_t r;

	round_after();
	r = begin(1, 3, SHUNT_CONN_SYN, 0);
	round_after();
	c.records[r].flags[SHUNT_TO_CLIENT] = SHUNT_CONN_SYN;
	for (int i = 0; i < 5; i++)
		cr_expect_eq(round_after(), 0U);
}

/* What clients do is no fault of a server. */
Test(conns_suspects, who_does_as_it_should_is_none)
{
	static const __u8 seen[][SHUNT_WAYS] = {
		{ SHUNT_CONN_SYN, SHUNT_CONN_SYN }, /* a flood */
		{ SHUNT_CONN_SYN | SHUNT_CONN_RST, SHUNT_CONN_SYN },
		{ SHUNT_CONN_SYN | SHUNT_CONN_RST, 0 },
		{ SHUNT_CONN_SYN | SHUNT_CONN_DATA, SHUNT_CONN_SYN | SHUNT_CONN_DATA },
		{ SHUNT_CONN_SYN | SHUNT_CONN_DATA,
		  SHUNT_CONN_SYN | SHUNT_CONN_DATA | SHUNT_CONN_RST },
		/* Of a connection from before a restart the SYN-ACK was not seen. */
		{ SHUNT_CONN_DATA, SHUNT_CONN_RST },
	};

	round_after();
	for (uint32_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		begin(i + 1, i + 1, seen[i][SHUNT_TO_SERVER], seen[i][SHUNT_TO_CLIENT]);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(round_after(), 0U, "round %d", i);
}

Test(conns_suspects, udp_need_not_be_answered)
{
	uint32_t r;

	round_after();
	r = begin(1, 3, SHUNT_CONN_DATA, 0);
	c.records[r].client.proto = c.records[r].server.proto = IPPROTO_UDP;
	for (int i = 0; i < 4; i++) {
		cr_expect_eq(round_after(), 0U);
		c.records[r].seen_s[SHUNT_TO_SERVER] = now_ms / 1000;
	}
}

/* The record of a client that waited is another client's now. */
Test(conns_suspects, a_record_that_was_given_back_waits_no_more)
{
	uint32_t r, next;

	round_after();
	r = begin(1, 3, SHUNT_CONN_SYN, 0);
	round_after();
	conns_unlist(&c, r, &c.records[r]);
	conns_free(&c, r);
	round_after();
	next = begin(2, 3, SHUNT_CONN_SYN, 0);
	cr_assert_eq(next, r);
	cr_expect_eq(round_after(), 0U);
}
