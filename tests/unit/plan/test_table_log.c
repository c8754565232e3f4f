/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <math.h>

#include "make.h"
#include "plan/table_hash.h"
#include "plan/table_log.h"

static double as_double(uint64_t log)
{
	return (double)log / (1 << TABLE_LOG_BITS);
}

Test(table_log, is_the_logarithm)
{
	struct table_log log;

	table_log_fill(&log);
	cr_assert_float_eq(as_double(table_log_minus(&log, 1)), 64, 1e-9);
	cr_assert_float_eq(as_double(table_log_minus(&log, 1ULL << 63)), 1, 1e-9);
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t h = table_mix(i) >> i % 60;
		double off = as_double(table_log_minus(&log, h)) - (64 - log2((double)(h | 1)));

		cr_assert_float_eq(off, 0, 3e-6, "%#lx: off by %g", h, off);
	}
}

/* Else a position whose weight sinks might win a slot. */
Test(table_log, never_rises)
{
	struct table_log log;
	uint64_t last = UINT64_MAX;

	table_log_fill(&log);
	for (uint64_t i = 0; i < 1 << 20; i++) {
		uint64_t now = table_log_minus(&log, i << 44 | i);

		cr_assert_leq(now, last);
		last = now;
	}
}
