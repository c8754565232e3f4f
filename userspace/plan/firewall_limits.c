/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of the firewall that are no prefixes: limits of packets, and TCP flags. */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "plan/firewall.h"

static bool has_limits(const struct conf *conf)
{
	array_for_each (s, conf->services, conf->n_services)
		if (s->firewall.limits.n)
			return true;
	return conf->firewall.limits.n;
}

uint32_t firewall_limit_stages(const struct conf *conf)
{
	uint32_t stages = has_limits(conf) ? SHUNT_GUARD_LIMITS : 0;

	if (!firewall_drops_flags(conf))
		return stages;
	stages |= SHUNT_GUARD_FLAGS;
	if (conf->firewall.mode == CONF_FIREWALL_MONITOR)
		stages |= SHUNT_GUARD_FLAGS_MONITOR;
	return stages;
}

bool firewall_drops_flags(const struct conf *conf)
{
	return conf->firewall.is_written && !conf->firewall.tcp_flags_pass;
}

static bool has_buckets(const struct conf_limits *limits)
{
	array_for_each (l, limits->limits, limits->n)
		if (l->by == CONF_LIMIT_BY_SERVICE)
			return true;
	return false;
}

/* As limits_count() counts them. */
size_t firewall_count_limits(const struct conf *conf)
{
	const struct conf_limits *all = &conf->firewall.limits;
	const bool is_shared = !has_buckets(all);
	size_t n = all->n;

	array_for_each (s, conf->services, conf->n_services)
		if (s->firewall.limits.n || !is_shared)
			n += all->n + s->firewall.limits.n;
	return n;
}

/* --- rules ------------------------------------------------------------------------------ */

static char *keep(struct firewall *f, const char *text)
{
	return text ? arena_strndup(&f->arena, text, strlen(text)) : NULL;
}

/* "limit syn-per-source", "web: limit logins" */
static uint32_t id_of(const struct firewall_rule *rule, struct rules *ids)
{
	_cleanup_(buf_free) struct buf name = { 0 };

	if (rule->service)
		buf_printf(&name, "%s: ", rule->service);
	buf_printf(&name, "%s %s", firewall_kind_name(rule->kind), rule->name);
	return rules_get(ids, buf_str(&name));
}

/* Return: 0 or -ENOMEM. @verdict: about what is too much. */
static int add_rule(struct firewall *f, const struct firewall_rule *like, uint32_t *verdict)
{
	struct firewall_rule *rule = array_add(&f->rules, &f->n_rules);

	if (!rule)
		return -ENOMEM;
	*rule = *like;
	rule->name = keep(f, like->name);
	rule->service = keep(f, like->service);
	if (!rule->name || !rule->service != !like->service)
		return -ENOMEM;
	*verdict = rule->id | SHUNT_GUARD_DENY | (rule->monitor ? SHUNT_GUARD_MONITOR : 0);
	return 0;
}

static int add_limits(struct firewall *f, const struct conf_firewall *section, const char *service,
		      struct rules *ids)
{
	struct firewall_limits *list = &f->limits[f->n_limits++];
	int err = 0;

	list->limits = arena_alloc(&f->arena, section->limits.n * sizeof(*list->limits));
	if (!list->limits)
		return -ENOMEM;
	array_for_each (l, section->limits.limits, section->limits.n) {
		struct firewall_limit *limit = &list->limits[list->n++];
		struct firewall_rule like = { .kind = FIREWALL_LIMIT,
					      .service = service,
					      .name = l->name,
					      .monitor = section->mode == CONF_FIREWALL_MONITOR };

		like.id = id_of(&like, ids);
		limit->conf = *l;
		limit->conf.name = NULL;
		err = err ?: add_rule(f, &like, &limit->verdict);
	}
	return err;
}

static int add_flags(struct firewall *f, const struct conf *conf)
{
	const struct firewall_rule like = { .id = SHUNT_GUARD_FLAGS_RULE,
					    .kind = FIREWALL_FLAGS,
					    .name = "drop",
					    .monitor =
						    conf->firewall.mode == CONF_FIREWALL_MONITOR };
	uint32_t verdict;

	return firewall_drops_flags(conf) ? add_rule(f, &like, &verdict) : 0;
}

int firewall_add_limits(struct firewall *f, const struct conf *conf, struct rules *ids)
{
	int err;

	f->limits = arena_alloc(&f->arena, (conf->n_services + 1) * sizeof(*f->limits));
	if (!f->limits)
		return -ENOMEM;
	err = add_limits(f, &conf->firewall, NULL, ids) ?: add_flags(f, conf);
	array_for_each (s, conf->services, conf->n_services)
		err = err ?: add_limits(f, &s->firewall, s->name, ids);
	return err;
}
