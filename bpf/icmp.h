/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * ICMP (RFC 792) and ICMPv6 (RFC 4443) on the cold way. To a VIP:
 *
 * - An echo request is answered: which backend could speak for all of them? The frame
 *   is turned round. With IPv4 options or IPv6 extension headers it is left to the
 *   stack: an answer would have to record, or to reverse, the route that they hold.
 * - An error goes where the flow goes that it is about. It quotes a packet that a
 *   backend sent from the VIP; turned round, that is one of the flow's own.
 * - All else is the stack's, neighbour discovery before all.
 *
 * What is for no VIP is left alone, but errors if there is nat: it may be for the
 * client or the pool of one of its connections.
 */
#ifndef BPF_ICMP_H
#define BPF_ICMP_H

#include <bpf/bpf_endian.h>

#include "clock.h"
#include "extension.h"
#include "guard.h"
#include "maps.h"
#include "parse.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/csum.h"

#define ICMP_TTL 64

/* RFC 792. <linux/icmp.h> takes half of libc along. */
enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_ECHO_REQUEST = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
};

/* RFC 4443 */
enum icmpv6_type {
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER_PROBLEM = 4,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
};

/* The same of both. */
struct icmp_head {
	__u8 type;
	__u8 code;
	__be16 check;
	__be32 rest;
};

/* As much of TCP or UDP as RFC 792 has errors quote. */
struct icmp_quoted_l4 {
	__be32 ports;
	__be32 rest;
};

/* --- what is answered --------------------------------------------------------- */

/* Is @addr a host's? RFC 1122, 3.2.2 and RFC 4443, 2.4: others get no answer. */
static __always_inline bool icmp_may_answer(const struct shunt_addr *addr, const bool v6)
{
	if (v6)
		return addr->b[0] != 0xff &&
		       (addr->d[0] || addr->w[2] || (bpf_ntohl(addr->w[3]) > 1));
	return addr->b[12] != 0 && addr->b[12] != 127 && addr->b[12] < 224;
}

static __always_inline bool icmp_is_in_budget(void)
{
	const __u32 zero = 0;

	return clock_take(bpf_map_lookup_elem(&shunt_icmp_budget, &zero), shunt_rodata.icmp_per_s,
			  clock_now_s());
}

/* Back to where the frame came from. */
static __always_inline void icmp_swap_macs(struct ethhdr *eth)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
}

/* --- echo ----------------------------------------------------------------------- */

static __always_inline void icmp_turn_ipv4(struct iphdr *ip)
{
	__be16 *ttl = (__be16 *)&ip->ttl; /* the word of the checksum that it is in */
	const __be16 old = *ttl;
	const __be32 saddr = ip->saddr;

	ip->ttl = ICMP_TTL;
	ip->check = shunt_csum_replace(ip->check, old, *ttl);
	ip->saddr = ip->daddr;
	ip->daddr = saddr;
}

static __always_inline void icmp_turn_ipv6(struct ipv6hdr *ip6)
{
	const struct in6_addr saddr = ip6->saddr;

	ip6->hop_limit = ICMP_TTL;
	ip6->saddr = ip6->daddr;
	ip6->daddr = saddr;
}

/*
 * Updated and not recomputed: what is wrong stays wrong, for the asker to see. Never 0,
 * which is as good as 0xffff but for a message of zeroes, and a reply can be one.
 */
static __always_inline void icmp_set_type(struct icmp_head *icmp, __u8 type)
{
	__be16 *word = (__be16 *)&icmp->type;
	const __be16 old = *word;

	icmp->type = type;
	icmp->check = shunt_csum_replace(icmp->check, old, *word) ?: 0xffff;
}

static __always_inline enum shunt_reason icmp_answer_echo(const struct xdp_md *xdp, const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	struct icmp_head *icmp;
	struct ipv6hdr *ip6;
	struct ethhdr *eth;
	struct iphdr *ip;

	if (!cursor_take(&cur, eth))
		return SHUNT_TRUNCATED;
	if (v6 ? !cursor_take(&cur, ip6) : !cursor_take(&cur, ip))
		return SHUNT_TRUNCATED;
	if (!cursor_take(&cur, icmp))
		return SHUNT_TRUNCATED;
	if (!icmp_is_in_budget())
		return SHUNT_ICMP_LIMITED;
	icmp_swap_macs(eth);
	if (v6)
		icmp_turn_ipv6(ip6);
	else
		icmp_turn_ipv4(ip);
	icmp_set_type(icmp, v6 ? ICMPV6_ECHO_REPLY : ICMP_ECHO_REPLY);
	return SHUNT_ECHO_ANSWERED;
}

/* --- errors --------------------------------------------------------------------- */

