/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that show what goes on: events and top. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/log_ring.h"
#include "ctl/view.h"
#include "rig.h"

static struct rig r;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(live, .init = setup, .fini = teardown);

Test(live, events_are_what_was_logged)
{
	log_info("web/nginx1: up -> down (L7STS: http 503, 3 of 3)");
	log_warn("two\nlines, and \033[31mcolour");
	cr_assert_eq(rig_run(&r, "events", NULL), CTL_OK);
	cr_expect(strstr(buf_str(&r.out), " web/nginx1: up -> down (L7STS: http 503, 3 of 3)\n"));
	cr_expect(strstr(buf_str(&r.out), " warning: two\n    lines, and ?[31mcolour\n"), "%s",
		  buf_str(&r.out));
}

Test(live, events_can_be_few)
{
	char after[24];

	for (int i = 0; i < 5; i++)
		log_info("event %d", i);
	cr_assert_eq(rig_run(&r, "events", "-n", "2", NULL), CTL_OK);
	cr_expect(!strstr(buf_str(&r.out), "event 2") && strstr(buf_str(&r.out), "event 3"));
	snprintf(after, sizeof(after), "%d", (int)log_ring_last() - 1);
	cr_assert_eq(rig_run(&r, "events", after, NULL), CTL_OK);
	cr_expect(!strstr(buf_str(&r.out), "event 3") && strstr(buf_str(&r.out), "event 4"));
}

/* What is no number is not taken for 0. */
Test(live, numbers_are_numbers)
{
	static const char *const wrong[] = { "abc", "0", "-1", "", "5x", "1.5" };

	array_for_each (text, wrong, array_len(wrong)) {
		cr_expect_eq(rig_run(&r, "events", "-n", *text, NULL), CTL_USAGE, "%s", *text);
		cr_expect(strstr(buf_str(&r.err), "no number from 1 on"), "%s", buf_str(&r.err));
		cr_expect_eq(rig_run(&r, "top", "-d", "0.1", "-n", *text, NULL), CTL_USAGE, "%s",
			     *text);
		cr_expect(strstr(buf_str(&r.err), "no number from 1 on"), "%s", buf_str(&r.err));
	}
	cr_expect_eq(rig_run(&r, "events", "abc", NULL), CTL_USAGE);
	cr_expect_str_eq(buf_str(&r.err), "shunt: \"abc\" is no serial of an event\n");
}

Test(live, events_are_json_a_line_each)
{
	log_error("it is \"so\"");
	cr_assert_eq(rig_run(&r, "events", "--json", "-n", "1", NULL), CTL_OK);
	cr_expect(strstr(buf_str(&r.out), "\"level\":\"error\",\"text\":\"it is \\\"so\\\"\"}\n"),
		  "%s", buf_str(&r.out));
}

/* That some are gone is said, and not between them. */
Test(live, what_is_gone_is_said_apart)
{
	for (int i = 0; i < LOG_RING_LINES + 10; i++)
		log_info("event %d", i);
	cr_assert_eq(rig_run(&r, "events", "--json", "2", NULL), CTL_OK);
	cr_expect_eq(*buf_str(&r.out), '{', "%.80s", buf_str(&r.out));
	cr_expect(strstr(buf_str(&r.err), " lines came and went"), "%s", buf_str(&r.err));
}

/* 1000 packets of each backend in a tenth of a second; a busy machine takes longer. */
Test(live, top_shows_rates)
{
	unsigned int packets_k;
	const char *line;

	r.daemon.moves = 1000;
	cr_assert_eq(rig_run(&r, "top", "--delay", "0.1", "-n", "1", "web", NULL), CTL_OK);
	line = strstr(buf_str(&r.out), "  -> nginx1");
	cr_assert_not_null(line, "%s", buf_str(&r.out));
	/* A look is two questions, at each of which the fake moves on. */
	cr_assert_eq(sscanf(line, "  -> nginx1 192.0.2.11 up, 12 of 100 connections 100/100 %uk",
			    &packets_k),
		     1, "%s", line);
	cr_expect(packets_k > 1 && packets_k <= 20, "%u", packets_k);
	cr_expect(strstr(buf_str(&r.out), " packets/s\n"));
}

Test(live, top_is_json_a_line_each)
{
	const char *line;
	unsigned int n;

	r.daemon.moves = 1000;
	cr_assert_eq(rig_run(&r, "top", "--json", "--delay", "0.1", "-n", "2", "web", NULL),
		     CTL_OK);
	line = buf_str(&r.out);
	for (n = 0; *line; n++) {
		_cleanup_(json_decrefp) json_t *json =
			json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
		const json_t *data = json_object_get(json, "data"), *service, *backend;

		cr_assert_not_null(data, "%s", line);
		service = json_array_get(json_object_get(data, "services"), 0);
		backend = json_array_get(json_object_get(service, "backends"), 0);
		cr_expect_gt(view_int(data, "interval_ms"), 99UL);
		cr_expect_gt(view_int(backend, "packets_per_s"), 0UL, "%s", line);
		cr_expect_neq(json_object_get(service, "bytes_per_s"), NULL, "%s", line);
		cr_expect_neq(json_object_get(json_array_get(json_object_get(data, "reasons"), 0),
					      "packets_per_s"),
			      NULL);
		line = strchr(line, '\n') + 1;
	}
	cr_expect_eq(n, 2U);
}

Test(live, top_refuses_what_is_no_delay)
{
	cr_expect_eq(rig_run(&r, "top", "--delay", "soon", NULL), CTL_USAGE);
	cr_expect_eq(rig_run(&r, "top", "-d", "0", NULL), CTL_USAGE);
	cr_expect_str_eq(buf_str(&r.err), "shunt: --delay is a number of seconds, 0.1 to 3600\n");
	cr_expect_eq(rig_run(&r, "top", "nosuch", NULL), CTL_NOT_FOUND);
	cr_expect_eq(rig_run(&r, "top", "nosuch", "--json", NULL), CTL_NOT_FOUND);
	cr_expect(strstr(buf_str(&r.out), "\"ok\":false,\"exit\":3"), "%s", buf_str(&r.out));
}
