/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Fragments of IPv4 (RFC 791) and IPv6 (RFC 8200, 4.5), on the cold way. They are not put
 * together: each goes where its datagram goes. The first one has the ports, which
 * shunt_fragments remembers for the later ones. A service whose hash leaves ports out
 * (SHUNT_SERVICE_L3HASH) needs no memory: its VIP is listed once more, without a port.
 *
 * Memory comes before that listing: what is remembered is of a service with ports, which
 * another service of the same VIP must not take away from it.
 *
 * Whatever first fragment is let through holds the whole TCP header (RFC 1858), and no
 * later one of TCP begins inside its first 16 bytes (RFC 3128). Overlaps behind that are
 * for the backend to judge (RFC 5722).
 */
#ifndef BPF_FRAGMENT_H
#define BPF_FRAGMENT_H

#include "clock.h"
#include "maps.h"
#include "parse.h"
#include "pkt.h"
#include "rodata.h"

/* --- parsing ---------------------------------------------------------------- */

/* A later fragment; @cur is behind the headers, which begin at @ip_start. */
static __always_inline enum shunt_reason
fragment_take_later(const struct cursor *cur, const void *ip_start, __u16 offset, struct pkt *pkt)
{
	pkt->odd |= PKT_LATER;
	pkt->ports = 0;
	pkt->tcp_flags = 0;
	if (cur->pos > cur->end)
		return SHUNT_TRUNCATED;
	if (pkt->ip_bytes < cur->pos - ip_start || pkt->ip_bytes > cur->end - ip_start)
		return SHUNT_BAD_LENGTH;
	return pkt->proto == IPPROTO_TCP && offset == 1 ? SHUNT_FRAGMENT : SHUNT_CONTINUE;
}

/* A fragment with the header @ip. An echo of ICMP in pieces is answered by nobody. */
static __always_inline enum shunt_reason fragment_take4(struct cursor *cur, const struct iphdr *ip,
							struct pkt *pkt)
{
	const __u16 offset = bpf_ntohs(ip->frag_off) & IPV4_FRAGMENT_OFFSET;

	pkt->odd |= PKT_FRAGMENT;
	pkt->fragment_id = ip->id;
	if (!parse_is_served(pkt->proto))
		return SHUNT_FRAGMENT;
	cur->pos = (void *)ip + ip->ihl * 4;
	return offset ? fragment_take_later(cur, ip, offset, pkt) : parse_l4(cur, ip, pkt);
}

/*
 * A packet in which @found is what the extension headers say, @cur behind them and, unless it is a later
 * fragment, behind all extension headers. One that is all of its datagram (RFC 6946) is
 * none. SHUNT_CONTINUE: what the transport header says is still to be parsed, if !PKT_LATER.
 */
static __always_inline enum shunt_reason fragment_take6(struct cursor *cur,
							const struct ipv6hdr *ip6,
							const struct extensions *found,
							struct pkt *pkt)
{
	if (found->fragment & (EXTENSION_OFFSET | EXTENSION_MORE))
		pkt->odd |= PKT_FRAGMENT | PKT_FRAGMENT6;
	pkt->fragment_id = found->fragment_id;
	if (pkt->odd & PKT_FRAGMENT && pkt->proto == IPPROTO_ICMPV6)
		return SHUNT_FRAGMENT;
	if (!(found->fragment & EXTENSION_OFFSET))
		return SHUNT_CONTINUE;
	/* Of one that begins with extension headers the protocol is not known. */
	if (!parse_is_served(pkt->proto) && !extension_is(pkt->proto))
		return SHUNT_NOT_L4;
	return fragment_take_later(cur, ip6, found->fragment >> EXTENSION_OFFSET_SHIFT, pkt);
}

/* --- memory ----------------------------------------------------------------- */

/* RFC 8200: in IPv6 the protocol is no part of it. */
static __always_inline struct shunt_fragment_key fragment_key(const struct pkt *pkt)
{
	return (struct shunt_fragment_key){
		.src = pkt->src,
		.dst = pkt->dst,
		.id = pkt->fragment_id,
		.proto = pkt->odd & PKT_FRAGMENT6 ? 0 : pkt->proto,
	};
}

/* Remember a first fragment, for fragment_recall(). Return: 0. */
__noinline int fragment_note(const struct pkt *pkt)
{
	struct shunt_fragment value = {};
	struct shunt_fragment_key key;

	if (!pkt)
		return 0;
	key = fragment_key(pkt);
	value.ports = pkt->ports;
	value.seen_s = clock_now_s();
	value.proto = pkt->proto;
	bpf_map_update_elem(&shunt_fragments, &key, &value, BPF_ANY);
	return 0;
}

/* Give a later fragment the ports of the first one, or PKT_NO_PORTS. */
static __always_inline void fragment_recall(struct pkt *pkt)
{
	const struct shunt_fragment_key key = fragment_key(pkt);
	const struct shunt_fragment *first = bpf_map_lookup_elem(&shunt_fragments, &key);

	if (!first || clock_now_s() - first->seen_s > SHUNT_FRAGMENT_S) {
		pkt->odd |= PKT_NO_PORTS;
		return;
	}
	pkt->ports = first->ports;
	pkt->proto = first->proto;
}

/* --- judging ---------------------------------------------------------------- */

/*
 * Of no service. On a VIP the stack gets all of a datagram whose first fragment says so,
 * and else nothing: nobody could put it together. With nat it may be of an answer.
 */
static __always_inline enum shunt_reason fragment_judge_stray(const struct pkt *pkt)
{
	const bool is_first = !(pkt->odd & PKT_LATER);
	const enum shunt_reason lost = parse_judge(SHUNT_LATE_FRAGMENT, pkt);

	if (is_first && (shunt_rodata.nat || lost == SHUNT_LATE_FRAGMENT))
		fragment_note(pkt);
	return is_first || !(pkt->odd & PKT_NO_PORTS) ? SHUNT_NOT_SERVICE : lost;
}

/* Connections of nat are found by their ports, however backends are picked. */
static __always_inline bool fragment_needs_ports(__u32 service_flags)
{
	return !shunt_rodata.rich || !(service_flags & SHUNT_SERVICE_L3HASH) ||
	       service_flags & SHUNT_SERVICE_NAT;
}

/* A fragment, of which service_match() has said @matched. Return: enum shunt_reason. */
__noinline int fragment_judge(const struct pkt *pkt, __u32 matched)
{
	if (!pkt)
		return SHUNT_FRAGMENT;
	if (matched == SHUNT_NOT_SERVICE)
		return fragment_judge_stray(pkt);
	if (matched)
		return matched;
	if (pkt->service_flags & SHUNT_SERVICE_NO_FRAGMENTS)
		return SHUNT_FRAGMENT;
	if (!fragment_needs_ports(pkt->service_flags))
		return SHUNT_CONTINUE;
	if (pkt->odd & PKT_NO_PORTS)
		return SHUNT_LATE_FRAGMENT;
	return pkt->odd & PKT_LATER ? SHUNT_CONTINUE : fragment_note(pkt);
}

#endif /* BPF_FRAGMENT_H */
