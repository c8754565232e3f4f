/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt show: counters, and what the daemon works with. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "base/fmt.h"
#include "ctl/view.h"

enum ctl_exit cmd_show_stats(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "now", json_integer(s->now_wall_s))
		       ?: describe_put(call, "services", describe_services_deep(s));
}

static const struct table_column stats_columns[] = {
	{ "SERVICE", false }, { "PACKETS", true }, { "BYTES", true },
	{ "SLOTS", true },    { "SHARE", true },
};

/*
 * Counters are whole numbers here: somebody subtracts them. @all_slots: what the
 * share is of, or 0.
 */
static void add_stats(struct table *t, const char *indent, const json_t *o, uint64_t all_slots)
{
	table_add(t, TABLE_PLAIN, "%s%s", indent, view_text(o, "name"));
	table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(o, "packets"));
	table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(o, "bytes"));
	table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(o, "slots"));
	table_add(t, TABLE_PLAIN, "%s",
		  all_slots ? fmt_percent(view_int(o, "slots"), all_slots).text : "");
}

void render_show_stats(const struct ctl_view *view, struct buf *out)
{
	const json_t *services = json_object_get(view->data, "services");
	_cleanup_(table_free) struct table t = { .columns = stats_columns,
						 .n_columns = array_len(stats_columns) };

	for (size_t i = 0; i < json_array_size(services); i++) {
		const json_t *s = json_array_get(services, i);
		const json_t *backends = json_object_get(s, "backends");
		uint64_t slots = view_int(s, "slots");

		add_stats(&t, "", s, 0);
		for (size_t j = 0; j < json_array_size(backends); j++)
			add_stats(&t, "  -> ", json_array_get(backends, j), slots);
	}
	if (!t.n_cells)
		buf_puts(out, "no services\n");
	table_print(&t, view->color, out);
}

enum ctl_exit cmd_show_drops(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "reasons", describe_reasons(s));
}

static bool is_drop(const json_t *reason)
{
	return !strcmp(view_text(reason, "action"), "drop");
}

/* Drops first, the most frequent first; equals in the order of the list. */
static int compare_reasons(const void *a, const void *b)
{
	const json_t *ra = *(const json_t *const *)a, *rb = *(const json_t *const *)b;
	uint64_t na = view_int(ra, "packets"), nb = view_int(rb, "packets");

	if (is_drop(ra) != is_drop(rb))
		return is_drop(rb) - is_drop(ra);
	if (na != nb)
		return na < nb ? 1 : -1;
	return strcmp(view_text(ra, "reason"), view_text(rb, "reason"));
}

void render_show_drops(const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ "REASON", false },
		{ "ACTION", false },
		{ "PACKETS", true },
		{ "MEANING", false },
	};
	const json_t *reasons = json_object_get(view->data, "reasons");
	size_t n = json_array_size(reasons);
	_cleanup_free_ const json_t **sorted = calloc(n ?: 1, sizeof(*sorted));
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	if (!sorted)
		return;
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(reasons, i);
	qsort(sorted, n, sizeof(*sorted), compare_reasons);
	for (size_t i = 0; i < n; i++) {
		const json_t *r = sorted[i];
		bool shout = is_drop(r) && view_int(r, "packets");

		if (!view_int(r, "packets") && !(view->options & CTL_ALL))
			continue;
		table_add(&t, shout ? TABLE_RED : TABLE_PLAIN, "%s", view_text(r, "reason"));
		table_add(&t, TABLE_PLAIN, "%s", view_text(r, "action"));
		table_add(&t, TABLE_PLAIN, "%" PRIu64, view_int(r, "packets"));
		table_add(&t, TABLE_PLAIN, "%s", view_text(r, "text"));
	}
	if (!t.n_cells)
		buf_puts(out, "no packet was seen (--all: the counters at zero, too)\n");
	table_print(&t, view->color, out);
}

