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
 * @warmth, @over, @agent, @agent_percent: of the same, as in struct plan_condition; a warmth of 0 is all
 */
struct desk {
	struct conf *conf;
	struct admin admin;
	struct ids *ids;
	struct plan *plan;
	uint32_t *words;
	bool down[MAKE_BACKENDS];
	bool unknown[MAKE_BACKENDS];
	uint32_t warmth[MAKE_BACKENDS];
	bool over[MAKE_BACKENDS];
	enum health_agent agent[MAKE_BACKENDS];
	uint8_t agent_percent[MAKE_BACKENDS];
};

/* Takes @conf over and makes the first plan. */
void desk_open(struct desk *d, struct conf *conf);
void desk_close(struct desk *d);

void desk_plan(struct desk *d);
/* Plan again. Return: how many slots of the first service moved. */
uint32_t desk_replan(struct desk *d);
/* Slots of a backend of the first service. */
uint32_t desk_share(const struct desk *d, size_t backend);

/* Only the backends of the first service whose names, b1 to b9, have a digit of @which. */
void desk_set_down(struct desk *d, const char *which);
/* Take backend @name of service "web" out, or in again. */
void desk_drain(struct desk *d, const char *name, bool drained);
/* The daemon ends, and another one goes on with its state. */
void desk_restart(struct desk *d);

/* "1 3": who of the first service holds slots; "" for nobody. Valid until the next call. */
const char *desk_who(const struct desk *d);

/* Plan again, and these hold all slots. */
#define DESK_EXPECT(d, names)                                                                      \
	do {                                                                                       \
		desk_plan(d);                                                                      \
		cr_assert_str_eq(desk_who(d), names);                                              \
	} while (0)

#endif /* TESTS_UNIT_PLAN_DESK_H */
