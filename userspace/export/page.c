/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The status page: first the verdict and whatever is wrong, then numbers, then the
 * tables. What is well says so quietly.
 */
#include <string.h>

#include "base/fmt.h"
#include "export/html.h"
#include "export/page.h"

const char page_css[] =
#include <page/page.css.inc>
	;
const char page_js[] =
#include <page/page.js.inc>
	;

const char *page_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

double page_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool page_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const json_t *page_member(const json_t *object, const char *key, const char *key2)
{
	return json_object_get(json_object_get(object, key), key2);
}

double page_newest(const json_t *rates)
{
	const size_t n = json_array_size(rates);

	return n ? json_number_value(json_array_get(rates, n - 1)) : 0;
}

size_t page_count(const json_t *list, const char *key, const char *word)
{
	const json_t *item;
	size_t i, n = 0;

	json_array_foreach(list, i, item)
	{
		n += !strcmp(page_text(item, key), word);
	}
	return n;
}

void page_state(struct buf *out, const char *state)
{
	buf_puts(out, "<span class=\"state ");
	html_text(out, state);
	buf_puts(out, "\">");
	html_text(out, state);
	buf_puts(out, "</span>");
}

/* --- what is wrong ------------------------------------------------------------ */

static size_t count_services(const json_t *status, const char *state)
{
	return page_count(json_object_get(status, "services"), "state", state);
}

static void write_verdict(const json_t *status, struct buf *out)
{
	const size_t all = json_array_size(json_object_get(status, "services"));
	const size_t down = count_services(status, "down");
	const size_t up = count_services(status, "up");

	buf_printf(out, "<p class=\"verdict %s\">", down ? "down" : up < all ? "degraded" : "up");
	if (down)
		buf_printf(out, "%zu of %zu services %s down", down, all, down == 1 ? "is" : "are");
	else
		buf_printf(out, "%zu service%s, none down", all, all == 1 ? "" : "s");
	if (all - up - down)
		buf_printf(out, ", %zu not whole", all - up - down);
	buf_puts(out, "</p>");
}

static void begin_trouble(struct buf *out, const char *severity, const char *what)
{
	buf_printf(out, "<li class=\"%s\"><b>", severity);
	html_text(out, what);
	buf_puts(out, "</b> ");
}

static void write_interface_trouble(const json_t *i, struct buf *out)
{
	if (!page_bool(i, "attached")) {
		begin_trouble(out, "down", page_text(i, "name"));
		buf_puts(out, "the XDP program is not on it");
	} else if (!strcmp(page_text(i, "mode"), "generic")) {
		begin_trouble(out, "degraded", page_text(i, "name"));
		buf_puts(out, "generic mode, which is slow");
	}
}

static void write_service_trouble(const json_t *s, struct buf *out)
{
	const char *state = page_text(s, "state");

	if (!strcmp(state, "up"))
		return;
	begin_trouble(out, !strcmp(state, "down") ? "down" : "degraded", page_text(s, "name"));
	buf_printf(out, "%.0f of %.0f backends usable", page_number(s, "backends_usable"),
		   page_number(s, "backends_total"));
}

/* All of it; a list without items is not shown. */
static void write_trouble(const json_t *status, struct buf *out)
{
	const json_t *hops = json_object_get(status, "neighbors"), *item;
	const size_t lost = json_array_size(hops) - page_count(hops, "state", "resolved");
	size_t i;

	buf_puts(out, "<ul class=\"trouble\">");
	json_array_foreach(json_object_get(status, "services"), i, item)
	{
		write_service_trouble(item, out);
	}
	json_array_foreach(json_object_get(status, "interfaces"), i, item)
	{
		write_interface_trouble(item, out);
	}
	if (json_is_false(page_member(status, "config", "last_reload_ok"))) {
		begin_trouble(out, "degraded", "config");
		buf_puts(out, "the last reload was refused: an older config runs");
	}
	if (lost) {
		begin_trouble(out, "degraded", "next hops");
		buf_printf(out, "%zu of %zu without a way or a MAC address", lost,
			   json_array_size(hops));
	}
	buf_puts(out, "</ul>");
}

