/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "conf/conf.h"
#include "rows.h"

struct conf *rows_parse(const char *text)
{
	struct buf said = { 0 };
	struct conf *conf = NULL;

	cr_assert_eq(conf_parse("t.yaml", text, strlen(text), &said, &conf), 0, "%s",
		     buf_str(&said));
	cr_assert_str_empty(buf_str(&said));
	buf_free(&said);
	return conf;
}

static void check(const struct row *row)
{
	bool is_refused = strstr(row->said, ": error: ");
	struct buf said = { 0 };
	struct conf *conf = NULL;
	int err = conf_parse("t.yaml", row->text, strlen(row->text), &said, &conf);

	cr_expect_str_eq(buf_str(&said), row->said, "%s: said\n%sinstead of\n%s", row->what,
			 buf_str(&said), row->said);
	cr_expect_eq(err, is_refused ? -EINVAL : 0, "%s: returned %d", row->what, err);
	cr_expect_eq(conf == NULL, is_refused, "%s", row->what);
	conf_free(conf);
	buf_free(&said);
}

void rows_check(const struct row *rows, size_t n)
{
	cr_assert(n > 0);
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}
