/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Slots: what a word of a table says, and how it lies in the map. Part of the border
 * (shunt/abi.h), and under its rules.
 */
#ifndef SHUNT_SLOT_H
#define SHUNT_SLOT_H

#include <linux/types.h>

/*
 * A slot, as one word:
 *
 *    31   30 29                      15 14                       0
 *   +-------+--------------------------+--------------------------+
 *   | state |           prev           |           cur            |
 *   +-------+--------------------------+--------------------------+
 *
 * cur: the member that owns the slot, 0 for none. prev: the owner before it, 0
 * for none or dead.
 *
 *			a new flow (SYN)	other packets
 *	STABLE		cur			cur; no flow is looked up
 *	MIGRATING	cur, noted as new	pinned: there; noted: pinned where
 *						its SYN went; else prev
 *	PINNING		cur, noted as new	the same, and what goes to prev is
 *						pinned there (rate-limited)
 *	PINNED		cur			pinned: there; noted: as above; else cur
 *
 * User space moves a slot on: MIGRATING for a while, in which short flows end by
 * themselves; PINNING for the longest idle gap to protect, in which those that
 * live show themselves; PINNED until no live pin to another backend is left.
 * Where prev is 0 its place is taken by cur. A pin to a backend that is dead
 * (SHUNT_LEG_DEAD) is as none. Only MIGRATING and PINNING have a prev.
 */
enum shunt_slot_state {
	SHUNT_SLOT_STABLE,
	SHUNT_SLOT_MIGRATING,
	SHUNT_SLOT_PINNING,
	SHUNT_SLOT_PINNED,
};

#define SHUNT_SLOT_BITS 15
#define SHUNT_SLOT_MASK ((1U << SHUNT_SLOT_BITS) - 1)
#define SHUNT_SLOT(state, prev, cur)                                                               \
	((__u32)(state) << 30 | (__u32)(prev) << SHUNT_SLOT_BITS | (cur))
#define SHUNT_SLOT_CUR(word) ((word)&SHUNT_SLOT_MASK)
#define SHUNT_SLOT_PREV(word) ((word) >> SHUNT_SLOT_BITS & SHUNT_SLOT_MASK)
#define SHUNT_SLOT_STATE(word) ((word) >> 30)

/*
 * In the map the word is in two halves, so that the one that every packet reads is
 * small: the owner, and behind all owners of the table the transits. A packet that
 * finds SHUNT_SLOT_MOVES in the first reads the second.
 *
 *	owner:	 moves 1 | cur 15
 *	transit: pinning 1 | prev 15; 0 is PINNED
 *
 * Halves are written whole, in place, through a mapping of the array. Where both
 * change, the transit is written first: what a packet sees in between is the state
 * before it, or the new prev with the old cur, which are both of the service.
 */
#define SHUNT_SLOT_MOVES 0x8000
#define SHUNT_SLOT_IS_PINNING 0x8000

/*
 * The lines of all tables. A table with s slots owns s / SHUNT_SLOTS_PER_LINE lines
 * of owners and then as many of transits. The slot of a flow is tag & (s - 1), the
 * tag being the low half of its hash. A line is a cache line, because ARRAY values
 * are rounded up to 8 bytes and a bare half would waste most of that.
 */
#define SHUNT_SLOTS_PER_LINE 32

struct shunt_slot_line {
	__u16 half[SHUNT_SLOTS_PER_LINE];
};

/* The halves of a word, and back. */
static inline __attribute__((always_inline)) __u16 shunt_slot_owner(__u32 word)
{
	return SHUNT_SLOT_CUR(word) |
	       (SHUNT_SLOT_STATE(word) == SHUNT_SLOT_STABLE ? 0 : SHUNT_SLOT_MOVES);
}

static inline __attribute__((always_inline)) __u16 shunt_slot_transit(__u32 word)
{
	switch (SHUNT_SLOT_STATE(word)) {
	case SHUNT_SLOT_MIGRATING:
		return SHUNT_SLOT_PREV(word);
	case SHUNT_SLOT_PINNING:
		return SHUNT_SLOT_PREV(word) | SHUNT_SLOT_IS_PINNING;
	default:
		return 0;
	}
}

static inline __attribute__((always_inline)) __u32 shunt_slot_word(__u16 owner, __u16 transit)
{
	const __u32 cur = owner & SHUNT_SLOT_MASK, prev = transit & SHUNT_SLOT_MASK;

	if (!(owner & SHUNT_SLOT_MOVES))
		return SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, cur);
	if (!transit)
		return SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, cur);
	return SHUNT_SLOT(transit & SHUNT_SLOT_IS_PINNING ? SHUNT_SLOT_PINNING
							  : SHUNT_SLOT_MIGRATING,
			  prev, cur);
}

_Static_assert(sizeof(struct shunt_slot_line) == 64, "ABI");

#endif /* SHUNT_SLOT_H */
