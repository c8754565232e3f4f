/* SPDX-License-Identifier: BSD-2-Clause */
/* Prefixes that are typed after --from. */
#include <criterion/criterion.h>
#include <errno.h>

#include "app/decap.h"
#include "base/array.h"
#include "base/cleanup.h"

/* All prefixes of @text as they are written, or what is said about it. */
static void expect(const char *text, int err, const char *want)
{
	_cleanup_(decap_from_free) struct decap_from from = { 0 };
	_cleanup_(buf_free) struct buf out = { 0 };

	cr_expect_eq(decap_from_add(&from, text, &out), err, "%s", text);
	if (!err)
		array_for_each (s, from.sources, from.n) {
			buf_puts(&out, out.len ? " " : "");
			decap_source_format(s, &out);
		}
	cr_expect_str_eq(buf_str(&out), want, "%s: %s", text, buf_str(&out));
}

Test(decap_from, prefixes)
{
	expect("192.0.2.1", 0, "192.0.2.1/32");
	expect("192.0.2.0/24", 0, "192.0.2.0/24");
	expect("2001:db8::/32,192.0.2.128/25", 0, "2001:db8::/32 192.0.2.128/25");
	expect("2001:db8::1", 0, "2001:db8::1/128");
	expect("0.0.0.0/0,::/0", 0, "0.0.0.0/0 ::/0");
}

Test(decap_from, as_they_lie_in_the_trie)
{
	_cleanup_(decap_from_free) struct decap_from from = { 0 };
	_cleanup_(buf_free) struct buf error = { 0 };

	cr_assert_eq(decap_from_add(&from, "10.1.0.0/16", &error), 0);
	cr_assert_eq(decap_from_add(&from, "::/0", &error), 0);
	cr_assert_eq(from.n, 2);
	cr_expect_eq(from.sources[0].family, 4);
	cr_expect_eq(from.sources[0].bits, 32 + 96 + 16);
	cr_expect_eq(from.sources[0].addr.b[12], 10);
	cr_expect_eq(from.sources[1].family, 6);
	cr_expect_eq(from.sources[1].bits, 32);
}

Test(decap_from, mistakes)
{
	expect("", -EINVAL, "\"\" is not an IP address");
	expect("192.0.2.1,", -EINVAL, "\"\" is not an IP address");
	expect("192.0.2", -EINVAL, "\"192.0.2\" is not an IP address");
	expect("lb1/24", -EINVAL, "\"lb1\" is not an IP address");
	expect("192.0.2.0/33", -EINVAL, "\"192.0.2.0/33\": the length of a prefix is 0 to 32");
	expect("192.0.2.0/", -EINVAL, "\"192.0.2.0/\": the length of a prefix is 0 to 32");
	expect("192.0.2.0/+8", -EINVAL, "\"192.0.2.0/+8\": the length of a prefix is 0 to 32");
	expect("2001:db8::/129", -EINVAL, "\"2001:db8::/129\": the length of a prefix is 0 to 128");
	expect("192.0.2.1/24", -EINVAL,
	       "\"192.0.2.1/24\" has bits behind the prefix: did you mean 192.0.2.0/24?");
	expect("2001:db8::1/61", -EINVAL,
	       "\"2001:db8::1/61\" has bits behind the prefix: did you mean 2001:db8::/61?");
	expect("10.255.0.0/9", -EINVAL,
	       "\"10.255.0.0/9\" has bits behind the prefix: did you mean 10.128.0.0/9?");
}
