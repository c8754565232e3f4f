/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * TCP flags that no connection has any use for: those of scans, and of tools that make
 * packets up.
 *
 * - Neither SYN, RST nor ACK: none at all, FIN, FIN with PSH and URG ("xmas") and so on.
 *   RFC 9293, 3.10.7.2 to 3.10.7.4: in every state such a segment is dropped.
 * - SYN with FIN or RST, and FIN with RST: both begin and end, or end in two ways. What
 *   RFC 1644 had SYN with FIN for is historic (RFC 6247).
 *
 * Whatever else is set means nothing here: PSH and URG (RFC 9293), ECE and CWR (RFC 3168;
 * a SYN that asks for ECN has both), the reserved bits, one of which accurate ECN uses,
 * and data in a SYN (RFC 7413).
 */
#ifndef BPF_GUARD_FLAGS_H
#define BPF_GUARD_FLAGS_H

#include <linux/in.h>
#include <stdbool.h>

#include "guard_rule.h"
#include "parse.h"
#include "pkt.h"
#include "rodata.h"

/* The flags that are looked at are the lowest five, of which PSH does not matter. */
#define GUARD_FLAGS_SETS 32
#define GUARD_FLAGS_ARE_BAD(flags)                                                                 \
	(!((flags) & (TCP_SYN | TCP_RST | TCP_ACK)) ||                                             \
	 (((flags)&TCP_SYN) && ((flags) & (TCP_FIN | TCP_RST))) ||                                 \
	 (((flags)&TCP_FIN) && ((flags)&TCP_RST)))

/* A bit for each set of flags. */
#define GUARD_FLAGS_BIT(flags) ((__u32)GUARD_FLAGS_ARE_BAD(flags) << (flags))
#define GUARD_FLAGS_FOUR(flags)                                                                    \
	(GUARD_FLAGS_BIT(flags) | GUARD_FLAGS_BIT((flags) + 1) | GUARD_FLAGS_BIT((flags) + 2) |    \
	 GUARD_FLAGS_BIT((flags) + 3))
#define GUARD_FLAGS_BAD                                                                            \
	(GUARD_FLAGS_FOUR(0) | GUARD_FLAGS_FOUR(4) | GUARD_FLAGS_FOUR(8) | GUARD_FLAGS_FOUR(12) |  \
	 GUARD_FLAGS_FOUR(16) | GUARD_FLAGS_FOUR(20) | GUARD_FLAGS_FOUR(24) |                      \
	 GUARD_FLAGS_FOUR(28))

/* Of a packet with a TCP header: neither a later fragment nor an error about a flow. */
static __always_inline bool guard_flags_are_bad(const struct pkt *pkt)
{
	if (pkt->proto != IPPROTO_TCP || pkt->odd & (PKT_ICMP | PKT_LATER))
		return false;
	return GUARD_FLAGS_BAD >> (pkt->tcp_flags & (GUARD_FLAGS_SETS - 1)) & 1;
}

static __always_inline enum shunt_reason guard_flags(const struct pkt *pkt)
{
	__u32 verdict = SHUNT_GUARD_FLAGS_RULE | SHUNT_GUARD_DENY;

	if (!(shunt_rodata.guard & SHUNT_GUARD_FLAGS) || !guard_flags_are_bad(pkt))
		return SHUNT_CONTINUE;
	if (shunt_rodata.guard & SHUNT_GUARD_FLAGS_MONITOR)
		verdict |= SHUNT_GUARD_MONITOR;
	return guard_hit(verdict, SHUNT_BAD_FLAGS);
}

#endif /* BPF_GUARD_FLAGS_H */
