/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits of connections, and flows that are spread by their clients. */
#include <criterion/criterion.h>

#include "deal.h"

#define COUNTED (SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_COUNTED)
#define CHOICE(name) (SHUNT_CHOICE_##name << SHUNT_SERVICE_CHOICE_SHIFT)
#define TURNS (COUNTED | CHOICE(TURN))

/* --- limits ----------------------------------------------------------------------------- */

#define LIMIT 7

static void expect_limits(__u32 choice)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){
		.flags = COUNTED | SHUNT_SERVICE_LIMITED | choice, .n = 6, .limit = LIMIT });
	__u32 n_in = 0, freed;

	for (__u32 i = 0; i < 6 * LIMIT; i++) {
		n_in += deal_syn(d, i, 5000) != DEAL_DROPPED;
		for (__u32 m = 1; m <= d->n; m++)
			cr_assert_leq(d->loads[m].active, LIMIT);
	}
	cr_expect_eq(n_in, 6 * LIMIT, "while one has room, all are let in: %u", n_in);
	cr_expect_eq(deal_count(d, SHUNT_OVER_LIMIT), 0);
	cr_expect_eq(deal_syn(d, 500, 5000), DEAL_DROPPED);
	cr_expect_eq(deal_syn(d, 501, 5000), DEAL_DROPPED);
	cr_expect_eq(deal_count(d, SHUNT_OVER_LIMIT), 2);
	/* Those that are in go on, whatever they send. */
	freed = deal_syn(d, 3, 5000);
	cr_expect_neq(freed, DEAL_DROPPED);
	cr_expect_eq(deal_fin(d, 3, 5000), freed);
	cr_expect_eq(deal_syn(d, 502, 5000), freed);
	cr_expect_eq(deal_syn(d, 503, 5000), DEAL_DROPPED);
}

Test(deal, limits_are_kept)
{
	expect_limits(CHOICE(SLOT));
	expect_limits(CHOICE(TURN));
	expect_limits(CHOICE(RANDOM));
	expect_limits(CHOICE(LEAST));
}

Test(deal, who_has_no_limit_takes_what_others_may_not)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){
		.flags = COUNTED | SHUNT_SERVICE_LIMITED, .n = 3, .limit = 1 });

	d->loads[2].limit = 0;
	for (__u32 i = 0; i < 100; i++)
		cr_assert_neq(deal_syn(d, i, 5000), DEAL_DROPPED);
	cr_expect_eq(d->loads[1].active, 1);
	cr_expect_eq(d->loads[2].active, 98);
	/* Less than none is none. */
	d->loads[1].active = -5U;
	cr_expect_neq(deal_syn(d, 1000, 5000), DEAL_DROPPED);
}

/* --- by client --------------------------------------------------------------------------- */

Test(deal, a_client_with_affinity_goes_where_it_was)
{
	_cleanup_deal_ struct deal *d = deal_open(
		&(struct deal_options){ .flags = TURNS | SHUNT_SERVICE_AFFINITY, .n = 4 });

	for (__u32 client = 0; client < 40; client++)
		cr_assert_eq(deal_syn(d, client, 5000), client % 4 + 1);
	for (__u32 client = 0; client < 40; client++)
		for (__u16 sport = 5001; sport < 5005; sport++) {
			cr_assert_eq(deal_syn(d, client, sport), client % 4 + 1);
			cr_assert_eq(deal_ack(d, client, sport), client % 4 + 1);
			cr_assert_eq(deal_fin(d, client, sport), client % 4 + 1);
		}
	cr_expect_eq(deal_active(d), 40, "clients are counted");
	cr_expect_eq(d->loads[0].turn, 40);
	deal_kill(d, 1, true);
	cr_expect_neq(deal_syn(d, 0, 6000), 1);
	cr_expect_eq(d->loads[1].active, 9);
	cr_expect_eq(deal_active(d), 40);
}

Test(deal, a_client_with_affinity_leaves_who_is_over_its_limit)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){
		.flags = TURNS | SHUNT_SERVICE_AFFINITY | SHUNT_SERVICE_LIMITED,
		.n = 2,
		.limit = 2 });

	for (__u32 client = 0; client < 4; client++)
		deal_syn(d, client, 5000);
	cr_expect_eq(deal_active(d), 4);
	/* As many as it may: they are among them. */
	cr_expect_eq(deal_syn(d, 0, 5001), 1);
	d->loads[1].limit = 1;
	d->loads[2].limit = 0;
	cr_expect_eq(deal_syn(d, 0, 5002), 2);
	cr_expect_eq(deal_syn(d, 2, 5002), 1);
	cr_expect_eq(deal_active(d), 4);
}

Test(deal, by_source_all_flows_of_a_client_have_one_slot)
{
	_cleanup_deal_ struct deal *d =
		deal_open(&(struct deal_options){ .flags = SHUNT_SERVICE_SOURCE, .n = 5 });
	__u32 of[6] = { 0 };

	for (__u32 client = 0; client < 200; client++) {
		const struct deal_flow first = { client, 1, FRAME_ACK, client & 1 };
		const __u32 member = deal_send(d, &first);

		for (__u16 sport = 2; sport < 10; sport++) {
			const struct deal_flow tcp = { client, sport, FRAME_ACK, client & 1 };
			const struct deal_flow udp = { client, sport, 0, client & 1 };

			cr_assert_eq(deal_send(d, &tcp), member);
			cr_assert_eq(deal_send(d, &udp), member);
		}
		of[member]++;
	}
	for (__u32 m = 1; m <= d->n; m++)
		cr_expect_gt(of[m], 10, "member %u: %u of 200", m, of[m]);
}

/* The flows of a client are known by themselves: one that ends does not end the others. */
Test(deal, by_source_flows_are_counted_for_themselves)
{
	_cleanup_deal_ struct deal *d = deal_open(
		&(struct deal_options){ .flags = COUNTED | SHUNT_SERVICE_SOURCE, .n = 5 });
	const __u32 member = deal_syn(d, 1, 1);

	for (__u16 sport = 2; sport <= 9; sport++)
		cr_expect_eq(deal_syn(d, 1, sport), member);
	cr_expect_eq(d->loads[member].active, 9);
	deal_fin(d, 1, 4);
	cr_expect_eq(d->loads[member].active, 8);
}