static __always_inline bool icmp_is_error(__u8 type, const bool v6)
{
	if (v6)
		return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER_PROBLEM;
	return type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

/* Step over the IPv4 header that is quoted, of a packet from where the error came to. */
static __always_inline bool icmp_take_quoted_ipv4(struct cursor *cur, struct pkt *pkt)
{
	const struct iphdr *ip;

	if (!cursor_take(cur, ip) || ip->version != 4 || ip->ihl < 5)
		return false;
	if (ip->saddr != pkt->dst.w[3] || ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
		return false;
	pkt->src = addr_from_v4(ip->daddr);
	pkt->proto = ip->protocol;
	cur->pos = (void *)ip + ip->ihl * 4;
	return true;
}

static __always_inline bool icmp_take_quoted_ipv6(struct xdp_md *xdp, struct cursor *cur,
						  struct pkt *pkt)
{
	struct extensions found = {};
	const struct ipv6hdr *ip6;
	struct shunt_addr from;

	if (!cursor_take(cur, ip6) || ip6->version != 6)
		return false;
	from = addr_from_v6(&ip6->saddr);
	if (from.d[0] != pkt->dst.d[0] || from.d[1] != pkt->dst.d[1])
		return false;
	pkt->src = addr_from_v6(&ip6->daddr);
	found.next = ip6->nexthdr;
	if (extension_step_over(xdp, cur, &found) || found.fragment & EXTENSION_OFFSET)
		return false;
	pkt->proto = found.next;
	return true;
}

/*
 * Make @pkt the packet that the one quoted under @cur answers. It must all be within
 * the IP packet, which begins at @ip_start: behind it is nothing that was sent.
 */
static __always_inline enum shunt_reason icmp_turn_quoted(struct xdp_md *xdp, struct cursor *cur,
							  const void *ip_start, struct pkt *pkt,
							  const bool v6)
{
	const struct icmp_quoted_l4 *l4;

	if (v6 ? !icmp_take_quoted_ipv6(xdp, cur, pkt) : !icmp_take_quoted_ipv4(cur, pkt))
		return SHUNT_BAD_ICMP;
	if (!parse_is_served(pkt->proto) || !cursor_take(cur, l4))
		return SHUNT_BAD_ICMP;
	if (cur->pos - ip_start > pkt->ip_bytes)
		return SHUNT_BAD_ICMP;
	pkt->ports = l4->ports << 16 | l4->ports >> 16;
	pkt->odd |= PKT_ICMP;
	return SHUNT_CONTINUE;
}

/* --- which of them --------------------------------------------------------------- */

static __always_inline bool icmp_is_for_vip(const struct pkt *pkt)
{
	const struct shunt_addr dst = pkt->dst;

	return bpf_map_lookup_elem(&shunt_vips, &dst);
}

/* Is that an echo request which we answer, and not the stack? */
static __always_inline bool icmp_is_our_echo(const struct pkt *pkt, __u8 type,
					     __u32 ip_header_bytes, const bool v6)
{
	const __u32 plain_bytes = v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	return shunt_rodata.icmp_per_s && type == (v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST) &&
	       ip_header_bytes == plain_bytes && icmp_may_answer(&pkt->src, v6) &&
	       icmp_is_for_vip(pkt);
}

/*
 * Who may not send to services may not say either what becomes of their packets. Whether
 * the flow that an error is about may, is asked with its service.
 */
static __always_inline enum shunt_reason icmp_admit(const struct pkt *pkt, const bool v6)
{
	if (!shunt_rodata.guard || !icmp_is_for_vip(pkt))
		return SHUNT_CONTINUE;
	return guard_admit_icmp(&pkt->src, v6);
}

/*
 * @cur: at the ICMP header of the packet that begins at @ip_start and that @pkt describes.
 * SHUNT_CONTINUE: an error, and @pkt the packet that it goes the way of.
 */
static __always_inline enum shunt_reason icmp_take(struct xdp_md *xdp, struct cursor *cur,
						   const void *ip_start, struct pkt *pkt,
						   const bool v6)
{
	const __u32 header_bytes = cur->pos - ip_start;
	const struct icmp_head *icmp;
	enum shunt_reason reason;
	bool echo;

	if (!shunt_rodata.nat && !icmp_is_for_vip(pkt))
		return SHUNT_NOT_L4;
	if (!cursor_take(cur, icmp))
		return SHUNT_TRUNCATED;
	echo = icmp_is_our_echo(pkt, icmp->type, header_bytes, v6);
	if (!echo && !icmp_is_error(icmp->type, v6))
		return SHUNT_NOT_L4;
	if (pkt->ip_bytes < header_bytes + sizeof(*icmp) || pkt->ip_bytes > cur->end - ip_start)
		return SHUNT_BAD_LENGTH;
	reason = icmp_admit(pkt, v6);
	if (reason)
		return reason;
	pkt->tcp_flags = 0;
	return echo ? icmp_answer_echo(xdp, v6) : icmp_turn_quoted(xdp, cur, ip_start, pkt, v6);
}

#endif /* BPF_ICMP_H */
