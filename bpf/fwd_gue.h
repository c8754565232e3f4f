/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Generic UDP encapsulation, variant 1: an outer IPv4 or IPv6 header, UDP, and the
 * client's packet, whose version says what it is (draft-ietf-intarea-gue section 6).
 * The source port is the flow's, so that backends spread flows over queues and CPUs.
 */
#ifndef BPF_FWD_GUE_H
#define BPF_FWD_GUE_H

#include "fwd_tunnel.h"

static __always_inline enum shunt_reason gue_wrap_in(struct xdp_md *xdp, const struct fwd *fwd,
						     __u64 hash, const bool outer_v6, const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	struct tunnel t = {
		.fwd = fwd,
		.hash = hash,
		.outer_v6 = outer_v6,
		.v6 = v6,
		.udp = true,
	};
	const struct ipv6hdr *ip6;
	const struct ethhdr *eth;
	const struct iphdr *ip;

	if (!cursor_take(&cur, eth) || (v6 ? !cursor_take(&cur, ip6) : !cursor_take(&cur, ip)))
		return SHUNT_TRUNCATED;
	t.ip_bytes = v6 ? bpf_ntohs(ip6->payload_len) + sizeof(*ip6) : bpf_ntohs(ip->tot_len);
	return tunnel_wrap(xdp, &t);
}

static __always_inline bool gue_is_v6(const struct xdp_md *xdp)
{
	struct cursor cur = cursor_open(xdp);
	const struct ethhdr *eth;

	return cursor_take(&cur, eth) && *pkt_ethertype(eth) == bpf_htons(ETH_P_IPV6);
}

/*
 * @hop: the word, as it was read; @hash: of the flow. What else is known of the packet is
 * read again: to keep it would cost packets that are not for here. Return: enum
 * shunt_reason. Global, so that the program has it once, and not in each instance of the
 * stages.
 */
__noinline int gue_wrap(struct xdp_md *xdp, const struct shunt_leg *leg,
			const struct shunt_egress *egress, __u64 hop, __u64 hash)
{
	const struct fwd fwd = { .leg = leg, .hop.word = hop, .egress = egress };

	if (!leg || !egress)
		return SHUNT_BAD_SLOT;
	if (addr_is_v4(&leg->addr))
		return gue_is_v6(xdp) ? gue_wrap_in(xdp, &fwd, hash, false, true)
				      : gue_wrap_in(xdp, &fwd, hash, false, false);
	return gue_is_v6(xdp) ? gue_wrap_in(xdp, &fwd, hash, true, true)
			      : gue_wrap_in(xdp, &fwd, hash, true, false);
}

static __always_inline enum shunt_reason fwd_gue(struct xdp_md *xdp, const struct pkt *pkt,
						 const struct fwd *fwd)
{
	return gue_wrap(xdp, fwd->leg, fwd->egress, fwd->hop.word, pkt->hash);
}

#endif /* BPF_FWD_GUE_H */
