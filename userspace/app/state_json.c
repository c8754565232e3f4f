/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/state_json.h"
#include "base/array.h"
#include "base/cleanup.h"

#define STATE_VERSION 1

static void hex_encode(const uint8_t *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

/* --- writing ---------------------------------------------------------------- */

static uint64_t wall_of(uint64_t ms)
{
	return ms ? state_to_wall(ms) : 0;
}

static json_t *admin_to_json(const struct admin *admin)
{
	json_t *list = json_array();

	array_for_each (e, admin->entries, admin->n)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:i, s:i, s:I, s:I}", "service",
						e->service, "backend", e->backend, "state",
						admin_state_name(e->state), "weight", e->weight,
						"weight_percent", e->weight_percent, "since",
						(json_int_t)e->since_wall_s, "until",
						(json_int_t)wall_of(e->deadline_ms)));
	return list;
}

static json_t *retired_to_json(const struct state *s)
{
	json_t *list = json_array();

	array_for_each (r, s->retired, s->n_retired)
		json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "service", r->service,
						      "packets", (json_int_t)r->packets, "bytes",
						      (json_int_t)r->bytes));
	return list;
}

static void verdict_to_json(json_t *list, const struct conf_service *s,
			    const struct conf_backend *b, const struct health_status *h,
			    const struct life *life)
{
	json_t *verdict;

	if (h->state == HEALTH_UNKNOWN)
		return;
	verdict =
		json_pack("{s:s, s:s, s:s, s:I, s:I}", "service", s->name, "backend", b->name,
			  "state", health_state_name(h->state), "since",
			  (json_int_t)h->since_wall_s, "warming", (json_int_t)wall_of(life->up_ms));
	if (h->agent != HEALTH_AGENT_SILENT) {
		json_object_set_new(verdict, "agent", json_string(health_agent_name(h->agent)));
		json_object_set_new(verdict, "agent_percent", json_integer(h->agent_percent));
	}
	json_array_append_new(list, verdict);
}

static json_t *health_to_json(const struct conf *conf, const struct health *health,
			      const struct lives *lives)
{
	json_t *list = json_array();

	for (size_t i = 0; health && i < conf->n_services; i++) {
		const struct conf_service *s = &conf->services[i];

		for (size_t j = 0; j < s->n_backends; j++)
			verdict_to_json(list, s, &s->backends[j], health_get(health, i, j),
					lives_at(lives, i, j));
	}
	return list;
}

static json_t *edits_to_json(const struct state *s)
{
	json_t *list = json_array();

	array_for_each (e, s->edits, s->n_edits)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s?}", "service", e->service,
						      "backend", e->backend, "text", e->text));
	return list;
}

json_t *state_to_json(const struct state *s, const struct conf *conf, const struct health *health,
		      const struct lives *lives)
{
	char key[2 * sizeof(s->hash_key) + 1];

	hex_encode(s->hash_key, sizeof(s->hash_key), key);
	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "version", STATE_VERSION,
			 "hash_key", key, "ids", ids_to_json(s->ids), "admin",
			 admin_to_json(&s->admin), "retired", retired_to_json(s), "edits",
			 edits_to_json(s), "health", health_to_json(conf, health, lives));
}

/* --- reading ---------------------------------------------------------------- */

static int admin_from_json(struct admin *admin, const json_t *list)
{
	struct admin_entry *e;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		struct admin_entry read = { 0 };
		const char *state = NULL;
		json_int_t since = 0, until = 0;

		if (json_unpack(item, "{s:s, s:s, s:s, s:i, s:i, s?I, s?I}", "service",
				&read.service, "backend", &read.backend, "state", &state, "weight",
				&read.weight, "weight_percent", &read.weight_percent, "since",
				&since, "until", &until) ||
		    admin_state_parse(state, &read.state))
			return -EINVAL;
		read.since_wall_s = since;
		read.deadline_ms = until > 0 ? state_from_wall(until) : 0;
		e = admin_get(admin, read.service, read.backend);
		if (!e)
			return -ENOMEM;
		admin_say(e, &read);
	}
	return 0;
}

static int retired_from_json(struct state *s, const json_t *list)
{
	json_int_t packets, bytes;
	const char *service;
	struct retired *r;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_unpack(item, "{s:s, s:I, s:I}", "service", &service, "packets", &packets,
				"bytes", &bytes))
			return -EINVAL;
		r = state_retired(s, service);
		if (!r)
			return -ENOMEM;
		r->packets = packets;
		r->bytes = bytes;
	}
	return 0;
}

static int edits_from_json(struct state *s, const json_t *list)
{
	struct conf_edit e = { 0 };
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_unpack(item, "{s:s, s:s}", "service", &e.service, "backend", &e.backend))
			return -EINVAL;
		e.text = json_string_value(json_object_get(item, "text"));
		if (state_add_edit(s, &e))
			return -ENOMEM;
	}
	return 0;
}

static int ids_from_json(const json_t *ids, struct ids **out)
{
	_cleanup_free_ char *text = json_dumps(ids, 0);

	return text ? ids_load(text, out) : -ENOMEM;
}

int state_from_json(struct state *s, const json_t *root)
{
	json_t *ids, *admin, *retired;
	const char *key;
	int version;

	if (json_unpack((json_t *)root, "{s:i, s:s, s:o, s:o, s:o}", "version", &version,
			"hash_key", &key, "ids", &ids, "admin", &admin, "retired", &retired))
		return -EINVAL;
	if (version != STATE_VERSION)
		return -EINVAL;
	return state_hex_decode(key, s->hash_key, sizeof(s->hash_key))
		?: ids_from_json(ids, &s->ids)
		?: admin_from_json(&s->admin, admin)
		?: retired_from_json(s, retired)
		/* Those of former daemons have none. */
		?: edits_from_json(s, json_object_get(root, "edits"));
}

void state_verdicts_from_json(const json_t *root,
			      void (*fn)(void *arg, const struct state_verdict *v), void *arg)
{
	struct state_verdict v;
	const char *state, *agent;
	json_int_t since, warming;
	int percent;
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, "health"), i, item)
	{
		warming = 0;
		agent = "silent";
		percent = 100;
		if (json_unpack(item, "{s:s, s:s, s:s, s:I, s?I, s?s, s?i}", "service", &v.service,
				"backend", &v.backend, "state", &state, "since", &since, "warming",
				&warming, "agent", &agent, "agent_percent", &percent) ||
		    health_agent_parse(agent, &v.agent) || percent < 0 || percent > 100)
			continue;
		v.agent_percent = percent;
		v.state = strcmp(state, "up") ? HEALTH_DOWN : HEALTH_UP;
		v.since_wall_s = since;
		v.warming_wall_s = warming;
		fn(arg, &v);
	}
}
