/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where a packet goes whose slot is in transition, or whose service keeps track of its
 * flows; the table is in shunt/slot.h.
 *
 * Where new flows are dealt out (sched.h) a flow that is in the cache stays where it
 * is, also when its SYN comes again, until the client has ended it. One that finds no
 * room there is sent where its slot says, as what follows will be.
 *
 * A cold path, and a function of its own, called with five numbers: what it
 * needs stays out of the registers and the stack of the packets that are not.
 */
#ifndef BPF_TRANSIT_H
#define BPF_TRANSIT_H

#include <stdbool.h>

#include "pin.h"
#include "sched.h"

/* What of a packet decides, besides its hash, its slot and its service. */
#define TRANSIT_V6 (1U << 0)
#define TRANSIT_UDP (1U << 1)
#define TRANSIT_SYN (1U << 2)
#define TRANSIT_RST (1U << 3)
#define TRANSIT_FIN (1U << 4)
/* It only asks: nothing is remembered for its sake. */
#define TRANSIT_PASSIVE (1U << 5)

/* Instead of an id: who knows that is still to come. */
#define TRANSIT_HELD 0xfffffffeU

/* What a packet does to the flow cache, beside being seen. */
enum transit_write {
	TRANSIT_NOTHING,
	TRANSIT_KNOWN, /* its flow is entered; in place of another one within the budget */
	TRANSIT_DEALT, /* the same; and if it finds no room, the slot decides */
	TRANSIT_UNKNOWN, /* the flow may be anybody's: only within the budget */
};

/*
 * @flags: SHUNT_SERVICE_*
 * @place, @entry: of the flow in the cache; 0: it is not there
 * @cur, @prev: ids, 0 for none
 * @write, @note: what is to be remembered in the end, of the backend that is chosen
 */
struct transit {
	__u64 hash;
	__u64 entry;
	__u32 place;
	__u32 flags;
	enum shunt_slot_state state;
	__u32 cur;
	__u32 prev;
	__u32 how;
	__u32 now;
	enum transit_write write;
	bool note;
};

/* One whose connections are reset has none of UDP, and none that begins. */
static __always_inline __u32 transit_dead_flags(__u32 how)
{
	if (shunt_rodata.resets && how & (TRANSIT_UDP | TRANSIT_SYN))
		return SHUNT_LEG_DEAD | SHUNT_LEG_RESET;
	return SHUNT_LEG_DEAD;
}

static __always_inline bool transit_is_dead(__u32 id, __u32 how)
{
	const struct shunt_backend *b = bpf_map_lookup_elem(&shunt_backends, &id);

	if (!id || !b)
		return true;
	if (!b->leg[SHUNT_V4].forward && !b->leg[SHUNT_V6].forward)
		return true;
	return b->leg[how & TRANSIT_V6 ? SHUNT_V6 : SHUNT_V4].flags & transit_dead_flags(how);
}

static __always_inline bool transit_has_prev(const struct transit *t)
{
	return t->state == SHUNT_SLOT_MIGRATING || t->state == SHUNT_SLOT_PINNING;
}

static __always_inline bool transit_is_tracked(const struct transit *t)
{
	return t->flags & SHUNT_SERVICE_TRACKED;
}

/* Flows are dealt out, and stay where they are. */
static __always_inline bool transit_is_dealt(const struct transit *t)
{
	return shunt_rodata.tracked && transit_is_tracked(t) && t->flags & SCHED_DEALS;
}

/* Connections of nat are counted where they are kept; here are its clients at most. */
static __always_inline bool transit_is_counted(const struct transit *t)
{
	return shunt_rodata.tracked &&
	       (t->flags & (SHUNT_SERVICE_COUNTED | SHUNT_SERVICE_NAT)) == SHUNT_SERVICE_COUNTED;
}

/*
 * The client ends its flow, whose tuple may be another one's soon. With
 * SHUNT_SERVICE_AFFINITY it may have others, and is remembered until it is silent.
 */
static __always_inline bool transit_ends(const struct transit *t)
{
	return t->how & (TRANSIT_FIN | TRANSIT_RST) && transit_is_dealt(t) &&
	       !(t->flags & SHUNT_SERVICE_AFFINITY);
}

