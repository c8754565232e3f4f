/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "plan/names.h"

static int named_compare(const void *va, const void *vb)
{
	const struct named *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

struct named *names_of_services(struct arena *arena, const struct conf *conf)
{
	struct named *names = arena_alloc(arena, conf->n_services * sizeof(*names));

	if (!names)
		return NULL;
	for (size_t i = 0; i < conf->n_services; i++)
		names[i] = (struct named){ conf->services[i].name, i };
	array_sort(names, conf->n_services, sizeof(*names), named_compare);
	return names;
}

struct named *names_of_backends(struct arena *arena, const struct conf_service *service)
{
	struct named *names = arena_alloc(arena, service->n_backends * sizeof(*names));

	if (!names)
		return NULL;
	for (size_t i = 0; i < service->n_backends; i++)
		names[i] = (struct named){ service->backends[i].name, i };
	array_sort(names, service->n_backends, sizeof(*names), named_compare);
	return names;
}

uint32_t names_find(const struct named *names, size_t n, const char *name)
{
	const struct named key = { .name = name };
	const struct named *found = bsearch(&key, names, n, sizeof(*names), named_compare);

	return found ? found->index : NAMES_NONE;
}
