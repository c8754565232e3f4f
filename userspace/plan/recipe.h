/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: the recipe of a service's slot table. */
#ifndef PLAN_RECIPE_H
#define PLAN_RECIPE_H

#include "plan/plan.h"
#include "plan/seats.h"

/* Whose tables those of @s are like. */
static inline enum conf_scheduler recipe_scheduler(enum conf_scheduler s)
{
	switch (s) {
	case CONF_SCHEDULER_SOURCE:
	case CONF_SCHEDULER_RANDOM:
	case CONF_SCHEDULER_LEAST_CONN:
		return CONF_SCHEDULER_CONSISTENT;
	default:
		return s;
	}
}

/* The greatest number that both can be divided by; of 0 and another, that one. */
static inline uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/**
 * recipe_make() - who sits where in @table
 * @backends: of the plan, with ids, in the order of the config
 * @seats: of the pools of the service, for scheduler consistent
 * @table: its scheduler, block and slots are set
 *
 * Return: 0 or -ENOMEM.
 */
int recipe_make(struct arena *arena, const struct conf_service *service,
		const struct plan_backend *backends, const struct seats *seats,
		struct plan_table *table);

#endif /* PLAN_RECIPE_H */
