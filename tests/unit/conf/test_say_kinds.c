/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in keys that belong to one kind of check. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"days without a unit",
		QUIET "defaults: { check: { expires: 14 } }\n",
		"t.yaml:4:31: error: defaults.check.expires: \"14\" needs a unit: d\n"
		"defaults: { check: { expires: 14 } }\n"
		"                              ^~\n",
	},
	{
		"more days than a certificate has",
		QUIET "defaults: { check: { expires: 4000d } }\n",
		"t.yaml:4:31: error: defaults.check.expires: \"4000d\" is out of range: 0d to "
		"3650d\n"
		"defaults: { check: { expires: 4000d } }\n"
		"                              ^~~~~\n",
	},
	{
		"names that are none",
		QUIET "defaults: { check: { name: a..b, sni: \"a b\" } }\n",
		"t.yaml:4:28: error: defaults.check.name: \"a..b\" is not a DNS name\n"
		"defaults: { check: { name: a..b, sni: \"a b\" } }\n"
		"                           ^~~~\n"
		"t.yaml:4:39: error: defaults.check.sni: \"a b\" is not a DNS name\n"
		"defaults: { check: { name: a..b, sni: \"a b\" } }\n"
		"                                      ^~~~~\n",
	},
	{
		"an address to ask a server for",
		QUIET "defaults: { check: { sni: 192.0.2.1 } }\n",
		"t.yaml:4:27: error: defaults.check.sni: an address is no name to ask a server "
		"for; "
		"without sni the certificate must be for the backend's address\n"
		"defaults: { check: { sni: 192.0.2.1 } }\n"
		"                          ^~~~~~~~~\n",
	},
	{
		"an answer's code that is none",
		QUIET "defaults: { check: { expect: { rcode: [NOERROR, NXDOMIAN] } } }\n",
		"t.yaml:4:49: error: defaults.check.expect.rcode[1]: unknown value \"NXDOMIAN\" "
		"(did "
		"you mean \"NXDOMAIN\"?), known: NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP or "
		"REFUSED\n"
		"defaults: { check: { expect: { rcode: [NOERROR, NXDOMIAN] } } }\n"
		"                                                ^~~~~~~~\n",
	},
	{
		"a wrong escape",
		QUIET "defaults: { check: { send: 'a\\x0g' } }\n",
		"t.yaml:4:28: error: defaults.check.send: \"a\\x0g\": behind a backslash stand "
		"xNN, "
		"r, n, t or a backslash\n"
		"defaults: { check: { send: 'a\\x0g' } }\n"
		"                           ^~~~~~~\n",
	},
	{
		"an escape without an end",
		QUIET "defaults: { check: { expect: { payload: a\\ } } }\n",
		"t.yaml:4:41: error: defaults.check.expect.payload: \"a\\\": behind a backslash "
		"stand "
		"xNN, r, n, t or a backslash\n"
		"defaults: { check: { expect: { payload: a\\ } } }\n"
		"                                        ^~\n",
	},
	{
		"nothing to expect",
		QUIET "defaults: { check: { expect: { payload: \"\" } } }\n",
		"t.yaml:4:41: error: defaults.check.expect.payload: 0 bytes: there must be 1 to "
		"256\n"
		"defaults: { check: { expect: { payload: \"\" } } }\n"
		"                                        ^~\n",
	},
	{
		"a user that is no text",
		QUIET "defaults: { check: { user: \"a\\tb\" } }\n",
		"t.yaml:4:28: error: defaults.check.user: \"a\\x09b\" is empty, or has control "
		"characters\n"
		"defaults: { check: { user: \"a\\tb\" } }\n"
		"                           ^~~~~~\n",
	},
	{
		"what only other kinds read",
		SERVICE "    check: { type: http, name: a.example, expect: { rcode: REFUSED } }\n",
		"t.yaml:8:26: warning: services.web.check: \"name\" means nothing to a check of "
		"type "
		"http\n"
		"    check: { type: http, name: a.example, expect: { rcode: REFUSED } }\n"
		"                         ^~~~\n"
		"t.yaml:8:53: warning: services.web.check.expect: \"rcode\" means nothing to a "
		"check "
		"of type http\n"
		"    check: { type: http, name: a.example, expect: { rcode: REFUSED } }\n"
		"                                                    ^~~~~\n",
	},
};

Test(say_kinds, a_command_that_is_too_long)
{
	_cleanup_(buf_free) struct buf text = { 0 }, errors = { 0 };
	struct conf *conf = NULL;

	for (int over = 0; over < 2; over++) {
		buf_free(&text);
		buf_printf(&text, QUIET "defaults: { check: { type: exec, command: /c, args: [a, ");
		/* What is around it: "/c", "a", and a NUL behind each of the three. */
		for (int i = 0; i < CONF_MAX_COMMAND - 6 + over; i++)
			buf_puts(&text, "x");
		buf_puts(&text, "] } }\n");
		cr_expect_eq(conf_parse("t.yaml", buf_str(&text), text.len, &errors, &conf),
			     over ? -EINVAL : 0, "%s", buf_str(&errors));
		conf_free(conf);
		conf = NULL;
	}
	cr_expect(strstr(buf_str(&errors), "defaults.check.command: a command and its arguments "
					   "are 800 bytes at most"));
}

Test(say_kinds, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}

/* The presets of a check reach every level, and so do keys that others read. */
Test(say_kinds, values_are_read)
{
	struct conf *c =
		rows_parse(QUIET "defaults: { check: { sni: www.example.com., verify: false, "
				 "ca_file: /etc/ca.pem, expires: 30d, name: ., qtype: AAAA, "
				 "send: '\\x00\\xfFa\\r\\n\\t\\\\', user: shunt, role: replica, "
				 "password_file: /etc/secret, command: /bin/true, args: [a, ''], "
				 "expect: { rcode: [NXDOMAIN, REFUSED], payload: pong } } }\n");
	const struct conf_check *check = &c->services[0].backends[0].check;

	cr_expect_str_eq(check->sni, "www.example.com.");
	cr_expect_not(check->verify);
	cr_expect_str_eq(check->ca_file, "/etc/ca.pem");
	cr_expect_eq(check->expires_days, 30);
	cr_expect_str_eq(check->name, ".");
	cr_expect_eq(check->qtype, CONF_QTYPE_AAAA);
	cr_assert_eq(check->n_send, 7);
	cr_expect_eq(memcmp(check->send,
			    "\0\xff"
			    "a\r\n\t\\",
			    7),
		     0);
	cr_expect_str_eq(check->user, "shunt");
	cr_expect_eq(check->role, CONF_ROLE_REPLICA);
	cr_expect_str_eq(check->password_file, "/etc/secret");
	cr_expect_str_eq(check->command, "/bin/true");
	cr_assert_eq(check->n_args, 2);
	cr_expect_str_eq(check->args[0], "a");
	cr_expect_str_empty(check->args[1]);
	cr_expect_eq(check->rcodes, 1 << 3 | 1 << 5);
	cr_assert_eq(check->n_payload, 4);
	cr_expect_eq(memcmp(check->payload, "pong", 4), 0);
	conf_free(c);
}
