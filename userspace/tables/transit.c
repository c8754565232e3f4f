/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "tables/transit.h"

/* Times are seconds modulo 2^16: which of two is later holds for nine hours. */
static bool is_at_or_after(uint16_t a, uint16_t b)
{
	return (int16_t)(a - b) >= 0;
}

static void table_free(struct transit_table *tt)
{
	free(tt->since);
	free(tt->seen);
}

void transit_free(struct transit *t)
{
	array_for_each (tt, t->tables, t->n_tables)
		table_free(tt);
	free(t->tables);
	t->tables = NULL;
	t->n_tables = 0;
}

struct transit_table *transit_find(const struct transit *t, const struct place *place)
{
	array_for_each (tt, t->tables, t->n_tables)
		if (tt->place == place)
			return tt;
	return NULL;
}

static struct transit_table *add_table(struct transit *t, struct place *place, uint32_t slots)
{
	uint16_t *since = calloc(slots, sizeof(*since));
	struct transit_table *tt = since ? array_add(&t->tables, &t->n_tables) : NULL;

	if (!tt) {
		free(since);
		return NULL;
	}
	tt->place = place;
	tt->slots = slots;
	tt->since = since;
	return tt;
}

static void remove_table(struct transit *t, struct transit_table *tt)
{
	table_free(tt);
	*tt = t->tables[--t->n_tables];
}

/* --- what ends a state ------------------------------------------------------- */

static void expect_due(struct transit_table *tt, uint16_t after_s, uint16_t now_s)
{
	const uint16_t passed_s = now_s - tt->from_s;

	if (!tt->has_due) {
		tt->from_s = now_s;
		tt->wait_s = after_s;
	} else if (passed_s + after_s < tt->wait_s) {
		tt->wait_s = passed_s + after_s;
	}
	tt->has_due = true;
}

static uint16_t time_left(uint16_t since_s, uint16_t lasts_s, uint16_t now_s)
{
	const uint16_t age_s = now_s - since_s;

	return age_s < lasts_s ? lasts_s - age_s : 0;
}

/* The slot is in the state of @word since @since_s: when is it to be looked at? */
static void note_state(const struct transit *t, struct transit_table *tt, uint32_t word,
		       uint16_t since_s, uint16_t now_s)
{
	switch (SHUNT_SLOT_STATE(word)) {
	case SHUNT_SLOT_MIGRATING:
		expect_due(tt, time_left(since_s, t->early_s, now_s), now_s);
		break;
	case SHUNT_SLOT_PINNING:
		expect_due(tt, time_left(since_s, t->idle_s, now_s), now_s);
		break;
	case SHUNT_SLOT_PINNED:
		tt->n_pinned++;
		break;
	}
}

/* What falls due when is found out by the next look at each table. */
void transit_set_times(struct transit *t, uint16_t early_s, uint16_t idle_s, uint16_t now_s)
{
	if (t->early_s == early_s && t->idle_s == idle_s)
		return;
	t->early_s = early_s;
	t->idle_s = idle_s;
	array_for_each (tt, t->tables, t->n_tables)
		expect_due(tt, 0, now_s);
}

/* --- changes of the plan ----------------------------------------------------- */

int transit_adopt(struct transit *t, struct place *place, const struct slot_words *words,
		  uint16_t now_s)
{
	struct transit_table *tt = NULL;

	for (uint32_t i = 0; i < words->n; i++) {
		if (!(words->owners[i] & SHUNT_SLOT_MOVES))
			continue;
		tt = tt ?: add_table(t, place, words->n);
		if (!tt)
			return -ENOMEM;
		tt->since[i] = now_s;
		note_state(t, tt, slot_load(words, i), now_s, now_s);
	}
	return 0;
}

int transit_copy(struct transit *t, const struct place *from, struct place *to,
		 const struct slot_words *words, uint16_t now_s)
{
	const struct transit_table *source = transit_find(t, from);
	struct transit_table *tt;

	if (!source)
		return 0;
	tt = add_table(t, to, words->n);
	if (!tt)
		return -ENOMEM;
	source = transit_find(t, from);
	for (uint32_t i = 0; i < words->n; i++) {
		if (!(words->owners[i] & SHUNT_SLOT_MOVES))
			continue;
		tt->since[i] = source->since[i & (source->slots - 1)];
		note_state(t, tt, slot_load(words, i), tt->since[i], now_s);
	}
	return 0;
}

static uint32_t fill_word(const struct transit_step *step, uint32_t old, uint32_t slot)
{
	const uint32_t word =
		slot_step(old, SHUNT_SLOT_CUR(step->owners[slot]), step->base, step->alive);

	if (step->forgets && SHUNT_SLOT_STATE(word) == SHUNT_SLOT_STABLE)
		return SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, SHUNT_SLOT_CUR(word));
	return word;
}

/* What is PINNED waits anew: a sweep that is under way has passed flows entered since. */
static bool begins_anew(const struct transit_step *step, uint32_t word)
{
	return step->forgets && SHUNT_SLOT_STATE(word) == SHUNT_SLOT_PINNED;
}

int transit_fill(struct transit *t, struct place *place, const struct slot_words *words,
		 const struct transit_step *step)
{
	struct transit_table *tt = transit_find(t, place);

	for (uint32_t i = 0; i < words->n; i++) {
		const uint32_t old = slot_load(words, i);
		const uint32_t word = fill_word(step, old, i);

		if (word == old && !begins_anew(step, word))
			continue;
		if (!tt && SHUNT_SLOT_STATE(word) != SHUNT_SLOT_STABLE) {
			tt = add_table(t, place, words->n);
			if (!tt)
				return -ENOMEM;
		}
		if (tt && SHUNT_SLOT_STATE(old) == SHUNT_SLOT_PINNED)
			tt->n_pinned--;
		if (tt) {
			tt->since[i] = step->now_s;
			note_state(t, tt, word, step->now_s, step->now_s);
		}
		slot_store(words, i, word);
	}
	return 0;
}

