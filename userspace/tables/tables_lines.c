/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "tables/tables_internal.h"

static struct free_lines *insert_at(struct tables *t, size_t i)
{
	if (!array_add(&t->free, &t->n_free))
		return NULL;
	memmove(&t->free[i + 1], &t->free[i], (t->n_free - 1 - i) * sizeof(*t->free));
	return &t->free[i];
}

static void remove_at(struct tables *t, size_t i)
{
	t->n_free--;
	memmove(&t->free[i], &t->free[i + 1], (t->n_free - i) * sizeof(*t->free));
}

int lines_init(struct tables *t)
{
	struct free_lines *all = insert_at(t, 0);

	if (!all)
		return -ENOMEM;
	*all = (struct free_lines){ .first = 0, .n = t->n_lines };
	return 0;
}

/* Those that lie side by side, and rest no longer than that, are one. */
static void join_until(struct tables *t, uint64_t until_ms)
{
	size_t n = 0;

	array_for_each (e, t->free, t->n_free) {
		struct free_lines *last = n ? &t->free[n - 1] : NULL;

		if (!last || last->first + last->n != e->first || last->rests_until_ms > until_ms ||
		    e->rests_until_ms > until_ms) {
			t->free[n++] = *e;
			continue;
		}
		last->n += e->n;
		if (last->rests_until_ms < e->rests_until_ms)
			last->rests_until_ms = e->rests_until_ms;
	}
	t->n_free = n;
}

static bool alloc_until(struct tables *t, uint32_t n, uint64_t until_ms, uint32_t *first)
{
	join_until(t, until_ms);
	for (size_t i = 0; i < t->n_free; i++) {
		struct free_lines *e = &t->free[i];

		if (e->rests_until_ms > until_ms || e->n < n)
			continue;
		*first = e->first;
		e->first += n;
		e->n -= n;
		if (!e->n)
			remove_at(t, i);
		return true;
	}
	return false;
}

/* A packet that has read where a table lies is through by then. */
static void rest_shortly(struct tables *t)
{
	const struct timespec rest = { .tv_nsec = TABLES_SHORT_REST_MS * 1000000L };

	nanosleep(&rest, NULL);
	array_for_each (e, t->free, t->n_free)
		if (e->rests_until_ms != LINES_HELD)
			e->rests_until_ms = 0;
}

int lines_alloc(struct tables *t, uint32_t n, uint64_t now_ms, uint32_t *first)
{
	if (alloc_until(t, n, now_ms, first))
		return 0;
	if (!alloc_until(t, n, LINES_HELD - 1, first) && !alloc_until(t, n, LINES_HELD, first))
		return -ENOSPC;
	rest_shortly(t);
	return 0;
}

int lines_take(struct tables *t, uint32_t first, uint32_t n)
{
	struct free_lines *e = t->free, *rest;
	uint32_t end;

	while (e->first + e->n <= first)
		e++;
	end = e->first + e->n;
	if (end > first + n) {
		rest = insert_at(t, e - t->free + 1);
		if (!rest)
			return -ENOMEM;
		e = rest - 1;
		*rest = (struct free_lines){ .first = first + n, .n = end - (first + n) };
	}
	e->n = first - e->first;
	if (!e->n)
		remove_at(t, e - t->free);
	return 0;
}

/* Without memory the lines are lost, until maps are made anew: no harm is done. */
void lines_release(struct tables *t, uint32_t first, uint32_t n, uint64_t rests_until_ms)
{
	size_t i = 0;
	struct free_lines *e;

	while (i < t->n_free && t->free[i].first < first)
		i++;
	e = insert_at(t, i);
	if (e)
		*e = (struct free_lines){ first, n, rests_until_ms };
}

void lines_let_go(struct tables *t, uint64_t now_ms)
{
	array_for_each (e, t->free, t->n_free)
		if (e->rests_until_ms == LINES_HELD)
			e->rests_until_ms = now_ms + TABLES_REST_MS;
}
