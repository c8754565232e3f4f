/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where a packet goes whose slot is in transition; the table is in shunt/abi.h.
 *
 * A cold path, and a function of its own, called with three numbers: what it
 * needs stays out of the registers and the stack of the packets that are not.
 */
#ifndef BPF_TRANSIT_H
#define BPF_TRANSIT_H

#include <stdbool.h>

#include "flow.h"

/* What of a packet decides, besides its hash and its slot. */
#define TRANSIT_V6 (1U << 0)
#define TRANSIT_UDP (1U << 1)
#define TRANSIT_SYN (1U << 2)
#define TRANSIT_RST (1U << 3)
#define TRANSIT_UDP_MOVES (1U << 4)
#define TRANSIT_TRACKED (1U << 5)

struct transit {
	__u64 hash;
	__u32 word;
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

/*
 * A flow that begins: it goes to cur, and what follows shall know that. What is
 * known of a former flow with the same tuple no longer holds in any state.
 */
static __always_inline __u32 transit_begin(const struct transit *t)
{
	const __u32 state = SHUNT_SLOT_STATE(t->word), cur = SHUNT_SLOT_CUR(t->word);
	const bool tracked = t->how & TRANSIT_TRACKED;
	const bool moving = state == SHUNT_SLOT_MIGRATING || state == SHUNT_SLOT_PINNING;
	const __u32 tag = t->hash;
	struct shunt_flow_line *line = flow_line(t->hash);
	struct shunt_flow_line *fresh = flow_fresh_line(t->hash);

	if (!cur || !line || !fresh || t->how & TRANSIT_RST)
		return cur;
	if (tracked || flow_find(line, tag))
		flow_put(line, tag, cur, t->now);
	if ((moving && !tracked) || flow_find(fresh, tag))
		flow_put(fresh, tag, cur, t->now);
	return cur;
}

/* The backend that a flow is pinned to, or 0. */
static __always_inline __u32 transit_pinned(const struct transit *t, struct shunt_flow_line *line)
{
	const __u32 tag = t->hash;
	const __u32 found = flow_find(line, tag);
	const __u64 entry = flow_at(line, found, tag);
	const __u32 id = SHUNT_FLOW_BACKEND(entry);

	if (!entry || transit_is_dead(id, t->how))
		return 0;
	if (SHUNT_FLOW_TIME(entry) != (__u16)t->now && !(t->how & TRANSIT_RST))
		flow_store(line, found - 1, SHUNT_FLOW(tag, id, t->now));
	return id;
}

/* The backend that the flow's SYN went to while its slot was in transition, or 0. */
static __always_inline __u32 transit_noted(const struct transit *t, struct shunt_flow_line *line)
{
	const struct shunt_flow_line *fresh = flow_fresh_line(t->hash);
	const __u32 tag = t->hash;
	__u32 id;

	if (!fresh || t->how & TRANSIT_UDP)
		return 0;
	id = SHUNT_FLOW_BACKEND(flow_at(fresh, flow_find(fresh, tag), tag));
	if (!id || transit_is_dead(id, t->how))
		return 0;
	if (!(t->how & TRANSIT_RST))
		flow_put(line, tag, id, t->now);
	return id;
}

/* Nothing is known of the flow: the slot decides. */
static __always_inline __u32 transit_default(const struct transit *t, struct shunt_flow_line *line)
{
	const __u32 state = SHUNT_SLOT_STATE(t->word);
	const __u32 prev = SHUNT_SLOT_PREV(t->word);
	__u32 id = SHUNT_SLOT_CUR(t->word);
	bool pin = t->how & TRANSIT_TRACKED;

	if ((state == SHUNT_SLOT_MIGRATING || state == SHUNT_SLOT_PINNING) &&
	    !transit_is_dead(prev, t->how)) {
		id = prev;
		pin |= state == SHUNT_SLOT_PINNING;
	}
	if (pin && id && !(t->how & TRANSIT_RST) && flow_may_pin(t->now))
		flow_put(line, t->hash, id, t->now);
	return id;
}

/*
 * @how: TRANSIT_*. Return: the id of the backend, 0 for none.
 *
 * Not static: the verifier looks at a global function once, for any arguments,
 * and at a static one again for each state that a call of it is reached in.
 */
__noinline __u32 transit_pick(__u64 hash, __u32 word, __u32 how)
{
	const struct transit t = { .hash = hash, .word = word, .how = how, .now = flow_now() };
	struct shunt_flow_line *line = flow_line(hash);

	if ((how & (TRANSIT_UDP | TRANSIT_UDP_MOVES | TRANSIT_TRACKED)) ==
	    (TRANSIT_UDP | TRANSIT_UDP_MOVES))
		return SHUNT_SLOT_CUR(word);
	if (how & TRANSIT_SYN)
		return transit_begin(&t);
	if (!line)
		return SHUNT_SLOT_CUR(word);
	return transit_pinned(&t, line) ?: transit_noted(&t, line) ?: transit_default(&t, line);
}

#endif /* BPF_TRANSIT_H */
