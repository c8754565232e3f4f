/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt show connections: who is connected with whom by nat and fullnat. */
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

static enum ctl_exit answer(struct ctl_call *call, const struct snapshot *s, size_t service)
{
	struct snapshot_conns conns = { 0 };
	json_t *list = json_array();
	int err = call->ops->connections(call->app, service, MAX_LISTED, &conns);

	array_for_each (c, conns.list, conns.n)
		if (is_known(s, c))
			json_array_append_new(list, describe_conn(s, c));
	free(conns.list);
	if (err) {
		buf_printf(&call->error, "cannot read the connections: %s", strerror(-err));
		json_decref(list);
		return CTL_FAILED;
	}
	return describe_put(call, "total", json_integer(conns.total))
		       ?: describe_put(call, "connections", list);
}

enum ctl_exit cmd_show_connections(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const struct snapshot_service *only;

	if (!s)
		return CTL_FAILED;
	if (!call->n_args)
		return answer(call, s, SIZE_MAX);
	only = find_service(call, s, call->args[0]);
	return only ? answer(call, s, only - s->services) : CTL_NOT_FOUND;
}

/* "192.0.2.80:443", "[2001:db8::1]:443" */
static void add_end(struct table *t, const json_t *conn, const char *key)
{
	const json_t *end = json_object_get(conn, key);
	const char *addr = view_text(end, "address");

	table_add(t, TABLE_PLAIN, strchr(addr, ':') ? "[%s]:%" PRIu64 : "%s:%" PRIu64, addr,
		  view_int(end, "port"));
}

void render_show_connections(const struct ctl_view *view, struct buf *out)
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
	if (!n)
		buf_puts(out, "no connections of nat or fullnat\n");
	table_print(&t, view->color, out);
	if (total > n)
		buf_printf(out, "the first %zu of %" PRIu64 "\n", n, total);
}
