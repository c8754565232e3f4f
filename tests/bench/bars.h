/* SPDX-License-Identifier: BSD-2-Clause */
/* What the balancer is meant to reach, and whether it did in this run. */
#ifndef TESTS_BENCH_BARS_H
#define TESTS_BENCH_BARS_H

#include "insns.h"
#include "report.h"

/* Of the cases that were measured. Nothing fails here: a benchmark is no test. */
void bars_print(const struct report *r, const struct insns *insns);

#endif /* TESTS_BENCH_BARS_H */
