/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Generic UDP encapsulation, variant 1: an outer IPv4 or IPv6 header, UDP, and the
 * client's packet, whose version says what it is (draft-ietf-intarea-gue section 6).
 * The source port is the flow's, so that backends spread flows over queues and CPUs.
 */
#ifndef BPF_FWD_GUE_H
#define BPF_FWD_GUE_H

#include "fwd_tunnel.h"

/* What of a packet gue_wrap() needs besides leg and egress, in one word. */
#define GUE_V6 (1ULL << 16)
#define GUE_PACKET(hash, ip_bytes, v6)                                                             \
	((hash) >> 32 << 32 | ((v6) ? GUE_V6 : 0) | (__u16)(ip_bytes))

static __always_inline enum shunt_reason gue_wrap_in(struct xdp_md *xdp, const struct fwd *fwd,
						     __u64 packet, const bool outer_v6,
						     const bool v6)
{
	const struct tunnel t = {
		.fwd = fwd,
		.hash = packet,
		.ip_bytes = (__u16)packet,
		.outer_v6 = outer_v6,
		.v6 = v6,
		.udp = true,
	};

	return tunnel_wrap(xdp, &t);
}

/*
 * @hop: the word, as it was read. Return: enum shunt_reason. Global, so that the program
 * has it once, and not in each instance of the stages.
 */
__noinline int gue_wrap(struct xdp_md *xdp, const struct shunt_leg *leg,
			const struct shunt_egress *egress, __u64 hop, __u64 packet)
{
	const struct fwd fwd = { .leg = leg, .hop.word = hop, .egress = egress };

	if (!leg || !egress)
		return SHUNT_BAD_SLOT;
	if (addr_is_v4(&leg->addr))
		return packet & GUE_V6 ? gue_wrap_in(xdp, &fwd, packet, false, true)
				       : gue_wrap_in(xdp, &fwd, packet, false, false);
	return packet & GUE_V6 ? gue_wrap_in(xdp, &fwd, packet, true, true)
			       : gue_wrap_in(xdp, &fwd, packet, true, false);
}

static __always_inline enum shunt_reason fwd_gue(struct xdp_md *xdp, const struct pkt *pkt,
						 const struct fwd *fwd, const bool v6)
{
	return gue_wrap(xdp, fwd->leg, fwd->egress, fwd->hop.word,
			GUE_PACKET(pkt->hash, pkt->ip_bytes, v6));
}

#endif /* BPF_FWD_GUE_H */
