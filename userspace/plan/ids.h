/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the floor: what struct ids holds. A struct ids is never changed but
 * followed by another (ids_next()): so a plan that fails leaves no trace.
 */
#ifndef PLAN_IDS_H
#define PLAN_IDS_H

#include "plan/plan.h"
#include "plan/seats.h"

/**
 * struct ids_backend - an id and what it stands for, for ever
 * @freed: the build that no longer wanted it; 0: in use
 */
struct ids_backend {
	const char *name;
	struct plan_leg leg[SHUNT_FAMILIES];
	uint32_t id;
	uint64_t freed;
};

/**
 * struct ids_service
 * @freed: the build that no longer wanted it; 0: in use
 * @seats: who holds each table position; NULL: nobody
 * @unit: weight that one position stands for; not 0 if there are seats
 * @backends: sorted by name; of one name at most one is in use
 */
struct ids_service {
	const char *name;
	uint32_t table;
	uint64_t freed;
	uint32_t unit;
	const char **seats;
	size_t n_seats;
	struct ids_backend *backends;
	size_t n_backends;
};

/**
 * struct ids
 * @build: counts the plans that were built
 * @given: the last one that gave out a number or a position
 * @services: sorted by name
 */
struct ids {
	struct arena arena;
	uint64_t build;
	uint64_t given;
	struct ids_service *services;
	size_t n_services;
};

/**
 * struct ids_wish - what ids are given out for
 * @plan: gets the id of each backend, which lie in the order of the config, and the
 *	number of each table, likewise
 * @seats: of each service of the config; gets the table positions
 */
struct ids_wish {
	const struct conf *conf;
	struct plan *plan;
	struct seats *seats;
};

/**
 * ids_next() - the ids after another plan
 * @rest: plans for which a freed id may not be used
 *
 * Return: 0; -ENOSPC or -ENOMEM, and what @wish points to is undefined.
 */
int ids_next(const struct ids *old, const struct ids_wish *wish, uint64_t rest, struct ids **out);

void ids_swap(struct ids *a, struct ids *b);

/* Sort by names, as struct ids promises. */
void ids_sort(struct ids *ids);

bool plan_leg_is_equal(const struct plan_leg *a, const struct plan_leg *b);

#endif /* PLAN_IDS_H */
