/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows with a hash of one's choice. The flow hash is keyed so that strangers
 * cannot do this; whoever knows the key can, because every step of it can be
 * taken back. A test picks the slot, the tag and the lines of a flow with it, and
 * two flows that share all of them.
 */
#ifndef TESTS_BPF_FORGE_H
#define TESTS_BPF_FORGE_H

#include "shunt/abi.h"

/**
 * forge_source() - the IPv6 source address that gives a flow this hash, in 2001:db8:f:f::/64
 * @key: of the flow hash
 * @ports: source and destination port, as they lie in the packet
 */
struct shunt_addr forge_source(const __u64 key[2], __u64 hash, const struct shunt_addr *dst,
			       __be32 ports, __u8 proto);

#endif /* TESTS_BPF_FORGE_H */
