/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which ids of former maps are which backends of a plan.
 *
 * First by service: ids of its block, or where there are no blocks those that stand
 * in its table. What is left then, without blocks, are backends that had no slots,
 * drained ones, to which flows may be pinned all the same: they are known by their
 * legs alone, and of several with the same legs those come first that nothing was
 * found to be. A wrong choice among them miscounts; packets go to the same server.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "dataplane/former_layout.h"
#include "net/addr.h"

/* @to: without the address of a leg that is none. */
static void copy_legs(struct plan_leg to[SHUNT_FAMILIES], const struct plan_leg *from)
{
	for (int f = 0; f < SHUNT_FAMILIES; f++)
		if (from[f].forward)
			to[f] = from[f];
}

static void copy_former_legs(struct plan_leg to[SHUNT_FAMILIES], const struct shunt_backend *from)
{
	for (int f = 0; f < SHUNT_FAMILIES; f++)
		if (from->leg[f].forward)
			to[f] = (struct plan_leg){ .addr = from->leg[f].addr,
						   .forward = from->leg[f].forward };
}

static int compare_leg(const struct plan_leg *a, const struct plan_leg *b)
{
	return (a->forward > b->forward) - (a->forward < b->forward)
		       ?: addr_compare(&a->addr, &b->addr);
}

static int compare_legs(const struct former_backend *a, const struct former_backend *b)
{
	return compare_leg(&a->leg[SHUNT_V4], &b->leg[SHUNT_V4])
		       ?: compare_leg(&a->leg[SHUNT_V6], &b->leg[SHUNT_V6]);
}

static int compare_backends(const void *x, const void *y)
{
	const struct former_backend *a = x, *b = y;

	return compare_legs(a, b)
		       ?: (a->conf_service > b->conf_service) - (a->conf_service < b->conf_service);
}

