/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator says of backends and to the firewall, beside the config. */
#ifndef PLAN_ADMIN_H
#define PLAN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf_firewall.h"

/* What the operator said of a backend; survives reload and restart. */
enum admin_state {
	ADMIN_ENABLED,
	ADMIN_DRAIN, /* no slots */
	ADMIN_MAINT, /* the same, and no checks, and its flows are not kept */
	ADMIN_STATES,
};

/* "enabled", "drain", "maint"; -EINVAL, and @out untouched, for any other word. */
const char *admin_state_name(enum admin_state state);
int admin_state_parse(const char *name, enum admin_state *out);

/**
 * struct admin_entry - overrides for one backend
 * @since_wall_s: when @state was said; 0: not known
 * @deadline_ms: of a drain, on the clock of struct lives: until then its flows are kept;
 *	0: it has none
 * @weight_percent: of the configured weight, or -1
 * @weight: absolute, or -1; at most one of both is set
 */
struct admin_entry {
	char *service;
	char *backend;
	enum admin_state state;
	uint64_t since_wall_s;
	uint64_t deadline_ms;
	int weight;
	int weight_percent;
};

/**
 * struct admin_prefix - what the operator said of a network, beside the firewall's config
 * @service: that it is for; NULL: for all
 * @allow: it may send to services; else it may not
 * @deadline_ms: on the clock of clock_now_ms(): until then; 0: for ever
 */
struct admin_prefix {
	char *service;
	struct conf_prefix prefix;
	bool allow;
	uint64_t since_wall_s;
	uint64_t deadline_ms;
};

/* Of these there are no more. */
#define ADMIN_MAX_PREFIXES 10000

/*
 * Zero-initialised is empty and valid. Entries for unknown backends are kept, and prefixes
 * for unknown services.
 *
 * @drained_since_wall_s: since when the whole balancer is drained; 0: it is not
 */
struct admin {
	struct admin_entry *entries;
	size_t n;
	struct admin_prefix *prefixes;
	size_t n_prefixes;
	uint64_t drained_since_wall_s;
};

/* The entry for a backend; NULL if nothing was said of it. */
const struct admin_entry *admin_find(const struct admin *a, const char *service,
				     const char *backend);
/* The entry for a backend, made if absent (enabled, no weights); NULL: no memory. */
struct admin_entry *admin_get(struct admin *a, const char *service, const char *backend);
/* Let @e say what @said does, of the backend that it is for. */
void admin_say(struct admin_entry *e, const struct admin_entry *said);
/* Drop entries that say nothing (enabled, no weights). */
void admin_compact(struct admin *a);
void admin_free(struct admin *a);

/* What was said of that very prefix, for that service, in that sense; NULL: nothing. */
const struct admin_prefix *admin_find_prefix(const struct admin *a,
					     const struct admin_prefix *like);
/* Say it, or say it anew. 0; -ENOSPC: there are too many; -ENOMEM. Copied. */
int admin_put_prefix(struct admin *a, const struct admin_prefix *said);
/* Take it back. 0 or -ENOENT. */
int admin_del_prefix(struct admin *a, const struct admin_prefix *like);
/* Drop those whose time is over. Return: how many it were. */
size_t admin_expire_prefixes(struct admin *a, uint64_t now_ms);

/* No weight is greater, whoever says it. */
#define PLAN_MAX_WEIGHT 1000

/* The weight that counts: configured, overridden, 0 when drained. A percentage is
 * rounded up: only 0 % makes 0. */
uint32_t admin_weight(const struct admin_entry *e_or_null, uint32_t configured);
/* The same as if it were not drained. */
uint32_t admin_weight_enabled(const struct admin_entry *e_or_null, uint32_t configured);

#endif /* PLAN_ADMIN_H */
