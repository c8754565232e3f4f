/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One table, one step: by itself where it lies alone, with others that take the same
 * one, or at a place of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "tables/tables_internal.h"

struct table_user *fill_user(const struct fill *f)
{
	return &f->t->users[f->table->number];
}

/* --- what there is to know -------------------------------------------------------- */

int fill_build_owners(struct fill *f)
{
	struct tables *t = f->t;
	int err = tables_make_room(t, f->table->slots);

	t->cache = t->cache ?: table_cache_create();
	if (err || !t->cache)
		return -ENOMEM;
	err = table_build_cached(t->cache, f->table, t->owners);
	f->step.owners = t->owners;
	return err;
}

static bool member_lives(const struct fill *f, uint32_t member)
{
	const uint32_t id = f->table->base + member;

	return member && id < SHUNT_MAX_BACKENDS && id_set_has(f->step.alive, id);
}

/* Without zeroes at the end: blocks may be larger than others. */
static int list_members(struct fill *f)
{
	const size_t n = f->table->span / 64 + 1;

	f->members = calloc(n, sizeof(*f->members));
	if (!f->members)
		return -ENOMEM;
	for (uint32_t m = 1; m < f->table->span; m++) {
		if (!member_lives(f, m))
			continue;
		f->members[m / 64] |= 1ULL << m % 64;
		f->n_members = m / 64 + 1;
	}
	return 0;
}

void fill_note_step(struct fill *f, struct place *p, uint64_t from)
{
	free(p->step.alive);
	p->step = (struct place_step){
		.from = from,
		.stamp = p->stamp,
		.now_s = f->step.now_s,
		.forgets = f->step.forgets,
		.alive = take_ptr(&f->members),
		.n_alive = f->n_members,
	};
}

/* --- a place to go to --------------------------------------------------------------- */

int fill_make_place(const struct fill *f, struct place **out)
{
	const uint32_t n = lines_of(f->table->slots);
	struct place *p;
	uint32_t first;
	int err = lines_alloc(f->t, n, f->now_ms, &first);

	if (err == -ENOSPC && f->t->n_leavers) {
		tables_flush(f->t, f->now_ms);
		err = lines_alloc(f->t, n, f->now_ms, &first);
	}
	if (err)
		return err;
	p = place_make(f->t, first, f->table->slots);
	if (!p) {
		lines_release(f->t, first, n, 0);
		return -ENOMEM;
	}
	*out = p;
	return 0;
}

int fill_write_words(const struct fill *f, struct place *p, uint32_t n, struct slot_words *words)
{
	int err = place_words(f->t, p, words);

	for (uint32_t i = 0; !err && i < p->slots; i++)
		slot_store(words, i, f->t->words[i & (n - 1)]);
	return err;
}

/* --- a step from a place ------------------------------------------------------------- */

static bool took_the_same_step(const struct fill *f, const struct place *p, uint64_t from)
{
	const struct place_step *s = &p->step;

	return s->from == from && s->stamp == p->stamp && s->forgets == f->step.forgets &&
	       (p->settled || s->now_s == f->step.now_s) && s->n_alive == f->n_members &&
	       !memcmp(s->alive, f->members, f->n_members * sizeof(*f->members));
}

static struct place *find_fellow(const struct fill *f, uint64_t from)
{
	struct place *p = NULL;

	while ((p = place_next(f->t, p, &f->key)))
		if (took_the_same_step(f, p, from))
			return p;
	return NULL;
}

static int join(const struct fill *f, struct place *p)
{
	transit_skip_sweep(&f->t->transit, p);
	return tables_move(f->t, f->table->number, p, f->table->base);
}

/* The recipe is known again only when all words follow it. */
static int step_in_place(struct fill *f, struct place *p)
{
	struct slot_words words;
	int err = place_words(f->t, p, &words);

	if (err)
		return err;
	place_forget_recipe(f->t, p);
	err = transit_fill(&f->t->transit, p, &words, &f->step)
		      ?: place_set_recipe(f->t, p, f->table);
	place_changed(f->t, p);
	return err;
}

static int step_copy(struct fill *f, const struct place *from, struct place *to)
{
	struct tables *t = f->t;
	struct slot_words words;
	int err = tables_load(t, from) ?: fill_write_words(f, to, from->slots, &words);

	if (err)
		return err;
	err = transit_copy(&t->transit, from, to, &words, f->step.now_s)
		      ?: transit_fill(&t->transit, to, &words, &f->step)
		      ?: place_set_recipe(t, to, f->table);
	if (err)
		return err;
	place_changed(t, to);
	fill_note_step(f, to, from->stamp);
	return tables_move(t, f->table->number, to, f->table->base);
}

