/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in use stays, what is new gets the lowest number that neither is in
 * use nor rests, in the order of names, so that the order of the config does not
 * matter. What is no longer wanted rests: its number still may be in the maps
 * while the plan that drops it is carried out, and in packets that are on their
 * way; and whoever takes a backend out and puts it back gets the same id again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/ids.h"
#include "plan/names.h"

/* Numbers in [@next, @limit) that are not used may be given out. */
struct numbers {
	bool *used;
	uint32_t next;
	uint32_t limit;
};

/**
 * struct step - the step from one struct ids to the next
 * @wanted: by id: in use after this step
 */
struct step {
	const struct ids *old;
	struct ids *new;
	const struct ids_wish *wish;
	uint64_t rest;
	struct numbers ids;
	struct numbers tables;
	bool id_used[SHUNT_MAX_BACKENDS];
	bool table_used[SHUNT_MAX_SERVICES];
	bool wanted[SHUNT_MAX_BACKENDS];
};

struct ids *ids_create(void)
{
	return calloc(1, sizeof(struct ids));
}

void ids_free(struct ids *ids)
{
	if (!ids)
		return;
	arena_free(&ids->arena);
	free(ids);
}

uint64_t ids_given(const struct ids *ids)
{
	return ids->given;
}

void ids_swap(struct ids *a, struct ids *b)
{
	struct ids t = *a;

	*a = *b;
	*b = t;
}

