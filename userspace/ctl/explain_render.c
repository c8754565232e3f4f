/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer of shunt explain for people: a line for each thing that was decided. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/frame_text.h"
#include "ctl/view.h"

#define LABEL_WIDTH 12
#define HEX_WIDTH 16

static void add_label(const char *label, struct buf *out)
{
	buf_printf(out, "%-*s", LABEL_WIDTH, label);
}

/* "192.0.2.80:443"; port 0 is any. */
static void add_end(const json_t *end, struct buf *out)
{
	const char *addr = view_text(end, "address");

	buf_printf(out, strchr(addr, ':') ? "[%s]" : "%s", addr);
	buf_printf(out, ":%" PRIu64, view_int(end, "port"));
}

static void render_packet(const json_t *data, struct buf *out)
{
	const json_t *p = json_object_get(data, "packet");
	const json_t *in = json_object_get(data, "interface");
	const bool tcp = !strcmp(view_text(p, "protocol"), "tcp");

	add_label("packet", out);
	buf_printf(out, "%s ", view_text(p, "protocol"));
	add_end(json_object_get(p, "source"), out);
	buf_puts(out, " > ");
	add_end(json_object_get(p, "destination"), out);
	if (tcp)
		buf_puts(out,
			 view_bool(p, "syn") ? ", SYN" : ", no SYN: of a connection that is open");
	buf_puts(out, "\n");
	add_label("interface", out);
	buf_printf(out, "%s, %s mode%s\n", view_text(in, "name"), view_text(in, "mode"),
		   view_bool(in, "attached") ? "" : "; the program is missing there");
}

static void render_service(const json_t *data, struct buf *out)
{
	const json_t *s = json_object_get(data, "service");
	const char *vip = view_text(s, "vip");

	add_label("service", out);
	if (!json_is_object(s)) {
		buf_puts(out, "none has this address and port\n");
		return;
	}
	buf_printf(out, "%s, by ", view_text(s, "name"));
	buf_printf(out, strchr(vip, ':') ? "[%s]:" : "%s:", vip);
	if (view_int(s, "port"))
		buf_printf(out, "%" PRIu64, view_int(s, "port"));
	else
		buf_puts(out, "any");
	buf_printf(out, " (%s, %s)\n", view_text(s, "forward"), view_text(s, "scheduler"));
}

/* Each rule that applies. */
static void render_firewall(const json_t *data, struct buf *out)
{
	const json_t *rules = json_object_get(data, "firewall");

	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *r = json_array_get(rules, i);
		const char *service = view_text(r, "service");
		const bool counts = !strcmp(view_text(r, "mode"), "monitor");
		const bool limits = !strcmp(view_text(r, "kind"), "limit");

		add_label(i ? "" : "firewall", out);
		buf_printf(out, "%s by rule ",
			   !strcmp(view_text(r, "kind"), "allow") ? "allowed"
			   : counts				  ? "only counted"
			   : limits				  ? "limited"
								  : "denied");
		if (*service)
			buf_printf(out, "%s: ", service);
		buf_printf(out, "%s ", view_text(r, "kind"));
		table_put_text(out, view_text(r, "name"));
		buf_puts(out, "\n");
	}
}

static const char *name_or_nobody(const json_t *object, const char *key)
{
	const char *name = view_text(object, key);

	return *name ? name : "nobody";
}

static void render_slot(const json_t *data, struct buf *out)
{
	const json_t *slot = json_object_get(data, "slot");

	if (!json_is_object(slot))
		return;
	add_label("slot", out);
	buf_printf(out, "%" PRIu64 " of %" PRIu64 ": %s, owner %s", view_int(slot, "number"),
		   view_int(slot, "of"), view_text(slot, "state"), name_or_nobody(slot, "owner"));
	if (json_is_string(json_object_get(slot, "former_owner")))
		buf_printf(out, ", before it %s", view_text(slot, "former_owner"));
	buf_puts(out, "\n");
}

/* "at nginx1, seen 12s ago"; "nothing" */
static void add_flow(const json_t *flow, struct buf *out)
{
	if (!json_is_object(flow)) {
		buf_puts(out, "nothing");
		return;
	}
	buf_printf(out, "at %s, seen %s ago%s", name_or_nobody(flow, "backend"),
		   fmt_age(view_int(flow, "age_s")).text,
		   view_bool(flow, "closing") ? ", ended by its client" : "");
}

static void render_flows(const json_t *data, const char *key, const char *label, struct buf *out)
{
	const json_t *flows = json_object_get(data, key);
	const json_t *before = json_object_get(flows, "before");
	const json_t *after = json_object_get(flows, "after");

	if (!json_is_object(flows))
		return;
	add_label(label, out);
	add_flow(before, out);
	if (json_is_object(after) &&
	    (!json_is_object(before) ||
	     strcmp(view_text(before, "backend"), view_text(after, "backend"))))
		buf_printf(out, "; would be entered at %s", name_or_nobody(after, "backend"));
	buf_puts(out, "\n");
}

