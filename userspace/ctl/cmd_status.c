/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt status, health, version: the daemon as a whole. */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fmt.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/view.h"

static size_t count_overrides(const struct snapshot *s)
{
	return s->n_edits + (s->admin ? s->admin->n + !!s->admin->drained_since_wall_s : 0);
}

enum ctl_exit cmd_status(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "daemon", describe_daemon(s))
	    ?: describe_put(call, "config", describe_reloads(s))
	    ?: describe_put(call, "interfaces", describe_interfaces(s))
	    ?: describe_put(call, "services", describe_services(s))
    ?: describe_put(call, "flows", describe_flows(s))
    ?: describe_put(call, "conntrack", describe_conntrack(s))
    ?: describe_put(call, "slots", describe_slots(s))
    ?: describe_put(call, "peers", describe_peers(s))
    ?: describe_put(call, "announcements", describe_announcements(s))
    ?: describe_put(call, "overrides", json_integer(count_overrides(s)));
}

/* Of a moment, seen @now; the clock may have been set back. */
static const char *age(uint64_t now, uint64_t then, struct fmt *room)
{
	*room = fmt_age(now > then ? now - then : 0);
	return room->text;
}

static void render_daemon(const json_t *data, struct buf *out)
{
	const json_t *daemon = json_object_get(data, "daemon");
	const json_t *config = json_object_get(data, "config");
	uint64_t now = view_int(daemon, "now");
	struct fmt room;

	buf_printf(out, "shuntd %s, pid %" PRIu64 ", up %s%s, %s of memory\n",
		   view_text(daemon, "version"), view_int(daemon, "pid"),
		   age(now, view_int(daemon, "started"), &room),
		   view_bool(daemon, "adopted") ? " (took over from another)" : "",
		   fmt_bytes(view_int(daemon, "rss_bytes")).text);
	buf_printf(out, "config %s, loaded %s ago, %" PRIu64 " reloads, %" PRIu64 " refused\n",
		   view_text(config, "path"), age(now, view_int(config, "loaded"), &room),
		   view_int(config, "reloads_applied"), view_int(config, "reloads_refused"));
	if (view_int(config, "confirm_left_s"))
		buf_printf(out, "it is to be confirmed: the former one returns in %s\n",
			   fmt_msec(view_int(config, "confirm_left_s") * 1000).text);
}

static void render_interface(const json_t *i, bool color, struct buf *out)
{
	buf_printf(out, "interface %s: ", view_text(i, "name"));
	if (!view_bool(i, "attached"))
		table_paint(out, color, TABLE_RED, "NOT ATTACHED");
	else if (!strcmp(view_text(i, "mode"), "generic"))
		table_paint(out, color, TABLE_RED, "GENERIC (slow)");
	else
		table_paint(out, color, TABLE_GREEN, view_text(i, "mode"));
	if (view_bool(i, "dispatcher"))
		buf_puts(out, ", beside other programs");
	buf_puts(out, "\n");
}

/* "announced by routes: 2 of 3 VIPs"; nothing where nobody is told anything. */
static void render_announcements(const json_t *announcements, bool color, struct buf *out)
{
	const json_t *list = json_object_get(announcements, "addresses");
	const char *method = view_text(announcements, "method");
	size_t vips = 0, there = 0;

	if (!*method || !strcmp(method, "none"))
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		vips += !strcmp(view_text(a, "kind"), "vip");
		there += !strcmp(view_text(a, "kind"), "vip") && view_bool(a, "announced");
	}
	buf_printf(out, "announced by %s: ", method);
	if (there < vips)
		table_paint(out, color, TABLE_RED, "NOT ALL");
	buf_printf(out, "%s%zu of %zu VIPs", there < vips ? ", " : "", there, vips);
	if (view_int(announcements, "drained_since"))
		buf_puts(out, ", DRAINED");
	buf_puts(out, "\n");
}

/* Nothing where every slot is where it shall be, as most of the time. */
static void render_slots(const json_t *slots, struct buf *out)
{
	uint64_t moving = 0;

	for (int state = SHUNT_SLOT_MIGRATING; state < SNAPSHOT_SLOT_STATES; state++)
		moving += view_int(slots, slot_state_name(state));
	if (!moving)
		return;
	buf_printf(out, "%" PRIu64 " slots in transition: ", moving);
	view_slots(slots, SHUNT_SLOT_MIGRATING, out);
	buf_puts(out, "\n");
}

