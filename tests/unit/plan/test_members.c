/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is which member: pools alike are alike, and blocks that are outgrown. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"

/* Two services of @n backends, whose names and addresses differ. */
static struct conf *make_twins(uint32_t n)
{
	struct conf *conf = make_web(0, n, 10);
	struct conf_service *other = make_service(conf, "api", "192.0.2.81");

	for (uint32_t i = 1; i <= n; i++)
		make_backend(conf, other, 500 + i, 10);
	return conf;
}

static const struct plan_table *table(const struct desk *d, size_t service)
{
	return plan_table_of(d->plan, service);
}

static uint32_t member(const struct desk *d, size_t service, size_t backend)
{
	return plan_backend_of(d->plan, service, backend)->id - table(d, service)->base;
}

static bool blocks_overlap(const struct plan_table *a, const struct plan_table *b)
{
	return a->base < b->base + b->span && b->base < a->base + a->span;
}

static void remove_backend(struct conf_service *s, size_t index)
{
	s->n_backends--;
	memmove(&s->backends[index], &s->backends[index + 1],
		(s->n_backends - index) * sizeof(*s->backends));
}

Test(members, a_block_has_room_for_newcomers)
{
	static const uint32_t sizes[][2] = { { 0, 4 },	 { 1, 4 },    { 2, 4 },	     { 3, 8 },
					     { 5, 8 },	 { 6, 16 },   { 11, 16 },    { 12, 32 },
					     { 50, 64 }, { 51, 128 }, { 1000, 2048 } };

	array_for_each (size, sizes, array_len(sizes)) {
		_cleanup_(desk_close) struct desk d;

		desk_open(&d, make_web(0, (*size)[0], 1));
		cr_expect_eq(table(&d, 0)->span, (*size)[1], "%u: %u", (*size)[0],
			     table(&d, 0)->span);
	}
}

Test(members, a_new_table_seats_them_in_order)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(0, 9, 10));
	for (uint32_t p = 0; p < 9; p++) {
		cr_assert_eq(member(&d, 0, p), p + 1);
		cr_assert_eq(table(&d, 0)->positions[p].member, p + 1);
	}
}

/* By `id:`, as the positions; whatever the names are. */
Test(members, those_with_an_id_are_dealt_out_by_it)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(0, 9, 10);

	for (uint32_t i = 0; i < 9; i++)
		conf->services[0].backends[i].id = 9 - i;
	desk_open(&d, conf);
	for (uint32_t i = 0; i < 9; i++)
		cr_assert_eq(member(&d, 0, i), 9 - i);
	for (uint32_t p = 0; p < 9; p++)
		cr_assert_eq(table(&d, 0)->positions[p].member, p + 1);
	/* One without: by name. */
	conf->services[0].backends[4].id = 0;
	make_service(conf, "api", "192.0.2.81");
	conf->services[1].backends = conf->services[0].backends;
	conf->services[1].n_backends = 9;
	desk_plan(&d);
	for (uint32_t i = 0; i < 9; i++)
		cr_assert_eq(member(&d, 1, i), i + 1);
}

