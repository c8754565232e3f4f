/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * An ICMP error taken apart: its own IP header, the ICMP header, and what is quoted behind
 * that, an IP header and the first bytes of TCP or UDP. Those are rewritten here, the same
 * way in both families.
 */
#ifndef BPF_NAT_QUOTE_H
#define BPF_NAT_QUOTE_H

#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "extension.h"
#include "icmp.h"
#include "nat_rewrite.h"
#include "nat_translate.h"

/* RFC 792: what at least is quoted of what follows the IP header. */
#define QUOTED_MIN 8
/* The offset behind the checksum of TCP. */
#define TCP_CSUM_END 18

/**
 * struct quote - an ICMP error, taken apart; the pointers are into the packet
 * @cur: behind @l4
 * @outer: @inner: with extension headers in header_bytes
 * @l4_bytes: of what is quoted behind the inner headers; at least QUOTED_MIN
 */
struct quote {
	struct cursor cur;
	struct l3 outer;
	struct l3 inner;
	void *ip;
	struct icmp_head *icmp;
	void *inner_ip;
	struct udphdr *l4; /* or as much of TCP's */
	__u32 l4_bytes;
};

/* What quote_walk() found: the protocol behind the headers, and their bytes. */
#define WALK(proto, bytes) ((__u32)(proto) << 16 | (bytes))
#define WALK_PROTO(walk) ((__u8)((walk) >> 16))
#define WALK_BYTES_MASK 0x3fff
#define WALK_BYTES(walk) ((walk)&WALK_BYTES_MASK)

/*
 * The extension headers behind the IPv6 header at offset @at of the frame; of what is
 * quoted a fragment header is one of those. Return: WALK(), with the IPv6 header; 0 if
 * they cannot be walked.
 */
static __always_inline __u32 quote_walk(struct xdp_md *xdp, __u32 at)
{
	struct cursor cur = cursor_open(xdp);
	const struct ipv6hdr *ip6;
	struct extensions found;

	cur.pos += at & WALK_BYTES_MASK;
	if (!cursor_take(&cur, ip6))
		return 0;
	found = (struct extensions){ .at = at + sizeof(*ip6), .next = ip6->nexthdr };
	if (extension_walk(xdp, &found))
		return 0;
	return WALK(found.next, WALK_BYTES(found.at - at));
}

/* The headers under @cur, of IPv6 those that were walked. */
static __always_inline bool quote_take_l3(struct cursor *cur, struct l3 *l3, __u32 walk,
					  const bool v6)
{
	const void *start = cur->pos;

	if (l3_take(cur, l3, v6))
		return false;
	if (!v6)
		return true;
	cur->pos = (void *)start + WALK_BYTES(walk);
	l3->proto = WALK_PROTO(walk);
	l3->bytes -= WALK_BYTES(walk) - l3->header_bytes;
	l3->header_bytes = WALK_BYTES(walk);
	return true;
}

/* What the parser has seen to is looked at once more: the verifier does not know of it. */
static __always_inline enum shunt_reason quote_take(struct xdp_md *xdp, struct quote *q,
						    const bool v6)
{
	const __u32 outer = v6 ? quote_walk(xdp, NAT_IP) : 0;
	const __u32 icmp_end = NAT_IP + WALK_BYTES(outer) + sizeof(*q->icmp);
	const __u32 inner = v6 ? quote_walk(xdp, icmp_end) : 0;
	struct cursor *cur = &q->cur;

	*cur = cursor_open(xdp);
	cur->pos += NAT_IP;
	q->ip = cur->pos;
	if (!quote_take_l3(cur, &q->outer, outer, v6) || !cursor_take(cur, q->icmp))
		return SHUNT_TRUNCATED;
	if (q->outer.bytes > cur->end - (void *)q->icmp)
		return SHUNT_BAD_LENGTH;
	q->inner_ip = cur->pos;
	if (!quote_take_l3(cur, &q->inner, inner, v6) || !cursor_take(cur, q->l4))
		return SHUNT_BAD_ICMP;
	q->l4_bytes = q->outer.bytes - (__u32)((void *)q->l4 - (void *)q->icmp);
	if ((__s32)q->l4_bytes < QUOTED_MIN || !parse_is_served(q->inner.proto))
		return SHUNT_BAD_ICMP;
	return SHUNT_CONTINUE;
}

/* --- what is quoted of TCP and UDP -------------------------------------------------- */

/* The checksum, if that much is quoted, and it is one; else NULL. */
static __always_inline __u16 *quote_csum(const struct quote *q)
{
	struct tcphdr *tcp = (void *)q->l4;

	if (q->inner.proto == IPPROTO_UDP)
		return q->l4->check ? &q->l4->check : NULL;
	if (q->l4_bytes < TCP_CSUM_END || (void *)tcp + TCP_CSUM_END > q->cur.end)
		return NULL;
	return &tcp->check;
}

/* Return: what the sum of the quoted bytes grew by. */
static __always_inline __u64 quote_rewrite_l4(const struct quote *q, const struct shunt_conn *conn,
					      __u32 way)
{
	const __be32 ports = shunt_conn_other(conn, way)->ports;
	__be32 *at = (__be32 *)q->l4;
	__u16 *csum = quote_csum(q);
	__u64 grown = (__u64)ports + (__u32) ~*at;

	*at = ports;
	if (!csum)
		return grown;
	grown += (__u16) ~*csum;
	*csum = shunt_csum_fold((__u32)(__u16) ~*csum + nat_delta(conn->l4_csum, way));
	if (!*csum && q->inner.proto == IPPROTO_UDP)
		*csum = 0xffff;
	return grown + *csum;
}

#endif /* BPF_NAT_QUOTE_H */
