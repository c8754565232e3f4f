/* SPDX-License-Identifier: BSD-2-Clause */
/* Below the services: how packets end, what fills up, interfaces and next hops. */
#include <string.h>

#include "base/array.h"
#include "base/fmt.h"
#include "export/html.h"
#include "export/page.h"

static void write_reason(const json_t *r, struct buf *out)
{
	const json_t *rates = page_member(r, "rates", "packets_per_s");
	const bool drop = !strcmp(page_text(r, "action"), "drop");
	const double now = page_newest(rates);

	buf_printf(out, "<tr%s title=\"", drop && now > 0 ? " class=\"dropping\"" : "");
	html_text(out, page_text(r, "text"));
	buf_puts(out, "\">");
	html_cell(out, "name", page_text(r, "reason"));
	html_cell(out, "quiet", page_text(r, "action"));
	html_cell(out, "n", fmt_count(page_number(r, "packets")).text);
	html_cell(out, now > 0 ? "n" : "n zero", fmt_count(now).text);
	buf_puts(out, "<td class=\"g\">");
	html_graph(out, rates, HISTORY_SAMPLES);
	html_cell(out, "quiet", page_text(r, "text"));
}

static void write_reasons_of(const json_t *status, const char *action, struct buf *out)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(status, "reasons"), i, r)
	{
		if (!strcmp(page_text(r, "action"), action) && page_number(r, "packets") > 0)
			write_reason(r, out);
	}
}

/* Those that happened: dropped ones first. */
static void write_reasons(const json_t *status, struct buf *out)
{
	static const char *const actions[] = { "drop", "tx", "redirect", "pass" };

	buf_puts(out, "<section class=\"wide\"><h2>packets</h2><table><thead><tr><th>reason"
		      "<th>action<th class=\"n\">in all<th class=\"n\">per s<th>5 min<th><tbody>");
	array_for_each (action, actions, array_len(actions))
		write_reasons_of(status, *action, out);
	buf_puts(out, "</table></section>");
}

/* What has no room at all is not there. */
static void write_room(const char *name, double used, double room, struct buf *out)
{
	if (room <= 0)
		return;
	buf_printf(out, "<tr%s>", used > 0.6 * room ? " class=\"filling\"" : "");
	html_cell(out, "name", name);
	html_cell(out, "n", fmt_count(used).text);
	html_cell(out, "n quiet", fmt_count(room).text);
	buf_puts(out, "<td class=\"g\">");
	html_bar(out, used / room);
}

static void write_rooms(const json_t *status, struct buf *out)
{
	const json_t *flows = json_object_get(status, "flows");
	const json_t *c = json_object_get(status, "conntrack");
	const json_t *slots = json_object_get(status, "slots"), *number;
	double all = 0, stable = page_number(slots, "stable");
	const char *state;

	json_object_foreach((json_t *)slots, state, number)
	{
		all += json_number_value(number);
	}
	buf_puts(out, "<section><h2>room</h2><table><thead><tr><th>of<th class=\"n\">used"
		      "<th class=\"n\">there is<th><tbody>");
	write_room("flow cache", page_number(flows, "live"), page_number(flows, "capacity"), out);
	write_room("connections of nat", page_number(c, "entries"), page_number(c, "capacity"),
		   out);
	write_room("ports to one server", page_number(c, "ports_most"),
		   page_number(c, "ports_each"), out);
	write_room("slots in transition", all - stable, all, out);
	buf_puts(out, "</table></section>");
}

static void write_interfaces(const json_t *status, struct buf *out)
{
	const json_t *interface;
	size_t i;

	buf_puts(out, "<section><h2>interfaces</h2><table><tbody>");
	json_array_foreach(json_object_get(status, "interfaces"), i, interface)
	{
		buf_puts(out, "<tr>");
		html_cell(out, "name", page_text(interface, "name"));
		html_cell(out, NULL,
			  page_bool(interface, "attached") ? page_text(interface, "mode")
							   : "not attached");
		html_cell(out, "quiet",
			  page_bool(interface, "dispatcher") ? "beside other programs" : "");
	}
	buf_puts(out, "</table></section>");
}

/* Only those that nothing can be sent to, or that are silent. */
static void write_hops(const json_t *status, struct buf *out)
{
	const json_t *hops = json_object_get(status, "neighbors"), *hop;
	size_t i, room = PAGE_LINES;

	if (page_count(hops, "state", "resolved") == json_array_size(hops))
		return;
	buf_puts(out, "<section><h2>next hops without a way or an answer</h2><table><tbody>");
	json_array_foreach(hops, i, hop)
	{
		if (!strcmp(page_text(hop, "state"), "resolved") || !room)
			continue;
		room--;
		buf_puts(out, "<tr>");
		html_cell(out, "name", page_text(hop, "address"));
		html_cell(out, NULL, page_text(hop, "state"));
		html_cell(out, "quiet", page_text(hop, "interface"));
	}
	buf_puts(out, "</table></section>");
}

void page_write_host(const json_t *status, struct buf *out)
{
	buf_puts(out, "<div class=\"columns\">");
	write_reasons(status, out);
	buf_puts(out, "<div>");
	write_rooms(status, out);
	write_interfaces(status, out);
	write_hops(status, out);
	buf_puts(out, "</div></div>");
}
