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
	array_for_each (p, a->prefixes, a->n_prefixes)
		free(p->service);
	free(a->entries);
	free(a->prefixes);
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

/* --- prefixes --------------------------------------------------------------------- */

static bool prefix_is_same(const struct admin_prefix *a, const struct admin_prefix *b)
{
	const bool same_service = a->service && b->service ? !strcmp(a->service, b->service)
							   : !a->service && !b->service;

	return same_service && a->allow == b->allow && conf_prefix_is_equal(&a->prefix, &b->prefix);
}

const struct admin_prefix *admin_find_prefix(const struct admin *a, const struct admin_prefix *like)
{
	array_for_each (p, a->prefixes, a->n_prefixes)
		if (prefix_is_same(p, like))
			return p;
	return NULL;
}

int admin_put_prefix(struct admin *a, const struct admin_prefix *said)
{
	struct admin_prefix *p = (struct admin_prefix *)admin_find_prefix(a, said);
	char *service;

	if (p) {
		p->deadline_ms = said->deadline_ms;
		return 0;
	}
	if (a->n_prefixes >= ADMIN_MAX_PREFIXES)
		return -ENOSPC;
	service = said->service ? strdup(said->service) : NULL;
	p = !service == !said->service ? array_add(&a->prefixes, &a->n_prefixes) : NULL;
	if (!p) {
		free(service);
		return -ENOMEM;
	}
	*p = *said;
	p->service = service;
	return 0;
}

int admin_del_prefix(struct admin *a, const struct admin_prefix *like)
{
	struct admin_prefix *p = (struct admin_prefix *)admin_find_prefix(a, like);

	if (!p)
		return -ENOENT;
	free(p->service);
	a->n_prefixes--;
	memmove(p, p + 1, (a->prefixes + a->n_prefixes - p) * sizeof(*p));
	return 0;
}

size_t admin_expire_prefixes(struct admin *a, uint64_t now_ms)
{
	const size_t before = a->n_prefixes;
	size_t kept = 0;

	array_for_each (p, a->prefixes, a->n_prefixes) {
		if (p->deadline_ms && p->deadline_ms <= now_ms)
			free(p->service);
		else
			a->prefixes[kept++] = *p;
	}
	a->n_prefixes = kept;
	return before - kept;
}
