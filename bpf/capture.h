/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Packets for people to look at: kept as they come in, and given away when it is known
 * how they end. In a program of its own (capture.bpf.c): even a test of a constant costs
 * every packet two instructions, so the usual one has nothing of this.
 */
#ifndef BPF_CAPTURE_H
#define BPF_CAPTURE_H

#include <linux/bpf.h>

#ifdef SHUNT_CAPTURE

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <stdbool.h>

#include "shunt/capture.h"
#include "shunt/conn.h"

/* Written by user space before the program is loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct shunt_capture);
	__uint(max_entries, 1);
} shunt_capture SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SHUNT_CAPTURE_RING);
} shunt_captured SEC(".maps");

/* The packet of each CPU; of one that nobody wants bytes is 0. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct shunt_captured);
	__uint(max_entries, 1);
} shunt_capture_packet SEC(".maps");

#define CAPTURE_MAX_TAGS 2

/* What of a packet can be asked for; @proto 0: it is not of IP. */
struct capture_flow {
	struct shunt_addr src;
	struct shunt_addr dst;
	__be32 ports;
	__u8 proto;
};

/* Everything below lies in the first hundred bytes; what was not copied is of another packet. */
static __always_inline bool capture_has(const struct shunt_captured *c, __u32 bytes)
{
	return c->bytes >= bytes;
}

/* Where the IP header begins. */
static __always_inline __u32 capture_skip_tags(const struct shunt_captured *c, __be16 *type)
{
	__u32 at = ETH_HLEN;

	*type = *(const __be16 *)&c->data[ETH_HLEN - 2];
#pragma unroll
	for (int i = 0; i < CAPTURE_MAX_TAGS; i++) {
		if (*type != bpf_htons(ETH_P_8021Q) && *type != bpf_htons(ETH_P_8021AD))
			break;
		*type = *(const __be16 *)&c->data[at + 2];
		at += 4;
	}
	return at;
}

static __always_inline void capture_read_ports(const struct shunt_captured *c, __u32 at,
					       struct capture_flow *flow)
{
	if (flow->proto != IPPROTO_TCP && flow->proto != IPPROTO_UDP)
		return;
	if (at <= 128 && capture_has(c, at + 4))
		__builtin_memcpy(&flow->ports, &c->data[at], sizeof(flow->ports));
}

static __always_inline void capture_read_v4(const struct shunt_captured *c, __u32 at,
					    struct capture_flow *flow)
{
	if (!capture_has(c, at + 20))
		return;
	flow->src.w[2] = flow->dst.w[2] = bpf_htonl(0xffff);
	__builtin_memcpy(&flow->src.w[3], &c->data[at + 12], 4);
	__builtin_memcpy(&flow->dst.w[3], &c->data[at + 16], 4);
	flow->proto = c->data[at + 9];
	/* A later fragment has no ports. */
	if (!((c->data[at + 6] & 0x1f) | c->data[at + 7]))
		capture_read_ports(c, at + (c->data[at] & 15) * 4, flow);
}

static __always_inline void capture_read_v6(const struct shunt_captured *c, __u32 at,
					    struct capture_flow *flow)
{
	if (!capture_has(c, at + 40))
		return;
	__builtin_memcpy(&flow->src, &c->data[at + 8], sizeof(flow->src));
	__builtin_memcpy(&flow->dst, &c->data[at + 24], sizeof(flow->dst));
	flow->proto = c->data[at + 6];
	capture_read_ports(c, at + 40, flow);
}

static __always_inline bool capture_goes_to(const struct shunt_capture_end *end,
					    const struct capture_flow *flow)
{
	return flow->proto == end->proto && shunt_addr_is_equal(&flow->dst, &end->addr) &&
	       (!end->port || end->port == (__be16)(flow->ports >> 16));
}

/* Is it one of what is asked for, as far as that is known when it comes? Return: 0: no. */
__noinline int capture_wants(const struct shunt_capture *f, const struct shunt_captured *c)
{
	struct capture_flow flow = {};
	__be16 type;
	__u32 at;

	if (!f || !c)
		return 0;
	at = capture_skip_tags(c, &type);
	if (type == bpf_htons(ETH_P_IP))
		capture_read_v4(c, at, &flow);
	else if (type == bpf_htons(ETH_P_IPV6))
		capture_read_v6(c, at, &flow);
	if (f->has_host && (!flow.proto || (!shunt_addr_is_equal(&flow.src, &f->host) &&
					    !shunt_addr_is_equal(&flow.dst, &f->host))))
		return 0;
	if (f->port && f->port != (__be16)flow.ports && f->port != (__be16)(flow.ports >> 16))
		return 0;
	if (!f->n_ends)
		return 1;
	for (__u32 i = 0; i < SHUNT_CAPTURE_ENDS && i < f->n_ends; i++)
		if (capture_goes_to(&f->ends[i], &flow))
			return 1;
	return 0;
}

static __always_inline struct shunt_captured *capture_packet(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&shunt_capture_packet, &zero);
}

/* Keep a packet that comes in. Return: 0. */
__noinline int capture_keep(struct xdp_md *xdp)
{
	const __u32 zero = 0, len = bpf_xdp_get_buff_len(xdp);
	const struct shunt_capture *filter = bpf_map_lookup_elem(&shunt_capture, &zero);
	struct shunt_captured *c = capture_packet();
	__u64 bytes = len;

	if (!filter || !c)
		return 0;
	/* So that the verifier sees one number, and not a copy that was made before it was bounded. */
	asm volatile("" : "+r"(bytes));
	if (bytes > SHUNT_CAPTURE_BYTES)
		bytes = SHUNT_CAPTURE_BYTES;
	c->bytes = 0;
	if (bytes < ETH_HLEN || bpf_xdp_load_bytes(xdp, 0, c->data, bytes))
		return 0;
	c->ns = bpf_ktime_get_ns();
	c->ifindex = xdp->ingress_ifindex;
	c->frame_bytes = len;
	c->bytes = bytes;
	if (!capture_wants(filter, c))
		c->bytes = 0;
	return 0;
}

/* It has ended: give it away. Return: 0. */
__noinline int capture_give(__u32 reason)
{
	const __u32 zero = 0;
	const struct shunt_capture *filter = bpf_map_lookup_elem(&shunt_capture, &zero);
	struct shunt_captured *c = capture_packet();
	__u32 bytes;

	if (!filter || !c)
		return 0;
	bytes = c->bytes;
	if (!bytes || bytes > SHUNT_CAPTURE_BYTES || !(filter->reasons >> (reason & 63) & 1))
		return 0;
	c->reason = reason;
	if (bpf_ringbuf_output(&shunt_captured, c, SHUNT_CAPTURED_HEAD + bytes, 0))
		c->lost++;
	else
		c->lost = 0;
	return 0;
}

#else

static __always_inline void capture_keep(struct xdp_md *xdp)
{
	(void)xdp;
}

static __always_inline void capture_give(__u32 reason)
{
	(void)reason;
}

#endif /* SHUNT_CAPTURE */

#endif /* BPF_CAPTURE_H */
