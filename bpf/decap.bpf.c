/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The far end of `forward: ipip` and `forward: gue`, for backends whose kernel has no
 * tunnel devices: takes an outer IPv4 or IPv6 header, and UDP behind it, off IPv4 or
 * IPv6 and lets the inner packet go up the stack, as RFC 2003, 2473, 4213 and
 * draft-ietf-intarea-gue say.
 *
 * The stages are in packet order: outer header, source, inner packet, strip. One
 * returns a reason that ends the packet, or DECAP_CONTINUE; there is one exit, which
 * counts. What is no tunnelled packet passes as it came, so does IPv6 with extension
 * headers before the inner packet, and UDP behind IPv4 options: shunt sends none.
 * Another encapsulation is one more reader of what lies between outer and inner
 * header: it moves the cursor and says in struct outer how much there is to strip.
 *
 * VLAN tags are taken off before the stages and put back behind them.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "addr.h"
#include "pkt.h"
#include "shunt/csum.h"
#include "shunt/decap.h"
#include "tags.h"

/* IPv4 fragment field: "more fragments" and the offset, not "don't fragment"; the offset. */
#define IPV4_FRAGMENT 0x3fff
#define IPV4_OFFSET 0x1fff

/* RFC 3168 */
#define ECN_MASK 3
#define ECN_NOT_ECT 0
#define ECN_ECT_1 1
#define ECN_ECT_0 2
#define ECN_CE 3

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct decap_source);
	__type(value, __u32);
	__uint(max_entries, 1);
} decap_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct decap_counters);
	__uint(max_entries, 1);
} decap_counters SEC(".maps");

const volatile struct decap_config decap_config = {};

/**
 * struct outer - what is known of the outer header once it has been read
 * @source: who sent it, as it is looked up
 * @strip_bytes: behind the Ethernet header, to be taken out
 * @inner_bytes: that the inner packet may have
 * @inner_proto: IPPROTO_IPIP or IPPROTO_IPV6
 * @is_gue: it lies in UDP
 * @is_other: it is GUE that is not for here
 */
struct outer {
	struct decap_source source;
	__u32 strip_bytes;
	__u32 inner_bytes;
	__u8 inner_proto;
	__u8 ecn;
	bool is_fragment;
	bool is_gue;
	bool is_other;
};

static __always_inline bool is_tunnel(__u8 proto)
{
	return proto == IPPROTO_IPIP || proto == IPPROTO_IPV6;
}

/* --- outer header --------------------------------------------------------------- */

/* The NIC checks this only where a driver asks it to, and XDP is not told. */
static __always_inline bool csum_is_right(const struct iphdr *ip)
{
	const __be32 *words = (const void *)ip;
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < (int)(sizeof(*ip) / sizeof(*words)); i++)
		sum += words[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	return !shunt_csum_fold((__u32)(sum & 0xffff) + (__u32)(sum >> 16));
}

/* Is that UDP, to the port of GUE? */
static __always_inline bool is_gue(const struct cursor *cur, __u8 proto)
{
	const struct udphdr *udp = cur->pos;

	if (!decap_config.gue_port || proto != IPPROTO_UDP)
		return false;
	return (void *)(udp + 1) <= cur->end && udp->dest == decap_config.gue_port;
}

static __always_inline bool is_for_us(const struct cursor *cur, __u8 proto)
{
	return is_tunnel(proto) || is_gue(cur, proto);
}

/* Options move the UDP header, and later fragments have data in its place. */
static __always_inline bool udp_follows(const struct iphdr *ip)
{
	return ip->ihl == sizeof(*ip) / 4 && !(ip->frag_off & bpf_htons(IPV4_OFFSET));
}

static __always_inline enum decap_reason outer_read_ipv4(struct cursor *cur, struct outer *o)
{
	const struct iphdr *ip;
	__u32 bytes;

	if (!cursor_take(cur, ip) || !is_for_us(cur, ip->protocol))
		return DECAP_NOT_TUNNELLED;
	if (ip->protocol == IPPROTO_UDP && !udp_follows(ip))
		return DECAP_NOT_TUNNELLED;
	bytes = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || ip->ihl != sizeof(*ip) / 4 || !ip->ttl || !csum_is_right(ip))
		return DECAP_BAD_OUTER;
	if (bytes < sizeof(*ip) || bytes > cur->end - (void *)ip)
		return DECAP_BAD_OUTER;
	o->source.bits = DECAP_SOURCE_BITS(4, 32);
	o->source.family = 4;
	o->source.addr = addr_from_v4(ip->saddr);
	o->strip_bytes = sizeof(*ip);
	o->inner_bytes = bytes - sizeof(*ip);
	o->inner_proto = ip->protocol;
	o->ecn = ip->tos & ECN_MASK;
	o->is_fragment = ip->frag_off & bpf_htons(IPV4_FRAGMENT);
	o->is_gue = ip->protocol == IPPROTO_UDP;
	return DECAP_CONTINUE;
}

