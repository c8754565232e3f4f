/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A derandomised jump hash: positions enter one after another, and each takes
 * its share from those before it and from nobody else.
 *
 *   position 0 owns all slots, in a shuffled order
 *   position p enters, n = p + 1:  f = M / n, r = M % n
 *	r old positions end with f + 1 slots, all others and p with f
 *	which ones, says a scan over the old positions from hash(p) on
 *	the slots given up, always the last of a list, become p's list, shuffled
 *
 * So shares never differ by more than one slot, and table n + 1 differs from
 * table n only in the slots of the newcomer, which is the least there can be.
 * The table depends on (M, n) alone. Jump consistent hash (Lamping, Veach 2014)
 * has the second property but only random shares.
 *
 * The lists are also the log: the owner of a slot at n positions is the last
 * position below n in whose list the slot is. So one chain yields the tables
 * for every n up to its length.
 *
 * Cost: the lists of n positions have M * ln(n) entries together. The scan stops
 * as soon as the newcomer has its share; while f stays the same only positions
 * with f + 1 give, and few are passed over, and f changes only 2 * sqrt(M)
 * times; so the scans stay below the lists in cost.
 */
#include <errno.h>
#include <stdlib.h>

#include "plan/table_chain.h"
#include "plan/table_hash.h"

void table_chain_free(struct table_chain *c)
{
	free(c->log);
	free(c->start);
	free(c->count);
	*c = (struct table_chain){ 0 };
}

static int chain_reserve(struct table_chain *c, uint32_t n)
{
	size_t total = 0;
	void *p;

	for (uint32_t i = 1; i <= n; i++)
		total += c->slots / i;
	p = realloc(c->log, total * sizeof(*c->log));
	if (!p)
		return -ENOMEM;
	c->log = p;
	p = realloc(c->start, n * sizeof(*c->start));
	if (!p)
		return -ENOMEM;
	c->start = p;
	p = realloc(c->count, n * sizeof(*c->count));
	if (!p)
		return -ENOMEM;
	c->count = p;
	c->room = n;
	return 0;
}

/* Fisher and Yates, with numbers that depend on @p and the index alone. */
static void chain_shuffle(uint32_t *list, uint32_t n, uint32_t p)
{
	uint64_t seed = table_hash(TABLE_SHUFFLE, p);

	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = table_below(table_mix(seed + i), i);
		uint32_t slot = list[i - 1];

		list[i - 1] = list[j];
		list[j] = slot;
	}
}

/* Fill the list of newcomer @p, @share slots, from the ends of the others' lists. */
static void chain_take(struct table_chain *c, uint32_t p, uint32_t share, uint32_t *list)
{
	/* Old positions above the new share, and how many of them may stay above. */
	uint32_t rich = c->slots / p > share ? p : c->slots % p;
	uint32_t shrink = rich - c->slots % (p + 1);
	uint32_t q = table_below(table_hash(TABLE_SCAN, p), p);
	uint32_t got = 0;

	while (got < share) {
		if (c->count[q] > share) {
			uint32_t goal = shrink ? share : share + 1;

			while (c->count[q] > goal)
				list[got++] = c->log[c->start[q] + --c->count[q]];
			shrink -= goal == share;
		}
		q = q + 1 == p ? 0 : q + 1;
	}
}

static void chain_enter(struct table_chain *c, uint32_t p)
{
	uint32_t share = c->slots / (p + 1);
	uint32_t *list;

	c->start[p] = p ? c->start[p - 1] + c->slots / p : 0;
	list = c->log + c->start[p];
	if (p) {
		chain_take(c, p, share, list);
	} else {
		for (uint32_t i = 0; i < share; i++)
			list[i] = i;
	}
	chain_shuffle(list, share, p);
	c->count[p] = share;
	c->n++;
}

int table_chain_base(struct table_chain *c, uint32_t slots, uint32_t n, uint32_t *owner)
{
	int err;

	/* Position M and all after it find nothing left to take. */
	if (n > slots)
		n = slots;
	if (c->slots != slots) {
		table_chain_free(c);
		c->slots = slots;
	}
	if (n > c->room) {
		err = chain_reserve(c, n);
		if (err)
			return err;
	}
	while (c->n < n)
		chain_enter(c, c->n);

	for (uint32_t p = 0; p < n; p++) {
		const uint32_t *list = c->log + c->start[p];

		for (uint32_t i = 0, len = slots / (p + 1); i < len; i++)
			owner[list[i]] = p;
	}
	return 0;
}
