/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time of an XDP program a packet, by BPF_PROG_TEST_RUN of a wrapper that makes
 * every packet another one. What goes wrong here ends the program.
 */
#ifndef TESTS_BENCH_HARNESS_H
#define TESTS_BENCH_HARNESS_H

#include <linux/bpf.h>

#include "traffic.h"

/* Packets of a run: a millisecond or two, longer than what starts it, shorter than a slice. */
#define HARNESS_REPEAT 20000

struct harness;

/**
 * struct subject - a program, on packets
 * @action: what it must make of every one of them
 */
struct subject {
	int fd;
	enum xdp_action action;
	const struct traffic *traffic;
};

/* Copies of a yardstick, taken in turn: one that lies badly does not spoil a run. */
#define HARNESS_COPIES 10

/**
 * struct yardsticks - what is run around every run of a subject
 * @drop: a program that does nothing
 * @floor: the least a balancer can do, on IPv4 packets of one flow
 */
struct yardsticks {
	int drop[HARNESS_COPIES];
	int floor[HARNESS_COPIES];
};

/**
 * struct sample - one measurement
 * @ns: a packet, net of the harness
 * @floor_ns: of the floor, at the same time
 * @harness_ns: what was taken off
 * @steady: the yardsticks said the same before and after
 */
struct sample {
	double ns;
	double floor_ns;
	double harness_ns;
	bool steady;
};

/* In a network namespace of its own, on one CPU from now on. */
struct harness *harness_open(const struct yardsticks *y);
void harness_close(struct harness *h);

/* Load the wrapper again: it, too, is faster or slower by where it lies. */
void harness_renew(struct harness *h);

/* Run @n packets and forget the time: fills the caches. */
void harness_warm(struct harness *h, const struct subject *s, __u32 n);

struct sample harness_sample(struct harness *h, const struct subject *s);

#endif /* TESTS_BENCH_HARNESS_H */
