/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: the recipe of a service's slot table. */
#ifndef PLAN_RECIPE_H
#define PLAN_RECIPE_H

#include "plan/plan.h"
#include "plan/seats.h"

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
