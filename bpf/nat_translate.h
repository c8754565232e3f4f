/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A packet of a connection of fullnat from IPv4 to IPv6 or back: RFC 7915, with the
 * addresses and ports of the connection's record.
 *
 * - DSCP, ECN and the TTL go over, one hop less. The flow label is 0.
 * - IPv4 options stay behind. One of them would matter, a source route that is not
 *   at its end; but then the checksum of TCP or UDP is that of the last destination,
 *   stays wrong, and nobody takes the packet.
 * - To IPv4, "don't fragment" is set, and the identification, which means nothing
 *   then, is 0. But not up to 1260 bytes: an IPv6 host need not send less than 1280
 *   whatever a path of IPv4 cannot carry, so routers have to be allowed to cut that.
 *   Such a packet needs an identification that is unlikely to come again soon: a
 *   random one.
 * - Fragments and IPv6 extension headers are not translated.
 * - UDP without a checksum is for IPv4 only. To IPv6 it gets one; from there it is an
 *   error that IPv6 hosts must not accept, and is not laundered.
 */
#ifndef BPF_NAT_TRANSLATE_H
#define BPF_NAT_TRANSLATE_H

#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nat_packet.h"
#include "nat_rewrite.h"
#include "nat_sum.h"
#include "parse.h"
#include "shunt/conn.h"
#include "shunt/reason.h"

/* RFC 7915, 5.1: IPv4 packets up to here may be fragmented. */
#define IPV4_SMALL_BYTES 1260

/* The offset of what follows Ethernet. */
#define NAT_IP ((__u32)sizeof(struct ethhdr))

/**
 * struct l3 - what an IP header says, of either family
 * @header_bytes: of the header that was read, options included
 * @bytes: behind it
 * @id, @frag: identification and fragment field of IPv4; of IPv6 what one that means the
 *	same has
 */
struct l3 {
	__u32 header_bytes;
	__u32 bytes;
	__be16 id;
	__be16 frag;
	__u8 tos;
	__u8 ttl;
	__u8 proto;
};

static __always_inline bool l3_is_fragment(const struct l3 *l3)
{
	return l3->frag & bpf_htons(IPV4_FRAGMENT);
}

/* Before a packet is sent to IPv4: may it be fragmented on its way? */
static __always_inline void l3_choose_frag(struct l3 *l3)
{
	const bool is_small = l3->bytes + sizeof(struct iphdr) <= IPV4_SMALL_BYTES;

	l3->frag = is_small ? 0 : bpf_htons(IPV4_DF);
	l3->id = is_small ? bpf_get_prandom_u32() : 0;
}

/* --- IP headers ------------------------------------------------------------------ */

static __always_inline enum shunt_reason l3_from_v4(const struct iphdr *ip, struct l3 *l3)
{
	const __u32 bytes = bpf_ntohs(ip->tot_len);

	l3->header_bytes = ip->ihl * 4;
	if (ip->version != 4 || l3->header_bytes < sizeof(*ip) || bytes < l3->header_bytes)
		return SHUNT_BAD_LENGTH;
	l3->bytes = bytes - l3->header_bytes;
	l3->id = ip->id;
	l3->frag = ip->frag_off;
	l3->tos = ip->tos;
	l3->ttl = ip->ttl;
	l3->proto = ip->protocol;
	return SHUNT_CONTINUE;
}

static __always_inline enum shunt_reason l3_from_v6(const struct ipv6hdr *ip6, struct l3 *l3)
{
	l3->header_bytes = sizeof(*ip6);
	if (ip6->version != 6)
		return SHUNT_BAD_LENGTH;
	l3->bytes = bpf_ntohs(ip6->payload_len);
	l3->id = 0;
	l3->frag = bpf_htons(IPV4_DF);
	l3->tos = ip6->priority << 4 | ip6->flow_lbl[0] >> 4;
	l3->ttl = ip6->hop_limit;
	l3->proto = ip6->nexthdr;
	return SHUNT_CONTINUE;
}

