/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets a new connection of nat: the same choices, of connections that are kept exactly. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "nat_town.h"

#define CHOICE(name) (SHUNT_CHOICE_##name << SHUNT_SERVICE_CHOICE_SHIFT)

/* The service of two backends has @flags, too. */
static struct nat_town *open_town(__u32 flags, __u32 limit)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	struct nat_town *t;

	cr_assert(w);
	nat_build_world(w);
	w->rodata.tracked = 1;
	for (__u32 i = 0; i < w->n_services; i++)
		if (w->services[i].key.port == htons(NAT_TWO))
			w->services[i].flags |= flags;
	t = nat_town_open_world(w);
	for (__u32 id = NAT_BACKEND_TWO; id < NAT_BACKEND_TWO + 2; id++)
		dp_loads(t->dp)[id] = (struct shunt_load){ .limit = limit, .weight = 1 };
	return t;
}

/* A connection of a client begins. Return: its backend, counted from 1; 0: it does not. */
static __u32 begin(struct nat_town *t, __u32 client, __u16 sport)
{
	struct packet p = nat_packet(4, NAT_TWO, IPPROTO_TCP, sport);
	char src[48];
	__u32 record;

	snprintf(src, sizeof(src), "198.51.100.%u", client);
	p.src = src;
	p.flags = FRAME_SYN;
	if (nat_send(t, &p) != SHUNT_FORWARDED)
		return 0;
	record = nat_record(t, &p);
	return nat_conn(t, record).backend - NAT_BACKEND_TWO + 1;
}

Test(deal_nat, turns)
{
	_cleanup_nat_town_ struct nat_town *t = open_town(CHOICE(TURN), 0);

	for (__u16 sport = 1000; sport < 1100; sport++)
		cr_assert_neq(begin(t, 7, sport), begin(t, 8, sport));
}

Test(deal_nat, a_client_with_affinity_goes_where_it_was)
{
	_cleanup_nat_town_ struct nat_town *t =
		open_town(CHOICE(TURN) | SHUNT_SERVICE_AFFINITY | SHUNT_SERVICE_TRACKED, 0);
	const __u32 first = begin(t, 1, 1000);

	for (__u32 client = 2; client < 20; client++)
		cr_assert_eq(begin(t, client, 1000), (first + client) % 2 + 1);
	for (__u32 client = 1; client < 20; client++)
		for (__u16 sport = 1001; sport < 1005; sport++)
			cr_assert_eq(begin(t, client, sport), (first + client) % 2 + 1);
}

Test(deal_nat, limits_are_kept)
{
	_cleanup_nat_town_ struct nat_town *t =
		open_town(SHUNT_SERVICE_LIMITED | SHUNT_SERVICE_COUNTED, 5);
	__u32 of[3] = { 0 };

	for (__u16 sport = 1000; sport < 1020; sport++)
		of[begin(t, 7, sport)]++;
	cr_expect_eq(of[1], 5, "%u", of[1]);
	cr_expect_eq(of[2], 5, "%u", of[2]);
	cr_expect_eq(of[0], 10, "%u", of[0]);
	cr_expect_eq(dp_loads(t->dp)[NAT_BACKEND_TWO].active, 5);
}

/* Clients move when the backend has no room for one more of their connections. */
Test(deal_nat, affinity_gives_way_to_limits)
{
	_cleanup_nat_town_ struct nat_town *t =
		open_town(SHUNT_SERVICE_LIMITED | SHUNT_SERVICE_COUNTED | SHUNT_SERVICE_AFFINITY |
				  SHUNT_SERVICE_TRACKED,
			  3);
	const __u32 first = begin(t, 7, 1000);

	cr_expect_eq(begin(t, 7, 1001), first);
	cr_expect_eq(begin(t, 7, 1002), first);
	cr_expect_eq(begin(t, 7, 1003), 3 - first);
	cr_expect_eq(begin(t, 7, 1004), 3 - first);
	cr_expect_eq(dp_loads(t->dp)[NAT_BACKEND_TWO].active +
			     dp_loads(t->dp)[NAT_BACKEND_TWO + 1].active,
		     5, "connections are counted, and clients are not");
}

static enum shunt_reason send_flags(struct nat_town *t, __u16 sport, __u16 flags)
{
	struct packet p = nat_packet(4, NAT_TWO, IPPROTO_TCP, sport);

	p.flags = flags;
	return nat_send(t, &p);
}

/* Who resets a connection and goes on has one nevertheless. */
Test(deal_nat, a_reset_that_nobody_heeds_makes_no_room)
{
	_cleanup_nat_town_ struct nat_town *t =
		open_town(SHUNT_SERVICE_LIMITED | SHUNT_SERVICE_COUNTED, 1);
	const struct shunt_load *loads = dp_loads(t->dp);

	for (__u16 sport = 1000; sport < 1100; sport++)
		send_flags(t, sport, FRAME_SYN);
	cr_assert_eq(loads[NAT_BACKEND_TWO].active, 1);
	cr_assert_eq(loads[NAT_BACKEND_TWO + 1].active, 1);
	for (__u16 sport = 1000; sport < 1100; sport++) {
		if (send_flags(t, sport, FRAME_ACK) != SHUNT_FORWARDED)
			continue;
		cr_expect_eq(send_flags(t, sport, FRAME_RST), SHUNT_FORWARDED);
		cr_expect_eq(loads[NAT_BACKEND_TWO].active + loads[NAT_BACKEND_TWO + 1].active, 1);
		cr_expect_eq(send_flags(t, sport, FRAME_ACK), SHUNT_FORWARDED);
		cr_expect_eq(loads[NAT_BACKEND_TWO].active, 1);
		cr_expect_eq(loads[NAT_BACKEND_TWO + 1].active, 1);
	}
	cr_expect_eq(loads[NAT_BACKEND_TWO].opened, 1, "no other one has begun");
	cr_expect_eq(send_flags(t, 2000, FRAME_SYN), SHUNT_OVER_LIMIT);
}
