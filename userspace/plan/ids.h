/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the floor: what struct ids holds. A struct ids is never changed but
 * followed by another (ids_next()): so a plan that fails leaves no trace.
 */
#ifndef PLAN_IDS_H
#define PLAN_IDS_H

#include "plan/plan.h"
#include "plan/seats.h"

/* Of the text in the state file. */
#define IDS_FORMAT 2

/**
 * struct ids_backend - a member of a block and what it stands for, for ever
 * @freed: the build that no longer wanted it; 0: in use
 */
struct ids_backend {
	const char *name;
	struct plan_leg leg[SHUNT_FAMILIES];
	uint32_t member;
	uint64_t freed;
};

/**
 * struct ids_seats - who holds each position of one pool
 * @names: NULL: nobody
 * @unit: weight that one position stands for; not 0 if there are seats
 */
struct ids_seats {
	const char **names;
	size_t n;
	uint32_t unit;
};

/**
 * struct ids_service
 * @freed: the build that no longer wanted it; 0: in use
 * @base, @span: its block; @span 0: it has none yet, and no backends
 * @slots: of its table
 * @current: whom scheduler first has chosen, with `failback: no`; NULL: nobody yet
 * @last: who served when any was usable, with `when_all_down: last`
 * @backends: sorted by name; of one name at most one is in use
 */
struct ids_service {
	const char *name;
	uint32_t table;
	uint64_t freed;
	uint32_t base;
	uint32_t span;
	uint32_t slots;
	struct ids_seats seats[POOLS];
	const char *current;
	const char **last;
	size_t n_last;
	struct ids_backend *backends;
	size_t n_backends;
};

/**
 * struct ids_block - a block that was outgrown
 * @table: of the service that it was of
 * @freed: the build that left it
 */
struct ids_block {
	uint32_t table;
	uint32_t base;
	uint32_t span;
	uint64_t freed;
};

/**
 * struct ids
 * @build: counts the plans that were built
 * @given: the last one that ids_given() counts
 * @services: sorted by name
 * @left: blocks at rest that no service owns any more, the last one first
 */
struct ids {
	struct arena arena;
	uint64_t build;
	uint64_t given;
	struct ids_service *services;
	size_t n_services;
	struct ids_block *left;
	size_t n_left;
};

/**
 * struct ids_wish - what ids are given out for
 * @plan: gets the id of each backend, which lie in the order of the config, and the
 *	number, block and slots of each table, likewise
 * @seats: of each service of the config; get the positions of its pools
 */
struct ids_wish {
	const struct conf *conf;
	struct plan *plan;
	struct seats (*seats)[POOLS];
};

/**
 * struct ids_thrift - how freely ids are given out
 * @rest: plans for which what was freed may not be used
 * @tight: new blocks have no room to spare
 */
struct ids_thrift {
	uint64_t rest;
	bool tight;
};

/**
 * ids_next() - the ids after another plan
 *
 * Return: 0; -ENOSPC or -ENOMEM, and what @wish points to is undefined.
 */
int ids_next(const struct ids *old, const struct ids_wish *wish, struct ids_thrift thrift,
	     struct ids **out);

void ids_swap(struct ids *a, struct ids *b);

/* Sort by names, as struct ids promises. */
void ids_sort(struct ids *ids);

bool plan_leg_is_equal(const struct plan_leg *a, const struct plan_leg *b);

#endif /* PLAN_IDS_H */
