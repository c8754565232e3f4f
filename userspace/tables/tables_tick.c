/* SPDX-License-Identifier: BSD-2-Clause */
/* What time does to tables, and what it lets user space do with them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "tables/tables_internal.h"

/* Megabytes that make the next change cheaper, if it comes soon. */
#define ROOM_KEPT_MS (10 * 1000)

/* --- places that are alike ---------------------------------------------------- */

/* At rest, the owners are all there is. */
static bool has_same_words(struct tables *t, const struct place *a, const struct place *b)
{
	const size_t bytes = a->slots * sizeof(uint16_t);
	struct slot_words words;

	if (tables_make_room(t, a->slots) || place_words(t, a, &words))
		return false;
	memcpy(t->words, words.owners, bytes);
	return !place_words(t, b, &words) && !memcmp(t->words, words.owners, bytes);
}

/* Tables that have been sent here just now go on when that is done. */
static void move_all(struct tables *t, const struct place *from, struct place *to, uint64_t now_ms)
{
	for (size_t number = 0; number < t->n_users; number++) {
		const struct table_user *u = &t->users[number];

		if (u->place != from)
			continue;
		if (u->moves)
			tables_flush(t, now_ms);
		if (tables_move(t, number, to, u->base))
			return;
	}
}

/* Who stays may have still another one. Return: there was one. */
static bool merge(struct tables *t, struct place *p, uint64_t now_ms)
{
	const struct place_key key = { p->recipe, p->hash };
	struct place *other = p->recipe ? place_find_settled(t, &key, p) : NULL;

	p->may_merge = other && has_same_words(t, p, other);
	if (!p->may_merge)
		return false;
	if (p->users <= other->users)
		move_all(t, p, other, now_ms);
	else
		move_all(t, other, p, now_ms);
	return true;
}

/* The claims of a former daemon are nobody's yet: they could not be told. */
static void merge_some(struct tables *t, uint64_t now_ms)
{
	unsigned int merged = 0;
	size_t i = 0;

	if (t->n_claims)
		return;
	while (i < t->n_places && merged < TABLES_MERGED_A_TICK) {
		if (t->places[i]->may_merge && t->places[i]->users)
			merged += merge(t, t->places[i], now_ms);
		else
			i++;
	}
	tables_flush(t, now_ms);
}

/* --- time ---------------------------------------------------------------------- */

static int advance(struct tables *t, uint16_t now_s)
{
	struct transit_table *tt;

	while ((tt = transit_due(&t->transit, now_s))) {
		struct place *p = tt->place;
		struct slot_words words;

		if (place_words(t, p, &words))
			return -ENOMEM;
		transit_advance(&t->transit, tt, &words, now_s);
		place_changed(t, p);
	}
	return 0;
}

static void drop_room(struct tables *t)
{
	table_cache_free(take_ptr(&t->cache));
	free(take_ptr(&t->owners));
	free(take_ptr(&t->words));
	t->room = 0;
}

int tables_tick(struct tables *t, uint64_t now_ms)
{
	const int err = advance(t, transit_seconds(now_ms));

	merge_some(t, now_ms);
	if (now_ms - t->used_ms > ROOM_KEPT_MS)
		drop_room(t);
	return err;
}

/* --- sweeps of the flow cache ---------------------------------------------------- */

bool tables_wants_sweep(const struct tables *t)
{
	return transit_wants_sweep(&t->transit);
}

int tables_sweep_begin(struct tables *t, uint64_t now_ms)
{
	return transit_sweep_begin(&t->transit, transit_seconds(now_ms));
}

const struct transit_table *tables_swept(const struct tables *t, uint32_t number)
{
	const struct place *p = tables_place(t, number);

	return p ? transit_swept(&t->transit, p) : NULL;
}

int tables_sweep_end(struct tables *t, uint64_t now_ms)
{
	struct transit_table *tt;

	while ((tt = transit_unsettled(&t->transit))) {
		struct place *p = tt->place;
		struct slot_words words;

		if (place_words(t, p, &words))
			return -ENOMEM;
		transit_sweep_end(&t->transit, tt, &words, transit_seconds(now_ms));
		place_changed(t, p);
	}
	return 0;
}

void tables_sweep_cancel(struct tables *t)
{
	transit_sweep_cancel(&t->transit);
}

/* --- flows that somebody else knows ----------------------------------------------- */

int tables_pin(struct tables *t, uint32_t number, uint32_t tag, uint16_t member, uint64_t now_ms)
{
	const struct table_user *u = number < t->n_users ? &t->users[number] : NULL;
	struct place *p = u ? u->place : NULL;
	struct slot_words words;
	int err;

	if (!p)
		return -ENOENT;
	if (place_words(t, p, &words))
		return -ENOMEM;
	err = transit_pin(&t->transit, p, &words,
			  (struct transit_pin){ tag & (p->slots - 1), member },
			  transit_seconds(now_ms));
	if (err > 0)
		place_changed(t, p);
	return err < 0 ? err : 0;
}
