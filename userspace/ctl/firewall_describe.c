/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/firewall_describe.h"

#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "ctl/describe.h"
#include "ctl/view.h"

static json_t *text_or_null(const char *text)
{
	return text ? describe_text(text) : json_null();
}

static const char *mode_name(bool monitor)
{
	return conf_firewall_mode_name(monitor ? CONF_FIREWALL_MONITOR : CONF_FIREWALL_ENFORCE);
}

json_t *firewall_describe_rule(const struct snapshot_rule *r)
{
	return json_pack("{s:s, s:o, s:o, s:b, s:s, s:I, s:I}", "kind",
			 firewall_kind_name(r->rule->kind), "service",
			 text_or_null(r->rule->service), "name", describe_text(r->rule->name),
			 "file", r->rule->is_file, "mode", mode_name(r->rule->monitor), "prefixes",
			 (json_int_t)r->rule->n, "hits", (json_int_t)r->hits);
}

json_t *firewall_describe_rules(const struct snapshot *s)
{
	json_t *list = json_array();

	array_for_each (r, s->rules, s->n_rules)
		json_array_append_new(list, firewall_describe_rule(r));
	return list;
}

json_t *firewall_describe_runtime(const struct snapshot *s)
{
	json_t *list = json_array();
	char prefix[CONF_PREFIX_TEXT];

	for (size_t i = 0; s->admin && i < s->admin->n_prefixes; i++) {
		const struct admin_prefix *p = &s->admin->prefixes[i];
		const enum firewall_kind kind = p->allow ? FIREWALL_ALLOW : FIREWALL_DENY;

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o, s:I, s:I}", "prefix",
						conf_prefix_format(&p->prefix, prefix), "kind",
						firewall_kind_name(kind), "service",
						text_or_null(p->service), "since",
						(json_int_t)p->since_wall_s, "until",
						(json_int_t)describe_wall(s, p->deadline_ms)));
	}
	return list;
}

static json_t *describe_list(const struct conf_prefix_list *list)
{
	json_t *items = json_array();

	array_for_each (r, list->rules, list->n)
		if (!r->is_file)
			json_array_append_new(items, json_string(r->name));
	for (size_t i = 0; i < list->n_patterns; i++)
		json_array_append_new(items,
				      json_pack("{s:o}", "file", describe_text(list->patterns[i])));
	return items;
}

/* Prefixes mean nothing where all sources are one. */
static json_t *describe_limit(const struct conf_limit *l)
{
	char rate[CONF_RATE_TEXT];
	json_t *o =
		json_pack("{s:o, s:s, s:s, s:s, s:I}", "name", describe_text(l->name), "match",
			  conf_limit_match_name(l->match), "by", conf_limit_by_name(l->by), "rate",
			  conf_rate_format(&l->rate, rate), "burst", (json_int_t)l->burst);

	if (l->by == CONF_LIMIT_BY_SOURCE) {
		json_object_set_new(o, "prefix4", json_integer(l->prefix4));
		json_object_set_new(o, "prefix6", json_integer(l->prefix6));
	}
	return o;
}

static json_t *describe_limits(const struct conf_limits *limits)
{
	json_t *items = json_array();

	array_for_each (l, limits->limits, limits->n)
		json_array_append_new(items, describe_limit(l));
	return items;
}

json_t *firewall_describe_conf(const struct conf_firewall *f)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "mode", conf_firewall_mode_name(f->mode), "deny",
			 describe_list(&f->deny), "allow", describe_list(&f->allow), "rate_limit",
			 describe_limits(&f->limits));
}

json_t *firewall_describe_match(const struct firewall_match *m)
{
	char prefix[CONF_PREFIX_TEXT];

	return json_pack("{s:s, s:o, s:o, s:b, s:s, s:s, s:I}", "kind", firewall_kind_name(m->kind),
			 "service", text_or_null(m->service), "rule", describe_text(m->rule),
			 "file", m->is_file, "mode", mode_name(m->monitor), "prefix",
			 conf_prefix_format(&m->prefix, prefix), "line",
			 (json_int_t)m->prefix.line);
}

void firewall_render_match(const json_t *match, struct buf *out)
{
	const char *service = view_text(match, "service"), *rule = view_text(match, "rule");
	const char *prefix = view_text(match, "prefix");

	if (*service)
		buf_printf(out, "%s: ", service);
	buf_printf(out, "%s ", view_text(match, "kind"));
	table_put_text(out, rule);
	if (view_bool(match, "file"))
		buf_printf(out, ", line %" PRIu64, view_int(match, "line"));
	if (strcmp(rule, prefix))
		buf_printf(out, ": %s", prefix);
}

void firewall_render_runtime(const json_t *p, uint64_t now, struct buf *out)
{
	const uint64_t until = view_int(p, "until");
	const char *service = view_text(p, "service");

	buf_printf(out, "%s %s%s", view_text(p, "prefix"),
		   strcmp(view_text(p, "kind"), "allow") ? "denied" : "allowed",
		   *service ? ", of service " : "");
	table_put_text(out, service);
	if (until)
		buf_printf(out, ", %s left", fmt_age(until > now ? until - now : 0).text);
	buf_puts(out, "\n");
}