/* A packet for whose sake nothing is entered. */
static __always_inline bool transit_is_vain(const struct transit *t)
{
	return t->how & (TRANSIT_RST | TRANSIT_PASSIVE) || transit_ends(t);
}

/* --- one that begins ------------------------------------------------------------- */

/*
 * A flow that begins: it goes to cur, and what follows shall know that. What is
 * known of a former flow with the same tuple no longer holds in any state.
 */
static __always_inline __u32 transit_begin(struct transit *t)
{
	if (!t->cur || t->how & TRANSIT_RST)
		return t->cur;
	if (transit_is_tracked(t) || t->place)
		t->write = TRANSIT_KNOWN;
	t->note = (transit_has_prev(t) && !transit_is_tracked(t)) || note_find(t->hash);
	return t->cur;
}

/* One that is dealt out, and is not in the cache, or not any more. */
static __always_inline __u32 transit_deal(struct transit *t, __u64 service)
{
	const __u32 id = sched_pick(t->hash, service, t->flags, t->how & TRANSIT_V6);

	if (!id || id == SCHED_OVER_LIMIT)
		return id;
	t->write = TRANSIT_DEALT;
	t->note = note_find(t->hash);
	return id;
}

/*
 * Does a flow that begins go on where it is known? If it was ended it does not. A client
 * leaves a backend that is over its limit, of which it is one itself unless its
 * connections are counted (nat).
 */
static __always_inline bool transit_stays(const struct transit *t)
{
	const __u32 affine = SHUNT_SERVICE_AFFINITY | SHUNT_SERVICE_LIMITED;
	const __u32 more = t->flags & SHUNT_SERVICE_NAT ? 1 : 0;

	if (!t->entry || t->entry & SHUNT_FLOW_CLOSING)
		return false;
	return (t->flags & affine) != affine || !load_is_over(SHUNT_FLOW_BACKEND(t->entry), more);
}

/* --- one that goes on -------------------------------------------------------------- */

/* The backend that a flow is pinned to, or 0. */
static __always_inline __u32 transit_pinned(const struct transit *t)
{
	const __u32 id = SHUNT_FLOW_BACKEND(t->entry);
	__u64 next = t->entry;

	if (!t->entry || transit_is_dead(id, t->how))
		return 0;
	if (t->how & TRANSIT_PASSIVE)
		return id;
	if (!(t->how & TRANSIT_RST))
		next = SHUNT_FLOW(t->hash, id, t->now) | (t->entry & SHUNT_FLOW_CLOSING);
	if (transit_ends(t) && !(t->entry & SHUNT_FLOW_CLOSING)) {
		next |= SHUNT_FLOW_CLOSING;
		if (transit_is_counted(t))
			load_end(id);
	}
	if (next != t->entry)
		pin_store(t->place, next);
	return id;
}

/* The backend that the flow's SYN went to while its slot was in transition, or 0. */
static __always_inline __u32 transit_noted(struct transit *t)
{
	const __u32 id = t->how & TRANSIT_UDP ? 0 : note_find(t->hash);

	if (!id || transit_is_dead(id, t->how))
		return 0;
	if (!transit_is_vain(t))
		t->write = TRANSIT_KNOWN;
	return id;
}

/*
 * What is not known of the flow may be among what is being carried here. To be sent again
 * costs it a moment, and to be sent to somebody else its life. Of UDP, resets and ICMP
 * nobody sends again.
 */
static __always_inline bool transit_is_held(const struct transit *t)
{
	if (!(t->flags & SHUNT_SERVICE_HOLDS) || t->entry)
		return false;
	return !(t->how & (TRANSIT_UDP | TRANSIT_RST | TRANSIT_PASSIVE)) &&
	       (transit_has_prev(t) || transit_is_tracked(t));
}

/* Nothing is known of the flow: the slot decides. */
static __always_inline __u32 transit_default(struct transit *t)
{
	bool pin = transit_is_tracked(t);
	__u32 id = t->cur;

	if (transit_is_held(t))
		return TRANSIT_HELD;
	if (transit_has_prev(t) && !transit_is_dead(t->prev, t->how)) {
		id = t->prev;
		pin |= t->state == SHUNT_SLOT_PINNING;
	}
	if (pin && id && !transit_is_vain(t))
		t->write = TRANSIT_UNKNOWN;
	return id;
}

/* --- all of them ------------------------------------------------------------------- */