/* The header under @cur, which is stepped over. What it heads may be longer than the frame. */
static __always_inline enum shunt_reason l3_take(struct cursor *cur, struct l3 *l3, const bool v6)
{
	const struct ipv6hdr *ip6;
	enum shunt_reason reason;
	const struct iphdr *ip;

	if (v6)
		return cursor_take(cur, ip6) ? l3_from_v6(ip6, l3) : SHUNT_TRUNCATED;
	if (!cursor_take(cur, ip))
		return SHUNT_TRUNCATED;
	reason = l3_from_v4(ip, l3);
	cur->pos = (void *)ip + l3->header_bytes;
	return reason;
}

/* The same for the packet of the frame, all of which is there. */
static __always_inline enum shunt_reason l3_take_whole(struct cursor *cur, struct l3 *l3,
						       const bool v6)
{
	const enum shunt_reason reason = l3_take(cur, l3, v6);

	if (!reason && l3->bytes > cur->end - cur->pos)
		return SHUNT_BAD_LENGTH;
	return reason;
}

static __always_inline __u16 l3_csum(const struct iphdr *ip)
{
	__u64 sum = bpf_htons(0x4500 | ip->tos);

	sum += ip->tot_len;
	sum += ip->id;
	sum += ip->frag_off;
	sum += bpf_htons(ip->ttl << 8 | ip->protocol);
	sum += ip->saddr;
	sum += ip->daddr;
	return ~sum_fold(sum);
}

static __always_inline void l3_put_v4(struct iphdr *ip, const struct l3 *l3,
				      const struct shunt_addr *src, const struct shunt_addr *dst)
{
	struct iphdr out = {
		.version = 4,
		.ihl = sizeof(*ip) / 4,
		.tos = l3->tos,
		.tot_len = bpf_htons(l3->bytes + sizeof(*ip)),
		.id = l3->id,
		.frag_off = l3->frag,
		.ttl = l3->ttl,
		.protocol = l3->proto,
		.saddr = src->w[3],
		.daddr = dst->w[3],
	};

	out.check = l3_csum(&out);
	*ip = out;
}

static __always_inline void l3_put_v6(struct ipv6hdr *ip6, const struct l3 *l3,
				      const struct shunt_addr *src, const struct shunt_addr *dst)
{
	*(__be32 *)ip6 = bpf_htonl(6U << 28 | (__u32)l3->tos << 20);
	ip6->payload_len = bpf_htons(l3->bytes);
	ip6->nexthdr = l3->proto;
	ip6->hop_limit = l3->ttl;
	__builtin_memcpy(&ip6->saddr, src, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, dst, sizeof(ip6->daddr));
}

/* The header that says @l3, in the other family than the one it was read in. */
static __always_inline bool l3_put(struct cursor *cur, const struct l3 *l3,
				   const struct shunt_addr *src, const struct shunt_addr *dst,
				   const bool v6)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	if (v6) {
		if (!cursor_take(cur, ip6))
			return false;
		l3_put_v6(ip6, l3, src, dst);
	} else {
		if (!cursor_take(cur, ip))
			return false;
		l3_put_v4(ip, l3, src, dst);
	}
	return true;
}

/* --- TCP and UDP ----------------------------------------------------------------- */

/* @has_csum: only UDP may have none. */
static __always_inline bool translate_l4(struct cursor *cur, __u8 proto,
					 const struct shunt_conn *conn, __u32 way, bool *has_csum)
{
	const __be32 ports = nat_ports_back(shunt_conn_other(conn, way)->ports);
	const __u16 delta = nat_delta(conn->l4_csum, way);
	const struct udphdr *udp = cur->pos;

	*has_csum = true;
	if (proto == IPPROTO_TCP)
		return nat_rewrite_tcp(cur, ports, delta);
	if ((void *)(udp + 1) > cur->end)
		return false;
	*has_csum = udp->check;
	return nat_rewrite_udp(cur, ports, delta);
}

/*
 * The checksum of a UDP packet that has none, RFC 7915, 4.5, from @out's destination to
 * its source. It is IPv4 as yet, but has its new ports.
 */
