/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What every way of forwarding needs: the leg and its next hop. */
#ifndef BPF_FWD_HOP_H
#define BPF_FWD_HOP_H

#include <bpf/bpf_endian.h>

#include "addr.h"
#include "maps.h"
#include "outer.h"
#include "pkt.h"
#include "rodata.h"

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

#endif /* BPF_FWD_HOP_H */
