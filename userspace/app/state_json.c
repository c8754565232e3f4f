/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/state_json.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/json_put.h"

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

static void put_names(const char *service, const char *backend, struct buf *out)
{
	json_put_member_text(out, "service", service);
	buf_puts(out, ",");
	json_put_member_text(out, "backend", backend);
}

static void put_admin(const struct admin *admin, struct buf *out)
{
	buf_puts(out, "[");
	array_for_each (e, admin->entries, admin->n) {
		buf_puts(out, e > admin->entries ? ",\n{" : "\n{");
		put_names(e->service, e->backend, out);
		buf_puts(out, ",");
		json_put_member_text(out, "state", admin_state_name(e->state));
		buf_puts(out, ",");
		json_put_member_number(out, "weight", e->weight);
		buf_puts(out, ",");
		json_put_member_number(out, "weight_percent", e->weight_percent);
		buf_puts(out, ",");
		json_put_member_number(out, "since", e->since_wall_s);
		buf_puts(out, ",");
		json_put_member_number(out, "until", wall_of(e->deadline_ms));
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

static void put_edits(const struct state *s, struct buf *out)
{
	buf_puts(out, "[");
	array_for_each (e, s->edits, s->n_edits) {
		buf_puts(out, e > s->edits ? ",\n{" : "\n{");
		put_names(e->service, e->backend, out);
		buf_puts(out, ",\"text\":");
		json_put_text_or_null(out, e->text);
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

static void put_retired(const struct state *s, struct buf *out)
{
	buf_puts(out, "[");
	array_for_each (r, s->retired, s->n_retired) {
		buf_puts(out, r > s->retired ? ",\n{" : "\n{");
		json_put_member_text(out, "service", r->service);
		buf_puts(out, ",");
		json_put_member_number(out, "packets", r->packets);
		buf_puts(out, ",");
		json_put_member_number(out, "bytes", r->bytes);
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

static void put_verdict(const struct health_status *h, const struct life *life, struct buf *out)
{
	buf_puts(out, ",");
	json_put_member_text(out, "state", health_state_name(h->state));
	buf_puts(out, ",");
	json_put_member_number(out, "since", h->since_wall_s);
	buf_puts(out, ",");
	json_put_member_number(out, "warming", wall_of(life->up_ms));
	if (h->agent != HEALTH_AGENT_SILENT) {
		buf_puts(out, ",");
		json_put_member_text(out, "agent", health_agent_name(h->agent));
		buf_puts(out, ",");
		json_put_member_number(out, "agent_percent", h->agent_percent);
	}
	buf_puts(out, "}");
}

static void put_health(const struct conf *conf, const struct health *health,
		       const struct lives *lives, struct buf *out)
{
	const char *before = "\n{";

	buf_puts(out, "[");
	for (size_t i = 0; health && i < conf->n_services; i++) {
		const struct conf_service *s = &conf->services[i];

		for (size_t j = 0; j < s->n_backends; j++) {
			const struct health_status *h = health_get(health, i, j);

			if (h->state == HEALTH_UNKNOWN)
				continue;
			buf_puts(out, before);
			put_names(s->name, s->backends[j].name, out);
			put_verdict(h, lives_at(lives, i, j), out);
			before = ",\n{";
		}
	}
	buf_puts(out, "]");
}

int state_to_text(const struct state *s, const struct conf *conf, const struct health *health,
		  const struct lives *lives, struct buf *out)
{
	char key[2 * sizeof(s->hash_key) + 1], boot_id[STATE_BOOT_ID];
	int err;

	hex_encode(s->hash_key, sizeof(s->hash_key), key);
	buf_puts(out, "{");
	json_put_member_number(out, "version", STATE_VERSION);
	buf_puts(out, ",\n");
	json_put_member_text(out, "hash_key", key);
	buf_puts(out, ",\n");
	state_boot_id(boot_id);
	json_put_member_text(out, "boot_id", boot_id);
	buf_puts(out, ",\n\"ids\":");
	err = ids_save(s->ids, out);
	buf_puts(out, ",\"admin\":");
	put_admin(&s->admin, out);
	buf_puts(out, ",\n\"prefixes\":");
	state_put_prefixes(&s->admin, out);
	buf_puts(out, ",\n\"rules\":");
	state_put_rules(&s->rules, out);
	buf_puts(out, ",\n");
	json_put_member_number(out, "drained_since", s->admin.drained_since_wall_s);
	buf_puts(out, ",\n\"edits\":");
	put_edits(s, out);
	buf_puts(out, ",\n\"retired\":");
	put_retired(s, out);
	buf_puts(out, ",\n\"health\":");
	put_health(conf, health, lives, out);
	buf_puts(out, "}\n");
	return err ?: out->failed ? -ENOMEM : 0;
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

/* Of a former daemon there is nothing. */
static void drain_from_json(struct admin *admin, const json_t *since)
{
	const json_int_t wall_s = json_integer_value(since);

	admin->drained_since_wall_s = wall_s > 0 ? wall_s : 0;
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
	drain_from_json(&s->admin, json_object_get(root, "drained_since"));
	return state_hex_decode(key, s->hash_key, sizeof(s->hash_key))
		?: ids_from_json(ids, &s->ids)
		?: admin_from_json(&s->admin, admin)
		?: retired_from_json(s, retired)
		/* Those of former daemons have none of these. */
		?: state_prefixes_from_json(&s->admin, json_object_get(root, "prefixes"))
		?: state_rules_from_json(&s->rules, json_object_get(root, "rules"))
		?: edits_from_json(s, json_object_get(root, "edits"));
}

/* Of a former release, or where nobody can say, there is nothing to go by: then it is not. */
static bool is_of_another_boot(const json_t *boot_id)
{
	const char *then = json_string_value(boot_id) ?: "";
	char now[STATE_BOOT_ID];

	state_boot_id(now);
	return *then && *now && strcmp(then, now);
}

static enum health_state health_of(const char *state, bool is_stale)
{
	if (is_stale)
		return HEALTH_UNKNOWN;
	return strcmp(state, "up") ? HEALTH_DOWN : HEALTH_UP;
}

void state_verdicts_from_json(const json_t *root,
			      void (*fn)(void *arg, const struct state_verdict *v), void *arg)
{
	const bool is_stale = is_of_another_boot(json_object_get(root, "boot_id"));
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
		v.state = health_of(state, is_stale);
		v.since_wall_s = since;
		v.warming_wall_s = warming;
		fn(arg, &v);
	}
}
