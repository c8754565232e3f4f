/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt service: virtual services. */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/find.h"
#include "base/fmt.h"
#include "ctl/settings.h"
#include "ctl/view.h"

enum ctl_exit cmd_service_list(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "services", describe_services(s));
}

enum ctl_exit cmd_service_show(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const struct snapshot_service *service;

	if (!s)
		return CTL_FAILED;
	service = find_service(call, s, call->args[0]);
	if (!service)
		return CTL_NOT_FOUND;
	return describe_put(call, "now", json_integer(s->now_wall_s))
		       ?: describe_put(call, "service", describe_service_deep(service));
}

static void add_service(struct table *t, const json_t *s)
{
	const char *state = view_text(s, "state");

	table_add(t, TABLE_PLAIN, "%s", view_text(s, "forward"));
	table_add(t, TABLE_PLAIN, "%s", view_text(s, "scheduler"));
	table_add(t, TABLE_PLAIN, "%" PRIu64 "/%" PRIu64, view_int(s, "backends_usable"),
		  view_int(s, "backends_total"));
	table_add(t, TABLE_PLAIN, "%s", fmt_count(view_int(s, "packets")).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_bytes(view_int(s, "bytes")).text);
	table_add(t, view_state_color(state), "%s", state);
}

static const struct table_column service_columns[] = {
	{ "SERVICE", false }, { "VIP:PORT", false }, { "FORWARD", false }, { "SCHEDULER", false },
	{ "UP/ALL", true },   { "PACKETS", true },   { "BYTES", true },	   { "STATE", false },
};

void render_service_list(const struct ctl_view *view, struct buf *out)
{
	const json_t *services = json_object_get(view->data, "services");
	_cleanup_(table_free) struct table t = { .columns = service_columns,
						 .n_columns = array_len(service_columns) };

	for (size_t i = 0; i < json_array_size(services); i++)
		view_service(json_array_get(services, i), TABLE_PLAIN, add_service, &t);
	if (!t.n_cells)
		buf_puts(out, "no services\n");
	table_print(&t, view->color, out);
}

static const struct table_column backend_columns[] = {
	{ "BACKEND", false }, { "ADDRESS", false }, { "STATE", false },	     { "FOR", true },
	{ "WEIGHT", true },   { "SHARE", true },    { "PACKETS", true },     { "BYTES", true },
	{ "PASSED", true },   { "FAILED", true },   { "LAST CHECK", false },
};

/* With its port where that is not the service's. */
static void add_address(struct table *t, const json_t *b)
{
	const char *addr = view_text(b, "address");

	if (!view_int(b, "port"))
		table_add(t, TABLE_PLAIN, "%s", addr);
	else
		table_add(t, TABLE_PLAIN, strchr(addr, ':') ? "[%s]:%" PRIu64 : "%s:%" PRIu64, addr,
			  view_int(b, "port"));
}

static void add_backend(struct table *t, const json_t *b, uint64_t now, uint64_t slots)
{
	_cleanup_(buf_free) struct buf state = { 0 }, probe = { 0 };
	const json_t *check = json_object_get(b, "check");
	struct fmt room;

	view_backend_state(b, &state);
	view_probe(b, &probe);
	table_add(t, TABLE_PLAIN, "%s", view_text(b, "name"));
	add_address(t, b);
	table_add(t, view_state_color(view_text(b, "state")), "%s", buf_str(&state));
	table_add(t, TABLE_PLAIN, "%s", view_since(b, now, &room));
	table_add(t, TABLE_PLAIN, "%" PRIu64 "/%" PRIu64, view_int(b, "effective_weight"),
		  view_int(b, "weight"));
	table_add(t, TABLE_PLAIN, "%s", fmt_percent(view_int(b, "slots"), slots).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_count(view_int(b, "packets")).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_bytes(view_int(b, "bytes")).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_count(view_int(check, "passed")).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_count(view_int(check, "failed")).text);
	table_add(t, TABLE_PLAIN, "%s", buf_str(&probe));
}

/* "1024 slots, shared by 40 services, 36 in transition" */
static void add_slots(const json_t *service, struct buf *out)
{
	uint64_t moving = view_int(service, "slots_moving"), sharing = view_int(service, "sharing");

	buf_printf(out, "%" PRIu64 " slots", view_int(service, "slots"));
	if (sharing > 1)
		buf_printf(out, ", shared by %" PRIu64 " services", sharing);
	if (moving)
		buf_printf(out, ", %" PRIu64 " in transition", moving);
	settings_render(service, out);
	buf_puts(out, "\n");
}

void render_service_show(const struct ctl_view *view, struct buf *out)
{
	const json_t *service = json_object_get(view->data, "service");
	const json_t *backends = json_object_get(service, "backends");
	uint64_t slots = view_int(service, "slots");
	_cleanup_(table_free) struct table s = { .columns = service_columns,
						 .n_columns = array_len(service_columns) };
	_cleanup_(table_free) struct table b = { .columns = backend_columns,
						 .n_columns = array_len(backend_columns) };

	view_service(service, TABLE_PLAIN, add_service, &s);
	for (size_t i = 0; i < json_array_size(backends); i++)
		add_backend(&b, json_array_get(backends, i), view_int(view->data, "now"), slots);
	table_print(&s, view->color, out);
	add_slots(service, out);
	buf_puts(out, "\n");
	table_print(&b, view->color, out);
}
