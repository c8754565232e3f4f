/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt show peers: what is shared with other balancers. */
#include <inttypes.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fmt.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/view.h"

static json_t *seconds_or_null(uint64_t s)
{
	return s == UINT64_MAX ? json_null() : json_integer(s);
}

static json_t *describe_peer(const struct snapshot_peer *p)
{
	return json_pack("{s:o, s:b, s:o, s:o, s:I}", "name", describe_text(p->name), "heard",
			 p->is_heard, "silent_s", seconds_or_null(p->silent_s), "round_s",
			 seconds_or_null(p->round_s), "datagrams", (json_int_t)p->datagrams);
}

static json_t *describe_list(const struct snapshot_peers *peers)
{
	json_t *list = json_array();

	array_for_each (p, peers->list, peers->n)
		json_array_append_new(list, describe_peer(p));
	return list;
}

static json_t *describe_heard(const uint64_t count[PEER_HEARD])
{
	json_t *object = json_object();

	for (int i = 0; i < PEER_HEARD; i++)
		json_object_set_new(object, peer_heard_name(i), json_integer(count[i]));
	return object;
}

static json_t *describe_datagrams(const struct snapshot_peers *peers)
{
	json_t *object = json_object();

	for (int i = 0; i < PEER_DATAGRAMS; i++)
		json_object_set_new(object, peer_datagram_name(i),
				    json_integer(peers->datagrams[i]));
	return object;
}

static json_t *describe_told(const struct snapshot_peers *peers)
{
	json_t *object = json_object();

	for (int i = 0; i < PEER_TOLD; i++)
		json_object_set_new(object, peer_told_name(i), json_integer(peers->told[i]));
	return object;
}

enum ctl_exit cmd_show_peers(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const struct snapshot_peers *p = s ? &s->peers : NULL;

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "on", json_boolean(p->is_on))
	    ?: describe_put(call, "trouble", describe_text(p->trouble))
	    ?: describe_put(call, "peers", describe_list(p))
	    ?: describe_put(call, "sent", json_integer(p->sent))
	    ?: describe_put(call, "sent_bytes", json_integer(p->sent_bytes))
	    ?: describe_put(call, "send_errors", json_integer(p->send_errors))
	    ?: describe_put(call, "told", describe_told(p))
	    ?: describe_put(call, "datagrams", describe_datagrams(p))
	    ?: describe_put(call, "connections", describe_heard(p->connections))
	    ?: describe_put(call, "flows", describe_heard(p->flows))
	    ?: describe_put(call, "held_back", json_integer(p->held_back))
	    ?: describe_put(call, "ends_lost", json_integer(p->ends_lost))
	    ?: describe_put(call, "theirs", json_integer(p->theirs))
	    ?: describe_put(call, "round_took_s", json_real(p->lag_s));
}

/* "3 s ago", "never" */
static void add_age(struct table *t, const json_t *peer, const char *key)
{
	if (json_is_null(json_object_get(peer, key)))
		table_add(t, TABLE_PLAIN, "never");
	else
		table_add(t, TABLE_PLAIN, "%s ago", fmt_age(view_int(peer, key)).text);
}

static void render_list(const struct ctl_view *view, struct buf *out)
{
	static const struct table_column columns[] = {
		{ "PEER", false },    { "STATE", false },    { "HEARD", true },
		{ "TOLD ALL", true }, { "DATAGRAMS", true },
	};
	const json_t *peers = json_object_get(view->data, "peers");
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *p = json_array_get(peers, i);
		const bool heard = view_bool(p, "heard");

		table_add(&t, TABLE_PLAIN, "%s", view_text(p, "name"));
		table_add(&t, heard ? TABLE_GREEN : TABLE_RED, "%s", heard ? "heard" : "silent");
		add_age(&t, p, "silent_s");
		add_age(&t, p, "round_s");
		table_add(&t, TABLE_PLAIN, "%" PRIu64, view_int(p, "datagrams"));
	}
	if (!t.n_cells)
		buf_puts(out, "nobody was heard yet\n");
	table_print(&t, view->color, out);
}

/* "connections: 12 entered, 300 refreshed": what is not 0. */
static void render_counts(const char *what, const json_t *counts, struct buf *out)
{
	const char *key, *sep = ": ";
	json_t *value;

	buf_puts(out, what);
	json_object_foreach((json_t *)counts, key, value)
	{
		if (!json_integer_value(value))
			continue;
		buf_printf(out, "%s%" PRIu64 " %s", sep, (uint64_t)json_integer_value(value), key);
		sep = ", ";
	}
	buf_puts(out, *sep == ':' ? ": none\n" : "\n");
}

void render_show_peers(const struct ctl_view *view, struct buf *out)
{
	const json_t *data = view->data;

	if (!view_bool(data, "on")) {
		buf_puts(out, "nothing is shared: the config has no ha.peers\n");
		return;
	}
	if (*view_text(data, "trouble")) {
		table_paint(out, view->color, TABLE_RED, "NOTHING IS SHARED");
		buf_printf(out, ": %s\n", view_text(data, "trouble"));
	}
	render_list(view, out);
	buf_printf(out, "\nsent: %" PRIu64 " datagrams, %s; the last round took %.1f s\n",
		   view_int(data, "sent"), fmt_size(view_int(data, "sent_bytes")).text,
		   json_real_value(json_object_get(data, "round_took_s")));
	render_counts("told", json_object_get(data, "told"), out);
	render_counts("datagrams heard", json_object_get(data, "datagrams"), out);
	render_counts("connections heard", json_object_get(data, "connections"), out);
	render_counts("flows heard", json_object_get(data, "flows"), out);
	buf_printf(out, "connections here that are theirs: %" PRIu64 "\n",
		   view_int(data, "theirs"));
	if (view_int(data, "held_back"))
		buf_printf(out, "held back by the rate: %" PRIu64 " times\n",
			   view_int(data, "held_back"));
}

/* "2 of 3 peers are heard"; nothing where nothing is shared. */
void view_peers(const struct ctl_view *view, struct buf *out)
{
	const json_t *peers = json_object_get(view->data, "peers");
	const size_t all = json_array_size(peers);
	size_t heard = 0;

	for (size_t i = 0; i < all; i++)
		heard += view_bool(json_array_get(peers, i), "heard");
	if (!json_is_array(peers))
		return;
	if (heard == all && all)
		buf_printf(out, "peers: %zu heard\n", heard);
	else
		table_paint(out, view->color, TABLE_RED, "PEERS");
	if (heard != all || !all)
		buf_printf(out, ": %zu of %zu are heard: shunt show peers\n", heard, all);
}

json_t *describe_peers(const struct snapshot *s)
{
	return s->peers.is_on ? describe_list(&s->peers) : json_null();
}
