/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Packets that may be ours and are not plain TCP or UDP: fragments, ICMP, IPv6 extension
 * headers. The parser of parse.h leaves them with PARSE_ODD, and they are parsed once
 * more, from the IP header on, by whoever knows them. What comes out of it goes through
 * the same stages; pkt->odd tells them what is different.
 */
#ifndef BPF_ODD_H
#define BPF_ODD_H

#include "extension.h"
#include "fragment.h"
#include "icmp.h"
#include "parse.h"

/*
 * The packet of each CPU. On the stack it would lie below that of the main way, which
 * still counts here, and leave too little for those who are called.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct pkt);
	__uint(max_entries, 1);
} shunt_odd SEC(".maps");

/* By the main way's parser the header is whole, and right as far as that looked. */
static __always_inline enum shunt_reason odd_parse_ipv4(struct xdp_md *xdp, struct cursor *cur,
							struct pkt *pkt)
{
	const struct iphdr *ip;

	if (!cursor_take(cur, ip))
		return SHUNT_RUNT;
	parse_ipv4_header(ip, pkt);
	if (parse_is_fragment(ip))
		return fragment_take4(cur, ip, pkt);
	cur->pos = (void *)ip + ip->ihl * 4;
	return icmp_take(xdp, cur, ip, pkt, false);
}

static __always_inline enum shunt_reason odd_parse_ipv6(struct xdp_md *xdp, struct cursor *cur,
							struct pkt *pkt)
{
	struct extensions found = {};
	const struct ipv6hdr *ip6;
	enum shunt_reason reason;

	if (!cursor_take(cur, ip6))
		return SHUNT_RUNT;
	parse_ipv6_header(ip6, pkt);
	found.next = ip6->nexthdr;
	reason = extension_step_over(xdp, cur, &found);
	pkt->proto = found.next;
	if (!reason)
		reason = fragment_take6(cur, ip6, &found, pkt);
	if (reason || pkt->odd & PKT_LATER)
		return reason;
	if (pkt->proto == IPPROTO_ICMPV6)
		return icmp_take(xdp, cur, ip6, pkt, true);
	reason = parse_next_header(pkt->proto);
	/* More of them than there may be. */
	if (reason == PARSE_ODD)
		return SHUNT_EXTENSION;
	return reason ?: parse_l4(cur, ip6, pkt);
}

static __always_inline enum shunt_reason odd_parse(struct xdp_md *xdp, struct pkt *pkt,
						   const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	enum shunt_reason reason;
	struct ethhdr *eth;

	if (!pkt || !cursor_take(&cur, eth))
		return SHUNT_RUNT;
	pkt->odd = 0;
	reason = v6 ? odd_parse_ipv6(xdp, &cur, pkt) : odd_parse_ipv4(xdp, &cur, pkt);
	if (!reason && pkt->odd & PKT_LATER)
		fragment_recall(pkt);
	return parse_judge(reason, pkt);
}

/* Global, as those below are: for what they keep on the stack is gone then. Return: enum shunt_reason. */
__noinline int odd_parse4(struct xdp_md *xdp, struct pkt *pkt)
{
	return odd_parse(xdp, pkt, false);
}

__noinline int odd_parse6(struct xdp_md *xdp, struct pkt *pkt)
{
	return odd_parse(xdp, pkt, true);
}

/* There is no service for a packet: what that means. Return: enum shunt_reason. */
__noinline int odd_is_lost(const struct pkt *pkt)
{
	if (!pkt || !(pkt->odd & PKT_ICMP))
		return SHUNT_NOT_SERVICE;
	return parse_judge(SHUNT_BAD_ICMP, pkt);
}

static __always_inline struct pkt *odd_open(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&shunt_odd, &zero);
}

#endif /* BPF_ODD_H */
