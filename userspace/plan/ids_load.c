/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ids from the JSON text of the state file. What is read is trusted in
 * nothing: a number out of place would make two backends share an id.
 *
 * Format 1, before services had blocks, is still read. Its ids are dropped: no map
 * that they were in can be gone on with. What decides where flows go is kept: the
 * positions, the units, and that every table had as many slots, SLOTS_LASTING
 * unless the config said otherwise, and still does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/blocks.h"
#include "plan/ids.h"
#include "plan/slots.h"

#define FORMAT_WITHOUT_BLOCKS 1

static int string_from_json(struct arena *arena, const json_t *json, const char **out)
{
	const char *s = json_string_value(json);

	if (!s || !*s)
		return -EINVAL;
	*out = arena_strndup(arena, s, strlen(s));
	return *out ? 0 : -ENOMEM;
}

static int number_from_json(const json_t *json, json_int_t min, json_int_t max, json_int_t *out)
{
	json_int_t n = json_integer_value(json);

	if (!json_is_integer(json) || n < min || n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

static int leg_from_json(json_t *json, struct plan_leg *leg)
{
	const char *addr;
	int forward, port = 0;

	if (json_is_null(json))
		return 0;
	if (json_unpack(json, "{s:i, s:s, s?i !}", "forward", &forward, "address", &addr, "port",
			&port))
		return -EINVAL;
	if (forward <= SHUNT_FORWARD_NONE || forward >= SHUNT_FORWARD_COUNT)
		return -EINVAL;
	if (port < 0 || port > UINT16_MAX)
		return -EINVAL;
	leg->forward = forward;
	leg->port = htons(port);
	return addr_parse(addr, &leg->addr);
}

static int backend_from_json(struct ids *ids, json_t *json, uint32_t span, struct ids_backend *b)
{
	json_t *name, *member, *freed, *v4, *v6;
	json_int_t n_member, n_freed;
	int err;

	if (json_unpack(json, "{s:o, s:o, s:o, s:[o, o !] !}", "name", &name, "member", &member,
			"freed", &freed, "legs", &v4, &v6))
		return -EINVAL;
	err = string_from_json(&ids->arena, name, &b->name)
	    ?: number_from_json(member, 1, (json_int_t)span - 1, &n_member)
	    ?: number_from_json(freed, 0, ids->build, &n_freed)
	    ?: leg_from_json(v4, &b->leg[SHUNT_V4])
	    ?: leg_from_json(v6, &b->leg[SHUNT_V6]);
	if (err)
		return err;
	b->member = n_member;
	b->freed = n_freed;
	return 0;
}

/* Null is a name only where there may be holes. */
static int names_from_json(struct ids *ids, const json_t *list, bool holes, const char ***out)
{
	const size_t n = json_array_size(list);
	const char **names = arena_alloc(&ids->arena, n * sizeof(*names));
	int err = names ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < n; i++) {
		const json_t *name = json_array_get(list, i);

		if (!holes || !json_is_null(name))
			err = string_from_json(&ids->arena, name, &names[i]);
	}
	if (!err)
		*out = names;
	return err;
}

static int seats_from_json(struct ids *ids, const json_t *unit, const json_t *list,
			   struct ids_seats *seats)
{
	json_int_t n_unit;
	int err = number_from_json(unit, 0, PLAN_MAX_WEIGHT, &n_unit);

	if (err || !json_is_array(list) || json_array_size(list) > SHUNT_MAX_SLOTS ||
	    (json_array_size(list) && !n_unit))
		return -EINVAL;
	seats->unit = n_unit;
	seats->n = json_array_size(list);
	return names_from_json(ids, list, true, &seats->names);
}

static int backups_from_json(struct ids *ids, json_t *json, struct ids_seats *seats)
{
	json_t *unit, *positions;

	if (!json)
		return 0;
	if (json_unpack(json, "{s:o, s:o !}", "unit", &unit, "positions", &positions))
		return -EINVAL;
	return seats_from_json(ids, unit, positions, seats);
}

static int last_from_json(struct ids *ids, const json_t *list, struct ids_service *service)
{
	if (!list)
		return 0;
	if (!json_is_array(list) || json_array_size(list) >= SHUNT_MAX_MEMBERS)
		return -EINVAL;
	service->n_last = json_array_size(list);
	return names_from_json(ids, list, false, &service->last);
}

static int backends_from_json(struct ids *ids, const json_t *list, struct ids_service *service)
{
	size_t n = json_array_size(list);
	int err = 0;

	if (!json_is_array(list))
		return -EINVAL;
	service->backends = arena_alloc(&ids->arena, n * sizeof(*service->backends));
	if (!service->backends)
		return -ENOMEM;
	service->n_backends = n;
	for (size_t i = 0; !err && i < n; i++)
		err = backend_from_json(ids, json_array_get(list, i), service->span,
					&service->backends[i]);
	return err;
}

/* @span may be 0 where there is no block yet, which has no place then. */
static int block_from_json(const json_t *base, const json_t *span, uint32_t *base_out,
			   uint32_t *span_out)
{
	json_int_t n_base, n_span;
	int err = number_from_json(span, 0, SHUNT_MAX_MEMBERS, &n_span);

	err = err ?: number_from_json(base, 0, n_span ? SHUNT_MAX_BACKENDS - n_span : 0, &n_base);
	if (err)
		return err;
	if (n_span && !blocks_is_span(n_span))
		return -EINVAL;
	*base_out = n_base;
	*span_out = n_span;
	return 0;
}

static int slots_from_json(const json_t *json, uint32_t *out)
{
	json_int_t slots;
	int err = number_from_json(json, SHUNT_MIN_SLOTS, SHUNT_MAX_SLOTS, &slots);

	if (err || (slots & (slots - 1)))
		return -EINVAL;
	*out = slots;
	return 0;
}

/* A service as each format has it. */
struct service_json {
	json_t *name, *table, *freed, *unit, *positions, *backends;
	json_t *base, *span, *slots;
	json_t *backups, *current, *last; /* NULL where there is no such thing */
};

static int service_unpack(json_t *json, int format, struct service_json *s)
{
	static const char *const text[] = {
		[FORMAT_WITHOUT_BLOCKS] = "{s:o, s:o, s:o, s:o, s:o, s:o !}",
		[IDS_FORMAT] = "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s?o, s?o, s?o !}",
	};

	return json_unpack(json, text[format], "name", &s->name, "table", &s->table, "freed",
			   &s->freed, "unit", &s->unit, "positions", &s->positions, "backends",
			   &s->backends, "base", &s->base, "span", &s->span, "slots", &s->slots,
			   "backups", &s->backups, "current", &s->current, "last", &s->last)
		       ? -EINVAL
		       : 0;
}

static int block_and_backends_from_json(struct ids *ids, const struct service_json *json,
					struct ids_service *service)
{
	if (!json->base) {
		service->slots = SLOTS_LASTING;
		return json_is_array(json->backends) ? 0 : -EINVAL;
	}
	return block_from_json(json->base, json->span, &service->base, &service->span)
		       ?: slots_from_json(json->slots, &service->slots)
		       ?: backends_from_json(ids, json->backends, service);
}

static int standby_from_json(struct ids *ids, const struct service_json *json,
			     struct ids_service *service)
{
	int err = backups_from_json(ids, json->backups, &service->seats[POOL_BACKUP])
			  ?: last_from_json(ids, json->last, service);

	if (!err && json->current)
		err = string_from_json(&ids->arena, json->current, &service->current);
	return err;
}

static int service_from_json(struct ids *ids, const struct service_json *json,
			     struct ids_service *service)
{
	json_int_t n_table, n_freed;
	int err;

	err = string_from_json(&ids->arena, json->name, &service->name)
	    ?: number_from_json(json->table, 0, SHUNT_MAX_SERVICES - 1, &n_table)
	    ?: number_from_json(json->freed, 0, ids->build, &n_freed);
	if (err)
		return err;
	service->table = n_table;
	service->freed = n_freed;
	return seats_from_json(ids, json->unit, json->positions, &service->seats[POOL_MAIN])
		       ?: standby_from_json(ids, json, service)
		       ?: block_and_backends_from_json(ids, json, service);
}

static int services_from_json(struct ids *ids, const json_t *list, int format)
{
	size_t n = json_array_size(list);
	int err = 0;

	if (!json_is_array(list))
		return -EINVAL;
	ids->services = arena_alloc(&ids->arena, n * sizeof(*ids->services));
	if (!ids->services)
		return -ENOMEM;
	for (size_t i = 0; !err && i < n; i++) {
		struct ids_service *service = &ids->services[ids->n_services];
		struct service_json json = { 0 };

		err = service_unpack(json_array_get(list, i), format, &json)
			      ?: service_from_json(ids, &json, service);
		/* A service at rest has nothing to keep where ids are dropped. */
		if (format == IDS_FORMAT || !service->freed)
			ids->n_services++;
		else
			*service = (struct ids_service){ 0 };
	}
	return err;
}

static int left_from_json(struct ids *ids, const json_t *list)
{
	if (!json_is_array(list))
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct ids_block *block = array_add(&ids->left, &ids->n_left);
		json_t *table, *base, *span, *freed;
		json_int_t n_table, n_freed;
		int err;

		if (!block)
			return -ENOMEM;
		if (json_unpack(json_array_get(list, i), "{s:o, s:o, s:o, s:o !}", "table", &table,
				"base", &base, "span", &span, "freed", &freed))
			return -EINVAL;
		err = number_from_json(table, 0, SHUNT_MAX_SERVICES - 1, &n_table)
			      ?: block_from_json(base, span, &block->base, &block->span)
			      ?: number_from_json(freed, 1, ids->build, &n_freed);
		if (err)
			return err;
		block->table = n_table;
		block->freed = n_freed;
	}
	return 0;
}

