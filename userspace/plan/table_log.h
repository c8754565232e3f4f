/* SPDX-License-Identifier: BSD-2-Clause */
/* Logarithms in integers: the same on every machine and from every compiler. */
#ifndef PLAN_TABLE_LOG_H
#define PLAN_TABLE_LOG_H

#include <stdint.h>

#define TABLE_LOG_BITS 28
#define TABLE_LOG_STEPS 256

/* log2(1 + i / TABLE_LOG_STEPS) with TABLE_LOG_BITS fraction bits. */
struct table_log {
	uint32_t at[TABLE_LOG_STEPS + 1];
};

void table_log_fill(struct table_log *log);

/* -log2(@h / 2^64) with TABLE_LOG_BITS, never rising in @h; off by 3e-6 at most. */
uint64_t table_log_minus(const struct table_log *log, uint64_t h);

#endif /* PLAN_TABLE_LOG_H */
