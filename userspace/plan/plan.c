/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "plan/plan.h"

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_free(&plan->arena);
	free(plan);
}

static int backend_compare(const void *key, const void *member)
{
	const uint32_t *id = key;
	const struct plan_backend *b = member;

	return *id < b->id ? -1 : *id > b->id;
}

const struct plan_backend *plan_backend_by_id(const struct plan *plan, uint32_t id)
{
	return plan->n_backends ? bsearch(&id, plan->backends, plan->n_backends,
					  sizeof(*plan->backends), backend_compare)
				: NULL;
}

const struct plan_backend *plan_backend_of(const struct plan *plan, size_t service, size_t backend)
{
	if (service >= plan->n_conf_services ||
	    backend >= plan->first_backend[service + 1] - plan->first_backend[service])
		return NULL;
	return &plan->backends[plan->backend_of[plan->first_backend[service] + backend]];
}

const struct plan_table *plan_table_of(const struct plan *plan, size_t service)
{
	return service < plan->n_conf_services ? &plan->tables[plan->table_of[service]] : NULL;
}
