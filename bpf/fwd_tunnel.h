/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* An outer header around the client's packet (outer.h), if it fits. */
#ifndef BPF_FWD_TUNNEL_H
#define BPF_FWD_TUNNEL_H

#include "fwd_hop.h"

static __always_inline enum shunt_reason tunnel_wrap(struct xdp_md *xdp, const struct tunnel *t)
{
	struct cursor cur;

	if (!tunnel_has_source(t))
		return SHUNT_NO_SOURCE;
	if (t->ip_bytes + tunnel_bytes(t) > t->fwd->leg->mtu)
		return SHUNT_TOO_BIG;
	if (bpf_xdp_adjust_head(xdp, -tunnel_bytes(t)))
		return SHUNT_NO_HEADROOM;
	cur = cursor_open(xdp);
	return tunnel_put(&cur, t) ? SHUNT_CONTINUE : SHUNT_TRUNCATED;
}

#endif /* BPF_FWD_TUNNEL_H */
