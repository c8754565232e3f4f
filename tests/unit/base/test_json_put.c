/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/json_put.h"

Test(json_put, texts)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	json_put_text(&out, "plain \xc3\xa4");
	json_put_text(&out, "");
	json_put_text(&out, "\"a\\b\n\x01\x7f");
	json_put_text_or_null(&out, NULL);
	json_put_text_or_null(&out, "\"");
	cr_assert_str_eq(buf_str(&out),
			 "\"plain \xc3\xa4\"\"\"\"\\u0022a\\u005cb\\u000a\\u0001\x7f\""
			 "null\"\\u0022\"");
}

Test(json_put, numbers)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	json_put_number(&out, 0);
	json_put_number(&out, -1);
	json_put_number(&out, 42);
	json_put_number(&out, INT64_MIN);
	json_put_number(&out, INT64_MAX);
	cr_assert_str_eq(buf_str(&out), "0-142-92233720368547758089223372036854775807");
}

Test(json_put, members)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	json_put_member_text(&out, "name", "a");
	json_put_member_number(&out, "id", 7);
	cr_assert_str_eq(buf_str(&out), "\"name\":\"a\"\"id\":7");
}
