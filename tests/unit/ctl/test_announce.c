/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt announce, show announcements, and what else tells of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "rig.h"

static struct rig r;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
	r.daemon.ha = (struct conf_ha){
		.announce = CONF_ANNOUNCE_ROUTES,
		.routes = { .table = 250, .protocol = 233, .drain_metric = 4096 },
		.vrrp_file = "/run/shunt.vrrp",
	};
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(announce, .init = setup, .fini = teardown);

static void expect(enum ctl_exit code, enum ctl_exit want, const char *out, const char *err)
{
	cr_expect_eq(code, want, "exit %d, not %d", code, want);
	cr_expect_str_eq(buf_str(&r.out), out);
	cr_expect_str_eq(buf_str(&r.err), err);
}

static bool says(const char *text)
{
	return strstr(buf_str(&r.out), text);
}

Test(announce, what_is_told_and_what_not)
{
	expect(rig_run(&r, "show", "announcements", NULL), CTL_OK,
	       "ADDRESS       STATE        FOR\n"
	       "203.0.113.10  announced     1h\n"
	       "2001:db8::10  withdrawn  5m12s  web: 1 usable, min_healthy 2\n"
	       "198.51.100.1  announced     2h  but not there (see the log)\n"
	       "by routes: table 250, protocol 233, metric 0, drained 4096\n",
	       "");
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	cr_expect(says("\nannounced by routes: NOT ALL, 1 of 2 VIPs\n"));
	cr_assert_eq(rig_run(&r, "show", "announcements", "--json", NULL), CTL_OK);
	cr_expect(says("\"method\":\"routes\""));
	cr_expect(says("\"kind\":\"pool\""));
}

Test(announce, what_waits_says_for_whom)
{
	r.daemon.is_held = true;
	cr_assert_eq(rig_run(&r, "show", "announcements", NULL), CTL_OK);
	cr_expect(says("waiting       2h  peers have not told yet what they have, not announced\n"),
		  "%s", buf_str(&r.out));
	cr_assert_eq(rig_run(&r, "show", "announcements", "--json", NULL), CTL_OK);
	cr_expect(says("\"waits_for\":\"peers\""));
}

Test(announce, drain_and_resume)
{
	expect(rig_run(&r, "announce", "drain", NULL), CTL_OK,
	       "this balancer: announced -> drained\n", "");
	expect(rig_run(&r, "announce", "drain", NULL), CTL_OK, "this balancer: already drained\n",
	       "");
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	cr_expect(says(", DRAINED\n"));
	cr_expect(says("\n2 overrides: shunt show overrides\n"));
	cr_assert_eq(rig_run(&r, "show", "overrides", NULL), CTL_OK);
	cr_expect(says("\nthis balancer is drained for 1m"));
	cr_assert_eq(rig_run(&r, "show", "announcements", NULL), CTL_OK);
	cr_expect(says("\ndrained for 1m"));
	expect(rig_run(&r, "announce", "resume", NULL), CTL_OK,
	       "this balancer: drained -> announced\n", "");
	expect(rig_run(&r, "announce", "resume", NULL), CTL_OK,
	       "this balancer: already announced\n", "");
}

Test(announce, by_keepalived)
{
	r.daemon.ha.announce = CONF_ANNOUNCE_VRRP_FILE;
	cr_assert_eq(rig_run(&r, "show", "announcements", NULL), CTL_OK);
	cr_expect(says("\nby keepalived: /run/shunt.vrrp\n"));
}

Test(announce, nothing_is_told)
{
	r.daemon.ha.announce = CONF_ANNOUNCE_NONE;
	expect(rig_run(&r, "show", "announcements", NULL), CTL_OK,
	       "this balancer announces nothing (ha.announce: none)\n", "");
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	cr_expect_not(says("announced"));
	r.daemon.announce_err = -ENOENT;
	expect(rig_run(&r, "announce", "drain", NULL), CTL_FAILED, "",
	       "this balancer announces nothing (ha.announce: none)\n");
	r.daemon.announce_err = -EIO;
	cr_expect_eq(rig_run(&r, "announce", "drain", NULL), CTL_FAILED);
}
