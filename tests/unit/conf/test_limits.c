/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are larger, deeper or worse than any should be. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf.h"
#include "rows.h"

/* Parse @text, which is released; what is said is left in @said. */
static int parse(struct buf *text, struct buf *said)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	int err = conf_parse("t.yaml", buf_str(text), text->len, said, &conf);

	buf_free(text);
	return err;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

Test(limits, errors_are_printed_up_to_a_hundred)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	buf_puts(&text, QUIET);
	for (int i = 0; i < 123; i++)
		buf_printf(&text, "key%d: 1\n", i);
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_eq(count(buf_str(&said), ": error: unknown key"), 100);
	cr_expect_not_null(strstr(buf_str(&said), "t.yaml:103:1: error: unknown key \"key99\""));
	cr_expect_not_null(strstr(buf_str(&said), "t.yaml: ... and 23 more errors\n"));
}

/* The first ones of the text are kept, whatever is found first. */
Test(limits, first_errors_are_kept)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	/* Services are checked after defaults, and stand above them here. */
	buf_puts(&text, HEAD "services:\n  a: { vip: 1, ports: 2 }\ndefaults:\n");
	for (int i = 0; i < 200; i++)
		buf_printf(&text, "  key%d: 1\n", i);
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_eq(count(buf_str(&said), ": error: "), 100);
	cr_expect_not_null(strstr(buf_str(&said), "services.a.vip: \"1\" is not an IP address"));
	cr_expect_not_null(strstr(buf_str(&said), "services.a.ports: \"2\" needs a protocol"));
	cr_expect_not_null(strstr(buf_str(&said), "t.yaml: ... and 102 more errors\n"));
}

Test(limits, warnings_do_not_hide_errors)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	buf_puts(&text, HEAD "services:\n");
	for (int i = 0; i < 150; i++)
		buf_printf(&text, "  s%d: { vip: 192.0.2.%d, ports: 80/tcp }\n", i, i + 1);
	buf_puts(&text, "last: 1\n");
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_eq(count(buf_str(&said), ": warning: "), 100);
	cr_expect_not_null(strstr(buf_str(&said), "error: unknown key \"last\""));
	cr_expect_not_null(strstr(buf_str(&said), "t.yaml: ... and 50 more warnings\n"));
}

static void expect_deep(const char *opening)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	for (int i = 0; i < 100000; i++)
		buf_puts(&text, opening);
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_not_null(strstr(buf_str(&said), "nested deeper than 32 levels"));
}

Test(limits, depth)
{
	expect_deep("[");
	expect_deep("{ a: ");
	expect_deep("- ");
	expect_deep("? ");
}

Test(limits, number_of_values)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	buf_puts(&text, "version: [");
	for (int i = 0; i < (1 << 20); i++)
		buf_puts(&text, "a,\n");
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_not_null(strstr(buf_str(&said), "more than 1048576 values"));
}

Test(limits, huge_word)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	buf_puts(&text, QUIET "\"");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "0123456789");
	buf_puts(&text, "\":\n");
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_lt(said.len, 1000);
}

static void add_service(struct buf *text, int number, int n_backends)
{
	buf_printf(text, "  s%d:\n    vip: 10.0.%d.%d\n    ports: 80/tcp\n    backends:\n", number,
		   number / 256, number % 256 + 1);
	for (int i = 0; i < n_backends; i++)
		buf_printf(text, "    - { name: b%d, address: 10.%d.%d.1, id: %d }\n", i,
			   i / 256 + 1, i % 256, i + 1);
}

Test(limits, as_many_backends_as_there_can_be)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	buf_puts(&text, HEAD "services:\n");
	add_service(&text, 0, SHUNT_MAX_MEMBERS - 1);
	cr_expect_eq(parse(&text, &said), 0, "%.300s", buf_str(&said));
}

Test(limits, too_many_backends)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	buf_puts(&text, HEAD "services:\n");
	add_service(&text, 0, SHUNT_MAX_MEMBERS - 1);
	add_service(&text, 1, 1);
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_str_eq(buf_str(&said),
			 "t.yaml:3:1: error: services: 32768 backends, at most 32767 are possible\n"
			 "services:\n^~~~~~~~\n");
}

Test(limits, too_many_services)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct buf text = { 0 };

	buf_puts(&text, HEAD "services:\n");
	for (int i = 0; i <= SHUNT_MAX_SERVICES; i++)
		add_service(&text, i, 1);
	cr_expect_eq(parse(&text, &said), -EINVAL);
	cr_expect_not_null(strstr(buf_str(&said), "services: 16385 combinations of address, "
						  "protocol and port, at most 16384 are possible"));
}
