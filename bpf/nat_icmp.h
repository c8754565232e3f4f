/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * ICMP errors about connections of nat and fullnat (RFC 5508, RFC 7915). Somebody on one
 * side quotes a packet that was sent there; who sent it on the other side gets its own
 * packet quoted. That is how the path MTU gets through the balancer.
 *
 *	arrives		 from whoever met with the error	 to in.dst
 *	  quotes	 a packet from in.dst to in.src
 *	leaves		 from the same, or out.dst		 to out.src
 *	  quotes	 a packet from out.src to out.dst
 *
 * In and out are the tuples of the record on either side, as their hosts send them. With
 * nat the error keeps its source, unless that is the other end of the connection. With
 * fullnat neither side knows addresses of the other, nor need they be routed: there the
 * error comes from whom the receiver takes for the other end.
 *
 * In the same family, bytes stay where they are, and every checksum follows the change. In
 * the other one the message is put together anew: RFC 5508, 3.2 has its checksum looked at
 * first. It is cut to what an error may have there, and extensions (RFC 4884) stay behind,
 * because their place moves.
 */
#ifndef BPF_NAT_ICMP_H
#define BPF_NAT_ICMP_H

#include "nat_icmp_types.h"
#include "nat_quote.h"
#include "nat_translate.h"

/* RFC 1812, 4.3.2.3, and RFC 4443, 2.4: the largest error, IP header included. */
#define ICMP_MAX_BYTES 576
#define ICMPV6_MAX_BYTES IPV6_MIN_MTU

/* Not only the router that met with the error may be unknown to the other side. */
static __always_inline bool icmp_hides_source(const struct shunt_conn *conn, __u32 way,
					      const struct shunt_addr *from)
{
	return !shunt_addr_is_equal(&conn->server.dst, &conn->client.src) ||
	       shunt_addr_is_equal(from, &shunt_conn_tuple(conn, way)->src);
}

/* --- in the same family -------------------------------------------------------------- */

/*
 * The addresses of what is quoted. Return: what the sum of the inner header grew by: of
 * IPv4 nothing, its checksum makes up for it.
 */
static __always_inline __u16 quote_rewrite_ip(const struct quote *q, const struct shunt_conn *conn,
					      __u32 way, const bool v6)
{
	const struct shunt_tuple *out = shunt_conn_other(conn, way);
	const __u16 delta = nat_delta(conn->ip_csum, way);
	struct ipv6hdr *ip6 = q->inner_ip;
	struct iphdr *ip = q->inner_ip;

	if (v6) {
		__builtin_memcpy(&ip6->saddr, &out->src, sizeof(ip6->saddr));
		__builtin_memcpy(&ip6->daddr, &out->dst, sizeof(ip6->daddr));
		return delta;
	}
	ip->saddr = out->src.w[3];
	ip->daddr = out->dst.w[3];
	ip->check = shunt_csum_fold((__u32)(__u16)~ip->check + delta);
	return 0;
}

/* Likewise of the error itself, which has one hop less. Of IPv6 ICMP covers it. */
static __always_inline __u16 icmp_rewrite_v6(struct ipv6hdr *ip6, const struct shunt_conn *conn,
					     __u32 way)
{
	const struct shunt_tuple *out = shunt_conn_other(conn, way);
	const struct shunt_addr from = addr_from_v6(&ip6->saddr), to = addr_from_v6(&ip6->daddr);
	const struct shunt_addr *source = icmp_hides_source(conn, way, &from) ? &out->dst : &from;

	ip6->hop_limit--;
	__builtin_memcpy(&ip6->saddr, source, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, &out->src, sizeof(ip6->daddr));
	return sum_grown(sum_addr(&from) + sum_addr(&to), sum_addr(source) + sum_addr(&out->src));
}

static __always_inline void icmp_rewrite_v4(struct iphdr *ip, const struct shunt_conn *conn,
					    __u32 way)
{
	const struct shunt_tuple *out = shunt_conn_other(conn, way);
	const struct shunt_addr from = addr_from_v4(ip->saddr);
	/* The word of the checksum that the TTL is the high byte of. */
	const __be16 *ttl = (const __be16 *)&ip->ttl;
	__u64 old = (__u64)ip->saddr + ip->daddr + *ttl;

	ip->ttl--;
	if (icmp_hides_source(conn, way, &from))
		ip->saddr = out->dst.w[3];
	ip->daddr = out->src.w[3];
	ip->check = sum_follow(ip->check, sum_grown(old, (__u64)ip->saddr + ip->daddr + *ttl));
}

