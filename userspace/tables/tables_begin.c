/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table that is new here: with others that are like it, or at a place of its own;
 * and if former maps had it, with what was in transition there.
 */
#include <errno.h>
#include <string.h>

#include "tables/tables_internal.h"

/* place_step.from of places whose words former maps had. */
#define FROM_FORMER UINT64_MAX

static bool is_at_rest(const struct fill *f)
{
	for (uint32_t i = 0; i < f->table->slots; i++)
		if (SHUNT_SLOT_STATE(f->t->words[i]) != SHUNT_SLOT_STABLE)
			return false;
	return true;
}

/* From what former maps had, which may be nothing, in @t->words. */
static void step_words(const struct fill *f)
{
	uint32_t *words = f->t->words;

	for (uint32_t i = 0; i < f->table->slots; i++)
		words[i] = slot_step(words[i], SHUNT_SLOT_CUR(f->step.owners[i]), f->step.base,
				     f->step.alive);
}

static bool has_words(const struct fill *f, const struct place *p)
{
	struct slot_words words;

	if (place_words(f->t, p, &words))
		return false;
	for (uint32_t i = 0; i < p->slots; i++)
		if (slot_load(&words, i) != f->t->words[i])
			return false;
	return true;
}

/* A place whose words are the same, and whose clocks have started just now. */
static struct place *find_fellow(const struct fill *f)
{
	struct place *p = NULL;

	while ((p = place_next(f->t, p, &f->key)))
		if (p->step.from == FROM_FORMER && p->step.stamp == p->stamp &&
		    p->step.now_s == f->step.now_s && has_words(f, p))
			return p;
	return NULL;
}

static int begin_place(struct fill *f, struct place *p)
{
	struct tables *t = f->t;
	struct slot_words words;
	int err = fill_write_words(f, p, p->slots, &words);

	if (err)
		return err;
	err = transit_adopt(&t->transit, p, &words, f->step.now_s)
		      ?: place_set_recipe(t, p, f->table);
	if (err)
		return err;
	place_changed(t, p);
	fill_note_step(f, p, FROM_FORMER);
	return 0;
}

static int begin_alone(struct fill *f, struct place **out)
{
	struct place *p;
	int err = fill_make_place(f, &p);

	if (err)
		return err;
	err = begin_place(f, p);
	if (err)
		place_remove(f->t, p, 0);
	else
		*out = p;
	return err;
}

/* With the words that it has now, whose owners are those of the recipe. */
static int begin_from_words(struct fill *f, struct place **out)
{
	struct place *p = is_at_rest(f) ? place_find_settled(f->t, &f->key, NULL) : find_fellow(f);

	if (!p)
		return begin_alone(f, out);
	transit_skip_sweep(&f->t->transit, p);
	*out = p;
	return 0;
}

/* Words of 0 take a step to rest: where there is such a place, they need not be built. */
static int find_place(struct fill *f, struct place **out)
{
	struct tables *t = f->t;
	int err = tables_make_room(t, f->table->slots)
			  ?: t->ops->read_former(t->ctx, f->table, t->words);

	if (err == -ENOENT) {
		*out = place_find_settled(t, &f->key, NULL);
		if (*out)
			return 0;
		memset(t->words, 0, f->table->slots * sizeof(*t->words));
		err = 0;
	}
	err = err ?: fill_build_owners(f);
	if (err)
		return err;
	step_words(f);
	return begin_from_words(f, out);
}

int fill_begin(struct fill *f)
{
	struct place *p;
	int err = find_place(f, &p);

	if (err)
		return err;
	p->users++;
	*fill_user(f) = (struct table_user){ .place = p, .base = f->table->base };
	return 0;
}
