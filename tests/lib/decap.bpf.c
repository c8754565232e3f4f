/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The far end of a tunnel, for kernels without tunnel devices: strips an outer
 * IPv4 or IPv6 header off IPv4 or IPv6 and lets the inner packet go up the
 * stack. As strict as the kernel's own devices: a bad outer header is dropped.
 *
 * decap_packets counts by kind, so that a test can tell that its traffic came
 * in the tunnel it asked for: index 0 is 4in4, 1 is 6in4, 2 is 4in6, 3 is 6in6.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define INNER_IPV6 1
#define OUTER_IPV6 2
#define KINDS 4

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, __u64);
} decap_packets SEC(".maps");

/* What the outer header says of itself. */
struct outer {
	__u8 len; /* of the header; 0: not a tunnel */
	__u8 inner_proto;
	bool is_valid;
};

static __always_inline bool csum_is_right(const struct iphdr *ip)
{
	const __u16 *words = (const void *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < (int)(sizeof(*ip) / 2); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static __always_inline struct outer outer_read_ipv4(const struct iphdr *ip, const void *end)
{
	struct outer o = {};

	if ((const void *)(ip + 1) > end)
		return o;
	if (ip->protocol != IPPROTO_IPIP && ip->protocol != IPPROTO_IPV6)
		return o;
	o.len = sizeof(*ip);
	o.inner_proto = ip->protocol;
	o.is_valid = ip->version == 4 && ip->ihl == 5 && ip->ttl > 0 && csum_is_right(ip) &&
		     bpf_ntohs(ip->tot_len) <= (const char *)end - (const char *)ip;
	return o;
}

static __always_inline struct outer outer_read_ipv6(const struct ipv6hdr *ip, const void *end)
{
	struct outer o = {};

	if ((const void *)(ip + 1) > end)
		return o;
	if (ip->nexthdr != IPPROTO_IPIP && ip->nexthdr != IPPROTO_IPV6)
		return o;
	o.len = sizeof(*ip);
	o.inner_proto = ip->nexthdr;
	o.is_valid = ip->version == 6 && ip->hop_limit > 0 &&
		     bpf_ntohs(ip->payload_len) <= (const char *)end - (const char *)(ip + 1);
	return o;
}

/* Take @len bytes out behind the Ethernet header. */
static __always_inline int strip(struct xdp_md *xdp, __u8 len, __be16 inner_proto)
{
	struct ethhdr copy, *eth = (void *)(long)xdp->data;

	if ((void *)(eth + 1) > (void *)(long)xdp->data_end)
		return XDP_DROP;
	copy = *eth;
	copy.h_proto = inner_proto;
	if (bpf_xdp_adjust_head(xdp, len))
		return XDP_DROP;
	eth = (void *)(long)xdp->data;
	if ((void *)(eth + 1) > (void *)(long)xdp->data_end)
		return XDP_DROP;
	*eth = copy;
	return XDP_PASS;
}

SEC("xdp")
int decap(struct xdp_md *xdp)
{
	void *end = (void *)(long)xdp->data_end;
	struct ethhdr *eth = (void *)(long)xdp->data;
	struct outer o = {};
	bool is_inner_v6;
	__u64 *packets;
	__u32 kind = 0;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		o = outer_read_ipv4((void *)(eth + 1), end);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		o = outer_read_ipv6((void *)(eth + 1), end);
		kind |= OUTER_IPV6;
	}
	if (!o.len)
		return XDP_PASS;
	if (!o.is_valid)
		return XDP_DROP;
	is_inner_v6 = o.inner_proto == IPPROTO_IPV6;
	kind |= is_inner_v6 ? INNER_IPV6 : 0;
	packets = bpf_map_lookup_elem(&decap_packets, &kind);
	if (packets)
		__sync_fetch_and_add(packets, 1);
	return strip(xdp, o.len, is_inner_v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP));
}

char _license[] SEC("license") = "Dual BSD/GPL";
