/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services that have a table each, on maps in memory: table n has the block of ids
 * from n * SPAN on, and the members 1 to 4, who live unless a test kills them. Those that
 * are filled and put while @tracked are tracked.
 */
#ifndef TESTS_TABLES_WORLD_H
#define TESTS_TABLES_WORLD_H

#include "slots_fake.h"

#define SLOTS SHUNT_MIN_SLOTS
#define LINES (2 * SLOTS / SHUNT_SLOTS_PER_LINE)
#define SPAN 16
#define EARLY_S 60
#define IDLE_S 300

struct world {
	struct slots_fake fake;
	struct tables tables;
	struct id_set alive;
	uint64_t now_ms;
	bool tracked;
};

struct world *world_make(uint32_t n_lines);
/* At the beginning of @size bytes. */
struct world *world_make_in(size_t size, uint32_t n_lines);
void world_free(struct world *w);
/* As after the death of a daemon: the maps stay. */
void world_restart(struct world *w);

/* A recipe: @pool is the members in the order of their positions, as "1204"; 0: a hole. */
int fill_sized(struct world *w, uint32_t n, const char *pool, uint32_t slots);
/* The service of table @n. */
void put(struct world *w, uint32_t n);
/* Table @n and its service. */
void serve(struct world *w, uint32_t n, const char *pool);
/* Tables from 0 on, at once. */
void fill_all(struct world *w, uint32_t n, const char *pool);
void serve_all(struct world *w, uint32_t n, const char *pool);

void pass(struct world *w, uint32_t seconds);
/* Long enough, and nobody's flows are pinned. */
void settle(struct world *w);
void kill_member(struct world *w, uint32_t n, uint32_t member);

/* Where packets of the service are sent. */
struct shunt_service seen(const struct world *w, uint32_t n);
/* Two services read the same table. */
bool together(const struct world *w, uint32_t a, uint32_t b);
/* How many slots of a service are so; in any state, if @state is -1. */
uint32_t count(const struct world *w, uint32_t n, int state, uint32_t prev, uint32_t cur);

#endif /* TESTS_TABLES_WORLD_H */
