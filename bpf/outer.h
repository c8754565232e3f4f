/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What is written into a packet on its way to a backend: MAC addresses, the TTL, and an
 * outer IPv4 or IPv6 header: RFC 2003 (4in4), 4213 (6in4), 2473 (in IPv6); and perhaps
 * UDP behind that, for whoever asks for it. DSCP and ECN are copied outwards, the normal
 * mode of RFC 6040. "Don't fragment" is copied too, and set for IPv6, whose routers do
 * not fragment; then the identification means nothing and is 0 (RFC 6864).
 *
 * No maps and no helpers: the XDP program and that of health checks (probe.bpf.c) make
 * room for it, each in its way, and share the rest.
 */
#ifndef BPF_OUTER_H
#define BPF_OUTER_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>
#include <linux/udp.h>

#include "addr.h"
#include "pkt.h"
#include "shunt/csum.h"

/**
 * struct fwd - where a packet goes
 * @leg: of the backend, for the packet's family
 * @hop: as it was when it was read; user space may store another one meanwhile
 * @egress: the interface that @hop names
 */
struct fwd {
	const struct shunt_leg *leg;
	union shunt_hop hop;
	const struct shunt_egress *egress;
};

#define MAC_MASK 0xffffffffffffULL

/* Two stores at offsets: struct ethhdr is packed, so that its fields are written byte by byte. */
static __always_inline void fwd_set_macs(struct ethhdr *eth, const struct fwd *fwd)
{
	const __u64 smac = *(const __u64 *)fwd->egress->smac;

	*(__u64 *)eth = (fwd->hop.word & MAC_MASK) | smac << 48;
	*(__u32 *)((void *)eth + sizeof(__u64)) = smac >> 16;
}

/*
 * One hop less in the IP header under @cur, which is already known not to be the
 * last one. The checksum is updated, not recomputed: a wrong one stays wrong and
 * the receiver can see it. False if the packet ends before that.
 */
static __always_inline bool fwd_decrement_ttl(struct cursor *cur, const bool v6)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__be16 *ttl;

	if (v6) {
		if (!cursor_take(cur, ip6))
			return false;
		ip6->hop_limit--;
		return true;
	}
	if (!cursor_take(cur, ip))
		return false;
	/* The word of the checksum that the TTL is the high byte of. */
	ttl = (__be16 *)&ip->ttl;
	ip->check = shunt_csum_replace(ip->check, *ttl, *ttl - bpf_htons(0x0100));
	ip->ttl--;
	return true;
}

#define TUNNEL_TTL 64
/* RFC 6437: the flow label is 20 bits. */
#define IPV6_LABEL_MASK 0xfffff

/**
 * struct tunnel - what to put around a packet. The flags are constants: what they
 *	switch off is not compiled.
 * @ip_bytes, @hash: of the packet
 * @outer_v6: of the outer header
 * @v6: of the packet
 * @udp: with UDP in between
 * @keeps_macs: the frame has the MAC addresses that it shall have
 */
struct tunnel {
	const struct fwd *fwd;
	__u64 hash;
	__u32 ip_bytes;
	bool outer_v6;
	bool v6;
	bool udp;
	bool keeps_macs;
};

/* What the outer header says because of what is in it. */
struct inner {
	__u32 bytes; /* behind the outer header */
	__u8 tos; /* or traffic class */
	__u8 proto;
	__be16 frag; /* of an outer IPv4 header: DF or 0 */
	__be16 id;
};

static __always_inline int tunnel_bytes(const struct tunnel *t)
{
	return (t->outer_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) +
	       (t->udp ? sizeof(struct udphdr) : 0);
}

static __always_inline bool tunnel_has_source(const struct tunnel *t)
{
	const struct shunt_egress *e = t->fwd->egress;

	return t->outer_v6 ? e->src6.d[0] || e->src6.d[1] : e->src4;
}

static __always_inline struct inner inner_from_v4(const struct iphdr *ip, __u32 bytes)
{
	const __be16 df = ip->frag_off & bpf_htons(IPV4_DF);

	return (struct inner){
		.bytes = bytes,
		.tos = ip->tos,
		.proto = IPPROTO_IPIP,
		.frag = df,
		.id = df ? 0 : ip->id,
	};
}

static __always_inline struct inner inner_from_v6(const struct ipv6hdr *ip6, __u32 bytes)
{
	return (struct inner){
		.bytes = bytes,
		.tos = ip6->priority << 4 | ip6->flow_lbl[0] >> 4,
		.proto = IPPROTO_IPV6,
		.frag = bpf_htons(IPV4_DF),
	};
}

