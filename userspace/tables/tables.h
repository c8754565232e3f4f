/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where tables lie: tables of the plan, which have numbers, at places, which are
 * lines of shunt_slots. Tables that hold the same words lie at one place, so that a
 * thousand services with pools alike keep one table in the processor's cache.
 *
 * Considered: a place for each table, which is simple and costs a cache miss a packet
 * as soon as the tables of all services do not fit in the L2; sharing by the pool's
 * name, which needs counters by service beside those by backend. Tables name members
 * of a block, not ids: so pools need not be the same but only alike, and the ids, and
 * with them the counters, stay those of one service.
 *
 *	- A table that changes leaves the others: it gets a copy of the place, the copy
 *	  takes the step, and then the table's services are sent there.
 *	- Tables that take the same step at the same second from the same place go
 *	  together: when a server dies that is in a thousand pools.
 *	- Where no slot is in transition any more and another such place has the same
 *	  recipe, the table moves there, and its own place is freed.
 *	- A freed place rests: it is not written to for a second, because packets may be
 *	  on their way to it.
 *
 * Services are sent to other places not one by one but by tables_flush(), because the
 * services map is read from end to end for it. Until then the places that they leave
 * stay as they are.
 *
 * Writes go through struct map_ops; nothing here knows of a kernel.
 */
#ifndef TABLES_TABLES_H
#define TABLES_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "tables/map_ops.h"
#include "tables/transit.h"

/* How long a freed place rests, and how long at least where there is no other. */
#define TABLES_REST_MS 1000
#define TABLES_SHORT_REST_MS 1

/* Places that are joined with others in a second. */
#define TABLES_MERGED_A_TICK 64

/**
 * struct place_step - the step that made a place, by which others may join it
 * @from: stamp of the place it was copied from; 0: nobody can join
 * @stamp: of the place when the step was done; it has another one: words have changed
 * @now_s: the second of the clocks that the step has started
 * @forgets: as in struct transit_step
 * @alive: members that were, @n_alive words of bits
 */
struct place_step {
	uint64_t from;
	uint64_t stamp;
	uint16_t now_s;
	bool forgets;
	uint64_t *alive;
	size_t n_alive;
};

/**
 * struct place - lines of shunt_slots that hold the words of some tables
 * @first: the line that it begins with
 * @slots: a power of two; it has 2 * @slots / SHUNT_SLOTS_PER_LINE lines
 * @users: tables that lie here, and blocks of a former daemon that nobody has claimed
 * @leavers: tables that do not any more, but whose services tables_flush() has still
 *	to send away
 * @recipe: what its owners are, NULL while that is not known: of a former daemon, or
 *	of a step that failed. Owned; number, base and span mean nothing.
 * @hash: of @recipe
 * @next: another place whose hash begins alike
 * @index: in struct tables
 * @settled: all its slots are STABLE
 * @may_merge: it has come to rest, and nobody has looked for another like it yet
 * @stamp: another number, never used before, whenever a word has changed
 */
struct place {
	uint32_t first;
	uint32_t slots;
	uint32_t users;
	uint32_t leavers;
	struct plan_table *recipe;
	uint64_t hash;
	struct place *next;
	size_t index;
	bool settled;
	bool may_merge;
	uint64_t stamp;
	struct place_step step;
};

/**
 * struct table_user - a table of the plan, by number
 * @place: NULL if it has none
 * @tracked: of some of its services every packet may ask the flow cache
 */
struct table_user {
	struct place *place;
	uint32_t base;
	bool tracked;
	bool moves; /* tables_flush() has to send its services to @place */
};

/* A block of ids whose services a former daemon has sent to @place. @tracked: as above. */
struct table_claim {
	struct place *place;
	uint32_t base;
	bool tracked;
};

/* Lines that nobody uses. Since when it is so matters to packets under way. */
struct free_lines {
	uint32_t first;
	uint32_t n;
	uint64_t rests_until_ms;
};

struct table_leaver {
	uint32_t number;
	struct place *left;
};

#define TABLES_BUCKETS 1024

/**
 * struct tables - all of them
 * @n_lines: of shunt_slots
 * @free: sorted, without those that are used
 * @buckets: places whose recipe is known, by its hash
 * @users: by number, @n_users of them
 * @claims: of a former daemon, until tables_forget_former()
 * @moves, @leavers: what tables_flush() has to do
 * @cache, @owners, @words: to work with; kept for a while, because changes come in
 *	numbers. @owners and @words have room for @room words.
 */
