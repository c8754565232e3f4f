/* SPDX-License-Identifier: BSD-2-Clause */
/* A service whose flows are in the flow cache no more: its slots have to ask for them. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"
#include "make.h"

/* Tables that are filled on the way to the config as it is now. */
static int count_fills(struct desk *d)
{
	_cleanup_(plan_freep) struct plan *before = take_ptr(&d->plan);
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n = 0;
	int fills = 0;

	desk_plan(d);
	cr_assert_eq(plan_diff(before, d->plan, &ops, &n), 0);
	array_for_each (op, ops, n)
		fills += op->kind == PLAN_FILL_TABLE;
	return fills;
}

Test(forget, fills_the_table_although_its_owners_are_the_same)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *web;

	desk_open(&d, make_web(1024, 4, 10));
	web = &d.conf->services[0];
	web->track = true;
	cr_expect_eq(count_fills(&d), 0);
	web->track = false;
	cr_expect_eq(count_fills(&d), 1);
	web->scheduler = CONF_SCHEDULER_LEAST_CONN;
	cr_expect_eq(count_fills(&d), 0);
	web->scheduler = CONF_SCHEDULER_CONSISTENT;
	cr_expect_eq(count_fills(&d), 1);
	web->affinity_ms = 1000; /* clients are remembered, and no flows */
	cr_expect_eq(count_fills(&d), 0);
	web->affinity_ms = 0;
	cr_expect_eq(count_fills(&d), 0);
}
