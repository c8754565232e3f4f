/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/firewall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

const char *firewall_kind_name(enum firewall_kind k)
{
	static const char *const names[] = {
		[FIREWALL_ALLOW] = "allow",
		[FIREWALL_DENY] = "deny",
		[FIREWALL_LIMIT] = "limit",
		[FIREWALL_FLAGS] = "tcp_flags",
	};

	return names[k];
}

/* --- is there anything? ---------------------------------------------------------------- */

static size_t count_listed(const struct conf_prefix_list *list)
{
	size_t n = 0;

	array_for_each (r, list->rules, list->n)
		n += r->n;
	return n;
}

/* @service: NULL for those of all. */
static bool is_of(const struct admin_prefix *p, const char *service)
{
	return service && p->service ? !strcmp(p->service, service) : !service && !p->service;
}

static size_t count_said(const struct admin *admin, const char *service)
{
	size_t n = 0;

	array_for_each (p, admin->prefixes, admin->n_prefixes)
		n += is_of(p, service);
	return n;
}

static size_t count_all(const struct conf_firewall *f, const struct admin *admin,
			const char *service)
{
	return count_listed(&f->deny) + count_listed(&f->allow) + count_said(admin, service);
}

bool firewall_guards(const struct conf_service *service, const struct admin *admin)
{
	return count_all(&service->firewall, admin, service->name);
}

uint32_t firewall_stages(const struct conf *conf, const struct admin *admin)
{
	bool prefixes = count_all(&conf->firewall, admin, NULL);

	array_for_each (s, conf->services, conf->n_services)
		prefixes |= firewall_guards(s, admin);
	return (prefixes ? SHUNT_GUARD_PREFIXES : 0) | firewall_limit_stages(conf);
}

/* --- rules and lists --------------------------------------------------------------------- */

/**
 * struct builder
 * @f: the config's part that it is at, of service @service (NULL: of all)
 * @list: that part's list
 */
struct builder {
	struct firewall *out;
	struct rules *ids;
	const struct admin *admin;
	const struct conf_firewall *f;
	const char *service;
	struct firewall_list *list;
};

static char *keep(struct builder *b, const char *text)
{
	return text ? arena_strndup(&b->out->arena, text, strlen(text)) : NULL;
}

/* "deny 192.0.2.0/24", "web: allow /etc/shunt/office.cidr" */
static uint32_t id_of(struct builder *b, const struct firewall_rule *rule)
{
	_cleanup_(buf_free) struct buf name = { 0 };

	if (rule->service)
		buf_printf(&name, "%s: ", rule->service);
	buf_printf(&name, "%s %s", firewall_kind_name(rule->kind), rule->name);
	return rules_get(b->ids, buf_str(&name));
}

/* The verdict of a new rule; 0: no memory. */
static uint32_t add_rule(struct builder *b, const struct firewall_rule *like)
{
	struct firewall_rule *rule = array_add(&b->out->rules, &b->out->n_rules);
	uint32_t verdict = like->kind == FIREWALL_ALLOW ? SHUNT_GUARD_ALLOW : SHUNT_GUARD_DENY;

	if (!rule)
		return 0;
	*rule = *like;
	rule->name = keep(b, like->name);
	rule->service = keep(b, b->service);
	if (!rule->name || !rule->service != !b->service)
		return 0;
	rule->monitor = like->kind == FIREWALL_DENY && b->f->mode == CONF_FIREWALL_MONITOR;
	rule->id = id_of(b, rule);
	if (rule->monitor)
		verdict |= SHUNT_GUARD_MONITOR;
	return verdict | rule->id;
}

static void add_prefix(struct builder *b, const struct conf_prefix *p, uint32_t verdict)
{
	b->list->prefixes[b->list->n++] = (struct firewall_prefix){
		.addr = p->addr,
		.bits = p->bits,
		.verdict = verdict,
	};
}

static int add_listed(struct builder *b, const struct conf_prefix_list *list,
		      enum firewall_kind kind)
{
	array_for_each (r, list->rules, list->n) {
		const struct firewall_rule like = {
			.kind = kind, .name = r->name, .is_file = r->is_file, .n = r->n
		};
		const uint32_t verdict = add_rule(b, &like);

		if (!verdict)
			return -ENOMEM;
		array_for_each (p, r->prefixes, r->n)
			add_prefix(b, p, verdict);
	}
	return 0;
}

static int add_said(struct builder *b, enum firewall_kind kind)
{
	struct firewall_rule like = { .kind = kind, .name = FIREWALL_RUNTIME };
	uint32_t verdict;

	array_for_each (p, b->admin->prefixes, b->admin->n_prefixes)
		like.n += is_of(p, b->service) && p->allow == (kind == FIREWALL_ALLOW);
	if (!like.n)
		return 0;
	verdict = add_rule(b, &like);
	if (!verdict)
		return -ENOMEM;
	array_for_each (p, b->admin->prefixes, b->admin->n_prefixes)
		if (is_of(p, b->service) && p->allow == (kind == FIREWALL_ALLOW))
			add_prefix(b, &p->prefix, verdict);
	return 0;
}

/* Those of all services have a list, whatever is in it; a service has one if there is. */
static int add_list(struct builder *b, const struct conf_firewall *f, size_t index,
		    const char *service)
{
	const size_t n = count_all(f, b->admin, service);
	const bool has_rules = f->deny.n || f->allow.n;

	if (service && !n && !has_rules)
		return 0;
	b->f = f;
	b->service = service;
	b->list = &b->out->lists[b->out->n_lists++];
	b->list->service = index;
	b->list->prefixes = arena_alloc(&b->out->arena, n * sizeof(*b->list->prefixes));
	if (!b->list->prefixes)
		return -ENOMEM;
	return add_listed(b, &f->allow, FIREWALL_ALLOW)
		?: add_listed(b, &f->deny, FIREWALL_DENY)
		?: add_said(b, FIREWALL_ALLOW)
		?: add_said(b, FIREWALL_DENY);
}

int firewall_build(const struct conf *conf, const struct admin *admin, struct rules *ids,
		   struct firewall **out)
{
	_cleanup_(firewall_freep) struct firewall *f = calloc(1, sizeof(*f));
	struct builder b = { .out = f, .ids = ids, .admin = admin };
	int err;

	if (!f)
		return -ENOMEM;
	f->lists = arena_alloc(&f->arena, (conf->n_services + 1) * sizeof(*f->lists));
	if (!f->lists)
		return -ENOMEM;
	rules_begin(ids);
	err = add_list(&b, &conf->firewall, FIREWALL_ALL_SERVICES, NULL);
	for (size_t s = 0; s < conf->n_services && !err; s++)
		err = add_list(&b, &conf->services[s].firewall, s, conf->services[s].name);
	err = err ?: firewall_add_limits(f, conf, ids);
	if (err)
		return err;
	rules_end(ids);
	*out = take_ptr(&f);
	return 0;
}

struct firewall *firewall_hold(struct firewall *f)
{
	f->holds++;
	return f;
}

void firewall_free(struct firewall *f)
{
	if (!f)
		return;
	if (f->holds) {
		f->holds--;
		return;
	}
	free(f->rules);
	arena_free(&f->arena);
	free(f);
}
