/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done when every backend is down. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 4096

static struct conf_service *open_down(struct desk *d, enum conf_scheduler scheduler,
				      enum conf_all_down mode)
{
	struct conf *conf = make_web(SLOTS, 4, 10);
	struct conf_service *s = &conf->services[0];

	s->scheduler = scheduler;
	s->when_all_down = mode;
	desk_open(d, conf);
	return s;
}

static void expect_last(enum conf_scheduler scheduler)
{
	_cleanup_(desk_close) struct desk d;

	open_down(&d, scheduler, CONF_ALL_DOWN_LAST);
	desk_set_down(&d, "14");
	DESK_EXPECT(&d, "2 3");
	desk_set_down(&d, "1234");
	cr_assert_eq(desk_replan(&d), 0, "nothing moves when the last ones fail");
	cr_assert_not(plan_backend_of(d.plan, 0, 1)->alive);
	cr_assert_not(plan_backend_of(d.plan, 0, 1)->usable);
	desk_restart(&d);
	cr_assert_eq(desk_replan(&d), 0);
	desk_restart(&d);
	cr_assert_eq(desk_replan(&d), 0);
	d.unknown[0] = true;
	cr_assert_eq(desk_replan(&d), 0, "one that is not known yet changes nothing");
	d.unknown[0] = false;
	desk_set_down(&d, "234");
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "1234");
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "1 2 3 4");
}

Test(all_down, last_keeps_the_table)
{
	expect_last(CONF_SCHEDULER_CONSISTENT);
	expect_last(CONF_SCHEDULER_MAGLEV);
}

/* Before the maps know of a new set the state must. */
Test(all_down, another_last_set_is_given_out)
{
	_cleanup_(desk_close) struct desk d;
	uint64_t given;

	open_down(&d, CONF_SCHEDULER_CONSISTENT, CONF_ALL_DOWN_LAST);
	desk_set_down(&d, "1");
	desk_plan(&d);
	given = ids_given(d.ids);
	desk_set_down(&d, "1234");
	desk_plan(&d);
	cr_assert_eq(ids_given(d.ids), given);
	desk_set_down(&d, "13");
	desk_plan(&d);
	cr_assert_gt(ids_given(d.ids), given);
}

/* The operator's word goes beyond: drained, weighted, removed. */
Test(all_down, last_heeds_the_operator)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_down(&d, CONF_SCHEDULER_CONSISTENT, CONF_ALL_DOWN_LAST);

	desk_set_down(&d, "4");
	DESK_EXPECT(&d, "1 2 3");
	desk_set_down(&d, "1234");
	DESK_EXPECT(&d, "1 2 3");
	desk_drain(&d, "b1", true);
	DESK_EXPECT(&d, "2 3");
	desk_drain(&d, "b1", false);
	DESK_EXPECT(&d, "1 2 3");
	s->backends[0] = s->backends[3];
	s->n_backends = 3;
	DESK_EXPECT(&d, "2 3");
	s->when_all_down = CONF_ALL_DOWN_DROP;
	DESK_EXPECT(&d, "");
}

Test(all_down, last_is_nobody_where_nobody_was)
{
	_cleanup_(desk_close) struct desk d;

	d = (struct desk){ .conf = make_web(SLOTS, 3, 10), .ids = ids_create() };
	d.conf->services[0].when_all_down = CONF_ALL_DOWN_LAST;
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "");
	desk_restart(&d);
	DESK_EXPECT(&d, "");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "1 2 3");
}

static void expect_all(enum conf_scheduler scheduler)
{
	_cleanup_(desk_close) struct desk d;
	_cleanup_free_ uint32_t *healthy = NULL;
	struct conf_service *s = open_down(&d, scheduler, CONF_ALL_DOWN_ALL);

	healthy = make_words(plan_table_of(d.plan, 0));
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "4");
	desk_set_down(&d, "1234");
	DESK_EXPECT(&d, "1 2 3 4");
	cr_assert_eq(count_moved(healthy, d.words, SLOTS), 0, "as if they were up");
	desk_drain(&d, "b2", true);
	s->backends[2].weight = 0;
	DESK_EXPECT(&d, "1 4");
	d.unknown[3] = true;
	DESK_EXPECT(&d, "1");
	d.unknown[3] = false;
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "4");
}

Test(all_down, all_share_as_if_they_were_up)
{
	expect_all(CONF_SCHEDULER_CONSISTENT);
	expect_all(CONF_SCHEDULER_MAGLEV);
}

/* One that is new has never been usable, and gets a position all the same. */
Test(all_down, all_are_all_newcomers_too)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_down(&d, CONF_SCHEDULER_CONSISTENT, CONF_ALL_DOWN_ALL);

	desk_set_down(&d, "1234");
	DESK_EXPECT(&d, "1 2 3 4");
	make_backend(d.conf, s, 5, 10);
	d.unknown[4] = true;
	DESK_EXPECT(&d, "1 2 3 4");
	d.unknown[4] = false;
	desk_set_down(&d, "12345");
	DESK_EXPECT(&d, "1 2 3 4 5");
}

/* A start: the first verdicts are a moment away, and slots would move twice. */
Test(all_down, whoever_has_no_verdict_is_not_down)
{
	_cleanup_(desk_close) struct desk d;

	d = (struct desk){ .conf = make_web(SLOTS, 3, 10), .ids = ids_create() };
	d.conf->services[0].when_all_down = CONF_ALL_DOWN_ALL;
	d.unknown[0] = d.unknown[1] = d.unknown[2] = true;
	DESK_EXPECT(&d, "");
	d.unknown[0] = false;
	DESK_EXPECT(&d, "1");
}

Test(all_down, backups_when_all_are_down)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_down(&d, CONF_SCHEDULER_CONSISTENT, CONF_ALL_DOWN_LAST);

	s->backends[2].backup = s->backends[3].backup = true;
	desk_set_down(&d, "12");
	DESK_EXPECT(&d, "3 4");
	desk_set_down(&d, "1234");
	cr_assert_eq(desk_replan(&d), 0, "the last ones were backups");
	s->when_all_down = CONF_ALL_DOWN_ALL;
	DESK_EXPECT(&d, "1 2");
	s->backends[0].weight = s->backends[1].weight = 0;
	DESK_EXPECT(&d, "3 4");
}

Test(all_down, first_when_all_are_down)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_down(&d, CONF_SCHEDULER_FIRST, CONF_ALL_DOWN_LAST);

	s->n_backends = 3;
	s->failback = true;
	desk_set_down(&d, "1");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "2");
	s->when_all_down = CONF_ALL_DOWN_ALL;
	DESK_EXPECT(&d, "1");
	s->failback = false;
	DESK_EXPECT(&d, "1");
	desk_set_down(&d, "13");
	DESK_EXPECT(&d, "2");
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "2");
	desk_restart(&d);
	DESK_EXPECT(&d, "2");
}
