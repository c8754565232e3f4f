/* SPDX-License-Identifier: BSD-2-Clause */
/* Ids and table numbers: given out once, remembered, given out again after a rest. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "make.h"

/* Plan again; the id of backend @index of service 0. */
static uint32_t id_of(const struct conf *conf, struct ids *ids, size_t index)
{
	_cleanup_(plan_freep) struct plan *plan = make_plan(conf, ids);

	return plan_backend_of(plan, 0, index)->id;
}

static uint32_t table_of(const struct conf *conf, struct ids *ids, size_t service)
{
	_cleanup_(plan_freep) struct plan *plan = make_plan(conf, ids);

	return plan_table_of(plan, service)->number;
}

static void age(const struct conf *conf, struct ids *ids, int plans)
{
	while (plans--)
		plan_free(make_plan(conf, ids));
}

static void set_address(struct conf_backend *b, uint32_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "10.1.%u.%u", number >> 8, number & 255);
	b->address = make_addr(text);
}

Test(ids, start_from_one_by_name_and_stay)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 3, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];
	struct conf_backend t = s->backends[0];

	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(id_of(conf, ids, i), i + 1);
	s->backends[0] = s->backends[2];
	s->backends[2] = t;
	cr_assert_eq(id_of(conf, ids, 0), 3);
	cr_assert_eq(id_of(conf, ids, 2), 1);
}

/* With room in the block for all that follows. */
Test(ids, whatever_changes_a_leg_changes_the_id)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 7, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];

	age(conf, ids, 1);
	s->n_backends = 1;
	cr_assert_eq(id_of(conf, ids, 0), 1);
	set_address(&s->backends[0], 1);
	cr_assert_eq(id_of(conf, ids, 0), 8);
	s->forward = SHUNT_FORWARD_IPIP;
	cr_assert_eq(id_of(conf, ids, 0), 9);
	make_vip(conf, s, "2001:db8::80");
	cr_assert_eq(id_of(conf, ids, 0), 10);
	s->backends[0].address6 = make_addr("2001:db8::1");
	s->backends[0].has_address6 = true;
	cr_assert_eq(id_of(conf, ids, 0), 11);
	s->backends[0].weight = 70;
	cr_assert_eq(id_of(conf, ids, 0), 11);
	s->backends[0].name = "other";
	cr_assert_eq(id_of(conf, ids, 0), 12);
}

Test(ids, a_freed_id_rests)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 7, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];

	id_of(conf, ids, 0);
	set_address(&s->backends[0], 1); /* frees 1, in the plan that gives out 8 */
	cr_assert_eq(id_of(conf, ids, 0), 8);
	for (int i = 1; i < IDS_REST; i++) {
		s->backends[1].name = i % 2 ? "x" : "y";
		cr_assert_neq(id_of(conf, ids, 1), 1);
	}
	make_backend(conf, s, 9, 1);
	cr_assert_eq(id_of(conf, ids, 7), 1);
}

Test(ids, who_comes_back_gets_its_id_back)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 7, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];
	struct shunt_addr was = s->backends[0].address;

	cr_assert_eq(id_of(conf, ids, 0), 1);
	set_address(&s->backends[0], 1);
	cr_assert_eq(id_of(conf, ids, 0), 8);
	s->backends[0].address = was;
	cr_assert_eq(id_of(conf, ids, 0), 1);
	set_address(&s->backends[0], 1);
	cr_assert_eq(id_of(conf, ids, 0), 8);
	/* But not after another may have had it. */
	age(conf, ids, IDS_REST);
	make_backend(conf, s, 9, 1);
	cr_assert_eq(id_of(conf, ids, 7), 1);
	s->backends[0].address = was;
	cr_assert_eq(id_of(conf, ids, 0), 9);
}

Test(ids, table_numbers_stay_and_rest)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 1, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();

	make_service(conf, "api", "192.0.2.81");
	cr_assert_eq(table_of(conf, ids, 1), 0, "by name");
	cr_assert_eq(table_of(conf, ids, 0), 1);
	conf->services[1].name = "new";
	cr_assert_eq(table_of(conf, ids, 1), 2);
	conf->services[1].name = "api";
	cr_assert_eq(table_of(conf, ids, 1), 0);
	conf->services[1].name = "new";
	cr_assert_eq(table_of(conf, ids, 1), 2);
	age(conf, ids, IDS_REST);
	make_service(conf, "third", "192.0.2.82");
	cr_assert_eq(table_of(conf, ids, 2), 0);
	cr_assert_eq(table_of(conf, ids, 0), 1);
}

/* --- running out ------------------------------------------------------------------ */