enum ctl_exit cmd_show_neighbors(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "neighbors", describe_hops(s));
}

void render_show_neighbors(const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ "ADDRESS", false }, { "VIA", false }, { "INTERFACE", false },
		{ "MAC", false },     { "MTU", true },	{ "STATE", false },
	};
	const json_t *hops = json_object_get(view->data, "neighbors");
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < json_array_size(hops); i++) {
		const json_t *h = json_array_get(hops, i);
		bool routed = strcmp(view_text(h, "state"), "no-route");
		bool direct = !strcmp(view_text(h, "via"), view_text(h, "address"));
		uint64_t mtu = view_int(h, "mtu");

		table_add(&t, TABLE_PLAIN, "%s", view_text(h, "address"));
		table_add(&t, TABLE_PLAIN, "%s", routed && !direct ? view_text(h, "via") : "");
		table_add(&t, TABLE_PLAIN, "%s", view_text(h, "interface"));
		table_add(&t, TABLE_PLAIN, "%s", view_text(h, "mac"));
		table_add(&t, TABLE_PLAIN, mtu ? "%" PRIu64 : "", mtu);
		table_add(&t, view_state_color(view_text(h, "state")), "%s", view_text(h, "state"));
	}
	if (!t.n_cells)
		buf_puts(out, "no backends to reach\n");
	table_print(&t, view->color, out);
}

enum ctl_exit cmd_show_maps(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "pin_dir", describe_text(s->pin_dir))
	    ?: describe_put(call, "maps", describe_maps(s))
	    ?: describe_put(call, "flows", describe_flows(s))
	    ?: describe_put(call, "conntrack", describe_conntrack(s))
	    ?: describe_put(call, "tables", describe_tables(s))
    ?: describe_put(call, "slots", describe_slots(s));
}

static void render_maps(const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ "MAP", false },
		{ "TYPE", false },
		{ "ENTRIES", true },
		{ "MEMORY", true },
	};
	const json_t *maps = json_object_get(view->data, "maps");
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < json_array_size(maps); i++) {
		const json_t *m = json_array_get(maps, i);

		table_add(&t, TABLE_PLAIN, "%s", view_text(m, "name"));
		table_add(&t, TABLE_PLAIN, "%s", view_text(m, "type"));
		table_add(&t, TABLE_PLAIN, "%" PRIu64, view_int(m, "entries"));
		table_add(&t, TABLE_PLAIN, "%s", fmt_size(view_int(m, "bytes")).text);
	}
	table_print(&t, view->color, out);
	buf_printf(out, "pinned in %s\n", view_text(view->data, "pin_dir"));
}

static void render_tables(const json_t *tables, struct buf *out)
{
	const uint64_t places = view_int(tables, "places");

	buf_printf(out, "tables: %" PRIu64 " at %" PRIu64 " place%s, %s",
		   view_int(tables, "tables"), places, places == 1 ? "" : "s",
		   fmt_size(view_int(tables, "bytes")).text);
	buf_printf(out, " of %s\n", fmt_size(view_int(tables, "bytes_total")).text);
}

void render_show_maps(const struct ctl_view *view, struct buf *out)
{
	const json_t *flows = json_object_get(view->data, "flows");
	uint64_t live = view_int(flows, "live"), capacity = view_int(flows, "capacity");

	render_maps(view, out);
	buf_printf(out, "\nflow cache: %" PRIu64 " of %" PRIu64 " entries live (%s), %s\n", live,
		   capacity, fmt_percent(live, capacity).text,
		   fmt_size(view_int(flows, "bytes")).text);
	view_conntrack(json_object_get(view->data, "conntrack"), out);
	render_tables(json_object_get(view->data, "tables"), out);
	buf_puts(out, "slots: ");
	view_slots(json_object_get(view->data, "slots"), SHUNT_SLOT_STABLE, out);
	buf_puts(out, "\n");
}
