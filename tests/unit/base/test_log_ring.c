/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log_ring.h"

TestSuite(log_ring, .init = cr_redirect_stderr);

Test(log_ring, is_empty_at_first)
{
	cr_expect_eq(log_ring_last(), 0);
	cr_expect_eq(log_ring_began(), 0);
	cr_expect_null(log_ring_get(0));
	cr_expect_null(log_ring_get(1));
}

Test(log_ring, keeps_what_is_logged)
{
	const uint64_t before = clock_wall_ms();
	const struct log_entry *e;

	log_warn("web/%s: up -> down", "nginx1");
	log_debug("not printed, not kept");
	cr_assert_eq(log_ring_last(), 1);
	e = log_ring_get(1);
	cr_assert_not_null(e);
	cr_expect_eq(e->serial, 1);
	cr_expect_eq(e->level, LOG_LEVEL_WARN);
	cr_expect_str_eq(e->text, "web/nginx1: up -> down");
	cr_expect(e->wall_ms >= before && e->wall_ms <= clock_wall_ms());
	cr_expect_eq(log_ring_began(), e->wall_ms);
}

Test(log_ring, forgets_the_oldest)
{
	for (int i = 1; i <= LOG_RING_LINES + 3; i++)
		log_info("line %d", i);
	cr_expect_neq(log_ring_began(), 0);
	cr_expect_eq(log_ring_last(), LOG_RING_LINES + 3);
	cr_expect_null(log_ring_get(3));
	cr_assert_not_null(log_ring_get(4));
	cr_expect_str_eq(log_ring_get(4)->text, "line 4");
	cr_expect_null(log_ring_get(LOG_RING_LINES + 4));
}

Test(log_ring, cuts_what_is_too_long)
{
	char text[2 * LOG_RING_TEXT];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	cr_expect_eq(strlen(log_ring_get(1)->text), LOG_RING_TEXT - 1);
}
