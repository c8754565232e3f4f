/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maglev (Eisenbud et al., NSDI'16), section 3.4: each backend has a permutation
 * of the slots of its own, and backends take turns at claiming the next free
 * slot of theirs. The table follows from the set of backends alone, which fits
 * fleets whose members know nothing else of each other.
 *
 * Two things differ from the paper:
 * - M is a power of two, not a prime. slot(j) = (offset + j * skip) mod M is a
 *   permutation if skip and M have no common factor: skip is odd.
 * - Weights: in each round every backend earns its weight and pays the heaviest
 *   weight for a turn, so that after R rounds it had R * weight / heaviest turns,
 *   rounded up or down. No round forgets the weights, and no weight is too small to
 *   count. Each starts with another fraction of a turn, so that backends of one
 *   weight are not all rounded the same way, which the heaviest would pay for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/table.h"
#include "plan/table_hash.h"

struct claimant {
	uint64_t offset;
	uint64_t skip;
	uint64_t next; /* place in its permutation; times skip it has 40 bits */
	uint64_t start; /* hash that the first credit is drawn with */
	uint32_t weight;
	uint32_t credit;
	uint32_t word;
};

static size_t claimants_fill(struct claimant *c, const struct plan_table *table)
{
	size_t n = 0;

	for (uint32_t i = 0; i < table->n_positions; i++) {
		if (!table->positions[i].keep || !table->weights[i])
			continue;
		c[n++] = (struct claimant){
			.offset = table_hash(TABLE_OFFSET, table->seeds[i]) & (table->slots - 1),
			.skip = (table_hash(TABLE_SKIP, table->seeds[i]) & (table->slots - 1)) | 1,
			.start = table_hash(TABLE_CREDIT, table->seeds[i]),
			.weight = table->weights[i],
			.word = SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, table->positions[i].member),
		};
	}
	return n;
}

static void claim(struct claimant *c, uint32_t *words, uint32_t mask)
{
	uint32_t slot;

	do
		slot = (c->offset + c->next++ * c->skip) & mask;
	while (words[slot]);
	words[slot] = c->word;
}

static void claim_all(struct claimant *claimants, size_t n, uint32_t *words, uint32_t slots)
{
	uint32_t heaviest = 0, taken = 0;

	for (size_t i = 0; i < n; i++)
		if (claimants[i].weight > heaviest)
			heaviest = claimants[i].weight;
	for (size_t i = 0; i < n; i++)
		claimants[i].credit = table_below(claimants[i].start, heaviest);
	for (size_t i = 0; taken < slots; i = i + 1 == n ? 0 : i + 1) {
		struct claimant *c = &claimants[i];

		c->credit += c->weight;
		if (c->credit < heaviest)
			continue;
		c->credit -= heaviest;
		claim(c, words, slots - 1);
		taken++;
	}
}

int table_build_maglev(const struct plan_table *table, uint32_t *words)
{
	_cleanup_free_ struct claimant *claimants =
		calloc(table->n_positions + 1, sizeof(*claimants));
	size_t n;

	if (!claimants)
		return -ENOMEM;
	memset(words, 0, table->slots * sizeof(*words));
	n = claimants_fill(claimants, table);
	if (n)
		claim_all(claimants, n, words, table->slots);
	return 0;
}
