/* SPDX-License-Identifier: BSD-2-Clause */
/* How many slots a table has, and that it stays so. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"
#include "plan/slots.h"

static uint32_t slots_now(struct desk *d)
{
	desk_plan(d);
	return plan_table_of(d->plan, 0)->slots;
}

static void set_backends(struct desk *d, uint32_t n)
{
	struct conf_service *s = &d->conf->services[0];

	while (s->n_backends < n)
		make_backend(d->conf, s, s->n_backends + 1, 10);
	s->n_backends = n;
}

Test(slots, a_new_table_has_a_hundred_a_position)
{
	static const uint32_t expected[][2] = {
		{ 0, 1024 },	   { 1, 1024 },	      { 10, 1024 },	  { 11, 2048 },
		{ 100, 16384 },	   { 655, 65536 },    { 656, 65536 },	  { 2621, 65536 },
		{ 2622, 1 << 19 }, { 8000, 1 << 20 }, { 32767, 1 << 20 },
	};

	array_for_each (e, expected, array_len(expected)) {
		const struct slots_wish wish = { .n_backends = (*e)[0] };

		cr_expect_eq(slots_of(&wish, (*e)[0]), (*e)[1], "%u: %u", (*e)[0],
			     slots_of(&wish, (*e)[0]));
	}
}

/* Whatever the weights are, no table passes what many backends would need. */
Test(slots, weights_alone_do_not_make_a_table_large)
{
	for (size_t n = 1; n <= 32767; n += 1 + n / 7) {
		const struct slots_wish wish = { .n_backends = n };
		const uint32_t seats = slots_seats_max(&wish) > n ? slots_seats_max(&wish) : n;

		cr_assert(n > 2621 || slots_of(&wish, seats) <= 65536);
		cr_assert_geq(slots_of(&wish, seats) / seats, 25);
	}
}

/* Ten of about 1000 without a common divisor: even to a slot in a hundred, not 10 000. */
Test(slots, fine_weights_are_made_up_for)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(0, 10, 1000);
	double sum = 0;

	for (uint32_t i = 0; i < 10; i++)
		sum += conf->services[0].backends[i].weight = 997 - 31 * i;
	desk_open(&d, conf);
	cr_assert_eq(plan_table_of(d.plan, 0)->slots, 16384);
	cr_assert_leq(plan_table_of(d.plan, 0)->n_positions, 160);
	for (uint32_t i = 0; i < 10; i++) {
		const double due = 16384 * (conf->services[0].backends[i].weight / sum);

		cr_assert_float_eq(desk_share(&d, i), due, due / 50);
	}
}

Test(slots, stay_until_they_are_too_few)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(0, 10, 10));
	cr_assert_eq(slots_now(&d), 1024);
	set_backends(&d, 40);
	cr_assert_eq(slots_now(&d), 1024);
	set_backends(&d, 41);
	cr_assert_eq(slots_now(&d), 8192);
	set_backends(&d, 2);
	cr_assert_eq(slots_now(&d), 8192);
}

/* A newcomer that is not usable yet has no position, and so no slots are needed. */
Test(slots, follow_positions)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(1024, 40, 10));
	d.conf->slots = 0;
	set_backends(&d, 41);
	d.down[40] = true;
	cr_assert_eq(slots_now(&d), 1024);
	d.down[40] = false;
	cr_assert_eq(slots_now(&d), 8192);
}

Test(slots, of_the_service_before_those_of_all)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(0, 10, 10));
	d.conf->slots = 4096;
	cr_assert_eq(slots_now(&d), 4096);
	d.conf->services[0].slots = 2048;
	cr_assert_eq(slots_now(&d), 2048);
	d.conf->slots = 0;
	cr_assert_eq(slots_now(&d), 2048);
	d.conf->services[0].slots = 0;
	cr_assert_eq(slots_now(&d), 2048, "what they were");
}

