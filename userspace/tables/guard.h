/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of prefixes as the program looks them up: how that is laid out stands in
 * shunt/guard.h. All of it is pure; who publishes it is another floor.
 *
 * Prefixes either contain each other or do not meet, so those that contain an address are a
 * chain. What counts is the longest of them that is allowed, or else the longest that is
 * denied; of equal ones the first. From that follow the addresses where one verdict ends and
 * the next begins, at most two for each prefix.
 */
#ifndef TABLES_GUARD_H
#define TABLES_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "plan/firewall.h"
#include "shunt/guard.h"

/* A service has a list of its own: by the base of its block of ids. */
struct guard_owner {
	uint16_t base;
	uint16_t list;
};

/**
 * struct guard_set - everything there is at a time
 * @lists: the first one is that of all services
 */
struct guard_set {
	const struct firewall_list *lists;
	size_t n_lists;
	const struct guard_owner *owners;
	size_t n_owners;
};

/**
 * guard_build() - lay it out
 * @lines: to be released with free()
 *
 * Return: 0; -ENOMEM; -E2BIG.
 */
int guard_build(const struct guard_set *set, struct shunt_guard_line **lines, size_t *n);

#endif /* TABLES_GUARD_H */
