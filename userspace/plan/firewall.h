/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firewall's rules and lists: what config and operator say, as one. Who is let through
 * follows from the lists alone (tables/guard.h); which rule it was is told by their verdicts.
 */
#ifndef PLAN_FIREWALL_H
#define PLAN_FIREWALL_H

#include "base/arena.h"
#include "conf/conf.h"
#include "plan/admin.h"
#include "plan/rules.h"
#include "shunt/guard.h"

enum firewall_kind {
	FIREWALL_ALLOW,
	FIREWALL_DENY,
	FIREWALL_LIMIT,
	FIREWALL_FLAGS,
};

/* "allow", "deny", "limit", "tcp_flags" */
const char *firewall_kind_name(enum firewall_kind k);

/* What was added at runtime is one rule for each service and kind: there may be much of it. */
#define FIREWALL_RUNTIME "runtime"

/**
 * struct firewall_rule
 * @id: by which its hits are counted; 0: they are not
 * @service: that it is of; NULL: of all
 * @name: a prefix, the path of a file, FIREWALL_RUNTIME
 * @n: prefixes of it
 */
struct firewall_rule {
	uint32_t id;
	enum firewall_kind kind;
	const char *service;
	const char *name;
	bool is_file;
	bool monitor;
	size_t n;
};

/**
 * struct firewall_prefix - what is said of a network
 * @addr: its first address
 * @bits: of its family
 * @verdict: with SHUNT_GUARD_ALLOW or SHUNT_GUARD_DENY
 */
struct firewall_prefix {
	struct shunt_addr addr;
	uint32_t bits;
	uint32_t verdict;
};

/**
 * struct firewall_list - for all services, or for one
 * @service: index in the config
 * @prefixes: the first of equal ones counts
 */
struct firewall_list {
	size_t service;
	struct firewall_prefix *prefixes;
	size_t n;
};

#define FIREWALL_ALL_SERVICES SIZE_MAX

/* @conf: without its name. @verdict: about what is too much. */
struct firewall_limit {
	struct conf_limit conf;
	uint32_t verdict;
};

/* Of all services, or of one: in the order in which they are asked. */
struct firewall_limits {
	struct firewall_limit *limits;
	size_t n;
};

/**
 * struct firewall - everything in one arena
 * @lists: that of all services, then those of services that have prefixes of their own
 * @limits: those of all services, then those of each service of the config
 */
struct firewall {
	struct arena arena;
	size_t holds; /* firewall_hold() that firewall_free() has not met yet */
	struct firewall_rule *rules;
	size_t n_rules;
	struct firewall_list *lists;
	size_t n_lists;
	struct firewall_limits *limits;
	size_t n_limits;
};

/**
 * firewall_build()
 * @ids: read and extended
 * @out: released with firewall_free(); does not point into @conf
 *
 * Return: 0 or -ENOMEM.
 */
int firewall_build(const struct conf *conf, const struct admin *admin, struct rules *ids,
		   struct firewall **out);

/* One more has @f, as it is; each of them calls firewall_free(). Return: @f. */
struct firewall *firewall_hold(struct firewall *f);
void firewall_free(struct firewall *f);
static inline void firewall_freep(struct firewall **f)
{
	firewall_free(*f);
}

/* The service has prefixes of its own. */
bool firewall_guards(const struct conf_service *service, const struct admin *admin);

/* For struct shunt_rodata.guard: SHUNT_GUARD_*. */
uint32_t firewall_stages(const struct conf *conf, const struct admin *admin);

/* firewall_limits.c: what is not about prefixes */

/* Of firewall_stages(). */
uint32_t firewall_limit_stages(const struct conf *conf);
bool firewall_drops_flags(const struct conf *conf);
/* Limits that the maps must have room for, each service's counted. */
size_t firewall_count_limits(const struct conf *conf);
/* Of firewall_build(). */
int firewall_add_limits(struct firewall *f, const struct conf *conf, struct rules *ids);

#endif /* PLAN_FIREWALL_H */
