/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_model.h"

#include <netinet/in.h>
#include <time.h>

#include "frame.h"

__u32 flow_model_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (__u32)now.tv_sec;
}

/* --- what a packet is, what a backend is -------------------------------------- */

static bool is_new(const struct flow_packet *p)
{
	return p->proto == IPPROTO_TCP && p->tcp_flags & FRAME_SYN && !(p->tcp_flags & FRAME_ACK);
}

static bool is_tracked(const struct flow_packet *p)
{
	return p->service_flags & SHUNT_SERVICE_TRACKED;
}

static bool is_dealt(const struct flow_packet *p)
{
	return is_tracked(p) &&
	       (p->service_flags & SHUNT_SERVICE_COUNTED || SHUNT_SERVICE_CHOICE(p->service_flags));
}

/* The client ends a flow that was dealt out. */
static bool is_end(const struct flow_packet *p)
{
	return is_dealt(p) && !p->is_error && p->proto == IPPROTO_TCP &&
	       p->tcp_flags & (FRAME_FIN | FRAME_RST);
}

/* It ends its flow, or is only about it: nothing is remembered for its sake. */
static bool is_vain(const struct flow_packet *p)
{
	if (p->is_error || is_end(p))
		return true;
	return p->proto == IPPROTO_TCP && p->tcp_flags & FRAME_RST;
}

/* Its flow is looked up, not only its slot. */
static bool is_looked_up(const struct flow_packet *p)
{
	if (is_tracked(p))
		return true;
	if (p->proto == IPPROTO_UDP && p->service_flags & SHUNT_SERVICE_UDP_MOVES)
		return false;
	return SHUNT_SLOT_STATE(p->word) != SHUNT_SLOT_STABLE;
}

/* Flows that know nothing better still go to prev. */
static bool is_before_the_move(const struct flow_packet *p)
{
	return SHUNT_SLOT_STATE(p->word) == SHUNT_SLOT_MIGRATING ||
	       SHUNT_SLOT_STATE(p->word) == SHUNT_SLOT_PINNING;
}

/* The backend that owns the slot, and the one before it; 0 for none. */
static __u32 cur_of(const struct flow_packet *p)
{
	const __u32 member = p->word & 0x7fff;

	return member ? p->base + member : 0;
}

static __u32 prev_of(const struct flow_packet *p)
{
	const __u32 member = p->word >> 15 & 0x7fff;

	return member ? p->base + member : 0;
}

static bool is_alive(const struct flow_model *m, __u32 id, bool v6)
{
	const struct shunt_leg *leg;

	if (!id || id >= m->n_backends)
		return false;
	leg = m->backends[id].leg;
	if (leg[SHUNT_V4].forward == SHUNT_FORWARD_NONE &&
	    leg[SHUNT_V6].forward == SHUNT_FORWARD_NONE)
		return false;
	return !(leg[v6 ? SHUNT_V6 : SHUNT_V4].flags & SHUNT_LEG_DEAD);
}

/* The backend that is remembered for a flow, if there is an entry and it lives; else 0. */
static __u32 recall(const struct flow_model *m, const __u64 *entry, const struct flow_packet *p)
{
	const __u32 id = entry ? *entry >> 16 & 0xffff : 0;

	return is_alive(m, id, p->v6) ? id : 0;
}

/* --- what comes of it --------------------------------------------------------- */

/* One of the pins that the CPU has left to give in this second. */
static bool take_pin(const struct flow_model *m, struct flow_effect *e, __u32 now_s)
{
	if (e->budget.second != now_s)
		e->budget = (struct shunt_pin_budget){ .second = now_s };
	if (e->budget.used >= m->rodata.pins_per_s)
		return false;
	e->budget.used++;
	return true;
}

#define CLOSING 0x8000

/* Remember where a flow is; what is counted of it is counted there from now on. */
static bool enter(struct flow_effect *e, const struct flow_packet *p, __u32 now_s, bool evict)
{
	const __u64 *entry = flow_model_look_up(&e->at, (__u32)p->hash);
	const __u64 was = entry ? *entry : 0;

	if (!flow_model_enter(&e->at, (__u32)p->hash, e->backend, now_s, evict))
		return false;
	if (!(p->service_flags & SHUNT_SERVICE_COUNTED))
		return true;
	e->begun = e->backend;
	e->ended = was & CLOSING ? 0 : was >> 16 & 0xffff;
	return true;
}

