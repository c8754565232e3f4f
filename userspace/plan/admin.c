/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "plan/admin.h"

static const char *const state_names[ADMIN_STATES] = {
	[ADMIN_ENABLED] = "enabled",
	[ADMIN_DRAIN] = "drain",
	[ADMIN_MAINT] = "maint",
};

const char *admin_state_name(enum admin_state state)
{
	return state_names[state];
}

int admin_state_parse(const char *name, enum admin_state *out)
{
	for (size_t i = 0; i < ADMIN_STATES; i++) {
		if (strcmp(state_names[i], name))
			continue;
		*out = i;
		return 0;
	}
	return -EINVAL;
}

const struct admin_entry *admin_find(const struct admin *a, const char *service,
				     const char *backend)
{
	array_for_each (e, a->entries, a->n) {
		if (!strcmp(e->backend, backend) && !strcmp(e->service, service))
			return e;
	}
	return NULL;
}

static void admin_entry_free(struct admin_entry *e)
{
	free(e->service);
	free(e->backend);
}

struct admin_entry *admin_get(struct admin *a, const char *service, const char *backend)
{
	struct admin_entry *e = (struct admin_entry *)admin_find(a, service, backend);

	if (e)
		return e;
	e = array_add(&a->entries, &a->n);
	if (!e)
		return NULL;
	*e = (struct admin_entry){
		.service = strdup(service),
		.backend = strdup(backend),
		.weight = -1,
		.weight_percent = -1,
	};
	if (!e->service || !e->backend) {
		admin_entry_free(e);
		a->n--;
		return NULL;
	}
	return e;
}

void admin_say(struct admin_entry *e, const struct admin_entry *said)
{
	char *service = e->service, *backend = e->backend;

	*e = *said;
	e->service = service;
	e->backend = backend;
}

void admin_compact(struct admin *a)
{
	size_t kept = 0;

	array_for_each (e, a->entries, a->n) {
		if (e->state == ADMIN_ENABLED && e->weight < 0 && e->weight_percent < 0)
			admin_entry_free(e);
		else
			a->entries[kept++] = *e;
	}
	a->n = kept;
}

void admin_free(struct admin *a)
{
	array_for_each (e, a->entries, a->n)
		admin_entry_free(e);
	free(a->entries);
	*a = (struct admin){ 0 };
}

uint32_t admin_weight_enabled(const struct admin_entry *e, uint32_t configured)
{
	uint64_t weight = configured;

	if (e && e->weight >= 0)
		weight = e->weight;
	else if (e && e->weight_percent >= 0)
		weight = (weight * e->weight_percent + 99) / 100;
	return weight < PLAN_MAX_WEIGHT ? weight : PLAN_MAX_WEIGHT;
}

uint32_t admin_weight(const struct admin_entry *e, uint32_t configured)
{
	return e && e->state != ADMIN_ENABLED ? 0 : admin_weight_enabled(e, configured);
}
