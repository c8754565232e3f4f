/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shunt show connections: who is connected with whom by nat and fullnat, and how many
 * flows of other services the flow cache holds. That has a hash of each, a backend and a
 * time: there is nobody to name, so they are counted. A copy of the daemon answers.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/find.h"
#include "base/fmt.h"
#include "ctl/view.h"

/* There may be a million; who wants them all reads the map. */
#define MAX_LISTED 1000

static json_t *describe_end(const struct snapshot_endpoint *e)
{
	return json_pack("{s:o, s:i}", "address", describe_addr(&e->addr), "port", e->port);
}

static json_t *describe_conn(const struct snapshot *s, const struct snapshot_conn *c)
{
	const struct snapshot_service *service = &s->services[c->service];

	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:I}", "service",
			 describe_text(service->conf->name), "backend",
			 describe_text(service->backends[c->backend].name), "protocol",
			 c->proto == IPPROTO_TCP ? "tcp" : "udp", "client",
			 describe_end(&c->client), "vip", describe_end(&c->vip), "server",
			 describe_end(&c->server), "source", describe_end(&c->source), "state",
			 conn_state_name(c->state), "idle_s", (json_int_t)c->idle_s);
}

/* The plan may be of a config that is a moment older. */
static bool is_known(const struct snapshot *s, const struct snapshot_conn *c)
{
	return c->service < s->n_services && c->backend < s->services[c->service].n_backends;
}

static enum ctl_exit refuse(struct ctl_call *call, int err)
{
	buf_printf(&call->error, "cannot read the connections: %s", strerror(-err));
	return CTL_FAILED;
}

static enum ctl_exit put_connections(struct ctl_call *call, const struct snapshot *s,
				     size_t service)
{
	struct snapshot_conns conns = { 0 };
	int err = call->ops->connections(call->app, service, MAX_LISTED, &conns);
	json_t *list;

	if (err)
		return refuse(call, err);
	list = json_array();
	array_for_each (c, conns.list, conns.n)
		if (is_known(s, c))
			json_array_append_new(list, describe_conn(s, c));
	free(conns.list);
	return describe_put(call, "total", json_integer(conns.total))
		       ?: describe_put(call, "connections", list);
}

/* --- the flow cache -------------------------------------------------------------- */

/* How many were seen when; "below_s" of the last is null. */
static json_t *describe_ages(const struct flows_tally *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < FLOWS_AGES; i++)
		json_array_append_new(
			list,
			json_pack("{s:o, s:I}", "below_s",
				  i < FLOWS_AGES - 1 ? json_integer(flows_ages_s[i]) : json_null(),
				  "flows", (json_int_t)t->by_age[i]));
	return list;
}

static json_t *describe_tally(const struct snapshot *s, const struct snapshot_flows *f)
{
	const struct snapshot_service *service = &s->services[f->service];
	uint64_t flows = 0;

	array_for_each (n, f->tally.by_age, FLOWS_AGES)
		flows += *n;
	return json_pack(
		"{s:o, s:o, s:s, s:I, s:I, s:o}", "service", describe_text(service->conf->name),
		"backend", describe_text(service->backends[f->backend].name), "of",
		service->conf->affinity_ms ? "clients" : "flows", "flows", (json_int_t)flows,
		"closing", (json_int_t)f->tally.closing, "idle", describe_ages(&f->tally));
}

static enum ctl_exit put_flows(struct ctl_call *call, const struct snapshot *s, size_t service)
{
	struct snapshot_flow_list flows = { 0 };
	int err = call->ops->flows(call->app, service, &flows);
	json_t *list;

	if (err)
		return refuse(call, err);
	list = json_array();
	array_for_each (f, flows.list, flows.n < MAX_LISTED ? flows.n : MAX_LISTED)
		if (f->service < s->n_services && f->backend < s->services[f->service].n_backends)
			json_array_append_new(list, describe_tally(s, f));
	free(flows.list);
	return describe_put(call, "flow_backends", json_integer(flows.n))
		       ?: describe_put(call, "flows", list);
}

