/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries in lines of eight, where the program looks for them: flows, connections. */
#ifndef TESTS_BENCH_LINES_H
#define TESTS_BENCH_LINES_H

#include <stdint.h>

#include "shunt/abi.h"

/* The line that it went to; LINES_FULL if both are full: it is left out. */
#define LINES_FULL UINT32_MAX

__u32 lines_enter(struct shunt_flow_line *lines, __u32 mask, __u64 hash, __u64 entry);

#endif /* TESTS_BENCH_LINES_H */
