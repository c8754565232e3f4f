/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world, the program loaded over it, and the check that every test makes:
 * program and reference agree about a frame, to the byte, and exactly one
 * reason was counted.
 */
#ifndef TESTS_BPF_RIG_H
#define TESTS_BPF_RIG_H

#include "base/cleanup.h"
#include "dp.h"
#include "ref.h"
#include "world.h"

/* What the program should have counted since it was loaded. */
struct tally {
	__u64 reasons[SHUNT_MAX_REASONS];
	struct shunt_counter backends[WORLD_BACKENDS];
};

struct rig {
	struct world world;
	struct dp *dp;
	struct tally tally;
	struct frame got; /* the last frame that came out */
	struct verdict verdict; /* the reference's word about it */
	unsigned int n_dumped;
};

/* The program over the world that @build makes; never NULL. */
struct rig *rig_open(void (*build)(struct world *w));

/* Over a copy of @w. */
struct rig *rig_open_world(const struct world *w);

void rig_close(struct rig *rig);

static inline void rig_closep(struct rig **rig)
{
	rig_close(*rig);
}

#define _cleanup_rig_ _cleanup_(rig_closep)

/**
 * rig_check() - run @in through the program and the reference
 *
 * Leaves both results in @rig. Return: false, and why on stderr, if action, bytes
 * or the reason that was counted differ.
 */
bool rig_check(struct rig *rig, const struct frame *in);

/* All counters are what rig_check() expected them to become. */
bool rig_check_totals(const struct rig *rig);

/* @n, or the share of it that SHUNT_TEST_SCALE (percent) asks for; at least 1. */
unsigned int rig_scale(unsigned int n);

/* Random numbers from a seed: splitmix64. */
__u64 rig_random(__u64 *state);

#endif /* TESTS_BPF_RIG_H */
