/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom passwords are shown to, in one config and not in the other. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_password.h"
#include "rows.h"

#define CHECK "{ type: mysql, user: u, password_file: /etc/secret }"
#define NAMED(name, last, check, backends)                                                         \
	"  " name ":\n    vip: 192.0.2." last "\n    ports: 3306/tcp\n    check: " check           \
	"\n    backends:\n" backends
#define B(name, more) "      - { name: " name ", " more " }\n"

static const char db[] = HEAD "services:\n" NAMED(
	"db", "1", CHECK, B("a", "address: 192.0.2.11") B("b", "address: 192.0.2.12"));

static struct conf *parse(const char *text)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;

	conf_parse("t.yaml", text, strlen(text), &said, &conf);
	cr_assert_not_null(conf, "%s", buf_str(&said));
	return conf;
}

/* @who: "service/backend", or NULL for nobody. */
static void expect(const char *old_text, const char *new_text, const char *who)
{
	_cleanup_(conf_freep) struct conf *old = parse(old_text), *new = parse(new_text);
	_cleanup_(buf_free) struct buf name = { 0 };
	struct conf_shown at;
	const bool found = conf_password_goes_elsewhere(old, new, &at);

	cr_assert_eq(found, !!who, "%s", new_text);
	if (!found)
		return;
	buf_printf(&name, "%s/%s", at.service->name, at.backend->name);
	cr_expect_str_eq(buf_str(&name), who);
}

#define INHERITING(more)                                                                           \
	HEAD "defaults:\n  check: " CHECK "\n"                                                     \
	     "services:\n" NAMED("db", "1", CHECK, B("a", "address: 192.0.2.11")) more
#define DB(check, backends) HEAD "services:\n" NAMED("db", "1", check, backends)

Test(password, stays_where_it_is)
{
	expect(db, db, NULL);
	/* Fewer, others at the same places, and what shows none. */
	expect(db, DB(CHECK, B("b", "address: 192.0.2.12, weight: 7")), NULL);
	expect(db, DB(CHECK, B("c", "address: 192.0.2.12")), NULL);
	expect(db, DB("{ type: tcp }", B("a", "address: 192.0.2.99")), NULL);
	expect(db, DB("{ type: mysql, user: u }", B("a", "address: 192.0.2.99")), NULL);
}

Test(password, goes_elsewhere)
{
	expect(db, DB(CHECK, B("a", "address: 192.0.2.11") B("c", "address: 192.0.2.13")), "db/c");
	expect(db, DB(CHECK, B("a", "address6: \"2001:db8::11\"")), "db/a");
	/* By the address, by the port, by the file. */
	expect(db, DB(CHECK, B("a", "address: 192.0.2.99")), "db/a");
	expect(db,
	       DB("{ type: mysql, user: u, port: 3307, password_file: /etc/secret }",
		  B("a", "address: 192.0.2.11")),
	       "db/a");
	expect(db,
	       DB("{ type: mysql, user: u, password_file: /etc/other }",
		  B("a", "address: 192.0.2.11")),
	       "db/a");
	/* By the check of the defaults, which is no other value. */
	expect(INHERITING(""),
	       INHERITING("  other: { vip: 192.0.2.2, ports: 3306/tcp, backends: "
			  "[{ name: a, address: 192.0.2.99 }] }\n"),
	       "other/a");
}
