/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services, each with its backends below it, as `shunt backend list` has them. Where
 * there are too many to read, those that are not up come first, and then the busiest.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fmt.h"
#include "export/html.h"
#include "export/page.h"

static void number_cell(struct buf *out, double n)
{
	html_cell(out, n > 0 ? "n" : "n zero", fmt_count(n).text);
}

/* "80,443/tcp" */
static void write_ports(const json_t *ports, const char *protocol, struct buf *out)
{
	const char *before = "";
	const json_t *port;
	size_t i;

	json_array_foreach(ports, i, port)
	{
		if (strcmp(page_text(port, "protocol"), protocol))
			continue;
		if (page_number(port, "port") > 0)
			buf_printf(out, "%s%.0f", before, page_number(port, "port"));
		else
			buf_printf(out, "%sany", before);
		before = ",";
	}
	if (*before)
		buf_printf(out, "/%s ", protocol);
}

static void write_places(const json_t *service, struct buf *out)
{
	const json_t *vips = json_object_get(service, "vips"), *vip;
	const json_t *ports = json_object_get(service, "ports");
	size_t i;

	buf_puts(out, "<td class=\"place\">");
	json_array_foreach(vips, i, vip)
	{
		buf_puts(out, i ? "<br>" : "");
		html_text(out, json_string_value(vip));
	}
	buf_puts(out, " <span class=\"quiet\">");
	write_ports(ports, "tcp", out);
	write_ports(ports, "udp", out);
	buf_puts(out, "</span>");
}

/* Some of its backends say how many connections they have. */
static bool is_counted(const json_t *service)
{
	const json_t *b;
	size_t i;

	json_array_foreach(json_object_get(service, "backends"), i, b)
	{
		if (json_is_object(json_object_get(b, "connections")))
			return true;
	}
	return json_object_get(json_object_get(service, "hidden"), "connections");
}

/* Of a number that all backends have. */
static double sum_of(const json_t *service, const char *key, const char *key2)
{
	const json_t *b;
	double sum = 0;
	size_t i;

	json_array_foreach(json_object_get(service, "backends"), i, b)
	{
		sum += json_number_value(page_member(b, key, key2));
	}
	return sum;
}

static void write_service(const json_t *s, struct buf *out)
{
	const json_t *packets = page_member(s, "rates", "packets_per_s");
	const json_t *bytes = page_member(s, "rates", "bytes_per_s");
	const json_t *hidden = json_object_get(s, "hidden");

	buf_puts(out, "<tr class=\"service\">");
	html_cell(out, "name", page_text(s, "name"));
	buf_puts(out, "<td>");
	page_state(out, page_text(s, "state"));
	if (page_number(s, "slots_moving") > 0)
		buf_printf(out, " <span class=\"quiet\">%.0f slots moving</span>",
			   page_number(s, "slots_moving"));
	write_places(s, out);
	buf_puts(out, "<td class=\"check quiet\">");
	html_text(out, page_text(s, "forward"));
	buf_puts(out, ", ");
	html_text(out, page_text(s, "scheduler"));
	buf_printf(out, "<td class=\"n\">%.0f/%.0f", page_number(s, "backends_usable"),
		   page_number(s, "backends_total"));
	if (is_counted(s)) {
		number_cell(out,
			    sum_of(s, "connections", "now") + page_number(hidden, "connections"));
		number_cell(out, sum_of(s, "rates", "connections_per_s") +
					 page_number(hidden, "connections_per_s"));
	} else {
		buf_puts(out, "<td><td>");
	}
	number_cell(out, page_newest(packets));
	number_cell(out, 8 * page_newest(bytes));
	buf_puts(out, "<td class=\"g\">");
	html_graph(out, packets, HISTORY_SAMPLES);
}

/* "http 200 1.1ms", or what went wrong. */
static void write_check(const json_t *b, struct buf *out)
{
	const json_t *check = json_object_get(b, "check");
	const char *detail = page_text(check, "detail");
	const double took_us = page_number(check, "duration_us");

	buf_puts(out, "<td class=\"check\" title=\"");
	html_text(out, page_text(check, "reason"));
	buf_printf(out, "; %.0f passed, %.0f failed\">", page_number(check, "passed"),
		   page_number(check, "failed"));
	html_text(out, *detail ? detail : page_text(check, "reason"));
	if (took_us > 0)
		buf_printf(out, " <span class=\"quiet\">%s</span>", fmt_duration(took_us).text);
}

