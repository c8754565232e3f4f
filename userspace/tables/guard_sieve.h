/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sieves of the firewall, made of prefixes: shunt/guard.h says what they are.
 *
 * Cells are as small as the longest prefix asks for, or as large as the short ones ask for,
 * which have to mark all cells that they contain. Of the addresses whose cell no prefix meets
 * one in 45 finds its bits set by accident where there are 100 000 prefixes of a family, and
 * one in six if short ones among them have as many cells as they may. One in 300 does with
 * 10 000.
 */
#ifndef TABLES_GUARD_SIEVE_H
#define TABLES_GUARD_SIEVE_H

#include "tables/guard.h"

/* What is in struct shunt_guard_sieve.live at a time. */
struct guard_sieved {
	uint64_t live[SHUNT_GUARD_SIEVES];
};

/**
 * guard_sieve_make() - sieves for @set, where no packet looks
 * @sieve: as packets look at it. guard_sieve_switch() may have been called before only if
 *	since then all packets that were under way have ended
 *
 * There is none where it would be of no use: where prefixes contain half of all addresses, or
 * are more than half a million. Return: what is to be handed to guard_sieve_switch().
 */
struct guard_sieved guard_sieve_make(const struct guard_set *set, struct shunt_guard_sieve *sieve);

/* What packets go by from now on. Return: what they went by before. */
struct guard_sieved guard_sieve_switch(struct shunt_guard_sieve *sieve,
				       const struct guard_sieved *next);

#endif /* TABLES_GUARD_SIEVE_H */