static __always_inline __u32 transit_decide(struct transit *t, __u64 service)
{
	const bool dealt = transit_is_dealt(t);
	__u32 id;

	if (t->how & TRANSIT_SYN && !dealt)
		return transit_begin(t);
	/* Of UDP every packet may be the first one. */
	if (dealt && t->how & (TRANSIT_SYN | TRANSIT_UDP) &&
	    !(t->how & (TRANSIT_RST | TRANSIT_PASSIVE))) {
		id = transit_stays(t) ? transit_pinned(t) : 0;
		/* Where a client is counts for all that it begins. */
		if (!id && t->flags & SHUNT_SERVICE_AFFINITY && transit_is_held(t))
			return TRANSIT_HELD;
		return id ?: transit_deal(t, service);
	}
	return transit_pinned(t) ?: transit_noted(t) ?: transit_default(t);
}

/* Enter a flow, and count it there, and no longer where it was. */
static __always_inline bool transit_enter(const struct transit *t, __u32 id)
{
	if (t->write == TRANSIT_UNKNOWN || !pin_put(t->hash, id, t->now, false)) {
		if (!pin_is_in_budget(t->now) || !pin_put(t->hash, id, t->now, true))
			return false;
	}
	if (!transit_is_counted(t))
		return true;
	if (t->entry && !(t->entry & SHUNT_FLOW_CLOSING))
		load_end(SHUNT_FLOW_BACKEND(t->entry));
	load_begin(id);
	return true;
}

/* Return: where the flow goes after all. */
static __always_inline __u32 transit_remember(struct transit *t, __u32 id)
{
	if (t->write && !transit_enter(t, id) && t->write == TRANSIT_DEALT) {
		id = t->cur;
		t->note |= transit_has_prev(t);
	}
	if (t->note)
		note_put(t->hash, id, t->now);
	return id;
}

/*
 * @word: the slot, @service: table_pack(), @flags: SHUNT_SERVICE_*, @how: TRANSIT_*.
 * Return: the id of the backend, 0 for none, SCHED_OVER_LIMIT, TRANSIT_HELD.
 *
 * Not static: the verifier looks at a global function once, for any arguments,
 * and at a static one again for each state that a call of it is reached in.
 */
__noinline __u32 transit_pick(__u64 hash, __u32 word, __u64 service, __u32 flags, __u32 how)
{
	const __u32 cur = SHUNT_SLOT_CUR(word), prev = SHUNT_SLOT_PREV(word);
	const __u32 base = table_unpack(service).base;
	struct transit t = {
		.hash = hash,
		.flags = flags,
		.state = SHUNT_SLOT_STATE(word),
		.cur = cur ? base + cur : 0,
		.prev = prev ? base + prev : 0,
		.how = how,
		.now = clock_now_s(),
	};

	if (how & TRANSIT_UDP &&
	    (flags & (SHUNT_SERVICE_UDP_MOVES | SHUNT_SERVICE_TRACKED)) == SHUNT_SERVICE_UDP_MOVES)
		return t.cur;
	t.place = pin_find(hash);
	t.entry = t.place ? pin_load(t.place, hash) : 0;
	return transit_remember(&t, transit_decide(&t, service));
}

/* --- clients of nat --------------------------------------------------------------- */

/*
 * Where the connections of a client with affinity are, of a service whose connections are
 * not in the cache: it is told by the last one that began. @hash: slot_hash(). 0: nowhere,
 * or no longer.
 */
__noinline __u32 transit_client(__u64 hash, __u32 flags, __u32 v6)
{
	struct transit t = {
		.hash = hash,
		.flags = flags,
		.how = (v6 ? TRANSIT_V6 : 0) | TRANSIT_SYN,
		.place = pin_find(hash),
		.now = clock_now_s(),
	};

	t.entry = t.place ? pin_load(t.place, hash) : 0;
	return transit_stays(&t) ? transit_pinned(&t) : 0;
}

/* And that it is at @id from now on. Return: 0. */
__noinline int transit_put_client(__u64 hash, __u32 id)
{
	const __u32 now = clock_now_s();

	if (!pin_put(hash, id, now, false) && pin_is_in_budget(now))
		pin_put(hash, id, now, true);
	return 0;
}

#endif /* BPF_TRANSIT_H */