/*
 * The protocol behind an IPv6 header, and of which packet this is a piece. Of pieces of
 * UDP the stack will know for whom they are.
 */
static __always_inline __u8 outer_next_proto(const struct cursor *cur, const struct ipv6hdr *ip6)
{
	const __u8 *next = cur->pos;

	if (ip6->nexthdr != IPPROTO_FRAGMENT)
		return ip6->nexthdr;
	return (void *)(next + 1) <= cur->end && is_tunnel(*next) ? *next : IPPROTO_NONE;
}

static __always_inline enum decap_reason outer_read_ipv6(struct cursor *cur, struct outer *o)
{
	const struct ipv6hdr *ip6;
	__u8 proto;

	if (!cursor_take(cur, ip6))
		return DECAP_NOT_TUNNELLED;
	proto = outer_next_proto(cur, ip6);
	if (!is_for_us(cur, proto))
		return DECAP_NOT_TUNNELLED;
	o->inner_bytes = bpf_ntohs(ip6->payload_len);
	if (ip6->version != 6 || !ip6->hop_limit || o->inner_bytes > cur->end - cur->pos)
		return DECAP_BAD_OUTER;
	o->source.bits = DECAP_SOURCE_BITS(6, 128);
	o->source.family = 6;
	o->source.addr = addr_from_v6(&ip6->saddr);
	o->strip_bytes = sizeof(*ip6);
	o->inner_proto = proto;
	o->ecn = ip6->flow_lbl[0] >> 4 & ECN_MASK;
	o->is_fragment = ip6->nexthdr == IPPROTO_FRAGMENT;
	o->is_gue = proto == IPPROTO_UDP;
	return DECAP_CONTINUE;
}

/*
 * What a GUE header says: variant 1 is none at all, and the packet's first byte says its
 * version; variant 0 is taken where it is 4 bytes that say nothing but the protocol, as
 * kernels send it. @cur is behind UDP.
 */
static __always_inline bool gue_read_variant(struct cursor *cur, struct outer *o)
{
	const __u8 *first = cur->pos;
	const struct {
		__u8 variant;
		__u8 proto;
		__be16 flags;
	} * gue;

	if ((void *)(first + 1) > cur->end)
		return false;
	o->inner_proto = *first >> 4 == 6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	if (*first >> 4 == 4 || *first >> 4 == 6)
		return true;
	if (!cursor_take(cur, gue) || gue->variant || gue->flags || !is_tunnel(gue->proto))
		return false;
	if (o->inner_bytes < sizeof(*gue))
		return false;
	o->inner_proto = gue->proto;
	o->inner_bytes -= sizeof(*gue);
	o->strip_bytes += sizeof(*gue);
	return true;
}

/*
 * The UDP header, which is known to be there. Its checksum is not looked at: 0 is none,
 * also over IPv6 (RFC 6935), and what another one is about the inner packet says again.
 */
static __always_inline enum decap_reason outer_read_gue(struct cursor *cur, struct outer *o)
{
	const struct udphdr *udp;
	__u32 bytes;

	o->is_other = false;
	if (!o->is_gue || o->is_fragment)
		return DECAP_CONTINUE;
	if (!cursor_take(cur, udp))
		return DECAP_BAD_OUTER;
	bytes = bpf_ntohs(udp->len);
	if (bytes < sizeof(*udp) || bytes > o->inner_bytes)
		return DECAP_BAD_OUTER;
	o->inner_bytes = bytes - sizeof(*udp);
	o->strip_bytes += sizeof(*udp);
	o->is_other = !gue_read_variant(cur, o);
	return DECAP_CONTINUE;
}

static __always_inline enum decap_reason outer_read(struct cursor *cur, struct outer *o)
{
	const struct ethhdr *eth;
	__be16 type;

	if (!cursor_take(cur, eth))
		return DECAP_NOT_TUNNELLED;
	type = *pkt_ethertype(eth);
	if (type == bpf_htons(ETH_P_IP))
		return outer_read_ipv4(cur, o) ?: outer_read_gue(cur, o);
	if (type == bpf_htons(ETH_P_IPV6))
		return outer_read_ipv6(cur, o) ?: outer_read_gue(cur, o);
	return DECAP_NOT_TUNNELLED;
}

static __always_inline enum decap_reason source_admit(const struct outer *o)
{
	if (!bpf_map_lookup_elem(&decap_sources, &o->source))
		return DECAP_REFUSED_SOURCE;
	if (o->is_fragment)
		return DECAP_FRAGMENT;
	return o->is_other ? DECAP_OTHER_GUE : DECAP_CONTINUE;
}

/* --- inner packet --------------------------------------------------------------- */

/* What the inner header is to say, RFC 6040 section 4.2; false for "drop". */
static __always_inline bool ecn_combine(__u8 outer, __u8 *inner)
{
	if (*inner == ECN_NOT_ECT)
		return outer != ECN_CE;
	if (outer == ECN_CE || (outer == ECN_ECT_1 && *inner == ECN_ECT_0))
		*inner = outer;
	return true;
}

