/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: things in the order of their names, whatever the config's. */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "conf/conf.h"

struct named {
	const char *name;
	uint32_t index; /* in the config */
};

#define NAMES_NONE UINT32_MAX

/* Sorted by name; NULL: no memory. */
struct named *names_of_services(struct arena *arena, const struct conf *conf);
struct named *names_of_backends(struct arena *arena, const struct conf_service *service);

/* Index of @name among @n sorted names, or NAMES_NONE. */
uint32_t names_find(const struct named *names, size_t n, const char *name);

#endif /* PLAN_NAMES_H */
