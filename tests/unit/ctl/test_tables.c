/* SPDX-License-Identifier: BSD-2-Clause */
/* What people see, to the letter: from the socket to the table. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
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

TestSuite(tables, .init = setup, .fini = teardown);

static void expect_text(const char *want)
{
	cr_assert_str_eq(buf_str(&r.out), want);
	cr_assert_str_eq(buf_str(&r.err), "");
}

/* clang-format off */
#define SERVICES \
	"SERVICE  VIP:PORT                     FORWARD  SCHEDULER   UP/ALL  PACKETS  BYTES  STATE\n" \
	"web      203.0.113.10:80,443/tcp      direct   consistent     1/3    12.3M  9.9GB  degraded\n" \
	"         [2001:db8::10]:80,443/tcp\n" \
	"dns      203.0.113.53:53/udp,any/tcp  ipip     maglev         0/1        0     0B  down\n"

Test(tables, status_is_what_comes_without_a_command)
{
	static const char want[] =
		"shuntd 0.1.0, pid 4711, up 2h1m, 5.2MB of memory\n"
		"config /etc/shunt/shunt.yaml, loaded 45s ago, 2 reloads, 1 refused\n"
		"interface eth0: native, beside other programs\n"
		"interface eth1: GENERIC (slow)\n"
		"13107 slots in transition: 6000 migrating, 7000 pinning, 107 pinned\n"
		"connections: 2100 of 65535 (3.2%), 12MiB\n"
		"ports of the pool: 2000 of 192000 in use, 2.5% to the server that has most\n"
		"1 override: shunt show overrides\n"
		"\n" SERVICES;

	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	expect_text(want);
	cr_assert_eq(rig_run_as(&r, &(struct cli){ 0 }, NULL, 0), CTL_OK);
	expect_text(want);
}

Test(tables, service_list)
{
	cr_assert_eq(rig_run(&r, "service", "list", NULL), CTL_OK);
	expect_text(SERVICES);
}

Test(tables, service_show)
{
	cr_assert_eq(rig_run(&r, "service", "show", "web", NULL), CTL_OK);
	expect_text(
"SERVICE  VIP:PORT                   FORWARD  SCHEDULER   UP/ALL  PACKETS  BYTES  STATE\n"
"web      203.0.113.10:80,443/tcp    direct   consistent     1/3    12.3M  9.9GB  degraded\n"
"         [2001:db8::10]:80,443/tcp\n"
"65536 slots, 13107 in transition\n"
"\n"
"BACKEND  ADDRESS     STATE                        FOR   WEIGHT   SHARE  PACKETS  BYTES  PASSED  FAILED  LAST CHECK\n"
"nginx1   192.0.2.11  up, 12 of 100 connections   3d4h  100/100  100.0%    12.3M  9.9GB    1.0k       2  http 200 1.1ms\n"
"nginx2   192.0.2.12  down, 1 connection         5m12s    0/100    0.0%      999  1.0kB     100       7  http 503 850us\n"
"nginx3   192.0.2.13  drain, 148 flows                     0/50    0.0%        0     0B       5       0  http 200 2.0s\n");
}

Test(tables, service_show_tells_who_shares_the_table)
{
	r.daemon.sharing = 40;
	cr_assert_eq(rig_run(&r, "service", "show", "dns", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "\n1024 slots, shared by 40 services\n"));
}

#define BACKENDS_DNS \
"dns          203.0.113.53:53/udp,any/tcp  down 0/1                                         0     0B  maglev\n" \
"  -> ns1     192.0.2.53                   unknown                               0/1        0     0B  not probed yet\n"

Test(tables, backend_list)
{
	cr_assert_eq(rig_run(&r, "backend", "list", NULL), CTL_OK);
	expect_text(
"SERVICE      VIP:PORT                     STATE                        FOR   WEIGHT  PACKETS  BYTES  SCHEDULER, LAST CHECK\n"
"web          203.0.113.10:80,443/tcp      degraded 1/3                                 12.3M  9.9GB  consistent\n"
"             [2001:db8::10]:80,443/tcp\n"
"  -> nginx1  192.0.2.11                   up, 12 of 100 connections   3d4h  100/100    12.3M  9.9GB  http 200 1.1ms\n"
"  -> nginx2  192.0.2.12                   down, 1 connection         5m12s    0/100      999  1.0kB  http 503 850us\n"
"  -> nginx3  192.0.2.13                   drain, 148 flows                     0/50        0     0B  http 200 2.0s\n"
BACKENDS_DNS);
}

