/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services whose flows are being carried from former maps: what is known goes on, what
 * begins begins, and what may be still to come waits, with nothing remembered of it.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "crossing.h"

#define NEXT 2

static void hold(struct world *w)
{
	for (__u32 i = 0; i < w->n_services; i++)
		w->services[i].flags |= SHUNT_SERVICE_HOLDS;
}

static void hold_affine(struct world *w)
{
	hold(w);
	for (__u32 i = 0; i < w->n_services; i++)
		if (w->services[i].key.port == htons(CROSSING_TURNS))
			w->services[i].flags |= SHUNT_SERVICE_AFFINITY;
}

/* A flow whose slot is on the way from LIVE to NEXT. */
static void put_flow(struct crossing *t, enum crossing_port port, __u8 proto,
		     enum shunt_slot_state state, struct crossing_flow *f)
{
	static __u64 line = 5;

	crossing_forge(t, ++line << 32 | 77, port, proto, f);
	crossing_put_word(t, f, SHUNT_SLOT(state, CROSSING_LIVE, NEXT));
}

static enum shunt_reason send_unchecked(struct crossing *t, const struct crossing_flow *f,
					__u16 flags)
{
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	struct packet p = f->packet;
	struct frame in;

	p.flags = flags;
	frame_build(&p, &in);
	dp_read_reasons(t->rig->dp, before);
	dp_run(t->rig->dp, &in, &t->rig->got);
	dp_read_reasons(t->rig->dp, after);
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		if (after[r] > before[r])
			return r;
	return SHUNT_CONTINUE;
}

static void expect_held(enum crossing_port port, enum shunt_slot_state state)
{
	static const __u16 flags[] = { FRAME_ACK, FRAME_ACK | FRAME_FIN };
	_cleanup_crossing_ struct crossing *t = crossing_open_town(hold);
	struct crossing_flow f;

	put_flow(t, port, IPPROTO_TCP, state, &f);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		cr_expect_eq(send_unchecked(t, &f, flags[i]), SHUNT_HELD, "flags %02x", flags[i]);
	cr_expect(crossing_check_all(t), "something was remembered");
}

Test(hold, tcp_that_nobody_knows_waits)
{
	expect_held(CROSSING_PLAIN, SHUNT_SLOT_MIGRATING);
	expect_held(CROSSING_PLAIN, SHUNT_SLOT_PINNING);
	expect_held(CROSSING_TRACKED, SHUNT_SLOT_STABLE);
	expect_held(CROSSING_TRACKED, SHUNT_SLOT_MIGRATING);
	expect_held(CROSSING_COUNTED, SHUNT_SLOT_STABLE);
	expect_held(CROSSING_TURNS, SHUNT_SLOT_STABLE);
}

Test(hold, what_is_known_goes_on)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(hold);
	const __u32 now_s = flow_model_now_s();
	struct crossing_flow f;

	put_flow(t, CROSSING_PLAIN, IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
	crossing_pin(t, &f, f.base + 3, now_s);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 3);
	put_flow(t, CROSSING_PLAIN, IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
	crossing_note(t, &f, f.base + 4, now_s);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 4);
	put_flow(t, CROSSING_COUNTED, IPPROTO_TCP, SHUNT_SLOT_STABLE, &f);
	crossing_pin(t, &f, f.base + 5, now_s);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 5);
}

Test(hold, what_begins_begins)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(hold);
	struct crossing_flow f;

	put_flow(t, CROSSING_PLAIN, IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_SYN), NEXT);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), NEXT);
	put_flow(t, CROSSING_TRACKED, IPPROTO_TCP, SHUNT_SLOT_STABLE, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_SYN), NEXT);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), NEXT);
}

/* Who asks where its client is shall not hear "nowhere" too soon. */
Test(hold, a_client_that_nobody_knows_waits_with_affinity)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(hold_affine);
	struct crossing_flow f;

	put_flow(t, CROSSING_TRACKED, IPPROTO_TCP, SHUNT_SLOT_STABLE, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_SYN), NEXT, "no affinity");
	put_flow(t, CROSSING_TURNS, IPPROTO_TCP, SHUNT_SLOT_STABLE, &f);
	cr_expect_eq(send_unchecked(t, &f, FRAME_SYN), SHUNT_HELD);
	cr_expect(crossing_check_all(t), "something was remembered");
}

/* Nobody sends them again. */
Test(hold, resets_do_not_wait)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(hold);
	struct crossing_flow f;

	put_flow(t, CROSSING_PLAIN, IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_RST), CROSSING_LIVE);
	cr_expect_eq(crossing_send(t, &f, FRAME_RST | FRAME_ACK), CROSSING_LIVE);
}

Test(hold, errors_do_not_wait)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(hold);
	struct packet sent, error;
	struct crossing_flow f;

	put_flow(t, CROSSING_PLAIN, IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
	crossing_error(&f, &sent, &error);
	cr_expect(crossing_check(t, &f, &error));
}

/* Nobody sends it again; and no slot at rest has any flow but those of its owner. */
Test(hold, udp_and_slots_at_rest_do_not_wait)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(hold);
	struct crossing_flow f;

	put_flow(t, CROSSING_PLAIN, IPPROTO_UDP, SHUNT_SLOT_MIGRATING, &f);
	cr_expect_eq(crossing_send(t, &f, 0), CROSSING_LIVE);
	put_flow(t, CROSSING_PLAIN, IPPROTO_TCP, SHUNT_SLOT_PINNED, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), NEXT);
	put_flow(t, CROSSING_PLAIN, IPPROTO_TCP, SHUNT_SLOT_STABLE, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), NEXT);
}