/* The packet's header under @cur: one hop less, and what the outer one needs of it. */
static __always_inline bool tunnel_take_inner(const struct tunnel *t, struct cursor *cur,
					      struct inner *inner)
{
	struct cursor here = *cur;
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;

	if (!fwd_decrement_ttl(cur, t->v6))
		return false;
	if (t->v6) {
		if (!cursor_take(&here, ip6))
			return false;
		*inner = inner_from_v6(ip6, t->ip_bytes);
	} else {
		if (!cursor_take(&here, ip))
			return false;
		*inner = inner_from_v4(ip, t->ip_bytes);
	}
	if (t->udp) {
		inner->bytes += sizeof(struct udphdr);
		inner->proto = IPPROTO_UDP;
	}
	return true;
}

/* From the values and not from the header, whose bytes were only just stored. */
static __always_inline __u16 tunnel_csum(const struct iphdr *ip)
{
	__u64 sum = bpf_htons(0x4500 | ip->tos);

	sum += ip->tot_len;
	sum += ip->id;
	sum += ip->frag_off;
	sum += bpf_htons(TUNNEL_TTL << 8 | ip->protocol);
	sum += ip->saddr;
	sum += ip->daddr;
	return shunt_csum_fold((__u32)(sum & 0xffff) + (__u32)(sum >> 16));
}

static __always_inline void tunnel_put_v4(const struct tunnel *t, const struct inner *inner,
					  struct iphdr *ip)
{
	struct iphdr outer = {
		.version = 4,
		.ihl = sizeof(*ip) / 4,
		.tos = inner->tos,
		.tot_len = bpf_htons(inner->bytes + sizeof(*ip)),
		.id = inner->id,
		.frag_off = inner->frag,
		.ttl = TUNNEL_TTL,
		.protocol = inner->proto,
		.saddr = t->fwd->egress->src4,
		.daddr = t->fwd->leg->addr.w[3],
	};

	outer.check = tunnel_csum(&outer);
	*ip = outer;
}

static __always_inline void tunnel_put_v6(const struct tunnel *t, const struct inner *inner,
					  struct ipv6hdr *ip6)
{
	const __u32 label = t->hash >> 32 & IPV6_LABEL_MASK;

	*(__be32 *)ip6 = bpf_htonl(6U << 28 | (__u32)inner->tos << 20 | label);
	ip6->payload_len = bpf_htons(inner->bytes);
	ip6->nexthdr = inner->proto;
	ip6->hop_limit = TUNNEL_TTL;
	__builtin_memcpy(&ip6->saddr, &t->fwd->egress->src6, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, &t->fwd->leg->addr, sizeof(ip6->daddr));
}

/* The ports that RFC 6335 leaves to whoever needs some: RFC 7510 has a flow's hash pick one. */
#define TUNNEL_FIRST_PORT 49152

/* Without a checksum: optional over IPv4, and RFC 6935 and 6936 allow it over IPv6. */
static __always_inline void tunnel_put_udp(const struct tunnel *t, const struct inner *inner,
					   struct udphdr *udp)
{
	udp->source = bpf_htons(TUNNEL_FIRST_PORT | (__u16)(t->hash >> 48));
	udp->dest = t->fwd->leg->port;
	udp->len = bpf_htons(inner->bytes);
	udp->check = 0;
}

/* Write Ethernet and what is new over the room that was made for it at @cur. */
static __always_inline bool tunnel_put(struct cursor *cur, const struct tunnel *t)
{
	struct udphdr *udp = NULL;
	struct ipv6hdr *outer6;
	struct iphdr *outer4;
	struct ethhdr *eth;
	struct inner inner;

	if (!cursor_take(cur, eth))
		return false;
	if (t->outer_v6 ? !cursor_take(cur, outer6) : !cursor_take(cur, outer4))
		return false;
	if (t->udp && !cursor_take(cur, udp))
		return false;
	if (!tunnel_take_inner(t, cur, &inner))
		return false;
	if (!t->keeps_macs)
		fwd_set_macs(eth, t->fwd);
	*pkt_ethertype(eth) = t->outer_v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	if (t->outer_v6)
		tunnel_put_v6(t, &inner, outer6);
	else
		tunnel_put_v4(t, &inner, outer4);
	if (t->udp)
		tunnel_put_udp(t, &inner, udp);
	return true;
}

#endif /* BPF_OUTER_H */
