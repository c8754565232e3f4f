/* SPDX-License-Identifier: BSD-2-Clause */
/* Drains with an end, those who wait for it, maintenance, and what is said of all that. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/duration.h"
#include "rig.h"

static struct rig r;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(drain, .init = setup, .fini = teardown);

static void expect(enum ctl_exit code, enum ctl_exit want, const char *out, const char *err)
{
	cr_assert_eq(code, want, "exit %d, not %d: %s%s", code, want, buf_str(&r.out),
		     buf_str(&r.err));
	cr_assert_str_eq(buf_str(&r.out), out);
	cr_assert_str_eq(buf_str(&r.err), err);
}

static const struct admin_entry *said_of(const char *backend)
{
	return admin_find(&r.daemon.admin, "web", backend);
}

static void expect_left(const char *backend, uint64_t ms)
{
	const uint64_t left = said_of(backend)->deadline_ms - clock_now_ms();

	cr_assert(left <= ms && left + 5000 > ms, "%lu ms left, not %lu", left, ms);
}

Test(drain, has_an_end_where_one_is_said)
{
	expect(rig_run(&r, "backend", "drain", "web/nginx2", "--timeout", "5m", NULL), CTL_OK,
	       "web/nginx2: down -> drain\n", "");
	expect_left("nginx2", 300000);
	cr_assert_gt(said_of("nginx2")->since_wall_s, 0);
	/* Said again without one it is as it was, with another one that counts. */
	expect(rig_run(&r, "backend", "drain", "web/nginx2", NULL), CTL_OK,
	       "web/nginx2: already drained\n", "");
	expect_left("nginx2", 300000);
	cr_assert_eq(rig_run(&r, "backend", "drain", "web/nginx2", "--timeout=2h", NULL), CTL_OK);
	expect_left("nginx2", 7200000);
	cr_assert_eq(rig_run(&r, "backend", "drain", "web/nginx2", "--timeout", "off", NULL),
		     CTL_OK);
	cr_assert_eq(said_of("nginx2")->deadline_ms, 0);
}

Test(drain, has_none_when_it_is_over)
{
	rig_run(&r, "backend", "drain", "web/nginx2", "--timeout", "5m", NULL);
	expect(rig_run(&r, "backend", "enable", "web/nginx2", NULL), CTL_OK,
	       "web/nginx2: drain -> down\n", "");
	cr_assert_eq(said_of("nginx2")->deadline_ms, 0);
	rig_run(&r, "backend", "drain", "web/nginx2", "--timeout", "5m", NULL);
	rig_run(&r, "backend", "maint", "web/nginx2", NULL);
	cr_assert_eq(said_of("nginx2")->deadline_ms, 0);
}

Test(drain, wants_a_duration)
{
	static const char *const wrong[] = { "5", "m", "-5m", "5d", "0s", "241h", "", "5 m" };
	char said[128];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(said, sizeof(said),
			 "\"%s\" is not a duration such as 30s, 5m or 1h, or off\n", wrong[i]);
		expect(rig_run(&r, "backend", "drain", "web/nginx2", "--timeout", wrong[i], NULL),
		       CTL_USAGE, "", said);
	}
	cr_assert_eq(r.daemon.sets, 0);
}

Test(drain, maintenance)
{
	expect(rig_run(&r, "backend", "maint", "web/nginx1", NULL), CTL_FAILED, "",
	       "web/nginx1 is the last usable backend of web: "
	       "with --force it is taken all the same\n");
	expect(rig_run(&r, "backend", "maint", "web/nginx2", NULL), CTL_OK,
	       "web/nginx2: down -> maint\n", "");
	cr_assert_eq(said_of("nginx2")->state, ADMIN_MAINT);
	expect(rig_run(&r, "backend", "maint", "web/nginx2", NULL), CTL_OK,
	       "web/nginx2: already in maintenance\n", "");
	expect(rig_run(&r, "backend", "drain", "web/nginx2", NULL), CTL_OK,
	       "web/nginx2: maint -> drain\n", "");
}

Test(drain, who_waits_learns_when_nothing_is_left)
{
	r.daemon.is_empty = true;
	expect(rig_run(&r, "backend", "drain", "web/nginx2", "--wait", NULL), CTL_OK,
	       "web/nginx2: down -> drain\nweb/nginx2: empty\n", "");
	/* And when it was drained before. */
	expect(rig_run(&r, "backend", "drain", "web/nginx3", "--wait", NULL), CTL_OK,
	       "web/nginx3: already drained\nweb/nginx3: empty\n", "");
}

Test(drain, who_waits_learns_that_the_time_is_over)
{
	expect(rig_run(&r, "backend", "drain", "web/nginx3", "--wait", "--timeout", "1ms", NULL),
	       CTL_TIMED_OUT,
	       "web/nginx3: drain -> drain\n"
	       "web/nginx3: 0 slots in transition, 148 flows, 0s left\n",
	       "web/nginx3: its time is over\n");
}

Test(drain, overrides_are_listed)
{
	rig_run(&r, "backend", "maint", "web/nginx2", NULL);
	rig_run(&r, "backend", "weight", "web/nginx1", "50%", NULL);
	admin_get(&r.daemon.admin, "web", "gone")->weight = 7;
	expect(rig_run(&r, "show", "overrides", NULL), CTL_OK,
	       "BACKEND     STATE    FOR  LEFT  WEIGHT\n"
	       "web/nginx3  drain\n"
	       "web/nginx2  maint\n"
	       "web/nginx1  enabled                50%\n"
	       "web/gone    enabled                  7  not in the config\n",
	       "");
	cr_assert_eq(rig_run(&r, "show", "overrides", "--json", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "\"weight_percent\":50,"));
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "\n4 overrides: shunt show overrides\n"));
}

Test(drain, without_overrides_nothing_is_said)
{
	admin_free(&r.daemon.admin);
	expect(rig_run(&r, "show", "overrides", NULL), CTL_OK,
	       "nothing is said but what the config says\n", "");
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	cr_assert_null(strstr(buf_str(&r.out), "override"));
}

Test(duration, units_and_limits)
{
	uint64_t ms = 7;

	cr_assert_eq(duration_parse("0s", &ms), 0);
	cr_assert_eq(ms, 0);
	cr_assert_eq(duration_parse("1500ms", &ms), 0);
	cr_assert_eq(ms, 1500);
	cr_assert_eq(duration_parse("240h", &ms), 0);
	cr_assert_eq(ms, DURATION_MAX_MS);
	cr_assert_eq(duration_parse("99999999999999999999h", &ms), -EINVAL);
	cr_assert_eq(ms, DURATION_MAX_MS, "untouched");
}
