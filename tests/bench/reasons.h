/* SPDX-License-Identifier: BSD-2-Clause */
/* How packets ended. */
#ifndef TESTS_BENCH_REASONS_H
#define TESTS_BENCH_REASONS_H

#include "shunt/reason.h"

/* Of the map @fd, summed over CPUs. */
void reasons_read(int fd, __u64 out[SHUNT_MAX_REASONS]);

#endif /* TESTS_BENCH_REASONS_H */
