/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: which backends of a service may hold slots at all. */
#ifndef PLAN_ROSTER_H
#define PLAN_ROSTER_H

#include "plan/ids.h"

/**
 * struct roster_wish - who is to be chosen from
 * @backends: of the plan, in the order of the config; get plan_backend.serves
 * @old: the record of the service, or NULL
 */
struct roster_wish {
	const struct conf_service *service;
	struct plan_backend *backends;
	const struct ids_service *old;
};

/**
 * roster_call() - say who serves, and what has to be known of it next time
 * @out: its current and last are set, in @arena
 *
 * Return: 0 or -ENOMEM.
 */
int roster_call(struct arena *arena, const struct roster_wish *wish, struct ids_service *out);

#endif /* PLAN_ROSTER_H */
