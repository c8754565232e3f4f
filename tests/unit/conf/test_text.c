/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf_text.h"

Test(text, characters)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t cp;
	} rows[] = {
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	};
	uint32_t cp;

	array_for_each (row, rows, array_len(rows)) {
		cr_expect_eq(conf_text_char(row->bytes, strlen(row->bytes), &cp), row->len);
		cr_expect_eq(cp, row->cp);
		/*
		 * Without its last byte it is none, and no byte beyond is
		 * looked at.
		 */
		if (row->len > 1)
			cr_expect_eq(conf_text_char(row->bytes, row->len - 1, &cp), 0);
	}
}

Test(text, what_is_no_character)
{
	static const char *const rows[] = {
		"\x80", /* a continuation */
		"\xbf",
		"\xc0\x80", /* two bytes for what takes one */
		"\xc1\xbf",
		"\xe0\x9f\xbf", /* three for two */
		"\xf0\x8f\xbf\xbf", /* four for three */
		"\xed\xa0\x80", /* half of a surrogate pair */
		"\xf4\x90\x80\x80", /* beyond the last */
		"\xf5\x80\x80\x80",
		"\xff",
		"\xc3(", /* cut by the next one */
		"\xe2\x82(",
	};
	uint32_t cp;

	array_for_each (row, rows, array_len(rows))
		cr_expect_eq(conf_text_char(*row, strlen(*row), &cp), 0, "row %td", row - rows);
}

Test(text, flaws)
{
	struct conf_pos pos;

	cr_expect_null(conf_text_flaw("a\tb\r\nc\n", 7, &pos));
	cr_expect_null(conf_text_flaw("\xc3\xa4\xe2\x82\xac", 5, &pos));
	cr_expect_not_null(conf_text_flaw("a\n\xc3\xa4\x80", 5, &pos));
	cr_expect_eq(pos.line, 2);
	cr_expect_eq(pos.column, 2);
	cr_expect_not_null(conf_text_flaw("a\rb", 3, &pos));
	cr_expect_not_null(conf_text_flaw("a\r", 2, &pos));
	cr_expect_not_null(conf_text_flaw("a\0b", 3, &pos));
	cr_expect_not_null(conf_text_flaw("\xc2\x85", 2, &pos));
	cr_expect_not_null(conf_text_flaw("\xe2\x80\xa8", 3, &pos));
}

Test(text, lines)
{
	static const char text[] = "one\n\nthree";

	cr_expect_eq(conf_text_line(text, strlen(text), 1), text);
	cr_expect_eq(conf_text_line(text, strlen(text), 2), text + 4);
	cr_expect_eq(conf_text_line(text, strlen(text), 3), text + 5);
	cr_expect_eq(conf_text_line(text, strlen(text), 4), text + strlen(text));
}

static void expect_excerpt(const char *line, struct conf_pos pos, const char *expected)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	conf_text_excerpt(&out, line, line + strlen(line), pos);
	cr_expect_str_eq(buf_str(&out), expected);
}

Test(text, excerpts)
{
	expect_excerpt("abc def\nnext", (struct conf_pos){ 1, 5, 3, 0 }, "abc def\n    ^~~\n");
	expect_excerpt("abc def\r\nnext", (struct conf_pos){ 1, 1, 3, 0 }, "abc def\n^~~\n");
	/* A length of nothing, and one past the end of the line. */
	expect_excerpt("abc def", (struct conf_pos){ 1, 5, 0, 0 }, "abc def\n    ^\n");
	expect_excerpt("abc def", (struct conf_pos){ 1, 5, 99, 0 }, "abc def\n    ^~~\n");
	/* Behind the end of the line. */
	expect_excerpt("abc", (struct conf_pos){ 1, 4, 1, 0 }, "abc\n   ^\n");
	expect_excerpt("\tabc", (struct conf_pos){ 1, 2, 3, 0 }, "\tabc\n\t^~~\n");
	expect_excerpt("\xc3\xa4\xff!", (struct conf_pos){ 1, 3, 1, 0 }, "\xc3\xa4?!\n  ^\n");
	expect_excerpt("\n", (struct conf_pos){ 1, 1, 1, 0 }, "");
	expect_excerpt("", (struct conf_pos){ 1, 1, 1, 0 }, "");
}

Test(text, words_are_printed_safely)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	conf_text_print(&out, "a\x1b[1m\xc3\xa4\xe2\x80\xa8\xff");
	cr_expect_str_eq(buf_str(&out), "a\\x1b[1m\xc3\xa4\\u2028?");
}
