/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables/guard_sieve.h"

#include <stdbool.h>
#include <string.h>

#include "base/array.h"
#include "net/addr.h"
#include "tables/guard_flat.h"

/* Of a key: what is behind it of an IPv6 address no sieve looks at. */
#define KEY_BITS 64
#define V4_BITS 32
/* A prefix with more cells than 2 to this has too many. */
#define MOST_BITS_SHORT 20

/* 2 to this many words at least: 4 KiB. */
#define LEAST_LOG2 9
/* As many prefixes have a word; and as many cells of short prefixes, if there is more room. */
#define PREFIXES_PER_WORD 4
#define CELLS_PER_WORD 4
/* Beyond that most of whom a sieve could let pass are held back by accident. */
#define MOST_PER_WORD 32

/**
 * struct census - the prefixes that a sieve is made of
 * @by_bits: how many have that length
 * @longest: of them
 */
struct census {
	size_t n;
	size_t by_bits[KEY_BITS + 1];
	uint32_t longest;
};

static size_t lists_of(const struct guard_set *set, bool own)
{
	return own || !set->n_lists ? set->n_lists : 1;
}

static uint32_t bits_of(const struct firewall_prefix *p)
{
	return p->bits < KEY_BITS ? p->bits : KEY_BITS;
}

static struct census take_census(const struct guard_set *set, bool v6, bool own)
{
	struct census c = { 0 };

	array_for_each (list, set->lists, lists_of(set, own)) {
		array_for_each (p, list->prefixes, list->n) {
			if (addr_is_v4(&p->addr) == v6)
				continue;
			c.n++;
			c.by_bits[bits_of(p)]++;
			c.longest = bits_of(p) > c.longest ? bits_of(p) : c.longest;
		}
	}
	return c;
}

/* log2 of words */
static uint32_t choose_size(const struct census *c)
{
	uint32_t size = LEAST_LOG2;

	while (size < SHUNT_GUARD_SIEVE_LOG2 && c->n > (uint64_t)PREFIXES_PER_WORD << size)
		size++;
	return size;
}

/* Cells by the first @bits of keys, that all prefixes mark; those that are shorter only. */
static uint64_t count_cells(const struct census *c, uint32_t bits)
{
	uint64_t cells = 0;

	for (uint32_t i = 0; i < bits; i++) {
		if (!c->by_bits[i])
			continue;
		if (bits - i > MOST_BITS_SHORT)
			return UINT64_MAX;
		cells += (uint64_t)c->by_bits[i] << (bits - i);
	}
	return cells;
}

/* By how many bits cells are told apart; 0: a sieve would hold everybody back. */
static uint32_t choose_cells(const struct census *c, uint32_t size)
{
	uint32_t bits = c->longest;

	if (c->n > (uint64_t)MOST_PER_WORD << size)
		return 0;
	while (bits && count_cells(c, bits) > (uint64_t)CELLS_PER_WORD << size)
		bits--;
	if (bits && (c->n + count_cells(c, bits)) >> (bits - 1))
		return 0;
	return bits;
}

static void mark(const struct firewall_prefix *p, uint64_t sieved, uint32_t width, uint64_t *words)
{
	const uint32_t shift = SHUNT_GUARD_SIEVED_SHIFT(sieved), bits = width - shift;
	const uint64_t cell = guard_key_of(&p->addr).high >> shift;
	const uint64_t n = bits_of(p) < bits ? 1ULL << (bits - bits_of(p)) : 1;

	for (uint64_t i = 0; i < n; i++) {
		const uint64_t hash = SHUNT_GUARD_SIEVE_HASH(sieved, (cell + i) << shift);

		words[SHUNT_GUARD_SIEVE_WORD(sieved, hash)] |= SHUNT_GUARD_SIEVE_MASK(hash);
	}
}

static void mark_all(const struct guard_set *set, bool v6, bool own, uint64_t sieved,
		     struct shunt_guard_sieve *sieve)
{
	__u64 *words = &sieve->word[SHUNT_GUARD_SIEVED_FIRST(sieved)];

	memset(words, 0, SHUNT_GUARD_SIEVE_WORDS * sizeof(*words));
	array_for_each (list, set->lists, lists_of(set, own))
		array_for_each (p, list->prefixes, list->n)
			if (addr_is_v4(&p->addr) != v6)
				mark(p, sieved, v6 ? KEY_BITS : V4_BITS, (uint64_t *)words);
}

/* Of its two places the one that packets do not look at. */
static uint32_t other_place(const struct shunt_guard_sieve *sieve, uint32_t which)
{
	const uint32_t here = which * SHUNT_GUARD_SIEVE_WORDS;
	const uint32_t there = here + SHUNT_GUARD_ALL_SIEVE_WORDS / 2;

	return SHUNT_GUARD_SIEVED_FIRST(sieve->live[which]) == here ? there : here;
}

static uint64_t make_one(const struct guard_set *set, bool v6, bool own,
			 struct shunt_guard_sieve *sieve)
{
	const struct census c = take_census(set, v6, own);
	const uint32_t width = v6 ? KEY_BITS : V4_BITS, size = choose_size(&c);
	const uint32_t cells = c.n ? choose_cells(&c, size) : width;
	uint64_t sieved;

	/* Nobody asks for that of all lists where there is but one. */
	if (!cells || (own && set->n_lists < 2))
		return 0;
	sieved = SHUNT_GUARD_SIEVED(other_place(sieve, SHUNT_GUARD_SIEVE(v6, own)), width - cells,
				    size);
	mark_all(set, v6, own, sieved, sieve);
	return sieved;
}

struct guard_sieved guard_sieve_make(const struct guard_set *set, struct shunt_guard_sieve *sieve)
{
	struct guard_sieved made;

	for (uint32_t which = 0; which < SHUNT_GUARD_SIEVES; which++)
		made.live[which] = make_one(set, which & 1, which & 2, sieve);
	return made;
}

/* Whoever sees one of these sees what it names. */
struct guard_sieved guard_sieve_switch(struct shunt_guard_sieve *sieve,
				       const struct guard_sieved *next)
{
	struct guard_sieved former;

	for (uint32_t which = 0; which < SHUNT_GUARD_SIEVES; which++) {
		former.live[which] = __atomic_load_n(&sieve->live[which], __ATOMIC_RELAXED);
		__atomic_store_n(&sieve->live[which], next->live[which], __ATOMIC_RELEASE);
	}
	return former;
}