Test(members, pools_alike_have_recipes_alike)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *web, *api;

	desk_open(&d, make_twins(9));
	web = &d.conf->services[0];
	api = &d.conf->services[1];
	cr_assert(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	cr_assert_not(blocks_overlap(table(&d, 0), table(&d, 1)));
	cr_assert_neq(table(&d, 0)->number, table(&d, 1)->number);

	/* What happens to both leaves them so; what happens to one does not. */
	web->backends[3].address = make_addr("10.7.7.7");
	desk_plan(&d);
	cr_assert_not(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	api->backends[3].address = make_addr("10.7.7.8");
	desk_plan(&d);
	cr_assert(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	make_backend(d.conf, web, 20, 10);
	make_backend(d.conf, api, 520, 10);
	remove_backend(web, 5);
	remove_backend(api, 5);
	desk_plan(&d);
	cr_assert(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	cr_assert_not(blocks_overlap(table(&d, 0), table(&d, 1)));
}

Test(members, recipes_differ_where_words_do)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s;

	desk_open(&d, make_twins(9));
	s = &d.conf->services[1];
	s->slots = 65536;
	desk_plan(&d);
	cr_assert_not(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	s->slots = table(&d, 0)->slots;
	s->scheduler = CONF_SCHEDULER_MAGLEV;
	desk_plan(&d);
	cr_assert_not(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	s->scheduler = CONF_SCHEDULER_CONSISTENT;
	desk_plan(&d);
	cr_assert(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	s->backends[2].weight = 5;
	desk_plan(&d);
	cr_assert_not(plan_table_is_equal(table(&d, 0), table(&d, 1)));
	s->backends[2].weight = 10;
	desk_plan(&d);
	cr_assert(plan_table_is_equal(table(&d, 0), table(&d, 1)));
}

/* --- blocks that are outgrown ------------------------------------------------------- */

Test(members, an_outgrown_block_is_followed_by_one_of_the_same_members)
{
	_cleanup_(desk_close) struct desk d;
	struct plan_table was;
	uint32_t rest;

	desk_open(&d, make_twins(5));
	was = *table(&d, 0);
	for (uint32_t i = 10; i < 13; i++)
		make_backend(d.conf, &d.conf->services[0], i, 10);
	/* Those who were there do not move a slot, but for what the newcomers take. */
	cr_assert_leq(desk_replan(&d), 3 * (1024 / 8 + 1));
	cr_assert_eq(table(&d, 0)->span, 2 * was.span);
	cr_assert_eq(table(&d, 0)->number, was.number);
	cr_assert_not(blocks_overlap(table(&d, 0), &was));
	cr_assert_not(blocks_overlap(table(&d, 0), table(&d, 1)));
	for (uint32_t i = 0; i < 8; i++)
		cr_assert_eq(member(&d, 0, i), i + 1);

	/* The old one rests; then it is the lowest place that is free. */
	make_service(d.conf, "new", "192.0.2.82");
	for (rest = 1; rest < IDS_REST; rest++) {
		d.conf->services[2].n_backends = 0;
		d.conf->services[2].name = rest % 2 ? "x" : "y";
		desk_plan(&d);
		cr_assert_not(blocks_overlap(table(&d, 2), &was), "after %u plans", rest);
	}
	d.conf->services[2].name = "z";
	desk_plan(&d);
	cr_assert_eq(table(&d, 2)->base, was.base);
}

/* As if it had been started again, which must not shorten the rest. */
Test(members, an_outgrown_block_rests_across_the_state_file)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	_cleanup_(desk_close) struct desk d;
	struct plan_table was;

	desk_open(&d, make_web(0, 5, 10));
	was = *table(&d, 0);
	for (uint32_t i = 10; i < 13; i++)
		make_backend(d.conf, &d.conf->services[0], i, 10);
	desk_plan(&d);
	cr_assert_eq(ids_save(d.ids, &text), 0);
	ids_free(take_ptr(&d.ids));
	cr_assert_eq(ids_load(text.data, &d.ids), 0);
	make_service(d.conf, "new", "192.0.2.82");
	desk_plan(&d);
	cr_assert_not(blocks_overlap(table(&d, 1), &was));
}

/* From nothing to the plan: the blocks that flows come from, at most @max; how many. */
static size_t list_moves(const struct desk *d, struct plan_table *from, size_t max)
{
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n = 0, found = 0;

	cr_assert_eq(plan_diff(NULL, d->plan, &ops, &n), 0);
	array_for_each (op, ops, n) {
		if (op->kind != PLAN_MOVE_FLOWS)
			continue;
		cr_assert_lt(found, max);
		cr_assert_eq(op->table, table(d, 0));
		from[found++] = *op->moved;
	}
	return found;
}

/* Who starts again, or has failed half-way, does not know by which block the maps go. */
Test(members, outgrown_blocks_are_known_as_long_as_they_rest)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	_cleanup_(desk_close) struct desk d;
	struct plan_table first, second, from[2];

	desk_open(&d, make_twins(5));
	cr_assert_eq(list_moves(&d, from, 2), 0);
	first = *table(&d, 0);
	for (uint32_t i = 10; i < 13; i++)
		make_backend(d.conf, &d.conf->services[0], i, 10);
	desk_plan(&d);
	second = *table(&d, 0);
	for (uint32_t i = 20; i < 30; i++)
		make_backend(d.conf, &d.conf->services[0], i, 10);
	desk_plan(&d);
	cr_assert_eq(ids_save(d.ids, &text), 0);
	ids_free(take_ptr(&d.ids));
	cr_assert_eq(ids_load(text.data, &d.ids), 0);
	for (uint32_t rest = 2; rest < IDS_REST; rest++) {
		desk_plan(&d);
		cr_assert_eq(list_moves(&d, from, 2), 2, "after %u plans", rest);
		cr_assert_eq(from[0].base, second.base);
		cr_assert_eq(from[0].span, second.span);
		cr_assert_eq(from[1].base, first.base);
		cr_assert_eq(from[1].span, first.span);
	}
	desk_plan(&d);
	cr_assert_eq(list_moves(&d, from, 2), 1);
	cr_assert_eq(from[0].base, second.base);
	desk_plan(&d);
	cr_assert_eq(list_moves(&d, from, 2), 0);
}

/* A backend that goes to and fro does not make the block grow. */
Test(members, a_full_block_shortens_the_rest)
{
	_cleanup_(desk_close) struct desk d;
	struct plan_table was;
	uint32_t last;

	desk_open(&d, make_web(0, 2, 10));
	was = *table(&d, 0);
	cr_assert_eq(was.span, 4);
	last = member(&d, 0, 0);
	for (uint32_t i = 0; i < 50; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.9.9.%u", i);
		d.conf->services[0].backends[0].address = make_addr(text);
		desk_plan(&d);
		cr_assert_eq(table(&d, 0)->base, was.base);
		cr_assert_eq(table(&d, 0)->span, was.span);
		cr_assert_neq(member(&d, 0, 0), last, "still in the maps");
		last = member(&d, 0, 0);
	}
}

/* All at once: there is no room for both, and both are in the maps. */
Test(members, a_block_grows_where_all_are_replaced)
{
	_cleanup_(desk_close) struct desk d;
	struct plan_table was;

	desk_open(&d, make_web(0, 5, 10));
	was = *table(&d, 0);
	d.conf->services[0].forward = SHUNT_FORWARD_IPIP;
	desk_plan(&d);
	cr_assert_eq(table(&d, 0)->span, 2 * was.span);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(member(&d, 0, i), 6 + i);
	cr_assert_not(blocks_overlap(table(&d, 0), &was));
}

/* --- services that go and come ------------------------------------------------------ */

Test(members, a_service_that_comes_back_has_its_block)
{
	_cleanup_(desk_close) struct desk d;
	struct plan_table was;

	desk_open(&d, make_twins(5));
	was = *table(&d, 1);
	d.conf->n_services = 1;
	desk_plan(&d);
	make_backend(d.conf, &d.conf->services[0], 30, 10);
	desk_plan(&d);
	d.conf->n_services = 2;
	desk_plan(&d);
	cr_assert_eq(table(&d, 1)->base, was.base);
	cr_assert_eq(table(&d, 1)->number, was.number);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(member(&d, 1, i), i + 1);
	/* But not after its rest: another has it. */
	d.conf->n_services = 1;
	for (int i = 0; i <= IDS_REST; i++)
		desk_plan(&d);
	make_service(d.conf, "later", "192.0.2.83");
	desk_plan(&d);
	cr_assert_eq(table(&d, 1)->base, was.base);
}
