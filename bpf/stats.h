/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Counters: per CPU, so that plain additions are exact. */
#ifndef BPF_STATS_H
#define BPF_STATS_H

#include "maps.h"

static __always_inline void stats_count_reason(enum shunt_reason reason, const __u32 *zero)
{
	struct shunt_reasons *reasons = bpf_map_lookup_elem(&shunt_reasons, zero);

	if (reasons)
		reasons->packets[reason & (SHUNT_MAX_REASONS - 1)]++;
}

static __always_inline void stats_count_backend(__u32 id, __u32 bytes)
{
	__u32 index = id / SHUNT_COUNTERS_PER_BLOCK;
	struct shunt_counter_block *block = bpf_map_lookup_elem(&shunt_counters, &index);
	struct shunt_counter *counter;

	if (!block)
		return;
	counter = &block->counter[id % SHUNT_COUNTERS_PER_BLOCK];
	counter->packets++;
	counter->bytes += bytes;
}

#endif /* BPF_STATS_H */