/* Each member once; of each name one in use. */
static int backends_check(const struct ids_service *service)
{
	_cleanup_free_ bool *seen = calloc(service->span + 1, sizeof(*seen));
	const struct ids_backend *used = NULL;

	if (!seen)
		return -ENOMEM;
	array_for_each (b, service->backends, service->n_backends) {
		if (seen[b->member] || (service->freed && !b->freed))
			return -EINVAL;
		if (!b->freed && used && !strcmp(used->name, b->name))
			return -EINVAL;
		seen[b->member] = true;
		used = b->freed ? used : b;
	}
	return 0;
}

/* Each name, each table and each id of a block once. @ids are sorted. */
static int ids_check(const struct ids *ids)
{
	_cleanup_free_ bool *table_seen = calloc(SHUNT_MAX_SERVICES, sizeof(*table_seen));
	_cleanup_free_ struct blocks *blocks = calloc(1, sizeof(*blocks));
	const struct ids_service *last = NULL;
	int err = table_seen && blocks ? 0 : -ENOMEM;

	array_for_each (service, ids->services, err ? 0 : ids->n_services) {
		if (table_seen[service->table] || (last && !strcmp(last->name, service->name)) ||
		    !blocks_mark(blocks, service->base, service->span))
			return -EINVAL;
		table_seen[service->table] = true;
		last = service;
		err = err ?: backends_check(service);
	}
	array_for_each (block, ids->left, err ? 0 : ids->n_left)
		if (!blocks_mark(blocks, block->base, block->span))
			return -EINVAL;
	return err;
}

static int format_from_json(struct ids *ids, json_t *root)
{
	json_t *services, *left = NULL;
	json_int_t build;
	int format, err;

	if (json_unpack(root, "{s:i, s:I, s:o, s?o !}", "format", &format, "build", &build,
			"services", &services, "left", &left))
		return -EINVAL;
	if (format < FORMAT_WITHOUT_BLOCKS || format > IDS_FORMAT ||
	    (format == IDS_FORMAT) != !!left)
		return -EINVAL;
	if (build < 0 || build > INT64_MAX / 2)
		return -EINVAL;
	ids->build = build;
	err = services_from_json(ids, services, format);
	return err ?: left ? left_from_json(ids, left) : 0;
}

int ids_load(const char *text, struct ids **out)
{
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	json_auto_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	int err;

	if (!ids)
		return -ENOMEM;
	err = format_from_json(ids, root);
	if (err)
		return err;
	ids_sort(ids);
	err = ids_check(ids);
	if (err)
		return err;
	*out = take_ptr(&ids);
	return 0;
}
