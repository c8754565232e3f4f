/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: one function for each way to fill a slot table. */
#ifndef PLAN_TABLE_H
#define PLAN_TABLE_H

#include "plan/plan.h"
#include "plan/table_chain.h"
#include "plan/table_log.h"

/**
 * struct table_cache - work that tables of the same size share
 * @base: owner of each slot with @base_n positions
 */
struct table_cache {
	struct table_chain chain;
	uint32_t *base;
	uint32_t base_slots;
	uint32_t base_n;
	struct table_log log;
};

int table_build_consistent(struct table_cache *cache, const struct plan_table *table,
			   uint32_t *words);
int table_build_maglev(const struct plan_table *table, uint32_t *words);
int table_build_sequence(const struct plan_table *table, uint32_t *words);

#endif /* PLAN_TABLE_H */
