/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who serves: of the backends that could hold slots, those that do.
 *
 * Candidates are the usable ones. Where there are none it is up to when_all_down:
 * nobody; those that served last, whatever has become of them; or all that are down,
 * as if they were up. A backend without a verdict is not down: its first check is a
 * moment away, and slots that it got now would soon move again. One of weight 0 is
 * never a candidate, for that is the operator's word.
 *
 * Of the candidates backups stand back behind the others; of what is left scheduler
 * first takes one.
 *
 * With `failback: no` the choice of first is kept, but not before every backend that
 * stands earlier has a verdict. Else the first check to come in, of a new service or
 * after a first start, would decide who is current for good.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/names.h"
#include "plan/roster.h"

#define NOBODY UINT32_MAX

/**
 * struct roster
 * @names: of the backends, to find by
 * @current: index of the one that was chosen before; NOBODY if there is none
 * @was_last: by backend: it served when any was usable
 * @any_usable: candidates are the usable ones
 */
struct roster {
	const struct conf_service *service;
	struct plan_backend *backends;
	struct arena scratch;
	struct named *names;
	uint32_t current;
	bool *was_last;
	bool any_usable;
};

static void roster_free(struct roster *r)
{
	arena_free(&r->scratch);
}

static uint32_t find(const struct roster *r, const char *name)
{
	const uint32_t found = names_find(r->names, r->service->n_backends, name);

	return found == NAMES_NONE ? NOBODY : found;
}

static int roster_open(struct roster *r, const struct ids_service *old)
{
	const size_t n = r->service->n_backends;

	r->current = NOBODY;
	for (size_t i = 0; i < n; i++)
		r->any_usable |= r->backends[i].usable;
	if (!old || (!old->current && !old->n_last))
		return 0;
	r->names = names_of_backends(&r->scratch, r->service);
	r->was_last = arena_alloc(&r->scratch, n * sizeof(*r->was_last));
	if (!r->names || !r->was_last)
		return -ENOMEM;
	if (old->current)
		r->current = find(r, old->current);
	for (size_t i = 0; i < old->n_last; i++) {
		const uint32_t b = find(r, old->last[i]);

		if (b != NOBODY)
			r->was_last[b] = true;
	}
	return 0;
}

static bool is_candidate(const struct roster *r, size_t i)
{
	const struct plan_backend *b = &r->backends[i];

	if (r->any_usable || !b->weight)
		return b->usable;
	switch (r->service->when_all_down) {
	case CONF_ALL_DOWN_LAST:
		return r->was_last && r->was_last[i];
	case CONF_ALL_DOWN_ALL:
		return b->down;
	case CONF_ALL_DOWN_DROP:
		break;
	}
	return false;
}

/* Backups stand back as long as there is somebody else. */
static void call_pool(const struct roster *r)
{
	bool main = false;

	for (size_t i = 0; i < r->service->n_backends; i++) {
		r->backends[i].serves = is_candidate(r, i);
		main |= r->backends[i].serves && !r->service->backends[i].backup;
	}
	for (size_t i = 0; main && i < r->service->n_backends; i++)
		if (r->service->backends[i].backup)
			r->backends[i].serves = false;
}

static bool is_sticky(const struct conf_service *service)
{
	return service->scheduler == CONF_SCHEDULER_FIRST && !service->failback;
}

/* The one that has all slots, or NOBODY. */
static uint32_t call_first(const struct roster *r)
{
	uint32_t chosen = NOBODY;

	if (is_sticky(r->service) && r->current != NOBODY && is_candidate(r, r->current))
		chosen = r->current;
	for (size_t i = 0; i < r->service->n_backends; i++) {
		if (chosen == NOBODY && r->backends[i].serves)
			chosen = i;
		r->backends[i].serves = false;
	}
	if (chosen != NOBODY)
		r->backends[chosen].serves = true;
	return chosen;
}

/* One that would be preferred to @chosen if its first check said that it is up. */
static bool awaits_another(const struct roster *r, uint32_t chosen)
{
	const struct conf_backend *conf = r->service->backends;

	for (size_t i = 0; i < r->service->n_backends; i++) {
		const struct plan_backend *b = &r->backends[i];
		const bool is_unknown = !b->down && b->weight && !b->usable;

		if (!is_unknown)
			continue;
		if (conf[i].backup == conf[chosen].backup ? i < chosen : !conf[i].backup)
			return true;
	}
	return false;
}

static int keep_name(struct arena *arena, const struct roster *r, uint32_t i, const char **out)
{
	const char *name = r->service->backends[i].name;

	*out = arena_strndup(arena, name, strlen(name));
	return *out ? 0 : -ENOMEM;
}

/* While nobody is usable the choice is not a new one. */
static int record_current(struct arena *arena, const struct roster *r, uint32_t chosen,
			  struct ids_service *out)
{
	uint32_t current = r->current;

	if (r->any_usable && chosen != current)
		current = awaits_another(r, chosen) ? NOBODY : chosen;
	if (current == NOBODY)
		return 0;
	return keep_name(arena, r, current, &out->current);
}

static int record_last(struct arena *arena, const struct roster *r, struct ids_service *out)
{
	const size_t n = r->service->n_backends;
	int err = 0;

	out->last = arena_alloc(arena, n * sizeof(*out->last));
	if (!out->last)
		return -ENOMEM;
	for (size_t i = 0; !err && i < n; i++)
		if (r->any_usable ? r->backends[i].serves : r->was_last && r->was_last[i])
			err = keep_name(arena, r, i, &out->last[out->n_last++]);
	return err;
}

int roster_call(struct arena *arena, const struct roster_wish *wish, struct ids_service *out)
{
	_cleanup_(roster_free) struct roster r = {
		.service = wish->service,
		.backends = wish->backends,
	};
	uint32_t chosen = NOBODY;
	int err = roster_open(&r, wish->old);

	if (err)
		return err;
	call_pool(&r);
	if (wish->service->scheduler == CONF_SCHEDULER_FIRST)
		chosen = call_first(&r);
	if (is_sticky(wish->service))
		err = record_current(arena, &r, chosen, out);
	if (!err && wish->service->when_all_down == CONF_ALL_DOWN_LAST)
		err = record_last(arena, &r, out);
	return err;
}
