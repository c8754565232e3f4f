/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* ICMP (RFC 792) and ICMPv6 (RFC 4443), on the cold way. */
#ifndef BPF_ICMP_H
#define BPF_ICMP_H

#include "parse.h"
#include "pkt.h"

/* At the ICMP header. */
static __always_inline enum shunt_reason icmp_take(struct pkt *pkt)
{
	pkt->tcp_flags = 0;
	return SHUNT_NOT_L4;
}

#endif /* BPF_ICMP_H */
