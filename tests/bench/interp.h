/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs BPF instructions one by one and counts them: a number that no clock and
 * no neighbour on the machine can disturb. Only of programs that the kernel's
 * verifier has accepted: addresses are believed.
 */
#ifndef TESTS_BENCH_INTERP_H
#define TESTS_BENCH_INTERP_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct interp - a machine
 * @insns, @n: as they were given to the kernel, references to maps by descriptor
 * @data, @data_end: the frame; programs see it through their context
 * @map_value: the address of byte @offset of the only value of a map; *@frozen if
 *	nothing there can change any more
 * @call: a helper; @reg holds its arguments from 1 on, and the result in 0
 * @arg: for both
 * @done: how often each instruction was done, @n of them
 * @constants: of these, reads of frozen values, and of their addresses
 * @decided: jumps that hang on frozen values only. The verifier takes them out, and
 *	what they jump over; they are not in @done.
 */
struct interp {
	const struct bpf_insn *insns;
	size_t n;
	__u64 data;
	__u64 data_end;
	__u64 (*map_value)(void *arg, int fd, __u32 offset, bool *frozen);
	void (*call)(struct interp *in, __s32 helper, __u64 *reg);
	void *arg;
	__u32 *done;
	__u32 constants;
	__u32 decided;
};

/* Return: the result. Ends the program at what it does not know. */
__u32 interp_run(struct interp *in);

#endif /* TESTS_BENCH_INTERP_H */
