/* SPDX-License-Identifier: BSD-2-Clause */
/* The ids as JSON text, for the state file. */
#include <arpa/inet.h>
#include <errno.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/ids.h"

static json_t *leg_to_json(const struct plan_leg *leg)
{
	char addr[ADDR_TEXT];

	if (leg->forward == SHUNT_FORWARD_NONE)
		return json_null();
	/* Older daemons know no port, and no way of forwarding that has one. */
	if (!leg->port)
		return json_pack("{s:i, s:s}", "forward", (int)leg->forward, "address",
				 addr_format(&leg->addr, addr));
	return json_pack("{s:i, s:s, s:i}", "forward", (int)leg->forward, "address",
			 addr_format(&leg->addr, addr), "port", ntohs(leg->port));
}

static json_t *backend_to_json(const struct ids_backend *b)
{
	return json_pack("{s:s, s:i, s:I, s:[o, o]}", "name", b->name, "member", (int)b->member,
			 "freed", (json_int_t)b->freed, "legs", leg_to_json(&b->leg[SHUNT_V4]),
			 leg_to_json(&b->leg[SHUNT_V6]));
}

static json_t *names_to_json(const char *const *names, size_t n)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *name = names[i];

		if (json_array_append_new(list, name ? json_string(name) : json_null()))
			return NULL;
	}
	return take_ptr(&list);
}

static json_t *seats_to_json(const struct ids_seats *seats)
{
	return names_to_json(seats->names, seats->n);
}

/* Only what there is: most services have none of it, and older daemons know none. */
static int add_standby(const struct ids_service *service, json_t *json)
{
	const struct ids_seats *backup = &service->seats[POOL_BACKUP];
	int err = 0;

	if (backup->n)
		err |= json_object_set_new(json, "backups",
					   json_pack("{s:i, s:o}", "unit", (int)backup->unit,
						     "positions", seats_to_json(backup)));
	if (service->current)
		err |= json_object_set_new(json, "current", json_string(service->current));
	if (service->n_last)
		err |= json_object_set_new(json, "last",
					   names_to_json(service->last, service->n_last));
	return err;
}

static json_t *service_to_json(const struct ids_service *service)
{
	json_auto_t *backends = json_array();
	json_auto_t *json = NULL;

	for (size_t i = 0; i < service->n_backends; i++)
		if (json_array_append_new(backends, backend_to_json(&service->backends[i])))
			return NULL;
	json = json_pack("{s:s, s:i, s:I, s:i, s:i, s:i, s:i, s:o, s:O}", "name", service->name,
			 "table", (int)service->table, "freed", (json_int_t)service->freed, "base",
			 (int)service->base, "span", (int)service->span, "slots",
			 (int)service->slots, "unit", (int)service->seats[POOL_MAIN].unit,
			 "positions", seats_to_json(&service->seats[POOL_MAIN]), "backends",
			 backends);
	return json && !add_standby(service, json) ? take_ptr(&json) : NULL;
}

static json_t *block_to_json(const struct ids_block *block)
{
	return json_pack("{s:i, s:i, s:i, s:I}", "table", (int)block->table, "base",
			 (int)block->base, "span", (int)block->span, "freed",
			 (json_int_t)block->freed);
}

static int add_text(const char *data, size_t len, void *out)
{
	buf_add(out, data, len);
	return 0;
}

struct json_t *ids_to_json(const struct ids *ids)
{
	json_auto_t *services = json_array();
	json_auto_t *left = json_array();

	for (size_t i = 0; i < ids->n_services; i++)
		if (json_array_append_new(services, service_to_json(&ids->services[i])))
			return NULL;
	for (size_t i = 0; i < ids->n_left; i++)
		if (json_array_append_new(left, block_to_json(&ids->left[i])))
			return NULL;
	return json_pack("{s:i, s:I, s:O, s:O}", "format", IDS_FORMAT, "build",
			 (json_int_t)ids->build, "services", services, "left", left);
}

int ids_save(const struct ids *ids, struct buf *out)
{
	json_auto_t *root = ids_to_json(ids);

	if (!root || json_dump_callback(root, add_text, out, JSON_COMPACT))
		return -ENOMEM;
	buf_puts(out, "\n");
	return out->failed ? -ENOMEM : 0;
}
