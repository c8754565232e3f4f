/* SPDX-License-Identifier: BSD-2-Clause */
/* A limit that all services have: each packet is counted, and none is too many. */
#ifndef TESTS_BENCH_LIMITS_H
#define TESTS_BENCH_LIMITS_H

#include <linux/types.h>

/* To shunt_limits and shunt_limits_of; the blocks of services are @block ids apart. */
void limits_fill(int limits_fd, int of_fd, __u32 services, __u32 block);

#endif /* TESTS_BENCH_LIMITS_H */
