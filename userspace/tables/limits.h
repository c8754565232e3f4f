/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits of packets, from rules of the config to the maps of shunt/limit.h.
 *
 * The limits of all services are written anew at each change, into the half of
 * shunt_limits that no service goes by; then each service is sent to its own by one store.
 * What the buckets hold stays: those of sources are found by the id of the rule, the
 * others are carried from the former limit of the same service and rule.
 */
#ifndef TABLES_LIMITS_H
#define TABLES_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf_limit.h"
#include "shunt/guard.h"
#include "shunt/limit.h"

/**
 * struct limits - the maps
 * @limits: 2 * @half of them
 * @of: @n_of; the first one is of packets without a service, the others by base + 1
 * @second: the half that services go by is the second
 */
struct limits {
	struct shunt_limit *limits;
	uint32_t half;
	struct shunt_limits_of *of;
	uint32_t n_of;
	bool second;
};

/* A rule, and what is to be counted, and done, when it hits: shunt/guard.h. */
struct limits_rule {
	const struct conf_limit *conf;
	uint32_t verdict;
};

/**
 * struct limits_list - what one service has
 * @of: where in limits.of
 * @same: what the list before this one has: it is of the same service
 * @n: at most SHUNT_MAX_LIMITS; nothing of @same
 */
struct limits_list {
	uint32_t of;
	bool same;
	const struct limits_rule *rules;
	size_t n;
};

/* What a rule is in the map, but for its bucket. */
struct shunt_limit limits_make(const struct limits_rule *rule);

/* Limits that such lists take in the map, of which a half must hold as many. */
size_t limits_count(const struct limits_list *lists, size_t n);

/* Maps that were there before: find out which half is in use. */
void limits_adopt(struct limits *l);

/**
 * limits_put() - these, and no others
 * @now: as shunt_bucket_now() has it
 *
 * Lists of the same rules, of which none is by service, share their limits. Return: 0;
 * -ENOSPC: they do not fit, and nothing has changed.
 */
int limits_put(struct limits *l, const struct limits_list *lists, size_t n, uint64_t now);

/*
 * Buckets that are empty are so as of @now: those of sources, which are nobody's then, and
 * those in @l. Once in three hours at least, so that no time that is long past is taken for
 * one that is to come.
 */
void limits_sweep_sources(struct shunt_bucket_line *lines, size_t n, uint64_t now);
void limits_sweep(struct limits *l, uint64_t now);

#endif /* TABLES_LIMITS_H */