static int service_compare(const void *va, const void *vb)
{
	const struct ids_service *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

static int backend_compare(const void *va, const void *vb)
{
	const struct ids_backend *a = va, *b = vb;
	int order = strcmp(a->name, b->name);

	return order ? order : a->id < b->id ? -1 : a->id > b->id;
}

void ids_sort(struct ids *ids)
{
	for (size_t i = 0; i < ids->n_services; i++)
		qsort(ids->services[i].backends, ids->services[i].n_backends,
		      sizeof(struct ids_backend), backend_compare);
	qsort(ids->services, ids->n_services, sizeof(*ids->services), service_compare);
}

bool plan_leg_is_equal(const struct plan_leg *a, const struct plan_leg *b)
{
	return a->forward == b->forward && addr_is_equal(&a->addr, &b->addr);
}

static const struct ids_service *find_service(const struct ids *ids, const char *name)
{
	const struct ids_service key = { .name = name };

	return ids->n_services
		       ? bsearch(&key, ids->services, ids->n_services, sizeof(key), service_compare)
		       : NULL;
}

/* The record of a backend with exactly these legs. */
static const struct ids_backend *find_backend(const struct ids_service *service, const char *name,
					      const struct plan_backend *b)
{
	size_t low = 0, high = service->n_backends;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(service->backends[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < service->n_backends; low++) {
		const struct ids_backend *found = &service->backends[low];

		if (strcmp(found->name, name))
			break;
		if (plan_leg_is_equal(&found->leg[SHUNT_V4], &b->leg[SHUNT_V4]) &&
		    plan_leg_is_equal(&found->leg[SHUNT_V6], &b->leg[SHUNT_V6]))
			return found;
	}
	return NULL;
}

static bool is_rested(const struct step *s, uint64_t freed)
{
	return freed && s->new->build - freed >= s->rest;
}

/* Everything that was given out and has not rested is taken. */
static void mark_used(struct step *s)
{
	for (size_t i = 0; i < s->old->n_services; i++) {
		const struct ids_service *service = &s->old->services[i];

		s->tables.used[service->table] |= !is_rested(s, service->freed);
		for (size_t j = 0; j < service->n_backends; j++) {
			const struct ids_backend *b = &service->backends[j];

			s->ids.used[b->id] |= !is_rested(s, b->freed);
		}
	}
}

static int number_take(struct step *s, struct numbers *n, uint32_t *out)
{
	s->new->given = s->new->build;
	while (n->next < n->limit && n->used[n->next])
		n->next++;
	if (n->next >= n->limit)
		return -ENOSPC;
	*out = n->next++;
	return 0;
}

static const char *keep_name(struct step *s, const char *name)
{
	return arena_strndup(&s->new->arena, name, strlen(name));
}

/* Carry over a record that is not wanted now, unless it has rested. */
static int backend_rest(struct step *s, const struct ids_backend *old, struct ids_service *service)
{
	struct ids_backend b = *old;

	if (s->wanted[b.id] || is_rested(s, b.freed))
		return 0;
	if (!b.freed)
		b.freed = s->new->build;
	b.name = keep_name(s, old->name);
	if (!b.name)
		return -ENOMEM;
	service->backends[service->n_backends++] = b;
	return 0;
}

static int backend_use(struct step *s, const struct ids_service *old, const char *name,
		       struct plan_backend *wanted, struct ids_service *service)
{
	const struct ids_backend *found = old ? find_backend(old, name, wanted) : NULL;
	struct ids_backend b = { .name = keep_name(s, name) };
	int err;

	if (!b.name)
		return -ENOMEM;
	memcpy(b.leg, wanted->leg, sizeof(b.leg));
	/* One that has rested may have been given out again a moment ago. */
	if (found && !is_rested(s, found->freed)) {
		b.id = found->id;
	} else {
		err = number_take(s, &s->ids, &b.id);
		if (err)
			return err;
	}
	wanted->id = b.id;
	s->wanted[b.id] = true;
	service->backends[service->n_backends++] = b;
	return 0;
}

static int backends_rest(struct step *s, const struct ids_service *old, struct ids_service *service)
{
	int err = 0;

	for (size_t i = 0; !err && i < old->n_backends; i++)
		err = backend_rest(s, &old->backends[i], service);
	return err;
}

/* Nobody sits where he did not. */
static bool seats_are_kept(const struct ids_service *old, const struct ids_service *service)
{
	if (!old || old->unit != service->unit || old->n_seats < service->n_seats)
		return false;
	for (size_t p = 0; p < service->n_seats; p++)
		if (service->seats[p] &&
		    (!old->seats[p] || strcmp(old->seats[p], service->seats[p])))
			return false;
	return true;
}

static int seats_record(struct step *s, const struct conf_service *conf, const struct seats *seats,
			struct ids_service *service)
{
	if (seats_are_fixed(conf) || !seats->n)
		return 0;
	service->unit = seats->unit;
	service->n_seats = seats->n;
	service->seats = arena_alloc(&s->new->arena, seats->n * sizeof(*service->seats));
	if (!service->seats)
		return -ENOMEM;
	for (size_t p = 0; p < seats->n; p++) {
		if (seats->owner[p] == SEAT_EMPTY)
			continue;
		service->seats[p] = keep_name(s, conf->backends[seats->owner[p]].name);
		if (!service->seats[p])
			return -ENOMEM;
	}
	return 0;
}

static int backends_use(struct step *s, const struct ids_service *old, uint32_t index,
			struct ids_service *service)
{
	const struct conf_service *conf = &s->wish->conf->services[index];
	struct plan_backend *backends =
		&s->wish->plan->backends[s->wish->plan->first_backend[index]];
	size_t room = conf->n_backends + (old ? old->n_backends : 0);
	struct named *names = names_of_backends(&s->wish->plan->arena, conf);
	int err = 0;

	service->backends = arena_alloc(&s->new->arena, room * sizeof(*service->backends));
	if (!names || !service->backends)
		return -ENOMEM;
	for (size_t i = 0; !err && i < conf->n_backends; i++)
		err = backend_use(s, old, names[i].name, &backends[names[i].index], service);
	if (!err && old)
		err = backends_rest(s, old, service);
	return err;
}

static int service_use(struct step *s, uint32_t index)
{
	const struct conf_service *conf = &s->wish->conf->services[index];
	const struct ids_service *old = find_service(s->old, conf->name);
	const struct seats_wish wish = {
		.service = conf,
		.backends = &s->wish->plan->backends[s->wish->plan->first_backend[index]],
		.slots = s->wish->conf->slots,
	};
	struct ids_service service = { .name = keep_name(s, conf->name) };
	int err = 0;

	if (!service.name)
		return -ENOMEM;
	if (old && is_rested(s, old->freed))
		old = NULL;
	if (old)
		service.table = old->table;
	else
		err = number_take(s, &s->tables, &service.table);
	err = err ?: backends_use(s, old, index, &service);
	err = err ?: seats_assign(&s->wish->plan->arena, &wish, old, &s->wish->seats[index]);
	err = err ?: seats_record(s, conf, &s->wish->seats[index], &service);
	if (err)
		return err;
	if (service.n_seats && !seats_are_kept(old, &service))
		s->new->given = s->new->build;
	s->wish->plan->tables[index].number = service.table;
	s->new->services[s->new->n_services++] = service;
	return 0;
}

static int service_rest(struct step *s, const struct ids_service *old)
{
	struct ids_service service = {
		.table = old->table,
		.freed = old->freed ? old->freed : s->new->build,
	};

	if (is_rested(s, old->freed))
		return 0;
	service.name = keep_name(s, old->name);
	service.backends = arena_alloc(&s->new->arena, old->n_backends * sizeof(*service.backends));
	if (!service.name || !service.backends)
		return -ENOMEM;
	s->new->services[s->new->n_services++] = service;
	return backends_rest(s, old, &s->new->services[s->new->n_services - 1]);
}

static int step_run(struct step *s)
{
	struct named *names = names_of_services(&s->wish->plan->arena, s->wish->conf);
	size_t n = s->wish->conf->n_services;
	int err = 0;

	s->new->services =
		arena_alloc(&s->new->arena, (n + s->old->n_services) * sizeof(*s->new->services));
	if (!names || !s->new->services)
		return -ENOMEM;
	mark_used(s);
	for (size_t i = 0; !err && i < n; i++)
		err = service_use(s, names[i].index);
	for (size_t i = 0; !err && i < s->old->n_services; i++)
		if (names_find(names, n, s->old->services[i].name) == NAMES_NONE)
			err = service_rest(s, &s->old->services[i]);
	ids_sort(s->new);
	return err;
}

int ids_next(const struct ids *old, const struct ids_wish *wish, uint64_t rest, struct ids **out)
{
	_cleanup_(ids_freep) struct ids *new = ids_create();
	_cleanup_free_ struct step *s = calloc(1, sizeof(*s));
	int err;

	if (!new || !s)
		return -ENOMEM;
	new->build = old->build + 1;
	new->given = old->given;
	s->old = old;
	s->new = new;
	s->wish = wish;
	s->rest = rest;
	s->ids = (struct numbers){ s->id_used, 1, SHUNT_MAX_BACKENDS };
	s->tables = (struct numbers){ s->table_used, 0, SHUNT_MAX_SERVICES };
	err = step_run(s);
	if (err)
		return err;
	*out = take_ptr(&new);
	return 0;
}