static __always_inline enum shunt_reason
icmp_same(struct xdp_md *xdp, const struct shunt_conn *conn, __u32 way, const bool v6)
{
	enum shunt_reason reason;
	struct quote q;
	__u64 grown;

	reason = quote_take(xdp, &q, v6);
	if (reason)
		return reason;
	grown = quote_rewrite_l4(&q, conn, way) + quote_rewrite_ip(&q, conn, way, v6);
	if (v6)
		grown += icmp_rewrite_v6(q.ip, conn, way);
	else
		icmp_rewrite_v4(q.ip, conn, way);
	q.icmp->check = sum_follow(q.icmp->check, grown);
	return SHUNT_CONTINUE;
}

/* --- in the other family ------------------------------------------------------------- */

/* Bytes of extensions, or 0: how long the quoted packet is, RFC 4884. */
static __always_inline __u32 icmp_quoted_bytes(const struct icmp_error *e, const bool v6)
{
	const __u32 rest = bpf_ntohl(e->rest);

	if (v6)
		return e->type == ICMPV6_TOO_BIG || e->type == ICMPV6_PARAMETER_PROBLEM
			       ? 0
			       : (rest >> 24) * 8;
	return (rest >> 16 & 0xff) * 4;
}

/* How much of TCP or UDP, and of their payload, stays quoted. */
static __always_inline __u32 icmp_keep_bytes(const struct quote *q, const struct icmp_error *e,
					     const bool v6)
{
	const __u32 most = v6 ? ICMP_MAX_BYTES - 2 * sizeof(struct iphdr) - sizeof(*q->icmp)
			      : ICMPV6_MAX_BYTES - 2 * sizeof(struct ipv6hdr) - sizeof(*q->icmp);
	const __u32 quoted = icmp_quoted_bytes(e, v6);
	__u32 keep = q->l4_bytes;

	if (quoted >= q->inner.header_bytes + QUOTED_MIN && quoted - q->inner.header_bytes < keep)
		keep = quoted - q->inner.header_bytes;
	return keep < most ? keep : most;
}

/**
 * struct icmp_plan - an ICMP error that is to be put together in the other family
 * @outer, @inner, @error: first as they arrived, then as they leave
 * @keep_bytes: of what is quoted behind the inner IP header
 * @sum: of ICMP header and all behind it, if its checksum is right
 */
struct icmp_plan {
	struct l3 outer;
	struct l3 inner;
	struct icmp_error error;
	__u32 keep_bytes;
	__u16 sum;
};

/* Can the other family quote it? Neither extension headers nor fragments. */
static __always_inline bool quote_crosses(const struct quote *q, const bool v6)
{
	if (v6)
		return q->outer.header_bytes == sizeof(struct ipv6hdr) &&
		       q->inner.header_bytes == sizeof(struct ipv6hdr);
	return !l3_is_fragment(&q->inner);
}

static __always_inline bool error_crosses(struct icmp_error *e, const struct l3 *inner,
					  const bool v6)
{
	return v6 ? icmp_to_v4(e) : icmp_to_v6(e, inner->header_bytes + inner->bytes);
}

/* RFC 4443, 2.3: what ICMPv6 covers of the IPv6 header; of IPv4, ICMP covers nothing. */
static __always_inline __u16 icmp_pseudo(const struct ipv6hdr *ip6, const bool v6)
{
	const struct shunt_addr src = addr_from_v6(&ip6->saddr), dst = addr_from_v6(&ip6->daddr);

	if (!v6)
		return 0;
	return sum_fold(sum_addr(&src) + sum_addr(&dst) +
			sum_pseudo(bpf_ntohs(ip6->payload_len), IPPROTO_ICMPV6));
}

/* All that is to be known, and what is quoted of TCP or UDP rewritten in place. */
static __always_inline enum shunt_reason icmp_plan(struct xdp_md *xdp,
						   const struct shunt_conn *conn, __u32 way,
						   struct icmp_plan *plan, const bool v6)
{
	enum shunt_reason reason;
	struct quote q;

	reason = quote_take(xdp, &q, v6);
	if (reason)
		return reason;
	plan->error = (struct icmp_error){ q.icmp->type, q.icmp->code, q.icmp->rest };
	plan->keep_bytes = icmp_keep_bytes(&q, &plan->error, v6);
	if (!quote_crosses(&q, v6) || !error_crosses(&plan->error, &q.inner, v6))
		return SHUNT_NO_TRANSLATION;
	plan->outer = q.outer;
	plan->inner = q.inner;
	plan->sum = sum_grown(icmp_pseudo(q.ip, v6), 0xffff + quote_rewrite_l4(&q, conn, way));
	return SHUNT_CONTINUE;
}