/* The first of the index that is not before @key. */
static const struct former_backend *lower_bound(const struct former *f,
						const struct former_backend *key)
{
	size_t low = 0, high = f->n_index;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (compare_backends(&f->index[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return &f->index[low];
}

uint32_t former_find_backend(const struct former *f, uint32_t id, uint32_t conf_service)
{
	struct former_backend key = { .conf_service = conf_service };
	const struct former_backend *b;

	if (id >= f->n_backends)
		return 0;
	copy_former_legs(key.leg, &f->backends[id]);
	b = lower_bound(f, &key);
	if (b == f->index + f->n_index || compare_backends(b, &key))
		return 0;
	return b->id;
}

static int make_index(struct former *f, const struct plan *plan)
{
	f->ids = calloc(f->n_backends, sizeof(*f->ids));
	f->index = calloc(plan->n_backends + 1, sizeof(*f->index));
	if (!f->ids || !f->index)
		return -ENOMEM;
	array_for_each (b, plan->backends, plan->n_backends) {
		struct former_backend *to = &f->index[f->n_index++];

		copy_legs(to->leg, b->leg);
		to->conf_service = b->conf_service;
		to->id = b->id;
	}
	qsort(f->index, f->n_index, sizeof(*f->index), compare_backends);
	return 0;
}

static int compare_service(const void *key, const void *service)
{
	return memcmp(key, &((const struct plan_service *)service)->key,
		      sizeof(struct shunt_service_key));
}

static void find_services(struct former *f, const struct plan *plan)
{
	array_for_each (s, f->services, f->n_services) {
		const struct plan_service *ps =
			plan->n_services ? bsearch(&s->key, plan->services, plan->n_services,
						   sizeof(*ps), compare_service)
					 : NULL;

		s->found = ps;
		s->forgets = ps && s->tracked && !plan_tracks(ps->flags);
		s->conf_service = ps ? ps->conf_service : 0;
		s->table = ps ? ps->table : 0;
	}
}

/* @id belongs to @s, and to no other service. */
static void claim(struct former *f, struct id_set *claimed, uint32_t id,
		  const struct former_service *s)
{
	if (!id || id >= f->n_backends || id_set_has(claimed, id))
		return;
	id_set_add(claimed, id);
	if (s->found)
		f->ids[id] = former_find_backend(f, id, s->conf_service);
}

static int claim_slots(struct former *f, struct id_set *claimed, const struct former_service *s)
{
	const void *table = former_map_table(f, s);

	if (!table)
		return -errno;
	for (uint32_t i = 0; i < s->slots; i++) {
		const uint32_t word = f->layout->word(table, s->slots, i);

		claim(f, claimed, s->base + SHUNT_SLOT_CUR(word), s);
		if (SHUNT_SLOT_PREV(word))
			claim(f, claimed, s->base + SHUNT_SLOT_PREV(word), s);
	}
	former_unmap_table(s, table);
	return 0;
}

static bool is_same_table(const struct former_service *a, const struct former_service *b)
{
	return a->base == b->base && a->first == b->first;
}

/* A block ends where the next one begins. */
static void claim_block(struct former *f, struct id_set *claimed, const struct former_service *s)
{
	const struct former_service *next = s;
	uint32_t end;

	while (next < f->services + f->n_services && next->base == s->base)
		next++;
	end = next < f->services + f->n_services ? next->base : f->n_backends;
	for (uint32_t id = s->base + 1; id < end && id - s->base < SHUNT_MAX_MEMBERS; id++)
		claim(f, claimed, id, s);
}

/* The services [@at, @end) have one table. One that is in the plan stands for all. */
static int claim_table(struct former *f, struct id_set *claimed, size_t at, size_t end)
{
	const struct former_service *s = &f->services[at];

	for (size_t i = at; i < end && !s->found; i++)
		s = &f->services[i];
	if (!f->layout->has_blocks)
		return claim_slots(f, claimed, s);
	claim_block(f, claimed, s);
	return 0;
}

/* By its legs alone. */
static void claim_rest(struct former *f, struct id_set *found, uint32_t id)
{
	struct former_backend key = { 0 };
	const struct former_backend *b, *best;

	copy_former_legs(key.leg, &f->backends[id]);
	if (!key.leg[SHUNT_V4].forward && !key.leg[SHUNT_V6].forward)
		return;
	best = b = lower_bound(f, &key);
	for (; b < f->index + f->n_index && !compare_legs(b, &key); b++)
		if (!id_set_has(found, b->id)) {
			best = b;
			break;
		}
	if (best == f->index + f->n_index || compare_legs(best, &key))
		return;
	f->ids[id] = best->id;
	id_set_add(found, best->id);
}

static void claim_all_rest(struct former *f, const struct id_set *claimed)
{
	struct id_set found = { 0 };

	for (size_t id = 1; id < f->n_backends; id++)
		if (f->ids[id])
			id_set_add(&found, f->ids[id]);
	for (size_t id = 1; id < f->n_backends; id++)
		if (!id_set_has(claimed, id))
			claim_rest(f, &found, id);
}

int former_translate(struct former *f, const struct plan *plan)
{
	struct id_set claimed = { 0 };
	int err = make_index(f, plan);
	size_t end;

	if (err)
		return err;
	find_services(f, plan);
	for (size_t at = 0; !err && at < f->n_services; at = end) {
		end = at + 1;
		while (end < f->n_services && is_same_table(&f->services[at], &f->services[end]))
			end++;
		err = claim_table(f, &claimed, at, end);
	}
	if (!err && !f->layout->has_blocks)
		claim_all_rest(f, &claimed);
	return err ?: former_find_learning(f);
}

uint32_t former_id(const struct former *f, uint32_t id)
{
	return id < f->n_backends ? f->ids[id] : 0;
}

struct former_found former_found(const struct former *f)
{
	struct former_found found = { .all_services = f->n_services };
	struct id_set backends = { 0 };

	array_for_each (s, f->services, f->n_services)
		found.services += s->found;
	for (size_t id = 1; id < f->n_backends; id++)
		if (f->ids[id])
			id_set_add(&backends, f->ids[id]);
	array_for_each (b, f->index, f->n_index) {
		found.backends += id_set_has(&backends, b->id);
		found.all_backends++;
	}
	return found;
}
