/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "plan/table_hash.h"
#include "tables/tables_internal.h"

/* --- life ---------------------------------------------------------------------- */

struct place *place_make(struct tables *t, uint32_t first, uint32_t slots)
{
	struct place *p = calloc(1, sizeof(*p));
	struct place **at = p ? array_add(&t->places, &t->n_places) : NULL;

	if (!at) {
		free(p);
		return NULL;
	}
	*p = (struct place){ .first = first, .slots = slots, .index = t->n_places - 1 };
	*at = p;
	return p;
}

static void place_free(struct place *p)
{
	free(p->recipe);
	free(p->step.alive);
	free(p);
}

void place_remove(struct tables *t, struct place *p, uint64_t rests_until_ms)
{
	struct place *last = t->places[--t->n_places];

	lines_release(t, p->first, lines_of(p->slots), rests_until_ms);
	transit_forget(&t->transit, p);
	place_forget_recipe(t, p);
	t->places[p->index] = last;
	last->index = p->index;
	place_free(p);
}

void place_release(struct tables *t, struct place *p, uint64_t now_ms)
{
	if (!p->users && !p->leavers)
		place_remove(t, p, now_ms + TABLES_REST_MS);
}

void place_free_all(struct tables *t)
{
	array_for_each (p, t->places, t->n_places)
		place_free(*p);
	free(t->places);
}

/* --- words --------------------------------------------------------------------- */

int place_words(const struct tables *t, const struct place *p, struct slot_words *out)
{
	uint16_t *halves = t->ops->lines(t->ctx, p->first, lines_of(p->slots));

	if (!halves)
		return -ENOMEM;
	*out = (struct slot_words){ halves, halves + p->slots, p->slots };
	return 0;
}

struct shunt_service place_service(const struct place *p, uint32_t base)
{
	return (struct shunt_service){
		.first = p->first,
		.line_mask = p->slots / SHUNT_SLOTS_PER_LINE - 1,
		.base = base,
	};
}

void place_changed(struct tables *t, struct place *p)
{
	p->stamp = ++t->stamp;
	p->settled = !transit_find(&t->transit, p);
	p->may_merge = p->settled;
}

/* --- recipes ------------------------------------------------------------------- */

static size_t positions_bytes(const struct plan_table *table)
{
	return table->n_positions * sizeof(*table->positions);
}

static size_t weights_bytes(const struct plan_table *table)
{
	return table->weights ? table->n_positions * sizeof(*table->weights) : 0;
}

static size_t seeds_bytes(const struct plan_table *table)
{
	return table->seeds ? table->n_positions * sizeof(*table->seeds) : 0;
}

uint64_t place_hash(const struct plan_table *table)
{
	uint64_t h = (uint64_t)table->slots << 32 | table->n_positions;

	h = table_hash_bytes(h ^ (uint64_t)table->scheduler << 24, table->positions,
			     positions_bytes(table));
	h = table_hash_bytes(h, table->weights, weights_bytes(table));
	return table_mix(table_hash_bytes(h, table->seeds, seeds_bytes(table)));
}

static void *append(char **at, const void *data, size_t bytes)
{
	void *copy = *at;

	if (!bytes)
		return NULL;
	*at += bytes;
	return memcpy(copy, data, bytes);
}

/* In one piece, what must be aligned most first. */
static struct plan_table *recipe_copy(const struct plan_table *table)
{
	struct plan_table *copy = malloc(sizeof(*copy) + seeds_bytes(table) +
					 positions_bytes(table) + weights_bytes(table));
	char *at;

	if (!copy)
		return NULL;
	at = (char *)(copy + 1);
	*copy = *table;
	copy->left = NULL;
	copy->seeds = append(&at, table->seeds, seeds_bytes(table));
	copy->positions = append(&at, table->positions, positions_bytes(table));
	copy->weights = append(&at, table->weights, weights_bytes(table));
	return copy;
}

static struct place **bucket_of(struct tables *t, uint64_t hash)
{
	return &t->buckets[hash % TABLES_BUCKETS];
}

void place_forget_recipe(struct tables *t, struct place *p)
{
	struct place **at = bucket_of(t, p->hash);

	if (!p->recipe)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p->recipe);
	p->recipe = NULL;
}

int place_set_recipe(struct tables *t, struct place *p, const struct plan_table *table)
{
	struct plan_table *copy = recipe_copy(table);
	struct place **bucket;

	if (!copy)
		return -ENOMEM;
	place_forget_recipe(t, p);
	p->recipe = copy;
	p->hash = place_hash(copy);
	bucket = bucket_of(t, p->hash);
	p->next = *bucket;
	*bucket = p;
	return 0;
}

bool place_is(const struct place *p, const struct place_key *key)
{
	return p->recipe && p->hash == key->hash && plan_table_is_equal(p->recipe, key->table);
}

struct place *place_next(const struct tables *t, const struct place *p, const struct place_key *key)
{
	struct place *next = p ? p->next : t->buckets[key->hash % TABLES_BUCKETS];

	while (next && !place_is(next, key))
		next = next->next;
	return next;
}

struct place *place_find_settled(const struct tables *t, const struct place_key *key,
				 const struct place *but)
{
	struct place *p = NULL;

	while ((p = place_next(t, p, key)))
		if (p->settled && p->users && p != but)
			return p;
	return NULL;
}
