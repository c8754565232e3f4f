/* SPDX-License-Identifier: BSD-2-Clause */
/* What agents want, beside what the operator said. */
#include <criterion/criterion.h>

#include "desk.h"

#define SLOTS 4096

static struct desk d;

static void setup(void)
{
	desk_open(&d, make_web(SLOTS, 2, 10));
}

static void teardown(void)
{
	desk_close(&d);
}

TestSuite(agent, .init = setup, .fini = teardown);

static const struct plan_backend *first(void)
{
	desk_plan(&d);
	return plan_backend_of(d.plan, 0, 0);
}

static void want(enum health_agent agent, uint8_t percent)
{
	d.agent[0] = agent;
	d.agent_percent[0] = percent;
}

static void say(int weight, int percent)
{
	struct admin_entry *e = admin_get(&d.admin, "web", "b1");

	e->weight = weight;
	e->weight_percent = percent;
}

Test(agent, gets_its_part_of_the_weight)
{
	want(HEALTH_AGENT_READY, 50);
	cr_expect_eq(first()->weight, 5);
	cr_expect_float_eq(desk_share(&d, 0), SLOTS / 3.0, SLOTS / 100.0);
	want(HEALTH_AGENT_READY, 1);
	cr_expect_eq(first()->weight, 1, "only 0%% is nothing");
	want(HEALTH_AGENT_READY, 0);
	cr_expect_eq(first()->weight, 0);
	cr_expect(first()->alive, "its flows stay");
	DESK_EXPECT(&d, "2");
	want(HEALTH_AGENT_READY, 100);
	DESK_EXPECT(&d, "1 2");
	cr_expect_eq(desk_share(&d, 0), SLOTS / 2);
}

Test(agent, drains_and_keeps_flows)
{
	want(HEALTH_AGENT_DRAIN, 50);
	DESK_EXPECT(&d, "2");
	cr_expect(first()->alive);
	cr_expect_not(first()->usable);
	cr_expect_eq(first()->weight_enabled, 5);
	want(HEALTH_AGENT_MAINT, 100);
	DESK_EXPECT(&d, "2");
	cr_expect_not(first()->alive);
}

Test(agent, does_not_contradict_the_operator)
{
	want(HEALTH_AGENT_READY, 50);
	say(7, -1);
	cr_expect_eq(first()->weight, 7);
	say(-1, 30);
	cr_expect_eq(first()->weight, 3);
	desk_drain(&d, "b1", true);
	DESK_EXPECT(&d, "2");
	want(HEALTH_AGENT_MAINT, 100);
	cr_expect(first()->alive, "the operator said drain");
	desk_drain(&d, "b1", false);
	cr_expect_not(first()->alive);
}

Test(agent, that_is_silent_wants_nothing)
{
	want(HEALTH_AGENT_SILENT, 0);
	cr_expect_eq(first()->weight, 10);
	DESK_EXPECT(&d, "1 2");
}
