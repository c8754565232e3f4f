/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets a new flow, and that it stays there. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "deal.h"

#define TRACKED SHUNT_SERVICE_TRACKED
#define COUNTED (SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_COUNTED)
#define CHOICE(name) (SHUNT_CHOICE_##name << SHUNT_SERVICE_CHOICE_SHIFT)
#define TURNS (COUNTED | CHOICE(TURN))

static const __u32 weights[DEAL_MEMBERS] = { 1, 2, 3, 4, 5, 1, 2, 3, 4, 5 };

/* --- turns ------------------------------------------------------------------------ */

Test(deal, turns_are_those_of_the_table)
{
	_cleanup_deal_ struct deal *d =
		deal_open(&(struct deal_options){ .flags = TURNS, .n = 5, .weights = weights });

	for (__u32 i = 0; i < 2 * DEAL_SLOTS; i++) {
		const __u32 whose =
			SHUNT_SLOT_CUR(dp_read_slot(d->rig->dp, &d->table, i % DEAL_SLOTS));

		cr_assert_eq(deal_syn(d, i, 5000), whose, "turn %u", i);
	}
	for (__u32 m = 1; m <= d->n; m++) {
		cr_expect_eq(d->loads[m].active, 2 * deal_slots(d, m), "member %u", m);
		cr_expect_eq(d->loads[m].opened, 2 * deal_slots(d, m), "member %u", m);
	}
	cr_expect_eq(d->loads[0].turn, 2 * DEAL_SLOTS);
}

#define THREADS 4

struct dealer {
	struct deal *d;
	__u32 number;
};

static void *deal_some(void *arg)
{
	const struct dealer *dealer = arg;

	for (__u32 i = 0; i < DEAL_SLOTS / THREADS; i++)
		deal_syn(dealer->d, dealer->number << 12 | i, 5000);
	return NULL;
}

/* However many CPUs take them at once. */
Test(deal, turns_are_exact_over_threads)
{
	_cleanup_deal_ struct deal *d =
		deal_open(&(struct deal_options){ .flags = TURNS, .n = 5, .weights = weights });
	struct dealer dealers[THREADS];
	pthread_t threads[THREADS];

	for (__u32 i = 0; i < THREADS; i++) {
		dealers[i] = (struct dealer){ d, i };
		cr_assert_eq(pthread_create(&threads[i], NULL, deal_some, &dealers[i]), 0);
	}
	for (__u32 i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	cr_expect_eq(d->loads[0].turn, DEAL_SLOTS);
	for (__u32 m = 1; m <= d->n; m++)
		cr_expect_eq(d->loads[m].opened, deal_slots(d, m), "member %u: %u of %u", m,
			     d->loads[m].opened, deal_slots(d, m));
}

Test(deal, the_dead_are_passed_over_and_take_no_turn_of_others)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){ .flags = TURNS, .n = 4 });

	deal_kill(d, 2, true);
	for (__u32 i = 0; i < 300; i++) {
		static const __u32 order[] = { 1, 3, 4 };

		cr_assert_eq(deal_syn(d, i, 5000), order[i % 3], "flow %u", i);
	}
}

/* As when_all_down says: what is known of them does not count then. */
Test(deal, where_all_are_dead_the_slot_decides)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){ .flags = TURNS, .n = 4 });

	for (__u32 m = 1; m <= d->n; m++)
		deal_kill(d, m, true);
	for (__u32 i = 0; i < 50; i++) {
		cr_assert_eq(deal_syn(d, i, 5000), deal_owner(d, i, 5000));
		cr_assert_eq(deal_ack(d, i, 5000), deal_owner(d, i, 5000));
	}
}

/* --- where a flow is, it stays ------------------------------------------------------ */

static void expect_to_stay(__u32 flags)
{
	_cleanup_deal_ struct deal *d =
		deal_open(&(struct deal_options){ .flags = flags, .n = DEAL_MEMBERS });
	__u32 elsewhere = 0;

	for (__u32 i = 0; i < 500; i++) {
		const struct deal_flow syn = { i, 6000, FRAME_SYN, i & 1 },
				       udp = { i, 7, 0, i & 1 };
		struct deal_flow ack = syn;
		const __u32 member = deal_send(d, &syn), of_udp = deal_send(d, &udp);

		ack.flags = FRAME_ACK;
		elsewhere += !(i & 1) && member != deal_owner(d, i, 6000);
		cr_assert_neq(member, DEAL_DROPPED);
		cr_assert_eq(deal_send(d, &syn), member, "SYN once more, flow %u", i);
		cr_assert_eq(deal_send(d, &ack), member, "flow %u", i);
		cr_assert_eq(deal_send(d, &udp), of_udp, "UDP, flow %u", i);
	}
	cr_expect_eq(deal_active(d), flags & SHUNT_SERVICE_COUNTED ? 1000 : 0);
	if (SHUNT_SERVICE_CHOICE(flags) == SHUNT_CHOICE_SLOT)
		cr_expect_eq(elsewhere, 0);
	else
		cr_expect_gt(elsewhere, 0);
}

