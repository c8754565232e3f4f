/* SPDX-License-Identifier: BSD-2-Clause */
/* Backups: who serves when nobody else can, and does not disturb before. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 4096

/* b1 to b4, and b5 and b6 as backups. */
static struct conf_service *open_backups(struct desk *d, enum conf_scheduler scheduler, bool fixed)
{
	struct conf *conf = make_web(SLOTS, 6, 10);
	struct conf_service *s = &conf->services[0];

	s->scheduler = scheduler;
	s->backends[4].backup = s->backends[5].backup = true;
	s->backends[5].weight = 30;
	for (uint32_t i = 0; fixed && i < 6; i++)
		s->backends[i].id = i + 1;
	desk_open(d, conf);
	return s;
}

static void expect_backups(enum conf_scheduler scheduler, bool fixed)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_backups(&d, scheduler, fixed);

	DESK_EXPECT(&d, "1 2 3 4");
	desk_set_down(&d, "124");
	DESK_EXPECT(&d, "3");
	desk_drain(&d, "b3", true);
	DESK_EXPECT(&d, "5 6");
	cr_assert_float_eq((double)desk_share(&d, 5), SLOTS * 0.75, SLOTS * 0.05);
	desk_set_down(&d, "1245");
	DESK_EXPECT(&d, "6");
	desk_drain(&d, "b3", false);
	DESK_EXPECT(&d, "3");
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "1 2 3 4");
	desk_set_down(&d, "123456");
	DESK_EXPECT(&d, "");
	desk_set_down(&d, "12346");
	DESK_EXPECT(&d, "5");
	for (size_t i = 0; i < 4; i++)
		s->backends[i].weight = 0;
	desk_set_down(&d, "");
	DESK_EXPECT(&d, "5 6");
}

Test(backup, backups_serve_when_nobody_else_can)
{
	expect_backups(CONF_SCHEDULER_CONSISTENT, false);
	expect_backups(CONF_SCHEDULER_CONSISTENT, true);
	expect_backups(CONF_SCHEDULER_MAGLEV, false);
}

/* With them and without them, coming and going: the others hold the same slots. */
static void expect_undisturbed(enum conf_scheduler scheduler, bool fixed)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_backups(&d, scheduler, fixed);

	s->n_backends = 4;
	desk_plan(&d);
	s->n_backends = 6;
	cr_assert_eq(desk_replan(&d), 0);
	desk_set_down(&d, "5");
	cr_assert_eq(desk_replan(&d), 0);
	desk_set_down(&d, "");
	s->backends[4].weight = 7;
	admin_get(&d.admin, "web", "b6")->weight = 900;
	cr_assert_eq(desk_replan(&d), 0);
	s->n_backends = 4;
	cr_assert_eq(desk_replan(&d), 0);
}

Test(backup, backups_do_not_disturb_the_others)
{
	expect_undisturbed(CONF_SCHEDULER_CONSISTENT, false);
	expect_undisturbed(CONF_SCHEDULER_CONSISTENT, true);
	expect_undisturbed(CONF_SCHEDULER_MAGLEV, false);
}

static void expect_same_again(enum conf_scheduler scheduler)
{
	_cleanup_(desk_close) struct desk d;
	_cleanup_free_ uint32_t *before = NULL, *backups = NULL;

	open_backups(&d, scheduler, false);
	before = make_words(plan_table_of(d.plan, 0));
	desk_set_down(&d, "1234");
	DESK_EXPECT(&d, "5 6");
	backups = make_words(plan_table_of(d.plan, 0));
	desk_restart(&d);
	cr_assert_eq(desk_replan(&d), 0);
	desk_set_down(&d, "");
	desk_plan(&d);
	cr_assert_eq(count_moved(before, d.words, SLOTS), 0);
	desk_restart(&d);
	desk_set_down(&d, "1234");
	desk_plan(&d);
	cr_assert_eq(count_moved(backups, d.words, SLOTS), 0);
}

/* Who comes back finds the slots that it had; so does a backup, after a restart too. */
Test(backup, each_pool_gets_its_own_slots_back)
{
	expect_same_again(CONF_SCHEDULER_CONSISTENT);
	expect_same_again(CONF_SCHEDULER_MAGLEV);
}

/* One that becomes a backup leaves a hole that another one may fill. */
Test(backup, a_backend_may_change_sides)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_backups(&d, CONF_SCHEDULER_CONSISTENT, false);
	const uint32_t moved = desk_share(&d, 0);

	s->backends[0].backup = true;
	cr_assert_eq(desk_replan(&d), moved);
	cr_assert_str_eq(desk_who(&d), "2 3 4");
	s->backends[4].backup = false;
	cr_assert_leq(desk_replan(&d), moved + 1);
	cr_assert_str_eq(desk_who(&d), "2 3 4 5");
	cr_assert_eq(plan_table_of(d.plan, 0)->n_positions, 4);
	desk_set_down(&d, "2345");
	DESK_EXPECT(&d, "1 6");
}

Test(backup, backups_alone_are_a_pool_as_any)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open_backups(&d, CONF_SCHEDULER_CONSISTENT, false);

	for (size_t i = 0; i < 4; i++)
		s->backends[i].backup = true;
	DESK_EXPECT(&d, "1 2 3 4 5 6");
	desk_set_down(&d, "123456");
	DESK_EXPECT(&d, "");
}

/* More backups than the others need slots for: the table is as long as either needs. */
Test(backup, a_table_has_slots_enough_for_each_pool)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(0, 60, 10);

	for (size_t i = 2; i < 60; i++)
		conf->services[0].backends[i].backup = true;
	desk_open(&d, conf);
	cr_assert_eq(plan_table_of(d.plan, 0)->slots, 8192);
	cr_assert_eq(desk_share(&d, 0), 4096);
	d.down[0] = d.down[1] = true;
	cr_assert_eq(desk_replan(&d), 8192);
	cr_assert_gt(desk_share(&d, 59), 0);
}
