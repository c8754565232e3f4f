/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "desk.h"

static enum health_state desk_health(void *arg, size_t service, size_t backend)
{
	const struct desk *d = arg;

	if (service)
		return HEALTH_UP;
	if (d->unknown[backend])
		return HEALTH_UNKNOWN;
	return d->down[backend] ? HEALTH_DOWN : HEALTH_UP;
}

void desk_plan(struct desk *d)
{
	struct plan *next = NULL;

	cr_assert_eq(plan_build(d->conf, &d->admin, d->ids, desk_health, d, &next), 0);
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
