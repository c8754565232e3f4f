/* SPDX-License-Identifier: BSD-2-Clause */
/* Scheduler first: active-passive, with and without the way back. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 4096

static struct conf_service *open_first(struct desk *d, uint32_t n, bool failback)
{
	struct conf *conf = make_web(SLOTS, n, 10);
	struct conf_service *s = &conf->services[0];

	s->scheduler = CONF_SCHEDULER_FIRST;
	s->failback = failback;
	desk_open(d, conf);
	return s;
}

Test(first, is_the_first_usable_in_the_order_of_the_config)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_first(&d, 3, true);
	struct conf_backend t = s->backends[0];

	DESK_EXPECT(&d, "1");
	cr_assert_eq(plan_table_of(d.plan, 0)->n_positions, 1);
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "12");
	DESK_EXPECT(&d, "3");
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "1");
	s->backends[0] = s->backends[2];
	s->backends[2] = t;
	DESK_EXPECT(&d, "3");
}

/* The operator's word is as good as a check's. */
Test(first, passes_over_whom_the_operator_took_out)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_first(&d, 3, true);

	desk_drain(&d, "b1", true);
	DESK_EXPECT(&d, "2");
	s->backends[1].weight = 0;
	DESK_EXPECT(&d, "3");
	admin_get(&d.admin, "web", "b2")->weight = 7;
	DESK_EXPECT(&d, "2");
	desk_drain(&d, "b1", false);
	DESK_EXPECT(&d, "1");
}

/* Weights divide nothing here, and slots are no more than there must be. */
Test(first, has_one_small_table)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_first(&d, 40, true);

	d.conf->slots = 0;
	s->backends[0].weight = 1;
	ids_free(d.ids);
	d.ids = ids_create();
	DESK_EXPECT(&d, "1");
	cr_assert_eq(plan_table_of(d.plan, 0)->slots, SHUNT_MIN_SLOTS);
}

Test(first, without_failback_the_current_one_stays)
{
	_cleanup_(desk_close) struct desk d;

	open_first(&d, 3, false);
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "2");
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "1");
	desk_drain(&d, "b1", true);
	DESK_EXPECT(&d, "2");
	desk_drain(&d, "b1", false);
	DESK_EXPECT(&d, "2");
}

Test(first, the_current_one_survives_a_restart)
{
	_cleanup_(desk_close) struct desk d;

	open_first(&d, 3, false);
	desk_set_down(&d, "12");
	DESK_EXPECT(&d, "3");
	desk_set_down(&d, "");
	desk_restart(&d);
	DESK_EXPECT(&d, "3");
	desk_restart(&d);
	d.conf->services[0].failback = true;
	DESK_EXPECT(&d, "1");
	d.conf->services[0].failback = false;
	DESK_EXPECT(&d, "1");
}

/* Before the maps know of a new one the state must. */
Test(first, another_current_one_is_given_out)
{
	_cleanup_(desk_close) struct desk d;
	uint64_t given;

	open_first(&d, 2, false);
	given = ids_given(d.ids);
	DESK_EXPECT(&d, "1");
	cr_assert_eq(ids_given(d.ids), given);
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	cr_assert_gt(ids_given(d.ids), given);
}

/* All were down: whoever is up at first is it, and the former one if it is among them. */
Test(first, after_all_were_down_the_current_one_has_no_claim)
{
	_cleanup_(desk_close) struct desk d;

	open_first(&d, 3, false);
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "");
	desk_restart(&d);
	DESK_EXPECT(&d, "");
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "");
	desk_set_down(&d, "23");
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "1");
}

/* A new service: which check comes in first must not decide for good. */
Test(first, nobody_is_current_before_the_earlier_ones_have_a_verdict)
{
	_cleanup_(desk_close) struct desk d;

	d = (struct desk){ .conf = make_web(SLOTS, 3, 10), .ids = ids_create() };
	d.conf->services[0].scheduler = CONF_SCHEDULER_FIRST;
	d.unknown[0] = d.unknown[1] = d.unknown[2] = true;
	DESK_EXPECT(&d, "");
	d.unknown[2] = false;
	DESK_EXPECT(&d, "3");
	d.unknown[1] = false;
	DESK_EXPECT(&d, "2");
	d.unknown[0] = false;
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "2");
	/* One that is put in front of it later changes nothing. */
	d.unknown[0] = true;
	DESK_EXPECT(&d, "2");
	d.unknown[0] = false;
	DESK_EXPECT(&d, "2");
}

/* One that nobody waits for: its weight is 0. */
Test(first, whoever_may_not_serve_is_not_waited_for)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_first(&d, 2, false);

	desk_drain(&d, "b1", true);
	d.unknown[0] = true;
	DESK_EXPECT(&d, "2");
	desk_drain(&d, "b1", false);
	d.unknown[0] = false;
	DESK_EXPECT(&d, "2");
	s->backends[0] = s->backends[1];
	s->n_backends = 1;
	DESK_EXPECT(&d, "2");
}

Test(first, a_current_one_that_was_removed_is_forgotten)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_first(&d, 3, false);
	struct conf_backend b2 = s->backends[1];

	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	s->backends[1] = s->backends[2];
	s->n_backends = 2;
	DESK_EXPECT(&d, "3");
	s->backends[2] = b2;
	s->n_backends = 3;
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "3");
}

Test(first, takes_backups_after_all_others)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_first(&d, 3, true);

	s->backends[0].backup = true;
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "2");
	DESK_EXPECT(&d, "3");
	desk_set_down(&d, "23");
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "2");
	DESK_EXPECT(&d, "3");
	s->failback = false;
	desk_set_down(&d, "23");
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "1");
}
