/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict, and under it whatever somebody should look at: the worst first. */
#include <string.h>

#include "base/array.h"
#include "base/fmt.h"
#include "export/html.h"
#include "export/page.h"

/* That services can be in, the worst first; the last is well. */
static const char *const service_states[] = { "down", "unhealthy", "degraded", "up" };

#define WELL (array_len(service_states) - 1)

static void write_verdict(const json_t *status, struct buf *out)
{
	const size_t all = json_array_size(json_object_get(status, "services"));
	size_t n, worst = WELL;

	for (size_t i = WELL; i--;)
		if (page_count_services(status, service_states[i]))
			worst = i;
	buf_printf(out, "<p class=\"verdict %s\">%zu service%s", service_states[worst], all,
		   all == 1 ? "" : "s");
	if (worst == WELL)
		buf_puts(out, all ? all == 1 ? ", up" : ", all up" : "");
	for (size_t i = worst; i < WELL; i++) {
		n = page_count_services(status, service_states[i]);
		if (n)
			buf_printf(out, ", %zu %s", n, service_states[i]);
	}
	buf_puts(out, "</p>");
}

static void begin_trouble(struct buf *out, const char *severity, const char *what)
{
	buf_printf(out, "<li class=\"%s\"><b>", severity);
	html_text(out, what);
	buf_puts(out, "</b> ");
}

static void write_interface(const json_t *i, struct buf *out)
{
	if (!page_bool(i, "attached")) {
		begin_trouble(out, "down", page_text(i, "name"));
		buf_puts(out, "the XDP program is not on it");
	} else if (!strcmp(page_text(i, "mode"), "generic")) {
		begin_trouble(out, "degraded", page_text(i, "name"));
		buf_puts(out, "generic mode, which is slow");
	}
}

static void write_service(const json_t *s, const char *state, struct buf *out)
{
	begin_trouble(out, state, page_text(s, "name"));
	buf_printf(out, "%.0f of %.0f backends usable", page_number(s, "backends_usable"),
		   page_number(s, "backends_total"));
	if (!strcmp(state, "unhealthy"))
		buf_printf(out, ", %.0f needed", page_number(s, "min_healthy"));
}

/* As many as there is room for; the verdict has counted all of them. */
static void write_services(const json_t *status, const char *state, size_t *room, struct buf *out)
{
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(status, "services"), i, s)
	{
		if (strcmp(page_text(s, "state"), state))
			continue;
		if (!*room)
			return;
		write_service(s, state, out);
		--*room;
	}
}

static void write_rivals(const json_t *s, struct buf *out)
{
	const json_t *rival;
	size_t i;

	json_array_foreach(json_object_get(s, "rival_primaries"), i, rival)
	{
		begin_trouble(out, "down", page_text(s, "name"));
		buf_puts(out, "two primaries: ");
		html_text(out, json_string_value(rival));
		buf_puts(out, " says that it is one, too, and is not used");
	}
}

static void write_config(const json_t *config, struct buf *out)
{
	const double left_s = page_number(config, "confirm_left_s");

	if (json_is_false(json_object_get(config, "last_reload_ok"))) {
		begin_trouble(out, "degraded", "config");
		buf_puts(out, "the last reload was refused: an older config runs");
	}
	if (left_s > 0) {
		begin_trouble(out, "degraded", "config");
		buf_printf(out, "not confirmed: the former one returns in %s",
			   fmt_age(left_s).text);
	}
}

static void write_hops(const json_t *status, struct buf *out)
{
	const json_t *hops = json_object_get(status, "neighbors");
	size_t all = page_number(status, "neighbors_total");
	size_t lost = page_number(status, "neighbors_lost");

	if (!all) {
		all = json_array_size(hops);
		lost = all - page_count(hops, "state", "resolved");
	}
	if (!lost)
		return;
	begin_trouble(out, "degraded", "next hops");
	buf_printf(out, "%zu of %zu without a way, or they do not answer", lost, all);
}

/* VIPs that the network does not hear of from here. */
static void write_announcements(const json_t *announcements, struct buf *out)
{
	const json_t *list = json_object_get(announcements, "addresses"), *a;
	size_t i, silent = 0;

	json_array_foreach(list, i, a)
	{
		silent += !strcmp(page_text(a, "kind"), "vip") && !page_bool(a, "announced");
	}
	if (silent) {
		begin_trouble(out, "degraded", "announcements");
		buf_printf(out, "%zu of %zu VIPs are not announced", silent,
			   page_count(list, "kind", "vip"));
	}
	if (page_number(announcements, "drained_since") > 0) {
		begin_trouble(out, "drain", "announcements");
		buf_puts(out, "this balancer is drained: routers prefer others");
	}
}

/* Not wrong, but easily forgotten. */
static void write_overrides(const json_t *status, struct buf *out)
{
	const size_t n = json_array_size(json_object_get(status, "overrides")) +
			 json_array_size(json_object_get(status, "edits"));

	if (!n)
		return;
	begin_trouble(out, "drain", "overrides");
	buf_printf(out, "<a href=\"#overrides\">%zu thing%s said at runtime</a>", n,
		   n == 1 ? "" : "s");
}

/* A list without items is not shown. */
void page_write_trouble(const json_t *status, struct buf *out)
{
	const json_t *item;
	size_t i, room = PAGE_LINES;

	write_verdict(status, out);
	buf_puts(out, "<ul class=\"trouble\">");
	json_array_foreach(json_object_get(status, "services"), i, item)
	{
		write_rivals(item, out);
	}
	for (i = 0; i < WELL; i++)
		write_services(status, service_states[i], &room, out);
	json_array_foreach(json_object_get(status, "interfaces"), i, item)
	{
		write_interface(item, out);
	}
	write_config(json_object_get(status, "config"), out);
	write_hops(status, out);
	write_announcements(json_object_get(status, "announcements"), out);
	write_overrides(status, out);
	buf_puts(out, "</ul>");
}