/* --- numbers ------------------------------------------------------------------ */

static void write_tile(const char *name, const char *number, const json_t *rates, struct buf *out)
{
	buf_printf(out, "<div><span>%s</span><b>%s</b>", name, number);
	html_graph(out, rates, HISTORY_SAMPLES);
	buf_puts(out, "</div>");
}

static struct fmt rate_of(const json_t *rates, unsigned int times)
{
	return fmt_count(page_newest(rates) * times);
}

static void write_tiles(const json_t *status, struct buf *out)
{
	const json_t *r = json_object_get(status, "rates");
	const json_t *forwarded = json_object_get(r, "forwarded_per_s");
	const json_t *bytes = json_object_get(r, "bytes_per_s");
	const json_t *dropped = json_object_get(r, "dropped_per_s");
	const json_t *seen = json_object_get(r, "packets_per_s");

	buf_puts(out, "<section class=\"tiles\">");
	write_tile("packets/s to backends", rate_of(forwarded, 1).text, forwarded, out);
	write_tile("bit/s to backends", rate_of(bytes, 8).text, bytes, out);
	write_tile("packets/s dropped", rate_of(dropped, 1).text, dropped, out);
	write_tile("packets/s seen", rate_of(seen, 1).text, seen, out);
	buf_puts(out, "</section>");
}

/* --- the whole ---------------------------------------------------------------- */

static const char *age(const json_t *status, const char *where, const char *key, struct fmt *room)
{
	const double now = json_number_value(page_member(status, "daemon", "now"));
	const double then = page_number(json_object_get(status, where), key);

	*room = fmt_age(now > then ? now - then : 0);
	return room->text;
}

static void write_head(const json_t *status, const char *host, struct buf *out)
{
	const size_t down = count_services(status, "down");

	buf_puts(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
	if (down)
		buf_printf(out, "%zu down: ", down);
	html_text(out, host);
	buf_puts(out,
		 " - shunt</title>"
		 "<meta name=\"viewport\" content=\"width=device-width\">"
		 "<meta name=\"color-scheme\" content=\"light dark\">"
		 "<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"page.css\">"
		 "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"
		 "<script src=\"page.js\" defer></script></head><body>");
}

static void write_banner(const json_t *status, const char *host, struct buf *out)
{
	struct fmt room;

	buf_puts(out, "<header><h1>shunt</h1><span class=\"host\">");
	html_text(out, host);
	buf_printf(out, "</span><span>up %s</span><span>config loaded %s ago</span>",
		   age(status, "daemon", "started", &room),
		   age(status, "config", "loaded", &(struct fmt){ "" }));
	buf_puts(out, "<span id=\"stale\" hidden>no answer from the daemon</span></header>");
}

static void write_foot(const json_t *status, struct buf *out)
{
	const json_t *daemon = json_object_get(status, "daemon");

	buf_puts(out, "<footer><span>shuntd ");
	html_text(out, page_text(daemon, "version"));
	buf_printf(out, ", pid %.0f, %s of memory</span><span>", page_number(daemon, "pid"),
		   fmt_bytes(page_number(daemon, "rss_bytes")).text);
	html_text(out, page_text(json_object_get(status, "config"), "path"));
	buf_puts(out, "</span><span>graphs: the last 5 minutes</span>"
		      "<a href=\"status.json\">status.json</a><a href=\"metrics\">metrics</a>"
		      "</footer>");
}

void page_write(const json_t *status, const char *host, struct buf *out)
{
	write_head(status, host, out);
	buf_puts(out, "<main>");
	write_banner(status, host, out);
	write_verdict(status, out);
	write_trouble(status, out);
	write_tiles(status, out);
	page_write_services(status, out);
	page_write_host(status, out);
	write_foot(status, out);
	buf_puts(out, "</main></body></html>\n");
}