Test(deal, a_flow_stays_whoever_got_it)
{
	expect_to_stay(TURNS);
	expect_to_stay(TRACKED | CHOICE(TURN));
	expect_to_stay(TRACKED | CHOICE(RANDOM));
	expect_to_stay(COUNTED | CHOICE(LEAST));
	expect_to_stay(COUNTED);
}

Test(deal, chance_gives_all_their_share)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){
		.flags = COUNTED | CHOICE(RANDOM), .n = 5, .weights = weights });

	/* One flow's hash, again and again: it is chance that spreads it. */
	for (__u32 i = 0; i < 3000; i++) {
		deal_syn(d, 1, 5000);
		deal_fin(d, 1, 5000);
	}
	for (__u32 m = 1; m <= d->n; m++) {
		const int want = 3000 * (int)weights[m - 1] / 15;

		cr_expect(abs((int)d->loads[m].opened - want) < 150, "member %u: %u, not %d", m,
			  d->loads[m].opened, want);
	}
}

/* A packet without a SYN whose flow is not known goes by the slot, and is known then. */
Test(deal, what_was_lost_is_found_by_the_slot)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){ .flags = TURNS, .n = 4 });

	for (__u32 i = 0; i < 100; i++)
		cr_assert_eq(deal_ack(d, i, 5000), deal_owner(d, i, 5000));
	cr_expect_eq(d->loads[0].turn, 0);
	cr_expect_eq(deal_active(d), 100);
	/* It only ends: there is nothing to count. */
	cr_expect_eq(deal_fin(d, 200, 5000), deal_owner(d, 200, 5000));
	cr_expect_eq(deal_active(d), 100);
}

/* What finds no room goes where its next packets will go. */
Test(deal, without_room_the_slot_decides)
{
	_cleanup_deal_ struct deal *d = deal_open(
		&(struct deal_options){ .flags = TURNS, .n = 4, .flow_lines = 1, .no_pins = true });

	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		deal_syn(d, i, 5000);
	cr_expect_eq(deal_active(d), SHUNT_FLOWS_PER_LINE);
	for (__u32 i = 100; i < 150; i++) {
		cr_assert_eq(deal_syn(d, i, 5000), deal_owner(d, i, 5000));
		cr_assert_eq(deal_ack(d, i, 5000), deal_owner(d, i, 5000));
	}
	cr_expect_eq(deal_active(d), SHUNT_FLOWS_PER_LINE);
}

/* New flows are dealt to the owners, old ones stay with those before them. */
Test(deal, slots_in_transition_have_new_flows_and_old_ones)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){ .flags = TURNS, .n = 4 });

	deal_fill(d, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 4, 2));
	cr_expect_eq(deal_ack(d, 1, 5000), 4);
	cr_expect_eq(deal_syn(d, 2, 5000), 2);
	cr_expect_eq(deal_ack(d, 2, 5000), 2);
	cr_expect_eq(d->loads[4].active, 1);
	cr_expect_eq(d->loads[2].active, 1);
	deal_fill(d, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 2));
	cr_expect_eq(deal_ack(d, 1, 5000), 4);
	cr_expect_eq(deal_send(d, &(struct deal_flow){ 3, 5000, 0, false }), 2);
}

static void pin_all(struct deal *d)
{
	for (__u32 i = 0; i < d->table.n; i++) {
		const __u32 owner = SHUNT_SLOT_CUR(dp_read_slot(d->rig->dp, &d->table, i));

		dp_put_slot(d->rig->dp, &d->table, i, SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, owner));
	}
}

/* As tables_fill() has it where flows are remembered no more. */
Test(deal, a_flow_stays_when_none_is_dealt_any_more)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){ .flags = TURNS, .n = 4 });
	__u32 members[200], elsewhere = 0;

	for (__u32 i = 0; i < 200; i++) {
		members[i] = deal_syn(d, i, 5000);
		elsewhere += members[i] != deal_owner(d, i, 5000);
	}
	cr_expect_gt(elsewhere, 0);
	pin_all(d);
	deal_put_flags(d, 0);
	for (__u32 i = 0; i < 200; i++) {
		cr_assert_eq(deal_ack(d, i, 5000), members[i], "flow %u", i);
		cr_assert_eq(deal_syn(d, 1000 + i, 5000), deal_owner(d, 1000 + i, 5000));
		cr_assert_eq(deal_ack(d, 1000 + i, 5000), deal_owner(d, 1000 + i, 5000));
		cr_assert_eq(deal_fin(d, i, 5000), members[i], "flow %u", i);
	}
}

/* --- ends --------------------------------------------------------------------------- */

