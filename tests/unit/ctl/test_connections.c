/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is connected with whom: as text, as JSON, and not more than anybody reads. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

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

TestSuite(connections, .init = setup, .fini = teardown);

/* clang-format off */
Test(connections, stand_in_a_table)
{
	r.daemon.conns = 2;
	cr_assert_eq(rig_run(&r, "show", "connections", NULL), CTL_OK);
	cr_assert_str_eq(buf_str(&r.out),
"PROTO  CLIENT               VIP                BACKEND     SERVER          SOURCE          STATE        IDLE\n"
"tcp    192.0.2.1:40000      192.0.2.1:443      web/nginx1  192.0.2.1:8443  192.0.2.1:1024  established  1m2s\n"
"udp    [2001:db8::1]:40001  [2001:db8::1]:443  web/nginx2  192.0.2.1:8443  192.0.2.1:1025  one-way      1m2s\n");
}

Test(connections, are_described)
{
	r.daemon.conns = 1;
	cr_assert_eq(rig_run(&r, "show", "connections", "--json", NULL), CTL_OK);
	cr_assert_str_eq(buf_str(&r.out),
"{\"schema\":1,\"ok\":true,\"data\":{\"total\":1,\"connections\":[{"
"\"service\":\"web\",\"backend\":\"nginx1\",\"protocol\":\"tcp\","
"\"client\":{\"address\":\"192.0.2.1\",\"port\":40000},"
"\"vip\":{\"address\":\"192.0.2.1\",\"port\":443},"
"\"server\":{\"address\":\"192.0.2.1\",\"port\":8443},"
"\"source\":{\"address\":\"192.0.2.1\",\"port\":1024},"
"\"state\":\"established\",\"idle_s\":62}],\"flow_backends\":0,\"flows\":[]}}\n");
}

/* Nobody can be named: those of other services are counted. */
Test(connections, of_the_flow_cache_are_counted)
{
	r.daemon.flows = 2;
	cr_assert_eq(rig_run(&r, "show", "connections", "web", NULL), CTL_OK);
	cr_assert_str_eq(buf_str(&r.out),
"BACKEND     OF     KEPT  CLOSING  <10s  <1m  <5m  <1h  LONGER\n"
"web/nginx1  flows  1239        6  1000  200   30    4       5\n"
"web/nginx2  flows  1240        6  1001  200   30    4       5\n"
"kept by the flow cache, by the time since their last packet; of a flow it has a hash and no\n"
"address: only connections of nat and fullnat can be listed\n");
}

Test(connections, of_the_flow_cache_are_described)
{
	r.daemon.flows = 1;
	cr_assert_eq(rig_run(&r, "show", "connections", "--json", NULL), CTL_OK);
	cr_assert_str_eq(buf_str(&r.out),
"{\"schema\":1,\"ok\":true,\"data\":{\"total\":0,\"connections\":[],\"flow_backends\":1,\"flows\":[{"
"\"service\":\"web\",\"backend\":\"nginx1\",\"of\":\"flows\",\"flows\":1239,\"closing\":6,\"idle\":["
"{\"below_s\":10,\"flows\":1000},{\"below_s\":60,\"flows\":200},{\"below_s\":300,\"flows\":30},"
"{\"below_s\":3600,\"flows\":4},{\"below_s\":null,\"flows\":5}]}]}}\n");
}
/* clang-format on */

Test(connections, and_flows_stand_one_below_the_other)
{
	r.daemon.conns = 1;
	r.daemon.flows = 1001;
	cr_assert_eq(rig_run(&r, "show", "connections", NULL), CTL_OK);
	cr_assert_eq(strncmp(buf_str(&r.out), "PROTO ", 6), 0);
	cr_assert_not_null(strstr(buf_str(&r.out), "  1m2s\n\nBACKEND "));
	cr_assert_not_null(strstr(buf_str(&r.out), "\nthe first 1000 of 1001 backends\n"));
}

Test(connections, are_a_thousand_at_most)
{
	r.daemon.conns = 1234567;
	cr_assert_eq(rig_run(&r, "show", "connections", "web", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "\nthe first 1000 of 1234567\n"));
}

Test(connections, of_one_service)
{
	r.daemon.conns = 5;
	cr_assert_eq(rig_run(&r, "show", "connections", "dns", NULL), CTL_OK);
	cr_assert_eq(strncmp(buf_str(&r.out), "no connections of nat or fullnat, ", 34), 0);
	cr_assert_eq(rig_run(&r, "show", "connections", "wob", NULL), CTL_NOT_FOUND);
	cr_assert_not_null(strstr(buf_str(&r.err), "did you mean \"web\"?"));
}

Test(connections, that_cannot_be_read)
{
	r.daemon.conns_err = -ENOMEM;
	cr_assert_eq(rig_run(&r, "show", "connections", NULL), CTL_FAILED);
	cr_assert_not_null(strstr(buf_str(&r.err), "cannot read the connections"));
	r.daemon.conns_err = 0;
	r.daemon.flows_err = -ENOMEM;
	cr_assert_eq(rig_run(&r, "show", "connections", NULL), CTL_FAILED);
	cr_assert_not_null(strstr(buf_str(&r.err), "cannot read the connections"));
}
