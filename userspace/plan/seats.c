/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Positions are dealt out so that as few slots as possible change hands: whoever
 * has a position keeps it, whoever leaves leaves a hole, and newcomers sit down
 * in the lowest holes before the table gets longer. Its length never shrinks
 * while anybody sits: the base table depends on it.
 *
 * Making the table longer moves the slots of the new position, to a stand-in if
 * its backend is not usable, and once more when it is. So a newcomer without a
 * hole waits until it is usable for the first time: mostly that is its first
 * check, a moment later. In a new table nothing can move, and all sit down at
 * once, by name.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "plan/ids.h"
#include "plan/names.h"
#include "plan/recipe.h"
#include "plan/seats.h"

static bool is_in_pool(const struct conf_backend *b, enum plan_pool pool)
{
	return b->backup == (pool == POOL_BACKUP);
}

/* Whoever is in another pool needs no position. */
static uint32_t configured_weight(const struct seats_wish *wish, size_t i)
{
	const struct conf_backend *b = &wish->service->backends[i];

	return is_in_pool(b, wish->pool) ? b->weight : 0;
}

/* What backend @i may weigh without a change of the config or of the operator's mind. */
static uint32_t full_weight(const struct seats_wish *wish, size_t i)
{
	uint32_t configured = configured_weight(wish, i);
	uint32_t enabled = wish->backends[i].weight_enabled;

	if (!is_in_pool(&wish->service->backends[i], wish->pool))
		return 0;
	return configured > enabled ? configured : enabled;
}

static uint32_t seats_needed(uint32_t weight, uint32_t unit)
{
	return (weight + unit - 1) / unit;
}

static uint64_t seats_needed_by_all(const struct seats_wish *wish, uint32_t unit)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < wish->service->n_backends; i++)
		sum += seats_needed(full_weight(wish, i), unit);
	return sum;
}

/* The unit in use if it does, else the finest that does. */
static uint32_t seats_unit(const struct seats_wish *wish, const struct ids_seats *old)
{
	const struct conf_service *service = wish->service;
	uint32_t heaviest = 1, unit = 0, step;

	for (size_t i = 0; i < service->n_backends; i++) {
		uint32_t weight = full_weight(wish, i);

		unit = greatest_common_divisor(configured_weight(wish, i), unit);
		heaviest = weight > heaviest ? weight : heaviest;
	}
	if (old && old->n)
		unit = old->unit;
	if (!unit)
		unit = heaviest;
	step = unit;
	while (unit < heaviest && seats_needed_by_all(wish, unit) > wish->most)
		unit = unit + step < heaviest ? unit + step : heaviest;
	return unit;
}

/* Let those who are still there, and still need it, keep their places. */
static void seats_keep(const struct conf_service *service, const struct ids_seats *old,
		       const struct named *names, uint32_t *missing, struct seats *seats)
{
	for (size_t p = 0; p < old->n; p++) {
		uint32_t b = old->names[p] ? names_find(names, service->n_backends, old->names[p])
					   : NAMES_NONE;

		seats->owner[p] = SEAT_EMPTY;
		if (b != NAMES_NONE && missing[b]) {
			missing[b]--;
			seats->owner[p] = b;
		}
	}
	seats->n = old->n;
}

static void seats_add(uint32_t b, uint32_t n, bool longer, size_t *hole, struct seats *seats)
{
	for (; n; n--) {
		while (*hole < seats->n && seats->owner[*hole] != SEAT_EMPTY)
			(*hole)++;
		if (*hole == seats->n && !longer)
			return;
		if (*hole == seats->n)
			seats->n++;
		seats->owner[*hole] = b;
	}
}

/* With when_all_down one may serve that has never been usable. */
static bool is_wanted(const struct plan_backend *b)
{
	return b->usable || b->serves;
}