enum ctl_exit cmd_show_connections(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const struct snapshot_service *only = NULL;
	size_t service;

	if (!s)
		return CTL_FAILED;
	if (call->n_args && !(only = find_service(call, s, call->args[0])))
		return CTL_NOT_FOUND;
	service = only ? (size_t)(only - s->services) : SIZE_MAX;
	return put_connections(call, s, service) ?: put_flows(call, s, service);
}

/* --- text ------------------------------------------------------------------------ */

/* "192.0.2.80:443", "[2001:db8::1]:443" */
static void add_end(struct table *t, const json_t *conn, const char *key)
{
	const json_t *end = json_object_get(conn, key);
	const char *addr = view_text(end, "address");

	table_add(t, TABLE_PLAIN, strchr(addr, ':') ? "[%s]:%" PRIu64 : "%s:%" PRIu64, addr,
		  view_int(end, "port"));
}

static void render_connections(const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ "PROTO", false },  { "CLIENT", false }, { "VIP", false },   { "BACKEND", false },
		{ "SERVER", false }, { "SOURCE", false }, { "STATE", false }, { "IDLE", true },
	};
	const json_t *conns = json_object_get(view->data, "connections");
	const uint64_t total = view_int(view->data, "total");
	const size_t n = json_array_size(conns);
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < n; i++) {
		const json_t *c = json_array_get(conns, i);

		table_add(&t, TABLE_PLAIN, "%s", view_text(c, "protocol"));
		add_end(&t, c, "client");
		add_end(&t, c, "vip");
		table_add(&t, TABLE_PLAIN, "%s/%s", view_text(c, "service"),
			  view_text(c, "backend"));
		add_end(&t, c, "server");
		add_end(&t, c, "source");
		table_add(&t, TABLE_PLAIN, "%s", view_text(c, "state"));
		table_add(&t, TABLE_PLAIN, "%s", fmt_age(view_int(c, "idle_s")).text);
	}
	table_print(&t, view->color, out);
	if (total > n)
		buf_printf(out, "the first %zu of %" PRIu64 "\n", n, total);
}

static void add_tally(struct table *t, const json_t *f)
{
	const json_t *idle = json_object_get(f, "idle");

	table_add(t, TABLE_PLAIN, "%s/%s", view_text(f, "service"), view_text(f, "backend"));
	table_add(t, TABLE_PLAIN, "%s", view_text(f, "of"));
	table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(f, "flows"));
	table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(f, "closing"));
	for (size_t i = 0; i < FLOWS_AGES; i++)
		table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(json_array_get(idle, i), "flows"));
}

static void render_flows(const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ "BACKEND", false }, { "OF", false },	{ "KEPT", true },
		{ "CLOSING", true },  { "<10s", true }, { "<1m", true },
		{ "<5m", true },      { "<1h", true },	{ "LONGER", true },
	};
	const json_t *flows = json_object_get(view->data, "flows");
	const uint64_t total = view_int(view->data, "flow_backends");
	const size_t n = json_array_size(flows);
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	_Static_assert(FLOWS_AGES == 5, "a column each");
	for (size_t i = 0; i < n; i++)
		add_tally(&t, json_array_get(flows, i));
	if (out->len && n)
		buf_puts(out, "\n");
	table_print(&t, view->color, out);
	if (total > n)
		buf_printf(out, "the first %zu of %" PRIu64 " backends\n", n, total);
	if (n)
		buf_puts(out, "kept by the flow cache, by the time since their last packet; of a "
			      "flow it has a hash and no\naddress: only connections of nat and "
			      "fullnat can be listed\n");
}

void render_show_connections(const struct ctl_view *view, struct buf *out)
{
	render_connections(view, out);
	render_flows(view, out);
	if (!out->len)
		buf_puts(
			out,
			"no connections of nat or fullnat, and no flows that are kept: other "
			"services keep them with\ntrack, affinity, max_connections, or a scheduler "
			"that chooses for each flow; and while slots\nare in transition\n");
}
