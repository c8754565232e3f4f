/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "shunt/guard.h"

void rules_begin(struct rules *r)
{
	array_for_each (i, r->ids, r->n)
		i->wanted = i->is_new = false;
}

static struct rule_id *find_name(const struct rules *r, const char *name)
{
	array_for_each (i, r->ids, r->n)
		if (!strcmp(i->name, name))
			return i;
	return NULL;
}

static struct rule_id *add(struct rules *r, const char *name, uint32_t id)
{
	char *own = strdup(name);
	struct rule_id *i = own ? array_add(&r->ids, &r->n) : NULL;

	if (!i) {
		free(own);
		return NULL;
	}
	*i = (struct rule_id){ .name = own, .id = id };
	return i;
}

static uint32_t lowest_free(const struct rules *r)
{
	bool used[SHUNT_GUARD_RULES] = { [0] = true, [SHUNT_GUARD_FLAGS_RULE] = true };

	array_for_each (i, r->ids, r->n)
		used[i->id] = true;
	for (uint32_t id = 0; id < SHUNT_GUARD_RULES; id++)
		if (!used[id])
			return id;
	return 0;
}

static bool has_id(const struct rules *r, uint32_t id)
{
	array_for_each (i, r->ids, r->n)
		if (i->id == id)
			return true;
	return false;
}

uint32_t rules_get(struct rules *r, const char *name)
{
	struct rule_id *i = find_name(r, name);
	const uint32_t id = i ? i->id : lowest_free(r);

	if (!i && id) {
		i = add(r, name, id);
		if (i)
			i->is_new = true;
	}
	if (!i)
		return 0;
	i->wanted = true;
	return i->id;
}

void rules_end(struct rules *r)
{
	size_t kept = 0;

	array_for_each (i, r->ids, r->n) {
		if (i->wanted)
			r->ids[kept++] = *i;
		else
			free(i->name);
	}
	r->n = kept;
}

int rules_restore(struct rules *r, const char *name, uint32_t id)
{
	if (!id || id >= SHUNT_GUARD_FLAGS_RULE || has_id(r, id) || find_name(r, name))
		return -EINVAL;
	return add(r, name, id) ? 0 : -ENOMEM;
}

void rules_free(struct rules *r)
{
	array_for_each (i, r->ids, r->n)
		free(i->name);
	free(r->ids);
	*r = (struct rules){ 0 };
}
