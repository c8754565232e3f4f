/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flow cache and the note of new flows, seen from user space: lines of
 * entries that the program writes meanwhile (shunt/abi.h). An entry is read once
 * and cleared only if it is still what was read.
 *
 * Pure: lines are memory, be it the mapping of a map.
 */
#ifndef TABLES_FLOWS_H
#define TABLES_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shunt/abi.h"

/**
 * struct flows_backend - what a scan has to know of a backend
 * @alive: entries of others are cleared
 * @member: as which it stands in the slots of its table
 * @slot_mask: slots of the table - 1
 * @seen: of the table, for transit_see(), which takes members; NULL if nobody asks
 * @max_age_s: instead of the scan's; 0: that
 * @flows: its entries that were left, so far
 * @open: of these, those that their clients have not ended
 */
struct flows_backend {
	bool alive;
	uint16_t member;
	uint32_t slot_mask;
	uint16_t *seen;
	uint16_t max_age_s;
	uint64_t flows;
	uint64_t open;
};

/**
 * struct flows_scan - a scan, which may take several calls
 * @backends: by id, @n_backends of them
 * @max_age_s: entries that were not seen for longer are cleared
 * @closing_age_s: and those that were ended after so long, if that is less; 0: no
 *	difference
 */
struct flows_scan {
	struct flows_backend *backends;
	size_t n_backends;
	uint16_t now_s;
	uint16_t max_age_s;
	uint16_t closing_age_s;
};

/* Clear what does not count any more in @n lines; report the rest. */
void flows_scan(struct flows_scan *s, struct shunt_flow_line *lines, size_t n);

/* Seconds since the last packet: less than so many; the last age has no end. */
#define FLOWS_AGES 5
extern const uint16_t flows_ages_s[FLOWS_AGES - 1];

/**
 * struct flows_tally - entries of a backend that count
 * @by_age: how many there are of each age
 * @closing: of these, those that their clients have ended
 */
struct flows_tally {
	uint32_t by_age[FLOWS_AGES];
	uint32_t closing;
};

/* Add to @tallies, by id as @s->backends, what counts in @n lines; nothing is changed. */
void flows_count(const struct flows_scan *s, const struct shunt_flow_line *lines, size_t n,
		 struct flows_tally *tallies);

/**
 * struct flows_ids - what becomes of the backends that entries name
 * @to: by id, @n of them; 0, and what lies beyond: its entries are of no use
 */
struct flows_ids {
	const uint16_t *to;
	size_t n;
};

/**
 * struct flows_cache - a whole one
 * @n: lines, a power of two
 * @marks: a byte a line (struct shunt_flow_marks); NULL: of notes, each of which has one
 *	line only, or nobody looks
 */
struct flows_cache {
	struct shunt_flow_line *lines;
	size_t n;
	uint8_t *marks;
};

/**
 * struct flows_place - of an entry
 * @line, @i: the line, and which of its entries
 * @was: what was there before
 */
struct flows_place {
	size_t line;
	int i;
	uint64_t was;
};

/**
 * flows_enter() - an entry for a flow of which one line is known
 * @p: line: that one; which of its two lines it is nobody knows. Then where it is.
 *
 * In the place of its own entry, an empty one, or the one seen longest ago, if that was
 * seen before it. Marks are set. Return: false: it was not.
 */
bool flows_enter(const struct flows_cache *to, struct flows_place *p, uint64_t entry,
		 uint16_t now_s);

/* Take the marks away that no entry of @n lines needs any more. */
void flows_unmark(const struct shunt_flow_line *lines, size_t n, uint8_t *marks);

/**
 * flows_carry() - enter the flows of one cache in another of the same hash key
 *
 * Where both have an entry of a flow, the one seen last stays; where both lines of a
 * flow are full, the one seen longest ago gives way. An entry does not say the bits of
 * its hash by which lines of a larger cache are picked, so there it is entered in every
 * line it may belong to: the wrong ones are never met, and expire. Marks are set in @to.
 */
void flows_carry(const struct flows_cache *from, const struct flows_cache *to,
		 const struct flows_ids *ids, uint16_t now_s);

/**
 * struct flows_move - @span backends from @from on have become those from @to on
 */
struct flows_move {
	uint32_t from;
	uint32_t span;
	uint32_t to;
};

/* The id that a backend has after @moves, sorted as below; 0: it stays. */
uint32_t flows_moved_id(const struct flows_move *moves, size_t n_moves, uint32_t id);

/**
 * flows_move() - give the entries of @n lines their new backends
 * @moves: sorted by @from, and none overlaps another
 *
 * Return: how many entries there were.
 */
size_t flows_move(const struct flows_move *moves, size_t n_moves, struct shunt_flow_line *lines,
		  size_t n);

#endif /* TABLES_FLOWS_H */
