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

/* "2 down, 1 unhealthy: lb1 - shunt": among the tabs of a browser. */
static void write_title(const json_t *status, const char *host, struct buf *out)
{
	const size_t down = page_count_services(status, "down");
	const size_t ill = page_count_services(status, "unhealthy");

	if (down)
		buf_printf(out, "%zu down%s", down, ill ? ", " : ": ");
	if (ill)
		buf_printf(out, "%zu unhealthy: ", ill);
	html_text(out, host);
}

static void write_head(const json_t *status, const char *host, struct buf *out)
{
	buf_puts(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
	write_title(status, host, out);
	buf_puts(out,
		 " - shunt</title>"
		 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
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

/* Outside of what is renewed, as somebody may be typing in it. */
static void write_filter(const json_t *status, const char *filter, struct buf *out)
{
	if (!*filter && json_array_size(json_object_get(status, "services")) <= PAGE_SERVICES)
		return;
	buf_puts(out, "<form role=\"search\"><input type=\"search\" name=\"q\" maxlength=\"64\" "
		      "aria-label=\"name or address of services\" "
		      "placeholder=\"name or address\" value=\"");
	html_text(out, filter);
	buf_puts(out, "\"></form>");
}

void page_write(const json_t *status, const char *host, const char *filter, struct buf *out)
{
	write_head(status, host, out);
	write_filter(status, filter, out);
	buf_puts(out, "<main>");
	write_banner(status, host, out);
	page_write_trouble(status, out);
	write_tiles(status, out);
	page_write_services(status, filter, out);
	page_write_notes(status, out);
	page_write_host(status, out);
	write_foot(status, out);
	buf_puts(out, "</main></body></html>\n");
}
