/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of the classic design, as the benchmark fills them. */
#ifndef TESTS_BENCH_REFS_H
#define TESTS_BENCH_REFS_H

#include <linux/types.h>

/* Twice the flows of the largest case: an LRU map evicts before it is full. */
#define REFS_FLOWS (2 << 20)
/* The flows of the largest case. */
#define REFS_CONNS (1 << 20)
/* The usual size of a Maglev ring. */
#define REFS_RING 65537
#define REFS_SERVICES 100
#define REFS_REALS 1000

struct refs_flow {
	__be32 src;
	__be32 dst;
	__be32 ports;
	__u32 proto;
};

struct refs_service {
	__be32 dst;
	__be16 port;
	__u16 proto;
};

struct refs_counter {
	__u64 packets;
	__u64 bytes;
};

#endif /* TESTS_BENCH_REFS_H */
