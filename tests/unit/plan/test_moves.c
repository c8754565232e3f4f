/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many slots move, and whose, when something changes. Each test says what
 * the least is, and holds the plan to it to the slot.
 */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 65536

Test(moves, health_moves_the_slots_of_the_failed_alone)
{
	_cleanup_(desk_close) struct desk d;
	uint32_t had;

	desk_open(&d, make_web(SLOTS, 100, 10));
	had = desk_share(&d, 42);
	d.down[42] = true;
	cr_assert_eq(desk_replan(&d), had);
	cr_assert_eq(desk_share(&d, 42), 0);
	cr_assert(!plan_backend_of(d.plan, 0, 42)->usable);
	cr_assert_eq(plan_backend_of(d.plan, 0, 42)->weight, 10);
	d.down[42] = false;
	cr_assert_eq(desk_replan(&d), had);
	cr_assert_eq(desk_share(&d, 42), had);
}

Test(moves, drain_and_enable)
{
	_cleanup_(desk_close) struct desk d;
	uint32_t had;

	desk_open(&d, make_web(SLOTS, 10, 10));
	had = desk_share(&d, 3);
	admin_get(&d.admin, "web", "b4")->state = ADMIN_DRAIN;
	cr_assert_eq(desk_replan(&d), had);
	cr_assert_eq(plan_backend_of(d.plan, 0, 3)->weight, 0);
	/* Reload and restart do not end it. */
	cr_assert_eq(desk_replan(&d), 0);
	admin_get(&d.admin, "web", "b4")->state = ADMIN_ENABLED;
	cr_assert_eq(desk_replan(&d), had);
}

/* The minimum when a weight is lowered: what the lowered one loses. */
Test(moves, weights_of_the_operator)
{
	_cleanup_(desk_close) struct desk d;
	uint32_t had, has;

	desk_open(&d, make_web(SLOTS, 2, 100));
	had = desk_share(&d, 0);
	admin_get(&d.admin, "web", "b1")->weight_percent = 50;
	cr_assert_eq(desk_replan(&d), had - desk_share(&d, 0));
	cr_assert_float_eq(desk_share(&d, 0), SLOTS / 3.0, SLOTS * 0.006);

	/* Both lowered alike are as they were at first. */
	admin_get(&d.admin, "web", "b2")->weight = 50;
	desk_plan(&d);
	cr_assert_eq(desk_share(&d, 0), had);
	admin_get(&d.admin, "web", "b2")->weight = -1;
	admin_get(&d.admin, "web", "b1")->weight_percent = -1;
	cr_assert_eq(desk_replan(&d), 0);

	/* Raised above the config: more positions, and slots move only to it. */
	admin_get(&d.admin, "web", "b1")->weight = 300;
	has = desk_replan(&d);
	cr_assert_eq(desk_share(&d, 0), had + has);
	cr_assert_eq(desk_share(&d, 0), SLOTS / 4 * 3);
}

/* Drain of the one that everybody is measured by moves nothing between others. */
Test(moves, drain_of_the_heaviest_moves_its_own_slots_alone)
{
	struct conf *conf = make_web(SLOTS, 3, 100);
	_cleanup_(desk_close) struct desk d;
	uint32_t had;

	for (uint32_t i = 0; i < 3; i++)
		conf->services[0].backends[i].id = i + 1;
	desk_open(&d, conf);
	admin_get(&d.admin, "web", "b1")->weight = 200;
	desk_plan(&d);
	had = desk_share(&d, 0);
	cr_assert_float_eq(had, SLOTS / 2.0, SLOTS * 0.006);
	admin_get(&d.admin, "web", "b1")->state = ADMIN_DRAIN;
	cr_assert_eq(desk_replan(&d), had);
}

Test(moves, config_weights)
{
	_cleanup_(desk_close) struct desk d;
	uint32_t had, has;

	desk_open(&d, make_web(SLOTS, 10, 100));
	/* Half a position given up. */
	had = desk_share(&d, 5);
	d.conf->services[0].backends[5].weight = 50;
	has = desk_replan(&d);
	cr_assert_eq(desk_share(&d, 5), had - has);
	cr_assert_float_eq(desk_share(&d, 5), SLOTS / 19.0, SLOTS * 0.004);
	/* The minimum when it is raised to whole positions: what the raised one gains. */
	had = desk_share(&d, 5);
	d.conf->services[0].backends[5].weight = 200;
	has = desk_replan(&d);
	cr_assert_eq(desk_share(&d, 5), had + has);
	cr_assert_float_eq(desk_share(&d, 5), SLOTS * 2 / 11.0, 2);
	/*
	 * A part of a new position: what it does not keep of its even share is dealt
	 * out to all, and may move between others. The one exception.
	 */
	had = desk_share(&d, 5);
	d.conf->services[0].backends[5].weight = 250;
	has = desk_replan(&d);
	cr_assert_float_eq(desk_share(&d, 5), SLOTS * 2.5 / 11.5, SLOTS * 0.008);
	cr_assert_leq(has, SLOTS / 12);
}

