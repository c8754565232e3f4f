/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Slots as they lie in the map (shunt/slot.h), and who owns them.
 */
#ifndef BPF_TABLE_H
#define BPF_TABLE_H

#include "maps.h"

/* The half of the slot of @tag in a line. Read once: user space may store another. */
static __always_inline __u16 table_half(const struct shunt_slot_line *line, __u32 tag)
{
	return ((const volatile struct shunt_slot_line *)line)
		->half[tag & (SHUNT_SLOTS_PER_LINE - 1)];
}

static __always_inline __u32 table_line(const struct shunt_service *service, __u32 tag)
{
	return service->first + (tag / SHUNT_SLOTS_PER_LINE & service->line_mask);
}

/* The id of the backend that owns the slot of @tag, 0 for none. */
static __always_inline __u32 table_owner(const struct shunt_service *service, __u32 tag)
{
	const __u32 index = table_line(service, tag);
	const struct shunt_slot_line *line = bpf_map_lookup_elem(&shunt_slots, &index);
	const __u32 member = line ? SHUNT_SLOT_CUR(table_half(line, tag)) : 0;

	return member ? service->base + member : 0;
}

/* A service in a register, for functions that the verifier looks at once; and back. */
static __always_inline __u64 table_pack(const struct shunt_service *service)
{
	return service->first | (__u64)service->line_mask << 32 | (__u64)service->base << 48;
}

static __always_inline struct shunt_service table_unpack(__u64 word)
{
	return (struct shunt_service){
		.first = word,
		.line_mask = word >> 32,
		.base = word >> 48,
	};
}

#endif /* BPF_TABLE_H */
