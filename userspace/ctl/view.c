/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fmt.h"
#include "ctl/view.h"
#include "dataplane/snapshot.h"

const char *view_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

uint64_t view_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool view_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* "80,443/tcp,53/udp": the protocol once for neighbours that share it. */
static void add_ports(const json_t *ports, struct buf *out)
{
	size_t n = json_array_size(ports);

	for (size_t i = 0; i < n; i++) {
		const json_t *p = json_array_get(ports, i);
		const char *proto = view_text(p, "protocol");
		const char *next = view_text(json_array_get(ports, i + 1), "protocol");

		if (view_int(p, "port"))
			buf_printf(out, "%u", (unsigned int)view_int(p, "port"));
		else
			buf_puts(out, "any");
		if (strcmp(proto, next))
			buf_printf(out, "/%s", proto);
		if (i + 1 < n)
			buf_puts(out, ",");
	}
}

/* "203.0.113.10:80,443/tcp", "[2001:db8::10]:53/udp,53/tcp", "192.0.2.1:any/tcp" */
static void add_vip(const json_t *service, size_t vip, struct buf *out)
{
	const json_t *vips = json_object_get(service, "vips");
	const char *addr = json_string_value(json_array_get(vips, vip)) ?: "";

	buf_printf(out, strchr(addr, ':') ? "[%s]:" : "%s:", addr);
	add_ports(json_object_get(service, "ports"), out);
}

void view_service(const json_t *service, enum table_color color,
		  void (*add_rest)(struct table *t, const json_t *service), struct table *t)
{
	const size_t n_vips = json_array_size(json_object_get(service, "vips"));

	for (size_t i = 0; i < n_vips || i == 0; i++) {
		_cleanup_(buf_free) struct buf vip = { 0 };

		add_vip(service, i, &vip);
		table_add(t, color, "%s", i ? "" : view_text(service, "name"));
		table_add(t, TABLE_PLAIN, "%s", buf_str(&vip));
		if (i == 0)
			add_rest(t, service);
		table_end_row(t);
	}
}

enum table_color view_state_color(const char *state)
{
	static const struct {
		const char *state;
		enum table_color color;
	} colors[] = {
		{ "up", TABLE_GREEN },	      { "resolved", TABLE_GREEN },
		{ "degraded", TABLE_YELLOW }, { "drain", TABLE_YELLOW },
		{ "maint", TABLE_YELLOW },    { "unhealthy", TABLE_RED },
		{ "unknown", TABLE_YELLOW },  { "resolving", TABLE_YELLOW },
		{ "down", TABLE_RED },	      { "no-route", TABLE_RED },
		{ "silent", TABLE_RED },
	};

	array_for_each (c, colors, array_len(colors))
		if (!strcmp(c->state, state))
			return c->color;
	return TABLE_PLAIN;
}

void view_slots(const json_t *slots, enum shunt_slot_state first, struct buf *out)
{
	for (int state = first; state < SNAPSHOT_SLOT_STATES; state++) {
		const char *name = slot_state_name(state);

		buf_printf(out, "%s%" PRIu64 " %s", state > (int)first ? ", " : "",
			   view_int(slots, name), name);
	}
}

void view_conntrack(const json_t *conntrack, struct buf *out)
{
	const uint64_t entries = view_int(conntrack, "entries");
	const uint64_t capacity = view_int(conntrack, "capacity");
	const uint64_t used = view_int(conntrack, "ports_used");
	const uint64_t ports = view_int(conntrack, "ports_capacity");

	if (!capacity)
		return;
	buf_printf(out, "connections: %" PRIu64 " of %" PRIu64 " (%s)", entries, capacity,
		   fmt_percent(entries, capacity).text);
	buf_printf(out, ", %s\n", fmt_size(view_int(conntrack, "bytes")).text);
	if (json_is_true(json_object_get(conntrack, "syn_flood")))
		buf_printf(out, "too many SYNs: they are answered by cookies\n");
	if (!ports)
		return;
	buf_printf(out, "ports of the pool: %" PRIu64 " of %" PRIu64 " in use", used, ports);
	buf_printf(out, ", %s to the server that has most\n",
		   fmt_percent(view_int(conntrack, "ports_most"), view_int(conntrack, "ports_each"))
			   .text);
}

/* ", 12 of 100 connections": of a backend whose connections are counted. */
static void add_connections(const json_t *connections, struct buf *out)
{
	uint64_t now = view_int(connections, "now"), limit = view_int(connections, "limit");

	if (!json_is_object(connections))
		return;
	buf_printf(out, ", %" PRIu64, now);
	if (limit)
		buf_printf(out, " of %" PRIu64, limit);
	buf_printf(out, " connection%s", (limit ?: now) == 1 ? "" : "s");
}

static void add_flows(const json_t *backend, struct buf *out)
{
	uint64_t flows = view_int(backend, "flows");

	if (flows)
		buf_printf(out, ", %" PRIu64 " flow%s", flows, flows == 1 ? "" : "s");
}

static void add_time_left(const json_t *drain, struct buf *out)
{
	if (view_bool(drain, "over"))
		buf_puts(out, ", over");
	else if (view_int(drain, "until"))
		buf_printf(out, ", %s left", fmt_age(view_int(drain, "left")).text);
}

void view_backend_drain(const json_t *backend, struct buf *out)
{
	const json_t *drain = json_object_get(backend, "drain");

	if (view_bool(drain, "empty")) {
		buf_puts(out, "empty");
		return;
	}
	buf_printf(out, "%" PRIu64 " slots in transition", view_int(drain, "slots"));
	add_flows(backend, out);
	add_connections(json_object_get(backend, "connections"), out);
	add_time_left(drain, out);
}

void view_backend_state(const json_t *backend, struct buf *out)
{
	const json_t *drain = json_object_get(backend, "drain");
	const char *state = view_text(backend, "state");
	bool usable = view_bool(backend, "usable");
	bool serves = view_int(backend, "effective_weight");

	buf_puts(out, state);
	if (!strcmp(state, "drain"))
		add_flows(backend, out);
	if (view_bool(drain, "empty"))
		buf_puts(out, ", empty");
	else
		add_time_left(drain, out);
	if (serves && view_int(backend, "warmth_percent") &&
	    view_int(backend, "warmth_percent") < 100)
		buf_printf(out, ", %" PRIu64 "%% warm", view_int(backend, "warmth_percent"));
	if (usable != serves)
		buf_puts(out, usable ? ", standby" : ", in use");
	add_connections(json_object_get(backend, "connections"), out);
}

void view_probe(const json_t *backend, struct buf *out)
{
	const json_t *check = json_object_get(backend, "check");
	const char *detail = view_text(check, "detail");
	uint64_t us = view_int(check, "duration_us");

	buf_puts(out, *detail ? detail : view_text(check, "reason"));
	if (us)
		buf_printf(out, " %s", fmt_duration(us).text);
}

const char *view_since(const json_t *backend, uint64_t now, struct fmt *room)
{
	const json_t *check = json_object_get(backend, "check");
	uint64_t since = view_int(check, "since");

	if (!since || since > now || strcmp(view_text(backend, "state"), view_text(check, "state")))
		return "";
	*room = fmt_age(now - since);
	return room->text;
}
