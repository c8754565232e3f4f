/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "plan/table.h"

struct table_cache *table_cache_create(void)
{
	struct table_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		table_log_fill(&cache->log);
	return cache;
}

void table_cache_free(struct table_cache *cache)
{
	if (!cache)
		return;
	table_chain_free(&cache->chain);
	free(cache->base);
	free(cache);
}

int table_build_cached(struct table_cache *cache, const struct plan_table *table, uint32_t *words)
{
	assert(table->slots && !(table->slots & (table->slots - 1)));
	switch (table->scheduler) {
	case CONF_SCHEDULER_CONSISTENT:
	case CONF_SCHEDULER_FIRST:
		return table_build_consistent(cache, table, words);
	case CONF_SCHEDULER_MAGLEV:
		return table_build_maglev(table, words);
	case CONF_SCHEDULER_ROUND_ROBIN:
		return table_build_sequence(table, words);
	default:
		break;
	}
	assert(!"a scheduler without a table");
	return -EINVAL;
}

int table_build(const struct plan_table *table, uint32_t *words)
{
	_cleanup_(table_cache_freep) struct table_cache *cache = table_cache_create();

	return cache ? table_build_cached(cache, table, words) : -ENOMEM;
}
