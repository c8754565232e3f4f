/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose flows are kept: drains and their end, failures, maintenance. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 4096

static struct conf_service *open(struct desk *d, enum conf_on_down on_down)
{
	struct conf *conf = make_web(SLOTS, 3, 10);

	conf->services[0].on_down = on_down;
	desk_open(d, conf);
	return &conf->services[0];
}

static const struct plan_backend *first(struct desk *d)
{
	desk_plan(d);
	return plan_backend_of(d->plan, 0, 0);
}

static bool is_alive(struct desk *d)
{
	const struct plan_backend *b = first(d);

	cr_assert_eq(b->alive, id_set_has(&d->plan->alive, b->id));
	return b->alive;
}

Test(on_down, a_drain_keeps_flows_until_it_is_over)
{
	static const enum conf_on_down each[] = { CONF_ON_DOWN_MOVE, CONF_ON_DOWN_KEEP,
						  CONF_ON_DOWN_DRAIN };

	for (size_t i = 0; i < 3; i++) {
		_cleanup_(desk_close) struct desk d;

		open(&d, each[i]);
		cr_assert(is_alive(&d));
		desk_drain(&d, "b1", true);
		cr_assert(is_alive(&d));
		DESK_EXPECT(&d, "2 3");
		d.over[0] = true;
		cr_assert_eq(is_alive(&d), each[i] == CONF_ON_DOWN_KEEP);
		DESK_EXPECT(&d, "2 3");
		d.over[0] = false;
		desk_drain(&d, "b1", false);
		cr_assert(is_alive(&d));
		DESK_EXPECT(&d, "1 2 3");
	}
}

static void expect_end(enum conf_on_down on_down, enum shunt_forward forward, bool alive,
		       bool resets)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open(&d, on_down);

	s->forward = forward;
	desk_drain(&d, "b1", true);
	d.over[0] = true;
	cr_expect_eq(is_alive(&d), alive);
	cr_expect_eq(first(&d)->resets, resets);
	cr_expect_eq(d.plan->rodata.resets, resets);
	d.over[0] = false;
	admin_get(&d.admin, "web", "b1")->state = ADMIN_MAINT;
	/* Who is off keeps nothing, whatever was said of failures. */
	cr_expect_eq(is_alive(&d), resets);
	cr_expect_eq(first(&d)->resets, resets);
}

/* Connections of nat cannot move, so they are reset. */
Test(on_down, the_end_of_a_drain_and_maintenance)
{
	expect_end(CONF_ON_DOWN_MOVE, SHUNT_FORWARD_DIRECT, false, false);
	expect_end(CONF_ON_DOWN_DRAIN, SHUNT_FORWARD_IPIP, false, false);
	expect_end(CONF_ON_DOWN_KEEP, SHUNT_FORWARD_DIRECT, true, false);
	expect_end(CONF_ON_DOWN_RESET, SHUNT_FORWARD_GUE, true, true);
	expect_end(CONF_ON_DOWN_MOVE, SHUNT_FORWARD_NAT, true, true);
	expect_end(CONF_ON_DOWN_DRAIN, SHUNT_FORWARD_FULLNAT, true, true);
	expect_end(CONF_ON_DOWN_KEEP, SHUNT_FORWARD_NAT, true, false);
	expect_end(CONF_ON_DOWN_RESET, SHUNT_FORWARD_NAT, true, true);
}

static void expect_when_down(enum conf_on_down on_down, bool at_first, bool when_over)
{
	_cleanup_(desk_close) struct desk d;

	open(&d, on_down);
	desk_set_down(&d, "1");
	cr_assert_eq(is_alive(&d), at_first);
	cr_assert_not(first(&d)->usable);
	DESK_EXPECT(&d, "2 3");
	d.over[0] = true;
	cr_assert_eq(is_alive(&d), when_over);
	DESK_EXPECT(&d, "2 3");
}

Test(on_down, what_becomes_of_flows_of_who_is_down)
{
	expect_when_down(CONF_ON_DOWN_MOVE, false, false);
	expect_when_down(CONF_ON_DOWN_KEEP, true, true);
	expect_when_down(CONF_ON_DOWN_DRAIN, true, false);
	expect_when_down(CONF_ON_DOWN_RESET, true, true);
}

/* The slots that it had lead to it still, so that its flows are found. */
Test(on_down, resets_stand_until_it_is_back)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open(&d, CONF_ON_DOWN_RESET);
	const struct plan_backend *b;

	cr_assert(d.plan->rodata.resets, "before it is needed");
	cr_assert_not(first(&d)->resets);
	desk_set_down(&d, "1");
	cr_assert(first(&d)->resets);
	desk_set_down(&d, "");
	cr_assert_not(first(&d)->resets);
	/* Who serves although he is down resets nobody. */
	s->when_all_down = CONF_ALL_DOWN_ALL;
	desk_set_down(&d, "123");
	b = first(&d);
	cr_assert(b->serves && !b->resets && !b->alive);
}

/* Also where those of the others would be. */
Test(on_down, maintenance_keeps_nothing)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open(&d, CONF_ON_DOWN_KEEP);

	admin_get(&d.admin, "web", "b1")->state = ADMIN_MAINT;
	cr_assert_not(is_alive(&d));
	cr_assert_not(first(&d)->usable);
	DESK_EXPECT(&d, "2 3");
	/* It is not asked when all are down. */
	s->when_all_down = CONF_ALL_DOWN_ALL;
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "2 3");
}

/* Who is down and keeps its flows is known to be down all the same. */
Test(on_down, all_down_counts_who_is_down)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s = open(&d, CONF_ON_DOWN_KEEP);

	s->when_all_down = CONF_ALL_DOWN_ALL;
	desk_set_down(&d, "123");
	DESK_EXPECT(&d, "1 2 3");
}
