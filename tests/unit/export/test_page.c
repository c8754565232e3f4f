/* SPDX-License-Identifier: BSD-2-Clause */
/* What the page says of a state. How it looks is seen by tests/netns/status_page.sh. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "export/html.h"
#include "export/status.h"

static struct buf page;

static void teardown(void)
{
	buf_free(&page);
}

TestSuite(page, .fini = teardown);

static void write_filtered(json_t *status, const char *filter)
{
	cr_assert_not_null(status);
	page_write(status, "lb1", filter, &page);
	json_decref(status);
}

static void write_page(json_t *status)
{
	write_filtered(status, "");
}

static void expect(const char *words)
{
	cr_assert_not_null(strstr(buf_str(&page), words), "it does not say %s:\n%s", words,
			   buf_str(&page));
}

static void expect_not(const char *words)
{
	cr_assert_null(strstr(buf_str(&page), words), "it says %s:\n%s", words, buf_str(&page));
}

Test(page, is_quiet_when_all_is_well)
{
	write_page(json_pack("{s:[{s:s, s:s}], s:[{s:s, s:b, s:s}], s:[{s:s}]}", "services", "name",
			     "web", "state", "up", "interfaces", "name", "eth0", "attached", 1,
			     "mode", "native", "neighbors", "state", "resolved"));
	expect("<title>lb1 - shunt</title>");
	expect("<p class=\"verdict up\">1 service, up</p><ul class=\"trouble\"></ul>");
	expect_not("next hops");
	expect_not("overrides");
	expect_not("events");
	expect_not("<form");
}

Test(page, says_first_what_is_wrong)
{
	write_page(json_pack("{s:[{s:s, s:s}, {s:s, s:s, s:i, s:i}], s:{s:b},"
			     " s:[{s:s, s:b}, {s:s, s:b, s:s}], s:[{s:s, s:s}, {s:s}]}",
			     "services", "name", "web", "state", "down", "name", "dns", "state",
			     "degraded", "backends_usable", 1, "backends_total", 2, "config",
			     "last_reload_ok", 0, "interfaces", "name", "eth0", "attached", 0,
			     "name", "eth1", "attached", 1, "mode", "generic", "neighbors", "state",
			     "no-route", "address", "192.0.2.9", "state", "resolved"));
	expect("<title>1 down: lb1 - shunt</title>");
	expect("<p class=\"verdict down\">2 services, 1 down, 1 degraded</p>");
	expect("<li class=\"down\"><b>web</b> 0 of 0 backends usable");
	expect("<li class=\"degraded\"><b>dns</b> 1 of 2 backends usable");
	expect("<li class=\"down\"><b>eth0</b> the XDP program is not on it");
	expect("<li class=\"degraded\"><b>eth1</b> generic mode");
	expect("<b>config</b> the last reload was refused");
	expect("<b>next hops</b> 1 of 2 without a way");
	expect("192.0.2.9");
}

Test(page, says_which_vips_are_not_announced)
{
	write_page(json_pack("{s:{s:i, s:[{s:s, s:b}, {s:s, s:b}, {s:s, s:b}]}}", "announcements",
			     "drained_since", 1700000000, "addresses", "kind", "vip", "announced",
			     1, "kind", "vip", "announced", 0, "kind", "pool", "announced", 0));
	expect("<b>announcements</b> 1 of 2 VIPs are not announced");
	expect("<b>announcements</b> this balancer is drained");
}

/* Fewer than it needs is not the same as fewer than there are. */
Test(page, tells_unhealthy_from_degraded)
{
	write_page(json_pack("{s:[{s:s, s:s, s:i, s:i}, {s:s, s:s, s:i, s:i, s:i}]}", "services",
			     "name", "dns", "state", "degraded", "backends_usable", 1,
			     "backends_total", 2, "name", "web", "state", "unhealthy",
			     "backends_usable", 1, "backends_total", 5, "min_healthy", 3));
	expect("<title>1 unhealthy: lb1 - shunt</title>");
	expect("<p class=\"verdict unhealthy\">2 services, 1 unhealthy, 1 degraded</p>");
	expect("<ul class=\"trouble\"><li class=\"unhealthy\"><b>web</b> 1 of 5 backends usable, "
	       "3 needed<li class=\"degraded\"><b>dns</b>");
	expect("<span class=\"state unhealthy\" title=\"fewer backends");
}

static json_t *backend(const char *name, const char *state)
{
	return json_pack("{s:s, s:s, s:{s:s}}", "name", name, "state", state, "check", "state",
			 state);
}

static json_t *drained(json_t *drain, int flows)
{
	json_t *b = backend("b1", "drain");

	json_object_set_new(b, "check", json_pack("{s:s}", "state", "up"));
	json_object_set_new(b, "drain", drain);
	json_object_set_new(b, "flows", json_integer(flows));
	return b;
}