/*
 * The first 16 bits of an IPv4 or IPv6 header hold the ECN bits, @shift from the
 * right. Return: the same bits with what follows from the outer header; 0, which no
 * header begins with, for "drop".
 */
static __always_inline __be16 ecn_word(__be16 first, __u8 shift, const struct outer *o)
{
	const __u16 word = bpf_ntohs(first);
	__u8 ecn = word >> shift & ECN_MASK;

	if (!ecn_combine(o->ecn, &ecn))
		return 0;
	return bpf_htons((word & ~(ECN_MASK << shift)) | ecn << shift);
}

static __always_inline enum decap_reason inner_take_ipv4(struct cursor *cur, const struct outer *o)
{
	struct iphdr *ip;
	__be16 *first, word;
	__u32 bytes;

	if (!cursor_take(cur, ip) || ip->version != 4)
		return DECAP_BAD_INNER;
	bytes = bpf_ntohs(ip->tot_len);
	if (ip->ihl < sizeof(*ip) / 4 || bytes < ip->ihl * 4U || bytes > o->inner_bytes)
		return DECAP_BAD_INNER;
	first = (__be16 *)ip;
	word = ecn_word(*first, 0, o);
	if (!word)
		return DECAP_BAD_ECN;
	/* Updated, not recomputed: a wrong one stays wrong, and the stack drops it. */
	if (word != *first)
		ip->check = shunt_csum_replace(ip->check, *first, word);
	*first = word;
	return DECAP_CONTINUE;
}

static __always_inline enum decap_reason inner_take_ipv6(struct cursor *cur, const struct outer *o)
{
	struct ipv6hdr *ip6;
	__be16 *first, word;

	if (!cursor_take(cur, ip6) || ip6->version != 6)
		return DECAP_BAD_INNER;
	if (bpf_ntohs(ip6->payload_len) + sizeof(*ip6) > o->inner_bytes)
		return DECAP_BAD_INNER;
	first = (__be16 *)ip6;
	word = ecn_word(*first, 4, o);
	if (!word)
		return DECAP_BAD_ECN;
	*first = word;
	return DECAP_CONTINUE;
}

static __always_inline enum decap_reason inner_take(struct cursor *cur, const struct outer *o)
{
	return o->inner_proto == IPPROTO_IPV6 ? inner_take_ipv6(cur, o) : inner_take_ipv4(cur, o);
}

/* --- the way through ------------------------------------------------------------ */

/* Move the Ethernet header to the inner packet. Both were there a moment ago. */
static __always_inline enum decap_reason strip(struct xdp_md *xdp, const struct outer *o)
{
	const bool v6 = o->inner_proto == IPPROTO_IPV6;
	struct cursor cur = cursor_open(xdp);
	struct ethhdr copy, *eth;

	if (!cursor_take(&cur, eth))
		return DECAP_BAD_INNER;
	copy = *eth;
	if (bpf_xdp_adjust_head(xdp, o->strip_bytes))
		return DECAP_BAD_INNER;
	cur = cursor_open(xdp);
	if (!cursor_take(&cur, eth))
		return DECAP_BAD_INNER;
	*eth = copy;
	*pkt_ethertype(eth) = v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	if (o->is_gue)
		return DECAP_GUE;
	if (o->source.family == 6)
		return v6 ? DECAP_V6_IN_V6 : DECAP_V4_IN_V6;
	return v6 ? DECAP_V6_IN_V4 : DECAP_V4_IN_V4;
}

static __always_inline void count(enum decap_reason reason, __u32 bytes)
{
	struct decap_counters *counters;
	__u32 zero = 0;

	counters = bpf_map_lookup_elem(&decap_counters, &zero);
	if (!counters)
		return;
	counters->reason[reason & (DECAP_MAX_REASONS - 1)].packets++;
	counters->reason[reason & (DECAP_MAX_REASONS - 1)].bytes += bytes;
}

static __always_inline bool has_tag(const struct cursor *cur)
{
	const struct ethhdr *eth = cur->pos;

	return (void *)(eth + 1) <= cur->end && tags_are_next(*pkt_ethertype(eth));
}

/* One bit a reason: does the packet go up the stack? */
#define PASS_BIT(name, action, label, text) | (XDP_##action == XDP_PASS) << DECAP_##name

SEC("xdp")
int shunt_decap(struct xdp_md *xdp)
{
	const __u32 passed = 0 DECAP_REASON_LIST(PASS_BIT);
	struct cursor cur = cursor_open(xdp);
	const __u32 bytes = cur.end - cur.pos;
	struct outer o; /* not zeroed: outer_read() sets all of it */
	enum decap_reason reason;
	__u64 tags = 0;

	if (has_tag(&cur)) {
		tags = tags_take(xdp);
		cur = cursor_open(xdp);
	}
	reason = outer_read(&cur, &o) ?: source_admit(&o) ?: inner_take(&cur, &o) ?: strip(xdp, &o);
	/* There is room: it is what they had. */
	if (tags)
		tags_put(xdp, tags);
	count(reason, bytes);
	return passed >> reason & 1 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
