/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places of a former daemon. Its listings are all that says where they are; what they
 * say is not trusted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "tables/listing.h"
#include "tables/tables_internal.h"

/* Of a claim that another one contradicts. It keeps its place as it is. */
#define NO_BASE UINT32_MAX

/**
 * struct extent - lines that packets are sent to
 * @end: one behind the last
 * @base, @tracked: of the service
 * @doubtful: no table, or more than one
 */
struct extent {
	uint32_t first;
	uint32_t end;
	uint32_t base;
	bool tracked;
	bool doubtful;
};

static struct extent extent_of(const struct shunt_service *s, uint32_t n_lines)
{
	const uint32_t lines = s->line_mask + 1U, slots = lines * SHUNT_SLOTS_PER_LINE;
	const uint64_t end = s->first + 2ULL * lines;

	return (struct extent){
		.first = s->first < n_lines ? s->first : n_lines,
		.end = end < n_lines ? end : n_lines,
		.base = s->base,
		.doubtful = end > n_lines || lines & s->line_mask || slots < SHUNT_MIN_SLOTS ||
			    slots > SHUNT_MAX_SLOTS,
	};
}

/* Of one block, those that are tracked first. */
static int compare_extents(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first)
		       ?: (x->end > y->end) - (x->end < y->end)
		       ?: (x->base > y->base) - (x->base < y->base) ?: y->tracked - x->tracked;
}

static int list_extents(const struct tables *t, const struct shunt_service_line *lines,
			size_t n_lines, struct extent **out, size_t *n)
{
	_cleanup_free_ struct extent *list = NULL;
	size_t len = 0;

	for (size_t i = 0; i < n_lines * SHUNT_LISTINGS_PER_LINE; i++) {
		const struct shunt_listing *at =
			&lines[i / SHUNT_LISTINGS_PER_LINE].listing[i % SHUNT_LISTINGS_PER_LINE];
		const struct shunt_service s = listing_service(at);
		struct extent *e;

		if (!at->match)
			continue;
		e = array_add(&list, &len);
		if (!e)
			return -ENOMEM;
		*e = extent_of(&s, t->n_lines);
		e->tracked = plan_tracks(at->flags);
	}
	if (len)
		qsort(list, len, sizeof(*list), compare_extents);
	*out = take_ptr(&list);
	*n = len;
	return 0;
}

static int add_claim(struct tables *t, struct place *p, const struct extent *e)
{
	struct table_claim *claim = array_add(&t->claims, &t->n_claims);

	if (!claim)
		return -ENOMEM;
	*claim = (struct table_claim){ p, e->base, e->tracked };
	p->users++;
	return 0;
}

static int adopt_place(struct tables *t, const struct extent *e, size_t n, uint16_t now_s)
{
	const uint32_t slots = (e->end - e->first) / 2 * SHUNT_SLOTS_PER_LINE;
	struct place *p = place_make(t, e->first, slots);
	struct slot_words words;
	int err = p ? place_words(t, p, &words) : -ENOMEM;

	if (!err)
		err = transit_adopt(&t->transit, p, &words, now_s);
	for (size_t i = 0; i < n && !err; i++)
		if (!i || e[i].base != e[i - 1].base)
			err = add_claim(t, p, &e[i]);
	if (p)
		place_changed(t, p);
	return err;
}

/* @n extents that have lines in common: a place if they are the same. */
static int adopt_extents(struct tables *t, const struct extent *e, size_t n, uint16_t now_s)
{
	uint32_t end = e->first;
	bool doubtful = false;
	int err;

	array_for_each (i, e, n) {
		doubtful |= i->doubtful || i->first != e->first || i->end != e->end;
		end = i->end > end ? i->end : end;
	}
	if (end == e->first)
		return 0;
	err = lines_take(t, e->first, end - e->first);
	if (!err && !doubtful)
		return adopt_place(t, e, n, now_s);
	if (!err)
		lines_release(t, e->first, end - e->first, LINES_HELD);
	return err;
}

/* Of one block, the place with slots in transition first. */
static int compare_claims(const void *a, const void *b)
{
	const struct table_claim *x = a, *y = b;

	return (x->base > y->base) - (x->base < y->base) ?: x->place->settled - y->place->settled;
}

/*
 * A block has one table. If there are two, somebody died while he sent its services
 * from the one to the other. Both will do, but what is in transition is to be kept.
 */
static void sort_claims(struct tables *t)
{
	uint32_t last = NO_BASE;

	if (t->n_claims)
		qsort(t->claims, t->n_claims, sizeof(*t->claims), compare_claims);
	for (size_t i = 0; i < t->n_claims; i++) {
		const uint32_t base = t->claims[i].base;

		if (base == last)
			t->claims[i].base = NO_BASE;
		last = base;
	}
	if (t->n_claims)
		qsort(t->claims, t->n_claims, sizeof(*t->claims), compare_claims);
}

int tables_adopt(struct tables *t, const struct shunt_service_line *lines, size_t n_lines,
		 uint64_t now_ms)
{
	_cleanup_free_ struct extent *list = NULL;
	size_t n, i = 0;
	int err = list_extents(t, lines, n_lines, &list, &n);

	while (!err && i < n) {
		const size_t start = i;
		uint32_t end = list[i].end;

		for (i++; i < n && list[i].first < end; i++)
			end = list[i].end > end ? list[i].end : end;
		err = adopt_extents(t, &list[start], i - start, transit_seconds(now_ms));
	}
	sort_claims(t);
	return err;
}

void tables_forget_former(struct tables *t, uint64_t now_ms)
{
	array_for_each (claim, t->claims, t->n_claims) {
		if (!claim->place)
			continue;
		claim->place->users--;
		place_release(t, claim->place, now_ms);
	}
	free(take_ptr(&t->claims));
	t->n_claims = 0;
	lines_let_go(t, now_ms);
}
