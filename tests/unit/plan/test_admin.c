/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "plan/plan.h"

Test(admin, weights)
{
	struct admin_entry e = { .weight = -1, .weight_percent = -1 };

	cr_assert_eq(admin_weight(NULL, 70), 70);
	cr_assert_eq(admin_weight(&e, 70), 70);
	e.weight_percent = 50;
	cr_assert_eq(admin_weight(&e, 70), 35);
	cr_assert_eq(admin_weight(&e, 0), 0);
	e.weight_percent = 1;
	cr_assert_eq(admin_weight(&e, 1), 1, "only 0 %% is nothing");
	e.weight_percent = 0;
	cr_assert_eq(admin_weight(&e, 70), 0);
	e.weight_percent = 100000;
	cr_assert_eq(admin_weight(&e, 70), PLAN_MAX_WEIGHT);
	e.weight_percent = -1;
	e.weight = 3;
	cr_assert_eq(admin_weight(&e, 70), 3);
	e.weight = 0;
	cr_assert_eq(admin_weight(&e, 70), 0);
	e.weight = 90;
	e.state = ADMIN_DRAIN;
	cr_assert_eq(admin_weight(&e, 70), 0);
	cr_assert_eq(admin_weight_enabled(&e, 70), 90);
}

Test(admin, entries_are_made_found_and_dropped)
{
	_cleanup_(admin_free) struct admin a = { 0 };

	cr_assert_null(admin_find(&a, "web", "b1"));
	for (int i = 0; i < 9; i++) {
		char name[8];
		struct admin_entry *e;

		snprintf(name, sizeof(name), "b%d", i);
		e = admin_get(&a, "web", name);
		cr_assert_eq(e->weight, -1);
		cr_assert_eq(e->weight_percent, -1);
		cr_assert_eq(e->state, ADMIN_ENABLED);
		if (i == 4)
			e->state = ADMIN_DRAIN;
		if (i == 7)
			e->weight = 0;
	}
	cr_assert_eq(admin_get(&a, "web", "b4"), admin_find(&a, "web", "b4"));
	cr_assert_null(admin_find(&a, "dns", "b4"));
	cr_assert_eq(a.n, 9);
	admin_compact(&a);
	cr_assert_eq(a.n, 2);
	cr_assert_eq(admin_find(&a, "web", "b4")->state, ADMIN_DRAIN);
	cr_assert_eq(admin_find(&a, "web", "b7")->weight, 0);

	admin_get(&a, "web", "b4")->state = ADMIN_ENABLED;
	admin_get(&a, "web", "b7")->weight = -1;
	admin_compact(&a);
	cr_assert_eq(a.n, 0);
	cr_assert_not_null(admin_get(&a, "web", "b1"));
}
