/* SPDX-License-Identifier: BSD-2-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/describe.h"
#include "ctl/settings.h"
#include "net/addr.h"

bool describe_is_healthy(const struct snapshot_service *s)
{
	return s->n_usable && s->n_usable >= s->conf->min_healthy;
}

/*
 * "up", "degraded" or "down": all, some or none of its backends are usable; "unhealthy":
 * fewer than min_healthy.
 */
static const char *service_state(const struct snapshot_service *s)
{
	if (!s->n_usable)
		return "down";
	if (!describe_is_healthy(s))
		return "unhealthy";
	return s->n_usable < s->conf->n_backends ? "degraded" : "up";
}

const char *describe_backend_state(const struct snapshot_backend *b)
{
	const struct health_status *h = &b->health;

	if (b->admin != ADMIN_ENABLED)
		return admin_state_name(b->admin);
	if (h->state == HEALTH_UP && h->agent > HEALTH_AGENT_READY)
		return health_agent_name(h->agent);
	return health_state_name(h->state);
}

json_t *describe_drain(const struct snapshot_backend *b)
{
	if (b->admin != ADMIN_DRAIN)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:b, s:i, s:b}", "since",
			 (json_int_t)b->admin_since_wall_s, "until", (json_int_t)b->deadline_wall_s,
			 "left", (json_int_t)b->deadline_left_s, "over", b->is_over, "slots",
			 (int)b->slots_leaving, "empty", b->is_empty);
}

uint64_t describe_wall(const struct snapshot *s, uint64_t ms)
{
	if (!ms)
		return 0;
	if (ms >= s->now_ms)
		return s->now_wall_s + (ms - s->now_ms + 999) / 1000;
	return s->now_wall_s - (s->now_ms - ms) / 1000;
}

json_t *describe_text(const char *text)
{
	json_t *json = json_string(text);
	_cleanup_free_ char *copy = json ? NULL : strdup(text);

	for (char *p = copy; p && *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return json ?: copy ? json_string(copy) : NULL;
}

json_t *describe_addr(const struct shunt_addr *a)
{
	char text[ADDR_TEXT];

	return json_string(addr_format(a, text));
}

static json_t *vips_of(const struct conf_service *s)
{
	json_t *list = json_array();

	array_for_each (vip, s->vips, s->n_vips)
		json_array_append_new(list, describe_addr(vip));
	return list;
}

static json_t *ports_of(const struct conf_service *s)
{
	json_t *list = json_array();

	array_for_each (p, s->ports, s->n_ports)
		json_array_append_new(list, json_pack("{s:i, s:s}", "port", p->port, "protocol",
						      p->proto == IPPROTO_UDP ? "udp" : "tcp"));
	return list;
}

static json_t *describe_health(const struct snapshot_backend *b)
{
	const struct health_status *h = &b->health;

	json_t *health = json_pack(
		"{s:s, s:s, s:I, s:s, s:s, s:o, s:I, s:I, s:I}", "type", b->check_type, "state",
		health_state_name(h->state), "since", (json_int_t)h->since_wall_s, "code",
		health_code_name(h->code), "reason", health_code_text(h->code), "detail",
		describe_text(h->detail), "duration_us", (json_int_t)h->duration_us, "passed",
		(json_int_t)h->results[1], "failed", (json_int_t)h->results[0]);

	if (h->agent != HEALTH_AGENT_SILENT) {
		json_object_set_new(health, "agent", json_string(health_agent_name(h->agent)));
		json_object_set_new(health, "agent_percent", json_integer(h->agent_percent));
	}
	return health;
}

/* null where they are not counted */
static json_t *describe_load(const struct snapshot_backend *b)
{
	if (!b->counted)
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "now", (json_int_t)b->connections, "limit",
			 (json_int_t)b->connections_limit, "opened",
			 (json_int_t)b->connections_opened);
}

static json_t *describe_backend(const struct snapshot_backend *b)
{
	return json_pack(
		"{s:s, s:i, s:o, s:s, s:s, s:b, s:i, s:i, s:i, s:I, s:o, s:I, s:I, s:o, s:o, s:i}",
		"name", b->name, "id", (int)b->id, "address", describe_addr(&b->addr), "admin",
		admin_state_name(b->admin), "state", describe_backend_state(b), "usable", b->usable,
		"weight", (int)b->weight, "effective_weight", (int)b->effective_weight, "slots",
		(int)b->slots, "flows", (json_int_t)b->flows, "connections", describe_load(b),
		"packets", (json_int_t)b->packets, "bytes", (json_int_t)b->bytes, "check",
		describe_health(b), "drain", describe_drain(b), "warmth_percent",
		(int)b->warmth_percent);
}

/* Backends that say that they are the primary, as another one does that stays. */
static json_t *rivals_of(const struct snapshot_service *s)
{
	json_t *list = json_array();

	array_for_each (b, s->backends, s->n_backends)
		if (b->health.code == HEALTH_L7DUAL_CODE)
			json_array_append_new(list, json_string(b->name));
	return list;
}

static json_t *describe_service(const struct snapshot_service *s)
{
	const struct conf_service *c = s->conf;

	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s, s:i, s:i, s:o, s:i, s:i, s:i, s:I, s:I}",
			 "name", c->name, "vips", vips_of(c), "ports", ports_of(c), "forward",
			 conf_forward_name(c->forward), "scheduler",
			 conf_scheduler_name(c->scheduler), "state", service_state(s),
			 "backends_total", (int)s->n_backends, "backends_usable", (int)s->n_usable,
			 "rival_primaries", rivals_of(s), "slots", (int)s->slots, "sharing",
			 (int)s->sharing, "slots_moving", (int)s->slots_moving, "packets",
			 (json_int_t)s->packets, "bytes", (json_int_t)s->bytes);
}

