/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recipes are canonical: whoever may hold no slots leaves no trace in one. So
 * equal recipes give equal words, and a table whose recipe did not change needs
 * no look.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/names.h"
#include "plan/recipe.h"
#include "plan/table_hash.h"

/*
 * The weight that makes a position keep all: the unit, or the heaviest weight if
 * that is less, so that a table of which all weights were lowered alike is the
 * table it was. Health and drains do not count here: they must move no slots but
 * their own.
 */
static uint32_t full_position(const struct conf_service *service,
			      const struct plan_backend *backends, enum plan_pool pool,
			      uint32_t unit)
{
	uint32_t heaviest = 1;

	for (size_t i = 0; i < service->n_backends; i++) {
		uint32_t weight = backends[i].weight_enabled;

		if (service->backends[i].backup != (pool == POOL_BACKUP))
			continue;
		if (!weight)
			weight = service->backends[i].weight;
		heaviest = weight > heaviest ? weight : heaviest;
	}
	return unit && unit < heaviest ? unit : heaviest;
}

/* What is @part of @full, of PLAN_KEEP_ALL; nothing only if @part is nothing. */
static uint32_t keep_of(uint32_t part, uint32_t full)
{
	return part >= full ? PLAN_KEEP_ALL : plan_part(PLAN_KEEP_ALL, part, full);
}

/* Backups serve alone. */
static enum plan_pool pool_of(const struct conf_service *service,
			      const struct plan_backend *backends)
{
	for (size_t i = 0; i < service->n_backends; i++)
		if (backends[i].serves && service->backends[i].backup)
			return POOL_BACKUP;
	return POOL_MAIN;
}

static int recipe_consistent(struct arena *arena, const struct conf_service *service,
			     const struct plan_backend *backends, const struct seats *pools,
			     struct plan_table *table)
{
	const enum plan_pool pool = pool_of(service, backends);
	const struct seats *seats = &pools[pool];
	_cleanup_free_ uint32_t *left = calloc(service->n_backends + 1, sizeof(*left));
	const uint32_t full = full_position(service, backends, pool, seats->unit);
	const uint32_t each = seats->unit ? seats->unit : PLAN_MAX_WEIGHT;

	table->positions = arena_alloc(arena, seats->n * sizeof(*table->positions));
	if (!left || !table->positions)
		return -ENOMEM;
	table->n_positions = seats->n;
	for (size_t i = 0; i < service->n_backends; i++)
		left[i] = backends[i].serves ? backends[i].weight : 0;
	for (size_t p = 0; p < seats->n; p++) {
		uint32_t b = seats->owner[p];

		if (b == SEAT_EMPTY || !left[b])
			continue;
		table->positions[p] = (struct plan_position){
			.member = backends[b].id - table->base,
			.keep = plan_part(keep_of(left[b], full), backends[b].warmth,
					  PLAN_KEEP_ALL),
		};
		left[b] -= left[b] < each ? left[b] : each;
	}
	return 0;
}

/* Name and addresses: what a fleet knows of a backend. */
static uint64_t seed_of(const struct conf_backend *b)
{
	uint64_t seed = table_hash_bytes(0, b->name, strlen(b->name) + 1);

	if (b->has_address)
		seed = table_hash_bytes(seed, &b->address, sizeof(b->address));
	if (b->has_address6)
		seed = table_hash_bytes(seed, &b->address6, sizeof(b->address6));
	return table_mix(seed);
}

static int recipe_maglev(struct arena *arena, const struct conf_service *service,
			 const struct plan_backend *backends, struct plan_table *table)
{
	struct named *names = names_of_backends(arena, service);
	uint32_t n = 0;

	table->positions = arena_alloc(arena, service->n_backends * sizeof(*table->positions));
	table->weights = arena_alloc(arena, service->n_backends * sizeof(*table->weights));
	table->seeds = arena_alloc(arena, service->n_backends * sizeof(*table->seeds));
	if (!names || !table->positions || !table->weights || !table->seeds)
		return -ENOMEM;
	for (size_t i = 0; i < service->n_backends; i++) {
		const struct plan_backend *b = &backends[names[i].index];

		if (!b->serves)
			continue;
		table->positions[n] = (struct plan_position){ b->id - table->base, PLAN_KEEP_ALL };
		table->weights[n] = b->weight;
		table->seeds[n] = seed_of(&service->backends[names[i].index]);
		n++;
	}
	table->n_positions = n;
	return 0;
}

/* In hundredths, so that one of weight 1 can warm up, too. */
static uint32_t sequence_weight(const struct plan_backend *b)
{
	return b->weight * plan_part(100, b->warmth, PLAN_KEEP_ALL);
}

/*
 * Weights without what all have in common: if all are doubled the table is the same.
 */
static int recipe_sequence(struct arena *arena, const struct conf_service *service,
			   const struct plan_backend *backends, struct plan_table *table)
{
	struct named *names = names_of_backends(arena, service);
	uint32_t n = 0, common = 0;

	table->positions = arena_alloc(arena, service->n_backends * sizeof(*table->positions));
	table->weights = arena_alloc(arena, service->n_backends * sizeof(*table->weights));
	if (!names || !table->positions || !table->weights)
		return -ENOMEM;
	for (size_t i = 0; i < service->n_backends; i++) {
		const struct plan_backend *b = &backends[names[i].index];

		if (!b->serves || !b->weight)
			continue;
		table->positions[n] = (struct plan_position){ b->id - table->base, PLAN_KEEP_ALL };
		table->weights[n] = sequence_weight(b);
		common = greatest_common_divisor(table->weights[n], common);
		n++;
	}
	for (uint32_t i = 0; i < n; i++)
		table->weights[i] /= common;
	table->n_positions = n;
	return 0;
}

/* One position, and nothing to be even between. */
static int recipe_first(struct arena *arena, const struct conf_service *service,
			const struct plan_backend *backends, struct plan_table *table)
{
	table->positions = arena_alloc(arena, sizeof(*table->positions));
	if (!table->positions)
		return -ENOMEM;
	table->n_positions = 1;
	for (size_t i = 0; i < service->n_backends; i++)
		if (backends[i].serves)
			table->positions[0] = (struct plan_position){ backends[i].id - table->base,
								      PLAN_KEEP_ALL };
	return 0;
}

int recipe_make(struct arena *arena, const struct conf_service *service,
		const struct plan_backend *backends, const struct seats *seats,
		struct plan_table *table)
{
	switch (table->scheduler) {
	case CONF_SCHEDULER_CONSISTENT:
		return recipe_consistent(arena, service, backends, seats, table);
	case CONF_SCHEDULER_MAGLEV:
		return recipe_maglev(arena, service, backends, table);
	case CONF_SCHEDULER_FIRST:
		return recipe_first(arena, service, backends, table);
	case CONF_SCHEDULER_ROUND_ROBIN:
		return recipe_sequence(arena, service, backends, table);
	default:
		break;
	}
	assert(!"a scheduler without a recipe");
	return -EINVAL;
}
