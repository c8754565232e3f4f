/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of a test that makes its input at random. One round from a fixed seed is what
 * `make test` runs; SHUNT_FUZZ_S asks for as many as there is time for, each from a seed
 * of its own, which is printed. SHUNT_TEST_SEED runs the round that a seed stands for.
 */
#ifndef TESTS_BPF_FUZZ_H
#define TESTS_BPF_FUZZ_H

#include <stdbool.h>

#include <linux/types.h>

/**
 * struct fuzz
 * @seed: of this round
 * @state: for rig_random()
 * @end_s: when the time is over, seconds of the monotonic clock; 0: after one round
 * @frames: of all rounds, for the test to count
 */
struct fuzz {
	const char *name;
	__u64 seed;
	__u64 state;
	__u64 end_s;
	__u64 rounds;
	__u64 frames;
};

/* @seed: of the one round that there is without SHUNT_FUZZ_S. */
struct fuzz fuzz_open(const char *name, __u64 seed);

/* Begin the next round. False: there is none; what was run is printed. */
bool fuzz_next(struct fuzz *fuzz);

#endif /* TESTS_BPF_FUZZ_H */
