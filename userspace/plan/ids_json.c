/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ids as JSON text, for the state file, and back. What is read is trusted in
 * nothing: a number out of place would make two backends share an id.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/ids.h"

#define FORMAT 1

/* --- to text ---------------------------------------------------------------- */

static json_t *leg_to_json(const struct plan_leg *leg)
{
	char addr[ADDR_TEXT];

	if (leg->forward == SHUNT_FORWARD_NONE)
		return json_null();
	return json_pack("{s:i, s:s}", "forward", (int)leg->forward, "address",
			 addr_format(&leg->addr, addr));
}

static json_t *backend_to_json(const struct ids_backend *b)
{
	return json_pack("{s:s, s:i, s:I, s:[o, o]}", "name", b->name, "id", (int)b->id, "freed",
			 (json_int_t)b->freed, "legs", leg_to_json(&b->leg[SHUNT_V4]),
			 leg_to_json(&b->leg[SHUNT_V6]));
}

static json_t *seats_to_json(const struct ids_service *service)
{
	json_auto_t *list = json_array();

	for (size_t p = 0; p < service->n_seats; p++) {
		const char *name = service->seats[p];

		if (json_array_append_new(list, name ? json_string(name) : json_null()))
			return NULL;
	}
	return take_ptr(&list);
}

static json_t *service_to_json(const struct ids_service *service)
{
	json_auto_t *backends = json_array();

	for (size_t i = 0; i < service->n_backends; i++)
		if (json_array_append_new(backends, backend_to_json(&service->backends[i])))
			return NULL;
	return json_pack("{s:s, s:i, s:I, s:i, s:o, s:O}", "name", service->name, "table",
			 (int)service->table, "freed", (json_int_t)service->freed, "unit",
			 (int)service->unit, "positions", seats_to_json(service), "backends",
			 backends);
}

static int add_text(const char *data, size_t len, void *out)
{
	buf_add(out, data, len);
	return 0;
}

int ids_save(const struct ids *ids, struct buf *out)
{
	json_auto_t *services = json_array();
	json_auto_t *root = NULL;

	for (size_t i = 0; i < ids->n_services; i++)
		if (json_array_append_new(services, service_to_json(&ids->services[i])))
			return -ENOMEM;
	root = json_pack("{s:i, s:I, s:O}", "format", FORMAT, "build", (json_int_t)ids->build,
			 "services", services);
	if (!root || json_dump_callback(root, add_text, out, JSON_COMPACT))
		return -ENOMEM;
	buf_puts(out, "\n");
	return out->failed ? -ENOMEM : 0;
}

/* --- from text -------------------------------------------------------------- */

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
	int forward;

	if (json_is_null(json))
		return 0;
	if (json_unpack(json, "{s:i, s:s !}", "forward", &forward, "address", &addr))
		return -EINVAL;
	if (forward <= SHUNT_FORWARD_NONE || forward >= SHUNT_FORWARD_COUNT)
		return -EINVAL;
	leg->forward = forward;
	return addr_parse(addr, &leg->addr);
}

static int backend_from_json(struct ids *ids, json_t *json, struct ids_backend *b)
{
	json_t *name, *id, *freed, *v4, *v6;
	json_int_t n_id, n_freed;
	int err;

	if (json_unpack(json, "{s:o, s:o, s:o, s:[o, o !] !}", "name", &name, "id", &id, "freed",
			&freed, "legs", &v4, &v6))
		return -EINVAL;
	err = string_from_json(&ids->arena, name, &b->name)
	    ?: number_from_json(id, 1, SHUNT_MAX_BACKENDS - 1, &n_id)
	    ?: number_from_json(freed, 0, ids->build, &n_freed)
	    ?: leg_from_json(v4, &b->leg[SHUNT_V4])
	    ?: leg_from_json(v6, &b->leg[SHUNT_V6]);
	if (err)
		return err;
	b->id = n_id;
	b->freed = n_freed;
	return 0;
}

