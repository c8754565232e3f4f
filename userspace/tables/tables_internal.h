/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of tables.h. */
#ifndef TABLES_TABLES_INTERNAL_H
#define TABLES_TABLES_INTERNAL_H

#include "tables/tables.h"

/* tables_lines.c: which lines are free */

/* Not before tables_forget_former(), unless there is nothing else. */
#define LINES_HELD UINT64_MAX

static inline uint32_t lines_of(uint32_t slots)
{
	return 2 * slots / SHUNT_SLOTS_PER_LINE;
}

/* All of them. 0 or -ENOMEM. */
int lines_init(struct tables *t);
/* The first @n that lie together and may be written to. 0 or -ENOSPC. */
int lines_alloc(struct tables *t, uint32_t n, uint64_t now_ms, uint32_t *first);
/* Those lines, which are free. 0 or -ENOMEM. */
int lines_take(struct tables *t, uint32_t first, uint32_t n);
void lines_release(struct tables *t, uint32_t first, uint32_t n, uint64_t rests_until_ms);
/* What was LINES_HELD rests as usual from now on. */
void lines_let_go(struct tables *t, uint64_t now_ms);

/* tables_place.c: places */

/* A place on lines that were allocated for it; its words are what is there. NULL: no memory. */
struct place *place_make(struct tables *t, uint32_t first, uint32_t slots);
void place_remove(struct tables *t, struct place *p, uint64_t rests_until_ms);
/* Remove it if nobody needs it. */
void place_release(struct tables *t, struct place *p, uint64_t now_ms);
/* Memory of all places; lines are as they were. */
void place_free_all(struct tables *t);

/* Valid as map_ops.lines() says. 0 or -ENOMEM. */
int place_words(const struct tables *t, const struct place *p, struct slot_words *out);
struct shunt_service place_service(const struct place *p, uint32_t base);
/* Words of it may be others now. */
void place_changed(struct tables *t, struct place *p);

/* Of a recipe: equal ones have equal hashes. */
uint64_t place_hash(const struct plan_table *table);
/* Keeps a copy of @table. 0 or -ENOMEM. */
int place_set_recipe(struct tables *t, struct place *p, const struct plan_table *table);
void place_forget_recipe(struct tables *t, struct place *p);

/* A recipe that is looked for. @hash: of it. */
struct place_key {
	const struct plan_table *table;
	uint64_t hash;
};

bool place_is(const struct place *p, const struct place_key *key);
/* The next place after @p, or the first, that is of the recipe; NULL: no more. */
struct place *place_next(const struct tables *t, const struct place *p,
			 const struct place_key *key);
/* One that is settled, and not @but; NULL: none. */
struct place *place_find_settled(const struct tables *t, const struct place_key *key,
				 const struct place *but);

/* tables.c */

/* Room for tables of @slots in @owners and @words. 0 or -ENOMEM. */
int tables_make_room(struct tables *t, uint32_t slots);
/* Copy the words of a place to @t->words, for which there is room. 0 or -ENOMEM. */
int tables_load(struct tables *t, const struct place *p);
/*
 * The table is to lie at @to, and tables_flush() is to tell: its services have @base
 * then. 0; -ENOMEM, and nothing has changed.
 */
int tables_move(struct tables *t, uint32_t number, struct place *to, uint32_t base);

/* tables_fill.c */

/**
 * struct fill - a table that is being filled
 * @key: its recipe
 * @members, @n_members: bits of those that live
 */
struct fill {
	struct tables *t;
	const struct plan_table *table;
	struct place_key key;
	struct transit_step step;
	uint64_t now_ms;
	uint64_t *members;
	size_t n_members;
};

struct table_user *fill_user(const struct fill *f);
/* To @f->step.owners; and there is room for words. 0 or -ENOMEM. */
int fill_build_owners(struct fill *f);
/* Lines for the table, whose words are what is there. 0, -ENOSPC or -ENOMEM. */
int fill_make_place(const struct fill *f, struct place **out);
/* @t->words, of which there are @n, to a place that nobody reads. 0 or -ENOMEM. */
int fill_write_words(const struct fill *f, struct place *p, uint32_t n, struct slot_words *words);
/* So that others who take the same step find the place. */
void fill_note_step(struct fill *f, struct place *p, uint64_t from);

/* tables_begin.c: a table that lies nowhere yet. As tables_fill(). */
int fill_begin(struct fill *f);

#endif /* TABLES_TABLES_INTERNAL_H */
