/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How busy backends are: struct shunt_load. Numbers are added to atomically and never
 * written, so that what user space corrects meanwhile is not lost. A number that has
 * been taken from too often is less than 0 for a while, and counts as 0.
 */
#ifndef BPF_LOAD_H
#define BPF_LOAD_H

#include <stdbool.h>

#include "maps.h"

static __always_inline struct shunt_load *load_find(__u32 id)
{
	return bpf_map_lookup_elem(&shunt_loads, &id);
}

static __always_inline __u32 load_active(const struct shunt_load *load)
{
	const __s32 active = *(const volatile __u32 *)&load->active;

	return active < 0 ? 0 : active;
}

/* A connection of backend @id has begun. */
static __always_inline void load_begin(__u32 id)
{
	struct shunt_load *load = load_find(id);

	if (!load)
		return;
	__sync_fetch_and_add(&load->active, 1);
	__sync_fetch_and_add(&load->opened, 1);
}

/* One that was counted, and said to have ended, goes on. */
static __always_inline void load_resume(__u32 id)
{
	struct shunt_load *load = load_find(id);

	if (load)
		__sync_fetch_and_add(&load->active, 1);
}

/* And one that was counted has ended; of nobody none has. */
static __always_inline void load_end(__u32 id)
{
	struct shunt_load *load = id ? load_find(id) : NULL;

	if (load)
		__sync_fetch_and_sub(&load->active, 1);
}

/* May @id have no more than the @more that are to be added? */
static __always_inline bool load_is_over(__u32 id, __u32 more)
{
	const struct shunt_load *load = load_find(id);

	return load && load->limit && load_active(load) + more > load->limit;
}

#endif /* BPF_LOAD_H */
