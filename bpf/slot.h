/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which backend: the flow's hash picks a slot of the service's table, the slot's
 * word names the backend. Two loads, whatever the number of flows.
 */
#ifndef BPF_SLOT_H
#define BPF_SLOT_H

#include "maps.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/hash.h"

/* Read once: user space may store another word meanwhile. */
static __always_inline __u32 slot_read(const struct shunt_slot_line *line, __u32 slot)
{
	return ((const volatile struct shunt_slot_line *)line)
		->word[slot & (SHUNT_SLOTS_PER_LINE - 1)];
}

static __always_inline enum shunt_reason slot_pick(struct pkt *pkt, const bool v6)
{
	const __u32 slot_mask = shunt_rodata.slot_mask;
	const struct shunt_slot_line *line;
	__u32 slot, index;
	__u64 at;

	pkt->hash = shunt_hash_flow(shunt_rodata.hash_key, &pkt->src, &pkt->dst, pkt->ports,
				    pkt->proto, v6);
	slot = pkt->hash & slot_mask;
	/* In 64 bits: a table far beyond the map must not wrap around into it. */
	at = ((__u64)pkt->table * (slot_mask + 1ULL) + slot) / SHUNT_SLOTS_PER_LINE;
	index = at;
	if (index != at)
		return SHUNT_BAD_SLOT;
	line = bpf_map_lookup_elem(&shunt_slots, &index);
	if (!line)
		return SHUNT_BAD_SLOT;
	pkt->backend_id = SHUNT_SLOT_CUR(slot_read(line, slot));
	if (!pkt->backend_id)
		return SHUNT_NO_BACKEND;
	pkt->backend = bpf_map_lookup_elem(&shunt_backends, &pkt->backend_id);
	return pkt->backend ? SHUNT_CONTINUE : SHUNT_BAD_SLOT;
}

#endif /* BPF_SLOT_H */
