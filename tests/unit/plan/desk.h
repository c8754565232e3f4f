/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of plans, as a daemon makes them, and what it needs for that. */
#ifndef TESTS_UNIT_PLAN_DESK_H
#define TESTS_UNIT_PLAN_DESK_H

#include "make.h"

/**
 * struct desk
 * @conf: changed by the test between plans
 * @words: of the first service
 * @down, @unknown: health of the backends of the first service; others are healthy
 */
struct desk {
	struct conf *conf;
	struct admin admin;
	struct ids *ids;
	struct plan *plan;
	uint32_t *words;
	bool down[MAKE_BACKENDS];
	bool unknown[MAKE_BACKENDS];
};

/* Takes @conf over and makes the first plan. */
void desk_open(struct desk *d, struct conf *conf);
void desk_close(struct desk *d);

void desk_plan(struct desk *d);
/* Plan again. Return: how many slots of the first service moved. */
uint32_t desk_replan(struct desk *d);
/* Slots of a backend of the first service. */
uint32_t desk_share(const struct desk *d, size_t backend);

#endif /* TESTS_UNIT_PLAN_DESK_H */
