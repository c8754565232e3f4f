/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From bytes to struct pkt: Ethernet, then IPv4 (RFC 791) or IPv6 (RFC 8200), then
 * the ports of TCP or UDP. Nothing is written to the packet.
 *
 * A packet that is malformed may still be for somebody else. What can be wrong
 * once the destination is known is therefore only named here; parse_judge() lets
 * the packet go to the stack unless the destination is one of ours.
 */
#ifndef BPF_PARSE_H
#define BPF_PARSE_H

#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "addr.h"
#include "extension.h"
#include "maps.h"
#include "pkt.h"
#include "rodata.h"

/*
 * Neither the end of the packet nor plain TCP or UDP: the cold way of odd.h parses it
 * once more. Behind all reasons, and never counted.
 */
#define PARSE_ODD ((enum shunt_reason)SHUNT_REASONS)

/* IPv4 fragment field: "more fragments" and the offset, not "don't fragment". */
#define IPV4_FRAGMENT 0x3fff
/* The offset, in units of 8 bytes. */
#define IPV4_FRAGMENT_OFFSET 0x1fff

/* RFC 9293: where the flags are in the TCP header, and the ones that matter. */
#define TCP_FLAGS_BYTE 13
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

static __always_inline enum shunt_reason parse_ethernet(struct cursor *cur, bool *v6)
{
	const struct ethhdr *eth;
	__be16 proto;

	if (!cursor_take(cur, eth))
		return SHUNT_RUNT;
	if (eth->h_dest[0] & 1)
		return SHUNT_NOT_UNICAST;
	proto = *pkt_ethertype(eth);
	*v6 = proto == bpf_htons(ETH_P_IPV6);
	if (*v6)
		return shunt_rodata.ipv6 ? SHUNT_CONTINUE : SHUNT_NOT_IP;
	if (proto == bpf_htons(ETH_P_IP) && shunt_rodata.ipv4)
		return SHUNT_CONTINUE;
	return SHUNT_NOT_IP;
}

static __always_inline bool parse_is_served(__u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/*
 * Ports, and the length of the IP packet against what the frame holds. @ip_start
 * is where the IP header begins, @cur behind its end.
 */
static __always_inline enum shunt_reason parse_l4(const struct cursor *cur, const void *ip_start,
						  struct pkt *pkt)
{
	const struct udphdr *udp = cur->pos;
	__u32 l4_bytes = pkt->proto == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(*udp);

	pkt->tcp_flags = 0;
	if ((void *)(udp + 1) > cur->end)
		return SHUNT_TRUNCATED;
	if (pkt->proto == IPPROTO_TCP) {
		if (cur->pos + sizeof(struct tcphdr) > cur->end)
			return SHUNT_TRUNCATED;
		pkt->tcp_flags = ((const __u8 *)udp)[TCP_FLAGS_BYTE];
	}
	if (pkt->ip_bytes < cur->pos - ip_start + l4_bytes)
		return SHUNT_BAD_LENGTH;
	if (pkt->ip_bytes > cur->end - ip_start)
		return SHUNT_BAD_LENGTH;
	pkt->ports = *(const __be32 *)udp;
	return SHUNT_CONTINUE;
}

static __always_inline void parse_ipv4_header(const struct iphdr *ip, struct pkt *pkt)
{
	pkt->src = addr_from_v4(ip->saddr);
	pkt->dst = addr_from_v4(ip->daddr);
	pkt->proto = ip->protocol;
	pkt->ttl = ip->ttl;
	pkt->ip_bytes = bpf_ntohs(ip->tot_len);
}

static __always_inline bool parse_is_fragment(const struct iphdr *ip)
{
	return ip->frag_off & bpf_htons(IPV4_FRAGMENT);
}

static __always_inline enum shunt_reason parse_ipv4(struct cursor *cur, struct pkt *pkt)
{
	const struct iphdr *ip;

	if (!cursor_take(cur, ip) || ip->version != 4 || ip->ihl < 5)
		return SHUNT_RUNT;
	if (!parse_is_served(ip->protocol))
		return ip->protocol == IPPROTO_ICMP ? PARSE_ODD : SHUNT_NOT_L4;
	parse_ipv4_header(ip, pkt);
	if (parse_is_fragment(ip))
		return PARSE_ODD;
	cur->pos = (void *)ip + ip->ihl * 4;
	return parse_l4(cur, ip, pkt);
}

static __always_inline enum shunt_reason parse_next_header(__u8 next)
{
	if (parse_is_served(next))
		return SHUNT_CONTINUE;
	if (extension_is(next) || next == IPPROTO_FRAGMENT || next == IPPROTO_ICMPV6)
		return PARSE_ODD;
	return SHUNT_NOT_L4;
}

static __always_inline void parse_ipv6_header(const struct ipv6hdr *ip6, struct pkt *pkt)
{
	pkt->src = addr_from_v6(&ip6->saddr);
	pkt->dst = addr_from_v6(&ip6->daddr);
	pkt->proto = ip6->nexthdr;
	pkt->ttl = ip6->hop_limit;
	pkt->ip_bytes = bpf_ntohs(ip6->payload_len) + sizeof(*ip6);
}

static __always_inline enum shunt_reason parse_ipv6(struct cursor *cur, struct pkt *pkt)
{
	const struct ipv6hdr *ip6;

	if (!cursor_take(cur, ip6) || ip6->version != 6)
		return SHUNT_RUNT;
	parse_ipv6_header(ip6, pkt);
	return parse_next_header(ip6->nexthdr) ?: parse_l4(cur, ip6, pkt);
}

static __always_inline enum shunt_reason parse_ip(struct cursor *cur, struct pkt *pkt,
						  const bool v6)
{
	pkt->odd = 0;
	return v6 ? parse_ipv6(cur, pkt) : parse_ipv4(cur, pkt);
}

/* Malformed packets for other addresses than ours are not ours to judge. */
static __always_inline enum shunt_reason parse_judge(enum shunt_reason reason,
						     const struct pkt *pkt)
{
	struct shunt_addr vip;

	switch (reason) {
	case SHUNT_TRUNCATED:
	case SHUNT_BAD_LENGTH:
	case SHUNT_FRAGMENT:
	case SHUNT_EXTENSION:
	case SHUNT_BAD_ICMP:
	case SHUNT_LATE_FRAGMENT:
		/* A copy: a pkt whose address is taken does not stay in registers. */
		vip = pkt->dst;
		return bpf_map_lookup_elem(&shunt_vips, &vip) ? reason : SHUNT_NOT_SERVICE;
	default:
		return reason;
	}
}

#endif /* BPF_PARSE_H */