json_t *describe_service_alone(const struct snapshot_service *s)
{
	json_t *service = describe_service(s);

	settings_describe(s->conf, service);
	return service;
}

json_t *describe_backend_of(const struct snapshot_service *s, size_t i)
{
	json_t *backend = describe_backend(&s->backends[i]);

	settings_describe_backend(&s->conf->backends[i], backend);
	return backend;
}

json_t *describe_service_deep(const struct snapshot_service *s)
{
	json_t *service = describe_service_alone(s);
	json_t *backends = json_array();

	for (size_t i = 0; i < s->n_backends; i++)
		json_array_append_new(backends, describe_backend_of(s, i));
	json_object_set_new(service, "backends", backends);
	return service;
}

static json_t *each_service(const struct snapshot *s,
			    json_t *(*describe)(const struct snapshot_service *s))
{
	json_t *list = json_array();

	array_for_each (service, s->services, s->n_services)
		json_array_append_new(list, describe(service));
	return list;
}

json_t *describe_services(const struct snapshot *s)
{
	return each_service(s, describe_service);
}

json_t *describe_services_deep(const struct snapshot *s)
{
	return each_service(s, describe_service_deep);
}

json_t *describe_interfaces(const struct snapshot *s)
{
	json_t *list = json_array();

	array_for_each (i, s->interfaces, s->n_interfaces)
		json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:b, s:b}", "name", i->name,
						      "ifindex", i->ifindex, "mode",
						      conf_xdp_mode_name(i->mode), "attached",
						      i->attached, "dispatcher", i->dispatcher));
	return list;
}

json_t *describe_hop(const struct snapshot_hop *h)
{
	const uint8_t *m = h->mac;
	char mac[18] = "";

	if (h->state == HOP_RESOLVED || h->state == HOP_SILENT)
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3],
			 m[4], m[5]);
	return json_pack("{s:o, s:o, s:s, s:o, s:s, s:i}", "address", describe_addr(&h->addr),
			 "via", describe_addr(&h->via), "state", hop_state_name(h->state),
			 "interface", describe_text(h->ifname), "mac", mac, "mtu", h->mtu);
}

json_t *describe_hops(const struct snapshot *s)
{
	json_t *list = json_array();

	array_for_each (h, s->hops, s->n_hops)
		json_array_append_new(list, describe_hop(h));
	return list;
}

json_t *describe_reasons(const struct snapshot *s)
{
	json_t *list = json_array();

	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:I}", "reason", reason_label(r),
						"action", reason_action(r), "text", reason_text(r),
						"packets", (json_int_t)s->reasons[r]));
	return list;
}

json_t *describe_maps(const struct snapshot *s)
{
	json_t *list = json_array();

	array_for_each (m, s->maps, s->n_maps)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I, s:I}", "name", m->name, "type",
						m->type, "entries", (json_int_t)m->max_entries,
						"bytes", (json_int_t)m->bytes));
	return list;
}

json_t *describe_flows(const struct snapshot *s)
{
	return json_pack("{s:I, s:I, s:I}", "live", (json_int_t)s->flows_live, "capacity",
			 (json_int_t)s->flows_capacity, "bytes", (json_int_t)s->flows_bytes);
}

json_t *describe_conntrack(const struct snapshot *s)
{
	const struct snapshot_conntrack *c = &s->conntrack;
	json_t *states = json_object();

	for (int state = 0; state < SHUNT_CONN_STATES; state++)
		json_object_set_new(states, conn_state_name(state),
				    json_integer(c->by_state[state]));
	return json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:b}", "entries",
			 (json_int_t)c->entries, "capacity", (json_int_t)c->capacity, "bytes",
			 (json_int_t)c->bytes, "states", states, "ports_used",
			 (json_int_t)c->ports_used, "ports_capacity", (json_int_t)c->ports_capacity,
			 "ports_most", (json_int_t)c->ports_most, "ports_each",
			 (json_int_t)c->ports_each, "syn_flood", c->has_syn_flood);
}

json_t *describe_tables(const struct snapshot *s)
{
	const struct snapshot_tables *t = &s->tables;

	return json_pack("{s:I, s:I, s:I, s:I}", "tables", (json_int_t)t->tables, "places",
			 (json_int_t)t->places, "bytes", (json_int_t)t->bytes, "bytes_total",
			 (json_int_t)t->bytes_total);
}

json_t *describe_slots(const struct snapshot *s)
{
	json_t *slots = json_object();

	for (int state = 0; state < SNAPSHOT_SLOT_STATES; state++)
		json_object_set_new(slots, slot_state_name(state),
				    json_integer(s->slots_by_state[state]));
	return slots;
}

enum ctl_exit describe_put(struct ctl_call *call, const char *key, json_t *value)
{
	if (!json_object_set_new(call->data, key, value))
		return CTL_OK;
	buf_puts(&call->error, "out of memory");
	return CTL_FAILED;
}

struct snapshot *describe_snapshot(struct ctl_call *call)
{
	struct snapshot *s = call->ops->snapshot(call->app);

	if (!s)
		buf_puts(&call->error, "out of memory");
	return s;
}
