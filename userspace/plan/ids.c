/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in use stays, what is new gets the lowest number that neither is in
 * use nor rests, in the order of names, so that the order of the config does not
 * matter. What is no longer wanted rests: its number still may be in the maps
 * while the plan that drops it is carried out, and in packets that are on their
 * way; and whoever takes a service out and puts it back gets the same ids again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/blocks.h"
#include "plan/ids.h"
#include "plan/members.h"
#include "plan/names.h"
#include "plan/roster.h"
#include "plan/slots.h"

/**
 * struct step - the step from one struct ids to the next
 * @next_table: no lower one is free
 * @tables: of the plan, by number
 */
struct step {
	const struct ids *old;
	struct ids *new;
	const struct ids_wish *wish;
	struct ids_thrift thrift;
	struct blocks blocks;
	bool table_taken[SHUNT_MAX_SERVICES];
	uint32_t next_table;
	struct plan_table *tables[SHUNT_MAX_SERVICES];
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
	free(ids->left);
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

	return order ? order : a->member < b->member ? -1 : a->member > b->member;
}

void ids_sort(struct ids *ids)
{
	array_for_each (service, ids->services, ids->n_services)
		if (service->n_backends)
			array_sort(service->backends, service->n_backends,
				   sizeof(*service->backends), backend_compare);
	array_sort(ids->services, ids->n_services, sizeof(*ids->services), service_compare);
}

bool plan_leg_is_equal(const struct plan_leg *a, const struct plan_leg *b)
{
	return a->forward == b->forward && a->port == b->port && addr_is_equal(&a->addr, &b->addr);
}

static const struct ids_service *find_service(const struct ids *ids, const char *name)
{
	const struct ids_service key = { .name = name };

	return ids->n_services
		       ? bsearch(&key, ids->services, ids->n_services, sizeof(key), service_compare)
		       : NULL;
}

static bool has_rested(const struct step *s, uint64_t freed)
{
	return ids_have_rested(freed, s->new->build, s->thrift.rest);
}

/* Everything that was given out and has not rested is taken. */
static void mark_taken(struct step *s)
{
	array_for_each (service, s->old->services, s->old->n_services) {
		if (has_rested(s, service->freed))
			continue;
		s->table_taken[service->table] = true;
		blocks_mark(&s->blocks, service->base, service->span);
	}
	array_for_each (block, s->old->left, s->old->n_left)
		if (!has_rested(s, block->freed))
			blocks_mark(&s->blocks, block->base, block->span);
}

static void note_given(struct step *s)
{
	s->new->given = s->new->build;
}

static int table_take(struct step *s, uint32_t *out)
{
	while (s->next_table < SHUNT_MAX_SERVICES && s->table_taken[s->next_table])
		s->next_table++;
	if (s->next_table >= SHUNT_MAX_SERVICES)
		return -ENOSPC;
	note_given(s);
	*out = s->next_table++;
	return 0;
}

static const char *keep_name(struct step *s, const char *name)
{
	return arena_strndup(&s->new->arena, name, strlen(name));
}

/* Positions of each pool, and slots enough for any; they depend on each other. */
static int seats_use(struct step *s, const struct ids_service *old, uint32_t index,
		     struct ids_service *service)
{
	const struct conf_service *conf = &s->wish->conf->services[index];
	const struct slots_wish slots = slots_wish_of(s->wish->conf, conf, old ? old->slots : 0);
	struct seats_wish wish = {
		.service = conf,
		.backends = &s->wish->plan->backends[s->wish->plan->first_backend[index]],
		.most = slots_seats_max(&slots),
	};
	size_t longest = 0;

	for (enum plan_pool pool = 0; pool < POOLS; pool++) {
		const struct ids_seats *before = old ? &old->seats[pool] : NULL;
		struct seats *seats = &s->wish->seats[index][pool];
		int err;

		wish.pool = pool;
		err = seats_assign(&s->wish->plan->arena, &wish, before, seats)
			      ?: seats_record(&s->new->arena, conf, seats, &service->seats[pool]);
		if (err)
			return err;
		if (!seats_are_kept(before, &service->seats[pool]))
			note_given(s);
		longest = seats->n > longest ? seats->n : longest;
	}
	if (conf->scheduler == CONF_SCHEDULER_ROUND_ROBIN)
		longest = slots_turns(conf, wish.backends);
	service->slots = slots_of(&slots, longest);
	if (old && old->slots != service->slots)
		note_given(s);
	return 0;
}

static bool is_same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* What was known of who serves is known still. */
static bool roster_is_kept(const struct ids_service *old, const struct ids_service *service)
{
	if (!old)
		return !service->current && !service->n_last;
	if (!is_same_name(old->current, service->current) || old->n_last != service->n_last)
		return false;
	for (size_t i = 0; i < service->n_last; i++)
		if (strcmp(old->last[i], service->last[i]))
			return false;
	return true;
}

