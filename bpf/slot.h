/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which backend: the flow's hash picks a slot of the service's table, the slot's
 * word names the backend. Two loads, whatever the number of flows; only a slot in
 * transition, or a service that keeps track of its flows, asks for more.
 */
#ifndef BPF_SLOT_H
#define BPF_SLOT_H

#include "maps.h"
#include "pkt.h"
#include "parse.h"
#include "rodata.h"
#include "shunt/hash.h"
#include "transit.h"

/* Read once: user space may store another word meanwhile. */
static __always_inline __u32 slot_read(const struct shunt_slot_line *line, __u32 slot)
{
	return ((const volatile struct shunt_slot_line *)line)
		->word[slot & (SHUNT_SLOTS_PER_LINE - 1)];
}

static __always_inline __u32 slot_how(const struct pkt *pkt, const bool v6)
{
	__u32 how = v6 ? TRANSIT_V6 : 0;

	if (pkt->proto == IPPROTO_UDP)
		how |= TRANSIT_UDP;
	if ((pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		how |= TRANSIT_SYN;
	if (pkt->tcp_flags & TCP_RST)
		how |= TRANSIT_RST;
	if (pkt->service_flags & SHUNT_SERVICE_UDP_MOVES)
		how |= TRANSIT_UDP_MOVES;
	if (pkt->service_flags & SHUNT_SERVICE_TRACKED)
		how |= TRANSIT_TRACKED;
	return how;
}

static __always_inline bool slot_is_simple(const struct pkt *pkt, __u32 word)
{
	if (shunt_rodata.tracked && pkt->service_flags & SHUNT_SERVICE_TRACKED)
		return false;
	return SHUNT_SLOT_STATE(word) == SHUNT_SLOT_STABLE;
}

static __always_inline enum shunt_reason slot_pick(struct pkt *pkt, const bool v6)
{
	const __u32 slot_mask = shunt_rodata.slot_mask;
	const struct shunt_slot_line *line;
	__u32 slot, index, word;
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
	word = slot_read(line, slot);
	if (__builtin_expect(slot_is_simple(pkt, word), 1))
		pkt->backend_id = SHUNT_SLOT_CUR(word);
	else
		pkt->backend_id = transit_pick(pkt->hash, word, slot_how(pkt, v6));
	if (!pkt->backend_id)
		return SHUNT_NO_BACKEND;
	index = pkt->backend_id;
	pkt->backend = bpf_map_lookup_elem(&shunt_backends, &index);
	return pkt->backend ? SHUNT_CONTINUE : SHUNT_BAD_SLOT;
}

#endif /* BPF_SLOT_H */