static void expect_end(__u16 flags)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){ .flags = TURNS, .n = 4 });
	const struct deal_flow end = { 1, 5000, flags, false };
	const __u32 member = deal_syn(d, 1, 5000);

	cr_expect_eq(d->loads[member].active, 1);
	cr_expect_eq(deal_send(d, &end), member);
	cr_expect_eq(d->loads[member].active, 0);
	/* Its last packets, the end once more among them, go where it was. */
	cr_expect_eq(deal_ack(d, 1, 5000), member);
	cr_expect_eq(deal_send(d, &end), member);
	cr_expect_eq(d->loads[member].active, 0);
	cr_expect_eq(deal_syn(d, 1, 5000), member % d->n + 1, "it begins anew");
	cr_expect_eq(deal_ack(d, 1, 5000), member % d->n + 1);
	cr_expect_eq(deal_active(d), 1);
	cr_expect_eq(d->loads[member].opened, 1);
}

Test(deal, a_client_ends_its_flow)
{
	expect_end(FRAME_FIN | FRAME_ACK);
	expect_end(FRAME_RST);
	expect_end(FRAME_RST | FRAME_ACK);
}

Test(deal, a_flow_of_a_dead_backend_begins_anew)
{
	_cleanup_deal_ struct deal *d = deal_open(&(struct deal_options){ .flags = TURNS, .n = 4 });

	cr_expect_eq(deal_syn(d, 1, 5000), 1);
	deal_kill(d, 1, true);
	cr_expect_eq(deal_syn(d, 1, 5000), 2);
	cr_expect_eq(d->loads[1].active, 0);
	cr_expect_eq(d->loads[2].active, 1);
}

/* Counted or not: a client that uses a port again has its turn. */
Test(deal, a_flow_that_was_ended_begins_anew)
{
	_cleanup_deal_ struct deal *d =
		deal_open(&(struct deal_options){ .flags = TRACKED | CHOICE(TURN), .n = 4 });

	for (__u32 i = 0; i < 100; i++) {
		const __u32 whose = i % 4 + 1;

		cr_assert_eq(deal_syn(d, 1, 5000), whose);
		cr_assert_eq(deal_ack(d, 1, 5000), whose);
		cr_assert_eq(deal_fin(d, 1, 5000), whose);
		cr_assert_eq(deal_ack(d, 1, 5000), whose);
	}
	cr_expect_eq(deal_active(d), 0);
}

/* --- the less busy of two ------------------------------------------------------------- */

#define LIFE 5000 /* arrivals that a connection lives for: ten seconds of 500 */

/* The largest of all shares by weight, in parts of what it should be. */
static double most(const struct deal *d, const __u32 *weight)
{
	double max = 0, sum = 0;

	for (__u32 m = 1; m <= d->n; m++)
		sum += weight ? weight[m - 1] : 1;
	for (__u32 m = 1; m <= d->n; m++) {
		const double share = (weight ? weight[m - 1] : 1) / sum;
		const double got = d->loads[m].active / (double)LIFE / share;

		max = got > max ? got : max;
	}
	return max;
}

static void expect_even_load(const struct deal_options *o)
{
	_cleanup_deal_ struct deal *d = deal_open(o);
	__u32 moved = 0, n = rig_scale(4 * LIFE);
	double max = 0;

	for (__u32 i = 0; i < LIFE + n; i++) {
		const __u32 member = deal_syn(d, i, 5000);

		if (i >= LIFE)
			deal_fin(d, i - LIFE, 5000);
		moved += i >= LIFE && member != deal_owner(d, i, 5000);
		if (i >= LIFE && i % 100 == 0 && most(d, o->weights) > max)
			max = most(d, o->weights);
	}
	cr_expect_eq(deal_active(d), LIFE);
	cr_expect_lt(max, 1.1, "%.3f", max);
	cr_expect_lt(moved, n / 10, "%u of %u", moved, n);
	cr_expect_gt(moved, 0);
	fprintf(stderr, "least: max/mean %.3f, %.1f %% elsewhere\n", max, 100.0 * moved / n);
}

Test(deal, the_less_busy_of_two_evens_the_load_out)
{
	expect_even_load(&(struct deal_options){ .flags = COUNTED | CHOICE(LEAST), .n = 10 });
	expect_even_load(&(struct deal_options){
		.flags = COUNTED | CHOICE(LEAST), .n = 10, .weights = weights });
}

/* A backend that is slow to end its connections gets no more than it can end. */
Test(deal, a_busy_backend_is_spared)
{
	_cleanup_deal_ struct deal *d =
		deal_open(&(struct deal_options){ .flags = COUNTED | CHOICE(LEAST), .n = 4 });

	d->loads[3].active = 1000;
	for (__u32 i = 0; i < 200; i++)
		cr_assert_neq(deal_syn(d, i, 5000), 3);
	/* And one that may get none by its weight is nobody's other choice. */
	d->loads[3].active = 0;
	d->loads[3].weight = 0;
	for (__u32 m = 1; m <= d->n; m++)
		d->loads[m].active += m == 3 ? 0 : 1000;
	for (__u32 i = 1000; i < 1200; i++)
		if (deal_owner(d, i, 5000) != 3)
			cr_assert_neq(deal_syn(d, i, 5000), 3);
}
