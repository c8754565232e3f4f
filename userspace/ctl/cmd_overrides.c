/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt show overrides: what the operator has said, and the config does not. */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/firewall_describe.h"
#include "ctl/view.h"

enum ctl_exit cmd_show_overrides(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "now", json_integer(s->now_wall_s))
		       ?: describe_put(call, "overrides", describe_overrides(s))
		       ?: describe_put(call, "edits", describe_edits(s))
		       ?: describe_put(call, "drained_since",
				       json_integer(s->admin ? s->admin->drained_since_wall_s : 0))
		       ?: describe_put(call, "firewall", firewall_describe_runtime(s))
		       ?: describe_put(call, "confirm_left_s", json_integer(s->confirm_left_s));
}

static const struct table_column columns[] = {
	{ "BACKEND", false }, { "STATE", false }, { "FOR", true },
	{ "LEFT", true },     { "WEIGHT", true }, { "", false },
};

static void add_weight(struct table *t, const json_t *o)
{
	if (json_is_integer(json_object_get(o, "weight")))
		table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(o, "weight"));
	else if (json_is_integer(json_object_get(o, "weight_percent")))
		table_add(t, TABLE_PLAIN, "%" PRIu64 "%%", view_int(o, "weight_percent"));
	else
		table_add(t, TABLE_PLAIN, "%s", "");
}

static void add_override(struct table *t, const json_t *o, uint64_t now)
{
	const uint64_t since = view_int(o, "since"), until = view_int(o, "until");
	const char *state = view_text(o, "state");

	table_add(t, TABLE_PLAIN, "%s/%s", view_text(o, "service"), view_text(o, "backend"));
	table_add(t, view_state_color(state), "%s", state);
	table_add(t, TABLE_PLAIN, "%s", since && since <= now ? fmt_age(now - since).text : "");
	table_add(t, TABLE_PLAIN, "%s", !until ? "" : fmt_age(until > now ? until - now : 0).text);
	add_weight(t, o);
	table_add(t, TABLE_PLAIN, "%s", view_bool(o, "configured") ? "" : "not in the config");
}

/* What came and went, and what runs for a while only. */
static void render_edits(const json_t *data, struct buf *out)
{
	const json_t *edits = json_object_get(data, "edits");
	const json_t *prefixes = json_object_get(data, "firewall");
	const uint64_t left_s = view_int(data, "confirm_left_s");

	for (size_t i = 0; i < json_array_size(edits); i++) {
		const json_t *e = json_array_get(edits, i);

		buf_printf(out, "%s/%s %s%s", view_text(e, "service"), view_text(e, "backend"),
			   view_text(e, "what"), *view_text(e, "settings") ? ": " : "");
		table_put_text(out, view_text(e, "settings"));
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < json_array_size(prefixes); i++) {
		buf_puts(out, "firewall: ");
		firewall_render_runtime(json_array_get(prefixes, i), view_int(data, "now"), out);
	}
	if (left_s)
		buf_printf(out, "config: not confirmed, the former one returns in %s\n",
			   fmt_msec(left_s * 1000).text);
}

/* Of the whole balancer. */
static void render_drain(const json_t *data, struct buf *out)
{
	const uint64_t now = view_int(data, "now"), since = view_int(data, "drained_since");

	if (since)
		buf_printf(out, "this balancer is drained for %s: shunt announce resume\n",
			   fmt_age(now > since ? now - since : 0).text);
}

void render_show_overrides(const struct ctl_view *view, struct buf *out)
{
	const json_t *list = json_object_get(view->data, "overrides");
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < json_array_size(list); i++)
		add_override(&t, json_array_get(list, i), view_int(view->data, "now"));
	table_print(&t, view->color, out);
	render_edits(view->data, out);
	render_drain(view->data, out);
	if (!out->len)
		buf_puts(out, "nothing is said but what the config says\n");
}
