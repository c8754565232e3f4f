/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_model.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "frame.h"

__u32 flow_model_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (__u32)now.tv_sec;
}

/* --- lines ------------------------------------------------------------------ */

const __u64 *flow_model_find(const struct shunt_flow_line *line, __u32 tag)
{
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (line->entry[i] && line->entry[i] >> 32 == tag)
			return &line->entry[i];
	return NULL;
}

static int find_empty(const struct shunt_flow_line *line)
{
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (!line->entry[i])
			return i;
	return -1;
}

static __u64 make_entry(__u32 tag, __u32 backend, __u32 now_s)
{
	return (__u64)tag << 32 | (backend & 0xffff) << 16 | (now_s & 0x7fff);
}

/* The newest is in front; what is before the place that it leaves or takes moves back. */
void flow_model_note(struct shunt_flow_line *line, __u32 tag, __u32 backend, __u32 now_s)
{
	const __u64 *own = flow_model_find(line, tag);
	const int empty = find_empty(line);
	int gap = own ? (int)(own - line->entry) : SHUNT_FLOWS_PER_LINE - 1;

	if (empty >= 0 && empty < gap)
		gap = empty;
	memmove(&line->entry[1], &line->entry[0], gap * sizeof(line->entry[0]));
	line->entry[0] = make_entry(tag, backend, now_s);
}

/* --- the lines of a flow ------------------------------------------------------ */

struct flow_lines flow_model_lines(const struct flow_model *m, __u64 hash)
{
	const __u32 mask = m->rodata.flow_mask, first = hash >> 32 & mask;
	const __u32 other = shunt_flow_other(first, (__u32)hash, mask);
	struct flow_lines at = { .n = other == first ? 1 : 2, .index = { first, other } };

	for (int l = 0; l < at.n; l++) {
		at.line[l] = m->flows[at.index[l]];
		at.marks[l] = m->marks[at.index[l]];
	}
	return at;
}

static __u8 mark_of(__u32 tag)
{
	return 1 << (tag >> 29);
}

const __u64 *flow_model_look_up(const struct flow_lines *at, __u32 tag)
{
	for (int l = 0; l < at->n; l++) {
		const __u64 *entry = flow_model_find(&at->line[l], tag);

		if (entry && at->marks[l] & mark_of(tag))
			return entry;
	}
	return NULL;
}

/* An entry of one of the lines. */
struct place {
	int line;
	int entry;
};

static bool find_own(const struct flow_lines *at, __u32 tag, struct place *own)
{
	const __u64 *entry = flow_model_look_up(at, tag);

	for (int l = 0; entry && l < at->n; l++)
		for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
			if (entry == &at->line[l].entry[i])
				*own = (struct place){ l, i };
	return entry;
}

static int count_empty(const struct shunt_flow_line *line)
{
	int n = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		n += !line->entry[i];
	return n;
}

/* The first line unless it is more than half full and the other one has more room. */
static bool find_room(const struct flow_lines *at, struct place *room)
{
	const int in_first = count_empty(&at->line[0]);
	const int in_other = at->n > 1 ? count_empty(&at->line[1]) : 0;
	const int l = in_first < SHUNT_FLOWS_PER_LINE / 2 && in_other > in_first;

	*room = (struct place){ l, find_empty(&at->line[l]) };
	return in_first || in_other;
}

/* The first of those that were seen longest ago. */
static struct place find_oldest(const struct flow_lines *at, __u32 now_s)
{
	struct place oldest = {};
	int most = -1;

	for (int l = 0; l < at->n; l++)
		for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
			const __u16 age = SHUNT_FLOW_AGE(at->line[l].entry[i], now_s);

			if (age <= most)
				continue;
			most = age;
			oldest = (struct place){ l, i };
		}
	return oldest;
}

bool flow_model_enter(struct flow_lines *at, __u32 tag, __u32 backend, __u32 now_s, bool evict)
{
	struct place p;

	if (!find_own(at, tag, &p) && !find_room(at, &p)) {
		if (!evict)
			return false;
		p = find_oldest(at, now_s);
	}
	at->line[p.line].entry[p.entry] = make_entry(tag, backend, now_s);
	at->marks[p.line] |= mark_of(tag);
	return true;
}

/* --- what a packet is, what a backend is -------------------------------------- */

static bool is_new(const struct flow_packet *p)
{
	return p->proto == IPPROTO_TCP && p->tcp_flags & FRAME_SYN && !(p->tcp_flags & FRAME_ACK);
}

/* It ends its flow, or is only about it: nothing is remembered for its sake. */
static bool is_vain(const struct flow_packet *p)
{
	if (p->is_error)
		return true;
	return p->proto == IPPROTO_TCP && p->tcp_flags & FRAME_RST;
}

static bool is_tracked(const struct flow_packet *p)
{
	return p->service_flags & SHUNT_SERVICE_TRACKED;
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

/* Return: true if there is nothing to do, or it could be done. */
static bool pin(struct flow_effect *e, const struct flow_packet *p, __u32 now_s, bool evict)
{
	return !e->backend || is_vain(p) ||
	       flow_model_enter(&e->at, (__u32)p->hash, e->backend, now_s, evict);
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
		.budget = m->budget,
	};
	e->fresh = m->fresh[e->fresh_index];
	if (!is_looked_up(p))
		return;
	if (is_new(p))
		begin(m, e, p, now_s);
	else
		go_on(m, e, p, now_s);
}

void flow_model_commit(struct flow_model *m, const struct flow_effect *e)
{
	for (int l = 0; l < e->at.n; l++) {
		m->flows[e->at.index[l]] = e->at.line[l];
		m->marks[e->at.index[l]] = e->at.marks[l];
	}
	m->fresh[e->fresh_index] = e->fresh;
	m->budget = e->budget;
}