/* Who is usable and gets nothing, and who gets flows all the same. */
Test(tables, backend_list_tells_who_stands_by)
{
	r.daemon.is_upside_down = true;
	cr_assert_eq(rig_run(&r, "backend", "list", "web", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "  up, standby, 12 of 100 connections "));
	cr_assert_not_null(strstr(buf_str(&r.out), "    0/100 "));
	cr_assert_not_null(strstr(buf_str(&r.out), "  down, in use, 1 connection "));
	cr_assert_not_null(strstr(buf_str(&r.out), "  100/100 "));
	cr_assert_not_null(strstr(buf_str(&r.out), "  drain, 148 flows "));
}

Test(tables, backend_list_of_one_service)
{
	cr_assert_eq(rig_run(&r, "backend", "list", "dns", NULL), CTL_OK);
	expect_text(
"SERVICE   VIP:PORT                     STATE     FOR  WEIGHT  PACKETS  BYTES  SCHEDULER, LAST CHECK\n"
"dns       203.0.113.53:53/udp,any/tcp  down 0/1                     0     0B  maglev\n"
"  -> ns1  192.0.2.53                   unknown           0/1        0     0B  not probed yet\n");
}

Test(tables, show_stats)
{
	cr_assert_eq(rig_run(&r, "show", "stats", NULL), CTL_OK);
	expect_text(
"SERVICE       PACKETS       BYTES  SLOTS   SHARE\n"
"web          12346677  9876544210  65536\n"
"  -> nginx1  12345678  9876543210  65536  100.0%\n"
"  -> nginx2       999        1000      0    0.0%\n"
"  -> nginx3         0           0      0    0.0%\n"
"dns                 0           0   1024\n"
"  -> ns1            0           0      0    0.0%\n");
}

Test(tables, show_drops)
{
	cr_assert_eq(rig_run(&r, "show", "drops", NULL), CTL_OK);
	expect_text(
"REASON       ACTION   PACKETS  MEANING\n"
"no_backend   drop         300  no backend of the service is usable\n"
"fragment     drop           5  for a VIP, but a fragment\n"
"forwarded    tx      12346677  sent to a backend by the interface it came in\n"
"not_service  pass          21  no virtual service has this address and port\n");
}

Test(tables, show_config)
{
	cr_assert_eq(rig_run(&r, "show", "config", NULL), CTL_OK);
	expect_text(
"file /etc/shunt/shunt.yaml\n"
"socket /run/shunt/shunt.sock\n"
"group shunt-admin\n"
"state directory /var/lib/shunt\n"
"metrics at 127.0.0.1:9924\n"
"on stop keep\n"
"slots a table auto\n"
"flow cache 4MiB, early 60s, idle 300s\n"
"icmp 1000 answers a second and CPU\n"
"interface eth0, mode auto\n"
"interface eth1, mode generic\n"
"\n"
"service web: 203.0.113.10, 2001:db8::10 ports 80/tcp, 443/tcp, forward direct, scheduler consistent, when_all_down drop, udp keep, track false, slots 65536\n"
"  check http port 8080 path /healthz status 200-299,304, every 2s (1s changing, 5s down), timeout 500ms, rise 2, fall 3\n"
"  -> nginx1  192.0.2.11,2001:db8::11  weight 100\n"
"  -> nginx2  192.0.2.12               weight 100\n"
"  -> nginx3  192.0.2.13               weight 50   check http port 8080 path /healthz status 200-299,304, every 2s (1s changing, 5s down), timeout 2.5s, rise 2, fall 3\n"
"\n"
"service dns: 203.0.113.53 ports 53/udp, any/tcp, forward ipip, scheduler maglev, when_all_down drop, udp move, track false\n"
"  check none\n"
"  -> ns1  192.0.2.53  weight 1\n");
}

