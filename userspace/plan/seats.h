/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: which backend holds which positions of a table. */
#ifndef PLAN_SEATS_H
#define PLAN_SEATS_H

#include "plan/plan.h"

struct ids_seats;

/* Tables that a service has by turns, by conf_backend.backup. */
enum plan_pool {
	POOL_MAIN,
	POOL_BACKUP,
	POOLS,
};

#define SEAT_EMPTY UINT32_MAX

/**
 * struct seats
 * @owner: index of the config backend at each position, or SEAT_EMPTY
 * @unit: weight that one position stands for; 0: a backend has one position whatever
 *	its weight
 */
struct seats {
	uint32_t *owner;
	size_t n;
	uint32_t unit;
};

/* Positions of the service follow from `id:` in the config alone. */
bool seats_are_fixed(const struct conf_service *service);

/**
 * struct seats_wish - what positions are dealt out for
 * @backends: of the plan, in the order of the config
 * @pool: all others have no positions
 * @most: positions that there should be at most, where weights leave a choice
 */
struct seats_wish {
	const struct conf_service *service;
	const struct plan_backend *backends;
	enum plan_pool pool;
	uint32_t most;
};

/**
 * seats_assign() - deal out the positions of one pool
 * @old: what was dealt out before in that pool, or NULL
 * @out: in @arena
 *
 * Return: 0 or -ENOMEM.
 */
int seats_assign(struct arena *arena, const struct seats_wish *wish, const struct ids_seats *old,
		 struct seats *out);

/* As names in @arena, for the next time; nothing where they follow from the config. */
int seats_record(struct arena *arena, const struct conf_service *service, const struct seats *seats,
		 struct ids_seats *out);

/* Nobody of @now sits where he did not in @old, which may be NULL. */
bool seats_are_kept(const struct ids_seats *old, const struct ids_seats *now);

#endif /* PLAN_SEATS_H */
