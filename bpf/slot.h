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
#include "reset.h"
#include "rodata.h"
#include "shunt/hash.h"
#include "transit.h"

#define SLOT_HASHES_OTHERWISE (SHUNT_SERVICE_SOURCE | SHUNT_SERVICE_L3HASH | SHUNT_SERVICE_AFFINITY)

static __always_inline __u64 slot_hash_flow(const struct pkt *pkt, __be32 ports, const bool v6)
{
	return shunt_hash_flow(shunt_rodata.hash_key, &pkt->src, &pkt->dst, ports, pkt->proto, v6);
}

/* Of a service that has SLOT_HASHES_OTHERWISE. */
static __always_inline __u64 slot_hash_otherwise(const struct pkt *pkt, const bool v6)
{
	const __be32 ports = pkt->service_flags & SHUNT_SERVICE_L3HASH ? 0 : pkt->ports;
	const __u64 source = shunt_hash_source(shunt_rodata.hash_key, &pkt->src, v6);

	if (pkt->service_flags & SHUNT_SERVICE_AFFINITY)
		return shunt_hash_word(source, pkt->service.base);
	if (pkt->service_flags & SHUNT_SERVICE_SOURCE)
		return shunt_hash_with_slot(slot_hash_flow(pkt, ports, v6), source);
	return slot_hash_flow(pkt, 0, v6);
}

/*
 * The hash that picks the slot, and that the flow is known by. All packets of a service
 * get theirs here, whatever is not known of them: later fragments, for one.
 */
static __always_inline __u64 slot_hash(const struct pkt *pkt, const bool v6)
{
	if (shunt_rodata.rich && pkt->service_flags & SLOT_HASHES_OTHERWISE)
		return slot_hash_otherwise(pkt, v6);
	return slot_hash_flow(pkt, pkt->ports, v6);
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
	if (pkt->tcp_flags & TCP_FIN)
		how |= TRANSIT_FIN;
	if (pkt->odd & (PKT_ICMP | PKT_LATER))
		how |= TRANSIT_PASSIVE;
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
	return transit_pick(pkt->hash, shunt_slot_word(owner, table_half(line, pkt->hash)),
			    table_pack(&pkt->service), pkt->service_flags, slot_how(pkt, v6));
}

static __always_inline enum shunt_reason slot_pick(struct xdp_md *xdp, struct pkt *pkt,
						   const bool v6)
{
	const struct shunt_slot_line *line;
	__u32 tag, index;
	__u16 owner;

	pkt->hash = slot_hash(pkt, v6);
	tag = pkt->hash;
	index = table_line(&pkt->service, tag);
	line = bpf_map_lookup_elem(&shunt_slots, &index);
	if (!line)
		return SHUNT_BAD_SLOT;
	owner = table_half(line, tag);
	if (__builtin_expect(slot_is_simple(pkt, owner), 1)) {
		if (!owner)
			return SHUNT_NO_BACKEND;
		pkt->backend_id = pkt->service.base + owner;
	} else {
		pkt->backend_id = slot_pick_moving(pkt, index, owner, v6);
		if (!pkt->backend_id)
			return SHUNT_NO_BACKEND;
		if (pkt->backend_id == SCHED_OVER_LIMIT)
			return SHUNT_OVER_LIMIT;
		if (pkt->backend_id == TRANSIT_HELD)
			return SHUNT_HELD;
		if (shunt_rodata.resets)
			return reset_judge(xdp, pkt->backend_id, pkt->odd, v6);
	}
	return SHUNT_CONTINUE;
}

#endif /* BPF_SLOT_H */