/* What counts, and what is configured where that is another. */
static void write_weight(const json_t *b, struct buf *out)
{
	const double weight = page_number(b, "weight"), now = page_number(b, "effective_weight");

	if (weight > now || weight < now)
		buf_printf(out, "<td class=\"n\">w %.0f/%.0f", now, weight);
	else
		buf_printf(out, "<td class=\"n\">w %.0f", weight);
}

static void write_load(const json_t *b, struct buf *out)
{
	if (json_is_object(json_object_get(b, "connections"))) {
		number_cell(out, json_number_value(page_member(b, "connections", "now")));
		number_cell(out, json_number_value(page_member(b, "rates", "connections_per_s")));
	} else {
		buf_puts(out, "<td><td>");
	}
}

/* What a drained backend still has. */
static void note_drain(const json_t *b, struct buf *notes)
{
	const json_t *drain = json_object_get(b, "drain");
	const double flows = page_number(b, "flows");

	if (page_bool(drain, "empty"))
		page_note(notes, "empty");
	else if (flows > 0)
		page_note(notes, "%s flow%s kept", fmt_count(flows).text, flows > 1 ? "s" : "");
	if (page_bool(drain, "over"))
		page_note(notes, "its time is over");
	else if (page_number(drain, "until") > 0)
		page_note(notes, "%s left", fmt_age(page_number(drain, "left")).text);
}

/* It gets other flows than its state says. */
static void note_part(const json_t *b, struct buf *notes)
{
	const double warmth = page_number(b, "warmth_percent");
	const bool serves = page_number(b, "effective_weight") > 0;

	if (serves && warmth > 0 && warmth < 100)
		page_note(notes, "%.0f%% warm", warmth);
	if (page_bool(b, "usable") != serves)
		page_note(notes, serves ? "in use" : "standby");
}

static void write_state(const json_t *b, double now, struct buf *out)
{
	const json_t *check = json_object_get(b, "check");
	const char *state = page_text(b, "state");
	/* Of a state that an operator has chosen the check does not know the age. */
	const bool checked = !strcmp(state, page_text(check, "state"));
	const double since = page_number(checked ? check : json_object_get(b, "drain"), "since");
	_cleanup_(buf_free) struct buf notes = { 0 };

	if (since > 0 && now >= since)
		page_note(&notes, "%s", fmt_age(now - since).text);
	note_drain(b, &notes);
	note_part(b, &notes);
	buf_puts(out, "<td>");
	page_state(out, state);
	if (notes.len)
		buf_printf(out, " <span class=\"quiet\">%s</span>", buf_str(&notes));
}

static void write_backend(const json_t *service, const json_t *b, double now, struct buf *out)
{
	const json_t *rates = json_object_get(b, "rates");
	const double slots = page_number(service, "slots");

	buf_puts(out, "<tr>");
	html_cell(out, "name", page_text(b, "name"));
	write_state(b, now, out);
	html_cell(out, "place", page_text(b, "address"));
	write_check(b, out);
	write_weight(b, out);
	write_load(b, out);
	number_cell(out, page_number(rates, "packets_per_s"));
	number_cell(out, 8 * page_number(rates, "bytes_per_s"));
	buf_puts(out, "<td class=\"g\">");
	if (slots > 0)
		html_bar(out, page_number(b, "slots") / slots);
}

static bool is_well(const json_t *b)
{
	return page_bool(b, "usable") && !strcmp(page_text(b, "state"), "up");
}

static void write_folded(size_t n, const char *what, struct buf *out)
{
	if (n)
		buf_printf(out, "<tr><td class=\"name\"><td class=\"quiet\" colspan=\"9\">%zu %s",
			   n, what);
}