static json_t *service_of(json_t *b)
{
	return json_pack("{s:{s:i}, s:[{s:s, s:s, s:[o]}]}", "daemon", "now", 1000, "services",
			 "name", "web", "state", "up", "backends", b);
}

Test(page, says_what_a_drained_backend_has_left)
{
	write_page(service_of(drained(
		json_pack("{s:i, s:i, s:i}", "since", 900, "until", 1060, "left", 60), 148)));
	expect("drain</span> <span class=\"quiet\">1m40s, 148 flows kept, 1m left</span>");
	buf_free(&page);
	write_page(service_of(
		drained(json_pack("{s:i, s:b, s:b}", "until", 900, "over", 1, "empty", 1), 0)));
	expect("<span class=\"quiet\">empty, its time is over</span>");
}

Test(page, gives_each_state_its_look)
{
	static const char *const states[] = { "up", "down", "unknown", "drain", "maint" };

	for (size_t i = 0; i < array_len(states); i++) {
		char mark[64], look[64];

		write_page(service_of(backend("b1", states[i])));
		snprintf(mark, sizeof(mark), "<span class=\"state %s\" title=\"", states[i]);
		snprintf(look, sizeof(look), ".%s::before {", states[i]);
		expect(mark);
		expect_not("title=\"\"");
		cr_expect_not_null(strstr(page_css, look), "%s looks like others", states[i]);
		buf_free(&page);
	}
	cr_expect_not_null(strstr(page_css, ".unhealthy::before {"));
	cr_expect_not_null(strstr(page_css, ".degraded::before {"));
}

Test(page, says_who_gets_more_or_less_than_one_would_think)
{
	json_t *b = backend("b1", "up");

	json_object_set_new(b, "usable", json_true());
	write_page(service_of(json_incref(b)));
	expect("\"quiet\">standby</span>");
	buf_free(&page);
	json_object_set_new(b, "effective_weight", json_integer(25));
	json_object_set_new(b, "warmth_percent", json_integer(25));
	write_page(service_of(json_incref(b)));
	expect("\"quiet\">25% warm</span>");
	buf_free(&page);
	json_object_set_new(b, "usable", json_false());
	write_page(service_of(b));
	expect(", in use</span>");
}

Test(page, reminds_of_what_was_said_at_runtime)
{
	write_page(json_pack(
		"{s:{s:i}, s:{s:i}, s:[{s:s, s:s, s:s, s:i, s:i, s:i, s:b}, {s:s, s:s, s:s, s:i}],"
		" s:[{s:s, s:s, s:s, s:s}]}",
		"daemon", "now", 1000, "config", "confirm_left_s", 42, "overrides", "service",
		"web", "backend", "b1", "state", "drain", "since", 940, "until", 1300,
		"weight_percent", 50, "configured", 0, "service", "web", "backend", "b2", "state",
		"enabled", "weight", 7, "edits", "service", "web", "backend", "b3", "what", "added",
		"settings", "{ name: b3, weight: \"<b>\" }"));
	expect("<b>config</b> not confirmed: the former one returns in 42s");
	expect("<a href=\"#overrides\">3 things said at runtime</a>");
	expect("web/b1<td><span class=\"state drain\"");
	expect("<td>weight 50% <td class=\"quiet\">for 1m, 5m left, not in the config");
	expect("web/b2<td><td>weight 7 ");
	expect("web/b3<td>added");
	expect("weight: &quot;&lt;b&gt;&quot; }");
}

Test(page, has_the_latest_events)
{
	setenv("TZ", "UTC", 1);
	write_page(json_pack("{s:[{s:I, s:s, s:s}, {s:I, s:s, s:s}]}", "events", "time_ms",
			     1700000000123LL, "level", "warning", "text",
			     "web/b1: <script>alert(1)</script>", "time_ms", 1699999999000LL,
			     "level", "info", "text", "ready"));
	expect("events, the latest first (UTC)");
	expect("<li class=\"warning\"><time class=\"quiet\">2023-11-14 22:13:20</time> "
	       "<span>web/b1: &lt;script&gt;alert(1)&lt;/script&gt;</span>");
	expect("<span>ready</span>");
}