/* Cut it to what is kept, and make the room that the headers need in family @v6. */
static __always_inline bool icmp_resize(struct xdp_md *xdp, const struct icmp_plan *plan,
					const bool v6)
{
	const int header_bytes = v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	const int old_bytes = plan->outer.header_bytes + plan->inner.header_bytes;
	const int frame_bytes = NAT_IP + old_bytes + sizeof(struct icmp_head) + plan->keep_bytes;
	const struct cursor cur = cursor_open(xdp);
	long have_bytes = cur.end - cur.pos;

	/* Pointers are subtracted as a whole: the verifier knows no halves of them. */
	asm volatile("" : "+r"(have_bytes));
	return !bpf_xdp_adjust_tail(xdp, frame_bytes - (int)have_bytes) &&
	       !bpf_xdp_adjust_head(xdp, old_bytes - 2 * header_bytes);
}

/* All headers, in family @v6, but for the checksum of ICMP. */
static __always_inline bool icmp_put(struct xdp_md *xdp, const struct shunt_tuple *out,
				     struct icmp_plan *plan, const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	struct icmp_head *icmp;

	plan->outer.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	plan->outer.ttl--;
	plan->outer.bytes = sizeof(*icmp) + plan->keep_bytes +
			    (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	l3_choose_frag(&plan->outer);
	if (!nat_put_ethernet(&cur, v6) || !l3_put(&cur, &plan->outer, &out->dst, &out->src, v6) ||
	    !cursor_take(&cur, icmp))
		return false;
	icmp->type = plan->error.type;
	icmp->code = plan->error.code;
	icmp->check = 0;
	icmp->rest = plan->error.rest;
	return l3_put(&cur, &plan->inner, &out->src, &out->dst, v6);
}

static __always_inline bool icmp_put_csum(struct xdp_md *xdp, const struct icmp_plan *plan,
					  const bool v6)
{
	const __u32 at = NAT_IP + (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	const int sum = sum_frame(xdp, at, plan->outer.bytes);
	struct cursor cur = cursor_open(xdp);
	const struct ipv6hdr *ip6;
	struct icmp_head *icmp;

	cur.pos += NAT_IP;
	/* Behind an IPv4 header, too, is an IPv6 header's room: ICMP and what it quotes. */
	if (sum < 0 || !cursor_take(&cur, ip6))
		return false;
	cur.pos = (void *)ip6 + at - NAT_IP;
	if (!cursor_take(&cur, icmp))
		return false;
	icmp->check = ~sum_fold((__u64)sum + icmp_pseudo(ip6, v6));
	return true;
}

static __always_inline enum shunt_reason
icmp_cross(struct xdp_md *xdp, const struct shunt_conn *conn, __u32 way, const bool v6)
{
	const struct shunt_tuple *out = shunt_conn_other(conn, way);
	struct icmp_plan plan;
	enum shunt_reason reason;

	reason = icmp_plan(xdp, conn, way, &plan, v6);
	if (reason)
		return reason;
	if (sum_frame(xdp, NAT_IP + plan.outer.header_bytes, plan.outer.bytes) != plan.sum)
		return SHUNT_BAD_ICMP;
	if (!l3_was_right(xdp, &plan.outer, v6))
		return SHUNT_NO_TRANSLATION;
	if (!icmp_resize(xdp, &plan, !v6))
		return SHUNT_NO_HEADROOM;
	if (!icmp_put(xdp, out, &plan, !v6) || !icmp_put_csum(xdp, &plan, !v6))
		return SHUNT_TRUNCATED;
	return SHUNT_CONTINUE;
}

/*
 * Make of the ICMP error @p (PKT_ICMP) about the connection @conn, which goes @way, one
 * that the other side understands: outer and inner addresses, inner ports, families.
 *
 * What it promises is what nat_translate() promises; what cannot be told ends in
 * SHUNT_BAD_ICMP or SHUNT_NO_TRANSLATION.
 */
__noinline int nat_icmp(struct xdp_md *xdp, const struct nat_packet *p,
			const struct shunt_conn *conn, __u32 way)
{
	if (!p || !conn)
		return SHUNT_BAD_ICMP;
	if (shunt_tuple_is_v6(&conn->client) == shunt_tuple_is_v6(&conn->server))
		return p->v6 ? icmp_same(xdp, conn, way, true) : icmp_same(xdp, conn, way, false);
	return p->v6 ? icmp_cross(xdp, conn, way, true) : icmp_cross(xdp, conn, way, false);
}

#endif /* BPF_NAT_ICMP_H */
