/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions that a program needs for a packet, by doing them. */
#ifndef TESTS_BENCH_COUNT_H
#define TESTS_BENCH_COUNT_H

#include <bpf/libbpf.h>

#include "traffic.h"

/**
 * struct count - of one packet
 * @insns: as compiled; what the kernel inlines or leaves out is not considered
 * @array_lookups: in arrays: a few instructions each where the kernel inlines them
 * @hash_lookups: a call and a hash each
 * @calls: of other helpers
 */
struct count {
	size_t insns;
	__u32 array_lookups;
	__u32 hash_lookups;
	__u32 calls;
	__u32 action;
};

/* @prog: loaded. Maps are read and not written, counters neither. */
struct count count_packet(const struct bpf_program *prog, const struct traffic *t);

#endif /* TESTS_BENCH_COUNT_H */
