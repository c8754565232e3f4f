/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables/guard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "tables/guard_flat.h"

/*
 * Buckets of a list: as many as boundaries, so that most buckets have one or two. More
 * would no longer be in the processor's cache.
 */
#define MIN_BUCKETS 2
#define MAX_BUCKETS 65536

#define WORDS SHUNT_GUARD_WORDS_PER_LINE
#define FAMILIES SHUNT_FAMILIES

/**
 * struct part - a list for one family
 * @bounds: there is one at the first address of the first bucket
 * @list: what the program reads of it
 * @at: where the first boundary is: a word, with IPv6 a line
 */
struct part {
	struct guard_bound *bounds;
	size_t n;
	struct shunt_guard_list list;
	uint32_t at;
};

/**
 * struct layout - where everything is
 * @parts: FAMILIES of each list
 * @lines, @n: the result
 */
struct layout {
	const struct guard_set *set;
	struct part *parts;
	size_t n_parts;
	struct shunt_guard_head head;
	struct shunt_guard_line *lines;
	uint64_t n;
};

/* --- where it goes ------------------------------------------------------------------ */

static uint64_t count_buckets(const struct part *p)
{
	return p->n ? p->list.last + 1ULL : 0;
}

static void set_buckets(struct part *p)
{
	const uint64_t first = p->bounds[0].key.high, all = p->bounds[p->n - 1].key.high - first;
	uint64_t buckets = MIN_BUCKETS;

	while (buckets < p->n && buckets < MAX_BUCKETS)
		buckets *= 2;
	p->list.first = first;
	while (all >> p->list.shift >= buckets)
		p->list.shift++;
	/* One more for all that is behind the last boundary. */
	p->list.last = (all >> p->list.shift) + 1;
}

/*
 * Keys in the first bucket have the same high half, or a greater one, as the first boundary;
 * the low one may be less.
 */
static int flatten(const struct firewall_list *list, bool v6, struct part *p)
{
	_cleanup_free_ struct guard_bound *bounds = NULL;
	int err = guard_flatten(list, v6, &bounds, &p->n);

	if (err || !p->n)
		return err;
	p->bounds = calloc(p->n + 1, sizeof(*p->bounds));
	if (!p->bounds)
		return -ENOMEM;
	p->bounds[0].key.high = bounds[0].key.high;
	for (size_t i = 0; i < p->n; i++)
		p->bounds[i + !!bounds[0].key.low] = bounds[i];
	p->n += !!bounds[0].key.low;
	set_buckets(p);
	return 0;
}

static int flatten_all(struct layout *l)
{
	int err = 0;

	for (size_t i = 0; i < l->n_parts && !err; i++)
		err = flatten(&l->set->lists[i / FAMILIES], i % FAMILIES == SHUNT_V6, &l->parts[i]);
	return err;
}

static uint32_t last_base(const struct guard_set *set)
{
	uint32_t last = 0;

	array_for_each (o, set->owners, set->n_owners)
		last = o->base > last ? o->base : last;
	return last;
}

/* All numbers of words and lines fit in 32 bits. */
static int place(struct layout *l)
{
	uint64_t word = (1 + l->n_parts) * WORDS;

	l->head.lists = l->set->n_lists;
	l->head.services = word;
	l->head.bases = l->set->n_owners ? last_base(l->set) + 1 : 0;
	word += (l->head.bases + 3) / 4;
	array_for_each (p, l->parts, l->n_parts) {
		p->list.buckets = p->n ? word : 0;
		word += count_buckets(p);
	}
	for (size_t i = SHUNT_V4; i < l->n_parts; i += FAMILIES) {
		l->parts[i].at = word;
		word += l->parts[i].n;
	}
	l->n = (word + WORDS - 1) / WORDS;
	for (size_t i = SHUNT_V6; i < l->n_parts; i += FAMILIES) {
		l->parts[i].at = l->n;
		l->n += l->parts[i].n;
	}
	return l->n * WORDS > UINT32_MAX ? -E2BIG : 0;
}

/* --- what goes there ------------------------------------------------------------------ */

static __u64 *word_at(const struct layout *l, uint64_t word)
{
	return &l->lines[word / WORDS].word[word % WORDS];
}

static void put_services(const struct layout *l)
{
	array_for_each (o, l->set->owners, l->set->n_owners) {
		__u64 *word = word_at(l, l->head.services + SHUNT_GUARD_LIST_WORD(o->base));

		*word &= ~(0xffffULL << SHUNT_GUARD_LIST_SHIFT(o->base));
		*word |= (uint64_t)o->list << SHUNT_GUARD_LIST_SHIFT(o->base);
	}
}

static void put_bounds(const struct layout *l, const struct part *p, bool v6)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct guard_bound *b = &p->bounds[i];

		if (v6)
			*(struct shunt_guard_bound6 *)&l->lines[p->at + i] =
				(struct shunt_guard_bound6){ .high = b->key.high,
							     .low = b->key.low,
							     .verdict = b->verdict };
		else
			*word_at(l, p->at + i) = b->key.high << 32 | b->verdict;
	}
}

/* The first of @p behind @i that is not in bucket @bucket, or before it. */
static size_t end_of_bucket(const struct part *p, size_t i, uint64_t bucket)
{
	while (++i < p->n && (p->bounds[i].key.high - p->list.first) >> p->list.shift <= bucket)
		;
	return i;
}

/* Does boundary @i begin where bucket @bucket does? */
static bool begins_at(const struct part *p, size_t i, uint64_t bucket)
{
	return i < p->n && !p->bounds[i].key.low &&
	       p->bounds[i].key.high - p->list.first == bucket << p->list.shift;
}

/* @i: the last boundary that is not behind the first address of the bucket. */
static void put_buckets(const struct layout *l, const struct part *p)
{
	size_t i = 0;

	for (uint64_t bucket = 0; bucket < count_buckets(p); bucket++) {
		__u64 *word = word_at(l, p->list.buckets + bucket);
		size_t end;

		if (begins_at(p, i + 1, bucket))
			i++;
		end = end_of_bucket(p, i, bucket);
		assert(end - i < 1U << SHUNT_GUARD_STEPS);
		*word = end - i > 1 ? (uint64_t)(end - i) << 32 | (p->at + i)
				    : p->bounds[i].verdict;
		i = end - 1;
	}
}

static void put_all(const struct layout *l)
{
	*(struct shunt_guard_head *)&l->lines[0] = l->head;
	put_services(l);
	for (size_t i = 0; i < l->n_parts; i++) {
		const struct part *p = &l->parts[i];

		*(struct shunt_guard_list *)&l->lines[1 + i] = p->list;
		put_bounds(l, p, i % FAMILIES == SHUNT_V6);
		put_buckets(l, p);
	}
}

static void release_parts(struct layout *l)
{
	array_for_each (p, l->parts, l->n_parts)
		free(p->bounds);
	free(l->parts);
}

int guard_build(const struct guard_set *set, struct shunt_guard_line **lines, size_t *n)
{
	struct layout l = { .set = set, .n_parts = FAMILIES * set->n_lists };
	int err;

	if (set->n_lists > UINT16_MAX)
		return -E2BIG;
	l.parts = calloc(l.n_parts ?: 1, sizeof(*l.parts));
	if (!l.parts)
		return -ENOMEM;
	err = flatten_all(&l) ?: place(&l);
	if (!err) {
		l.lines = calloc(l.n, sizeof(*l.lines));
		err = l.lines ? 0 : -ENOMEM;
	}
	if (!err) {
		put_all(&l);
		*lines = l.lines;
		*n = l.n;
	}
	release_parts(&l);
	return err;
}
