/* SPDX-License-Identifier: BSD-2-Clause */
/* What everybody may read who reaches the exporter: all that is of use, and no secret. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../lib/snapshot_fixture.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/log_ring.h"
#include "ctl/describe.h"

#define SECRET "correct-horse"

static json_t *latest(void)
{
	json_t *list = describe_latest_events();

	cr_assert(json_is_array(list));
	return list;
}

static const char *text_of(const json_t *list, size_t i)
{
	return json_string_value(json_object_get(json_array_get(list, i), "text"));
}

Test(describe, latest_events_begin_with_the_newest)
{
	_cleanup_(json_decrefp) json_t *list = NULL;

	log_info("first");
	log_warn("second");
	list = latest();
	cr_assert_eq(json_array_size(list), 2);
	cr_expect_str_eq(text_of(list, 0), "second");
	cr_expect_str_eq(text_of(list, 1), "first");
}

Test(describe, latest_events_are_bounded)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	char last[32];

	for (int i = 0; i <= 2 * LOG_RING_LINES; i++)
		log_info("line %d", i);
	snprintf(last, sizeof(last), "line %d", 2 * LOG_RING_LINES);
	list = latest();
	cr_assert_eq(json_array_size(list), DESCRIBE_EVENTS);
	cr_expect_str_eq(text_of(list, 0), last);
}

/* Below the first line of an error of the config stands a line of the config. */
Test(describe, latest_events_quote_nothing)
{
	_cleanup_(json_decrefp) json_t *list = NULL;

	log_level_set(LOG_LEVEL_DEBUG);
	log_error("shunt.yaml:3:7: error: unknown key\n  args: [" SECRET "]\n  ^~~~");
	log_debug("a detail: " SECRET);
	list = latest();
	cr_assert_eq(json_array_size(list), 1);
	cr_expect_str_eq(text_of(list, 0), "shunt.yaml:3:7: error: unknown key");
}

Test(describe, all_is_without_secrets)
{
	_cleanup_(snapshot_freep) struct snapshot *s = fixture_snapshot();
	const char *args[] = { "--password", SECRET };
	struct conf_check check = {
		.type = CONF_CHECK_EXEC,
		.command = "/usr/bin/" SECRET,
		.args = args,
		.n_args = array_len(args),
		.password_file = "/etc/" SECRET,
		.path = "/" SECRET,
	};
	struct admin said = { 0 };
	_cleanup_(json_decrefp) json_t *all = NULL;
	_cleanup_free_ char *text = NULL;

	fixture_services[0].check = fixture_web_backends[0].check = check;
	admin_get(&said, "web", "nginx3")->state = ADMIN_DRAIN;
	s->admin = &said;
	log_info("an event");
	all = describe_rest(s);
	cr_assert_not_null(all);
	json_object_set_new(all, "services", describe_services_deep(s));
	text = json_dumps(all, JSON_COMPACT);
	cr_expect_null(strstr(text, SECRET), "%s", text);
	cr_expect_not_null(strstr(text,
				  "\"overrides\":[{\"service\":\"web\",\"backend\":\"nginx3\","
				  "\"state\":\"drain\""));
	cr_expect_not_null(strstr(text, "\"edits\":[]"));
	cr_expect_not_null(strstr(text, "\"text\":\"an event\""));
	admin_free(&said);
}
