/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/table_log.h"

/* log2 of @x, 1.0 being 1 << 31 and 2.0 too large: its bits come out as x is squared. */
static uint32_t log2_by_squaring(uint64_t x)
{
	uint32_t log = 0;

	for (int i = 0; i < TABLE_LOG_BITS; i++) {
		x = x * x >> 31;
		log = log << 1 | x >> 32;
		x >>= x >> 32;
	}
	return log;
}

void table_log_fill(struct table_log *log)
{
	const uint64_t one = 1ULL << 31;

	for (uint64_t i = 0; i < TABLE_LOG_STEPS; i++)
		log->at[i] = log2_by_squaring(one + i * (one / TABLE_LOG_STEPS));
	log->at[TABLE_LOG_STEPS] = 1U << TABLE_LOG_BITS;
}

/* By straight lines between the steps; rounding down keeps the order. */
uint64_t table_log_minus(const struct table_log *log, uint64_t h)
{
	int zeros = __builtin_clzll(h | 1);
	uint64_t fraction = (h | 1) << zeros << 1; /* of x in [1, 2), 1.0 being 2^64 */
	uint32_t i = fraction >> 56;
	uint64_t within = fraction >> 24 & UINT32_MAX;
	uint64_t rise = log->at[i + 1] - log->at[i];

	return ((uint64_t)(zeros + 1) << TABLE_LOG_BITS) - log->at[i] - (rise * within >> 32);
}
