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

/* By the main way's parser the header is whole, and right as far as that looked. */
static __always_inline enum shunt_reason odd_parse_ipv4(struct cursor *cur, struct pkt *pkt)
{
	const struct iphdr *ip;

	if (!cursor_take(cur, ip))
		return SHUNT_RUNT;
	parse_ipv4_header(ip, pkt);
	if (parse_is_fragment(ip))
		return fragment_take4(pkt);
	cur->pos = (void *)ip + ip->ihl * 4;
	return icmp_take(pkt);
}

static __always_inline enum shunt_reason odd_parse_ipv6(struct cursor *cur, struct pkt *pkt)
{
	const struct ipv6hdr *ip6;
	enum shunt_reason reason;

	if (!cursor_take(cur, ip6))
		return SHUNT_RUNT;
	parse_ipv6_header(ip6, pkt);
	reason = extension_skip_all(cur, &pkt->proto);
	if (reason)
		return reason;
	if (pkt->proto == IPPROTO_FRAGMENT)
		return fragment_take6(pkt);
	if (pkt->proto == IPPROTO_ICMPV6)
		return icmp_take(pkt);
	reason = parse_next_header(pkt->proto);
	/* More of them than there may be. */
	if (reason == PARSE_ODD)
		return SHUNT_EXTENSION;
	return reason ?: parse_l4(cur, ip6, pkt);
}

static __always_inline enum shunt_reason odd_parse(struct cursor *cur, struct pkt *pkt,
						   const bool v6)
{
	pkt->odd = 0;
	return v6 ? odd_parse_ipv6(cur, pkt) : odd_parse_ipv4(cur, pkt);
}

#endif /* BPF_ODD_H */
