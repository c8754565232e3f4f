/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of a packet before it is sent is what then becomes of it; and saying so
 * changes nothing.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "explainer.h"
#include "nat_town.h"
#include "walk.h"

#define FLOWS 10000

/* Whole comparisons of all maps are dear; the reasons and all that is remembered are not. */
#define WHOLE_EVERY 50

static const struct crossing_flow *pick_flow(struct walk *w)
{
	return &w->flows[rig_random(&w->random) % WALK_FLOWS];
}

/* --- what the model says ------------------------------------------------------------ */

/* The words of the model for why. */
static bool why_agrees(const struct explain *x, enum flow_by by)
{
	switch (by) {
	case FLOW_BY_PIN:
		return x->why == EXPLAIN_PINNED;
	case FLOW_BY_NOTE:
		return x->why == EXPLAIN_NOTED;
	case FLOW_BY_PREV:
		return x->why == EXPLAIN_FORMER_OWNER;
	default:
		return x->why == EXPLAIN_OWNER || x->why == EXPLAIN_DEALT;
	}
}

static __u32 pinned_by(const struct flow_effect *e, __u32 tag)
{
	const __u64 *entry = flow_model_look_up(&e->at, tag);

	return entry ? SHUNT_FLOW_BACKEND(*entry) : 0;
}

static void expect_agreement(const struct crossing *t, const struct crossing_flow *f,
			     const struct explain *x, unsigned int i)
{
	const __u32 word = crossing_word(t, f);
	const enum shunt_reason reason = t->rig->verdict.reason;

	cr_expect_eq(x->reason, reason, "%u: ends in %d, not %d", i, x->reason, reason);
	cr_expect_eq(x->word, word, "%u: slot %u says %08x, not %08x", i, x->slot, x->word, word);
	cr_expect_eq(x->slot, f->slot);
	cr_expect_eq(x->base, f->base);
	if (reason == SHUNT_NO_BACKEND || reason == SHUNT_BAD_SLOT)
		return;
	cr_expect_eq(x->backend, t->effect.backend, "%u: goes to %u, not %u", i, x->backend,
		     t->effect.backend);
	cr_expect(why_agrees(x, t->effect.by), "%u: why is %d, not %d; word %08x flags %x syn %d",
		  i, x->why, t->effect.by, word, x->service_flags, x->packet.syn);
	if (x->tracked)
		cr_expect_eq(x->pinned[EXPLAIN_AFTER].backend,
			     pinned_by(&t->effect, (__u32)f->hash), "%u: pinned to %u", i,
			     x->pinned[EXPLAIN_AFTER].backend);
}

/* --- a flow -------------------------------------------------------------------------- */

static bool is_same_frame(const struct frame *a, const struct frame *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/* The very frame of the test through the twin: the same action, the same bytes. */
static void expect_same_run(struct explainer *e, struct crossing *t, const struct crossing_flow *f,
			    const struct packet *p)
{
	struct frame in, out;
	__u32 action;

	frame_build(p, &in);
	action = explainer_run(e, &in, &out);
	cr_expect(crossing_check(t, f, p));
	explainer_forget(e, t->effect.backend);
	cr_expect_eq(action, ref_action(t->rig->verdict.reason));
	cr_expect(is_same_frame(&out, &t->rig->got), "another frame");
}

/* Return: false if a second has passed meanwhile, which may change what comes of it. */
static bool expect_told(struct explainer *e, struct walk *w, unsigned int i)
{
	const struct crossing_flow *f = pick_flow(w);
	const bool syn = rig_random(&w->random) % 2 && f->packet.proto == IPPROTO_TCP;
	const __u32 now_s = flow_model_now_s();
	struct packet p = f->packet;
	struct explain_packet asked;
	struct explain x;
	struct frame in;

	p.flags = syn ? FRAME_SYN : FRAME_ACK;
	frame_build(&p, &in);
	asked = explainer_packet(&in, syn);
	if (i % WHOLE_EVERY)
		cr_assert_eq(explain_run(e->twin, &asked, &x), 0);
	else
		x = explainer_ask(e, &asked);
	/* What the program remembers is as the model has it: nothing was added. */
	expect_same_run(e, w->t, f, &p);
	if (flow_model_now_s() != now_s)
		return false;
	expect_agreement(w->t, f, &x, i);
	return true;
}

Test(explain, says_what_then_happens_in_every_state, .timeout = 300)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	_cleanup_explainer_ struct explainer *e = explainer_open(t->rig->dp);
	_cleanup_free_ struct walk *w = malloc(sizeof(*w));
	unsigned int told = 0, states[SHUNT_SLOT_PINNED + 1] = { 0 };
	const unsigned int n = rig_scale(FLOWS);

	cr_assert(w);
	walk_begin(w, t, 20);
	for (unsigned int i = 0; i < n; i++) {
		cr_expect(walk_step(w));
		told += expect_told(e, w, i);
	}
	for (int s = 0; s <= SHUNT_SLOT_PINNED; s++)
		states[s] = w->by_state[s];
	cr_expect_gt(told, n / 2, "%u of %u", told, n);
	for (int s = 0; s <= SHUNT_SLOT_PINNED; s++)
		cr_expect_gt(states[s], 0, "no slot was ever in state %d", s);
	cr_expect(crossing_check_all(t));
	cr_expect(rig_check_totals(t->rig));
}

