/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How large the maps are. Larger ones are another set of maps (grow() in update.c), so
 * they are made with room, and the same plan always leads to the same sizes: a daemon
 * that starts again finds that those of the former one fit.
 */
#include "app/daemon.h"
#include "base/array.h"

/* Of the least slots that a table has. */
#define MIN_TABLES 16

static uint32_t pow2_at_least(uint32_t n, uint32_t floor)
{
	uint32_t p = floor;

	while (p < n)
		p *= 2;
	return p;
}

/*
 * As pow2_at_least(), but with seven steps between one power of two and the next: maps
 * are replaced only now and then, and an eighth of one is all that is to spare.
 */
static uint32_t with_room(uint32_t n, uint32_t floor)
{
	uint32_t below = pow2_at_least(n / 2 + 1, floor), step;

	if (n <= floor)
		return floor;
	step = below / 8;
	return (n + step - 1) / step * step;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t table_lines(uint32_t slots)
{
	return 2 * slots / SHUNT_SLOTS_PER_LINE;
}

/*
 * Lines of slots as if no table shared its place with another: servers that die one by
 * one may part them all. And room to write a table anew while its former place rests.
 */
static uint32_t slot_lines(const struct plan *plan)
{
	uint32_t lines = 0, largest = 0;

	array_for_each (t, plan->tables, plan->n_tables) {
		lines += table_lines(t->slots);
		largest = max_u32(largest, table_lines(t->slots));
	}
	return with_room(lines + largest, MIN_TABLES * table_lines(SHUNT_MIN_SLOTS));
}

struct dataplane_sizes sizes_of(const struct conf *conf, const struct plan *plan)
{
	/* Id 0 is nobody's, and yet has an entry. */
	uint32_t ids = conf->max_backends + 1;

	array_for_each (t, plan->tables, plan->n_tables)
		ids = max_u32(ids, t->base + t->span);
	return (struct dataplane_sizes){
		.slot_lines = slot_lines(plan),
		.backends = pow2_at_least(ids, 4096) - 1,
		.services = pow2_at_least(max_u32(plan->n_services, conf->max_services), 256),
		.flow_lines = plan->rodata.flow_mask + 1,
	};
}

bool sizes_hold(const struct dataplane_sizes *have, const struct dataplane_sizes *need)
{
	return have->flow_lines == need->flow_lines && have->slot_lines >= need->slot_lines &&
	       have->backends >= need->backends && have->services >= need->services;
}

struct dataplane_sizes sizes_join(const struct dataplane_sizes *have,
				  const struct dataplane_sizes *need)
{
	return (struct dataplane_sizes){
		.flow_lines = need->flow_lines,
		.slot_lines = max_u32(have->slot_lines, need->slot_lines),
		.backends = max_u32(have->backends, need->backends),
		.services = max_u32(have->services, need->services),
	};
}
