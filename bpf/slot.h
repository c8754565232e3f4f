/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which backend: the flow's hash picks a slot of the service's table, the slot names
 * a member of the service's block of backends. Two loads, whatever the number of
 * flows; only a slot in transition, or a service that keeps track of its flows, asks
 * for more.
 */
#ifndef BPF_SLOT_H
#define BPF_SLOT_H

#include "maps.h"
#include "pkt.h"
#include "parse.h"
#include "rodata.h"
#include "shunt/hash.h"
#include "transit.h"

/* The half of the slot of @tag in a line. Read once: user space may store another. */
static __always_inline __u16 slot_read(const struct shunt_slot_line *line, __u32 tag)
{
	return ((const volatile struct shunt_slot_line *)line)
		->half[tag & (SHUNT_SLOTS_PER_LINE - 1)];
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

static __always_inline bool slot_is_simple(const struct pkt *pkt, __u16 owner)
{
	if (shunt_rodata.tracked && pkt->service_flags & SHUNT_SERVICE_TRACKED)
		return false;
	return !(owner & SHUNT_SLOT_MOVES);
}

/* A slot in transition: what its other half says, and where that sends the flow. */
static __always_inline __u32 slot_pick_moving(const struct pkt *pkt, __u32 index, __u16 owner,
					      const bool v6)
{
	const struct shunt_slot_line *line;

	index += pkt->service.line_mask + 1;
	line = bpf_map_lookup_elem(&shunt_slots, &index);
	if (!line)
		return 0;
	return transit_pick(pkt->hash, shunt_slot_word(owner, slot_read(line, pkt->hash)),
			    pkt->service.base, slot_how(pkt, v6));
}

static __always_inline enum shunt_reason slot_pick(struct pkt *pkt, const bool v6)
{
	const struct shunt_slot_line *line;
	__u32 tag, index;
	__u16 owner;

	pkt->hash = shunt_hash_flow(shunt_rodata.hash_key, &pkt->src, &pkt->dst, pkt->ports,
				    pkt->proto, v6);
	tag = pkt->hash;
	index = pkt->service.first + (tag / SHUNT_SLOTS_PER_LINE & pkt->service.line_mask);
	line = bpf_map_lookup_elem(&shunt_slots, &index);
	if (!line)
		return SHUNT_BAD_SLOT;
	owner = slot_read(line, tag);
	if (__builtin_expect(slot_is_simple(pkt, owner), 1)) {
		if (!owner)
			return SHUNT_NO_BACKEND;
		pkt->backend_id = pkt->service.base + owner;
	} else {
		pkt->backend_id = slot_pick_moving(pkt, index, owner, v6);
		if (!pkt->backend_id)
			return SHUNT_NO_BACKEND;
	}
	index = pkt->backend_id;
	pkt->backend = bpf_map_lookup_elem(&shunt_backends, &index);
	return pkt->backend ? SHUNT_CONTINUE : SHUNT_BAD_SLOT;
}

#endif /* BPF_SLOT_H */
