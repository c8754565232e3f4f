/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions that a program needs for a packet, by doing them. */
#ifndef TESTS_BENCH_COUNT_H
#define TESTS_BENCH_COUNT_H

#include <bpf/libbpf.h>

#include "traffic.h"

/* Parts of the balancer, by the source files that they are in. */
enum stage {
	STAGE_PARSE,
	STAGE_SERVICE,
	STAGE_HASH, /* of the service and of the flow */
	STAGE_SLOT, /* and the backend */
	STAGE_MOVE, /* slots in transition, known flows */
	STAGE_FORWARD,
	STAGE_COUNT,
	STAGE_MAIN,
	STAGE_OTHER,
	STAGES,
};

const char *count_stage_name(enum stage stage);

/**
 * struct count - of one packet
 * @insns: as compiled, without jumps that the verifier takes out because only one
 *	way is open; what the kernel inlines is not considered
 * @stages: the same by stage; all 0 if the origin is not known
 * @constants: of these, reads of load-time constants and of their address
 * @switches: jumps that were taken out
 * @array_lookups: in arrays: a few instructions each where the kernel inlines them
 * @hash_lookups: a call and a hash each
 * @calls: of other helpers
 */
struct count {
	__u32 insns;
	__u32 stages[STAGES];
	__u32 constants;
	__u32 switches;
	__u32 array_lookups;
	__u32 hash_lookups;
	__u32 calls;
	__u32 action;
};

/**
 * count_packet() - what a packet of flow 0 costs
 * @prog: loaded. Maps are read and not written, counters neither, and yet what the
 *	kernel makes of the same packet, to see that it is the same, may change them.
 * @files: of origin_files(), or NULL
 */
struct count count_packet(const struct bpf_program *prog, const char *const files[],
			  const struct traffic *t);

#endif /* TESTS_BENCH_COUNT_H */
