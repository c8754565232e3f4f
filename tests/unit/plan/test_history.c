/* SPDX-License-Identifier: BSD-2-Clause */
/* The same table, whatever happened before and in whatever order. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 65536

/* A start: nobody has been checked yet, and they come up in any order. */
Test(history, a_new_table_does_not_depend_on_who_comes_up_first)
{
	_cleanup_(desk_close) struct desk a, b;

	a = (struct desk){ .conf = make_web(SLOTS, 5, 1), .ids = ids_create() };
	b = (struct desk){ .conf = make_web(SLOTS, 5, 1), .ids = ids_create() };
	for (int i = 0; i < 5; i++)
		a.down[i] = b.down[i] = true;
	desk_plan(&a);
	desk_plan(&b);
	cr_assert_eq(count_words(a.words, SLOTS, 0), SLOTS);
	for (int i = 0; i < 5; i++) {
		a.down[i] = b.down[4 - i] = false;
		desk_plan(&a);
		desk_plan(&b);
	}
	cr_assert_eq(count_moved(a.words, b.words, SLOTS), 0);
}

static void shuffle_backends(struct conf_service *s, uint64_t *random)
{
	for (size_t i = s->n_backends; i > 1; i--) {
		size_t j = make_random(random, i);
		struct conf_backend t = s->backends[i - 1];

		s->backends[i - 1] = s->backends[j];
		s->backends[j] = t;
	}
}

static const struct plan_backend *owner_of(const struct desk *d, uint32_t slot)
{
	return plan_backend_by_id(d->plan, plan_table_of(d->plan, 0)->base + d->words[slot]);
}

static void expect_same_owners(const struct desk *a, const struct desk *b)
{
	uint32_t differ = 0;

	for (uint32_t s = 0; s < SLOTS; s++) {
		const struct plan_backend *x = owner_of(a, s), *y = owner_of(b, s);

		differ += strcmp(a->conf->services[0].backends[x->conf_backend].name,
				 b->conf->services[0].backends[y->conf_backend].name) != 0;
	}
	cr_assert_eq(differ, 0, "%u slots differ", differ);
}

/* The order of the config means nothing, to either scheduler. */
Test(history, the_order_of_the_config_does_not_matter)
{
	uint64_t random = 7;

	for (int i = 0; i < 6; i++) {
		struct conf *shuffled = make_web(SLOTS, 40, 10);
		_cleanup_(desk_close) struct desk a, b;

		desk_open(&a, make_web(SLOTS, 40, 10));
		a.conf->services[0].scheduler = i % 2;
		desk_plan(&a);
		shuffled->services[0].scheduler = i % 2;
		shuffle_backends(&shuffled->services[0], &random);
		desk_open(&b, shuffled);
		expect_same_owners(&a, &b);
	}
}

/* Health, drains and weights in any order end in the same table. */
Test(history, the_order_of_events_does_not_matter)
{
	_cleanup_(desk_close) struct desk a, b;
	uint64_t random = 11;

	desk_open(&a, make_web(SLOTS, 30, 10));
	for (int i = 0; i < 120; i++) {
		size_t which = make_random(&random, 30);
		struct admin_entry *e =
			admin_get(&a.admin, "web", a.conf->services[0].backends[which].name);

		if (i % 3 == 0)
			a.down[which] = make_random(&random, 2);
		else if (i % 3 == 1)
			e->state = make_random(&random, 2) ? ADMIN_DRAIN : ADMIN_ENABLED;
		else
			e->weight = (int)make_random(&random, 12) - 1;
		if (make_random(&random, 3) == 0)
			desk_plan(&a);
	}
	desk_plan(&a);

	/* Another daemon comes up and finds all that at once. */
	desk_open(&b, make_web(SLOTS, 30, 10));
	memcpy(b.down, a.down, sizeof(b.down));
	array_for_each (e, a.admin.entries, a.admin.n) {
		struct admin_entry *copy = admin_get(&b.admin, e->service, e->backend);

		copy->state = e->state;
		copy->weight = e->weight;
	}
	desk_plan(&b);
	expect_same_owners(&a, &b);
}

/* With `id:` the config alone decides, whatever came and went before. */
Test(history, a_fleet_agrees_whatever_its_members_went_through)
{
	uint64_t random = 13;

	for (int round = 0; round < 8; round++) {
		_cleanup_(desk_close) struct desk a, b;
		struct conf_service *s;

		desk_open(&a, make_web(SLOTS, 30, 100));
		s = &a.conf->services[0];
		for (uint32_t i = 0; i < 30; i++)
			s->backends[i].id = i + 1;
		for (int i = 0; i < 10; i++) {
			shuffle_backends(s, &random);
			s->n_backends = 1 + make_random(&random, 30);
			s->backends[0].weight = 1 + make_random(&random, 200);
			desk_plan(&a);
		}
		desk_open(&b, make_web(SLOTS, 30, 100));
		memcpy(b.conf->services[0].backends, s->backends,
		       s->n_backends * sizeof(*s->backends));
		b.conf->services[0].n_backends = s->n_backends;
		shuffle_backends(&b.conf->services[0], &random);
		desk_plan(&b);
		expect_same_owners(&a, &b);
		/* The configs share names; they go with the first. */
	}
}