static int seats_from_json(struct ids *ids, const json_t *list, struct ids_service *service)
{
	int err;

	service->n_seats = json_array_size(list);
	if (!json_is_array(list) || service->n_seats > SHUNT_MAX_SLOTS ||
	    (service->n_seats && !service->unit))
		return -EINVAL;
	service->seats = arena_alloc(&ids->arena, service->n_seats * sizeof(*service->seats));
	if (!service->seats)
		return -ENOMEM;
	for (size_t p = 0; p < service->n_seats; p++) {
		const json_t *seat = json_array_get(list, p);

		err = json_is_null(seat) ? 0
					 : string_from_json(&ids->arena, seat, &service->seats[p]);
		if (err)
			return err;
	}
	return 0;
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
		err = backend_from_json(ids, json_array_get(list, i), &service->backends[i]);
	return err;
}

static int service_from_json(struct ids *ids, json_t *json, struct ids_service *service)
{
	json_t *name, *table, *freed, *unit, *positions, *backends;
	json_int_t n_table, n_freed, n_unit;
	int err;

	if (json_unpack(json, "{s:o, s:o, s:o, s:o, s:o, s:o !}", "name", &name, "table", &table,
			"freed", &freed, "unit", &unit, "positions", &positions, "backends",
			&backends))
		return -EINVAL;
	err = string_from_json(&ids->arena, name, &service->name)
	    ?: number_from_json(table, 0, SHUNT_MAX_SERVICES - 1, &n_table)
	    ?: number_from_json(freed, 0, ids->build, &n_freed)
	    ?: number_from_json(unit, 0, PLAN_MAX_WEIGHT, &n_unit);
	if (err)
		return err;
	service->table = n_table;
	service->freed = n_freed;
	service->unit = n_unit;
	return seats_from_json(ids, positions, service)
		       ?: backends_from_json(ids, backends, service);
}

static int services_from_json(struct ids *ids, const json_t *list)
{
	size_t n = json_array_size(list);
	int err = 0;

	if (!json_is_array(list))
		return -EINVAL;
	ids->services = arena_alloc(&ids->arena, n * sizeof(*ids->services));
	if (!ids->services)
		return -ENOMEM;
	ids->n_services = n;
	for (size_t i = 0; !err && i < n; i++)
		err = service_from_json(ids, json_array_get(list, i), &ids->services[i]);
	return err;
}

/* Each id and each table once; of each name one in use. @ids are sorted. */
static int ids_check(const struct ids *ids, bool *id_used, bool *table_used)
{
	const struct ids_service *last = NULL;

	array_for_each (service, ids->services, ids->n_services) {
		const struct ids_backend *used = NULL;

		if (table_used[service->table] || (last && !strcmp(last->name, service->name)))
			return -EINVAL;
		table_used[service->table] = true;
		last = service;
		array_for_each (b, service->backends, service->n_backends) {
			if (id_used[b->id] || (service->freed && !b->freed))
				return -EINVAL;
			if (!b->freed && used && !strcmp(used->name, b->name))
				return -EINVAL;
			id_used[b->id] = true;
			used = b->freed ? used : b;
		}
	}
	return 0;
}

int ids_load(const char *text, struct ids **out)
{
	_cleanup_free_ bool *used = calloc(SHUNT_MAX_BACKENDS + SHUNT_MAX_SERVICES, sizeof(*used));
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	json_auto_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *services;
	json_int_t build;
	int format, err;

	if (!used || !ids)
		return -ENOMEM;
	if (json_unpack(root, "{s:i, s:I, s:o !}", "format", &format, "build", &build, "services",
			&services))
		return -EINVAL;
	if (format != FORMAT || build < 0 || build > INT64_MAX / 2)
		return -EINVAL;
	ids->build = build;
	err = services_from_json(ids, services);
	if (err)
		return err;
	ids_sort(ids);
	err = ids_check(ids, used, used + SHUNT_MAX_BACKENDS);
	if (err)
		return err;
	*out = take_ptr(&ids);
	return 0;
}
