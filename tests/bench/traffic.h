/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of a case: what the wrapper puts on them, and the frame under it. */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include <stdbool.h>

#include "shunt/abi.h"
#include "wrap.h"

/* Every packet is of a flow that was never seen, or as good as. */
#define TRAFFIC_NEW_FLOWS (1ULL << 32)

/**
 * struct traffic - the packets of a case
 * @v6: IPv6, else IPv4
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @syn: TCP packets that open a connection
 * @stranger: for an address without a service
 * @spread: clients are all over the addresses of IPv4, or networks of 2001::/16, in no order
 *	that a cache could make use of; else they are neighbours
 * @flows: a power of two; each has a client of its own
 * @services: of which the packets are, with equal chance
 */
struct traffic {
	bool v6;
	__u8 proto;
	bool syn;
	bool stranger;
	bool spread;
	__u64 flows;
	__u32 services;
};

/* The key of service @index. */
struct shunt_service_key traffic_service(bool v6, __u8 proto, __u32 index);

/* Addresses and ports of a flow, as they lie in the packet, and whose it is. */
struct traffic_flow {
	struct shunt_addr src;
	struct shunt_addr dst;
	__be32 ports;
	__u32 service;
};

/* Of flow @index, which the wrapper picks with equal chance from all of them. */
struct traffic_flow traffic_flow(const struct traffic *t, __u32 index);

void traffic_wrap(const struct traffic *t, struct wrap_traffic *out);

/* Without what the wrapper writes. */
void traffic_frame(const struct traffic *t, __u8 frame[static WRAP_FRAME_BYTES]);

/* As the wrapper leaves it for flow @index. */
void traffic_frame_of(const struct traffic *t, __u32 index, __u8 frame[static WRAP_FRAME_BYTES]);

#endif /* TESTS_BENCH_TRAFFIC_H */
