/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * An outer IPv4 or IPv6 header around the client's packet: RFC 2003 (4in4), 4213
 * (6in4), 2473 (in IPv6). DSCP and ECN are copied outwards, the normal mode of
 * RFC 6040. "Don't fragment" is copied too, and set for IPv6, whose routers do not
 * fragment; then the identification means nothing and is 0 (RFC 6864).
 */
#ifndef BPF_FWD_IPIP_H
#define BPF_FWD_IPIP_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>

#include "fwd_hop.h"

#define IPIP_TTL 64
#define IPV4_DF 0x4000
/* RFC 6437: the flow label is 20 bits. */
#define IPV6_LABEL_MASK 0xfffff

/* What the outer header takes from the inner one. */
struct inner {
	__u32 bytes;
	__u8 tos; /* or traffic class */
	__u8 proto; /* of the outer header: the inner one is its payload */
	__be16 frag; /* of an outer IPv4 header: DF or 0 */
	__be16 id;
};

static __always_inline struct inner inner_from_v4(const struct iphdr *ip, const struct pkt *pkt)
{
	const __be16 df = ip->frag_off & bpf_htons(IPV4_DF);

	return (struct inner){
		.bytes = pkt->ip_bytes,
		.tos = ip->tos,
		.proto = IPPROTO_IPIP,
		.frag = df,
		.id = df ? 0 : ip->id,
	};
}

static __always_inline struct inner inner_from_v6(const struct ipv6hdr *ip6, const struct pkt *pkt)
{
	return (struct inner){
		.bytes = pkt->ip_bytes,
		.tos = ip6->priority << 4 | ip6->flow_lbl[0] >> 4,
		.proto = IPPROTO_IPV6,
		.frag = bpf_htons(IPV4_DF),
	};
}

/* From the values and not from the header, whose bytes were only just stored. */
static __always_inline __u16 ipip_csum(const struct iphdr *ip)
{
	__u64 sum = bpf_htons(0x4500 | ip->tos);

	sum += ip->tot_len;
	sum += ip->id;
	sum += ip->frag_off;
	sum += bpf_htons(IPIP_TTL << 8 | ip->protocol);
	sum += ip->saddr;
	sum += ip->daddr;
	return shunt_csum_fold((__u32)(sum & 0xffff) + (__u32)(sum >> 16));
}

static __always_inline void ipip_put_v4(struct iphdr *ip, const struct inner *inner,
					const struct fwd *fwd)
{
	struct iphdr outer = {
		.version = 4,
		.ihl = sizeof(*ip) / 4,
		.tos = inner->tos,
		.tot_len = bpf_htons(inner->bytes + sizeof(*ip)),
		.id = inner->id,
		.frag_off = inner->frag,
		.ttl = IPIP_TTL,
		.protocol = inner->proto,
		.saddr = fwd->egress->src4,
		.daddr = fwd->leg->addr.w[3],
	};

	outer.check = ipip_csum(&outer);
	*ip = outer;
}

static __always_inline void ipip_put_v6(struct ipv6hdr *ip6, const struct inner *inner,
					const struct fwd *fwd, __u64 hash)
{
	const __u32 label = hash >> 32 & IPV6_LABEL_MASK;

	*(__be32 *)ip6 = bpf_htonl(6U << 28 | (__u32)inner->tos << 20 | label);
	ip6->payload_len = bpf_htons(inner->bytes);
	ip6->nexthdr = inner->proto;
	ip6->hop_limit = IPIP_TTL;
	__builtin_memcpy(&ip6->saddr, &fwd->egress->src6, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, &fwd->leg->addr, sizeof(ip6->daddr));
}

static __always_inline bool ipip_has_source(const struct fwd *fwd, const bool outer_v6)
{
	return outer_v6 ? fwd->egress->src6.d[0] || fwd->egress->src6.d[1] : fwd->egress->src4;
}

/* The inner header under @cur: one hop less, and what the outer one needs of it. */
static __always_inline bool ipip_take_inner(struct cursor *cur, const struct pkt *pkt,
					    struct inner *inner, const bool v6)
{
	struct cursor here = *cur;
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;

	if (!fwd_decrement_ttl(cur, v6))
		return false;
	if (v6) {
		if (!cursor_take(&here, ip6))
			return false;
		*inner = inner_from_v6(ip6, pkt);
	} else {
		if (!cursor_take(&here, ip))
			return false;
		*inner = inner_from_v4(ip, pkt);
	}
	return true;
}

/* Write Ethernet and outer header over the room made by bpf_xdp_adjust_head(). */
static __always_inline bool ipip_put(struct xdp_md *xdp, const struct pkt *pkt,
				     const struct fwd *fwd, const bool outer_v6, const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	struct ipv6hdr *outer6;
	struct iphdr *outer4;
	struct ethhdr *eth;
	struct inner inner;

	if (!cursor_take(&cur, eth))
		return false;
	if (outer_v6 ? !cursor_take(&cur, outer6) : !cursor_take(&cur, outer4))
		return false;
	if (!ipip_take_inner(&cur, pkt, &inner, v6))
		return false;
	fwd_set_macs(eth, fwd);
	*pkt_ethertype(eth) = outer_v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	if (outer_v6)
		ipip_put_v6(outer6, &inner, fwd, pkt->hash);
	else
		ipip_put_v4(outer4, &inner, fwd);
	return true;
}

static __always_inline enum shunt_reason fwd_ipip(struct xdp_md *xdp, const struct pkt *pkt,
						  const struct fwd *fwd, const bool outer_v6,
						  const bool v6)
{
	const int outer_bytes = outer_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	if (!ipip_has_source(fwd, outer_v6))
		return SHUNT_NO_SOURCE;
	if (pkt->ip_bytes + outer_bytes > fwd->leg->mtu)
		return SHUNT_TOO_BIG;
	if (bpf_xdp_adjust_head(xdp, -outer_bytes))
		return SHUNT_NO_HEADROOM;
	return ipip_put(xdp, pkt, fwd, outer_v6, v6) ? SHUNT_CONTINUE : SHUNT_TRUNCATED;
}

#endif /* BPF_FWD_IPIP_H */
