/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots in transition: the steps that time takes, MIGRATING -> PINNING -> PINNED ->
 * STABLE, for the words of all places. What each state means is in shunt/abi.h; the
 * steps that a change of the plan takes are those of plan/slot_step.h.
 *
 * The state of a slot is in its word and nowhere else. Here is only since when, two
 * bytes a slot, and only for places that have slots in transition. A daemon that
 * takes maps over starts these clocks anew.
 *
 * PINNED slots wait for a sweep of the flow cache (tables/flows.h) that began
 * after they had become PINNED, and that has seen no flow of theirs at a backend
 * other than cur. One kind is missed, by design: a flow that was silent for longer
 * than the idle gap to protect.
 *
 * Pure: words and the time come in as arguments.
 */
#ifndef TABLES_TRANSIT_H
#define TABLES_TRANSIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/slot_step.h"

/* Whose words they are: here only to tell one from another. */
struct place;

/*
 * Between the change of a word and the beginning of a sweep that may end its
 * transition: packets that have read the old word are through, and what they
 * wrote is there to be seen.
 */
#define TRANSIT_SETTLE_S 2

/* More than one backend; not a member. */
#define TRANSIT_SEVERAL UINT16_MAX

/**
 * struct slot_words - the words of a table, in halves as they lie in the map
 * @owners, @transits: @n of each
 */
struct slot_words {
	uint16_t *owners;
	uint16_t *transits;
	uint32_t n;
};

static inline uint32_t slot_load(const struct slot_words *words, uint32_t slot)
{
	return shunt_slot_word(words->owners[slot], words->transits[slot]);
}

/* Release: who sees the new half sees the backend that it names. */
static inline void slot_store_half(uint16_t *at, uint16_t half)
{
	if (*at != half)
		__atomic_store_n(at, half, __ATOMIC_RELEASE);
}

/* The transit first: see shunt/abi.h. */
static inline void slot_store(const struct slot_words *words, uint32_t slot, uint32_t word)
{
	slot_store_half(&words->transits[slot], shunt_slot_transit(word));
	slot_store_half(&words->owners[slot], shunt_slot_owner(word));
}

/**
 * struct transit_table - a place with slots in transition
 * @since: by slot, when it entered its state; meaningless where it is STABLE
 * @n_pinned: slots that are PINNED
 * @has_due, @from_s, @wait_s: the next slot has been in its state for long enough
 *	@wait_s after @from_s. Not the sum of both: an idle gap may be longer than half
 *	of what a clock of 16 bits goes.
 * @seen: during a sweep: by slot, the member that its flows are pinned to, or
 *	TRANSIT_SEVERAL; NULL if the place takes no part
 */
struct transit_table {
	struct place *place;
	uint32_t slots;
	uint16_t *since;
	uint32_t n_pinned;
	bool has_due;
	uint16_t from_s;
	uint16_t wait_s;
	uint16_t *seen;
};

/**
 * struct transit - all that are
 * @early_s, @idle_s: how long a slot is MIGRATING, how long PINNING
 * @sweep_began_s: the last one
 */
struct transit {
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

/* A place that is not known to have slots in transition: those it has start their time now. */
int transit_adopt(struct transit *t, struct place *place, const struct slot_words *words,
		  uint16_t now_s);

/**
 * transit_copy() - the words of @to are those of @from, and so are their times
 * @to: not known yet; where it has more slots than @from, or fewer, slot i is slot i of
 *	@from, modulo its slots
 *
 * Return: 0 or -ENOMEM.
 */
int transit_copy(struct transit *t, const struct place *from, struct place *to,
		 const struct slot_words *words, uint16_t now_s);

/**
 * struct transit_step - what a table is to become
 * @owners: slot words of which cur counts, as table_build() makes them
 * @base: of the block of ids that members are of
 * @forgets: so far its flows were asked for in the flow cache whatever the slots say, and
 *	now no longer: slots at rest are PINNED, until a sweep finds no flow elsewhere
 */
struct transit_step {
	const uint32_t *owners;
	uint32_t base;
	const struct id_set *alive;
	uint16_t now_s;
	bool forgets;
};

/**
 * transit_fill() - take a place one step on
 * @words: written where they differ
 *
 * Return: 0; -ENOMEM, and what was written is right as far as it goes.
 */
int transit_fill(struct transit *t, struct place *place, const struct slot_words *words,
		 const struct transit_step *step);

/* A flow of a slot that is at a member. */
struct transit_pin {
	uint32_t slot;
	uint16_t member;
};

/* A slot that is STABLE, of another owner, is PINNED now. Return: 1 if so, else 0; -ENOMEM. */
int transit_pin(struct transit *t, struct place *place, const struct slot_words *words,
		struct transit_pin pin, uint16_t now_s);

/* The place is no more. */
void transit_forget(struct transit *t, const struct place *place);

/* NULL: it has no slots in transition. */
struct transit_table *transit_find(const struct transit *t, const struct place *place);

/* A place that has slots whose time has come; NULL: none. transit_advance() serves it. */
struct transit_table *transit_due(struct transit *t, uint16_t now_s);

/*
 * Move the slots of a place on whose time has come. Return: false if none is left in
 * transition; then @tt is gone.
 */
bool transit_advance(struct transit *t, struct transit_table *tt, const struct slot_words *words,
		     uint16_t now_s);

/* Some place has slots that wait for a sweep. */
bool transit_wants_sweep(const struct transit *t);

/* From now on flows are reported by transit_see(). 0 or -ENOMEM: no sweep then. */
int transit_sweep_begin(struct transit *t, uint16_t now_s);
/* The place if it takes part in the sweep, else NULL. */
struct transit_table *transit_swept(const struct transit *t, const struct place *place);
/* It takes no part any more: somebody has come to it whose flows were not all seen. */
void transit_skip_sweep(struct transit *t, const struct place *place);

/* A flow of @slot is pinned to @member. */
static inline void transit_see(uint16_t *seen, uint32_t slot, uint16_t member)
{
	if (seen[slot] != member)
		seen[slot] = seen[slot] ? TRANSIT_SEVERAL : member;
}

/* A place that took part, of which transit_sweep_end() was not told; NULL: none. */
struct transit_table *transit_unsettled(struct transit *t);
/* What the whole cache says of a place: unpinned slots are STABLE now. As advance. */
bool transit_sweep_end(struct transit *t, struct transit_table *tt, const struct slot_words *words,
		       uint16_t now_s);
/* The sweep came to nothing. */
void transit_sweep_cancel(struct transit *t);

#endif /* TABLES_TRANSIT_H */
