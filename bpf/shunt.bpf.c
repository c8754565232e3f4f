/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * shunt's XDP program: the stages in packet order. A stage returns a reason that
 * ends the packet, or SHUNT_CONTINUE; there is one exit, which counts the reason
 * and turns it into an XDP action.
 *
 * The stages behind the Ethernet header are compiled once per family, from one
 * text: a constant decides what differs.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "fwd.h"
#include "parse.h"
#include "service.h"
#include "slot.h"
#include "stats.h"

static __always_inline enum shunt_reason run_stages(struct xdp_md *xdp, struct cursor *cur,
						    struct pkt *pkt, const bool v6)
{
	return parse_judge(parse_ip(cur, pkt, v6), pkt)
		?: service_match(pkt, v6)
		?: slot_pick(pkt, v6)
		?: forward(xdp, pkt, v6);
}

/* One bit a reason: does it leave the packet to the stack? */
#define PASS_BIT(name, action, text) | (__u64)(XDP_##action == XDP_PASS) << SHUNT_##name

static __always_inline int finish(enum shunt_reason reason)
{
	const __u64 passed = 0 SHUNT_REASON_LIST(PASS_BIT);

	stats_count_reason(reason);
	if (reason == SHUNT_FORWARDED)
		return XDP_TX;
	if (reason == SHUNT_REDIRECTED)
		return XDP_REDIRECT;
	return passed >> reason & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int shunt_ingress(struct xdp_md *xdp)
{
	struct cursor cur = cursor_open(xdp);
	struct pkt pkt; /* not zeroed: each stage sets what later ones read */
	enum shunt_reason reason;
	bool v6;

	pkt.frame_bytes = cur.end - cur.pos;
	reason = parse_ethernet(&cur, &v6);
	if (!reason)
		reason =
			v6 ? run_stages(xdp, &cur, &pkt, true) : run_stages(xdp, &cur, &pkt, false);
	return finish(reason);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
