/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt firewall: what it says of rules and addresses, and what it takes and refuses. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "rig.h"

static struct rig r;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
	rig_guard(&r.daemon);
}

static void teardown(void)
{
	rig_close(&r);
	rig_unguard(&r.daemon);
}

TestSuite(firewall, .init = setup, .fini = teardown);

static void expect_out(const char *want)
{
	cr_expect_str_eq(buf_str(&r.out), want, "got: %s%s", buf_str(&r.out), buf_str(&r.err));
}

static void expect_err(const char *want)
{
	cr_expect_str_eq(buf_str(&r.err), want, "got: %s", buf_str(&r.err));
}

/* What --json says, to be released. */
static json_t *data_of(void)
{
	json_t *answer = json_loads(buf_str(&r.out), 0, NULL);
	json_t *data = json_incref(json_object_get(answer, "data"));

	cr_assert(data, "%s", buf_str(&r.out));
	json_decref(answer);
	return data;
}

static const char *text_in(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* --- list and hits -------------------------------------------------------------------- */

/* clang-format off */
Test(firewall, list_shows_rules_and_what_was_said)
{
	cr_assert_eq(rig_run(&r, "firewall", "add", "192.0.2.7", "--service", "dns", NULL), CTL_OK);
	cr_assert_eq(rig_run(&r, "firewall", "list", NULL), CTL_OK);
	expect_out(
"SERVICE  RULE                          MODE     PREFIXES  HITS\n"
"all      allow      198.51.100.8/32    enforce         1     0\n"
"all      deny       198.51.100.0/24    enforce         1    10\n"
"all      deny       2001:db8:bad::/48  enforce         1    20\n"
"web      deny       203.0.113.0/24     monitor         1    30\n"
"dns      deny       runtime            enforce         1    40\n"
"all      limit      syns               enforce         0    50\n"
"all      tcp_flags  drop               enforce         0     0\n"
"192.0.2.7/32 denied, of service dns\n");
}

Test(firewall, hits_begin_with_the_most)
{
	cr_assert_eq(rig_run(&r, "firewall", "hits", NULL), CTL_OK);
	expect_out(
"SERVICE  RULE                      MODE     PREFIXES  HITS\n"
"all      limit  syns               enforce         0    40\n"
"web      deny   203.0.113.0/24     monitor         1    30\n"
"all      deny   2001:db8:bad::/48  enforce         1    20\n"
"all      deny   198.51.100.0/24    enforce         1    10\n");
	cr_assert_eq(rig_run(&r, "firewall", "hits", "--all", NULL), CTL_OK);
	expect_out(
"SERVICE  RULE                          MODE     PREFIXES  HITS\n"
"all      limit      syns               enforce         0    40\n"
"web      deny       203.0.113.0/24     monitor         1    30\n"
"all      deny       2001:db8:bad::/48  enforce         1    20\n"
"all      deny       198.51.100.0/24    enforce         1    10\n"
"all      allow      198.51.100.8/32    enforce         1     0\n"
"all      tcp_flags  drop               enforce         0     0\n");
}
/* clang-format on */

Test(firewall, list_is_json_too)
{
	_cleanup_(json_decrefp) json_t *data = NULL;
	const json_t *rule, *said;

	cr_assert_eq(rig_run(&r, "firewall", "add", "192.0.2.7", "--allow", "--for", "1h", NULL),
		     CTL_OK);
	cr_assert_eq(rig_run(&r, "firewall", "list", "--json", NULL), CTL_OK);
	data = data_of();
	rule = json_array_get(json_object_get(data, "rules"), 0);
	cr_expect_str_eq(text_in(rule, "kind"), "allow");
	cr_expect_str_eq(text_in(rule, "name"), "198.51.100.8/32");
	cr_expect_str_eq(text_in(rule, "mode"), "enforce");
	cr_expect(json_is_null(json_object_get(rule, "service")));
	cr_expect(json_is_false(json_object_get(rule, "file")));
	cr_expect_eq(json_integer_value(json_object_get(rule, "prefixes")), 1);
	said = json_array_get(json_object_get(data, "runtime"), 0);
	cr_expect_str_eq(text_in(said, "prefix"), "192.0.2.7/32");
	cr_expect_str_eq(text_in(said, "kind"), "allow");
	cr_expect_gt(json_integer_value(json_object_get(said, "until")),
		     json_integer_value(json_object_get(data, "now")));
}

/* --- test ------------------------------------------------------------------------------- */

static void expect_test(const char *addr, const char *service, const char *want)
{
	cr_expect_eq(rig_run(&r, "firewall", "test", addr, service, NULL), CTL_OK);
	expect_out(want);
}

Test(firewall, test_says_who_decides)
{
	expect_test("192.0.2.1", NULL,
		    "192.0.2.1, to services without rules of their own: may pass\n"
		    "  no rule says anything of it\n");
	expect_test("198.51.100.7", "dns",
		    "198.51.100.7, to service dns: denied\n"
		    "  deny 198.51.100.0/24\n");
	expect_test("198.51.100.8", NULL,
		    "198.51.100.8, to services without rules of their own: may pass\n"
		    "  allow 198.51.100.8/32\n"
		    "  deny 198.51.100.0/24, which does not count: another one comes first\n");
	expect_test("203.0.113.1", "web",
		    "203.0.113.1, to service web: may pass\n"
		    "  web: deny 203.0.113.0/24, which is only counted\n");
	expect_test("::ffff:198.51.100.7", NULL,
		    "198.51.100.7, to services without rules of their own: denied\n"
		    "  deny 198.51.100.0/24\n");
	cr_expect_eq(rig_run(&r, "firewall", "add", "2001:db8:bad:1::/64", NULL), CTL_OK);
	expect_test("2001:db8:bad:1::1", NULL,
		    "2001:db8:bad:1::1, to services without rules of their own: denied\n"
		    "  deny runtime: 2001:db8:bad:1::/64\n");
}

Test(firewall, test_is_json_too)
{
	_cleanup_(json_decrefp) json_t *data = NULL;
	const json_t *match;

	cr_assert_eq(rig_run(&r, "firewall", "test", "198.51.100.8", "web", "--json", NULL),
		     CTL_OK);
	data = data_of();
	cr_expect_str_eq(text_in(data, "outcome"), "allow");
	cr_expect_str_eq(text_in(data, "service"), "web");
	cr_assert_eq(json_array_size(json_object_get(data, "matches")), 2);
	match = json_array_get(json_object_get(data, "matches"), 0);
	cr_expect(json_is_true(json_object_get(match, "decides")));
	cr_expect_str_eq(text_in(match, "prefix"), "198.51.100.8/32");
}

/* --- add and del ------------------------------------------------------------------------ */

static void expect_add(const char *want, const char *prefix, const char *option, const char *value)
{
	cr_expect_eq(rig_run(&r, "firewall", "add", prefix, option, value, NULL), CTL_OK);
	expect_out(want);
}

Test(firewall, add_and_del_say_what_is_so_now)
{
	expect_add("192.0.2.7/32: denied\n", "192.0.2.7", NULL, NULL);
	expect_add("192.0.2.0/24: allowed\n", "192.0.2.0/24", "--allow", NULL);
	expect_add("192.0.3.8/32: denied to service dns\n", "192.0.3.8", "--service=dns", NULL);
	cr_expect_eq(r.daemon.admin.n_prefixes, 3);
	cr_expect_eq(rig_run(&r, "firewall", "del", "192.0.2.0/24", "--allow", NULL), CTL_OK);
	expect_out("192.0.2.0/24: no longer allowed\n");
	cr_expect_eq(rig_run(&r, "firewall", "del", "192.0.3.8", "--service", "dns", NULL), CTL_OK);
	expect_out("192.0.3.8/32: no longer denied to service dns\n");
	cr_expect_eq(r.daemon.admin.n_prefixes, 1);
}

/* An operator who denies somebody in a hurry must not believe that it is done. */
Test(firewall, add_says_when_that_does_not_do)
{
	expect_add("198.51.100.8/32: denied\n"
		   "note: who is allowed is let through all the same: allow 198.51.100.8/32\n",
		   "198.51.100.8", NULL, NULL);
	expect_add("192.0.2.7/32: denied to service web\n"
		   "note: it is only counted, because the mode is monitor\n",
		   "192.0.2.7", "--service", "web");
	expect_add("198.51.100.0/24: denied\n"
		   "note: the config says so, too: deny 198.51.100.0/24\n",
		   "198.51.100.0/24", NULL, NULL);
	/* It is denied by another one, and when that goes by this one. */
	expect_add("198.51.100.7/32: denied to service web\n", "198.51.100.7", "--service", "web");
}

Test(firewall, what_is_wrong_is_refused)
{
	static const struct {
		const char *words[6];
		enum ctl_exit code;
		const char *err;
	} cases[] = {
		{ { "add", "192.0.2.7/24" },
		  CTL_USAGE,
		  "\"192.0.2.7/24\" has bits behind its length: is 192.0.2.0/24 meant?" },
		{ { "add", "web" },
		  CTL_USAGE,
		  "\"web\" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32" },
		{ { "add", "192.0.2.7", "--for", "soon" },
		  CTL_USAGE,
		  "\"soon\" is not a duration such as 30s, 5m or 1h" },
		{ { "add", "192.0.2.7", "--for", "0s" },
		  CTL_USAGE,
		  "\"0s\" is not a duration such as 30s, 5m or 1h" },
		{ { "add", "192.0.2.7", "--service", "wep" },
		  CTL_NOT_FOUND,
		  "no service \"wep\" (did you mean \"web\"?)" },
		{ { "del", "192.0.2.7", "--service", "wep" },
		  CTL_NOT_FOUND,
		  "no service \"wep\" (did you mean \"web\"?)" },
		/* It is of the config. */
		{ { "del", "198.51.100.0/24" },
		  CTL_NOT_FOUND,
		  "198.51.100.0/24 was not denied at runtime: what the config says is changed "
		  "there" },
		{ { "del", "192.0.2.7", "--allow", "--service", "web" },
		  CTL_NOT_FOUND,
		  "192.0.2.7 was not allowed at runtime, for service web: what the config says is "
		  "changed there" },
		{ { "test", "192.0.2.0/24" }, CTL_USAGE, "\"192.0.2.0/24\" is not an IP address" },
		{ { "test", "192.0.2.1", "dsn" },
		  CTL_NOT_FOUND,
		  "no service \"dsn\" (did you mean \"dns\"?)" },
	};

	array_for_each (c, cases, array_len(cases)) {
		const char *const *w = c->words;

		cr_expect_eq(rig_run(&r, "firewall", w[0], w[1], w[2], w[3], w[4], w[5], NULL),
			     c->code, "%s %s", w[0], w[1]);
		cr_expect(strstr(buf_str(&r.err), c->err), "%s %s: %s", w[0], w[1],
			  buf_str(&r.err));
	}
	cr_expect_eq(r.daemon.admin.n_prefixes, 0);
}

Test(firewall, what_fails_is_told)
{
	r.daemon.prefix_err = -ENOSPC;
	cr_expect_eq(rig_run(&r, "firewall", "add", "192.0.2.7", NULL), CTL_FAILED);
	expect_err("there are 10000 already: what is to stay belongs into the config\n");
	r.daemon.prefix_err = -ENOMEM;
	cr_expect_eq(rig_run(&r, "firewall", "add", "192.0.2.7", NULL), CTL_FAILED);
	expect_err("the firewall could not be changed: Cannot allocate memory\n");
	r.daemon.prefix_err = -E2BIG;
	cr_expect_eq(rig_run(&r, "firewall", "add", "192.0.2.7", NULL), CTL_FAILED);
	expect_err("the firewall could not be changed: Argument list too long; it is tried again "
		   "until it can\n");
	cr_expect_eq(rig_run(&r, "firewall", "del", "192.0.2.7", NULL), CTL_FAILED);
	expect_err("the firewall could not be changed: Argument list too long; it is tried again "
		   "until it can\n");
}

/* Services go with a reload; what was said of them stays, and must be taken back somehow. */
Test(firewall, what_was_said_of_a_service_that_is_gone_can_be_taken_back)
{
	struct admin_prefix said = { .service = "former" };
	_cleanup_(buf_free) struct buf flaw = { 0 };

	cr_assert_eq(conf_prefix_parse("192.0.2.7", &said.prefix, &flaw), 0);
	cr_assert_eq(admin_put_prefix(&r.daemon.admin, &said), 0);
	cr_expect_eq(rig_run(&r, "firewall", "del", "192.0.2.7", "--service", "former", NULL),
		     CTL_OK, "%s", buf_str(&r.err));
	cr_expect_eq(r.daemon.admin.n_prefixes, 0);
}

Test(firewall, adding_again_says_how_long_it_lasts)
{
	expect_add("192.0.2.7/32: denied\n", "192.0.2.7", NULL, NULL);
	expect_add("192.0.2.7/32: denied\n", "192.0.2.7", "--for", "1h");
	cr_expect_eq(r.daemon.admin.n_prefixes, 1);
	cr_assert_eq(rig_run(&r, "show", "overrides", NULL), CTL_OK);
	cr_expect(strstr(buf_str(&r.out), "firewall: 192.0.2.7/32 denied, 1h left"), "%s",
		  buf_str(&r.out));
}

Test(firewall, without_rules_that_is_said)
{
	rig_unguard(&r.daemon);
	r.daemon.guarded = NULL;
	r.daemon.firewall = NULL;
	cr_expect_eq(rig_run(&r, "firewall", "list", NULL), CTL_OK);
	expect_out("no rules: everybody may send to all services\n");
	cr_expect_eq(rig_run(&r, "firewall", "hits", NULL), CTL_OK);
	expect_out("no rule has applied to a packet\n");
}

Test(firewall, is_completed)
{
	cr_expect_eq(rig_run(&r, "__complete", "firewall", "", NULL), CTL_OK);
	expect_out("list\nhits\ntest\nadd\ndel\n");
	cr_expect_eq(rig_run(&r, "__complete", "firewall", "test", "192.0.2.1", "", NULL), CTL_OK);
	expect_out("web\ndns\n");
	cr_expect_eq(rig_run(&r, "firewall", "add", "192.0.2.7", NULL), CTL_OK);
	cr_expect_eq(rig_run(&r, "__complete", "firewall", "add", "192", NULL), CTL_OK);
	expect_out("");
	cr_expect_eq(rig_run(&r, "__complete", "firewall", "del", "192", NULL), CTL_OK);
	expect_out("192.0.2.7/32\n");
	cr_expect_eq(
		rig_run(&r, "__complete", "firewall", "add", "192.0.2.7", "--service", "w", NULL),
		CTL_OK);
	expect_out("web\n");
}