/* --- nat and fullnat ------------------------------------------------------------------ */

#define NAT_FLOWS 2000
/* Few enough that most packets are of connections that are there. */
#define NAT_CLIENT_PORTS 40

static __u64 count_packets(const struct nat_town *t, __u32 backend)
{
	return dp_read_counter(t->dp, backend).packets;
}

static void expect_nat_told(struct explainer *e, struct nat_town *t, const struct packet *p,
			    bool whole)
{
	const bool syn = p->flags == FRAME_SYN;
	const __u32 before = nat_record(t, p);
	enum shunt_reason reason;
	struct explain_packet asked;
	struct explain x;
	struct frame in;
	__u64 packets;

	frame_build(p, &in);
	asked = explainer_packet(&in, syn);
	if (whole)
		x = explainer_ask(e, &asked);
	else
		cr_assert_eq(explain_run(e->twin, &asked, &x), 0);
	cr_expect_eq(nat_record(t, p), before, "asking has made a connection");
	packets = count_packets(t, x.backend);
	reason = nat_send(t, p);
	cr_expect_eq(x.reason, reason, "port %u: ends in %d, not %d", p->dport, x.reason, reason);
	cr_expect_eq(x.conn[EXPLAIN_BEFORE].record, before);
	cr_expect_eq(!x.conn[EXPLAIN_AFTER].record, !nat_record(t, p));
	if (nat_record(t, p))
		cr_expect_eq(x.backend, nat_conn(t, nat_record(t, p)).backend);
	if (ref_is_forwarded(reason))
		cr_expect_eq(count_packets(t, x.backend), packets + 1);
	if (x.backend)
		cr_expect_eq(x.why, before ? EXPLAIN_CONNECTION : EXPLAIN_DEALT);
}

Test(explain, says_what_then_happens_to_connections, .timeout = 300)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	_cleanup_explainer_ struct explainer *e = explainer_open(t->dp);
	__u64 random = 21;

	for (unsigned int i = 0; i < rig_scale(NAT_FLOWS); i++) {
		const __u8 proto = rig_random(&random) % 4 ? IPPROTO_TCP : IPPROTO_UDP;
		const __u16 port = NAT_FULL + rig_random(&random) % (NAT_OTHER - NAT_FULL + 1);
		struct packet p = nat_packet(rig_random(&random) % 2 ? 4 : 6, port, proto,
					     40000 + rig_random(&random) % NAT_CLIENT_PORTS);

		p.flags = rig_random(&random) % 2 ? FRAME_SYN : FRAME_ACK;
		expect_nat_told(e, t, &p, !(i % WHOLE_EVERY));
	}
}

/* What a server sends back is of its connection, and leaves by it. */
Test(explain, knows_answers)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	_cleanup_explainer_ struct explainer *e = explainer_open(t->dp);
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 record = nat_connect(t, &p);
	const struct shunt_conn conn = nat_conn(t, record);
	struct explain_packet asked;
	struct explain x;
	struct frame answer;

	nat_answer_frame(&conn, FRAME_ACK, 0, &answer);
	asked = explainer_packet(&answer, false);
	x = explainer_ask(e, &asked);
	cr_expect_eq(x.reason, SHUNT_FORWARDED);
	cr_expect(!x.has_service);
	cr_expect_eq(x.conn[EXPLAIN_BEFORE].record, record);
	cr_expect_eq(x.conn[EXPLAIN_BEFORE].way, SHUNT_TO_CLIENT);
	cr_expect_eq(x.backend, NAT_BACKEND_FULL);
	cr_expect_eq(x.why, EXPLAIN_CONNECTION);
	cr_expect_eq(x.out_bytes, 54);
}

/* Packets that are nobody's, and what is looked for where there is nothing. */
Test(explain, knows_what_is_for_nobody)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	_cleanup_explainer_ struct explainer *e = explainer_open(t->rig->dp);
	const struct packet p = {
		.src = CLIENT4, .dst = STRANGER4, .sport = 40000, .dport = 80, .proto = IPPROTO_TCP
	};
	struct explain_packet asked;
	struct explain x;
	struct frame in;

	frame_build(&p, &in);
	asked = explainer_packet(&in, true);
	x = explainer_ask(e, &asked);
	cr_expect_eq(x.reason, SHUNT_NOT_SERVICE);
	cr_expect_eq(x.action, ref_action(SHUNT_NOT_SERVICE));
	cr_expect(!x.has_service);
	cr_expect_eq(x.backend, 0);
	cr_expect_eq(x.why, EXPLAIN_NO_BACKEND);
	cr_expect_eq(x.out_bytes, 0);
}
