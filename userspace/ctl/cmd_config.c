/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt config check, show config, reload: the config, tried, shown and renewed. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "conf/conf.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "base/fmt.h"
#include "ctl/settings.h"
#include "ctl/view.h"

static size_t count_backends(const struct conf *conf)
{
	size_t n = 0;

	array_for_each (s, conf->services, conf->n_services)
		n += s->n_backends;
	return n;
}

/* The answer that a daemon would give. */
static void dump_check(struct cli *cli, const struct conf *conf, const struct buf *errors)
{
	_cleanup_(json_decrefp) json_t *json = NULL;

	if (conf)
		json = json_pack("{s:i, s:b, s:{s:i, s:i, s:o}}", "schema", CTL_SCHEMA, "ok", true,
				 "data", "services", (int)conf->n_services, "backends",
				 (int)count_backends(conf), "warnings",
				 describe_text(buf_str(errors)));
	else
		json = json_pack("{s:i, s:b, s:i, s:o}", "schema", CTL_SCHEMA, "ok", false, "exit",
				 CTL_USAGE, "error", describe_text(buf_str(errors)));
	client_dump(json, cli->out);
}

enum ctl_exit local_config_check(struct cli *cli, const char *const *args, size_t n)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf errors = { 0 };
	const char *path = n ? args[0] : "";

	conf_load(path, &errors, &conf);
	if (cli->json) {
		dump_check(cli, conf, &errors);
		return conf ? CTL_OK : CTL_USAGE;
	}
	buf_puts(cli->err, buf_str(&errors));
	if (!conf)
		return CTL_USAGE;
	buf_printf(cli->out, "%s: ok (%zu services, %zu backends)\n", path, conf->n_services,
		   count_backends(conf));
	return CTL_OK;
}

enum ctl_exit cmd_reload(struct ctl_call *call)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	bool dry_run = call->options & CTL_DRY_RUN;
	int err = call->ops->reload(call->app, dry_run, &said);

	if (!dry_run)
		log_info("control: uid %u: reload: %s", call->uid, err ? "refused" : "done");
	if (!err)
		return describe_put(call, "dry_run", json_boolean(dry_run))
			       ?: describe_put(call, "messages", describe_text(buf_str(&said)));
	if (said.len)
		buf_puts(&call->error, buf_str(&said));
	else
		buf_printf(&call->error, "reload: %s", strerror(-err));
	return err == -EINVAL ? CTL_USAGE : CTL_FAILED;
}

void render_reload(const struct ctl_view *view, struct buf *out)
{
	const char *messages = view_text(view->data, "messages");
	size_t len = strlen(messages);

	buf_puts(out, messages);
	if (len && messages[len - 1] != '\n')
		buf_puts(out, "\n");
	buf_puts(out, view_bool(view->data, "dry_run") ? "the config is fit; nothing was changed\n"
						       : "reloaded\n");
}

enum ctl_exit cmd_show_config(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "config", describe_conf(s->conf));
}

static void add_list(const json_t *list, struct buf *out)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		buf_printf(out, "%s%s", i ? ", " : "",
			   json_string_value(json_array_get(list, i)) ?: "");
}

/* "http port 8080 /healthz expects 200-299, every 2s (1s changing, 5s down)..." */
static void add_check(const json_t *c, struct buf *out)
{
	const json_t *status = json_object_get(c, "status");

	buf_puts(out, view_text(c, "type"));
	if (!view_int(c, "interval_ms"))
		return;
	buf_printf(out, " port %" PRIu64, view_int(c, "port"));
	if (*view_text(c, "host"))
		buf_printf(out, " host %s", view_text(c, "host"));
	if (*view_text(c, "path"))
		buf_printf(out, " path %s", view_text(c, "path"));
	for (size_t i = 0; i < json_array_size(status); i++) {
		const json_t *range = json_array_get(status, i);
		int first = json_integer_value(json_array_get(range, 0));
		int last = json_integer_value(json_array_get(range, 1));

		buf_printf(out, first == last ? "%s%d" : "%s%d-%d", i ? "," : " status ", first,
			   last);
	}
	buf_printf(out, ", every %s", fmt_msec(view_int(c, "interval_ms")).text);
	buf_printf(out, " (%s changing,", fmt_msec(view_int(c, "fast_interval_ms")).text);
	buf_printf(out, " %s down)", fmt_msec(view_int(c, "down_interval_ms")).text);
	buf_printf(out, ", timeout %s", fmt_msec(view_int(c, "timeout_ms")).text);
	buf_printf(out, ", rise %" PRIu64 ", fall %" PRIu64, view_int(c, "rise"),
		   view_int(c, "fall"));
}

/* The check stands with the service; here only where a backend has another one. */
static void add_backends(const json_t *service, struct table *t)
{
	const json_t *check = json_object_get(service, "check"), *b, *own;
	size_t i;

	json_array_foreach(json_object_get(service, "backends"), i, b)
	{
		const char *a4 = view_text(b, "address"), *a6 = view_text(b, "address6");
		_cleanup_(buf_free) struct buf text = { 0 }, more = { 0 };

		own = json_object_get(b, "check");
		if (!json_equal(own, check)) {
			buf_puts(&text, "check ");
			add_check(own, &text);
		}
		table_add(t, TABLE_PLAIN, "  -> %s", view_text(b, "name"));
		table_add(t, TABLE_PLAIN, "%s%s%s", a4, *a4 && *a6 ? "," : "", a6);
		settings_render_backend(b, &more);
		table_add(t, TABLE_PLAIN, "weight %" PRIu64 "%s%s", view_int(b, "weight"),
			  buf_str(&more), view_bool(b, "backup") ? ", backup" : "");
		table_add(t, TABLE_PLAIN, "%s", buf_str(&text));
	}
}

