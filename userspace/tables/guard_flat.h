/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside guard*.c: a list as addresses where verdicts begin. */
#ifndef TABLES_GUARD_FLAT_H
#define TABLES_GUARD_FLAT_H

#include <stdbool.h>

#include "tables/guard.h"

/*
 * An address as a number of 128 bits. One of IPv4 is in @high, and @low 0; its prefixes are
 * 32 bits longer then.
 */
struct guard_key {
	uint64_t high;
	uint64_t low;
};

/* From @key on, up to the next one, there is one verdict. */
struct guard_bound {
	struct guard_key key;
	uint32_t verdict;
};

struct guard_key guard_key_of(const struct shunt_addr *addr);

/* <0, 0, >0 */
int guard_key_compare(const struct guard_key *a, const struct guard_key *b);

/**
 * guard_flatten() - the prefixes of one family in a list
 * @out: sorted, the verdict of each differs from that before it, which is 0 before the
 *	first; released with free()
 *
 * Return: 0 or -ENOMEM.
 */
int guard_flatten(const struct firewall_list *list, bool v6, struct guard_bound **out, size_t *n);

#endif /* TABLES_GUARD_FLAT_H */
