/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the balancer is measured against, in the same run on the same packets:
 *
 *	drop	nothing; what is left is the harness
 *	swap	parse, swap the MAC addresses
 *	floor	parse, put a constant outer header on: no balancer of this kind
 *		can do less
 *	exact	the floor behind a lookup of the 5-tuple in a hash map: what
 *		connection tracking costs by the kernel's own means
 *	classic	a service in a hash map, the flow in an LRU map, three per-CPU
 *		counters, the floor's header: what many balancers do per packet
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "refs.h"
#include "shunt/csum.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * REFS_SERVICES);
	__type(key, struct refs_service);
	__type(value, __u32);
} refs_services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, REFS_FLOWS);
	__type(key, struct refs_flow);
	__type(value, __u32);
} refs_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, REFS_CONNS);
	__type(key, struct refs_flow);
	__type(value, __u64);
} refs_conns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, REFS_SERVICES *REFS_RING);
	__type(key, __u32);
	__type(value, __u64);
} refs_rings SEC(".maps");

/* The address of a real server. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, REFS_REALS);
	__type(key, __u32);
	__type(value, __be32);
} refs_reals SEC(".maps");

/* Of services, then of real servers; the last one counts misses and hits. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, REFS_SERVICES + REFS_REALS + 1);
	__type(key, __u32);
	__type(value, struct refs_counter);
} refs_counters SEC(".maps");

/* What a parser must have checked before it may forward. */
static __always_inline bool parse(const struct xdp_md *xdp, struct refs_flow *flow, const bool v6)
{
	void *const frame = (void *)(long)xdp->data, *const end = (void *)(long)xdp->data_end;
	const struct ethhdr *eth = frame;
	const struct ipv6hdr *ip6 = (void *)(eth + 1);
	const struct iphdr *ip = (void *)(eth + 1);
	const __be32 *ports = v6 ? (void *)(ip6 + 1) : (void *)(ip + 1);

	if ((void *)ports + sizeof(struct tcphdr) > end)
		return false;
	if (eth->h_proto != (v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)))
		return false;
	flow->proto = v6 ? ip6->nexthdr : ip->protocol;
	if (flow->proto != IPPROTO_TCP && flow->proto != IPPROTO_UDP)
		return false;
	flow->ports = *ports;
	if (v6)
		return ip6->version == 6;
	flow->src = ip->saddr;
	flow->dst = ip->daddr;
	return ip->version == 4 && ip->ihl == 5 && !(ip->frag_off & bpf_htons(0x3fff));
}

static __always_inline void put_outer_v4(struct iphdr *ip, __u32 inner_bytes, __u8 proto,
					 __be32 dst)
{
	const __u16 *word = (const __u16 *)ip;
	__u32 sum = 0;

	*ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(inner_bytes + sizeof(*ip)),
		.ttl = 64,
		.protocol = proto,
		.saddr = bpf_htonl(0x0a000001),
		.daddr = dst,
	};
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += word[i];
	ip->check = shunt_csum_fold(sum);
}

static __always_inline void put_outer_v6(struct ipv6hdr *ip6, __u32 inner_bytes, __u8 proto,
					 __be32 dst)
{
	*ip6 = (struct ipv6hdr){
		.version = 6,
		.payload_len = bpf_htons(inner_bytes),
		.nexthdr = proto,
		.hop_limit = 64,
		.saddr.s6_addr32 = { bpf_htonl(0xfd000000), 0, 0, bpf_htonl(1) },
		.daddr.s6_addr32 = { bpf_htonl(0xfd000000), 0, 0, dst },
	};
}

static __always_inline int encapsulate(struct xdp_md *xdp, __be32 dst, const bool outer_v6,
				       const bool v6)
{
	const void *const frame = (void *)(long)xdp->data, *const end = (void *)(long)xdp->data_end;
	__u32 inner_bytes = end - frame - sizeof(struct ethhdr);
	const __u8 proto = v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	struct ethhdr *eth;

	/* Now: clang would keep the pointers and spill them as numbers. */
	barrier_var(inner_bytes);
	if (bpf_xdp_adjust_head(xdp, outer_v6 ? -40 : -20))
		return XDP_DROP;
	eth = (void *)(long)xdp->data;
	if ((void *)(eth + 1) + 40 > (void *)(long)xdp->data_end)
		return XDP_DROP;
	*eth = (struct ethhdr){
		.h_dest = { 2, 0, 0, 0, 0, 1 },
		.h_source = { 2, 0, 0, 0, 0, 2 },
		.h_proto = outer_v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP),
	};
	if (outer_v6)
		put_outer_v6((void *)(eth + 1), inner_bytes, proto, dst);
	else
		put_outer_v4((void *)(eth + 1), inner_bytes, proto, dst);
	return XDP_TX;
}

