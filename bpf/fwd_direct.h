/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Direct return: the packet goes on as it came, to another MAC address. The
 * backend has the VIP on a loopback and answers the client itself.
 */
#ifndef BPF_FWD_DIRECT_H
#define BPF_FWD_DIRECT_H

#include "fwd_hop.h"

static __always_inline enum shunt_reason fwd_direct(struct xdp_md *xdp, const struct pkt *pkt,
						    const struct fwd *fwd, const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	struct ethhdr *eth;

	if (pkt->ip_bytes > fwd->leg->mtu)
		return SHUNT_TOO_BIG;
	if (!cursor_take(&cur, eth) || !fwd_decrement_ttl(&cur, v6))
		return SHUNT_TRUNCATED;
	fwd_set_macs(eth, fwd);
	return SHUNT_CONTINUE;
}

#endif /* BPF_FWD_DIRECT_H */
