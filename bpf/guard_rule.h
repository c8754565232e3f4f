/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Rules of the firewall: each hit is counted, and what it means is decided here, so that a
 * rule that is only tried out (SHUNT_GUARD_MONITOR) is tried out in the same way, whatever
 * stage it is of.
 */
#ifndef BPF_GUARD_RULE_H
#define BPF_GUARD_RULE_H

#include "maps.h"
#include "parse.h"
#include "shunt/guard.h"

/* Not the end of a packet: nothing else of the firewall is asked. */
#define GUARD_ALLOWED ((enum shunt_reason)(PARSE_ODD + 2))

/*
 * The rule of @verdict, which may be 0, applies. @refused: what a packet that it does not let
 * pass ends with.
 */
static __always_inline enum shunt_reason guard_hit(__u32 verdict, enum shunt_reason refused)
{
	const __u32 rule = SHUNT_GUARD_RULE(verdict);
	__u64 *hits;

	if (!verdict)
		return SHUNT_CONTINUE;
	hits = bpf_map_lookup_elem(&shunt_guard_hits, &rule);
	if (hits)
		(*hits)++;
	if (verdict & SHUNT_GUARD_ALLOW)
		return GUARD_ALLOWED;
	return verdict & SHUNT_GUARD_MONITOR ? SHUNT_CONTINUE : refused;
}

#endif /* BPF_GUARD_RULE_H */
