/* SPDX-License-Identifier: BSD-2-Clause */
#include "slot_table.h"

#include <assert.h>

#define MOVES 0x8000
#define PINNING 0x8000
#define MEMBER 0x7fff

struct slot_halves slot_halves(__u32 word)
{
	const __u16 cur = word & MEMBER, prev = word >> 15 & MEMBER;

	switch (word >> 30) {
	case SHUNT_SLOT_STABLE:
		return (struct slot_halves){ cur, prev };
	case SHUNT_SLOT_MIGRATING:
		return (struct slot_halves){ MOVES | cur, prev };
	case SHUNT_SLOT_PINNING:
		return (struct slot_halves){ MOVES | cur, PINNING | prev };
	default:
		return (struct slot_halves){ MOVES | cur, 0 };
	}
}

static __u32 word_of(enum shunt_slot_state state, __u32 prev, __u32 cur)
{
	return (__u32)state << 30 | prev << 15 | cur;
}

__u32 slot_word(struct slot_halves halves)
{
	const __u32 cur = halves.owner & MEMBER, prev = halves.transit & MEMBER;

	if (!(halves.owner & MOVES))
		return word_of(SHUNT_SLOT_STABLE, 0, cur);
	if (halves.transit & PINNING)
		return word_of(SHUNT_SLOT_PINNING, prev, cur);
	if (prev)
		return word_of(SHUNT_SLOT_MIGRATING, prev, cur);
	return word_of(SHUNT_SLOT_PINNED, 0, cur);
}

__u32 slot_table_lines(const struct slot_table *s)
{
	return 2 * s->n / SHUNT_SLOTS_PER_LINE;
}

struct shunt_service slot_table_service(const struct slot_table *s, __u32 base)
{
	return (struct shunt_service){
		.first = s->first,
		.line_mask = s->n / SHUNT_SLOTS_PER_LINE - 1,
		.base = base,
	};
}

struct slot_table slot_table_of(const struct shunt_service *service)
{
	return (struct slot_table){
		.first = service->first,
		.n = (service->line_mask + 1U) * SHUNT_SLOTS_PER_LINE,
	};
}

/* The owner of @slot, of @which 0; its transit, of @which 1. */
static __u16 *half_at(struct shunt_slot_line *lines, const struct slot_table *s, __u32 slot,
		      int which)
{
	const __u64 half = (__u64)s->first * SHUNT_SLOTS_PER_LINE + (which ? s->n : 0) + slot;

	assert(slot < s->n);
	return &lines[half / SHUNT_SLOTS_PER_LINE].half[half % SHUNT_SLOTS_PER_LINE];
}

void slot_table_put(struct shunt_slot_line *lines, const struct slot_table *s, __u32 slot,
		    struct slot_halves halves)
{
	__atomic_store_n(half_at(lines, s, slot, 1), halves.transit, __ATOMIC_RELEASE);
	__atomic_store_n(half_at(lines, s, slot, 0), halves.owner, __ATOMIC_RELEASE);
}

struct slot_halves slot_table_get(const struct shunt_slot_line *lines, const struct slot_table *s,
				  __u32 slot)
{
	struct shunt_slot_line *at = (struct shunt_slot_line *)lines;

	return (struct slot_halves){
		.owner = __atomic_load_n(half_at(at, s, slot, 0), __ATOMIC_ACQUIRE),
		.transit = __atomic_load_n(half_at(at, s, slot, 1), __ATOMIC_ACQUIRE),
	};
}
