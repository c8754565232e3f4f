/* SPDX-License-Identifier: BSD-2-Clause */
/* The ids in the state file: written, read, not believed; and what older files said. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "make.h"

static void age(const struct conf *conf, struct ids *ids, int plans)
{
	while (plans--)
		plan_free(make_plan(conf, ids));
}

static void save(const struct ids *ids, struct buf *out)
{
	cr_assert_eq(ids_save(ids, out), 0);
}

/* Ids with a past: holes, resting ids, a resting service, a block that was left, weights. */
static struct ids *make_past(void)
{
	_cleanup_(make_free) struct conf *conf = make_web(1024, 5, 10);
	struct ids *ids = ids_create();
	struct conf_service *s = &conf->services[0];

	s->backends[1].weight = 20;
	s->backends[4].backup = true;
	s->when_all_down = CONF_ALL_DOWN_LAST;
	make_backend(conf, make_service(conf, "dns", "2001:db8::53"), 1, 1);
	conf->services[1].forward = SHUNT_FORWARD_IPIP;
	age(conf, ids, 1);
	s->backends[0] = s->backends[--s->n_backends];
	s->backends[1].address = make_addr("10.1.0.77");
	conf->n_services = 1;
	age(conf, ids, 2);
	for (uint32_t i = 20; i < 26; i++)
		make_backend(conf, s, i, 10);
	age(conf, ids, 1);
	return ids;
}

Test(ids_json, survive_the_state_file)
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

Test(ids_json, empty_ones_too)
{
	_cleanup_(ids_freep) struct ids *ids = ids_create(), *loaded = NULL;
	_cleanup_(buf_free) struct buf text = { 0 };

	save(ids, &text);
	cr_assert_eq(ids_load(text.data, &loaded), 0);
}

Test(ids_json, every_truncation_is_refused)
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
Test(ids_json, damage_is_refused_or_harmless)
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
#define BACKEND(name, member, freed)                                                               \
	"{\"name\":\"" name "\",\"member\":" member ",\"freed\":" freed ",\"legs\":" LEGS "}"
#define BLOCK(base, span) "\"base\":" base ",\"span\":" span
#define SERVICE_IN(block, name, table, slots, unit, positions, backends)                           \
	"{\"name\":\"" name "\",\"table\":" table ",\"freed\":0," block ",\"slots\":" slots        \
	",\"unit\":" unit ",\"positions\":[" positions "],\"backends\":[" backends "]}"
#define SERVICE(name, table, unit, positions, backends)                                            \
	SERVICE_IN(BLOCK("0", "4"), name, table, "1024", unit, positions, backends)
#define PLACED(block) SERVICE_IN(block, "a", "0", "1024", "1", "", "")
#define SLOTS(slots) SERVICE_IN(BLOCK("0", "4"), "a", "0", slots, "1", "", "")
#define WITH(more)                                                                                 \
	"{\"name\":\"a\",\"table\":0,\"freed\":0," BLOCK(                                          \
		"0", "4") ",\"slots\":1024,\"unit\":1,"                                            \
			  "\"positions\":[],\"backends\":[]," more "}"
#define LEFT(block, freed) "{\"table\":0," block ",\"freed\":" freed "}"
#define IDS_AND(services, left)                                                                    \
	"{\"format\":2,\"build\":9,\"services\":[" services "],\"left\":[" left "]}"
#define IDS(services) IDS_AND(services, "")