int transit_pin(struct transit *t, struct place *place, const struct slot_words *words,
		struct transit_pin pin, uint16_t now_s)
{
	const uint32_t old = slot_load(words, pin.slot);
	const uint32_t word = SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, SHUNT_SLOT_CUR(old));
	struct transit_table *tt;

	if (SHUNT_SLOT_STATE(old) != SHUNT_SLOT_STABLE || SHUNT_SLOT_CUR(old) == pin.member)
		return 0;
	tt = transit_find(t, place) ?: add_table(t, place, words->n);
	if (!tt)
		return -ENOMEM;
	tt->since[pin.slot] = now_s;
	note_state(t, tt, word, now_s, now_s);
	slot_store(words, pin.slot, word);
	return 1;
}

void transit_forget(struct transit *t, const struct place *place)
{
	struct transit_table *tt = transit_find(t, place);

	if (tt)
		remove_table(t, tt);
}

/* --- time --------------------------------------------------------------------- */

static bool is_due(const struct transit_table *tt, uint16_t now_s)
{
	return tt->has_due && (uint16_t)(now_s - tt->from_s) >= tt->wait_s;
}

struct transit_table *transit_due(struct transit *t, uint16_t now_s)
{
	array_for_each (tt, t->tables, t->n_tables)
		if (is_due(tt, now_s))
			return tt;
	return NULL;
}

/* @word, or the one that time has made of it. */
static uint32_t advance_word(const struct transit *t, uint32_t word, uint16_t since_s,
			     uint16_t now_s)
{
	const uint32_t state = SHUNT_SLOT_STATE(word), cur = SHUNT_SLOT_CUR(word);
	const uint16_t age_s = now_s - since_s;

	if (state == SHUNT_SLOT_MIGRATING && age_s >= t->early_s)
		return SHUNT_SLOT(SHUNT_SLOT_PINNING, SHUNT_SLOT_PREV(word), cur);
	if (state == SHUNT_SLOT_PINNING && age_s >= t->idle_s)
		return SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, cur);
	return word;
}

bool transit_advance(struct transit *t, struct transit_table *tt, const struct slot_words *words,
		     uint16_t now_s)
{
	bool is_empty = true;

	tt->n_pinned = 0;
	tt->has_due = false;
	for (uint32_t i = 0; i < words->n; i++) {
		uint32_t old, word;

		if (!(words->owners[i] & SHUNT_SLOT_MOVES))
			continue;
		old = slot_load(words, i);
		word = advance_word(t, old, tt->since[i], now_s);
		if (word != old) {
			tt->since[i] = now_s;
			slot_store(words, i, word);
		}
		note_state(t, tt, word, tt->since[i], now_s);
		is_empty = false;
	}
	if (is_empty)
		remove_table(t, tt);
	return !is_empty;
}

/* --- sweeps ------------------------------------------------------------------- */

bool transit_wants_sweep(const struct transit *t)
{
	array_for_each (tt, t->tables, t->n_tables)
		if (tt->n_pinned)
			return true;
	return false;
}

static void stop_seeing(struct transit_table *tt)
{
	free(tt->seen);
	tt->seen = NULL;
}

void transit_sweep_cancel(struct transit *t)
{
	array_for_each (tt, t->tables, t->n_tables)
		stop_seeing(tt);
}

void transit_skip_sweep(struct transit *t, const struct place *place)
{
	struct transit_table *tt = transit_find(t, place);

	if (tt)
		stop_seeing(tt);
}

int transit_sweep_begin(struct transit *t, uint16_t now_s)
{
	t->sweep_began_s = now_s;
	array_for_each (tt, t->tables, t->n_tables) {
		if (!tt->n_pinned)
			continue;
		tt->seen = calloc(tt->slots, sizeof(*tt->seen));
		if (!tt->seen) {
			transit_sweep_cancel(t);
			return -ENOMEM;
		}
	}
	return 0;
}

struct transit_table *transit_swept(const struct transit *t, const struct place *place)
{
	struct transit_table *tt = transit_find(t, place);

	return tt && tt->seen ? tt : NULL;
}

struct transit_table *transit_unsettled(struct transit *t)
{
	array_for_each (tt, t->tables, t->n_tables)
		if (tt->seen)
			return tt;
	return NULL;
}

/* A slot that is not STABLE yet waits for another sweep, from a time that stays near. */
bool transit_sweep_end(struct transit *t, struct transit_table *tt, const struct slot_words *words,
		       uint16_t now_s)
{
	const uint16_t before_s = t->sweep_began_s - TRANSIT_SETTLE_S;

	for (uint32_t i = 0; i < words->n; i++) {
		const uint32_t word = slot_load(words, i), cur = SHUNT_SLOT_CUR(word);

		if (SHUNT_SLOT_STATE(word) != SHUNT_SLOT_PINNED ||
		    !is_at_or_after(before_s, tt->since[i]))
			continue;
		if (tt->seen[i] && tt->seen[i] != cur)
			tt->since[i] = before_s;
		else
			slot_store(words, i, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, cur));
	}
	stop_seeing(tt);
	return transit_advance(t, tt, words, now_s);
}
