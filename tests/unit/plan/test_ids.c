/* SPDX-License-Identifier: BSD-2-Clause */
/* Ids, table numbers and positions: given out once, remembered, written, read. */
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

static void save(const struct ids *ids, struct buf *out)
{
	cr_assert_eq(ids_save(ids, out), 0);
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

Test(ids, whatever_changes_a_leg_changes_the_id)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 1, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];

	cr_assert_eq(id_of(conf, ids, 0), 1);
	set_address(&s->backends[0], 1);
	cr_assert_eq(id_of(conf, ids, 0), 2);
	s->forward = SHUNT_FORWARD_IPIP;
	cr_assert_eq(id_of(conf, ids, 0), 3);
	make_vip(conf, s, "2001:db8::80");
	cr_assert_eq(id_of(conf, ids, 0), 4);
	s->backends[0].address6 = make_addr("2001:db8::1");
	s->backends[0].has_address6 = true;
	cr_assert_eq(id_of(conf, ids, 0), 5);
	s->backends[0].weight = 70;
	cr_assert_eq(id_of(conf, ids, 0), 5);
	s->backends[0].name = "other";
	cr_assert_eq(id_of(conf, ids, 0), 6);
}

Test(ids, a_freed_id_rests)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 2, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];

	id_of(conf, ids, 0);
	set_address(&s->backends[0], 1); /* frees 1, in the plan that gives out 3 */
	cr_assert_eq(id_of(conf, ids, 0), 3);
	for (int i = 1; i < IDS_REST; i++) {
		s->backends[1].name = i % 2 ? "x" : "y";
		cr_assert_neq(id_of(conf, ids, 1), 1);
	}
	make_backend(conf, s, 9, 1);
	cr_assert_eq(id_of(conf, ids, 2), 1);
}

Test(ids, who_comes_back_gets_its_id_back)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 2, 1);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];
	struct shunt_addr was = s->backends[0].address;

	cr_assert_eq(id_of(conf, ids, 0), 1);
	set_address(&s->backends[0], 1);
	cr_assert_eq(id_of(conf, ids, 0), 3);
	s->backends[0].address = was;
	cr_assert_eq(id_of(conf, ids, 0), 1);
	set_address(&s->backends[0], 1);
	cr_assert_eq(id_of(conf, ids, 0), 3);
	/* But not after another may have had it. */
	age(conf, ids, IDS_REST);
	make_backend(conf, s, 9, 1);
	cr_assert_eq(id_of(conf, ids, 2), 1);
	s->backends[0].address = was;
	cr_assert_eq(id_of(conf, ids, 0), 4);
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

/* Names "<letter>1" and so on for @n backends; text lives in @conf. */
static struct conf *make_crowd(uint32_t n, char letter)
{
	struct conf *conf = make_conf(1024);
	struct conf_service *s = make_service(conf, "web", "192.0.2.80");

	s->backends = arena_alloc(&conf->arena, n * sizeof(*s->backends));
	s->n_backends = n;
	for (uint32_t i = 0; i < n; i++) {
		char *name = arena_alloc(&conf->arena, 16);

		snprintf(name, 16, "%c%u", letter, i);
		s->backends[i] = (struct conf_backend){ .name = name, .has_address = true };
		s->backends[i].address = make_addr("10.0.0.1");
	}
	return conf;
}

Test(ids, too_many_leave_no_trace)
{
	_cleanup_(make_free) struct conf *small = make_crowd(10, 'a');
	_cleanup_(make_free) struct conf *large = make_crowd(SHUNT_MAX_BACKENDS, 'b');
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(buf_free) struct buf before = { 0 }, after = { 0 };
	struct plan *plan = NULL;
	const struct admin nothing = { 0 };

	age(small, ids, 2);
	save(ids, &before);
	cr_assert_eq(plan_build(large, &nothing, ids, NULL, NULL, &plan), -ENOSPC);
	cr_assert_null(plan);
	save(ids, &after);
	cr_assert_str_eq(before.data, after.data);
}

/* As many as there may be, all replaced: what rested one plan has to do. */
Test(ids, rest_is_shortened_where_ids_run_out)
{
	_cleanup_(make_free) struct conf *a = make_crowd(SHUNT_MAX_BACKENDS / 2 - 1, 'a');
	_cleanup_(make_free) struct conf *b = make_crowd(SHUNT_MAX_BACKENDS / 2 - 1, 'b');
	_cleanup_(make_free) struct conf *c = make_crowd(SHUNT_MAX_BACKENDS / 2 - 1, 'c');
	_cleanup_(ids_freep) struct ids *ids = ids_create();

	cr_assert_eq(id_of(a, ids, 0), 1);
	cr_assert_eq(id_of(b, ids, 0), SHUNT_MAX_BACKENDS / 2);
	cr_assert_eq(id_of(c, ids, 0), 1);
}

/* --- the state file ----------------------------------------------------------------- */

/* Ids with a past: holes, resting ids, a resting service, weights. */
static struct ids *make_past(void)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 5, 10);
	struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];

	s->backends[1].weight = 20;
	make_backend(conf, make_service(conf, "dns", "2001:db8::53"), 1, 1);
	conf->services[1].forward = SHUNT_FORWARD_IPIP;
	age(conf, ids, 1);
	s->backends[0] = s->backends[--s->n_backends];
	set_address(&s->backends[1], 77);
	conf->n_services = 1;
	age(conf, ids, 2);
	return ids;
}

