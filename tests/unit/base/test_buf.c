/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

Test(buf, empty_is_valid)
{
	struct buf b = { 0 };

	cr_expect_str_empty(buf_str(&b));
	buf_skip(&b, 0);
	buf_cut(&b, 0);
	buf_free(&b);
	buf_free(&b);
	cr_expect_null(b.data);
}

Test(buf, adds_text_and_bytes)
{
	_cleanup_(buf_free) struct buf b = { 0 };

	buf_puts(&b, "one");
	buf_add(&b, ", two and more", 5);
	buf_printf(&b, ", %d%%%s", 3, "");
	cr_expect_str_eq(buf_str(&b), "one, two, 3%");
	cr_expect_eq(b.len, strlen("one, two, 3%"));
	cr_expect_not(b.failed);
}

Test(buf, keeps_zero_bytes)
{
	_cleanup_(buf_free) struct buf b = { 0 };

	buf_add(&b, "a\0b", 3);
	cr_expect_eq(b.len, 3);
	cr_expect_eq(memcmp(b.data, "a\0b", 4), 0);
}

Test(buf, grows_past_every_size)
{
	_cleanup_(buf_free) struct buf b = { 0 };

	for (size_t i = 0; i < 3000; i++) {
		buf_printf(&b, "%zu", i % 10);
		cr_assert_eq(b.len, i + 1);
		cr_assert_eq(b.data[i], '0' + (char)(i % 10));
		cr_assert_eq(b.data[i + 1], '\0');
	}
}

Test(buf, formats_what_is_longer_than_its_room)
{
	_cleanup_(buf_free) struct buf b = { 0 };

	buf_printf(&b, "%*d", 5000, 7);
	cr_expect_eq(b.len, 5000);
	cr_expect_eq(b.data[4999], '7');
}

Test(buf, skips_what_was_read)
{
	_cleanup_(buf_free) struct buf b = { 0 };

	buf_puts(&b, "first\nsecond");
	buf_skip(&b, 6);
	cr_expect_str_eq(buf_str(&b), "second");
	buf_skip(&b, b.len);
	cr_expect_str_empty(buf_str(&b));
	buf_puts(&b, "third");
	cr_expect_str_eq(buf_str(&b), "third");
}

Test(buf, cuts_what_was_added)
{
	_cleanup_(buf_free) struct buf b = { 0 };

	buf_puts(&b, "path.key");
	buf_cut(&b, 20);
	cr_expect_str_eq(buf_str(&b), "path.key");
	buf_cut(&b, 4);
	cr_expect_str_eq(buf_str(&b), "path");
	buf_puts(&b, ".other");
	cr_expect_str_eq(buf_str(&b), "path.other");
}

Test(buf, loses_everything_after_a_failure)
{
	_cleanup_(buf_free) struct buf b = { 0 };

	buf_puts(&b, "kept");
	b.failed = true;
	buf_puts(&b, "lost");
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "lost, too");
	cr_expect_str_eq(buf_str(&b), "kept");
}
