/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "ctl/table.h"

static const struct table_column columns[] = { { "NAME", false }, { "N", true }, { "", false } };

Test(table, aligns_and_ends_lines_without_blanks)
{
	struct table t = { .columns = columns, .n_columns = 3 };
	struct buf out = { 0 };

	table_add(&t, TABLE_PLAIN, "%s", "short");
	table_add(&t, TABLE_PLAIN, "%d", 7);
	table_end_row(&t);
	table_add(&t, TABLE_PLAIN, "%s", "much longer");
	table_add(&t, TABLE_PLAIN, "%d", 1234);
	table_add(&t, TABLE_RED, "%s", "!");
	table_end_row(&t);
	table_print(&t, false, &out);
	cr_assert_str_eq(buf_str(&out), "NAME            N\n"
					"short           7\n"
					"much longer  1234  !\n");
	buf_free(&out);
	table_free(&t);
}

Test(table, lets_nobody_speak_to_the_terminal)
{
	struct table t = { .columns = columns, .n_columns = 1 };
	struct buf out = { 0 };

	table_add(&t, TABLE_PLAIN, "%s", "a\033[2Jb\nc\177");
	table_print(&t, true, &out);
	cr_assert_str_eq(buf_str(&out), "\033[1mNAME\033[0m\na?[2Jb?c?\n");
	buf_free(&out);
	table_free(&t);
}

Test(table, is_nothing_without_rows)
{
	struct table t = { .columns = columns, .n_columns = 3 };
	struct buf out = { 0 };

	table_print(&t, false, &out);
	cr_assert_str_eq(buf_str(&out), "");
}
