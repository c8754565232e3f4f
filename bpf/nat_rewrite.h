/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Other addresses and ports in a packet of the same family: RFC 3022. The checksums
 * are updated by what the two tuples differ by (RFC 1624), which the record has ready:
 * one that was wrong stays as wrong, and the receiver can see it.
 */
#ifndef BPF_NAT_REWRITE_H
#define BPF_NAT_REWRITE_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "extension.h"
#include "nat_packet.h"
#include "shunt/conn.h"
#include "shunt/csum.h"
#include "shunt/reason.h"

/* What the sum of a packet that goes @way grows by: @delta, or as much less. */
static __always_inline __u16 nat_delta(__u16 delta, __u32 way)
{
	return way == SHUNT_TO_CLIENT ? ~delta : delta;
}

/* The ports of a tuple turned round. */
static __always_inline __be32 nat_ports_back(__be32 ports)
{
	return ports << 16 | ports >> 16;
}

/* The header under @cur becomes one from @to's destination to its source. */
static __always_inline bool nat_rewrite_ipv4(struct cursor *cur, const struct shunt_tuple *to,
					     __u16 delta)
{
	struct iphdr *ip = cur->pos;
	__be16 *ttl = (__be16 *)&ip->ttl; /* it is the high byte of this word */
	__u32 sum;

	if ((void *)(ip + 1) > cur->end)
		return false;
	sum = (__u16)~ip->check + delta + (__u16) ~*ttl + (__u16)(*ttl - bpf_htons(0x0100));
	ip->check = shunt_csum_fold(sum);
	ip->ttl--;
	ip->saddr = to->dst.w[3];
	ip->daddr = to->src.w[3];
	cur->pos += ip->ihl * 4;
	return true;
}

static __always_inline bool nat_rewrite_ipv6(struct cursor *cur, const struct shunt_tuple *to,
					     __u8 *next)
{
	struct ipv6hdr *ip6;

	if (!cursor_take(cur, ip6))
		return false;
	ip6->hop_limit--;
	__builtin_memcpy(&ip6->saddr, &to->dst, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, &to->src, sizeof(ip6->daddr));
	*next = ip6->nexthdr;
	return true;
}

/* From behind the IPv6 header, which names @next, to that of @proto. */
static __always_inline bool nat_skip_extensions(struct xdp_md *xdp, struct cursor *cur, __u8 next,
						__u8 proto)
{
	struct extensions found = { .next = next };

	return next == proto || (!extension_step_over(xdp, cur, &found) && found.next == proto);
}

static __always_inline bool nat_rewrite_tcp(const struct cursor *cur, __be32 ports, __u16 delta)
{
	struct tcphdr *tcp = cur->pos;

	if ((void *)(tcp + 1) > cur->end)
		return false;
	*(__be32 *)tcp = ports;
	tcp->check = shunt_csum_fold((__u32)(__u16)~tcp->check + delta);
	return true;
}

/* RFC 768: a checksum of 0 says that there is none, and 0xffff is the same number. */
static __always_inline bool nat_rewrite_udp(const struct cursor *cur, __be32 ports, __u16 delta)
{
	struct udphdr *udp = cur->pos;

	if ((void *)(udp + 1) > cur->end)
		return false;
	*(__be32 *)udp = ports;
	if (udp->check)
		udp->check = shunt_csum_fold((__u32)(__u16)~udp->check + delta) ?: 0xffff;
	return true;
}

/*
 * Of a packet that goes @way in @conn, which is of one family; not for PKT_ICMP. What it
 * promises is what nat_translate() promises.
 */
__noinline int nat_rewrite(struct xdp_md *xdp, const struct nat_packet *p,
			   const struct shunt_conn *conn, __u32 way)
{
	struct cursor cur = cursor_open(xdp);
	const struct shunt_tuple *to;
	const struct ethhdr *eth;
	__be32 ports;
	__u16 delta;
	__u8 next;

	if (!p || !conn || !cursor_take(&cur, eth))
		return SHUNT_TRUNCATED;
	to = shunt_conn_other(conn, way);
	if (p->v6 ? !nat_rewrite_ipv6(&cur, to, &next)
		  : !nat_rewrite_ipv4(&cur, to, nat_delta(conn->ip_csum, way)))
		return SHUNT_TRUNCATED;
	if (p->odd & PKT_LATER)
		return SHUNT_CONTINUE;
	if (p->v6 && !nat_skip_extensions(xdp, &cur, next, p->tuple.proto))
		return SHUNT_TRUNCATED;
	ports = nat_ports_back(to->ports);
	delta = nat_delta(conn->l4_csum, way);
	if (p->tuple.proto == IPPROTO_TCP)
		return nat_rewrite_tcp(&cur, ports, delta) ? SHUNT_CONTINUE : SHUNT_TRUNCATED;
	return nat_rewrite_udp(&cur, ports, delta) ? SHUNT_CONTINUE : SHUNT_TRUNCATED;
}

#endif /* BPF_NAT_REWRITE_H */