Test(moves, add_and_remove)
{
	struct conf *conf = make_web(SLOTS, 11, 10);
	_cleanup_(desk_close) struct desk d;
	struct conf_backend last = conf->services[0].backends[10];
	struct conf_backend gone = conf->services[0].backends[4];
	uint32_t had;

	conf->services[0].n_backends = 10;
	desk_open(&d, conf);
	/* The minimum: an even share of eleven, rounded down, to the newcomer. */
	conf->services[0].n_backends = 11;
	cr_assert_eq(desk_replan(&d), SLOTS / 11);
	cr_assert_eq(desk_share(&d, 10), SLOTS / 11);

	/* A hole: its slots move, to stand-ins; the length of the table stays. */
	had = desk_share(&d, 4);
	conf->services[0].backends[4] = last;
	conf->services[0].n_backends = 10;
	cr_assert_eq(desk_replan(&d), had);
	cr_assert_eq(plan_table_of(d.plan, 0)->n_positions, 11);

	/* Who comes next takes the hole, and what belongs to it; nothing else moves. */
	gone.name = "successor";
	conf->services[0].backends[10] = gone;
	conf->services[0].n_backends = 11;
	cr_assert_eq(desk_replan(&d), had);
	cr_assert_eq(desk_share(&d, 10), had);
	cr_assert_eq(plan_table_of(d.plan, 0)->n_positions, 11);
}

/* Nobody gives up slots for one that cannot take them. */
Test(moves, a_newcomer_moves_nothing_until_it_is_usable)
{
	struct conf *conf = make_web(SLOTS, 11, 10);
	_cleanup_(desk_close) struct desk d;

	conf->services[0].n_backends = 10;
	desk_open(&d, conf);
	conf->services[0].n_backends = 11;
	d.down[10] = true;
	admin_get(&d.admin, "web", "b11")->state = ADMIN_DRAIN;
	cr_assert_eq(desk_replan(&d), 0);
	d.down[10] = false;
	cr_assert_eq(desk_replan(&d), 0);
	admin_get(&d.admin, "web", "b11")->state = ADMIN_ENABLED;
	cr_assert_eq(desk_replan(&d), SLOTS / 11);
	/* From then on its place is its own. */
	d.down[10] = true;
	cr_assert_eq(desk_replan(&d), SLOTS / 11);
	d.down[10] = false;
	cr_assert_eq(desk_replan(&d), SLOTS / 11);
	cr_assert_eq(desk_share(&d, 10), SLOTS / 11);
}

Test(moves, a_changed_address_hands_the_position_over)
{
	_cleanup_(desk_close) struct desk d;
	uint32_t had, old_id, new_id;

	desk_open(&d, make_web(SLOTS, 10, 10));
	had = desk_share(&d, 6);
	old_id = plan_backend_of(d.plan, 0, 6)->id;
	d.conf->services[0].backends[6].address = make_addr("10.9.9.9");
	cr_assert_eq(desk_replan(&d), had);
	new_id = plan_backend_of(d.plan, 0, 6)->id;
	cr_assert_neq(new_id, old_id);
	cr_assert_eq(desk_share(&d, 6), had);
	cr_assert_null(plan_backend_by_id(d.plan, old_id));
}

Test(moves, a_new_unit_deals_out_afresh_but_only_where_it_must)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(1024, 2, 1);

	desk_open(&d, conf);
	cr_assert_eq(d.plan->tables[0].n_positions, 2);
	conf->services[0].backends[1].weight = 1000;
	desk_plan(&d);
	cr_assert_leq(d.plan->tables[0].n_positions, 1024 / 8);
	cr_assert_float_eq(desk_share(&d, 1), 1023.0, 5);
	cr_assert_eq(desk_replan(&d), 0);
}

Test(moves, services_do_not_touch_each_other)
{
	struct conf *conf = make_web(SLOTS, 10, 10);
	_cleanup_(desk_close) struct desk d;
	struct conf_service *dns;
	uint32_t table;

	desk_open(&d, conf);
	table = plan_table_of(d.plan, 0)->number;
	dns = make_service(conf, "dns", "192.0.2.53");
	for (uint32_t i = 1; i < 5; i++)
		make_backend(conf, dns, i, i);
	cr_assert_eq(desk_replan(&d), 0);
	cr_assert_eq(plan_table_of(d.plan, 0)->number, table);
	cr_assert_neq(plan_table_of(d.plan, 1)->number, table);
	dns->n_backends = 2;
	dns->backends[0].weight = 9;
	cr_assert_eq(desk_replan(&d), 0);
	conf->n_services = 1;
	cr_assert_eq(desk_replan(&d), 0);
	cr_assert_eq(plan_table_of(d.plan, 0)->number, table);
}

Test(moves, fleet_add_moves_the_share_of_the_newcomer_alone)
{
	struct conf *conf = make_web(SLOTS, 10, 100);
	_cleanup_(desk_close) struct desk d;

	for (uint32_t i = 0; i < 10; i++)
		conf->services[0].backends[i].id = i + 1;
	conf->services[0].n_backends = 9;
	desk_open(&d, conf);
	conf->services[0].n_backends = 10;
	cr_assert_eq(desk_replan(&d), SLOTS / 10);
	/* A weight that is lowered takes nothing from anybody. */
	conf->services[0].backends[9].weight = 30;
	cr_assert_eq(desk_replan(&d), SLOTS / 10 - desk_share(&d, 9));
	cr_assert_float_eq(desk_share(&d, 9), SLOTS * 30 / 930.0, SLOTS * 0.004);
}