Test(ids, survive_the_state_file)
{
	_cleanup_(ids_freep) struct ids *ids = make_past(), *loaded = NULL;
	_cleanup_(buf_free) struct buf text = { 0 }, again = { 0 };
	_cleanup_(make_free) struct conf *conf = make_web(1024, 7, 10);
	_cleanup_(plan_freep) struct plan *a = NULL, *b = NULL;
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n = 0;

	save(ids, &text);
	cr_assert_eq(ids_load(text.data, &loaded), 0);
	save(loaded, &again);
	cr_assert_str_eq(text.data, again.data);
	a = make_plan(conf, ids);
	b = make_plan(conf, loaded);
	cr_assert_eq(plan_diff(a, b, &ops, &n), 0);
	cr_assert_eq(n, 0);
}

Test(ids, empty_ones_too)
{
	_cleanup_(ids_freep) struct ids *ids = ids_create(), *loaded = NULL;
	_cleanup_(buf_free) struct buf text = { 0 };

	save(ids, &text);
	cr_assert_eq(ids_load(text.data, &loaded), 0);
}

Test(ids, every_truncation_is_refused)
{
	_cleanup_(ids_freep) struct ids *ids = make_past();
	_cleanup_(buf_free) struct buf text = { 0 };

	save(ids, &text);
	/* The last two bytes are the brace and the newline. */
	for (size_t len = 0; len < text.len - 1; len++) {
		_cleanup_free_ char *cut = strndup(text.data, len);
		struct ids *loaded = NULL;

		cr_assert_eq(ids_load(cut, &loaded), -EINVAL);
		cr_assert_null(loaded);
	}
}

/* Any byte turned to any other: refused, or ids that can be used. */
Test(ids, damage_is_refused_or_harmless)
{
	_cleanup_(ids_freep) struct ids *ids = make_past();
	_cleanup_(make_free) struct conf *conf = make_web(1024, 7, 10);
	_cleanup_(buf_free) struct buf text = { 0 };
	static const char bytes[] = "0179-\"[]{},:nab";
	uint64_t random = 5;
	int accepted = 0;

	save(ids, &text);
	for (int i = 0; i < 4000; i++) {
		char *at = &text.data[make_random(&random, text.len)], was = *at;
		struct ids *loaded = NULL;

		*at = bytes[make_random(&random, sizeof(bytes) - 1)];
		if (!ids_load(text.data, &loaded)) {
			accepted++;
			age(conf, loaded, 2);
			ids_free(loaded);
		} else {
			cr_assert_null(loaded);
		}
		*at = was;
	}
	cr_assert_gt(accepted, 0);
	cr_assert_lt(accepted, 4000);
}

#define LEGS "[{\"forward\":1,\"address\":\"10.0.0.1\"},null]"
#define BACKEND(name, id, freed)                                                                   \
	"{\"name\":\"" name "\",\"id\":" id ",\"freed\":" freed ",\"legs\":" LEGS "}"
#define SERVICE(name, table, unit, positions, backends)                                            \
	"{\"name\":\"" name "\",\"table\":" table ",\"freed\":0,\"unit\":" unit                    \
	",\"positions\":[" positions "],\"backends\":[" backends "]}"
#define IDS(services) "{\"format\":1,\"build\":9,\"services\":[" services "]}"

Test(ids, what_cannot_be_is_refused)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{}",
		"null",
		"{\"format\":2,\"build\":9,\"services\":[]}",
		"{\"format\":1,\"build\":-1,\"services\":[]}",
		"{\"format\":1,\"build\":9223372036854775807,\"services\":[]}",
		"{\"format\":1,\"build\":9,\"services\":{}}",
		"{\"format\":1,\"build\":9,\"services\":[],\"more\":1}",
		"{\"format\":1,\"format\":1,\"build\":9,\"services\":[]}",
		IDS("1"),
		IDS(SERVICE("", "0", "1", "", "")),
		IDS(SERVICE("a", "-1", "1", "", "")),
		IDS(SERVICE("a", "16384", "1", "", "")),
		IDS(SERVICE("a", "4294967296", "1", "", "")),
		IDS(SERVICE("a", "0", "1001", "", "")),
		IDS(SERVICE("a", "0", "0", "null", "")),
		IDS(SERVICE("a", "0", "1", "1", "")),
		IDS(SERVICE("a", "0", "1", "", "") "," SERVICE("b", "0", "1", "", "")),
		IDS(SERVICE("a", "0", "1", "", "") "," SERVICE("a", "1", "1", "", "")),
		IDS(SERVICE("a", "0", "1", "", BACKEND("b", "0", "0"))),
		IDS(SERVICE("a", "0", "1", "", BACKEND("b", "32768", "0"))),
		IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1.5", "0"))),
		IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1", "10"))),
		IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1", "0") "," BACKEND("c", "1", "0"))),
		IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1", "0") "," BACKEND("b", "2", "0"))),
	};
	struct ids *loaded = NULL;

	array_for_each (text, wrong, array_len(wrong)) {
		cr_assert_eq(ids_load(*text, &loaded), -EINVAL, "%s", *text);
		cr_assert_null(loaded);
	}
	cr_assert_eq(ids_load(IDS(SERVICE("a", "0", "1", "null,\"b\"", BACKEND("b", "1", "0"))),
			      &loaded),
		     0);
	ids_free(loaded);
}
