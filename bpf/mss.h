/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * MSS clamping: what a SYN asks for in its MSS option (RFC 9293, 3.2) is lowered, never
 * raised, and the checksum follows (RFC 1624). A SYN without the option asks for less
 * than anybody clamps to, and options that cannot be walked are left alone: the receiver
 * judges them.
 */
#ifndef BPF_MSS_H
#define BPF_MSS_H

#include <bpf/bpf_endian.h>

#include "extension.h"
#include "parse.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/csum.h"

#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define TCP_OPTION_MSS_BYTES 4
#define TCP_OPTIONS_MAX 40

/* An option whose value @at is @off bytes behind the beginning of @tcp. */
static __always_inline void mss_lower(struct tcphdr *tcp, __be16 *at, __u32 off, __u16 mss)
{
	__u16 old = *at, new = bpf_htons(mss);

	if (bpf_ntohs(old) <= mss)
		return;
	*at = new;
	/* At an odd offset its bytes are halves of two words, in the places of each other. */
	if (off & 1) {
		old = __builtin_bswap16(old);
		new = __builtin_bswap16(new);
	}
	tcp->check = shunt_csum_replace(tcp->check, old, new);
}

/* Offsets in a frame, and in a TCP header. */
#define MSS_FRAME_MASK 0x7fff
#define MSS_HEADER_MASK 0x3f

/*
 * Look at the option that is @off bytes behind the beginning of the TCP header, which is
 * at @tcp_at in the frame; its options end before @end. Every MSS option is lowered:
 * receivers differ in which of two they follow. Return: bytes of the option; 0 if the
 * list ends there.
 *
 * A global function for each option, for the verifier: the ways through one are not
 * multiplied by those through the next.
 */
__noinline int mss_option(struct xdp_md *xdp, __u32 tcp_at, __u32 off, __u32 end, __u32 mss)
{
	const struct cursor cur = cursor_open(xdp);
	struct tcphdr *tcp = cur.pos + (tcp_at & MSS_FRAME_MASK);
	__u8 *option = (void *)tcp + (off & MSS_HEADER_MASK);

	if (off >= end || (void *)(tcp + 1) > cur.end || (void *)(option + 1) > cur.end)
		return 0;
	if (option[0] == TCP_OPTION_END)
		return 0;
	if (option[0] == TCP_OPTION_NOP)
		return 1;
	if ((void *)(option + 2) > cur.end || option[1] < 2 || off + option[1] > end)
		return 0;
	if (option[0] == TCP_OPTION_MSS && option[1] == TCP_OPTION_MSS_BYTES &&
	    (void *)(option + TCP_OPTION_MSS_BYTES) <= cur.end)
		mss_lower(tcp, (__be16 *)(option + 2), off, mss);
	return option[1];
}

/* Step to the TCP header. Return: how many bytes the IP packet has from there; 0 for none. */
static __always_inline int mss_find_tcp(struct xdp_md *xdp, struct cursor *cur)
{
	struct extensions found = {};
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	struct ethhdr *eth;

	if (!cursor_take(cur, eth))
		return 0;
	if (*pkt_ethertype(eth) == bpf_htons(ETH_P_IP)) {
		if (!cursor_take(cur, ip) || ip->protocol != IPPROTO_TCP)
			return 0;
		cur->pos = (void *)ip + ip->ihl * 4;
		return (int)bpf_ntohs(ip->tot_len) - ip->ihl * 4;
	}
	if (!cursor_take(cur, ip6))
		return 0;
	found.next = ip6->nexthdr;
	if (extension_step_over(xdp, cur, &found) || found.next != IPPROTO_TCP)
		return 0;
	return (int)bpf_ntohs(ip6->payload_len) - (int)(cur->pos - (void *)(ip6 + 1));
}

/*
 * Lower the MSS that a TCP packet without tags asks for to @mss. Global and not
 * inlined: few packets are SYNs, and the verifier looks at it once. Return: 0.
 */
__noinline int mss_clamp(struct xdp_md *xdp, __u32 mss)
{
	struct cursor cur = cursor_open(xdp);
	__u32 tcp_at, end, off = sizeof(struct tcphdr);
	const int bytes = mss_find_tcp(xdp, &cur);
	const struct tcphdr *tcp;

	tcp_at = cur.pos - (void *)(long)xdp->data;
	if (bytes < (int)sizeof(*tcp) || !cursor_take(&cur, tcp))
		return 0;
	end = tcp->doff * 4;
	/* The rest of it is in another fragment, if anywhere. */
	if (end > (__u32)bytes)
		end = bytes;
#pragma nounroll
	for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
		const int len = mss_option(xdp, tcp_at, off, end, mss);

		if (!len)
			break;
		off += len;
	}
	return 0;
}

/* A SYN to a service that has it done. */
static __always_inline void mss_apply(struct xdp_md *xdp, const struct pkt *pkt)
{
	const __u32 mss = SHUNT_SERVICE_MSS(pkt->service_flags);

	if (shunt_rodata.rich && mss && pkt->tcp_flags & TCP_SYN)
		mss_clamp(xdp, mss);
}

#endif /* BPF_MSS_H */