/* Return: true if there is nothing to do, or it could be done. */
static bool pin(struct flow_effect *e, const struct flow_packet *p, __u32 now_s, bool evict)
{
	return !e->backend || is_vain(p) || enter(e, p, now_s, evict);
}

/* A flow that is known: only where another one has to give way must there be a pin left. */
static void pin_known(const struct flow_model *m, struct flow_effect *e,
		      const struct flow_packet *p, __u32 now_s)
{
	if (!pin(e, p, now_s, false) && take_pin(m, e, now_s))
		pin(e, p, now_s, true);
}

/* A flow that may be anybody's: there must be a pin left. */
static void pin_unknown(const struct flow_model *m, struct flow_effect *e,
			const struct flow_packet *p, __u32 now_s)
{
	if (e->backend && !is_vain(p) && take_pin(m, e, now_s))
		pin(e, p, now_s, true);
}

/* A note of nobody says nothing. */
static bool is_noted(const struct flow_effect *e, const struct flow_packet *p)
{
	const __u64 *note = flow_model_find(&e->fresh, (__u32)p->hash);

	return note && *note >> 16 & 0xffff;
}

static void begin(const struct flow_model *m, struct flow_effect *e, const struct flow_packet *p,
		  __u32 now_s)
{
	e->by = FLOW_BY_SYN;
	if (!e->backend || is_vain(p))
		return;
	if (is_tracked(p) || flow_model_look_up(&e->at, (__u32)p->hash))
		pin_known(m, e, p, now_s);
	/* An older note of the same tuple must not outlive what it says. */
	if ((!is_tracked(p) && is_before_the_move(p)) || is_noted(e, p))
		flow_model_note(&e->fresh, (__u32)p->hash, e->backend, now_s);
}

/* A flow that is where it was: it was seen, and perhaps it ends. */
static void refresh(struct flow_effect *e, const struct flow_packet *p, __u32 now_s)
{
	__u64 *entry = (__u64 *)flow_model_look_up(&e->at, (__u32)p->hash);
	const bool ended = *entry & CLOSING;

	if (p->is_error)
		return;
	if (!(p->proto == IPPROTO_TCP && p->tcp_flags & FRAME_RST))
		*entry = flow_model_entry((__u32)p->hash, e->backend, now_s) | (*entry & CLOSING);
	if (!is_end(p) || ended)
		return;
	*entry |= CLOSING;
	if (p->service_flags & SHUNT_SERVICE_COUNTED)
		e->ended = e->backend;
}

/* --- flows that are dealt out --------------------------------------------------- */

/* It begins a flow, or may: of UDP nothing tells. */
static bool may_begin(const struct flow_packet *p)
{
	if (p->is_error || (p->proto == IPPROTO_TCP && p->tcp_flags & FRAME_RST))
		return false;
	return p->proto == IPPROTO_UDP || is_new(p);
}

static bool may_get(const struct flow_model *m, const struct flow_packet *p, __u32 id)
{
	return is_alive(m, id, p->v6) &&
	       m->backends[id].leg[p->v6 ? SHUNT_V6 : SHUNT_V4].forward != SHUNT_FORWARD_NONE;
}

static __u32 owner_of(const struct flow_packet *p, __u32 slot)
{
	const __u32 member = slot_table_get(p->lines, &p->table, slot % p->table.n).owner & 0x7fff;

	return member ? p->base + member : 0;
}

/* Whose turn it is; if that one may get none, the next one who may, a turn later. */
static __u32 take_turn(const struct flow_model *m, struct flow_effect *e,
		       const struct flow_packet *p)
{
	const __u32 turn = m->loads[p->base].turn;

	e->turns = 1;
	if (may_get(m, p, owner_of(p, turn)))
		return owner_of(p, turn);
	e->turns = 2;
	for (__u32 i = 0; i < 128; i++)
		if (may_get(m, p, owner_of(p, turn + 1 + i)))
			return owner_of(p, turn + 1 + i);
	return cur_of(p);
}

