/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt announce, show announcements: what the network is told of this balancer. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/view.h"

/* --- drain and resume ------------------------------------------------------------ */

static enum ctl_exit report_change(struct ctl_call *call, bool was_drained, bool drained)
{
	static const char *const words[] = { "announced", "drained" };

	if (was_drained != drained)
		log_info("control: uid %u: this balancer: %s -> %s", call->uid, words[was_drained],
			 words[drained]);
	return describe_put(call, "changed", json_boolean(was_drained != drained))
	    ?: describe_put(call, "before", json_string(words[was_drained]))
	    ?: describe_put(call, "after", json_string(words[drained]));
}

static enum ctl_exit set_drained(struct ctl_call *call, bool drained)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const bool was_drained = s && s->admin && s->admin->drained_since_wall_s;
	int err;

	if (!s)
		return CTL_FAILED;
	err = call->ops->announce_drain(call->app, drained);
	if (!err)
		return report_change(call, was_drained, drained);
	if (err == -ENOENT)
		buf_puts(&call->error, "this balancer announces nothing (ha.announce: none)");
	else
		buf_puts(&call->error, "not everything could be announced anew (see the log); it "
				       "will be tried again");
	return CTL_FAILED;
}

enum ctl_exit cmd_announce_drain(struct ctl_call *call)
{
	return set_drained(call, true);
}

enum ctl_exit cmd_announce_resume(struct ctl_call *call)
{
	return set_drained(call, false);
}

void render_announce(const struct ctl_view *view, struct buf *out)
{
	const char *before = view_text(view->data, "before");
	const char *after = view_text(view->data, "after");

	if (view_bool(view->data, "changed"))
		buf_printf(out, "this balancer: %s -> %s\n", before, after);
	else
		buf_printf(out, "this balancer: already %s\n", after);
}

/* --- show announcements ------------------------------------------------------------ */

enum ctl_exit cmd_show_announcements(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "now", json_integer(s->now_wall_s))
		       ?: describe_put(call, "announcements", describe_announcements(s));
}

static enum table_color color_of(const json_t *a)
{
	const char *state = view_text(a, "state");

	if (!strcmp(state, "announced"))
		return TABLE_GREEN;
	return strcmp(state, "withdrawn") ? TABLE_YELLOW : TABLE_RED;
}

/* Why it is not announced; or that what was decided could not be done. */
static void add_why(struct table *t, const json_t *a)
{
	const char *state = view_text(a, "state");
	const bool there = view_bool(a, "announced");

	if (*view_text(a, "service"))
		table_add(t, TABLE_PLAIN, "%s: %" PRIu64 " usable, min_healthy %" PRIu64,
			  view_text(a, "service"), view_int(a, "backends_usable"),
			  view_int(a, "min_healthy"));
	else if (!strcmp(state, "waiting"))
		table_add(t, TABLE_PLAIN, "%s, %s",
			  !strcmp(view_text(a, "waits_for"), "peers")
				  ? "peers have not told yet what they have"
				  : "no verdicts yet",
			  there ? "announced before" : "not announced");
	else if (there == !strcmp(state, "withdrawn"))
		table_add(t, TABLE_RED, "%s (see the log)",
			  there ? "but still there" : "but not there");
	else
		table_add(t, TABLE_PLAIN, "%s",
			  strcmp(view_text(a, "kind"), "pool") ? "" : "nat.pool");
}

static void add_address(struct table *t, const json_t *a, uint64_t now)
{
	const uint64_t since = view_int(a, "since");

	table_add(t, TABLE_PLAIN, "%s", view_text(a, "address"));
	table_add(t, color_of(a), "%s", view_text(a, "state"));
	table_add(t, TABLE_PLAIN, "%s", since && since <= now ? fmt_age(now - since).text : "");
	add_why(t, a);
}

static void render_method(const json_t *announcements, uint64_t now, struct buf *out)
{
	const json_t *routes = json_object_get(announcements, "routes");
	const uint64_t since = view_int(announcements, "drained_since");

	if (routes)
		buf_printf(out,
			   "by routes: table %" PRIu64 ", protocol %" PRIu64 ", metric %" PRIu64
			   ", drained %" PRIu64 "\n",
			   view_int(routes, "table"), view_int(routes, "protocol"),
			   view_int(routes, "metric"), view_int(routes, "drain_metric"));
	else if (*view_text(announcements, "file"))
		buf_printf(out, "by keepalived: %s\n", view_text(announcements, "file"));
	else
		buf_puts(out, "this balancer announces nothing (ha.announce: none)\n");
	if (since)
		buf_printf(out, "drained for %s: shunt announce resume\n",
			   fmt_age(now > since ? now - since : 0).text);
}

void render_show_announcements(const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ "ADDRESS", false },
		{ "STATE", false },
		{ "FOR", true },
		{ "", false },
	};
	const json_t *announcements = json_object_get(view->data, "announcements");
	const json_t *list = json_object_get(announcements, "addresses");
	const uint64_t now = view_int(view->data, "now");
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < json_array_size(list); i++)
		add_address(&t, json_array_get(list, i), now);
	table_print(&t, view->color, out);
	render_method(announcements, now, out);
}