static const char *const wrong[] = {
	"",
	"[]",
	"{}",
	"null",
	"{\"format\":0,\"build\":9,\"services\":[]}",
	"{\"format\":3,\"build\":9,\"services\":[],\"left\":[]}",
	"{\"format\":2,\"build\":9,\"services\":[]}",
	"{\"format\":2,\"build\":-1,\"services\":[],\"left\":[]}",
	"{\"format\":2,\"build\":9223372036854775807,\"services\":[],\"left\":[]}",
	"{\"format\":2,\"build\":9,\"services\":{},\"left\":[]}",
	"{\"format\":2,\"build\":9,\"services\":[],\"left\":{}}",
	"{\"format\":2,\"build\":9,\"services\":[],\"left\":[],\"more\":1}",
	"{\"format\":2,\"format\":2,\"build\":9,\"services\":[],\"left\":[]}",
	IDS("1"),
	IDS(SERVICE("", "0", "1", "", "")),
	IDS(SERVICE("a", "-1", "1", "", "")),
	IDS(SERVICE("a", "16384", "1", "", "")),
	IDS(SERVICE("a", "4294967296", "1", "", "")),
	IDS(SERVICE("a", "0", "1001", "", "")),
	IDS(SERVICE("a", "0", "0", "null", "")),
	IDS(SERVICE("a", "0", "1", "1", "")),
	IDS(SERVICE("a", "0", "1", "", "") "," SERVICE_IN(BLOCK("4", "4"), "b", "0", "1024", "1",
							  "", "")),
	IDS(SERVICE("a", "0", "1", "", "") "," SERVICE_IN(BLOCK("4", "4"), "a", "1", "1024", "1",
							  "", "")),
	IDS(SERVICE("a", "0", "1", "", "") "," SERVICE_IN(BLOCK("3", "4"), "b", "1", "1024", "1",
							  "", "")),
	IDS(SERVICE("a", "0", "1", "", BACKEND("b", "0", "0"))),
	IDS(SERVICE("a", "0", "1", "", BACKEND("b", "4", "0"))),
	IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1.5", "0"))),
	IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1", "10"))),
	IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1", "0") "," BACKEND("c", "1", "0"))),
	IDS(SERVICE("a", "0", "1", "", BACKEND("b", "1", "0") "," BACKEND("b", "2", "0"))),
	IDS(PLACED(BLOCK("-1", "4"))),
	IDS(PLACED(BLOCK("65533", "4"))),
	IDS(PLACED(BLOCK("0", "-4"))),
	IDS(PLACED(BLOCK("0", "1"))),
	IDS(PLACED(BLOCK("0", "6"))),
	IDS(PLACED(BLOCK("0", "65536"))),
	IDS(PLACED(BLOCK("4", "0"))),
	IDS(SERVICE_IN(BLOCK("0", "0"), "a", "0", "1024", "1", "", BACKEND("b", "1", "0"))),
	IDS(SLOTS("0")),
	IDS(SLOTS("512")),
	IDS(SLOTS("1025")),
	IDS(SLOTS("2097152")),
	IDS(WITH("\"more\":1")),
	IDS(WITH("\"current\":null")),
	IDS(WITH("\"current\":\"\"")),
	IDS(WITH("\"current\":[\"b\"]")),
	IDS(WITH("\"last\":\"b\"")),
	IDS(WITH("\"last\":[null]")),
	IDS(WITH("\"last\":[\"b\",1]")),
	IDS(WITH("\"backups\":[]")),
	IDS(WITH("\"backups\":{\"unit\":1}")),
	IDS(WITH("\"backups\":{\"unit\":0,\"positions\":[\"b\"]}")),
	IDS(WITH("\"backups\":{\"unit\":1001,\"positions\":[]}")),
	IDS(WITH("\"backups\":{\"unit\":1,\"positions\":[1]}")),
	IDS(WITH("\"backups\":{\"unit\":1,\"positions\":[],\"more\":1}")),
	IDS_AND("", "1"),
	IDS_AND("", "{" BLOCK("0", "4") ",\"freed\":3}"),
	IDS_AND("", "{\"table\":16384," BLOCK("0", "4") ",\"freed\":3}"),
	IDS_AND("", LEFT(BLOCK("0", "4"), "0")),
	IDS_AND("", LEFT(BLOCK("0", "4"), "10")),
	IDS_AND("", LEFT(BLOCK("0", "4"), "3") "," LEFT(BLOCK("2", "4"), "3")),
	IDS_AND(PLACED(BLOCK("0", "4")), LEFT(BLOCK("2", "2"), "3")),
};

static const char *const right[] = {
	IDS(SERVICE("a", "0", "1", "null,\"b\"", BACKEND("b", "1", "0"))),
	IDS_AND(PLACED(BLOCK("0", "4")), LEFT(BLOCK("4", "8"), "3")),
	IDS(PLACED(BLOCK("65532", "4"))),
	IDS(PLACED(BLOCK("0", "0"))),
	IDS(SLOTS("1048576")),
	IDS(WITH("\"current\":\"b\"")),
	IDS(WITH("\"last\":[]")),
	IDS(WITH("\"last\":[\"b\",\"b\"],\"backups\":{\"unit\":1,\"positions\":[null,\"b\"]}")),
};

Test(ids_json, what_cannot_be_is_refused)
{
	struct ids *loaded = NULL;

	array_for_each (text, wrong, array_len(wrong)) {
		cr_assert_eq(ids_load(*text, &loaded), -EINVAL, "%s", *text);
		cr_assert_null(loaded);
	}
	array_for_each (text, right, array_len(right)) {
		cr_assert_eq(ids_load(*text, &loaded), 0, "%s", *text);
		ids_free(take_ptr(&loaded));
	}
}

/* --- format 1 ------------------------------------------------------------------------- */

