/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whoever is a member stays it, whoever comes back is it again, and newcomers
 * get the lowest members that neither are in use nor rest. What is no longer
 * wanted rests: it still may be in the maps while the plan that drops it is carried
 * out, and in packets that are on their way.
 *
 * A block that is full of resting members lets them rest for one plan only; one
 * that is full all the same is followed by a larger one, where all are the members
 * that they were: so the words of the table stay what they are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "plan/members.h"

/* A backend of the config in the order in which newcomers are served. */
struct guest {
	uint32_t id; /* 0 if positions do not follow from it */
	const char *name;
	uint32_t index;
};

/**
 * struct deal - members of one service as they are dealt out
 * @guests: the backends of the config
 * @found: by backend of the config: its record; NULL: a newcomer
 * @wanted: by record: some backend's
 * @taken: by member of the old block
 * @rest: plans for which those that were freed are taken
 */
struct deal {
	struct arena *arena;
	const struct members_wish *wish;
	struct guest *guests;
	const struct ids_backend **found;
	bool *wanted;
	bool *taken;
	uint32_t n_taken;
	uint32_t n_new;
	uint64_t rest;
};

static void deal_free(struct deal *d)
{
	free(d->guests);
	free(d->found);
	free(d->wanted);
	free(d->taken);
}

static const struct ids_service no_service;

static const struct ids_service *old_of(const struct members_wish *wish)
{
	return wish->old ? wish->old : &no_service;
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

static int guest_compare(const void *va, const void *vb)
{
	const struct guest *a = va, *b = vb;

	return a->id == b->id ? strcmp(a->name, b->name) : a->id < b->id ? -1 : 1;
}

/* As positions are dealt out, so that pools alike get recipes alike. */
static void deal_order(struct deal *d)
{
	const struct conf_service *service = d->wish->service;
	const bool by_id = seats_are_fixed(service);

	for (size_t i = 0; i < service->n_backends; i++) {
		const struct conf_backend *b = &service->backends[i];

		d->guests[i] = (struct guest){ by_id ? b->id : 0, b->name, i };
	}
	array_sort(d->guests, service->n_backends, sizeof(*d->guests), guest_compare);
}

static void deal_find(struct deal *d)
{
	const struct ids_service *old = old_of(d->wish);

	for (size_t i = 0; i < d->wish->service->n_backends; i++) {
		d->found[i] = find_backend(old, d->wish->service->backends[i].name,
					   &d->wish->backends[i]);
		if (d->found[i])
			d->wanted[d->found[i] - old->backends] = true;
		else
			d->n_new++;
	}
}

static bool is_taken(const struct deal *d, size_t record)
{
	const struct ids_backend *b = &old_of(d->wish)->backends[record];

	return d->wanted[record] || !ids_have_rested(b->freed, d->wish->build, d->rest);
}

static void deal_mark(struct deal *d, uint64_t rest)
{
	const struct ids_service *old = old_of(d->wish);

	d->rest = rest;
	d->n_taken = 0;
	for (size_t i = 0; i < old->n_backends; i++) {
		d->taken[old->backends[i].member] = is_taken(d, i);
		d->n_taken += is_taken(d, i);
	}
}

static int deal_open(struct deal *d)
{
	const size_t n = d->wish->service->n_backends;
	const struct ids_service *old = old_of(d->wish);

	d->guests = calloc(n + 1, sizeof(*d->guests));
	d->found = calloc(n + 1, sizeof(*d->found));
	d->wanted = calloc(old->n_backends + 1, sizeof(*d->wanted));
	d->taken = calloc(old->span + 1, sizeof(*d->taken));
	if (!d->guests || !d->found || !d->wanted || !d->taken)
		return -ENOMEM;
	deal_order(d);
	deal_find(d);
	deal_mark(d, d->wish->thrift.rest);
	return 0;
}

/* All members, and nobody. */
static bool fits(const struct deal *d, uint32_t span)
{
	return (uint64_t)d->n_taken + d->n_new < span;
}

/*
 * Of a new block: with room for a quarter more and one that changes, at least 4. Not
 * when a quarter of all ids is taken: blocks never get shorter, and those who come
 * later could not have as many backends as the config may.
 */
static uint32_t new_span(const struct deal *d, const struct blocks *blocks)
{
	const bool tight = d->wish->thrift.tight || blocks->n_taken >= SHUNT_MAX_BACKENDS / 4;
	const uint32_t n = d->n_taken + d->n_new, least = 2 * old_of(d->wish)->span;
	const uint32_t room = tight ? n + 1 : n + n / 4 + 2;
	uint32_t span = tight ? BLOCKS_MIN_SPAN : 2 * BLOCKS_MIN_SPAN;

	while ((span < room || span < least) && span < SHUNT_MAX_MEMBERS)
		span *= 2;
	return span;
}

static int deal_block(struct deal *d, struct blocks *blocks, struct ids_service *out)
{
	const struct ids_service *old = old_of(d->wish);

	if (!fits(d, old->span))
		deal_mark(d, 1);
	if (fits(d, old->span)) {
		out->base = old->base;
		out->span = old->span;
		return 0;
	}
	deal_mark(d, d->wish->thrift.rest);
	out->span = new_span(d, blocks);
	return fits(d, out->span) ? blocks_take(blocks, out->span, &out->base) : -ENOSPC;
}

static int add_record(struct deal *d, const struct ids_backend *b, struct ids_service *out)
{
	struct ids_backend *copy = &out->backends[out->n_backends];

	*copy = *b;
	copy->name = arena_strndup(d->arena, b->name, strlen(b->name));
	if (!copy->name)
		return -ENOMEM;
	out->n_backends++;
	return 0;
}

static int deal_use(struct deal *d, struct ids_service *out)
{
	uint32_t next = 1;
	int err = 0;

	for (size_t i = 0; !err && i < d->wish->service->n_backends; i++) {
		const uint32_t index = d->guests[i].index;
		struct plan_backend *wanted = &d->wish->backends[index];
		struct ids_backend b = { .name = d->guests[i].name };

		memcpy(b.leg, wanted->leg, sizeof(b.leg));
		if (d->found[index]) {
			b.member = d->found[index]->member;
		} else {
			while (next < old_of(d->wish)->span && d->taken[next])
				next++;
			b.member = next++;
		}
		wanted->id = out->base + b.member;
		err = add_record(d, &b, out);
	}
	return err;
}

/* Carry over what is not wanted now but rests. */
static int deal_rest(struct deal *d, struct ids_service *out)
{
	const struct ids_service *old = old_of(d->wish);
	int err = 0;

	for (size_t i = 0; !err && i < old->n_backends; i++) {
		struct ids_backend b = old->backends[i];

		if (d->wanted[i] || !is_taken(d, i))
			continue;
		if (!b.freed)
			b.freed = d->wish->build;
		err = add_record(d, &b, out);
	}
	return err;
}

int members_deal(struct arena *arena, const struct members_wish *wish, struct blocks *blocks,
		 struct ids_service *out)
{
	_cleanup_(deal_free) struct deal d = { .arena = arena, .wish = wish };
	const size_t room = wish->service->n_backends + old_of(wish)->n_backends;
	int err = deal_open(&d);

	out->backends = arena_alloc(arena, room * sizeof(*out->backends));
	if (!err && !out->backends)
		err = -ENOMEM;
	err = err ?: deal_block(&d, blocks, out) ?: deal_use(&d, out) ?: deal_rest(&d, out);
	if (err)
		return err;
	return d.n_new + (out->span != old_of(wish)->span);
}
