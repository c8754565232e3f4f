/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits of the firewall: those of all services and of each, in the order in which they are
 * asked, to the places where the program looks for them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "tables/limits.h"

/* Of what is of no service; a service has its own behind the base of its block. */
#define OF_NOBODY 0
#define OF_BASE(base) ((base) + 1)

/**
 * struct builder
 * @rules: of all lists, one list behind the other
 * @lists, @n: so far
 */
struct builder {
	const struct firewall *firewall;
	const struct plan *plan;
	struct limits_rule *rules;
	size_t n_rules;
	struct limits_list *lists;
	size_t n;
};

static void add_rules(struct builder *b, const struct firewall_limits *from)
{
	array_for_each (l, from->limits, from->n)
		b->rules[b->n_rules++] = (struct limits_rule){ &l->conf, l->verdict };
}

static int add_list(struct builder *b, const struct limits_list *like)
{
	struct limits_list *list = array_add(&b->lists, &b->n);

	if (!list)
		return -ENOMEM;
	*list = *like;
	return 0;
}

/* A service may be sent to the block that it had before until the plan is carried out. */
static int add_service(struct builder *b, size_t service)
{
	const struct firewall_limits *all = b->firewall->limits;
	const struct plan_table *t = plan_table_of(b->plan, service);
	struct limits_list list = { .rules = &b->rules[b->n_rules] };
	int err = 0;

	add_rules(b, &all[0]);
	add_rules(b, &all[service + 1]);
	list.n = &b->rules[b->n_rules] - list.rules;
	for (; t && !err; t = t->left) {
		list.of = OF_BASE(t->base);
		err = add_list(b, &list);
		list = (struct limits_list){ .same = true };
	}
	return err;
}

static int build(struct builder *b)
{
	const size_t services = b->firewall->n_limits - 1;
	struct limits_list list = { .of = OF_NOBODY };
	int err;

	b->rules = calloc((services + 1) * SHUNT_MAX_LIMITS, sizeof(*b->rules));
	if (!b->rules)
		return -ENOMEM;
	list.rules = b->rules;
	list.n = b->firewall->limits[0].n;
	add_rules(b, &b->firewall->limits[0]);
	err = add_list(b, &list);
	for (size_t s = 0; s < services && !err; s++)
		err = add_service(b, s);
	return err;
}

/* Whose lists they are, in the same order. */
static bool places_are(const struct daemon_guard *g, const struct builder *b)
{
	if (!g->limits_are_published || g->n_limits_of != b->n)
		return false;
	for (size_t i = 0; i < b->n; i++)
		if (g->limits_of[i] != b->lists[i].of)
			return false;
	return true;
}

static int publish(struct daemon *d, const struct builder *b)
{
	struct daemon_guard *g = &d->guard;
	uint32_t *of = calloc(b->n, sizeof(*of));
	int err = of ? dataplane_put_limits(d->dp, b->lists, b->n) : -ENOMEM;

	if (err) {
		free(of);
		return err;
	}
	for (size_t i = 0; i < b->n; i++)
		of[i] = b->lists[i].of;
	free(g->limits_of);
	g->limits_of = of;
	g->n_limits_of = b->n;
	g->limits_are_published = true;
	return 0;
}

int daemon_limit(struct daemon *d, const struct plan *next)
{
	struct builder b = { .firewall = d->guard.firewall, .plan = next };
	int err;

	if (!((d->rodata.guard | next->rodata.guard) & SHUNT_GUARD_LIMITS))
		return 0;
	err = build(&b);
	if (err)
		log_err(err, "put the limits of the firewall together");
	else if (!places_are(&d->guard, &b))
		err = publish(d, &b);
	free(b.rules);
	free(b.lists);
	return err;
}