/* As a release without blocks wrote it: a hole at position 1, ids of all services in one row. */
static const char old_text[] =
	"{\"format\":1,\"build\":7,\"services\":["
	"{\"name\":\"gone\",\"table\":2,\"freed\":5,\"unit\":0,\"positions\":[],\"backends\":["
	"{\"name\":\"x\",\"id\":9,\"freed\":5,\"legs\":" LEGS "}]},"
	"{\"name\":\"web\",\"table\":1,\"freed\":0,\"unit\":10,"
	"\"positions\":[\"b3\",null,\"b1\",\"b3\"],\"backends\":["
	"{\"name\":\"b1\",\"id\":4,\"freed\":0,\"legs\":" LEGS "},"
	"{\"name\":\"b2\",\"id\":5,\"freed\":6,\"legs\":" LEGS "},"
	"{\"name\":\"b3\",\"id\":7,\"freed\":0,\"legs\":" LEGS "}]}]}\n";

static struct conf *make_old_conf(uint32_t slots)
{
	struct conf *conf = make_conf(slots);
	struct conf_service *web = make_service(conf, "web", "192.0.2.80");

	make_backend(conf, web, 1, 10);
	make_backend(conf, web, 3, 20);
	return conf;
}

/* The same slots go to the same backends, so that established flows do. */
Test(ids_json, format_1_keeps_positions_numbers_and_slots)
{
	_cleanup_(make_free) struct conf *conf = make_old_conf(0);
	_cleanup_(ids_freep) struct ids *ids = NULL;
	_cleanup_(plan_freep) struct plan *plan = NULL;
	const struct plan_table *t;

	cr_assert_eq(ids_load(old_text, &ids), 0);
	plan = make_plan(conf, ids);
	t = plan_table_of(plan, 0);
	cr_assert_eq(t->number, 1);
	cr_assert_eq(t->slots, 65536);
	cr_assert_eq(t->base, 0);
	cr_assert_eq(t->n_positions, 4);
	cr_assert_eq(t->positions[0].member, 2);
	cr_assert_eq(t->positions[1].keep, 0);
	cr_assert_eq(t->positions[2].member, 1);
	cr_assert_eq(t->positions[3].member, 2);
}

Test(ids_json, format_1_follows_the_config)
{
	_cleanup_(make_free) struct conf *conf = make_old_conf(4096);
	_cleanup_(ids_freep) struct ids *ids = NULL;
	_cleanup_(plan_freep) struct plan *plan = NULL;

	cr_assert_eq(ids_load(old_text, &ids), 0);
	plan = make_plan(conf, ids);
	cr_assert_eq(plan_table_of(plan, 0)->slots, 4096);
}

/* Written again, with and without a plan in between, and without the service. */
Test(ids_json, format_1_becomes_format_2)
{
	_cleanup_(make_free) struct conf *conf = make_old_conf(0), *other = make_conf(0);
	_cleanup_(ids_freep) struct ids *ids = NULL, *again = NULL, *planned = NULL;
	_cleanup_(buf_free) struct buf text = { 0 }, text_planned = { 0 };

	cr_assert_eq(ids_load(old_text, &ids), 0);
	save(ids, &text);
	cr_assert_null(strstr(text.data, "gone"), "who was at rest has nothing to keep");
	cr_assert_eq(ids_load(text.data, &again), 0);
	age(conf, again, 2);
	save(again, &text_planned);
	cr_assert_eq(ids_load(text_planned.data, &planned), 0);
	age(conf, planned, 1);
	age(other, ids, 2);
}

Test(ids_json, format_1_is_not_believed)
{
	static const char *const wrong_old[] = {
		"{\"format\":1,\"build\":9,\"services\":[],\"left\":[]}",
		"{\"format\":1,\"build\":9,\"services\":[{}]}",
		"{\"format\":1,\"build\":9,\"services\":[" SERVICE("a", "0", "1", "", "") "]}",
		"{\"format\":1,\"build\":9,\"services\":[{\"name\":\"a\",\"table\":0,\"freed\":0,"
		"\"unit\":1,\"positions\":[],\"backends\":{}}]}",
		"{\"format\":1,\"build\":9,\"services\":[{\"name\":\"a\",\"table\":0,\"freed\":0,"
		"\"unit\":0,\"positions\":[\"b\"],\"backends\":[]}]}",
		"{\"format\":2,\"build\":9,\"left\":[],\"services\":[{\"name\":\"a\",\"table\":0,"
		"\"freed\":0,\"unit\":1,\"positions\":[],\"backends\":[]}]}",
	};
	struct ids *loaded = NULL;

	array_for_each (text, wrong_old, array_len(wrong_old)) {
		cr_assert_eq(ids_load(*text, &loaded), -EINVAL, "%s", *text);
		cr_assert_null(loaded);
	}
}
