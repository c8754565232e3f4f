/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A packet of a connection whose backend is gone (SHUNT_LEG_RESET): its sender is told by
 * a TCP reset, as the server would have done, had it been there to forget the connection.
 * What it says is in RFC 9293, 3.10.7.1; so the sender believes it (RFC 5961): the
 * sequence number is the one that it has acknowledged.
 *
 * The frame is made the answer: turned round, and cut to the two headers. No answer is
 * longer than what it answers. Global functions: the verifier looks at each once, and who
 * has no such backend has none of it.
 */
#ifndef BPF_RESET_H
#define BPF_RESET_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>

#include "icmp.h"
#include "maps.h"
#include "parse.h"
#include "pkt.h"
#include "shunt/csum.h"

/* The header of TCP, as far as it is always there. */
struct reset_tcp {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack;
	__u8 offset; /* in 16 bytes */
	__u8 flags;
	__be16 window;
	__be16 check;
	__be16 urgent;
};

struct reset4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct reset_tcp tcp;
} __attribute__((packed, aligned(2)));

struct reset6 {
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct reset_tcp tcp;
} __attribute__((packed, aligned(2)));

/* Ethernet wants so many, without the checksum. */
#define RESET_LEAST_FRAME 60

/**
 * struct reset - the segment that is answered, and who sent it to whom
 * @bytes: of it, behind its header
 */
struct reset {
	struct shunt_addr src;
	struct shunt_addr dst;
	struct reset_tcp tcp;
	__u32 bytes;
};

/* Does the backend have no packets of its connections any more? */
static __always_inline bool reset_has(__u32 id)
{
	const struct shunt_backend *b = bpf_map_lookup_elem(&shunt_backends, &id);

	return b && b->leg[SHUNT_V4].flags & SHUNT_LEG_RESET;
}

/* The segment in the frame; false if it is none, or not whole: fragments have no answer. */
static __always_inline bool reset_read(const struct xdp_md *xdp, struct reset *r, const bool v6)
{
	struct cursor cur = cursor_open(xdp);
	const struct reset_tcp *tcp;
	const struct ipv6hdr *ip6;
	const struct ethhdr *eth;
	const struct iphdr *ip;

	if (!cursor_take(&cur, eth))
		return false;
	if (v6) {
		if (!cursor_take(&cur, ip6) || ip6->nexthdr != IPPROTO_TCP)
			return false;
		r->src = addr_from_v6(&ip6->saddr);
		r->dst = addr_from_v6(&ip6->daddr);
		r->bytes = bpf_ntohs(ip6->payload_len);
	} else {
		if (!cursor_take(&cur, ip) || ip->protocol != IPPROTO_TCP ||
		    ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
			return false;
		r->src = addr_from_v4(ip->saddr);
		r->dst = addr_from_v4(ip->daddr);
		r->bytes = bpf_ntohs(ip->tot_len) - ip->ihl * 4;
		cur.pos = (void *)ip + ip->ihl * 4;
	}
	if (!cursor_take(&cur, tcp))
		return false;
	r->tcp = *tcp;
	r->bytes -= tcp->offset >> 4 << 2;
	return true;
}

/* The header of the answer, but for its checksum. */
static __always_inline struct reset_tcp reset_header(const struct reset *r)
{
	const __u8 flags = r->tcp.flags;
	struct reset_tcp tcp = {
		.source = r->tcp.dest,
		.dest = r->tcp.source,
		.offset = sizeof(tcp) / 4 << 4,
		.flags = TCP_RST,
	};

	if (flags & TCP_ACK) {
		tcp.seq = r->tcp.ack;
	} else {
		tcp.flags |= TCP_ACK;
		tcp.ack = bpf_htonl(bpf_ntohl(r->tcp.seq) + r->bytes + !!(flags & TCP_SYN) +
				    !!(flags & TCP_FIN));
	}
	return tcp;
}

/* Of both families: the prefix ::ffff adds nothing. */
static __always_inline __u16 reset_check(struct reset *r, struct reset_tcp *tcp)
{
	__s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)tcp, sizeof(*tcp), 0);

	sum = bpf_csum_diff(NULL, 0, r->src.w, sizeof(r->src), sum);
	sum = bpf_csum_diff(NULL, 0, r->dst.w, sizeof(r->dst), sum);
	sum = (__u32)sum + (__u64)bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(*tcp));
	return shunt_csum_fold((__u32)(sum & 0xffff) + (__u32)(sum >> 16 & 0xffff) +
			       (__u32)(sum >> 32));
}