static void deal(const struct flow_model *m, struct flow_effect *e, const struct flow_packet *p,
		 __u32 now_s)
{
	const __u64 *known = flow_model_look_up(&e->at, (__u32)p->hash);
	bool note = is_noted(e, p);

	e->by = FLOW_BY_PIN;
	e->backend = known && !(*known & CLOSING) ? recall(m, known, p) : 0;
	if (e->backend) {
		refresh(e, p, now_s);
		return;
	}
	e->by = FLOW_BY_SYN;
	e->backend = SHUNT_SERVICE_CHOICE(p->service_flags) == SHUNT_CHOICE_TURN
			     ? take_turn(m, e, p)
			     : cur_of(p);
	if (!e->backend)
		return;
	if (!enter(e, p, now_s, false) && !(take_pin(m, e, now_s) && enter(e, p, now_s, true))) {
		e->backend = cur_of(p);
		note |= is_before_the_move(p);
	}
	if (note)
		flow_model_note(&e->fresh, (__u32)p->hash, e->backend, now_s);
}

/* Nothing is known of the flow. */
static void follow_slot(const struct flow_model *m, struct flow_effect *e,
			const struct flow_packet *p, __u32 now_s)
{
	const bool to_prev = is_before_the_move(p) && is_alive(m, prev_of(p), p->v6);
	const bool late = SHUNT_SLOT_STATE(p->word) == SHUNT_SLOT_PINNING;

	e->by = to_prev ? FLOW_BY_PREV : FLOW_BY_CUR;
	e->backend = to_prev ? prev_of(p) : cur_of(p);
	if (is_tracked(p) || (to_prev && late))
		pin_unknown(m, e, p, now_s);
}

static void go_on(const struct flow_model *m, struct flow_effect *e, const struct flow_packet *p,
		  __u32 now_s)
{
	const __u64 *pin = flow_model_look_up(&e->at, (__u32)p->hash);
	const __u64 *note = flow_model_find(&e->fresh, (__u32)p->hash);
	const __u32 pinned = recall(m, pin, p);
	const __u32 noted = p->proto == IPPROTO_TCP ? recall(m, note, p) : 0;

	if (!pinned && !noted) {
		follow_slot(m, e, p, now_s);
		return;
	}
	e->by = pinned ? FLOW_BY_PIN : FLOW_BY_NOTE;
	e->backend = pinned ?: noted;
	if (pinned)
		refresh(e, p, now_s);
	else
		pin_known(m, e, p, now_s);
}

void flow_model_judge(const struct flow_model *m, const struct flow_packet *p, __u32 now_s,
		      struct flow_effect *e)
{
	*e = (struct flow_effect){
		.by = FLOW_BY_SLOT,
		.backend = cur_of(p),
		.at = flow_model_lines(m, p->hash),
		.fresh_index = (p->hash >> 32) % SHUNT_FRESH_LINES,
		.base = p->base,
		.budget = m->budget,
	};
	e->fresh = m->fresh[e->fresh_index];
	if (!is_looked_up(p))
		return;
	if (is_dealt(p) && may_begin(p))
		deal(m, e, p, now_s);
	else if (is_new(p) && !is_dealt(p))
		begin(m, e, p, now_s);
	else
		go_on(m, e, p, now_s);
}

struct shunt_load flow_model_load(const struct flow_model *m, const struct flow_effect *e, __u32 id)
{
	struct shunt_load load = m->loads[id];

	if (!id)
		return load;
	load.active += id == e->begun;
	load.opened += id == e->begun;
	load.active -= id == e->ended;
	load.turn += id == e->base ? e->turns : 0;
	return load;
}

void flow_model_commit(struct flow_model *m, const struct flow_effect *e)
{
	for (int l = 0; l < e->at.n; l++) {
		m->flows[e->at.index[l]] = e->at.line[l];
		m->marks[e->at.index[l]] = e->at.marks[l];
	}
	m->fresh[e->fresh_index] = e->fresh;
	m->budget = e->budget;
	if (e->begun < m->n_backends)
		m->loads[e->begun] = flow_model_load(m, e, e->begun);
	if (e->ended < m->n_backends && e->ended != e->begun)
		m->loads[e->ended] = flow_model_load(m, e, e->ended);
	if (e->base != e->begun && e->base != e->ended)
		m->loads[e->base] = flow_model_load(m, e, e->base);
}
