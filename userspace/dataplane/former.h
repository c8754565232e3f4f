/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps of a former data plane, which these ones follow: those of a daemon whose
 * maps do not fit or whose state is lost, those of a release before (version 2 of the
 * ABI), or those of this daemon when larger ones replace them.
 *
 * Nothing in them is known by its number: ids and tables may have been given out by
 * another state. A backend is found again by what it is: a virtual service that
 * leads to it, and its legs. So slots, flows and counters go on under the numbers of
 * a plan, whatever they were.
 *
 * What stands in the maps is not trusted: no number of theirs leads out of an array.
 */
#ifndef DATAPLANE_FORMER_H
#define DATAPLANE_FORMER_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

/* The version of the ABI before this one. */
#define FORMER_VERSION 2

struct dataplane;
struct former;

/**
 * former_open() - the maps pinned under @pin_dir
 *
 * Those of this version of the ABI, else those of FORMER_VERSION; the other way round
 * if such a release has run since. Nothing is logged.
 * Return: 0; -ENOENT if there are none that can be read; -ENOMEM.
 */
int former_open(const char *pin_dir, struct former **out);

/* The maps of @dp, which may be closed meanwhile. Return: 0 or a negative errno. */
int former_of(const struct dataplane *dp, struct former **out);

void former_close(struct former *f);
static inline void former_closep(struct former **f)
{
	former_close(*f);
}

/* Of the ABI. */
int former_version(const struct former *f);
/* Two words: the secret of its flow hash. */
const __u64 *former_hash_key(const struct former *f);

/**
 * former_translate() - find its backends in @plan
 *
 * Must come before all that follows. Return: 0 or -ENOMEM.
 */
int former_translate(struct former *f, const struct plan *plan);

/* The id that its backend @id has in the plan; 0: it has gone. */
uint32_t former_id(const struct former *f, uint32_t id);

/* Its hash key is another: nobody is to read its tables and flows. */
void former_lose_flows(struct former *f);

/**
 * former_read_table() - the words of a table as they were
 * @table: of the plan that former_translate() was told of
 * @words: @table->slots of them, in members of the table's block
 *
 * A slot is picked by the low bits of the hash: where a table has got more slots each
 * of them knows its former one; where it has got fewer, it takes one of several.
 * A slot whose owner has gone has cur 0; if it was in transition, it still is, so
 * that the flows it has elsewhere stay.
 *
 * Return: 0; -ENOENT if there was no such service, -ENOMEM.
 */
int former_read_table(const struct former *f, const struct plan_table *table, uint32_t *words);

/*
 * May its program learn of flows of a service? If all slots are at rest, and it keeps track
 * of nothing, there is nothing to learn; nor is there if nobody is to read it.
 */
bool former_learns(const struct former *f, const struct shunt_service_key *key);

/* Slots that the table had; 0 if former_read_table() has nothing of it. */
uint32_t former_table_slots(const struct former *f, const struct plan_table *table);

/**
 * former_carry_flows() - enter its flows in the flow cache of @dp, and its notes
 *
 * May be called again for what it has learned since. Return: 0 or a negative errno.
 */
int former_carry_flows(const struct former *f, struct dataplane *dp, uint64_t now_ms);

/**
 * former_carry_conns() - enter its connections of nat and fullnat in @dp
 *
 * Of backends that are in the plan and in @dp; whatever the hash key. May be called
 * again for what has come since. What there is no room for is logged. Return: 0 or a
 * negative errno.
 */
int former_carry_conns(const struct former *f, struct dataplane *dp);

/* Add what its backends that are in the plan have counted. 0 or a negative errno. */
int former_carry_counters(const struct former *f, struct dataplane *dp);

/**
 * struct former_found - how much of it is in the plan
 * @services: of its virtual services, @all_services
 * @backends: of those of the plan, @all_backends
 */
struct former_found {
	uint32_t services, all_services;
	uint32_t backends, all_backends;
};

struct former_found former_found(const struct former *f);

#endif /* DATAPLANE_FORMER_H */
