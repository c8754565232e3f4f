/* SPDX-License-Identifier: BSD-2-Clause */
/* Slow start: the share that a backend has while it warms up, and what that moves. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "desk.h"

#define SLOTS 4096
#define WARM(percent) ((percent)*PLAN_KEEP_ALL / 100)

static struct conf_service *open(struct desk *d, enum conf_scheduler scheduler, uint32_t weight)
{
	struct conf *conf = make_web(SLOTS, 4, weight);

	conf->services[0].scheduler = scheduler;
	conf->services[0].failback = true;
	desk_open(d, conf);
	return &conf->services[0];
}

/* That backend 1 has what @percent of its weight makes. */
static void expect_part(struct desk *d, uint32_t percent)
{
	const double want = (double)SLOTS * percent / (300 + percent);

	d->warmth[0] = WARM(percent);
	desk_plan(d);
	cr_expect_float_eq(desk_share(d, 0), want, SLOTS * 0.0125, "%u %%: %u slots, not %.0f",
			   percent, desk_share(d, 0), want);
	cr_expect_str_eq(desk_who(d), "1 2 3 4");
}

Test(slow_start, shares_follow_the_warmth)
{
	static const enum conf_scheduler each[] = { CONF_SCHEDULER_CONSISTENT,
						    CONF_SCHEDULER_RANDOM, CONF_SCHEDULER_SOURCE };
	static const uint32_t weights[] = { 1, 100 };

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		for (size_t w = 0; w < 2; w++) {
			_cleanup_(desk_close) struct desk d;

			open(&d, each[i], weights[w]);
			for (uint32_t percent = 10; percent <= 100; percent += 10)
				expect_part(&d, percent);
		}
}

Test(slow_start, turns_follow_the_warmth)
{
	_cleanup_(desk_close) struct desk d;

	open(&d, CONF_SCHEDULER_ROUND_ROBIN, 1);
	for (uint32_t percent = 10; percent <= 100; percent += 10) {
		d.warmth[0] = WARM(percent);
		desk_plan(&d);
		cr_expect_float_eq(desk_share(&d, 0), (double)SLOTS * percent / (300 + percent),
				   2.0, "%u %%: %u", percent, desk_share(&d, 0));
	}
}

/* Each step moves what it adds, and nothing comes back. */
Test(slow_start, steps_move_only_what_they_add)
{
	_cleanup_(desk_close) struct desk d;
	uint32_t before, moved;

	open(&d, CONF_SCHEDULER_CONSISTENT, 100);
	d.warmth[0] = WARM(10);
	desk_plan(&d);
	for (uint32_t percent = 20; percent <= 100; percent += 10) {
		before = desk_share(&d, 0);
		d.warmth[0] = WARM(percent);
		moved = desk_replan(&d);
		cr_expect_eq(moved, desk_share(&d, 0) - before);
	}
}

/* Who is alone, or comes up with all others, cannot be spared. */
Test(slow_start, warm_is_who_is_as_warm_as_anybody)
{
	_cleanup_(desk_close) struct desk d;
	_cleanup_free_ uint32_t *warm = NULL;

	open(&d, CONF_SCHEDULER_CONSISTENT, 100);
	warm = make_words(plan_table_of(d.plan, 0));
	d.warmth[0] = d.warmth[1] = d.warmth[2] = d.warmth[3] = WARM(10);
	cr_assert_eq(desk_replan(&d), 0);
	cr_assert_eq(plan_backend_of(d.plan, 0, 1)->warmth, PLAN_KEEP_ALL);
	d.warmth[1] = WARM(20);
	desk_plan(&d);
	cr_assert_float_eq((double)plan_backend_of(d.plan, 0, 0)->warmth, PLAN_KEEP_ALL * 0.5, 8.0);
	desk_set_down(&d, "234");
	DESK_EXPECT(&d, "1");
	cr_assert_eq(plan_backend_of(d.plan, 0, 0)->warmth, PLAN_KEEP_ALL);
}

/* Tables that all balancers of a fleet have in common know nothing of it. */
Test(slow_start, not_where_balancers_must_agree)
{
	static const enum conf_scheduler each[] = { CONF_SCHEDULER_MAGLEV, CONF_SCHEDULER_FIRST,
						    CONF_SCHEDULER_CONSISTENT };

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		_cleanup_(desk_close) struct desk d;
		struct conf_service *s = open(&d, each[i], 100);

		for (size_t b = 0; b < s->n_backends; b++)
			s->backends[b].id = b + 1;
		desk_plan(&d);
		d.warmth[0] = WARM(10);
		cr_assert_eq(desk_replan(&d), 0);
		cr_assert_eq(plan_backend_of(d.plan, 0, 0)->warmth, PLAN_KEEP_ALL);
	}
}

Test(slow_start, counts_for_loads)
{
	_cleanup_(desk_close) struct desk d;

	open(&d, CONF_SCHEDULER_LEAST_CONN, 50);
	d.warmth[0] = WARM(10);
	desk_plan(&d);
	cr_assert_eq(plan_backend_of(d.plan, 0, 0)->load_weight, 5);
	cr_assert_eq(plan_backend_of(d.plan, 0, 1)->load_weight, 50);
}