static void add_conn(const json_t *c, struct buf *out)
{
	buf_printf(out, "%s, ", view_text(c, "state"));
	add_end(json_object_get(c, "source"), out);
	buf_puts(out, " > ");
	add_end(json_object_get(c, "server"), out);
	buf_printf(out, ", seen %s ago", fmt_age(view_int(c, "idle_s")).text);
}

/* One that would begin is told without its port, which is drawn. */
static void render_conn(const json_t *data, struct buf *out)
{
	const json_t *conns = json_object_get(data, "connection");
	const json_t *before = json_object_get(conns, "before");
	const json_t *after = json_object_get(conns, "after");

	if (!json_is_object(conns))
		return;
	add_label("connection", out);
	if (json_is_object(before))
		add_conn(before, out);
	else if (json_is_object(after))
		buf_printf(out, "none; one would begin, from %s",
			   view_text(json_object_get(after, "source"), "address"));
	else
		buf_puts(out, "none");
	buf_puts(out, "\n");
}

static const char *why_text(const char *why)
{
	static const struct {
		const char *why, *text;
	} texts[] = {
		{ "slot", "it owns the slot" },
		{ "former", "it had the slot before, and the flow may be an old one" },
		{ "flow-cache", "the flow cache has the flow there" },
		{ "noted", "the flow began there while its slot was changing hands" },
		{ "scheduler", "the flow begins, and the scheduler gives it there" },
		{ "connection", "its connection is there" },
	};

	array_for_each (t, texts, array_len(texts))
		if (!strcmp(t->why, why))
			return t->text;
	return why;
}

static void render_backend(const json_t *data, struct buf *out)
{
	const json_t *b = json_object_get(data, "backend");

	add_label("backend", out);
	if (json_is_object(b))
		buf_printf(out, "%s/%s: %s\n", view_text(b, "service"), view_text(b, "name"),
			   why_text(view_text(b, "why")));
	else
		buf_puts(out, "none\n");
}

static void render_way(const json_t *data, struct buf *out)
{
	const json_t *way = json_object_get(data, "way");
	const uint64_t port = view_int(way, "port");

	if (!json_is_object(way))
		return;
	add_label("forward", out);
	buf_printf(out, "%s to %s", view_text(way, "forward"), view_text(way, "address"));
	if (port)
		buf_printf(out, " port %" PRIu64, port);
	if (*view_text(way, "mac"))
		buf_printf(out, ", by %s to %s", view_text(way, "interface"),
			   view_text(way, "mac"));
	else
		buf_puts(out, ", next hop not known");
	if (view_int(way, "vlan"))
		buf_printf(out, ", vlan %" PRIu64, view_int(way, "vlan") & 0xfff);
	buf_printf(out, ", mtu %" PRIu64 "%s\n", view_int(way, "mtu"),
		   view_bool(way, "dead") ? "; known to be down" : "");
}

/* --- bytes -------------------------------------------------------------------------- */

/* From hex; to be released with free(). NULL: no memory. */
static uint8_t *read_hex(const char *hex, size_t *n)
{
	uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
	char byte[3] = "";

	*n = strlen(hex) / 2;
	for (size_t i = 0; bytes && i < *n; i++) {
		memcpy(byte, hex + 2 * i, 2);
		bytes[i] = strtoul(byte, NULL, 16);
	}
	return bytes;
}

static void render_bytes(const json_t *data, const char *key, struct buf *out)
{
	const json_t *way = json_object_get(data, "way");
	const bool gue = !strcmp(view_text(way, "forward"), "gue");
	const char *hex = view_text(json_object_get(data, "result"), key);
	size_t n;
	_cleanup_free_ uint8_t *bytes = read_hex(hex, &n);

	if (!n || !bytes)
		return;
	add_label(key, out);
	buf_printf(out, "%zu bytes, ", n);
	frame_text_add(bytes, n, gue ? view_int(way, "port") : 0, out);
	for (size_t i = 0; i < n; i++) {
		if (i % HEX_WIDTH == 0)
			buf_printf(out, "\n%*s%04zx ", LABEL_WIDTH, "", i);
		buf_printf(out, " %02x", bytes[i]);
	}
	buf_puts(out, "\n");
}

void render_explain(const struct ctl_view *view, struct buf *out)
{
	const json_t *result = json_object_get(view->data, "result");

	render_packet(view->data, out);
	render_service(view->data, out);
	render_firewall(view->data, out);
	render_slot(view->data, out);
	render_flows(view->data, "flow_cache", "flow cache", out);
	render_flows(view->data, "noted", "noted", out);
	render_conn(view->data, out);
	render_backend(view->data, out);
	render_way(view->data, out);
	add_label("result", out);
	buf_printf(out, "%s (%s): %s\n", view_text(result, "reason"), view_text(result, "action"),
		   view_text(result, "text"));
	render_bytes(view->data, "in", out);
	render_bytes(view->data, "out", out);
}
