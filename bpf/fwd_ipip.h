/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* IP in IP: an outer IPv4 or IPv6 header, and nothing else. */
#ifndef BPF_FWD_IPIP_H
#define BPF_FWD_IPIP_H

#include "fwd_tunnel.h"

static __always_inline enum shunt_reason fwd_ipip(struct xdp_md *xdp, const struct pkt *pkt,
						  const struct fwd *fwd, const bool outer_v6,
						  const bool v6)
{
	const struct tunnel t = {
		.fwd = fwd,
		.hash = pkt->hash,
		.ip_bytes = pkt->ip_bytes,
		.outer_v6 = outer_v6,
		.v6 = v6,
	};

	return tunnel_wrap(xdp, &t);
}

#endif /* BPF_FWD_IPIP_H */