Test(slots, survive_the_state_file_and_a_rest)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(0, 41, 10));
	make_service(d.conf, "other", "192.0.2.81");
	set_backends(&d, 2);
	cr_assert_eq(slots_now(&d), 8192);
	d.conf->services[0].name = "aside";
	cr_assert_eq(slots_now(&d), 1024);
	cr_assert_eq(ids_save(d.ids, &text), 0);
	ids_free(take_ptr(&d.ids));
	cr_assert_eq(ids_load(text.data, &d.ids), 0);
	d.conf->services[0].name = "web";
	cr_assert_eq(slots_now(&d), 8192);
}

/* A crash may lose ids as long as nothing was given out. */
Test(slots, of_another_number_are_worth_saving)
{
	_cleanup_(desk_close) struct desk d;
	uint64_t given;

	desk_open(&d, make_web(0, 10, 10));
	given = ids_given(d.ids);
	desk_plan(&d);
	cr_assert_eq(ids_given(d.ids), given);
	d.conf->slots = 4096;
	desk_plan(&d);
	cr_assert_gt(ids_given(d.ids), given);
}

/* Only the table is filled again: its services stay where they are. */
Test(slots, more_of_them_deal_out_no_position_afresh)
{
	_cleanup_(plan_freep) struct plan *before = NULL;
	_cleanup_free_ struct plan_op *ops = NULL;
	_cleanup_(desk_close) struct desk d;
	const struct plan_table *t;
	size_t n;

	desk_open(&d, make_web(0, 40, 10));
	d.conf->slots = 1024;
	desk_plan(&d);
	d.conf->slots = 0;
	set_backends(&d, 41);
	before = take_ptr(&d.plan);
	desk_plan(&d);
	t = plan_table_of(d.plan, 0);
	cr_assert_eq(t->slots, 8192);
	for (uint32_t p = 0; p < 40; p++)
		cr_assert_eq(t->positions[p].member, before->tables[0].positions[p].member);
	cr_assert_eq(plan_diff(before, d.plan, &ops, &n), 0);
	cr_assert_eq(n, 2);
	cr_assert_eq(ops[0].kind, PLAN_PUT_BACKEND);
	cr_assert_eq(ops[1].kind, PLAN_FILL_TABLE);
}

/* --- fleets ----------------------------------------------------------------------- */

/* What was before cannot count where others must come to the same. */
static void expect_no_history(enum conf_scheduler scheduler, bool fixed)
{
	static const uint32_t sizes[] = { 3, 200, 1000, 5 };
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(0, 1000, 10));
	d.conf->services[0].scheduler = scheduler;
	for (uint32_t i = 0; fixed && i < 1000; i++)
		d.conf->services[0].backends[i].id = i + 1;
	array_for_each (n, sizes, array_len(sizes)) {
		set_backends(&d, *n);
		cr_assert_eq(slots_now(&d), 65536);
	}
	d.conf->services[0].slots = 2048;
	cr_assert_eq(slots_now(&d), 2048);
	d.conf->services[0].slots = 0;
	cr_assert_eq(slots_now(&d), 65536);
}

Test(slots, of_a_fleet_do_not_depend_on_what_was)
{
	expect_no_history(CONF_SCHEDULER_CONSISTENT, true);
	expect_no_history(CONF_SCHEDULER_MAGLEV, false);
}

Test(slots, of_a_large_fleet_are_enough)
{
	_cleanup_(make_free) struct conf *conf = make_web(0, 1, 10);
	struct conf_service *s = &conf->services[0];

	s->scheduler = CONF_SCHEDULER_MAGLEV;
	s->n_backends = 2621;
	cr_assert_eq(slots_wish_of(conf, s, 0).fixed, 65536);
	s->n_backends = 2622;
	cr_assert_eq(slots_wish_of(conf, s, 0).fixed, 1 << 19);
	s->n_backends = 32767;
	cr_assert_eq(slots_wish_of(conf, s, 0).fixed, 1 << 20);
	s->n_backends = 0;
}
