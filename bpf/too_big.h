/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Path MTU discovery: a packet of a service that does not fit the link to its backend,
 * and that may not be fragmented, is sent back to the client as an ICMP message which
 * says what would have fitted: RFC 1191 (type 3, code 4) and RFC 8201 (ICMPv6, type 2).
 * It comes from the VIP, the only address of ours that the client knows.
 *
 * The frame is made the answer: room for two headers in front of the client's packet,
 * which no stage has changed before it knew that the packet fits, and its end cut off.
 * Global functions: the verifier looks at each once.
 */
#ifndef BPF_TOO_BIG_H
#define BPF_TOO_BIG_H

#include <bpf/bpf_endian.h>

#include "icmp.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/csum.h"

/* RFC 1812, 5.3.13.2: errors have the precedence of "internetwork control". */
#define TOO_BIG_TOS 0xc0
#define ICMP_FRAGMENTATION_NEEDED 4

/* What every link takes: RFC 791, RFC 8200. Nobody heeds less. */
#define IPV4_LEAST_MTU 68
#define IPV6_LEAST_MTU 1280

/* The longest errors: RFC 1812, 4.3.2.3; RFC 4443, 3.2. */
#define IPV4_ERROR_BYTES 576
#define IPV6_ERROR_BYTES 1280

/* An answer up to the packet that it quotes. */
struct too_big4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct icmp_head icmp;
} __attribute__((packed, aligned(2)));

struct too_big6 {
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct icmp_head icmp;
} __attribute__((packed, aligned(2)));

#define TOO_BIG4_ROOM (sizeof(struct too_big4) - sizeof(struct ethhdr))
#define TOO_BIG6_ROOM (sizeof(struct too_big6) - sizeof(struct ethhdr))

/**
 * struct too_big - what is told, and to whom
 * @mtu: that the client may use
 * @ip_bytes: of its packet
 */
struct too_big {
	struct shunt_addr client;
	struct shunt_addr vip;
	__u32 mtu;
	__u32 ip_bytes;
};

/* --- checksums ------------------------------------------------------------------ */

/* As many as there can be: behind them is nothing. */
#define SUM_WORDS (IPV6_ERROR_BYTES / 4)

/* One's complement sum of the frame from byte @from on, not folded to the end. */
__noinline __u32 too_big_sum(struct xdp_md *xdp, __u32 from)
{
	struct cursor cur = cursor_open(xdp);
	const __be32 *word;
	const __be16 *half;
	const __u8 *byte;
	__u64 sum = 0;

	if (from > sizeof(struct too_big6))
		return 0;
	cur.pos += from;
#pragma nounroll
	for (int i = 0; i < SUM_WORDS; i++) {
		word = cur.pos;
		if ((void *)(word + 1) > cur.end)
			break;
		sum += *word;
		cur.pos += sizeof(*word);
	}
	half = cur.pos;
	if ((void *)(half + 1) <= cur.end) {
		sum += *half;
		cur.pos += sizeof(*half);
	}
	byte = cur.pos;
	if ((void *)(byte + 1) <= cur.end)
		sum += *byte; /* the first of its word, whose other is 0 */
	return (__u32)(sum & 0xffff) + (__u32)(sum >> 16 & 0xffff) + (__u32)(sum >> 32);
}

/* --- whether -------------------------------------------------------------------- */

/*
 * A client that cannot do with less gets no answer: it would send the same again.
 * SHUNT_CONTINUE: it gets one.
 */
static __always_inline enum shunt_reason too_big_admit(const struct too_big *t, const bool v6)
{
	if (t->ip_bytes <= t->mtu || !icmp_may_answer(&t->client, v6))
		return SHUNT_TOO_BIG;
	return icmp_is_in_budget() ? SHUNT_CONTINUE : SHUNT_ICMP_LIMITED;
}

/* Of fragments only of the first: RFC 1122, 3.2.2. RFC 4443 has no such rule. */
static __always_inline bool too_big_read4(const struct xdp_md *xdp, struct too_big *t)
{
	struct cursor cur = cursor_open(xdp);
	const struct ethhdr *eth;
	const struct iphdr *ip;

	if (!cursor_take(&cur, eth) || !cursor_take(&cur, ip))
		return false;
	if ((ip->frag_off & bpf_htons(IPV4_DF | IPV4_FRAGMENT_OFFSET)) != bpf_htons(IPV4_DF))
		return false;
	t->client = addr_from_v4(ip->saddr);
	t->vip = addr_from_v4(ip->daddr);
	t->ip_bytes = bpf_ntohs(ip->tot_len);
	return true;
}

static __always_inline bool too_big_read6(const struct xdp_md *xdp, struct too_big *t)
{
	struct cursor cur = cursor_open(xdp);
	const struct ipv6hdr *ip6;
	const struct ethhdr *eth;

	if (!cursor_take(&cur, eth) || !cursor_take(&cur, ip6))
		return false;
	t->client = addr_from_v6(&ip6->saddr);
	t->vip = addr_from_v6(&ip6->daddr);
	t->ip_bytes = bpf_ntohs(ip6->payload_len) + sizeof(*ip6);
	return true;
}

/* --- the frame ------------------------------------------------------------------- */

/*
 * Room for an answer before the client's packet, which is cut to @quote_bytes; the
 * Ethernet header is where it is then, turned round. False if there was no room, and
 * nothing was done.
 */