/* @n backends more, with names "<letter>1" and so on, in arrays of their own. */
static void add_crowd(struct conf *conf, struct conf_service *s, uint32_t n, char letter)
{
	s->backends = arena_alloc(&conf->arena, n * sizeof(*s->backends));
	s->n_backends = n;
	for (uint32_t i = 0; i < n; i++) {
		char *name = arena_alloc(&conf->arena, 16);

		snprintf(name, 16, "%c%u", letter, i);
		s->backends[i] = (struct conf_backend){ .name = name, .has_address = true };
		s->backends[i].address = make_addr("10.0.0.1");
	}
}

static struct conf *make_crowd(uint32_t n, char letter)
{
	struct conf *conf = make_conf(1024);

	add_crowd(conf, make_service(conf, "web", "192.0.2.80"), n, letter);
	return conf;
}

/* MAKE_SERVICES services of @n backends each. */
static struct conf *make_crowds(uint32_t n)
{
	struct conf *conf = make_conf(1024);

	for (int i = 0; i < MAKE_SERVICES; i++) {
		char name[2] = { 'a' + i }, vip[32];

		snprintf(vip, sizeof(vip), "192.0.2.%d", i);
		add_crowd(conf, make_service(conf, name, vip), n, 'b');
	}
	return conf;
}

Test(ids, too_many_leave_no_trace)
{
	_cleanup_(make_free) struct conf *small = make_crowd(10, 'a');
	_cleanup_(make_free) struct conf *large = make_crowd(SHUNT_MAX_MEMBERS, 'b');
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(buf_free) struct buf before = { 0 }, after = { 0 };
	struct plan *plan = NULL;
	const struct admin nothing = { 0 };

	age(small, ids, 2);
	cr_assert_eq(ids_save(ids, &before), 0);
	cr_assert_eq(plan_build(large, &nothing, ids, NULL, NULL, &plan), -ENOSPC);
	cr_assert_null(plan);
	cr_assert_eq(ids_save(ids, &after), 0);
	cr_assert_str_eq(before.data, after.data);
}

/* As many as there may be, all replaced: what rested one plan has to do. */
Test(ids, rest_is_shortened_where_ids_run_out)
{
	_cleanup_(make_free) struct conf *a = make_crowd(SHUNT_MAX_MEMBERS / 2 - 1, 'a');
	_cleanup_(make_free) struct conf *b = make_crowd(SHUNT_MAX_MEMBERS / 2 - 1, 'b');
	_cleanup_(make_free) struct conf *c = make_crowd(SHUNT_MAX_MEMBERS / 2 - 1, 'c');
	_cleanup_(ids_freep) struct ids *ids = ids_create();

	cr_assert_eq(id_of(a, ids, 0), 1);
	cr_assert_eq(id_of(b, ids, 0), SHUNT_MAX_MEMBERS / 2);
	cr_assert_eq(id_of(c, ids, 0), 1);
}

/* Room to spare is what goes first: 16 blocks of 4096 are all there are. */
Test(ids, blocks_are_tight_where_ids_run_out)
{
	_cleanup_(make_free) struct conf *conf = make_crowds(4000);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *plan = make_plan(conf, ids);

	for (size_t i = 0; i < MAKE_SERVICES; i++) {
		cr_assert_eq(plan_table_of(plan, i)->base, i * 4096);
		cr_assert_eq(plan_table_of(plan, i)->span, 4096);
	}
}

/* Who came first has no more than his share of what is to spare: others come later. */
Test(ids, blocks_are_tight_before_ids_run_out)
{
	_cleanup_(make_free) struct conf *conf = make_crowds(1900);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *plan = NULL;
	struct conf_service *last = &conf->services[--conf->n_services];

	age(conf, ids, 1);
	last->n_backends = 0;
	add_crowd(conf, last, 4100, 'z');
	conf->n_services++;
	plan = make_plan(conf, ids);
	cr_assert_eq(plan_table_of(plan, MAKE_SERVICES - 1)->span, 8192);
}

Test(ids, a_block_rests_for_one_plan_where_ids_run_out)
{
	_cleanup_(make_free) struct conf *conf = make_crowds(3000);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *plan = NULL;
	const struct admin nothing = { 0 };

	age(conf, ids, 1);
	conf->services[3].name = "z";
	cr_assert_eq(plan_build(conf, &nothing, ids, NULL, NULL, &plan), -ENOSPC,
		     "the other is still in the maps");
	conf->services[3].n_backends = 0;
	cr_assert_eq(plan_build(conf, &nothing, ids, NULL, NULL, &plan), -ENOSPC);
	conf->services[3] = conf->services[--conf->n_services];
	age(conf, ids, 1);
	add_crowd(conf, make_service(conf, "z", "192.0.2.99"), 3000, 'b');
	plan = make_plan(conf, ids);
	cr_assert_eq(plan_table_of(plan, MAKE_SERVICES - 1)->base, 3 * 4096);
}
