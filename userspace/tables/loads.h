/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads of backends (struct shunt_load), put right by the flows that there are. The
 * program counts what begins and what the client ends. What falls silent, and what
 * another flow pushes out of the cache, is counted for ever if nobody looks.
 *
 * A sweep of the cache takes a while, and part after part, in which flows begin and end:
 * so what is found in it is compared with the mean of what was counted when each part
 * was looked at. Of the difference, what began and ended within these moments may be
 * ours, and only what exceeds that is taken from the number, or added to it, at once.
 * The program and we both add to the number and never write it, so nothing is lost.
 *
 * Pure: loads are memory, be it the mapping of the map.
 */
#ifndef TABLES_LOADS_H
#define TABLES_LOADS_H

#include <stdint.h>

#include "shunt/abi.h"

/**
 * struct loads_look - what a sweep has seen of a backend; zeroes at its beginning
 * @active, @opened: before the part that is being looked at
 * @sum: of @active before and after each part
 * @parts: that were looked at
 * @moved: connections that began or ended meanwhile
 * @found: in the cache
 */
struct loads_look {
	uint32_t active;
	uint32_t opened;
	int64_t sum;
	uint32_t parts;
	uint32_t moved;
	uint32_t found;
};

/* Before a part is looked at, and after, when @found of its connections were in it. */
void loads_before(struct loads_look *l, const struct shunt_load *load);
void loads_after(struct loads_look *l, const struct shunt_load *load, uint32_t found);

/* The sweep is over. Return: what was taken from the number, negative if it was added to. */
int32_t loads_correct(const struct loads_look *l, struct shunt_load *load);

/* As the program sees it: less than none are none. */
uint32_t loads_active(const struct shunt_load *load);

/* What a backend had is another one's, or, with @to NULL, nobody's. */
void loads_move(struct shunt_load *from, struct shunt_load *to);

#endif /* TABLES_LOADS_H */
