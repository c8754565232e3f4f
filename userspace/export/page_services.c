/* SPDX-License-Identifier: BSD-2-Clause */
/* The services, each with its backends below it, as `shunt backend list` has them. */
#include <string.h>

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

/* @key of all backends, where they are counted; else NULL. */
static double sum_connections(const json_t *service, bool *counted)
{
	const json_t *backends = json_object_get(service, "backends"), *b;
	double sum = 0;
	size_t i;

	*counted = false;
	json_array_foreach(backends, i, b)
	{
		*counted |= json_is_object(json_object_get(b, "connections"));
		sum += json_number_value(page_member(b, "connections", "now"));
	}
	return sum;
}

static double sum_opened(const json_t *service)
{
	const json_t *backends = json_object_get(service, "backends"), *b;
	double sum = 0;
	size_t i;

	json_array_foreach(backends, i, b)
	{
		sum += json_number_value(page_member(b, "rates", "connections_per_s"));
	}
	return sum;
}

static void write_service(const json_t *s, struct buf *out)
{
	const json_t *packets = page_member(s, "rates", "packets_per_s");
	const json_t *bytes = page_member(s, "rates", "bytes_per_s");
	bool counted;
	const double connections = sum_connections(s, &counted);

	buf_puts(out, "<tr class=\"service\">");
	html_cell(out, "name", page_text(s, "name"));
	write_places(s, out);
	buf_puts(out, "<td class=\"quiet\">");
	html_text(out, page_text(s, "forward"));
	buf_puts(out, ", ");
	html_text(out, page_text(s, "scheduler"));
	buf_printf(out, "<td class=\"n\">%.0f/%.0f", page_number(s, "backends_usable"),
		   page_number(s, "backends_total"));
	if (counted) {
		number_cell(out, connections);
		number_cell(out, sum_opened(s));
	} else {
		buf_puts(out, "<td><td>");
	}
	number_cell(out, page_newest(packets));
	number_cell(out, 8 * page_newest(bytes));
	buf_puts(out, "<td class=\"g\">");
	html_graph(out, packets, HISTORY_SAMPLES);
	buf_puts(out, "<td>");
	page_state(out, page_text(s, "state"));
	if (page_number(s, "slots_moving") > 0)
		buf_printf(out, " <span class=\"quiet\">%.0f slots moving</span>",
			   page_number(s, "slots_moving"));
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

static void write_backend(const json_t *service, const json_t *b, double now, struct buf *out)
{
	const json_t *rates = json_object_get(b, "rates");
	const double slots = page_number(service, "slots");
	const json_t *check = json_object_get(b, "check");
	/* Of a state that an operator has chosen the check does not know the age. */
	const bool checked = !strcmp(page_text(b, "state"), page_text(check, "state"));
	const double since = checked ? page_number(check, "since") : 0;

	buf_puts(out, "<tr>");
	html_cell(out, "name", page_text(b, "name"));
	html_cell(out, "place", page_text(b, "address"));
	write_check(b, out);
	write_weight(b, out);
	write_load(b, out);
	number_cell(out, page_number(rates, "packets_per_s"));
	number_cell(out, 8 * page_number(rates, "bytes_per_s"));
	buf_puts(out, "<td class=\"g\">");
	if (slots > 0)
		html_bar(out, page_number(b, "slots") / slots);
	buf_puts(out, "<td>");
	page_state(out, page_text(b, "state"));
	if (since > 0 && now >= since)
		buf_printf(out, " <span class=\"quiet\">%s</span>", fmt_age(now - since).text);
	if (page_number(b, "flows") > 0)
		buf_printf(out, " <span class=\"quiet\">%s flows kept</span>",
			   fmt_count(page_number(b, "flows")).text);
}

static bool is_well(const json_t *b)
{
	return page_bool(b, "usable") && !strcmp(page_text(b, "state"), "up");
}

static void write_backends(const json_t *service, bool fold, double now, struct buf *out)
{
	const json_t *backends = json_object_get(service, "backends"), *b;
	size_t i, folded = 0;

	json_array_foreach(backends, i, b)
	{
		if (fold && is_well(b))
			folded++;
		else
			write_backend(service, b, now, out);
	}
	if (folded)
		buf_printf(out, "<tr><td class=\"name\"><td class=\"quiet\" colspan=\"9\">%zu up",
			   folded);
}

static bool are_many(const json_t *services)
{
	const json_t *s;
	size_t i, n = 0;

	json_array_foreach(services, i, s)
	{
		n += json_array_size(json_object_get(s, "backends"));
	}
	return n > PAGE_BACKENDS;
}

void page_write_services(const json_t *status, struct buf *out)
{
	const json_t *services = json_object_get(status, "services"), *s;
	const double now = json_number_value(page_member(status, "daemon", "now"));
	const bool fold = are_many(services);
	size_t i;

	buf_puts(out, "<div class=\"wide\"><table class=\"services\"><thead><tr><th>service"
		      "<th>address<th>how, or last check<th class=\"n\">up/all"
		      "<th class=\"n\" title=\"where the service counts them\">conns"
		      "<th class=\"n\">new/s<th class=\"n\">packets/s<th class=\"n\">bit/s"
		      "<th title=\"packets/s; of backends their part of the slots\">5 min, or share"
		      "<th>state");
	json_array_foreach(services, i, s)
	{
		buf_puts(out, "<tbody>");
		write_service(s, out);
		write_backends(s, fold, now, out);
	}
	buf_puts(out, "</table></div>");
}