static int step_elsewhere(struct fill *f, struct place *from)
{
	struct place *to;
	int err = fill_make_place(f, &to);

	if (err)
		return err;
	err = step_copy(f, from, to);
	if (err)
		place_remove(f->t, to, 0);
	return err;
}

/*
 * In place unless others lie there, too, or the words are to be read in another way:
 * by other slots, or by another block, of which a newcomer's member may be beyond the
 * one that services still go by.
 */
static bool may_stay(const struct fill *f, const struct place *p)
{
	return p->users == 1 && p->slots == f->table->slots && fill_user(f)->base == f->table->base;
}

/*
 * A place that services have still to be sent away from stays as it is. To send them
 * takes long, so that is put off if there is another place.
 */
static int take_step(struct fill *f, struct place *p)
{
	struct place *fellow = find_fellow(f, p->stamp);
	int err;

	if (fellow)
		return join(f, fellow);
	err = tables_make_room(f->t, p->slots) ?: fill_build_owners(f);
	if (err)
		return err;
	if (!p->leavers && may_stay(f, p))
		return step_in_place(f, p);
	err = step_elsewhere(f, p);
	/* If somebody was to leave, he has left by now. */
	return err == -ENOSPC && may_stay(f, p) ? step_in_place(f, p) : err;
}

/* --- a table that lies somewhere ------------------------------------------------------- */

/* Some slot waits for flows of a backend that has died. */
static int has_lost(const struct fill *f, const struct place *p, bool *out)
{
	struct slot_words words;
	int err = p->settled ? 0 : place_words(f->t, p, &words);

	*out = false;
	for (uint32_t i = 0; !err && !p->settled && i < p->slots && !*out; i++) {
		const uint32_t prev = SHUNT_SLOT_PREV(slot_load(&words, i));

		*out = prev && !member_lives(f, prev);
	}
	return err;
}

/* The words say it: every slot has the owner that the recipe gives it. */
static int recognize(struct fill *f, struct place *p)
{
	struct slot_words words;
	int err = fill_build_owners(f) ?: place_words(f->t, p, &words);

	if (err)
		return err;
	for (uint32_t i = 0; i < p->slots; i++)
		if (SHUNT_SLOT_CUR(slot_load(&words, i)) != SHUNT_SLOT_CUR(f->step.owners[i]))
			return 0;
	p->may_merge = p->settled;
	return place_set_recipe(f->t, p, f->table);
}

static int fill_again(struct fill *f, struct place *p)
{
	bool lost = true;
	int err = 0;

	if (!p->recipe && p->slots == f->table->slots)
		err = recognize(f, p);
	if (!err && place_is(p, &f->key) && !f->step.forgets)
		err = has_lost(f, p, &lost);
	if (err || !lost)
		return err;
	return take_step(f, p);
}

/* ---------------------------------------------------------------------------------- */

static int add_user(struct tables *t, uint32_t number)
{
	while (t->n_users <= number)
		if (!array_add(&t->users, &t->n_users))
			return -ENOMEM;
	return 0;
}

static int compare_claim(const void *key, const void *claim)
{
	const uint32_t a = *(const uint32_t *)key, b = ((const struct table_claim *)claim)->base;

	return (a > b) - (a < b);
}

/* What a former daemon had for the block, if it is not claimed yet. */
static void claim_place(struct tables *t, struct table_user *u, uint32_t base)
{
	struct table_claim *claim =
		t->n_claims ? bsearch(&base, t->claims, t->n_claims, sizeof(*claim), compare_claim)
			    : NULL;

	if (!claim || !claim->place)
		return;
	*u = (struct table_user){ .place = take_ptr(&claim->place),
				  .base = base,
				  .tracked = claim->tracked };
}

int tables_fill(struct tables *t, const struct plan_table *table, const struct id_set *alive,
		uint64_t now_ms)
{
	struct fill f = {
		.t = t,
		.table = table,
		.key = { table, place_hash(table) },
		.step = { .base = table->base, .alive = alive, .now_s = transit_seconds(now_ms) },
		.now_ms = now_ms
	};
	struct table_user *u;
	int err = add_user(t, table->number) ?: list_members(&f);

	if (err)
		goto out;
	t->used_ms = now_ms;
	u = fill_user(&f);
	if (u->moves)
		tables_flush(t, now_ms);
	for (const struct plan_table *by = table; by && !u->place; by = by->left)
		claim_place(t, u, by->base);
	f.step.forgets = u->tracked && !table->tracked;
	err = u->place ? fill_again(&f, u->place) : fill_begin(&f);
	if (!err)
		u->tracked = table->tracked;
out:
	free(f.members);
	return err;
}