Test(tables, show_maps)
{
	cr_assert_eq(rig_run(&r, "show", "maps", NULL), CTL_OK);
	expect_text(
"MAP             TYPE   ENTRIES  MEMORY\n"
"shunt_slots     array     8192  512KiB\n"
"shunt_flows     array    65536  4.0MiB\n"
"shunt_services  hash        64  5.5KiB\n"
"pinned in /sys/fs/bpf/shunt/v3\n"
"\n"
"flow cache: 2097 of 524288 entries live (0.4%), 4MiB\n"
"connections: 2100 of 65535 (3.2%), 12MiB\n"
"ports of the pool: 2000 of 192000 in use, 2.5% to the server that has most\n"
"tables: 2 at 2 places, 260KiB of 512KiB\n"
"slots: 53453 stable, 6000 migrating, 7000 pinning, 107 pinned\n");
}

Test(tables, show_maps_as_json)
{
	cr_assert_eq(rig_run(&r, "show", "maps", "--json", NULL), CTL_OK);
	expect_text(
"{\"schema\":1,\"ok\":true,\"data\":{\"pin_dir\":\"/sys/fs/bpf/shunt/v3\",\"maps\":["
"{\"name\":\"shunt_slots\",\"type\":\"array\",\"entries\":8192,\"bytes\":524288},"
"{\"name\":\"shunt_flows\",\"type\":\"array\",\"entries\":65536,\"bytes\":4194624},"
"{\"name\":\"shunt_services\",\"type\":\"hash\",\"entries\":64,\"bytes\":5632}],"
"\"flows\":{\"live\":2097,\"capacity\":524288,\"bytes\":4194304},"
"\"conntrack\":{\"entries\":2100,\"capacity\":65535,\"bytes\":12582912,\"states\":{"
"\"opening\":10,\"established\":2000,\"closing\":20,\"closed\":30,\"one-way\":15,\"replied\":25},"
"\"ports_used\":2000,\"ports_capacity\":192000,\"ports_most\":1600,\"ports_each\":64000,\"syn_flood\":false},"
"\"tables\":{\"tables\":2,\"places\":2,\"bytes\":266240,\"bytes_total\":524288},"
"\"slots\":{\"stable\":53453,\"migrating\":6000,\"pinning\":7000,\"pinned\":107}}}\n");
}

static const char neighbors[] =
"ADDRESS     VIA        INTERFACE  MAC                 MTU  STATE\n"
"192.0.2.11             eth1       02:00:00:00:00:11  1500  resolved\n"
"192.0.2.12  192.0.2.1  eth1                          1500  resolving\n"
"192.0.2.53                                                 no-route\n";
/* clang-format on */

Test(tables, show_neighbors_in_both_spellings)
{
	cr_assert_eq(rig_run(&r, "show", "neighbors", NULL), CTL_OK);
	expect_text(neighbors);
	cr_assert_eq(rig_run(&r, "show", "neighbours", NULL), CTL_OK);
	expect_text(neighbors);
}

Test(tables, show_all_reasons)
{
	size_t lines = 0;

	cr_assert_eq(rig_run(&r, "show", "drops", "--all", NULL), CTL_OK);
	for (const char *p = buf_str(&r.out); *p; p++)
		lines += *p == '\n';
	cr_assert_eq(lines, 1 + SHUNT_REASONS - 1);
}

Test(tables, health_says_and_exits)
{
	cr_assert_eq(rig_run(&r, "health", NULL), CTL_NOT_FOUND);
	expect_text("web: degraded, 1 of 3 backends usable\n"
		    "dns: down, 0 of 1 backends usable\n");
	cr_assert_eq(rig_run(&r, "health", "--quiet", NULL), CTL_NOT_FOUND);
	expect_text("");
	cr_assert_eq(rig_run(&r, "--json", "health", NULL), CTL_NOT_FOUND);
}

Test(tables, version_of_both)
{
	cr_assert_eq(rig_run(&r, "version", NULL), CTL_OK);
	expect_text("shunt " SHUNT_VERSION "\nshuntd 0.1.0\n");
	cr_assert_eq(rig_run(&r, "--version", NULL), CTL_OK);
	expect_text("shunt " SHUNT_VERSION "\nshuntd 0.1.0\n");
}