struct tables {
	const struct map_ops *ops;
	void *ctx;
	uint32_t n_lines;
	struct free_lines *free;
	size_t n_free;
	struct place **places;
	size_t n_places;
	struct place *buckets[TABLES_BUCKETS];
	struct table_user *users;
	size_t n_users;
	struct table_claim *claims;
	size_t n_claims;
	struct map_move *moves;
	size_t n_moves;
	struct table_leaver *leavers;
	size_t n_leavers;
	uint64_t stamp;
	struct transit transit;
	struct table_cache *cache;
	uint32_t *owners;
	uint32_t *words;
	uint32_t room;
	uint64_t used_ms;
};

/**
 * tables_init() - nothing lies anywhere
 * @t: zeroed; to be released with tables_free(), whatever this returns
 * @n_lines: of shunt_slots
 *
 * Return: 0 or -ENOMEM.
 */
int tables_init(struct tables *t, const struct map_ops *ops, void *ctx, uint32_t n_lines);
void tables_free(struct tables *t);

/**
 * tables_adopt() - the maps were there before: learn the places from the listings
 * @lines: of the services map, @n_lines of them
 *
 * After tables_init(), before anything else. A table of the plan finds its place by its
 * block. What cannot be, as places that overlap, is left alone until
 * tables_forget_former(); the tables get places of their own. Slots in transition start
 * their time now. Return: 0; -ENOMEM.
 */
int tables_adopt(struct tables *t, const struct shunt_service_line *lines, size_t n_lines,
		 uint64_t now_ms);
/* Blocks that no table has claimed are those of services that are no more. */
void tables_forget_former(struct tables *t, uint64_t now_ms);

/**
 * tables_fill() - take the words of a table one step on to its recipe
 * @alive: of the plan that @table is of
 *
 * Idempotent: writes only what differs. A table that is new starts from what
 * map_ops.read_former() says, or from nothing. Where its services are tracked, and shall
 * not be any more, all of its slots ask the flow cache from now on, at a place of its own,
 * until a sweep has seen which of them have flows elsewhere.
 *
 * Return: 0; -ENOSPC if there is no place; -ENOMEM. After an error the words of the
 * table are right as far as they go, and it may be filled again.
 */
int tables_fill(struct tables *t, const struct plan_table *table, const struct id_set *alive,
		uint64_t now_ms);
/* Send services where tables_fill() has moved their tables. */
void tables_flush(struct tables *t, uint64_t now_ms);
/* The table is no more, nor a service that is sent to it. */
void tables_drop(struct tables *t, uint32_t number, uint64_t now_ms);
/* Likewise all that the plan does not have: of plans that were carried out in part. */
void tables_drop_others(struct tables *t, const struct plan *plan, uint64_t now_ms);

/* Where a service is sent that is put now. -ENOENT: its table has no place. */
int tables_service(struct tables *t, const struct plan_service *service, struct shunt_service *out);

/* Where a table lies; NULL: nowhere. */
const struct place *tables_place(const struct tables *t, uint32_t number);
/* Its words as they are now, place->slots of them, until the next call; NULL: none. */
const uint32_t *tables_read(struct tables *t, uint32_t number);

/* Once a second: move slots on whose time has come, join what is alike. 0 or -ENOMEM. */
int tables_tick(struct tables *t, uint64_t now_ms);

/*
 * A sweep of the flow cache. What a flow of a table has to be reported to is
 * transit_see(tt->seen, tag & (tt->slots - 1), id - base), where tt is what
 * tables_swept() says now: tables may move in the middle of a sweep.
 */
bool tables_wants_sweep(const struct tables *t);
/* 0 or -ENOMEM: no sweep then. */
int tables_sweep_begin(struct tables *t, uint64_t now_ms);
/* NULL: it takes no part. */
const struct transit_table *tables_swept(const struct tables *t, uint32_t number);
/* All flows were reported. 0 or -ENOMEM: then tables_sweep_cancel(). */
int tables_sweep_end(struct tables *t, uint64_t now_ms);
void tables_sweep_cancel(struct tables *t);

/*
 * There is a flow with that tag at that member of the table: where its slot, at rest, says
 * another one, packets of the slot ask the flow cache from now on, until a sweep finds no
 * such flow. The slot is PINNED, also for others whose tables lie there. 0, -ENOENT or
 * -ENOMEM.
 */
int tables_pin(struct tables *t, uint32_t number, uint32_t tag, uint16_t member, uint64_t now_ms);

/* For people: how much there is. */
struct tables_count {
	uint32_t tables;
	uint32_t places;
	uint32_t lines;
	uint32_t lines_free; /* those that rest included */
};

struct tables_count tables_count(const struct tables *t);

#endif /* TABLES_TABLES_H */
