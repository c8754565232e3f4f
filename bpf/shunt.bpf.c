/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * shunt's XDP program: the stages in packet order. A stage returns a reason that
 * ends the packet, or SHUNT_CONTINUE; there is one exit, which counts the reason
 * and turns it into an XDP action.
 *
 * The stages behind the Ethernet header are compiled once per family, from one
 * text: a constant decides what differs. Once more each for packets that are neither
 * plain TCP nor UDP (odd.h).
 * VLAN tags are taken off before the stages and put back behind them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "capture.h"
#include "fragment.h"
#include "fwd.h"
#include "guard.h"
#include "mss.h"
#include "nat.h"
#include "odd.h"
#include "parse.h"
#include "service.h"
#include "slot.h"
#include "stats.h"
#include "tags.h"

/*
 * What few configs ask for, of a packet of which service_match() has said @matched: the
 * firewall, another MSS, nat.
 */
static __always_inline enum shunt_reason run_aside(struct xdp_md *xdp, struct pkt *pkt,
						   enum shunt_reason matched, const bool v6)
{
	enum shunt_reason reason = matched ?: guard_admit(pkt, v6);

	if (pkt->odd & PKT_FRAGMENT)
		reason = fragment_judge(pkt, reason);
	if (!reason)
		mss_apply(xdp, pkt);
	if (!nat_concerns(reason, pkt))
		return reason;
	nat_packet_put(pkt, !reason, v6);
	return NAT_PENDING;
}

/* For a packet that was parsed, and found to be right if it is ours. */
static __always_inline enum shunt_reason run_behind_parse(struct xdp_md *xdp, struct pkt *pkt,
							  const bool v6)
{
	enum shunt_reason reason = service_match(pkt, v6);

	if (rodata_aside())
		reason = run_aside(xdp, pkt, reason, v6);
	else if (pkt->odd & PKT_FRAGMENT)
		reason = fragment_judge(pkt, reason);
	return reason ?: slot_pick(xdp, pkt, v6) ?: forward(xdp, pkt, v6);
}

static __always_inline enum shunt_reason run_odd(struct xdp_md *xdp, __u32 frame_bytes,
						 const bool v6)
{
	struct pkt *pkt = odd_open();
	enum shunt_reason reason;

	if (!pkt)
		return SHUNT_NOT_L4;
	pkt->frame_bytes = frame_bytes;
	reason = (v6 ? odd_parse6(xdp, pkt) : odd_parse4(xdp, pkt))
			 ?: run_behind_parse(xdp, pkt, v6);
	return reason == SHUNT_NOT_SERVICE ? odd_is_lost(pkt) : reason;
}

/*
 * The cold way, and stages of its own. If it met the others behind the parser, they would
 * pay 12 instructions for what it leaves in variables. Global, so that the verifier looks
 * at each family's once. Return: enum shunt_reason.
 */
__noinline int run_odd4(struct xdp_md *xdp, __u32 frame_bytes)
{
	return run_odd(xdp, frame_bytes, false);
}

__noinline int run_odd6(struct xdp_md *xdp, __u32 frame_bytes)
{
	return run_odd(xdp, frame_bytes, true);
}

/* @tags: the VLAN tags that were taken off, and those that the packet leaves with. */
static __always_inline enum shunt_reason run_stages(struct xdp_md *xdp, struct cursor *cur,
						    struct pkt *pkt, __u64 *tags, const bool v6)
{
	enum shunt_reason reason = parse_ip(cur, pkt, v6);

	if (reason == PARSE_ODD)
		reason = v6 ? run_odd6(xdp, pkt->frame_bytes) : run_odd4(xdp, pkt->frame_bytes);
	else
		reason = parse_judge(reason, pkt) ?: run_behind_parse(xdp, pkt, v6);
	return reason == NAT_PENDING && shunt_rodata.nat ? nat_pass(xdp, tags) : reason;
}

/* One bit a reason: does it leave the packet to the stack? */
#define PASS_BIT(name, action, text) | (__u64)(XDP_##action == XDP_PASS) << SHUNT_##name
/* And is it sent back by the interface that it came in by? */
#define TX_BIT(name, action, text) | (__u64)(XDP_##action == XDP_TX) << SHUNT_##name

/* @zero: the key of the counters, which need not be written once more. */
static __always_inline int finish(enum shunt_reason reason, const __u32 *zero)
{
	const __u64 passed = 0 SHUNT_REASON_LIST(PASS_BIT);
	const __u64 answered = 0 SHUNT_REASON_LIST(TX_BIT);

	capture_give(reason);
	stats_count_reason(reason, zero);
	if (reason == SHUNT_FORWARDED)
		return XDP_TX;
	if (reason == SHUNT_REDIRECTED)
		return XDP_REDIRECT;
	if (answered >> reason & 1)
		return XDP_TX;
	return passed >> reason & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int shunt_ingress(struct xdp_md *xdp)
{
	struct cursor cur = cursor_open(xdp);
	struct pkt pkt; /* not zeroed: each stage sets what later ones read */
	enum shunt_reason reason;
	/* Volatile: in none of the registers of the stages. Without tags it is the key 0. */
	volatile __u64 tags = 0;
	bool v6;

	capture_keep(xdp);
	pkt.frame_bytes = cur.end - cur.pos;
	reason = parse_ethernet(&cur, &v6);
	if (reason == SHUNT_NOT_IP) {
		tags = tags_take(xdp);
		if (tags) {
			cur = cursor_open(xdp);
			reason = parse_ethernet(&cur, &v6);
		}
	}
	if (!reason)
		reason = v6 ? run_stages(xdp, &cur, &pkt, (__u64 *)&tags, true)
			    : run_stages(xdp, &cur, &pkt, (__u64 *)&tags, false);
	if (tags) {
		if (tags_put(xdp, tags))
			reason = SHUNT_NO_HEADROOM;
		tags = 0;
	}
	return finish(reason, (const __u32 *)&tags);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