static __always_inline int floor(struct xdp_md *xdp, const bool outer_v6, const bool v6)
{
	struct refs_flow flow;

	return parse(xdp, &flow, v6) ? encapsulate(xdp, bpf_htonl(0x0a000002), outer_v6, v6)
				     : XDP_DROP;
}

SEC("xdp")
int ref_drop(struct xdp_md *xdp __attribute__((unused)))
{
	return XDP_DROP;
}

SEC("xdp")
int ref_swap(struct xdp_md *xdp)
{
	struct ethhdr *eth, old;
	struct refs_flow flow;

	if (!parse(xdp, &flow, false))
		return XDP_DROP;
	eth = (void *)(long)xdp->data;
	if ((void *)(eth + 1) > (void *)(long)xdp->data_end)
		return XDP_DROP;
	old = *eth;
	__builtin_memcpy(eth->h_dest, old.h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, old.h_dest, ETH_ALEN);
	return XDP_TX;
}

SEC("xdp")
int ref_floor_4in4(struct xdp_md *xdp)
{
	return floor(xdp, false, false);
}

SEC("xdp")
int ref_floor_6in6(struct xdp_md *xdp)
{
	return floor(xdp, true, true);
}

SEC("xdp")
int ref_floor_4in6(struct xdp_md *xdp)
{
	return floor(xdp, true, false);
}

SEC("xdp")
int ref_floor_6in4(struct xdp_md *xdp)
{
	return floor(xdp, false, true);
}

/* A flow that is not there yet is entered: those of a case are, once it is warm. */
SEC("xdp")
int ref_exact_4in4(struct xdp_md *xdp)
{
	const __u64 fresh = 2;
	struct refs_flow flow = {};
	const __u64 *conn;

	if (!parse(xdp, &flow, false))
		return XDP_DROP;
	conn = bpf_map_lookup_elem(&refs_conns, &flow);
	if (!conn)
		bpf_map_update_elem(&refs_conns, &flow, &fresh, BPF_NOEXIST);
	return encapsulate(xdp, bpf_htonl(0x0a000000 | (conn ? *conn : fresh)), false, false);
}

static __always_inline void count(__u32 index, __u32 bytes)
{
	struct refs_counter *c = bpf_map_lookup_elem(&refs_counters, &index);

	if (c) {
		c->packets++;
		c->bytes += bytes;
	}
}

/* A flow that is not in the LRU map: from the ring, and noted. */
static __always_inline __u32 choose(const struct refs_flow *flow, __u32 service)
{
	const __u32 hash = (flow->src ^ flow->ports) * 0x9e3779b1U;
	__u32 index = service * REFS_RING + (hash >> 8) % REFS_RING;
	const __u64 *word = bpf_map_lookup_elem(&refs_rings, &index);
	__u32 real;

	if (!word)
		return 0;
	real = *word;
	bpf_map_update_elem(&refs_flows, flow, &real, BPF_ANY);
	return real;
}

SEC("xdp")
int ref_classic(struct xdp_md *xdp)
{
	const __u32 bytes = (long)xdp->data_end - (long)xdp->data;
	struct refs_service key = {};
	struct refs_flow flow = {};
	__u32 *service, *noted, real;
	__be32 *dst;

	if (!parse(xdp, &flow, false))
		return XDP_DROP;
	key.dst = flow.dst;
	key.port = flow.ports >> 16;
	key.proto = flow.proto;
	service = bpf_map_lookup_elem(&refs_services, &key);
	if (!service)
		return XDP_PASS;
	count(*service, bytes);
	count(REFS_SERVICES + REFS_REALS, bytes);
	noted = bpf_map_lookup_elem(&refs_flows, &flow);
	real = noted ? *noted : choose(&flow, *service);
	dst = bpf_map_lookup_elem(&refs_reals, &real);
	if (!dst)
		return XDP_DROP;
	count(REFS_SERVICES + real, bytes);
	return encapsulate(xdp, *dst, false, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
