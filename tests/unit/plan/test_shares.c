/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has how many slots, from the weights of the config on. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 65536

static struct criterion_test_params sizes(void)
{
	static uint32_t n[] = { 1, 2, 3, 7, 10, 100, 1000 };

	return cr_make_param_array(uint32_t, n, array_len(n));
}

ParameterizedTestParameters(shares, shares_follow_weights)
{
	return sizes();
}

/* A backend of w positions is within w slots of its due: one for each. */
ParameterizedTest(const uint32_t *n, shares, shares_follow_weights)
{
	struct conf *conf = make_web(SLOTS, *n, 0);
	_cleanup_(desk_close) struct desk d;
	double sum = 0;

	for (uint32_t i = 0; i < *n; i++)
		sum += conf->services[0].backends[i].weight = 1 + i % 10;
	desk_open(&d, conf);
	for (uint32_t i = 0; i < *n; i++) {
		uint32_t weight = 1 + i % 10;

		cr_assert_float_eq(desk_share(&d, i), SLOTS * (weight / sum), weight);
	}
}

/* 100 and 50 need three positions, not 150. */
Test(shares, the_unit_is_the_common_divisor)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(SLOTS, 2, 100);

	conf->services[0].backends[1].weight = 50;
	desk_open(&d, conf);
	cr_assert_eq(d.plan->tables[0].n_positions, 3);
}

/* 200 backends of about 1000 have no common divisor, but room for 8192 positions. */
Test(shares, the_unit_is_coarser_where_positions_would_not_fit)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(SLOTS, 200, 1000);

	for (uint32_t i = 0; i < 200; i++)
		conf->services[0].backends[i].weight -= i;
	desk_open(&d, conf);
	cr_assert_leq(d.plan->tables[0].n_positions, SLOTS / 8);
	cr_assert_geq(d.plan->tables[0].n_positions, SLOTS / 16);
	/* Half a unit of each is dealt out by hash: 12 % of 327 slots is 6 sigma of those. */
	for (uint32_t i = 0; i < 200; i++)
		cr_assert_float_eq(desk_share(&d, i), SLOTS * (1000.0 - i) / 180100, 39);
}

Test(shares, more_backends_than_positions_that_fit)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(1024, 1000, 1000));
	cr_assert_eq(d.plan->tables[0].n_positions, 1000);
	cr_assert_eq(desk_replan(&d), 0);
}

Test(shares, weight_0_has_no_slots)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(SLOTS, 3, 10);

	conf->services[0].backends[1].weight = 0;
	desk_open(&d, conf);
	cr_assert_eq(desk_share(&d, 1), 0);
	cr_assert(!plan_backend_of(d.plan, 0, 1)->usable);
	cr_assert_eq(desk_share(&d, 0) + desk_share(&d, 2), SLOTS);
	/* The minimum: an even share of three, to it alone. */
	conf->services[0].backends[1].weight = 10;
	cr_assert_eq(desk_replan(&d), SLOTS / 3);
	cr_assert_eq(desk_share(&d, 1), SLOTS / 3);
}

Test(shares, maglev_weights_and_deaths)
{
	struct conf *conf = make_web(SLOTS, 10, 10);
	_cleanup_(desk_close) struct desk d;

	conf->services[0].scheduler = CONF_SCHEDULER_MAGLEV;
	conf->services[0].backends[0].weight = 30;
	desk_open(&d, conf);
	cr_assert_float_eq(desk_share(&d, 0), SLOTS / 4.0, 2);
	cr_assert_float_eq(desk_share(&d, 9), SLOTS / 12.0, 2);
	d.down[0] = true;
	admin_get(&d.admin, "web", "b10")->weight = 20;
	desk_plan(&d);
	cr_assert_eq(desk_share(&d, 0), 0);
	cr_assert_float_eq(desk_share(&d, 9), SLOTS / 5.0, 2);
}
