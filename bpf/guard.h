/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The firewall: may this packet reach its service? Asked of packets for services only, when
 * the service is known: so it can cut off neither what the host does itself nor the answers
 * of servers, and rules for all services and for one meet in one place.
 *
 * Stages, in this order, each with a file of its own and behind its bit of
 * shunt_rodata.guard, so that what no rule asks for is not in the program:
 *
 *	guard_prefix.h	who sends it. Who is allowed is asked nothing else.
 *	guard_flags.h	what TCP flags it has
 *	guard_limit.h	how many came before it
 */
#ifndef BPF_GUARD_H
#define BPF_GUARD_H

#include "guard_flags.h"
#include "guard_limit.h"
#include "guard_prefix.h"
#include "pkt.h"
#include "rodata.h"

/* A packet whose service is known. SHUNT_CONTINUE: it may go on. */
static __always_inline enum shunt_reason guard_admit(const struct pkt *pkt, const bool v6)
{
	enum shunt_reason reason;

	if (!shunt_rodata.guard)
		return SHUNT_CONTINUE;
	reason = guard_prefix(pkt, v6) ?: guard_flags(pkt) ?: guard_limit(pkt, v6);
	return reason == GUARD_ALLOWED ? SHUNT_CONTINUE : reason;
}

/*
 * An ICMP message to a VIP, which is of no service, or of one that only the packet that it
 * quotes will tell: by the lists for all services. @src: who sends it.
 */
static __always_inline enum shunt_reason guard_admit_icmp(const struct shunt_addr *src,
							  const bool v6)
{
	enum shunt_reason reason;

	if (!shunt_rodata.guard)
		return SHUNT_CONTINUE;
	reason = guard_prefix_of(src, GUARD_NO_SERVICE, v6) ?: guard_limit_icmp(src, v6);
	return reason == GUARD_ALLOWED ? SHUNT_CONTINUE : reason;
}

#endif /* BPF_GUARD_H */