/* Who serves, which positions need to know. */
static int roster_use(struct step *s, const struct ids_service *old, uint32_t index,
		      struct ids_service *service)
{
	const struct roster_wish wish = {
		.service = &s->wish->conf->services[index],
		.backends = &s->wish->plan->backends[s->wish->plan->first_backend[index]],
		.old = old,
	};
	int err = roster_call(&s->new->arena, &wish, service);

	if (!err && !roster_is_kept(old, service))
		note_given(s);
	return err;
}

static int table_use(struct step *s, const struct ids_service *old, uint32_t index,
		     struct ids_service *service)
{
	int err = 0;

	if (old)
		service->table = old->table;
	else
		err = table_take(s, &service->table);
	return err ?: roster_use(s, old, index, service) ?: seats_use(s, old, index, service);
}

/* The block of a service that has another now. */
static int block_leave(struct step *s, const struct ids_service *old)
{
	struct ids_block *left = array_add(&s->new->left, &s->new->n_left);

	if (!left)
		return -ENOMEM;
	*left = (struct ids_block){ old->table, old->base, old->span, s->new->build };
	return 0;
}

static int block_use(struct step *s, const struct ids_service *old, uint32_t index,
		     struct ids_service *service)
{
	const struct members_wish wish = {
		.service = &s->wish->conf->services[index],
		.old = old,
		.backends = &s->wish->plan->backends[s->wish->plan->first_backend[index]],
		.thrift = s->thrift,
		.build = s->new->build,
	};
	int given = members_deal(&s->new->arena, &wish, &s->blocks, service);

	if (given < 0)
		return given;
	if (given)
		note_given(s);
	return old && old->span && old->span != service->span ? block_leave(s, old) : 0;
}

static int service_use(struct step *s, uint32_t index)
{
	struct plan_table *table = &s->wish->plan->tables[index];
	const char *name = s->wish->conf->services[index].name;
	const struct ids_service *old = find_service(s->old, name);
	struct ids_service service = { .name = keep_name(s, name) };
	int err;

	if (!service.name)
		return -ENOMEM;
	/* What has rested may have been given out again a moment ago. */
	if (old && has_rested(s, old->freed))
		old = NULL;
	err = table_use(s, old, index, &service) ?: block_use(s, old, index, &service);
	if (err)
		return err;
	table->number = service.table;
	table->base = service.base;
	table->span = service.span;
	table->slots = service.slots;
	table->left = NULL;
	s->tables[table->number] = table;
	s->new->services[s->new->n_services++] = service;
	return 0;
}

static int service_rest(struct step *s, const struct ids_service *old)
{
	static const struct conf_service nobody;
	const struct members_wish wish = {
		.service = &nobody,
		.old = old,
		.thrift = s->thrift,
		.build = s->new->build,
	};
	struct ids_service service = {
		.table = old->table,
		.freed = old->freed ? old->freed : s->new->build,
		.slots = old->slots,
	};
	int err;

	/* One without a block was read from an older file and has given out nothing. */
	if (has_rested(s, old->freed) || !old->span)
		return 0;
	service.name = keep_name(s, old->name);
	if (!service.name)
		return -ENOMEM;
	err = members_deal(&s->new->arena, &wish, &s->blocks, &service);
	if (err)
		return err;
	s->new->services[s->new->n_services++] = service;
	return 0;
}

static int blocks_rest(struct step *s)
{
	array_for_each (block, s->old->left, s->old->n_left) {
		struct ids_block *copy;

		if (has_rested(s, block->freed))
			continue;
		copy = array_add(&s->new->left, &s->new->n_left);
		if (!copy)
			return -ENOMEM;
		*copy = *block;
	}
	return 0;
}

/* Tell the tables of the plan which blocks they have left, the last one first. */
static int tables_note_left(struct step *s)
{
	for (size_t i = s->new->n_left; i--;) {
		const struct ids_block *block = &s->new->left[i];
		struct plan_table *table = s->tables[block->table], *left;

		if (!table)
			continue;
		left = arena_alloc(&s->wish->plan->arena, sizeof(*left));
		if (!left)
			return -ENOMEM;
		left->number = block->table;
		left->base = block->base;
		left->span = block->span;
		left->left = table->left;
		table->left = left;
	}
	return 0;
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
	mark_taken(s);
	for (size_t i = 0; !err && i < n; i++)
		err = service_use(s, names[i].index);
	for (size_t i = 0; !err && i < s->old->n_services; i++)
		if (names_find(names, n, s->old->services[i].name) == NAMES_NONE)
			err = service_rest(s, &s->old->services[i]);
	err = err ?: blocks_rest(s) ?: tables_note_left(s);
	ids_sort(s->new);
	return err;
}

int ids_next(const struct ids *old, const struct ids_wish *wish, struct ids_thrift thrift,
	     struct ids **out)
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
	s->thrift = thrift;
	err = step_run(s);
	if (err)
		return err;
	*out = take_ptr(&new);
	return 0;
}
