/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One slot, one step: the word that follows when the table says who owns the slot
 * and the backends that live are these. What the states mean to packets is in
 * shunt/abi.h; the steps that only time takes are in tables/transit.h.
 *
 *	owner	word				becomes
 *	same	MIGRATING, PINNING, prev dead	PINNED(cur)
 *	same	any other			itself, without a prev that is dead
 *	other	STABLE, cur alive		MIGRATING(owner, prev = cur)
 *	other	STABLE, cur dead or none	STABLE(owner)
 *	other	MIGRATING, PINNING, prev alive	MIGRATING(owner, prev kept)
 *	other	all others, cur alive		MIGRATING(owner, prev = cur)
 *	other	all others, cur dead or none	PINNED(owner)
 *
 * So prev is 0 or lives; flows of a backend that has died are not waited for; and
 * a slot that moves twice still sends the flows of its first owner there.
 */
#ifndef PLAN_SLOT_STEP_H
#define PLAN_SLOT_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "shunt/abi.h"

/* A set of backend ids. Id 0 is in none. */
struct id_set {
	uint64_t bits[SHUNT_MAX_BACKENDS / 64];
};

static inline void id_set_add(struct id_set *set, uint32_t id)
{
	set->bits[id / 64] |= 1ULL << id % 64;
}

static inline void id_set_remove(struct id_set *set, uint32_t id)
{
	set->bits[id / 64] &= ~(1ULL << id % 64);
}

static inline bool id_set_has(const struct id_set *set, uint32_t id)
{
	return set->bits[id / 64] >> id % 64 & 1;
}

/**
 * slot_step() - the word after @word
 * @owner: member that the table says owns the slot; 0: nobody
 * @base: of the service's block of ids
 * @alive: ids of backends that are configured and not known to be down
 */
uint32_t slot_step(uint32_t word, uint32_t owner, uint32_t base, const struct id_set *alive);

#endif /* PLAN_SLOT_STEP_H */
