/* SPDX-License-Identifier: BSD-2-Clause */
/* Which table lies at which place, and what of that packets have been told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tables/tables_internal.h"

int tables_init(struct tables *t, const struct map_ops *ops, void *ctx, uint32_t n_lines)
{
	t->ops = ops;
	t->ctx = ctx;
	t->n_lines = n_lines;
	return lines_init(t);
}

void tables_free(struct tables *t)
{
	place_free_all(t);
	transit_free(&t->transit);
	table_cache_free(t->cache);
	free(t->free);
	free(t->users);
	free(t->claims);
	free(t->moves);
	free(t->leavers);
	free(t->owners);
	free(t->words);
	*t = (struct tables){ 0 };
}

int tables_make_room(struct tables *t, uint32_t slots)
{
	uint32_t *owners, *words;

	if (slots <= t->room)
		return 0;
	owners = calloc(slots, sizeof(*owners));
	words = calloc(slots, sizeof(*words));
	if (!owners || !words) {
		free(owners);
		free(words);
		return -ENOMEM;
	}
	free(t->owners);
	free(t->words);
	t->owners = owners;
	t->words = words;
	t->room = slots;
	return 0;
}

int tables_load(struct tables *t, const struct place *p)
{
	struct slot_words words;
	int err = place_words(t, p, &words);

	for (uint32_t i = 0; !err && i < p->slots; i++)
		t->words[i] = slot_load(&words, i);
	return err;
}

/* --- moves ----------------------------------------------------------------------- */

static bool add_move(struct tables *t, const struct place *from, uint32_t from_base,
		     const struct place *to, uint32_t to_base)
{
	struct map_move *move = array_add(&t->moves, &t->n_moves);

	if (!move)
		return false;
	*move = (struct map_move){ place_service(from, from_base), place_service(to, to_base) };
	return true;
}

/* Where the block is another, too, some of its services may have been told already. */
static bool add_moves(struct tables *t, const struct table_user *u, const struct place *to,
		      uint32_t base)
{
	const size_t n = t->n_moves;

	if (add_move(t, u->place, u->base, to, base) &&
	    (u->base == base || add_move(t, u->place, base, to, base)))
		return true;
	t->n_moves = n;
	return false;
}

int tables_move(struct tables *t, uint32_t number, struct place *to, uint32_t base)
{
	struct table_user *u = &t->users[number];
	struct table_leaver *leaver = array_add(&t->leavers, &t->n_leavers);

	if (!leaver)
		return -ENOMEM;
	if (!add_moves(t, u, to, base)) {
		t->n_leavers--;
		return -ENOMEM;
	}
	*leaver = (struct table_leaver){ number, u->place };
	u->place->users--;
	u->place->leavers++;
	to->users++;
	*u = (struct table_user){ .place = to, .base = base, .tracked = u->tracked, .moves = true };
	return 0;
}

static int compare_moves(const void *a, const void *b)
{
	const struct map_move *x = a, *y = b;

	return memcmp(&x->from, &y->from, sizeof(x->from));
}

void tables_flush(struct tables *t, uint64_t now_ms)
{
	if (!t->n_leavers)
		return;
	qsort(t->moves, t->n_moves, sizeof(*t->moves), compare_moves);
	t->ops->repoint(t->ctx, t->moves, t->n_moves);
	array_for_each (l, t->leavers, t->n_leavers) {
		t->users[l->number].moves = false;
		l->left->leavers--;
		place_release(t, l->left, now_ms);
	}
	t->n_moves = t->n_leavers = 0;
}

void tables_drop(struct tables *t, uint32_t number, uint64_t now_ms)
{
	struct table_user *u = number < t->n_users ? &t->users[number] : NULL;

	if (!u || !u->place)
		return;
	tables_flush(t, now_ms);
	u->place->users--;
	place_release(t, u->place, now_ms);
	*u = (struct table_user){ 0 };
}

void tables_drop_others(struct tables *t, const struct plan *plan, uint64_t now_ms)
{
	size_t next = 0;

	for (uint32_t number = 0; number < t->n_users; number++) {
		while (next < plan->n_tables && plan->tables[next].number < number)
			next++;
		if (next == plan->n_tables || plan->tables[next].number != number)
			tables_drop(t, number, now_ms);
	}
}

/* --- what others ask ------------------------------------------------------------- */

const struct place *tables_place(const struct tables *t, uint32_t number)
{
	return number < t->n_users ? t->users[number].place : NULL;
}

int tables_service(struct tables *t, const struct plan_service *service, struct shunt_service *out)
{
	const struct place *p = tables_place(t, service->table);

	if (!p)
		return -ENOENT;
	t->users[service->table].base = service->base;
	t->users[service->table].tracked |= plan_tracks(service->flags);
	*out = place_service(p, service->base);
	return 0;
}

const uint32_t *tables_read(struct tables *t, uint32_t number)
{
	const struct place *p = tables_place(t, number);

	if (!p || tables_make_room(t, p->slots) || tables_load(t, p))
		return NULL;
	return t->words;
}

struct tables_count tables_count(const struct tables *t)
{
	struct tables_count c = { .places = t->n_places, .lines = t->n_lines };

	array_for_each (u, t->users, t->n_users)
		c.tables += u->place != NULL;
	array_for_each (e, t->free, t->n_free)
		c.lines_free += e->n;
	return c;
}