static __always_inline bool too_big_make_room(struct xdp_md *xdp, __u32 room, __u32 quote_bytes)
{
	struct cursor cur = cursor_open(xdp);
	const __u32 want = sizeof(struct ethhdr) + room + quote_bytes;
	struct ethhdr *eth, copy;

	if (!cursor_take(&cur, eth))
		return false;
	copy = *eth;
	if (bpf_xdp_adjust_head(xdp, -(int)room))
		return false;
	bpf_xdp_adjust_tail(xdp, (int)want - (int)bpf_xdp_get_buff_len(xdp));
	cur = cursor_open(xdp);
	if (!cursor_take(&cur, eth))
		return false;
	icmp_swap_macs(&copy);
	*eth = copy;
	return true;
}

/* From byte @from on is what the checksum is of, besides @more; @at is where it stands. */
static __always_inline bool too_big_put_check(struct xdp_md *xdp, __u32 from, __u32 more,
					      const __u32 at)
{
	const __u16 check = shunt_csum_fold(too_big_sum(xdp, from) + more);
	struct cursor cur = cursor_open(xdp);
	__be16 *field;

	cur.pos += at;
	if (!cursor_take(&cur, field))
		return false;
	*field = check;
	return true;
}

static __always_inline bool too_big_put4(struct xdp_md *xdp, const struct too_big *t,
					 __u32 quote_bytes)
{
	struct cursor cur = cursor_open(xdp);
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tos = TOO_BIG_TOS,
		.tot_len = bpf_htons(TOO_BIG4_ROOM + quote_bytes),
		.frag_off = bpf_htons(IPV4_DF), /* and no identification: RFC 6864 */
		.ttl = ICMP_TTL,
		.protocol = IPPROTO_ICMP,
		.saddr = t->vip.w[3],
		.daddr = t->client.w[3],
	};
	struct too_big4 *answer;

	ip.check = shunt_csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&ip, sizeof(ip), 0));
	if (!cursor_take(&cur, answer))
		return false;
	answer->ip = ip;
	answer->icmp = (struct icmp_head){
		.type = ICMP_UNREACHABLE,
		.code = ICMP_FRAGMENTATION_NEEDED,
		.rest = bpf_htonl(t->mtu),
	};
	return too_big_put_check(xdp, __builtin_offsetof(struct too_big4, icmp), 0,
				 __builtin_offsetof(struct too_big4, icmp.check));
}

static __always_inline bool too_big_put6(struct xdp_md *xdp, const struct too_big *t,
					 __u32 quote_bytes)
{
	const __be16 icmp_bytes = bpf_htons(sizeof(struct icmp_head) + quote_bytes);
	struct cursor cur = cursor_open(xdp);
	struct too_big6 *answer;

	if (!cursor_take(&cur, answer))
		return false;
	answer->ip6 = (struct ipv6hdr){
		.version = 6,
		.payload_len = icmp_bytes,
		.nexthdr = IPPROTO_ICMPV6,
		.hop_limit = ICMP_TTL,
	};
	__builtin_memcpy(&answer->ip6.saddr, &t->vip, sizeof(t->vip));
	__builtin_memcpy(&answer->ip6.daddr, &t->client, sizeof(t->client));
	answer->icmp = (struct icmp_head){ .type = ICMPV6_TOO_BIG, .rest = bpf_htonl(t->mtu) };
	/* RFC 8200, 8.1: the addresses, and besides them the length and the protocol. */
	return too_big_put_check(xdp, __builtin_offsetof(struct too_big6, ip6.saddr),
				 (__u32)icmp_bytes + bpf_htons(IPPROTO_ICMPV6),
				 __builtin_offsetof(struct too_big6, icmp.check));
}

static __always_inline enum shunt_reason too_big_answer(struct xdp_md *xdp, __u32 mtu,
							const bool v6)
{
	const __u32 room = v6 ? TOO_BIG6_ROOM : TOO_BIG4_ROOM;
	const __u32 longest = (v6 ? IPV6_ERROR_BYTES : IPV4_ERROR_BYTES) - room;
	const __u32 least = v6 ? IPV6_LEAST_MTU : IPV4_LEAST_MTU;
	struct too_big t = { .mtu = mtu < least ? least : mtu };
	enum shunt_reason reason;
	__u32 quote_bytes;

	if (v6 ? !too_big_read6(xdp, &t) : !too_big_read4(xdp, &t))
		return SHUNT_TOO_BIG;
	reason = too_big_admit(&t, v6);
	if (reason)
		return reason;
	quote_bytes = t.ip_bytes < longest ? t.ip_bytes : longest;
	if (!too_big_make_room(xdp, room, quote_bytes))
		return SHUNT_NO_HEADROOM;
	if (v6 ? !too_big_put6(xdp, &t, quote_bytes) : !too_big_put4(xdp, &t, quote_bytes))
		return SHUNT_TRUNCATED;
	return SHUNT_TOO_BIG_ANSWERED;
}

/*
 * @mtu: the longest packet of the client's that would have fitted. Return: enum
 * shunt_reason; SHUNT_TOO_BIG if the client is not to be told.
 */
__noinline int too_big_answer4(struct xdp_md *xdp, __u32 mtu)
{
	return too_big_answer(xdp, mtu, false);
}

__noinline int too_big_answer6(struct xdp_md *xdp, __u32 mtu)
{
	return too_big_answer(xdp, mtu, true);
}

#endif /* BPF_TOO_BIG_H */
