/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What every way of forwarding needs: the leg, its next hop, the TTL. */
#ifndef BPF_FWD_HOP_H
#define BPF_FWD_HOP_H

#include <bpf/bpf_endian.h>

#include "addr.h"
#include "maps.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/csum.h"

/**
 * struct fwd - where a packet goes
 * @leg: of the backend, for the packet's family
 * @hop: as it was when it was read; user space may store another one meanwhile
 * @egress: the interface that @hop names
 */
struct fwd {
	const struct shunt_leg *leg;
	union shunt_hop hop;
	const struct shunt_egress *egress;
};

/* Where @leg leads now. */
static __always_inline enum shunt_reason fwd_follow(const struct shunt_leg *leg, struct fwd *fwd)
{
	__u32 index;

	fwd->leg = leg;
	fwd->hop.word = *(const volatile __u64 *)&leg->hop.word;
	index = fwd->hop.egress;
	if (!index)
		return SHUNT_NO_NEIGHBOUR;
	fwd->egress = bpf_map_lookup_elem(&shunt_egress, &index);
	return fwd->egress && fwd->egress->ifindex ? SHUNT_CONTINUE : SHUNT_BAD_SLOT;
}

static __always_inline enum shunt_reason fwd_resolve(const struct pkt *pkt, struct fwd *fwd,
						     const bool v6)
{
	__u32 index = pkt->backend_id;
	const struct shunt_backend *backend = bpf_map_lookup_elem(&shunt_backends, &index);
	const struct shunt_leg *leg;

	if (!backend)
		return SHUNT_BAD_SLOT;
	if (pkt->ttl <= 1)
		return SHUNT_TTL_EXPIRED;
	leg = &backend->leg[v6 ? SHUNT_V6 : SHUNT_V4];
	if (leg->forward == SHUNT_FORWARD_NONE)
		return SHUNT_NO_LEG;
	return fwd_follow(leg, fwd);
}

#define MAC_MASK 0xffffffffffffULL

/* Two stores at offsets: struct ethhdr is packed, so that its fields are written byte by byte. */
static __always_inline void fwd_set_macs(struct ethhdr *eth, const struct fwd *fwd)
{
	const __u64 smac = *(const __u64 *)fwd->egress->smac;

	*(__u64 *)eth = (fwd->hop.word & MAC_MASK) | smac << 48;
	*(__u32 *)((void *)eth + sizeof(__u64)) = smac >> 16;
}

/*
 * One hop less in the IP header under @cur, which is already known not to be the
 * last one. The checksum is updated, not recomputed: a wrong one stays wrong and
 * the receiver can see it. False if the packet ends before that.
 */
static __always_inline bool fwd_decrement_ttl(struct cursor *cur, const bool v6)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__be16 *ttl;

	if (v6) {
		if (!cursor_take(cur, ip6))
			return false;
		ip6->hop_limit--;
		return true;
	}
	if (!cursor_take(cur, ip))
		return false;
	/* The word of the checksum that the TTL is the high byte of. */
	ttl = (__be16 *)&ip->ttl;
	ip->check = shunt_csum_replace(ip->check, *ttl, *ttl - bpf_htons(0x0100));
	ip->ttl--;
	return true;
}

#endif /* BPF_FWD_HOP_H */
