/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark tells the wrapper to put on each frame. */
#ifndef TESTS_BENCH_WRAP_H
#define TESTS_BENCH_WRAP_H

#include <bpf/bpf_endian.h>
#include <linux/types.h>

#include "shunt/csum.h"

/* Every frame of the benchmark is this long; lengths cost nothing here. */
#define WRAP_FRAME_BYTES 128

/* Services that share an address, one a port. */
#define WRAP_PORTS 4

/**
 * struct wrap_traffic - the headers that stay, and how the others change
 * @eth: bytes 0 to 7 and 6 to 13 of the frame
 * @ip: the first 8 bytes of the IP header
 * @ttl: the next 4 of an IPv4 header, without the checksum
 * @ip_sum: of the 16-bit words of both
 * @src6, @dst6: the first 12 bytes of the addresses; the last 4 change
 * @client, @vip: the first IPv4 addresses, or last 4 bytes, in host order
 * @step: from the client of a flow to that of the next one
 * @spread6: of src6[0]: where the client's last 4 bytes are put in, too; or 0
 * @port: the first port of the services, in host order
 * @flow_mask: flows - 1; a packet is of any of them, with equal chance
 * @services: 65536 at most; that of a flow is always the same
 */
struct wrap_traffic {
	__u64 eth[2];
	__u64 ip;
	__u64 src6[2];
	__u64 dst6[2];
	__u64 spread6;
	__u32 ttl;
	__u32 ip_sum;
	__u32 client;
	__u32 vip;
	__u32 step;
	__u32 flow_mask;
	__u32 services;
	__u16 port;
	__u8 v6;
	__u8 pad[5];
};

/* What differs from flow to flow; of IPv6 addresses the last 4 bytes. */
struct wrap_tuple {
	__be32 src;
	__be32 dst;
	__be32 ports;
};

/* @ttl, with the checksum of a header with these addresses: translation looks at it. */
static inline __attribute__((always_inline)) __u32 wrap_ttl(const struct wrap_traffic *t,
							    const struct wrap_tuple *tuple)
{
	const __u32 sum = t->ip_sum + (tuple->src & 0xffff) + (tuple->src >> 16) +
			  (tuple->dst & 0xffff) + (tuple->dst >> 16);

	return t->ttl | (__u32)shunt_csum_fold(sum) << 16;
}

static inline __attribute__((always_inline)) __u32 wrap_mix(__u32 flow)
{
	return flow * 0x9e3779b1U;
}

static inline __attribute__((always_inline)) __u32 wrap_service(const struct wrap_traffic *t,
								__u32 flow)
{
	return (wrap_mix(flow) & 0xffff) * t->services >> 16;
}

static inline __attribute__((always_inline)) struct wrap_tuple
wrap_tuple(const struct wrap_traffic *t, __u32 flow)
{
	const __u32 service = wrap_service(t, flow);
	const __u16 dport = t->port + service % WRAP_PORTS;

	return (struct wrap_tuple){
		.src = bpf_htonl(t->client + flow * t->step),
		.dst = bpf_htonl(t->vip + service / WRAP_PORTS),
		.ports = bpf_htonl((wrap_mix(flow) & 0xffff0000) | dport),
	};
}

/* The first 8 bytes of an IPv6 client. */
static inline __attribute__((always_inline)) __u64 wrap_src6(const struct wrap_traffic *t,
							     const struct wrap_tuple *tuple)
{
	return t->src6[0] ^ ((__u64)tuple->src << 16 & t->spread6);
}

#endif /* TESTS_BENCH_WRAP_H */