/* What the config does not say must not be forgotten. */
static void render_overrides(uint64_t n, struct buf *out)
{
	if (n)
		buf_printf(out, "%" PRIu64 " override%s: shunt show overrides\n", n,
			   n == 1 ? "" : "s");
}

/* "db: TWO PRIMARIES: db2 says that it is one, too, and is not used" */
static void render_rivals(const json_t *service, bool color, struct buf *out)
{
	const json_t *rivals = json_object_get(service, "rival_primaries");

	for (size_t i = 0; i < json_array_size(rivals); i++) {
		buf_printf(out, "%s: ", view_text(service, "name"));
		table_paint(out, color, TABLE_RED, "TWO PRIMARIES");
		buf_printf(out, ": %s says that it is one, too, and is not used\n",
			   json_string_value(json_array_get(rivals, i)));
	}
}

void render_status(const struct ctl_view *view, struct buf *out)
{
	const json_t *config = json_object_get(view->data, "config");
	const json_t *interfaces = json_object_get(view->data, "interfaces");
	const json_t *services = json_object_get(view->data, "services");

	render_daemon(view->data, out);
	if (!view_bool(config, "last_reload_ok")) {
		table_paint(out, view->color, TABLE_RED,
			    "THE LAST RELOAD WAS REFUSED: an older config runs");
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < json_array_size(interfaces); i++)
		render_interface(json_array_get(interfaces, i), view->color, out);
	render_announcements(json_object_get(view->data, "announcements"), view->color, out);
	for (size_t i = 0; i < json_array_size(services); i++)
		render_rivals(json_array_get(services, i), view->color, out);
	render_slots(json_object_get(view->data, "slots"), out);
	view_conntrack(json_object_get(view->data, "conntrack"), out);
	view_peers(view, out);
	render_overrides(view_int(view->data, "overrides"), out);
	buf_puts(out, "\n");
	render_service_list(view, out);
}

enum ctl_exit cmd_health(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	bool healthy = true;
	enum ctl_exit err;

	if (!s)
		return CTL_FAILED;
	array_for_each (service, s->services, s->n_services)
		healthy &= describe_is_healthy(service);
	err = describe_put(call, "healthy", json_boolean(healthy))
		      ?: describe_put(call, "services", describe_services(s));
	return err ?: healthy ? CTL_OK : CTL_NOT_FOUND;
}

void render_health(const struct ctl_view *view, struct buf *out)
{
	const json_t *services = json_object_get(view->data, "services");

	if (view->options & CTL_QUIET)
		return;
	for (size_t i = 0; i < json_array_size(services); i++) {
		const json_t *s = json_array_get(services, i);
		const char *state = view_text(s, "state");

		buf_printf(out, "%s: ", view_text(s, "name"));
		table_paint(out, view->color, view_state_color(state), state);
		buf_printf(out, ", %" PRIu64 " of %" PRIu64 " backends usable\n",
			   view_int(s, "backends_usable"), view_int(s, "backends_total"));
	}
}

enum ctl_exit cmd_version(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "version", json_string(s->version))
		       ?: describe_put(call, "abi", json_integer(SHUNT_ABI_VERSION));
}

/* Its own version needs no daemon, so that one that is not there is no failure. */
enum ctl_exit local_version(struct cli *cli, const char *const *args, size_t n)
{
	_cleanup_(buf_free) struct buf why = { 0 };
	_cleanup_(json_decrefp) json_t *answer = NULL;
	const struct client_request request = { .command = "version", .args = args, .n_args = n };
	const char *daemon = "";

	if (!client_ask(cli->socket, &request, &answer, &why))
		daemon = view_text(json_object_get(answer, "data"), "version");
	if (cli->json) {
		_cleanup_(json_decrefp) json_t *json = json_pack(
			"{s:i, s:b, s:{s:s, s:s?}}", "schema", CTL_SCHEMA, "ok", true, "data",
			"shunt", SHUNT_VERSION, "shuntd", *daemon ? daemon : NULL);

		client_dump(json, cli->out);
		return CTL_OK;
	}
	buf_printf(cli->out, "shunt %s\n", SHUNT_VERSION);
	if (*daemon)
		buf_printf(cli->out, "shuntd %s\n", daemon);
	return CTL_OK;
}
