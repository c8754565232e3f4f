/* SPDX-License-Identifier: BSD-2-Clause */
/* What is logged of backends that say something else each time. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/log.h"
#include "base/log_ring.h"
#include "health/verdict.h"

#define MINUTE_MS 60000

static char name[] = "web/b1";
static struct target t;
static uint64_t first;

static void setup(void)
{
	t = (struct target){ .name = name, .request.type = CONF_CHECK_AGENT };
	log_level_set(LOG_LEVEL_INFO);
	first = log_ring_last();
}

TestSuite(verdict, .init = setup);

static void expect_last(uint64_t lines, const char *text)
{
	cr_expect_eq(log_ring_last() - first, lines, "%lu lines", log_ring_last() - first);
	cr_expect_str_eq(log_ring_get(log_ring_last())->text, text);
}

Test(verdict, an_agent_that_changes_its_mind)
{
	const struct prober_answer wants[] = {
		{ .code = HEALTH_OK_CODE, .agent = HEALTH_AGENT_READY, .agent_percent = 100 },
		{ .code = HEALTH_OK_CODE, .agent = HEALTH_AGENT_DRAIN, .agent_percent = 100 },
	};

	t.status.agent = HEALTH_AGENT_READY;
	t.status.agent_percent = 100;
	for (int i = 1; i <= 100; i++)
		cr_expect(verdict_note_agent(&t, &wants[i % 2], MINUTE_MS + i * 100));
	expect_last(6, "web/b1: its agent wants ready");
	cr_expect_eq(t.status.agent, HEALTH_AGENT_READY);
	/* What counts is noted all the same, and said when there is room again. */
	cr_expect(verdict_note_agent(&t, &wants[1], 2 * MINUTE_MS));
	expect_last(
		7, "web/b1: its agent wants drain (and 94 such lines before, which were too many)");
	cr_expect(verdict_note_agent(&t, &wants[0], 2 * MINUTE_MS + 100));
	expect_last(8, "web/b1: its agent wants ready");
}

Test(verdict, a_certificate_that_is_another_each_time)
{
	struct prober_answer says = { .code = HEALTH_OK_CODE, .detail = "ends in 3 days" };

	for (int i = 0; i < 100; i++) {
		says.warning = i % 2;
		verdict_note_certificate(&t, &says, MINUTE_MS + i * 100);
	}
	expect_last(6, "web/b1: ends in 3 days");
}
