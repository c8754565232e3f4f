/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "desk.h"

static enum health_state health_of(const struct desk *d, size_t service, size_t backend)
{
	if (service)
		return HEALTH_UP;
	if (d->unknown[backend])
		return HEALTH_UNKNOWN;
	return d->down[backend] ? HEALTH_DOWN : HEALTH_UP;
}

static struct plan_condition desk_condition(void *arg, size_t service, size_t backend)
{
	const struct desk *d = arg;

	return (struct plan_condition){
		.health = health_of(d, service, backend),
		.warmth = !service && d->warmth[backend] ? d->warmth[backend] : PLAN_KEEP_ALL,
		.is_over = !service && d->over[backend],
		.agent = service ? HEALTH_AGENT_SILENT : d->agent[backend],
		.agent_percent = service ? 0 : d->agent_percent[backend],
	};
}

void desk_plan(struct desk *d)
{
	struct plan *next = NULL;

	cr_assert_eq(plan_build(d->conf, &d->admin, d->ids, desk_condition, d, &next), 0);
	plan_free(d->plan);
	d->plan = next;
	free(d->words);
	d->words = make_words(plan_table_of(next, 0));
}

void desk_open(struct desk *d, struct conf *conf)
{
	*d = (struct desk){ .conf = conf, .ids = ids_create() };
	desk_plan(d);
}

void desk_close(struct desk *d)
{
	make_free(&d->conf);
	admin_free(&d->admin);
	ids_free(d->ids);
	plan_free(d->plan);
	free(d->words);
}

uint32_t desk_share(const struct desk *d, size_t backend)
{
	const struct plan_table *t = plan_table_of(d->plan, 0);

	return count_words(d->words, t->slots, plan_backend_of(d->plan, 0, backend)->id - t->base);
}

uint32_t desk_replan(struct desk *d)
{
	const uint32_t slots = plan_table_of(d->plan, 0)->slots;
	_cleanup_free_ uint32_t *before = malloc(slots * sizeof(*before));

	memcpy(before, d->words, slots * sizeof(*before));
	desk_plan(d);
	cr_assert_eq(plan_table_of(d->plan, 0)->slots, slots);
	return count_moved(before, d->words, slots);
}

void desk_set_down(struct desk *d, const char *which)
{
	for (size_t i = 0; i < d->conf->services[0].n_backends; i++)
		d->down[i] = strchr(which, d->conf->services[0].backends[i].name[1]);
}

void desk_drain(struct desk *d, const char *name, bool drained)
{
	admin_get(&d->admin, "web", name)->state = drained ? ADMIN_DRAIN : ADMIN_ENABLED;
}

void desk_restart(struct desk *d)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	cr_assert_eq(ids_save(d->ids, &text), 0);
	ids_free(take_ptr(&d->ids));
	cr_assert_eq(ids_load(text.data, &d->ids), 0);
}

const char *desk_who(const struct desk *d)
{
	const struct conf_service *s = &d->conf->services[0];
	static char text[256];
	uint32_t held = 0;
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < s->n_backends; i++) {
		const uint32_t share = desk_share(d, i);

		held += share;
		if (share)
			len += snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "",
					s->backends[i].name + 1);
		cr_assert_lt(len, sizeof(text));
	}
	cr_assert_eq(held, len ? plan_table_of(d->plan, 0)->slots : 0);
	return text;
}
