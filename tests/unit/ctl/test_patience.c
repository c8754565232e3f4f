/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "ctl/patience.h"

static struct buf out, err;
static struct cli cli = { .out = &out, .err = &err };

static void teardown(void)
{
	buf_free(&out);
	buf_free(&err);
}

TestSuite(patience, .fini = teardown);

/* So long ago that even the longest finite patience is at its end. */
static uint64_t long_ago(void)
{
	return clock_now_ms() - PATIENCE_MS;
}

Test(patience, bears_with_one_that_is_away)
{
	struct patience p = { .most_ms = PATIENCE_MS };

	cr_expect(patience_lasts(&p, &cli, CTL_UNREACHABLE, "nobody there"));
	cr_expect(patience_lasts(&p, &cli, CTL_DENIED, "not yet"));
	cr_expect_str_eq(buf_str(&err), "shunt: nobody there (waiting for it)\n");
	p.away_since_ms = long_ago();
	cr_expect_not(patience_lasts(&p, &cli, CTL_UNREACHABLE, "nobody there"));
}

Test(patience, begins_again_with_an_answer)
{
	struct patience p = { .most_ms = PATIENCE_MS, .away_since_ms = long_ago() };

	cr_expect(patience_lasts(&p, &cli, CTL_OK, ""));
	cr_expect(patience_lasts(&p, &cli, CTL_UNREACHABLE, "gone again"));
	cr_expect_str_eq(buf_str(&err), "shunt: gone again (waiting for it)\n");
}

/* Who may wait for ever waits for one that is started some day, not for a right. */
Test(patience, is_not_endless_with_a_denial)
{
	struct patience p = { .most_ms = UINT64_MAX, .away_since_ms = long_ago() };

	cr_expect(patience_lasts(&p, &cli, CTL_UNREACHABLE, "nobody there"));
	cr_expect_not(patience_lasts(&p, &cli, CTL_DENIED, "not allowed"));
}

Test(patience, has_none_with_other_errors)
{
	struct patience p = { .most_ms = UINT64_MAX }, none = { 0 };

	cr_expect_not(patience_lasts(&p, &cli, CTL_NOT_FOUND, "no such service"));
	cr_expect_not(patience_lasts(&none, &cli, CTL_UNREACHABLE, "nobody there"));
	cr_expect_str_empty(buf_str(&err));
}
