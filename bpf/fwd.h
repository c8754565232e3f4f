/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Send the packet to its backend: one line per way of forwarding. What no leg
 * uses is switched off by load-time constants and not in the loaded program.
 */
#ifndef BPF_FWD_H
#define BPF_FWD_H

#include "fwd_direct.h"
#include "fwd_gue.h"
#include "fwd_ipip.h"
#include "fwd_vlan.h"
#include "stats.h"
#include "too_big.h"

/* What is asked for last, so that others do not pay for it. */
static __always_inline enum shunt_reason fwd_rewrite_rare(struct xdp_md *xdp, const struct pkt *pkt,
							  const struct fwd *fwd)
{
	if (shunt_rodata.rich && fwd->leg->forward == SHUNT_FORWARD_GUE)
		return fwd_gue(xdp, pkt, fwd);
	return SHUNT_NO_LEG;
}

static __always_inline enum shunt_reason fwd_rewrite(struct xdp_md *xdp, const struct pkt *pkt,
						     const struct fwd *fwd, const bool v6)
{
	const __u8 forward = fwd->leg->forward;

	if (shunt_rodata.direct && forward == SHUNT_FORWARD_DIRECT)
		return fwd_direct(xdp, pkt, fwd, v6);
	if ((!shunt_rodata.ipip4 && !shunt_rodata.ipip6) || forward != SHUNT_FORWARD_IPIP)
		return fwd_rewrite_rare(xdp, pkt, fwd);
	if (shunt_rodata.ipip4 && addr_is_v4(&fwd->leg->addr))
		return fwd_ipip(xdp, pkt, fwd, false, v6);
	if (shunt_rodata.ipip6 && !addr_is_v4(&fwd->leg->addr))
		return fwd_ipip(xdp, pkt, fwd, true, v6);
	return SHUNT_NO_LEG;
}

/* Out by the interface it came in, by another one, or by a VLAN device, which is neither. */
static __always_inline enum shunt_reason fwd_send(struct xdp_md *xdp, const struct fwd *fwd)
{
	if (fwd->egress->ifindex == xdp->ingress_ifindex)
		return SHUNT_FORWARDED;
	if (bpf_redirect_map(&shunt_devices, fwd->hop.egress, XDP_DROP) == XDP_REDIRECT)
		return SHUNT_REDIRECTED;
	return vlan_send(xdp, fwd->hop.egress);
}

/* RFC 1122, 3.2.2, RFC 4443, 2.4: nobody is told about an ICMP error. */
static __always_inline bool fwd_may_tell(const struct pkt *pkt)
{
	return shunt_rodata.icmp_per_s && !(pkt->odd & PKT_ICMP);
}

/*
 * The longest packet of the client's that fits. Worked out once more here: the ways of
 * forwarding compare with what they would send, and most packets fit.
 */
static __always_inline __u32 fwd_client_mtu(const struct shunt_leg *leg)
{
	const struct tunnel t = {
		.outer_v6 = !addr_is_v4(&leg->addr),
		.udp = leg->forward == SHUNT_FORWARD_GUE,
	};
	__u32 outer_bytes = 0;

	if (leg->forward == SHUNT_FORWARD_IPIP || leg->forward == SHUNT_FORWARD_GUE)
		outer_bytes = tunnel_bytes(&t);
	return leg->mtu > outer_bytes ? leg->mtu - outer_bytes : 0;
}

static __always_inline enum shunt_reason fwd_tell(struct xdp_md *xdp, const struct shunt_leg *leg,
						  const bool v6)
{
	const __u32 mtu = fwd_client_mtu(leg);

	return v6 ? too_big_answer6(xdp, mtu) : too_big_answer4(xdp, mtu);
}

static __always_inline enum shunt_reason forward(struct xdp_md *xdp, const struct pkt *pkt,
						 const bool v6)
{
	enum shunt_reason reason;
	struct fwd fwd;

	reason = fwd_resolve(pkt, &fwd, v6) ?: fwd_rewrite(xdp, pkt, &fwd, v6)
		?: fwd_send(xdp, &fwd);
	if (reason == SHUNT_TOO_BIG && fwd_may_tell(pkt))
		return fwd_tell(xdp, fwd.leg, v6);
	if (reason == SHUNT_FORWARDED || reason == SHUNT_REDIRECTED)
		stats_count_backend(pkt->backend_id, pkt->frame_bytes);
	return reason;
}

#endif /* BPF_FWD_H */
