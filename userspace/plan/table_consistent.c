/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The position table: the base table (table_chain.c) for all positions, and on
 * top of it who stands in for a position that does not take a slot.
 *
 *   slot -> its base owner p, if p keeps it: hash16(slot, p) < keep(p)
 *	     else the best of all alive positions, by weighted rendezvous
 *
 * Rendezvous hashing with weight keep(q) (Schindelhauer and Schomaker 2005): the
 * least -log(hash(slot, q)) / keep(q) wins. Where all weights are the same that
 * is simply the largest hash, which is why positions are grouped by their weight
 * and only the best of each group is asked for its logarithm.
 *
 * What follows, and the tests hold it to:
 * - A slot's place depends on the recipe alone.
 * - Raising keep(p), from 0 too, moves slots only to p; lowering it moves slots
 *   only away from p. No slot ever moves between two others.
 * - Expected shares are proportional to keep: p keeps keep(p) of an even share,
 *   and what is given up is dealt out in proportion to keep, to p as to the rest.
 *
 * Integers only, the logarithm too: floats differ between builds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/table.h"
#include "plan/table_hash.h"

/* An alive position in the rendezvous. */
struct seat {
	uint64_t hash;
	uint32_t keep;
	uint32_t position;
	uint32_t member;
};

static uint32_t slot_word(uint32_t member)
{
	return SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, member);
}

static bool position_keeps(const struct plan_position *pos, uint32_t p, uint32_t slot)
{
	if (pos->keep >= PLAN_KEEP_ALL)
		return true;
	return table_hash(TABLE_KEEP, (uint64_t)slot << 32 | p) >> 48 < pos->keep;
}

/* Fits: the logarithm has at most 7 + 28 bits. */
static uint64_t seat_score(const struct table_log *log, uint64_t hash, uint32_t keep)
{
	return (table_log_minus(log, hash) << 24) / keep;
}

/* The seat that takes @slot; @seats are in groups of equal keep, @n > 0. */
static const struct seat *seats_choose(const struct seat *seats, size_t n, uint32_t slot,
				       const struct table_log *log)
{
	const uint64_t slot_hash = table_hash(TABLE_SLOT, slot);
	const struct seat *end = seats + n, *s = seats, *winner = NULL;
	uint64_t least = 0;

	while (s < end) {
		const struct seat *best = s;
		const uint32_t keep = s->keep;
		uint64_t largest = 0, score;

		for (; s < end && s->keep == keep; s++) {
			uint64_t h = table_pair(slot_hash, s->hash);

			if (h > largest) {
				largest = h;
				best = s;
			}
		}
		if (best->keep == seats[n - 1].keep && !winner)
			return best; /* the only group */
		score = seat_score(log, largest, keep);
		if (!winner || score < least) {
			least = score;
			winner = best;
		}
	}
	return winner;
}

static int seat_compare(const void *va, const void *vb)
{
	const struct seat *a = va, *b = vb;

	if (a->keep != b->keep)
		return a->keep < b->keep ? 1 : -1;
	return a->position < b->position ? -1 : a->position > b->position;
}

static size_t seats_fill(struct seat *seats, const struct plan_table *table)
{
	size_t n = 0;

	for (uint32_t p = 0; p < table->n_positions; p++) {
		const struct plan_position *pos = &table->positions[p];

		if (!pos->keep)
			continue;
		seats[n++] = (struct seat){
			.hash = table_hash(TABLE_POSITION, p),
			.keep = pos->keep,
			.position = p,
			.member = pos->member,
		};
	}
	qsort(seats, n, sizeof(*seats), seat_compare);
	return n;
}

static int cache_base(struct table_cache *cache, uint32_t slots, uint32_t n)
{
	uint32_t *base;
	int err;

	if (cache->base_slots == slots && cache->base_n == n)
		return 0;
	cache->base_n = 0;
	base = realloc(cache->base, slots * sizeof(*base));
	if (!base)
		return -ENOMEM;
	cache->base = base;
	cache->base_slots = slots;
	err = table_chain_base(&cache->chain, slots, n, base);
	if (!err)
		cache->base_n = n;
	return err;
}

int table_build_consistent(struct table_cache *cache, const struct plan_table *table,
			   uint32_t *words)
{
	_cleanup_free_ struct seat *seats = calloc(table->n_positions + 1, sizeof(*seats));
	size_t n;
	int err;

	if (!seats)
		return -ENOMEM;
	n = seats_fill(seats, table);
	if (!n) {
		memset(words, 0, table->slots * sizeof(*words));
		return 0;
	}
	err = cache_base(cache, table->slots, table->n_positions);
	if (err)
		return err;
	for (uint32_t slot = 0; slot < table->slots; slot++) {
		uint32_t p = cache->base[slot];
		const struct plan_position *pos = &table->positions[p];

		words[slot] =
			slot_word(position_keeps(pos, p, slot)
					  ? pos->member
					  : seats_choose(seats, n, slot, &cache->log)->member);
	}
	return 0;
}
