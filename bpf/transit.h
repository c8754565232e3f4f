/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where a packet goes whose slot is in transition; the table is in shunt/abi.h.
 *
 * A cold path, and a function of its own, called with four numbers: what it
 * needs stays out of the registers and the stack of the packets that are not.
 */
#ifndef BPF_TRANSIT_H
#define BPF_TRANSIT_H

#include <stdbool.h>

#include "pin.h"

/* What of a packet decides, besides its hash and its slot. */
#define TRANSIT_V6 (1U << 0)
#define TRANSIT_UDP (1U << 1)
#define TRANSIT_SYN (1U << 2)
#define TRANSIT_RST (1U << 3)
#define TRANSIT_UDP_MOVES (1U << 4)
#define TRANSIT_TRACKED (1U << 5)

/*
 * @cur, @prev: ids, 0 for none
 */
struct transit {
	__u64 hash;
	enum shunt_slot_state state;
	__u32 cur;
	__u32 prev;
	__u32 how;
	__u32 now;
};

static __always_inline bool transit_is_dead(__u32 id, __u32 how)
{
	const struct shunt_backend *b = bpf_map_lookup_elem(&shunt_backends, &id);

	if (!id || !b)
		return true;
	if (!b->leg[SHUNT_V4].forward && !b->leg[SHUNT_V6].forward)
		return true;
	return b->leg[how & TRANSIT_V6 ? SHUNT_V6 : SHUNT_V4].flags & SHUNT_LEG_DEAD;
}

static __always_inline bool transit_has_prev(const struct transit *t)
{
	return t->state == SHUNT_SLOT_MIGRATING || t->state == SHUNT_SLOT_PINNING;
}

/* Pin a flow, but in place of another only within the budget: that one lives, too. */
static __always_inline void transit_enter(const struct transit *t, __u32 id)
{
	if (!pin_put(t->hash, id, t->now, false) && pin_is_in_budget(t->now))
		pin_put(t->hash, id, t->now, true);
}

/*
 * A flow that begins: it goes to cur, and what follows shall know that. What is
 * known of a former flow with the same tuple no longer holds in any state.
 */
static __always_inline __u32 transit_begin(const struct transit *t)
{
	const bool tracked = t->how & TRANSIT_TRACKED;

	if (!t->cur || t->how & TRANSIT_RST)
		return t->cur;
	if (tracked || pin_find(t->hash))
		transit_enter(t, t->cur);
	if ((transit_has_prev(t) && !tracked) || note_find(t->hash))
		note_put(t->hash, t->cur, t->now);
	return t->cur;
}

/* The backend that a flow is pinned to, or 0. */
static __always_inline __u32 transit_pinned(const struct transit *t)
{
	const __u32 place = pin_find(t->hash);
	const __u64 entry = place ? pin_load(place, t->hash) : 0;
	const __u32 id = SHUNT_FLOW_BACKEND(entry);

	if (!entry || transit_is_dead(id, t->how))
		return 0;
	if (SHUNT_FLOW_AGE(entry, t->now) && !(t->how & TRANSIT_RST))
		pin_store(place, SHUNT_FLOW(t->hash, id, t->now));
	return id;
}

/* The backend that the flow's SYN went to while its slot was in transition, or 0. */
static __always_inline __u32 transit_noted(const struct transit *t)
{
	const __u32 id = t->how & TRANSIT_UDP ? 0 : note_find(t->hash);

	if (!id || transit_is_dead(id, t->how))
		return 0;
	if (!(t->how & TRANSIT_RST))
		transit_enter(t, id);
	return id;
}

/* Nothing is known of the flow: the slot decides. */
static __always_inline __u32 transit_default(const struct transit *t)
{
	bool pin = t->how & TRANSIT_TRACKED;
	__u32 id = t->cur;

	if (transit_has_prev(t) && !transit_is_dead(t->prev, t->how)) {
		id = t->prev;
		pin |= t->state == SHUNT_SLOT_PINNING;
	}
	if (pin && id && !(t->how & TRANSIT_RST) && pin_is_in_budget(t->now))
		pin_put(t->hash, id, t->now, true);
	return id;
}

/*
 * @word: the slot, @base: of the service's block, @how: TRANSIT_*. Return: the id of
 * the backend, 0 for none.
 *
 * Not static: the verifier looks at a global function once, for any arguments,
 * and at a static one again for each state that a call of it is reached in.
 */
__noinline __u32 transit_pick(__u64 hash, __u32 word, __u32 base, __u32 how)
{
	const __u32 cur = SHUNT_SLOT_CUR(word), prev = SHUNT_SLOT_PREV(word);
	const struct transit t = {
		.hash = hash,
		.state = SHUNT_SLOT_STATE(word),
		.cur = cur ? base + cur : 0,
		.prev = prev ? base + prev : 0,
		.how = how,
		.now = flow_now(),
	};

	if ((how & (TRANSIT_UDP | TRANSIT_UDP_MOVES | TRANSIT_TRACKED)) ==
	    (TRANSIT_UDP | TRANSIT_UDP_MOVES))
		return t.cur;
	if (how & TRANSIT_SYN)
		return transit_begin(&t);
	return transit_pinned(&t) ?: transit_noted(&t) ?: transit_default(&t);
}

#endif /* BPF_TRANSIT_H */
