/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator has said, and what the daemon has: overrides and events. */
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "export/html.h"
#include "export/page.h"

static void write_name(const json_t *o, struct buf *out)
{
	buf_puts(out, "<tr><td class=\"name\">");
	html_text(out, page_text(o, "service"));
	buf_puts(out, "/");
	html_text(out, page_text(o, "backend"));
	buf_puts(out, "<td>");
}

/* "weight 50", "weight 50%" */
static void write_weight(const json_t *o, struct buf *out)
{
	if (json_is_integer(json_object_get(o, "weight")))
		buf_printf(out, "weight %.0f ", page_number(o, "weight"));
	else if (json_is_integer(json_object_get(o, "weight_percent")))
		buf_printf(out, "weight %.0f%% ", page_number(o, "weight_percent"));
}

static void write_override(const json_t *o, double now, struct buf *out)
{
	const double since = page_number(o, "since"), until = page_number(o, "until");
	const char *state = page_text(o, "state");
	_cleanup_(buf_free) struct buf notes = { 0 };

	write_name(o, out);
	if (strcmp(state, "enabled"))
		page_state(out, state);
	buf_puts(out, "<td>");
	write_weight(o, out);
	if (since > 0 && since <= now)
		page_note(&notes, "for %s", fmt_age(now - since).text);
	if (until > 0)
		page_note(&notes, "%s left", fmt_age(until > now ? until - now : 0).text);
	if (json_is_false(json_object_get(o, "configured")))
		page_note(&notes, "not in the config");
	buf_printf(out, "<td class=\"quiet\">%s", buf_str(&notes));
}

/* A backend that came or went. */
static void write_edit(const json_t *e, struct buf *out)
{
	write_name(e, out);
	html_text(out, page_text(e, "what"));
	buf_puts(out, "<td><td class=\"quiet wrap\">");
	html_text(out, page_text(e, "settings"));
}

static void write_overrides(const json_t *status, struct buf *out)
{
	const json_t *overrides = json_object_get(status, "overrides"), *item;
	const json_t *edits = json_object_get(status, "edits");
	const double now = json_number_value(page_member(status, "daemon", "now"));
	const size_t all = json_array_size(overrides) + json_array_size(edits);
	size_t i, room = PAGE_LINES;

	if (!all)
		return;
	buf_puts(out, "<section id=\"overrides\" class=\"wide\"><h2>said at runtime, not in the "
		      "config</h2><table><tbody>");
	for (i = 0; room && (item = json_array_get(edits, i)); i++, room--)
		write_edit(item, out);
	for (i = 0; room && (item = json_array_get(overrides, i)); i++, room--)
		write_override(item, now, out);
	if (all > PAGE_LINES)
		buf_printf(out,
			   "<tr><td colspan=\"4\" class=\"quiet\">%zu more: shunt show overrides",
			   all - PAGE_LINES);
	buf_puts(out, "</table></section>");
}

/* On the clock of this host, as its log has it. */
static void write_time(const json_t *e, const char *format, struct buf *out)
{
	const time_t at = page_number(e, "time_ms") / 1000;
	char text[32];
	struct tm tm;

	strftime(text, sizeof(text), format, localtime_r(&at, &tm));
	html_text(out, text);
}

static void write_event(const json_t *e, struct buf *out)
{
	const char *level = page_text(e, "level");

	buf_puts(out, "<li class=\"");
	html_text(out, level);
	buf_puts(out, "\"><time class=\"quiet\">");
	write_time(e, "%F %T", out);
	buf_puts(out, "</time> <span>");
	html_text(out, page_text(e, "text"));
	buf_puts(out, "</span>");
}

static void write_events(const json_t *status, struct buf *out)
{
	const json_t *events = json_object_get(status, "events"), *e;
	size_t i;

	if (!json_array_size(events))
		return;
	buf_puts(out, "<section class=\"events\"><h2>events, the latest first (");
	write_time(json_array_get(events, 0), "%Z", out);
	buf_puts(out, ")</h2><ol>");
	for (i = 0; i < PAGE_LINES && (e = json_array_get(events, i)); i++)
		write_event(e, out);
	buf_puts(out, "</ol></section>");
}

void page_write_notes(const json_t *status, struct buf *out)
{
	write_overrides(status, out);
	write_events(status, out);
}