static int seats_follow(struct arena *arena, const struct seats_wish *wish,
			const struct ids_seats *old, struct seats *seats)
{
	const struct conf_service *service = wish->service;
	_cleanup_free_ uint32_t *missing = calloc(service->n_backends + 1, sizeof(*missing));
	size_t room = seats_needed_by_all(wish, seats->unit), hole = 0;
	struct named *names = names_of_backends(arena, service);
	bool is_new;

	if (!missing || !names)
		return -ENOMEM;
	if (!room)
		return 0;
	/* A table in another unit is another table. */
	is_new = !old || !old->n || old->unit != seats->unit;
	if (is_new)
		old = NULL;
	else
		room += old->n;
	seats->owner = arena_alloc(arena, room * sizeof(*seats->owner));
	if (!seats->owner)
		return -ENOMEM;
	for (size_t i = 0; i < service->n_backends; i++)
		missing[i] = seats_needed(full_weight(wish, i), seats->unit);
	if (old)
		seats_keep(service, old, names, missing, seats);
	for (size_t i = 0; i < service->n_backends; i++) {
		uint32_t b = names[i].index;

		seats_add(b, missing[b], is_new || is_wanted(&wish->backends[b]), &hole, seats);
	}
	return 0;
}

static uint32_t highest_id(const struct conf_service *service, enum plan_pool pool)
{
	uint32_t highest = 0;

	array_for_each (b, service->backends, service->n_backends)
		if (is_in_pool(b, pool) && b->id > highest)
			highest = b->id;
	return highest;
}

bool seats_are_fixed(const struct conf_service *service)
{
	for (size_t i = 0; i < service->n_backends; i++)
		if (!service->backends[i].id)
			return false;
	return service->n_backends > 0;
}

static int seats_fix(struct arena *arena, const struct seats_wish *wish, struct seats *seats)
{
	const struct conf_service *service = wish->service;

	seats->n = highest_id(service, wish->pool);
	seats->owner = arena_alloc(arena, seats->n * sizeof(*seats->owner));
	if (!seats->owner)
		return -ENOMEM;
	for (size_t p = 0; p < seats->n; p++)
		seats->owner[p] = SEAT_EMPTY;
	for (size_t i = 0; i < service->n_backends; i++) {
		uint32_t p = service->backends[i].id - 1;

		if (!is_in_pool(&service->backends[i], wish->pool))
			continue;
		assert(seats->owner[p] == SEAT_EMPTY);
		seats->owner[p] = i;
	}
	return 0;
}

int seats_assign(struct arena *arena, const struct seats_wish *wish, const struct ids_seats *old,
		 struct seats *out)
{
	struct seats seats = { 0 };
	int err = 0;

	if (recipe_scheduler(wish->service->scheduler) != CONF_SCHEDULER_CONSISTENT) {
		/* Backends take turns, or one has all; none has a place. */
	} else if (seats_are_fixed(wish->service)) {
		err = seats_fix(arena, wish, &seats);
	} else {
		seats.unit = seats_unit(wish, old);
		err = seats_follow(arena, wish, old, &seats);
	}
	if (!err)
		*out = seats;
	return err;
}

int seats_record(struct arena *arena, const struct conf_service *service, const struct seats *seats,
		 struct ids_seats *out)
{
	if (seats_are_fixed(service) || !seats->n)
		return 0;
	out->unit = seats->unit;
	out->n = seats->n;
	out->names = arena_alloc(arena, seats->n * sizeof(*out->names));
	if (!out->names)
		return -ENOMEM;
	for (size_t p = 0; p < seats->n; p++) {
		const char *name;

		if (seats->owner[p] == SEAT_EMPTY)
			continue;
		name = service->backends[seats->owner[p]].name;
		out->names[p] = arena_strndup(arena, name, strlen(name));
		if (!out->names[p])
			return -ENOMEM;
	}
	return 0;
}

bool seats_are_kept(const struct ids_seats *old, const struct ids_seats *now)
{
	if (!now->n)
		return true;
	if (!old || old->unit != now->unit || old->n < now->n)
		return false;
	for (size_t p = 0; p < now->n; p++)
		if (now->names[p] && (!old->names[p] || strcmp(old->names[p], now->names[p])))
			return false;
	return true;
}