Test(tables, have_colours_only_where_they_are_wanted)
{
	static const char *const words[] = { "status" };
	struct cli cli = { .color = true };

	rig_run_as(&r, &cli, words, 1);
	cr_assert_not_null(strstr(buf_str(&r.out), "interface eth0: \033[32mnative\033[0m"));
	cr_assert_not_null(strstr(buf_str(&r.out), "\033[31mGENERIC (slow)\033[0m"));
	cr_assert_not_null(strstr(buf_str(&r.out), "\033[33mdegraded\033[0m\n"));
	rig_run(&r, "status", NULL);
	cr_assert_null(strchr(buf_str(&r.out), '\033'));
}

/* Columns are where they were: escape sequences take no room. */
Test(tables, align_with_colours_as_without)
{
	static const char *const words[] = { "backend", "list" };
	_cleanup_(buf_free) struct buf bare = { 0 };
	struct cli cli = { .color = true };

	rig_run_as(&r, &cli, words, 2);
	for (const char *p = buf_str(&r.out); *p; p++) {
		if (*p == '\033')
			p = strchr(p, 'm');
		else
			buf_add(&bare, p, 1);
	}
	rig_run(&r, "backend", "list", NULL);
	cr_assert_str_eq(buf_str(&bare), buf_str(&r.out));
}

Test(tables, json_is_the_answer_as_it_came)
{
	cr_assert_eq(rig_run(&r, "service", "list", "--json", NULL), CTL_OK);
	expect_text("{\"schema\":1,\"ok\":true,\"data\":{\"services\":["
		    "{\"name\":\"web\",\"vips\":[\"203.0.113.10\",\"2001:db8::10\"],"
		    "\"ports\":[{\"port\":80,\"protocol\":\"tcp\"},"
		    "{\"port\":443,\"protocol\":\"tcp\"}],"
		    "\"forward\":\"direct\",\"scheduler\":\"consistent\",\"state\":\"degraded\","
		    "\"backends_total\":3,\"backends_usable\":1,\"rival_primaries\":[],\"slots\":"
		    "65536,\"sharing\":1,"
		    "\"slots_moving\":13107,"
		    "\"packets\":12346677,\"bytes\":9876544210},"
		    "{\"name\":\"dns\",\"vips\":[\"203.0.113.53\"],"
		    "\"ports\":[{\"port\":53,\"protocol\":\"udp\"},"
		    "{\"port\":0,\"protocol\":\"tcp\"}],"
		    "\"forward\":\"ipip\",\"scheduler\":\"maglev\",\"state\":\"down\","
		    "\"backends_total\":1,\"backends_usable\":0,\"rival_primaries\":[],\"slots\":"
		    "1024,\"sharing\":1,"
		    "\"slots_moving\":0,"
		    "\"packets\":0,\"bytes\":0}]}}\n");
}

Test(tables, json_has_every_field_of_a_backend)
{
	cr_assert_eq(rig_run(&r, "--json", "backend", "list", "dns", NULL), CTL_OK);
	cr_assert_not_null(
		strstr(buf_str(&r.out),
		       "\"backends\":[{\"name\":\"ns1\",\"id\":4,\"address\":\"192.0.2.53\","
		       "\"admin\":\"enabled\",\"state\":\"unknown\",\"usable\":false,"
		       "\"weight\":1,\"effective_weight\":0,\"slots\":0,\"flows\":0,"
		       "\"connections\":null,"
		       "\"packets\":0,\"bytes\":0,\"check\":{\"type\":\"tcp\",\"state\":"
		       "\"unknown\","
		       "\"since\":0,\"code\":\"NONE\",\"reason\":\"not probed yet\","
		       "\"detail\":\"\",\"duration_us\":0,\"passed\":0,\"failed\":0},"
		       "\"drain\":null,\"warmth_percent\":0,"
		       "\"port\":0,\"max_connections\":0}]"),
		"%s", buf_str(&r.out));
}
