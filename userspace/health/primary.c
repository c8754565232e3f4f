/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "health/primary.h"

static bool wants_primary(const struct target *t)
{
	return t->request.type == CONF_CHECK_MYSQL && t->request.mysql.role == CONF_ROLE_PRIMARY;
}

/*
 * @rival is in use, and has not said since that it is no primary: one of whom nothing was
 * heard yet, after a restart, or of whom a probe told nothing, has it as before.
 */
static bool has_service(const struct target *rival)
{
	return rival->status.state == HEALTH_UP && !rival->status.falling;
}

/* Both are in use, as after a moment's failure of one: the older one has it. */
static bool was_before(const struct target *rival, const struct target *t)
{
	return t->status.state != HEALTH_UP || rival->status.since_wall_s < t->status.since_wall_s;
}

static size_t end_of_service(const struct target_set *set, size_t service)
{
	return service + 1 < set->n_services ? set->first[service + 1] : set->n;
}

static const struct target *rival_of(const struct target_set *set, const struct target *t)
{
	for (size_t i = set->first[t->service]; i < end_of_service(set, t->service); i++) {
		const struct target *rival = set->by_place[i];

		if (rival != t && wants_primary(rival) && has_service(rival) &&
		    was_before(rival, t))
			return rival;
	}
	return NULL;
}

/* Without the name of the service. */
static const char *short_name(const struct target *t)
{
	return strchr(t->name, '/') + 1;
}

enum health_code primary_judge(const struct target_set *set, const struct target *t, char *detail)
{
	const struct target *rival = wants_primary(t) ? rival_of(set, t) : NULL;
	bool known = t->status.code == HEALTH_L7DUAL_CODE;

	if (!rival) {
		if (known)
			log_info("%s: is the only primary now", t->name);
		return HEALTH_OK_CODE;
	}
	snprintf(detail, HEALTH_DETAIL, "primary, as %s is, which stays", short_name(rival));
	if (!known)
		log_error("%s: TWO PRIMARIES: it says that it is one, and so does %s, which stays",
			  t->name, short_name(rival));
	return HEALTH_L7DUAL_CODE;
}

struct target *primary_next(const struct target_set *set, const struct target *t, size_t *i)
{
	size_t first = set->first[t->service];

	if (!wants_primary(t))
		return NULL;
	while (first + *i < end_of_service(set, t->service)) {
		struct target *other = set->by_place[first + (*i)++];

		if (other != t && wants_primary(other) && other->status.state == HEALTH_DOWN)
			return other;
	}
	return NULL;
}