static __always_inline enum shunt_reason
translate_make_csum(struct xdp_md *xdp, const struct l3 *l3, const struct shunt_tuple *out)
{
	const int sum = sum_frame(xdp, NAT_IP + l3->header_bytes, l3->bytes);
	struct cursor cur = cursor_open(xdp);
	struct ethhdr *eth;
	struct udphdr *udp;
	struct l3 again;
	__u64 pseudo;

	if (sum < 0)
		return SHUNT_NO_TRANSLATION;
	/* The packet may have moved, for all the verifier knows. */
	if (!cursor_take(&cur, eth) || l3_take(&cur, &again, false) || !cursor_take(&cur, udp))
		return SHUNT_TRUNCATED;
	if (bpf_ntohs(udp->len) != l3->bytes)
		return SHUNT_NO_TRANSLATION;
	pseudo = sum_addr(&out->src) + sum_addr(&out->dst) + sum_pseudo(l3->bytes, IPPROTO_UDP);
	udp->check = (__u16)~sum_fold(pseudo + sum) ?: 0xffff;
	return SHUNT_CONTINUE;
}

/* --- the whole packet -------------------------------------------------------------- */

/* The type, and no addresses. */
static __always_inline bool nat_put_ethernet(struct cursor *cur, const bool v6)
{
	struct ethhdr *eth;

	if (!cursor_take(cur, eth))
		return false;
	*pkt_ethertype(eth) = v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	return true;
}

/*
 * Is the checksum of the header right that @l3 was read from? It is not handed on to IPv6,
 * which has none, and what was wrong must not become right.
 */
static __always_inline bool l3_was_right(struct xdp_md *xdp, const struct l3 *l3, const bool v6)
{
	return v6 || sum_frame(xdp, NAT_IP, l3->header_bytes) == 0xffff;
}

/* All but the IP header, which @l3 has then, with one hop less. @v6: of the packet. */
static __always_inline enum shunt_reason translate_payload(struct xdp_md *xdp,
							   const struct shunt_conn *conn, __u32 way,
							   struct l3 *l3, const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	const struct ethhdr *eth;
	enum shunt_reason reason;
	bool has_csum;

	if (!cursor_take(&cur, eth))
		return SHUNT_TRUNCATED;
	reason = l3_take_whole(&cur, l3, v6);
	if (reason)
		return reason;
	if (l3_is_fragment(l3) || !parse_is_served(l3->proto))
		return SHUNT_NO_TRANSLATION;
	l3->ttl--;
	if (!translate_l4(&cur, l3->proto, conn, way, &has_csum))
		return SHUNT_TRUNCATED;
	if (has_csum)
		return SHUNT_CONTINUE;
	return v6 ? SHUNT_NO_TRANSLATION
		  : translate_make_csum(xdp, l3, shunt_conn_other(conn, way));
}

static __always_inline enum shunt_reason
translate(struct xdp_md *xdp, const struct shunt_conn *conn, __u32 way, const bool v6)
{
	const int header_bytes = v6 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	const struct shunt_tuple *out = shunt_conn_other(conn, way);
	enum shunt_reason reason;
	struct cursor cur;
	struct l3 l3;

	reason = translate_payload(xdp, conn, way, &l3, v6);
	if (reason)
		return reason;
	if (!l3_was_right(xdp, &l3, v6))
		return SHUNT_NO_TRANSLATION;
	if (bpf_xdp_adjust_head(xdp, (int)l3.header_bytes - header_bytes))
		return SHUNT_NO_HEADROOM;
	l3_choose_frag(&l3);
	cur = cursor_open(xdp);
	if (!nat_put_ethernet(&cur, !v6) || !l3_put(&cur, &l3, &out->dst, &out->src, !v6))
		return SHUNT_TRUNCATED;
	return SHUNT_CONTINUE;
}

/*
 * Make of the packet @p, which goes @way in @conn, one of the other family: with the
 * tuple shunt_conn_other(), turned round. Not for PKT_ICMP; for PKT_LATER and
 * PKT_FRAGMENT, too. The TTL is not yet decremented, and larger than 1. Whether the
 * packet fits a link is not looked at.
 *
 * Return: enum shunt_reason. After SHUNT_CONTINUE an Ethernet header with its type is
 * at the start, its MAC addresses are undefined, the TTL is one less, and all checksums
 * are right, or as wrong as they were. Else the packet may be half of each: it is
 * dropped.
 */
__noinline int nat_translate(struct xdp_md *xdp, const struct nat_packet *p,
			     const struct shunt_conn *conn, __u32 way)
{
	if (!p || !conn)
		return SHUNT_NO_TRANSLATION;
	return p->v6 ? translate(xdp, conn, way, true) : translate(xdp, conn, way, false);
}

#endif /* BPF_NAT_TRANSLATE_H */
