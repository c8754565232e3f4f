/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "dataplane/transit.h"

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

static struct transit_table *find_table(const struct transit *t, uint32_t number)
{
	array_for_each (tt, t->tables, t->n_tables)
		if (tt->number == number)
			return tt;
	return NULL;
}

static struct transit_table *add_table(struct transit *t, uint32_t number)
{
	uint16_t *since = calloc(t->slots, sizeof(*since));
	struct transit_table *tt = since ? array_add(&t->tables, &t->n_tables) : NULL;

	if (!tt) {
		free(since);
		return NULL;
	}
	tt->number = number;
	tt->since = since;
	return tt;
}

static void remove_table(struct transit *t, struct transit_table *tt)
{
	table_free(tt);
	*tt = t->tables[--t->n_tables];
}

/* Release: who sees the new word sees the backend that it names. */
static void store_word(uint32_t *at, uint32_t word)
{
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
}

/* --- what ends a state ------------------------------------------------------- */

static void expect_due(struct transit_table *tt, uint16_t due)
{
	if (!tt->has_due || !is_at_or_after(due, tt->due))
		tt->due = due;
	tt->has_due = true;
}

/* The slot is in the state of @word since @since: when is it to be looked at? */
static void note_state(const struct transit *t, struct transit_table *tt, uint32_t word,
		       uint16_t since)
{
	switch (SHUNT_SLOT_STATE(word)) {
	case SHUNT_SLOT_MIGRATING:
		expect_due(tt, since + t->early_s);
		break;
	case SHUNT_SLOT_PINNING:
		expect_due(tt, since + t->idle_s);
		break;
	case SHUNT_SLOT_PINNED:
		tt->n_pinned++;
		break;
	}
}

static void enter_state(const struct transit *t, struct transit_table *tt, uint32_t slot,
			uint32_t word, uint16_t now_s)
{
	tt->since[slot] = now_s;
	note_state(t, tt, word, now_s);
}

/* What falls due when is found out by the next look at each table. */
void transit_set_times(struct transit *t, uint16_t early_s, uint16_t idle_s, uint16_t now_s)
{
	if (t->early_s == early_s && t->idle_s == idle_s)
		return;
	t->early_s = early_s;
	t->idle_s = idle_s;
	array_for_each (tt, t->tables, t->n_tables)
		expect_due(tt, now_s);
}

/* --- changes of the plan ----------------------------------------------------- */

int transit_fill(struct transit *t, uint32_t number, uint32_t *words,
		 const struct transit_step *step)
{
	struct transit_table *tt = find_table(t, number);
	const bool was_known = tt;

	for (uint32_t i = 0; i < t->slots; i++) {
		const uint32_t old = words[i];
		const uint32_t word = slot_step(old, SHUNT_SLOT_CUR(step->owners[i]), step->alive);

		if (word == old && (was_known || SHUNT_SLOT_STATE(old) == SHUNT_SLOT_STABLE))
			continue;
		if (!tt && SHUNT_SLOT_STATE(word) != SHUNT_SLOT_STABLE) {
			tt = add_table(t, number);
			if (!tt)
				return -ENOMEM;
		}
		if (was_known && SHUNT_SLOT_STATE(old) == SHUNT_SLOT_PINNED)
			tt->n_pinned--;
		if (tt)
			enter_state(t, tt, i, word, step->now_s);
		if (word != old)
			store_word(&words[i], word);
	}
	return 0;
}

void transit_forget(struct transit *t, uint32_t number)
{
	struct transit_table *tt = find_table(t, number);

	if (tt)
		remove_table(t, tt);
}

/* --- time --------------------------------------------------------------------- */

struct transit_table *transit_due(struct transit *t, uint16_t now_s)
{
	array_for_each (tt, t->tables, t->n_tables)
		if (tt->has_due && is_at_or_after(now_s, tt->due))
			return tt;
	return NULL;
}

/* @word, or the one that time has made of it. */
static uint32_t advance_word(const struct transit *t, uint32_t word, uint16_t since, uint16_t now_s)
{
	const uint32_t state = SHUNT_SLOT_STATE(word), prev = SHUNT_SLOT_PREV(word);
	const uint16_t age = now_s - since;

	if (state == SHUNT_SLOT_MIGRATING && age >= t->early_s)
		return SHUNT_SLOT(SHUNT_SLOT_PINNING, prev, SHUNT_SLOT_CUR(word));
	if (state == SHUNT_SLOT_PINNING && age >= t->idle_s)
		return SHUNT_SLOT(SHUNT_SLOT_PINNED, prev, SHUNT_SLOT_CUR(word));
	return word;
}

void transit_advance(struct transit *t, struct transit_table *tt, uint32_t *words, uint16_t now_s)
{
	bool is_empty = true;

	tt->n_pinned = 0;
	tt->has_due = false;
	for (uint32_t i = 0; i < t->slots; i++) {
		const uint32_t old = words[i];
		uint32_t word;

		if (SHUNT_SLOT_STATE(old) == SHUNT_SLOT_STABLE)
			continue;
		word = advance_word(t, old, tt->since[i], now_s);
		if (word != old) {
			tt->since[i] = now_s;
			store_word(&words[i], word);
		}
		note_state(t, tt, word, tt->since[i]);
		is_empty = false;
	}
	if (is_empty)
		remove_table(t, tt);
}

/* --- sweeps ------------------------------------------------------------------- */

bool transit_wants_sweep(const struct transit *t)
{
	array_for_each (tt, t->tables, t->n_tables)
		if (tt->n_pinned)
			return true;
	return false;
}

void transit_sweep_cancel(struct transit *t)
{
	array_for_each (tt, t->tables, t->n_tables) {
		free(tt->seen);
		tt->seen = NULL;
	}
}

int transit_sweep_begin(struct transit *t, uint16_t now_s)
{
	t->sweep_began_s = now_s;
	array_for_each (tt, t->tables, t->n_tables) {
		if (!tt->n_pinned)
			continue;
		tt->seen = calloc(t->slots, sizeof(*tt->seen));
		if (!tt->seen) {
			transit_sweep_cancel(t);
			return -ENOMEM;
		}
	}
	return 0;
}

struct transit_table *transit_swept(const struct transit *t, uint32_t number)
{
	struct transit_table *tt = find_table(t, number);

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
void transit_sweep_end(struct transit *t, struct transit_table *tt, uint32_t *words, uint16_t now_s)
{
	const uint16_t before = t->sweep_began_s - TRANSIT_SETTLE_S;

	for (uint32_t i = 0; i < t->slots; i++) {
		const uint32_t cur = SHUNT_SLOT_CUR(words[i]);

		if (SHUNT_SLOT_STATE(words[i]) != SHUNT_SLOT_PINNED ||
		    !is_at_or_after(before, tt->since[i]))
			continue;
		if (tt->seen[i] && tt->seen[i] != cur)
			tt->since[i] = before;
		else
			store_word(&words[i], SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, cur));
	}
	free(tt->seen);
	tt->seen = NULL;
	transit_advance(t, tt, words, now_s);
}