/* Names and details are what others have chosen. */
Test(page, lets_nobody_else_write_it)
{
	static const char evil[] = "\"><script>alert('x')</script>&";
	json_t *b = backend(evil, evil);

	json_object_set_new(b, "address", json_string(evil));
	json_object_set_new(b, "check", json_pack("{s:s, s:s}", "detail", evil, "reason", evil));
	write_filtered(json_pack("{s:{s:s}, s:{s:s}, s:[{s:s, s:s, s:s, s:s, s:[s], s:[s], s:[o]}],"
				 " s:[{s:s, s:s, s:s}], s:[{s:s, s:s, s:s}], s:[{s:s, s:s, s:s}],"
				 " s:[{s:s, s:s, s:s, s:i}], s:[{s:s, s:s}], s:[{s:s, s:s}]}",
				 "daemon", "version", evil, "config", "path", evil, "services",
				 "name", evil, "state", evil, "forward", evil, "scheduler", evil,
				 "vips", evil, "rival_primaries", evil, "backends", b, "neighbors",
				 "address", evil, "state", evil, "interface", evil, "overrides",
				 "service", evil, "backend", evil, "state", evil, "edits",
				 "service", evil, "backend", evil, "what", evil, "reasons",
				 "reason", evil, "action", "drop", "text", evil, "packets", 1,
				 "interfaces", "name", evil, "mode", evil, "events", "level", evil,
				 "text", evil),
		       evil);
	expect("&quot;&gt;&lt;script&gt;alert('x')&lt;/script&gt;&amp;");
	expect_not("<script>");
}

/* Only reasons that occurred are listed, dropped packets first. */
Test(page, lists_reasons)
{
	const char *drop, *pass;

	write_page(json_pack("{s:[{s:s, s:s, s:i}, {s:s, s:s, s:i}, {s:s, s:s, s:i}]}", "reasons",
			     "reason", "not_ip", "action", "pass", "packets", 5, "reason",
			     "truncated", "action", "drop", "packets", 7, "reason", "runt",
			     "action", "pass", "packets", 0));
	drop = strstr(buf_str(&page), "truncated");
	pass = strstr(buf_str(&page), "not_ip");
	cr_assert(drop && pass && drop < pass);
	expect_not("runt");
}

static json_t *many_backends(size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "name", i ? "well" : "ill",
						      "state", i ? "up" : "down", "usable", i > 0));
	return list;
}

Test(page, folds_away_what_is_well_where_there_is_much)
{
	write_page(json_pack("{s:[{s:s, s:s, s:o}]}", "services", "name", "web", "state",
			     "degraded", "backends", many_backends(PAGE_BACKENDS + 1)));
	expect(">ill<");
	expect_not(">well<");
	expect(">400 up");
}

Test(page, draws_from_the_oldest_to_the_newest)
{
	json_t *numbers = json_pack("[i, i, i]", 0, 10, 5);

	html_graph(&page, numbers, 4);
	expect("viewBox=\"0 0 3 16\"");
	expect("at most 10/s");
	expect("points=\"1,15.0 2,1.0 3,8.0 \"");
	json_decref(numbers);
}

Test(page, draws_nothing_of_a_single_number)
{
	json_t *numbers = json_pack("[i]", 1);

	html_graph(&page, numbers, 4);
	cr_assert_str_eq(buf_str(&page), "");
	json_decref(numbers);
}

static json_t *services_named(size_t n)
{
	json_t *list = json_array();
	char name[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "s%03zu.", i);
		json_array_append_new(list, json_pack("{s:s, s:s, s:{s:[i]}, s:[s], s:o}", "name",
						      name, "state", i == n - 2 ? "down" : "up",
						      "rates", "packets_per_s", i == 7 ? 50 : 1,
						      "vips", i == 9 ? "192.0.2.9" : "192.0.2.80",
						      "backends", many_backends(30)));
	}
	return json_pack("{s:o}", "services", list);
}

Test(page, says_once_that_all_are_well)
{
	json_t *list = many_backends(PAGE_BACKENDS + 2);

	json_array_remove(list, 0);
	write_page(json_pack("{s:[{s:s, s:s, s:o}]}", "services", "name", "web", "state", "up",
			     "backends", list));
	expect_not(">well<");
	expect_not("401 up");
}

/* The worst, then the busiest, then as in the config; of each not more than can be read. */
Test(page, of_a_thousand_services_is_short)
{
	const char *down, *busy, *first;

	write_page(services_named(1000));
	expect("<p class=\"verdict down\">1000 services, 1 down</p>");
	down = strstr(buf_str(&page), "<td class=\"name\">s998.");
	busy = strstr(buf_str(&page), "<td class=\"name\">s007.");
	first = strstr(buf_str(&page), "<td class=\"name\">s000.");
	cr_assert(down && busy && first && down < busy && busy < first);
	expect("s096.");
	expect_not("s099.");
	expect("900 more services");
	expect("<form ");
	cr_expect_lt(page.len, 400000, "%zu bytes", page.len);
}

Test(page, shows_the_services_that_are_asked_for)
{
	write_filtered(services_named(200), "192.0.2.9");
	expect("s009.");
	expect_not("s010.");
	expect("1 of 200 services");
	expect("value=\"192.0.2.9\"");
	buf_free(&page);
	write_filtered(services_named(200), "s19");
	expect("s190.");
	expect("s199.");
	expect_not("s189.");
}