static void write_backends(const json_t *service, bool fold, double now, struct buf *out)
{
	const json_t *backends = json_object_get(service, "backends"), *b;
	const json_t *hidden = json_object_get(service, "hidden");
	size_t well = page_number(hidden, "well"), more = page_number(hidden, "more");
	size_t i, shown = 0;

	json_array_foreach(backends, i, b)
	{
		if (fold && is_well(b)) {
			well++;
		} else if (fold && shown == PAGE_BACKENDS_EACH) {
			more++;
		} else {
			write_backend(service, b, now, out);
			shown++;
		}
	}
	write_folded(more, "more that are not", out);
	/* Where all are well, the line of the service has said so. */
	if (shown)
		write_folded(well, "up", out);
}

/* --- which of them ------------------------------------------------------------- */

static bool is_wanted(const json_t *service, const char *filter)
{
	const json_t *vip;
	size_t i;

	if (strstr(page_text(service, "name"), filter))
		return true;
	json_array_foreach(json_object_get(service, "vips"), i, vip)
	{
		if (strstr(json_string_value(vip) ?: "", filter))
			return true;
	}
	return false;
}

static int compare_rows(const void *a, const void *b)
{
	const struct page_row *x = a, *y = b;

	if (x->is_up != y->is_up)
		return x->is_up - y->is_up;
	if (x->packets_per_s < y->packets_per_s || x->packets_per_s > y->packets_per_s)
		return x->packets_per_s < y->packets_per_s ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

size_t page_choose(const json_t *services, const char *filter, struct page_row *rows)
{
	const json_t *s;
	size_t i, n = 0;

	json_array_foreach(services, i, s)
	{
		if (is_wanted(s, filter))
			rows[n++] = (struct page_row){ s, i, !strcmp(page_text(s, "state"), "up"),
						       page_newest(page_member(s, "rates",
									       "packets_per_s")) };
	}
	if (n > PAGE_SERVICES)
		qsort(rows, n, sizeof(*rows), compare_rows);
	return n;
}

bool page_is_folded(const struct page_row *rows, size_t n)
{
	size_t backends = 0;

	array_for_each (row, rows, n) {
		const size_t listed = json_array_size(json_object_get(row->service, "backends"));
		const size_t total = page_number(row->service, "backends_total");

		backends += total > listed ? total : listed;
	}
	return backends > PAGE_BACKENDS;
}

/* Those that are not shown, and where they are. */
static void write_rest(size_t wanted, size_t shown, size_t all, struct buf *out)
{
	if (wanted > shown)
		buf_printf(out,
			   "<p class=\"quiet\">%zu more services, which are less busy or as "
			   "ill: by name or address above, or shunt service list</p>",
			   wanted - shown);
	if (wanted < all)
		buf_printf(out, "<p class=\"quiet\">%zu of %zu services; <a href=\"?\">all</a></p>",
			   wanted, all);
}

void page_write_services(const json_t *status, const char *filter, struct buf *out)
{
	const json_t *services = json_object_get(status, "services");
	const size_t all = json_array_size(services);
	const double now = json_number_value(page_member(status, "daemon", "now"));
	_cleanup_free_ struct page_row *rows = calloc(all + 1, sizeof(*rows));
	const size_t wanted = rows ? page_choose(services, filter, rows) : 0;
	const size_t shown = wanted < PAGE_SERVICES ? wanted : PAGE_SERVICES;
	const bool fold = page_is_folded(rows, shown);

	buf_puts(out,
		 "<div class=\"wide\"><table class=\"services\"><thead><tr><th>service"
		 "<th>state<th>address<th>how, or last check<th class=\"n\">up/all"
		 "<th class=\"n\" title=\"where the service counts them\">conns"
		 "<th class=\"n\">new/s<th class=\"n\">packets/s<th class=\"n\">bit/s"
		 "<th title=\"packets/s; of backends their part of the slots\">5 min, or share");
	array_for_each (row, rows, shown) {
		buf_puts(out, "<tbody>");
		write_service(row->service, out);
		write_backends(row->service, fold, now, out);
	}
	buf_puts(out, "</table></div>");
	write_rest(wanted, shown, all, out);
}
