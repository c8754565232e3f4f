/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt firewall list, hits, test: what the firewall says, and how often it did. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/find.h"
#include "ctl/firewall_describe.h"
#include "ctl/view.h"
#include "net/addr.h"

/* --- list and hits ------------------------------------------------------------------- */

enum ctl_exit cmd_firewall_list(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "now", json_integer(s->now_wall_s))
		       ?: describe_put(call, "rules", firewall_describe_rules(s))
		       ?: describe_put(call, "runtime", firewall_describe_runtime(s));
}

static const struct table_column columns[] = {
	{ "SERVICE", false }, { "RULE", false },    { "", false },
	{ "MODE", false },    { "PREFIXES", true }, { "HITS", true },
};

static void add_rule(struct table *t, const json_t *r)
{
	const char *service = view_text(r, "service");
	const bool allows = !strcmp(view_text(r, "kind"), "allow");

	table_add(t, TABLE_PLAIN, "%s", *service ? service : "all");
	table_add(t, allows ? TABLE_GREEN : TABLE_RED, "%s", view_text(r, "kind"));
	table_add(t, TABLE_PLAIN, "%s", view_text(r, "name"));
	table_add(t, TABLE_PLAIN, "%s", view_text(r, "mode"));
	table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(r, "prefixes"));
	table_add(t, TABLE_PLAIN, "%" PRIu64, view_int(r, "hits"));
}

void render_firewall_list(const struct ctl_view *view, struct buf *out)
{
	const json_t *rules = json_object_get(view->data, "rules");
	const json_t *runtime = json_object_get(view->data, "runtime");
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < json_array_size(rules); i++)
		add_rule(&t, json_array_get(rules, i));
	table_print(&t, view->color, out);
	for (size_t i = 0; i < json_array_size(runtime); i++)
		firewall_render_runtime(json_array_get(runtime, i), view_int(view->data, "now"),
					out);
	if (!out->len)
		buf_puts(out, "no rules: everybody may send to all services\n");
}

static int compare_hits(const void *a, const void *b)
{
	const uint64_t x = view_int(*(json_t *const *)a, "hits");
	const uint64_t y = view_int(*(json_t *const *)b, "hits");

	return (x < y) - (x > y);
}

void render_firewall_hits(const struct ctl_view *view, struct buf *out)
{
	const json_t *rules = json_object_get(view->data, "rules");
	const size_t n = json_array_size(rules);
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };
	_cleanup_free_ json_t **sorted = calloc(n + 1, sizeof(*sorted));

	for (size_t i = 0; sorted && i < n; i++)
		sorted[i] = json_array_get(rules, i);
	if (sorted)
		qsort(sorted, n, sizeof(*sorted), compare_hits);
	for (size_t i = 0; sorted && i < n; i++)
		if (view->options & CTL_ALL || view_int(sorted[i], "hits"))
			add_rule(&t, sorted[i]);
	table_print(&t, view->color, out);
	if (!out->len)
		buf_puts(out, "no rule has applied to a packet\n");
}

/* --- test ---------------------------------------------------------------------------- */

static const char *outcome_of(const struct firewall_word *w)
{
	if (!w->decides)
		return "pass";
	return w->decides->kind == FIREWALL_ALLOW ? "allow" : "deny";
}

static json_t *describe_matches(const struct firewall_word *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->n; i++) {
		json_t *m = firewall_describe_match(&w->match[i]);

		json_object_set_new(m, "decides", json_boolean(&w->match[i] == w->decides));
		json_array_append_new(list, m);
	}
	return list;
}

enum ctl_exit cmd_firewall_test(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const struct snapshot_service *service = NULL;
	const struct admin nothing = { 0 };
	struct firewall_word word;
	struct shunt_addr addr;

	if (!s)
		return CTL_FAILED;
	if (addr_parse(call->args[0], &addr)) {
		buf_printf(&call->error, "\"%s\" is not an IP address", call->args[0]);
		return CTL_USAGE;
	}
	if (call->n_args > 1) {
		service = find_service(call, s, call->args[1]);
		if (!service)
			return CTL_NOT_FOUND;
	}
	firewall_look(s->conf, s->admin ?: &nothing, service ? service->conf : NULL, &addr, &word);
	return describe_put(call, "address", describe_addr(&addr))
		       ?: describe_put(call, "service",
				       service ? describe_text(service->conf->name) : json_null())
		       ?: describe_put(call, "outcome", json_string(outcome_of(&word)))
		       ?: describe_put(call, "matches", describe_matches(&word));
}

/* Why one that matches does not decide. */
static const char *why_not(const json_t *match)
{
	if (!strcmp(view_text(match, "mode"), conf_firewall_mode_name(CONF_FIREWALL_MONITOR)))
		return ", which is only counted";
	return ", which does not count: another one comes first";
}

void render_firewall_test(const struct ctl_view *view, struct buf *out)
{
	const json_t *matches = json_object_get(view->data, "matches");
	const char *outcome = view_text(view->data, "outcome");
	const char *service = view_text(view->data, "service");

	buf_printf(out, "%s, to %s%s: %s\n", view_text(view->data, "address"),
		   *service ? "service " : "services without rules of their own", service,
		   !strcmp(outcome, "deny") ? "denied" : "may pass");
	for (size_t i = 0; i < json_array_size(matches); i++) {
		const json_t *m = json_array_get(matches, i);

		buf_puts(out, "  ");
		firewall_render_match(m, out);
		buf_printf(out, "%s\n", view_bool(m, "decides") ? "" : why_not(m));
	}
	if (!json_array_size(matches))
		buf_puts(out, "  no rule says anything of it\n");
}
