/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A TCP segment of ours in place of a frame that came: headers, and at most one byte of
 * data. Nobody sends frames in XDP, so each one that leaves was another one before.
 */
#ifndef BPF_SEGMENT_H
#define BPF_SEGMENT_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>
#include <linux/tcp.h>

#include "icmp.h"
#include "mss.h"
#include "nat_sum.h"
#include "nat_translate.h"

#define SEGMENT_TTL 64
/* Ethernet wants so many, without the checksum. */
#define SEGMENT_LEAST_FRAME 60

/**
 * struct segment - what it says
 * @seq, @ack: host order
 * @window: as it lies in the packet
 * @mss: in an option; 0: none
 * @flags: of TCP
 * @data_bytes: 0 or 1, without @mss; of no value to anybody
 * @is_answer: the frame goes back to where it came from
 * @v6: its family
 */
struct segment {
	struct shunt_addr src;
	struct shunt_addr dst;
	__be32 ports;
	__u32 seq;
	__u32 ack;
	__be16 window;
	__u16 mss;
	__u8 flags;
	__u8 data_bytes;
	__u8 is_answer;
	__u8 v6;
};

/* As it lies there. */
struct segment_tcp {
	__be32 ports;
	__be32 seq;
	__be32 ack;
	__u8 offset; /* in 16 bytes */
	__u8 flags;
	__be16 window;
	__u16 check;
	__be16 urgent;
	__be32 option; /* or the byte of data */
};

#define SEGMENT_HEADER_BYTES 20

/* Of TCP, data included. */
static __always_inline __u32 segment_bytes(const struct segment *s)
{
	return SEGMENT_HEADER_BYTES + (s->mss ? TCP_OPTION_MSS_BYTES : s->data_bytes);
}

static __always_inline void segment_put_tcp(struct segment_tcp *tcp, const struct segment *s)
{
	const __u32 bytes = segment_bytes(s);
	const __be32 option = bpf_htonl(TCP_OPTION_MSS << 24 | TCP_OPTION_MSS_BYTES << 16 | s->mss);
	struct segment_tcp out = {
		.ports = s->ports,
		.seq = bpf_htonl(s->seq),
		.ack = bpf_htonl(s->ack),
		.offset = bytes / 4 << 4,
		.flags = s->flags,
		.window = s->window,
		.option = s->mss ? option : 0,
	};
	__u64 sum = sum_addr(&s->src) + sum_addr(&s->dst) + sum_pseudo(bytes, IPPROTO_TCP);

	sum += (__u64)out.ports + out.seq + out.ack + out.option;
	sum += (__u32)out.offset | (__u32)out.flags << 8 | (__u32)out.window << 16;
	out.check = ~sum_fold(sum);
	*tcp = out;
}

/* Room for @want bytes from the beginning on, and not many more. */
static __always_inline bool segment_resize(struct xdp_md *xdp, __u32 want)
{
	const __u32 have = bpf_xdp_get_buff_len(xdp);

	/* At the front: there is room of which every driver knows. */
	if (have < want)
		return !bpf_xdp_adjust_head(xdp, (int)have - (int)want);
	if (want < SEGMENT_LEAST_FRAME)
		want = SEGMENT_LEAST_FRAME;
	return have <= want || !bpf_xdp_adjust_tail(xdp, (int)want - (int)have);
}

static __always_inline enum shunt_reason segment_put_in(struct xdp_md *xdp, const struct segment *s,
							const bool v6)
{
	const __u32 ip_bytes = v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	const struct l3 l3 = {
		.bytes = segment_bytes(s),
		.frag = bpf_htons(IPV4_DF), /* and no identification: RFC 6864 */
		.ttl = SEGMENT_TTL,
		.proto = IPPROTO_TCP,
	};
	struct cursor cur = cursor_open(xdp);
	struct segment_tcp *tcp;
	struct ethhdr *eth, copy;

	if (!cursor_take(&cur, eth))
		return SHUNT_TRUNCATED;
	copy = *eth;
	if (s->is_answer)
		icmp_swap_macs(&copy);
	if (!segment_resize(xdp, sizeof(*eth) + ip_bytes + sizeof(*tcp)))
		return SHUNT_NO_HEADROOM;
	cur = cursor_open(xdp);
	if (!cursor_take(&cur, eth))
		return SHUNT_TRUNCATED;
	*eth = copy;
	if (!l3_put(&cur, &l3, &s->src, &s->dst, v6) || !cursor_take(&cur, tcp))
		return SHUNT_TRUNCATED;
	segment_put_tcp(tcp, s);
	return SHUNT_CONTINUE;
}

/*
 * The frame, which is of the family @s->v6, becomes @s; its MAC addresses stay, or change
 * places. Return: enum shunt_reason. But for SHUNT_CONTINUE it may be half of each.
 */
__noinline int segment_put(struct xdp_md *xdp, const struct segment *s)
{
	if (!s)
		return SHUNT_TRUNCATED;
	return s->v6 ? segment_put_in(xdp, s, true) : segment_put_in(xdp, s, false);
}

/**
 * struct seen - the numbers of a segment that came
 * @seq, @ack: host order; @window as it lies there
 */
struct seen {
	__u32 seq;
	__u32 ack;
	__be16 window;
};

/*
 * Of the frame, whose TCP header may be behind options and extension headers. False if it
 * has none. Global, as are others that open a cursor where there was one before: the
 * compiler would keep the half of it that it thinks it needs.
 */
__noinline int segment_see(struct xdp_md *xdp, struct seen *seen)
{
	struct cursor cur = cursor_open(xdp);
	const struct tcphdr *tcp;

	if (!seen || mss_find_tcp(xdp, &cur) < SEGMENT_HEADER_BYTES || !cursor_take(&cur, tcp))
		return false;
	seen->seq = bpf_ntohl(tcp->seq);
	seen->ack = bpf_ntohl(tcp->ack_seq);
	seen->window = tcp->window;
	return true;
}

#endif /* BPF_SEGMENT_H */