static void add_scheduler(const json_t *s, struct buf *out)
{
	const char *scheduler = view_text(s, "scheduler");

	buf_printf(out, ", scheduler %s", scheduler);
	if (!strcmp(scheduler, conf_scheduler_name(CONF_SCHEDULER_FIRST)))
		buf_printf(out, ", failback %s", view_text(s, "failback"));
	buf_printf(out, ", when_all_down %s", view_text(s, "when_all_down"));
}

static void render_service(const json_t *s, const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ .head = "" },
		{ .head = "" },
		{ .head = "" },
		{ .head = "" },
	};
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	buf_puts(out, "\nservice ");
	table_paint(out, view->color, TABLE_BOLD, view_text(s, "name"));
	buf_puts(out, ": ");
	add_list(json_object_get(s, "vip"), out);
	buf_puts(out, " ports ");
	add_list(json_object_get(s, "ports"), out);
	buf_printf(out, ", forward %s", view_text(s, "forward"));
	add_scheduler(s, out);
	buf_printf(out, ", udp %s, track %s", view_text(s, "udp"),
		   view_bool(s, "track") ? "true" : "false");
	if (view_int(s, "slots"))
		buf_printf(out, ", slots %" PRIu64, view_int(s, "slots"));
	settings_render(s, out);
	buf_puts(out, "\n");
	buf_puts(out, "  check ");
	add_check(json_object_get(s, "check"), out);
	buf_puts(out, "\n");
	add_backends(s, &t);
	table_print(&t, view->color, out);
}

/* "key value", or nothing where there is no value. */
static void render_setting(const char *key, const char *value, struct buf *out)
{
	if (*value)
		buf_printf(out, "%s %s\n", key, value);
}

static void render_flow_cache(const json_t *daemon, struct buf *out)
{
	buf_printf(out, "flow cache %s", fmt_size(view_int(daemon, "flow_cache_bytes")).text);
	buf_printf(out, ", early %s", fmt_msec(view_int(daemon, "flow_early_ms")).text);
	buf_printf(out, ", idle %s\n", fmt_msec(view_int(daemon, "flow_idle_ms")).text);
}

/* Only where some service is in need of it. */
static void render_nat(const json_t *conf, struct buf *out)
{
	const json_t *nat = json_object_get(conf, "nat"), *ports = json_object_get(nat, "ports");
	const json_t *services = json_object_get(conf, "services");
	bool is_used = json_array_size(json_object_get(nat, "pool"));

	for (size_t i = 0; i < json_array_size(services); i++)
		is_used |= !!json_object_get(json_array_get(services, i), "timeouts");
	if (!is_used)
		return;
	buf_printf(out, "nat %" PRIu64 " connections", view_int(nat, "connections"));
	if (json_array_size(json_object_get(nat, "pool"))) {
		buf_puts(out, ", from ");
		add_list(json_object_get(nat, "pool"), out);
		buf_printf(out, " ports %" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT,
			   json_integer_value(json_array_get(ports, 0)),
			   json_integer_value(json_array_get(ports, 1)));
	}
	buf_puts(out, "\n");
}

void render_show_config(const struct ctl_view *view, struct buf *out)
{
	const json_t *conf = json_object_get(view->data, "config");
	const json_t *daemon = json_object_get(conf, "daemon");
	const json_t *control = json_object_get(daemon, "control");
	const json_t *interfaces = json_object_get(conf, "interfaces");
	const json_t *services = json_object_get(conf, "services");

	render_setting("file", view_text(conf, "path"), out);
	render_setting("socket", view_text(control, "socket"), out);
	render_setting("group", view_text(control, "group"), out);
	render_setting("read group", view_text(control, "read_group"), out);
	render_setting("state directory", view_text(daemon, "state_dir"), out);
	render_setting("metrics at", view_text(json_object_get(daemon, "metrics"), "listen"), out);
	render_setting("on stop", view_text(daemon, "on_stop"), out);
	if (view_int(daemon, "slots"))
		buf_printf(out, "slots a table %" PRIu64 "\n", view_int(daemon, "slots"));
	else
		render_setting("slots a table", "auto", out);
	render_flow_cache(daemon, out);
	buf_printf(out, "icmp %" PRIu64 " answers a second and CPU\n",
		   view_int(daemon, "icmp_rate"));
	render_nat(conf, out);
	for (size_t i = 0; i < json_array_size(interfaces); i++)
		buf_printf(out, "interface %s, mode %s\n",
			   view_text(json_array_get(interfaces, i), "name"),
			   view_text(json_array_get(interfaces, i), "mode"));
	for (size_t i = 0; i < json_array_size(services); i++)
		render_service(json_array_get(services, i), view, out);
}
