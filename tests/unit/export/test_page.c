/* SPDX-License-Identifier: BSD-2-Clause */
/* What the page says of a state. How it looks is seen by tests/netns/status_page.sh. */
#include <criterion/criterion.h>
#include <string.h>

#include "export/html.h"
#include "export/status.h"

static struct buf page;

static void teardown(void)
{
	buf_free(&page);
}

TestSuite(page, .fini = teardown);

static void write_page(json_t *status)
{
	cr_assert_not_null(status);
	page_write(status, "lb1", &page);
	json_decref(status);
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
	expect("<p class=\"verdict up\">1 service, none down</p><ul class=\"trouble\"></ul>");
	expect_not("next hops");
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
	expect("<p class=\"verdict down\">1 of 2 services is down, 1 not whole</p>");
	expect("<li class=\"down\"><b>web</b> 0 of 0 backends usable");
	expect("<li class=\"degraded\"><b>dns</b> 1 of 2 backends usable");
	expect("<li class=\"down\"><b>eth0</b> the XDP program is not on it");
	expect("<li class=\"degraded\"><b>eth1</b> generic mode");
	expect("<b>config</b> the last reload was refused");
	expect("<b>next hops</b> 1 of 2 without a way");
	expect("192.0.2.9");
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
