/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots in transition: the steps that time takes, MIGRATING -> PINNING -> PINNED ->
 * STABLE, for the words of all tables. What each state means is in shunt/abi.h; the
 * steps that a change of the plan takes are those of plan/slot_step.h.
 *
 * The state of a slot is in its word and nowhere else. Here is only since when, two
 * bytes a slot, and only for tables that have slots in transition. A daemon that
 * takes maps over starts these clocks anew.
 *
 * PINNED slots wait for a sweep of the flow cache (dataplane/flows.h) that began
 * after they had become PINNED, and that has seen no flow of theirs at a backend
 * other than cur. One kind is missed, by design: a flow that was silent for longer
 * than the idle gap to protect.
 *
 * Pure: words and the time come in as arguments.
 */
#ifndef DATAPLANE_TRANSIT_H
#define DATAPLANE_TRANSIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/slot_step.h"

/*
 * Between the change of a word and the beginning of a sweep that may end its
 * transition: packets that have read the old word are through, and what they
 * wrote is there to be seen.
 */
#define TRANSIT_SETTLE_S 2

/* More than one backend; not an id. */
#define TRANSIT_SEVERAL UINT16_MAX

/**
 * struct transit_table - a table with slots in transition
 * @since: by slot, when it entered its state; meaningless where it is STABLE
 * @n_pinned: slots that are PINNED
 * @has_due, @due: when the next slot has been in its state for long enough
 * @seen: during a sweep: by slot, the backend that its flows are pinned to, or
 *	TRANSIT_SEVERAL; NULL if the table takes no part
 */
struct transit_table {
	uint32_t number;
	uint16_t *since;
	uint32_t n_pinned;
	bool has_due;
	uint16_t due;
	uint16_t *seen;
};

/**
 * struct transit - all that are
 * @slots: of each table
 * @early_s, @idle_s: how long a slot is MIGRATING, how long PINNING
 * @sweep_began_s: the last one
 */
struct transit {
	uint32_t slots;
	uint16_t early_s;
	uint16_t idle_s;
	uint16_t sweep_began_s;
	struct transit_table *tables; /* in no order */
	size_t n_tables;
};

void transit_free(struct transit *t);

/* Of CLOCK_MONOTONIC, as they stand in flow entries. */
static inline uint16_t transit_seconds(uint64_t now_ms)
{
	return now_ms / 1000;
}

/* Slots in transition already are measured by these, too. */
void transit_set_times(struct transit *t, uint16_t early_s, uint16_t idle_s, uint16_t now_s);

/**
 * struct transit_step - what a table is to become
 * @owners: slot words of which cur counts, as table_build() makes them
 */
struct transit_step {
	const uint32_t *owners;
	const struct id_set *alive;
	uint16_t now_s;
};

/**
 * transit_fill() - take a table one step on
 * @words: of table @number, written where they differ
 *
 * Words found in transition in a table that was not known to have any start their
 * time now. Return: 0; -ENOMEM, and what was written is right as far as it goes.
 */
int transit_fill(struct transit *t, uint32_t number, uint32_t *words,
		 const struct transit_step *step);

/* All its words are 0 now. */
void transit_forget(struct transit *t, uint32_t number);

/* A table that has slots whose time has come; NULL: none. transit_advance() serves it. */
struct transit_table *transit_due(struct transit *t, uint16_t now_s);

/* Move the slots of a table on whose time has come. @tt is gone if none is left. */
void transit_advance(struct transit *t, struct transit_table *tt, uint32_t *words, uint16_t now_s);

/* Some table has slots that wait for a sweep. */
bool transit_wants_sweep(const struct transit *t);

/* From now on flows are reported by transit_see(). 0 or -ENOMEM: no sweep then. */
int transit_sweep_begin(struct transit *t, uint16_t now_s);
/* The table if it takes part in the sweep, else NULL. */
struct transit_table *transit_swept(const struct transit *t, uint32_t number);

/* A flow of @slot is pinned to backend @id. */
static inline void transit_see(uint16_t *seen, uint32_t slot, uint16_t id)
{
	if (seen[slot] != id)
		seen[slot] = seen[slot] ? TRANSIT_SEVERAL : id;
}

/* A table that took part, of which transit_sweep_end() was not told; NULL: none. */
struct transit_table *transit_unsettled(struct transit *t);
/* What the whole cache says of a table: unpinned slots are STABLE now. As advance. */
void transit_sweep_end(struct transit *t, struct transit_table *tt, uint32_t *words,
		       uint16_t now_s);
/* The sweep came to nothing. */
void transit_sweep_cancel(struct transit *t);

#endif /* DATAPLANE_TRANSIT_H */