static __always_inline void reset_put4(struct reset4 *out, const struct reset *r,
				       const struct reset_tcp *tcp)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tot_len = bpf_htons(sizeof(ip) + sizeof(*tcp)),
		.frag_off = bpf_htons(IPV4_DF), /* and no identification: RFC 6864 */
		.ttl = ICMP_TTL,
		.protocol = IPPROTO_TCP,
		.saddr = r->dst.w[3],
		.daddr = r->src.w[3],
	};

	ip.check = shunt_csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&ip, sizeof(ip), 0));
	icmp_swap_macs(&out->eth);
	out->ip = ip;
	out->tcp = *tcp;
}

static __always_inline void reset_put6(struct reset6 *out, const struct reset *r,
				       const struct reset_tcp *tcp)
{
	icmp_swap_macs(&out->eth);
	out->ip6 = (struct ipv6hdr){
		.version = 6,
		.payload_len = bpf_htons(sizeof(*tcp)),
		.nexthdr = IPPROTO_TCP,
		.hop_limit = ICMP_TTL,
	};
	__builtin_memcpy(&out->ip6.saddr, &r->dst, sizeof(r->dst));
	__builtin_memcpy(&out->ip6.daddr, &r->src, sizeof(r->src));
	out->tcp = *tcp;
}

/* What is behind the answer goes. */
static __always_inline void reset_cut(struct xdp_md *xdp, __u32 want)
{
	const __u32 have = bpf_xdp_get_buff_len(xdp);

	if (want < RESET_LEAST_FRAME)
		want = RESET_LEAST_FRAME;
	if (have > want)
		bpf_xdp_adjust_tail(xdp, (int)want - (int)have);
}

static __always_inline enum shunt_reason reset_answer(struct xdp_md *xdp, const bool v6)
{
	struct reset4 *out4;
	struct reset6 *out6;
	struct reset_tcp tcp;
	struct cursor cur;
	struct reset r;

	/* RFC 9293, 3.10.7.1: who resets is not answered. */
	if (!reset_read(xdp, &r, v6) || r.tcp.flags & TCP_RST || !icmp_may_answer(&r.src, v6))
		return SHUNT_BACKEND_GONE;
	tcp = reset_header(&r);
	tcp.check = reset_check(&r, &tcp);
	reset_cut(xdp, v6 ? sizeof(*out6) : sizeof(*out4));
	cur = cursor_open(xdp);
	if (v6) {
		if (!cursor_take(&cur, out6))
			return SHUNT_TRUNCATED;
		reset_put6(out6, &r, &tcp);
	} else {
		if (!cursor_take(&cur, out4))
			return SHUNT_TRUNCATED;
		reset_put4(out4, &r, &tcp);
	}
	return SHUNT_RESET_ANSWERED;
}

/* Return: enum shunt_reason. */
__noinline int reset_answer4(struct xdp_md *xdp)
{
	return reset_answer(xdp, false);
}

__noinline int reset_answer6(struct xdp_md *xdp)
{
	return reset_answer(xdp, true);
}

/*
 * For a packet of the flow of backend @id, which is looked up once more: few have one that
 * is gone. @odd: PKT_*. SHUNT_CONTINUE: it is there.
 */
static __always_inline enum shunt_reason reset_judge(struct xdp_md *xdp, __u32 id, __u8 odd,
						     const bool v6)
{
	if (!reset_has(id))
		return SHUNT_CONTINUE;
	if (odd & (PKT_ICMP | PKT_LATER))
		return SHUNT_BACKEND_GONE;
	return v6 ? reset_answer6(xdp) : reset_answer4(xdp);
}

#endif /* BPF_RESET_H */
