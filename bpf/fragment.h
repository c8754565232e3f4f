/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Fragments of IPv4 (RFC 791) and IPv6 (RFC 8200, 4.5), on the cold way: @pkt has what
 * the IP header says.
 */
#ifndef BPF_FRAGMENT_H
#define BPF_FRAGMENT_H

#include "parse.h"
#include "pkt.h"

/* Behind the first 20 bytes of the IP header. */
static __always_inline enum shunt_reason fragment_take4(struct pkt *pkt)
{
	pkt->odd |= PKT_FRAGMENT;
	return SHUNT_FRAGMENT;
}

/* At the fragment header. */
static __always_inline enum shunt_reason fragment_take6(struct pkt *pkt)
{
	pkt->odd |= PKT_FRAGMENT;
	return SHUNT_FRAGMENT;
}

#endif /* BPF_FRAGMENT_H */
