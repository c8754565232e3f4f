/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Out by a VLAN device: by the interface below it, with its tag. Tags that the frame
 * came with have been taken off, and tags_put() finds this one in their place.
 */
#ifndef BPF_FWD_VLAN_H
#define BPF_FWD_VLAN_H

#include "maps.h"
#include "tags.h"

/*
 * @index: of shunt_egress. Return: enum shunt_reason. Global: what few packets need is
 * looked at once, and is no part of what the others run through.
 */
__noinline int vlan_send(struct xdp_md *xdp, __u32 index)
{
	const struct shunt_egress *e = bpf_map_lookup_elem(&shunt_egress, &index);
	enum shunt_reason reason = SHUNT_FORWARDED;

	if (!e || !(e->ifindex & SHUNT_EGRESS_VLAN))
		return SHUNT_NO_DEVICE;
	if ((e->ifindex & ~SHUNT_EGRESS_VLAN) != xdp->ingress_ifindex) {
		index += SHUNT_MAX_EGRESS;
		if (bpf_redirect_map(&shunt_devices, index, XDP_DROP) != XDP_REDIRECT)
			return SHUNT_NO_DEVICE;
		reason = SHUNT_REDIRECTED;
	}
	return tags_put_one(xdp, TAG_8021Q(e->vlan)) ? reason : SHUNT_NO_HEADROOM;
}

#endif /* BPF_FWD_VLAN_H */
