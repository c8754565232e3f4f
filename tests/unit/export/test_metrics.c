/* SPDX-License-Identifier: BSD-2-Clause */
/* The page, to the letter, and promtool's opinion of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../lib/snapshot_fixture.h"
#include "base/cleanup.h"
#include "export/export.h"
#include "export/prom.h"

static struct snapshot *snap;
static struct buf page;

static void setup(void)
{
	snap = fixture_snapshot();
}

static void teardown(void)
{
	snapshot_free(snap);
	buf_free(&page);
}

TestSuite(metrics, .init = setup, .fini = teardown);

/* The whole of family @name, its head included, is @want. */
static void expect_family(const char *name, const char *want)
{
	_cleanup_free_ char *head = NULL;
	const char *start, *end;

	cr_assert_gt(asprintf(&head, "# HELP %s ", name), 0);
	start = strstr(buf_str(&page), head);
	cr_assert_not_null(start, "no family %s", name);
	end = strstr(start + 1, "# HELP ") ?: start + strlen(start);
	cr_assert(strlen(want) == (size_t)(end - start) && !memcmp(start, want, end - start),
		  "%s is\n%.*s\nbut should be\n%s", name, (int)(end - start), start, want);
}

/* clang-format off */
Test(metrics, tell_about_the_daemon)
{
	metrics_write(snap, &page);
	expect_family("shunt_build_info",
		"# HELP shunt_build_info Version of the daemon and of the layout of its maps.\n"
		"# TYPE shunt_build_info gauge\n"
		"shunt_build_info{version=\"0.1.0\",abi=\"3\"} 1\n");
	expect_family("shunt_config_reloads_total",
		"# HELP shunt_config_reloads_total Reloads by how they ended.\n"
		"# TYPE shunt_config_reloads_total counter\n"
		"shunt_config_reloads_total{result=\"applied\"} 2\n"
		"shunt_config_reloads_total{result=\"refused\"} 1\n");
	expect_family("process_cpu_seconds_total",
		"# HELP process_cpu_seconds_total CPU time of the daemon; that of packets is not in it.\n"
		"# TYPE process_cpu_seconds_total counter\n"
		"process_cpu_seconds_total 1.25\n");
	expect_family("shunt_interface_xdp_attached",
		"# HELP shunt_interface_xdp_attached 1 if packets of the interface go through the XDP program, in this mode.\n"
		"# TYPE shunt_interface_xdp_attached gauge\n"
		"shunt_interface_xdp_attached{interface=\"eth0\",mode=\"native\"} 1\n"
		"shunt_interface_xdp_attached{interface=\"eth0\",mode=\"generic\"} 0\n"
		"shunt_interface_xdp_attached{interface=\"eth1\",mode=\"native\"} 0\n"
		"shunt_interface_xdp_attached{interface=\"eth1\",mode=\"generic\"} 1\n");
	expect_family("shunt_hops",
		"# HELP shunt_hops Next hops of backends by how they stand.\n"
		"# TYPE shunt_hops gauge\n"
		"shunt_hops{state=\"no-route\"} 1\n"
		"shunt_hops{state=\"resolving\"} 1\n"
		"shunt_hops{state=\"silent\"} 0\n"
		"shunt_hops{state=\"resolved\"} 1\n");
}

Test(metrics, tell_who_has_another_role)
{
	snap->services[0].backends[0].check_type = "mysql";
	snap->services[0].backends[1].check_type = "mysql";
	snap->services[0].backends[1].health.code = HEALTH_L7ROLE_CODE;
	metrics_write(snap, &page);
	expect_family("shunt_backend_other_role",
		"# HELP shunt_backend_other_role 1 if it is down for its role alone: a replica where the primary is wanted, or the reverse.\n"
		"# TYPE shunt_backend_other_role gauge\n"
		"shunt_backend_other_role{service=\"web\",backend=\"nginx1\"} 0\n"
		"shunt_backend_other_role{service=\"web\",backend=\"nginx2\"} 1\n");
}

Test(metrics, tell_about_slots_and_flows)
{
	metrics_write(snap, &page);
	expect_family("shunt_map_bytes",
		"# HELP shunt_map_bytes Memory of a map, as the kernel accounts for it.\n"
		"# TYPE shunt_map_bytes gauge\n"
		"shunt_map_bytes{map=\"shunt_slots\"} 524288\n"
		"shunt_map_bytes{map=\"shunt_flows\"} 4194624\n"
		"shunt_map_bytes{map=\"shunt_services\"} 5632\n");
	expect_family("shunt_slots",
		"# HELP shunt_slots Slots of all tables by state; all but the stable ones are in transition.\n"
		"# TYPE shunt_slots gauge\n"
		"shunt_slots{state=\"stable\"} 53453\n"
		"shunt_slots{state=\"migrating\"} 6000\n"
		"shunt_slots{state=\"pinning\"} 7000\n"
		"shunt_slots{state=\"pinned\"} 107\n");
	expect_family("shunt_tables",
		"# HELP shunt_tables Tables of slots, one a service.\n"
		"# TYPE shunt_tables gauge\n"
		"shunt_tables 2\n");
	expect_family("shunt_table_places",
		"# HELP shunt_table_places Places that these lie at: tables that hold the same share one.\n"
		"# TYPE shunt_table_places gauge\n"
		"shunt_table_places 2\n");
	expect_family("shunt_table_bytes",
		"# HELP shunt_table_bytes Memory of these places; what is in use of it competes for the processor's caches.\n"
		"# TYPE shunt_table_bytes gauge\n"
		"shunt_table_bytes 266240\n");
	expect_family("shunt_flow_cache_entries",
		"# HELP shunt_flow_cache_entries Flows that the flow cache keeps with their backend, when it was last swept.\n"
		"# TYPE shunt_flow_cache_entries gauge\n"
		"shunt_flow_cache_entries 2097\n");
	expect_family("shunt_flow_cache_capacity",
		"# HELP shunt_flow_cache_capacity Flows that the flow cache has room for.\n"
		"# TYPE shunt_flow_cache_capacity gauge\n"
		"shunt_flow_cache_capacity 524288\n");
	expect_family("shunt_flow_cache_bytes",
		"# HELP shunt_flow_cache_bytes Memory of the flow cache.\n"
		"# TYPE shunt_flow_cache_bytes gauge\n"
		"shunt_flow_cache_bytes 4194304\n");
}

Test(metrics, tell_about_connections)
{
	metrics_write(snap, &page);
	expect_family("shunt_conntrack_entries",
		"# HELP shunt_conntrack_entries Connections of nat and fullnat that are kept.\n"
		"# TYPE shunt_conntrack_entries gauge\n"
		"shunt_conntrack_entries 2100\n");
	expect_family("shunt_conntrack_capacity",
		"# HELP shunt_conntrack_capacity Connections of nat and fullnat that there is room for.\n"
		"# TYPE shunt_conntrack_capacity gauge\n"
		"shunt_conntrack_capacity 65535\n");
	expect_family("shunt_conntrack_bytes",
		"# HELP shunt_conntrack_bytes Memory of what keeps them.\n"
		"# TYPE shunt_conntrack_bytes gauge\n"
		"shunt_conntrack_bytes 12582912\n");
	expect_family("shunt_syn_flood",
		"# HELP shunt_syn_flood 1 while SYNs are answered by cookies because there are too many.\n"
		"# TYPE shunt_syn_flood gauge\n"
		"shunt_syn_flood 0\n");
	expect_family("shunt_conntrack_entries_by_state",
		"# HELP shunt_conntrack_entries_by_state Connections of nat and fullnat by state, when they were last swept.\n"
		"# TYPE shunt_conntrack_entries_by_state gauge\n"
		"shunt_conntrack_entries_by_state{state=\"opening\"} 10\n"
		"shunt_conntrack_entries_by_state{state=\"established\"} 2000\n"
		"shunt_conntrack_entries_by_state{state=\"closing\"} 20\n"
		"shunt_conntrack_entries_by_state{state=\"closed\"} 30\n"
		"shunt_conntrack_entries_by_state{state=\"one-way\"} 15\n"
		"shunt_conntrack_entries_by_state{state=\"replied\"} 25\n");
	expect_family("shunt_nat_ports_used",
		"# HELP shunt_nat_ports_used Ports of the pool of fullnat in use, added up over the addresses of servers.\n"
		"# TYPE shunt_nat_ports_used gauge\n"
		"shunt_nat_ports_used 2000\n");
	expect_family("shunt_nat_ports_capacity",
		"# HELP shunt_nat_ports_capacity Ports of the pool, once for each address of a server.\n"
		"# TYPE shunt_nat_ports_capacity gauge\n"
		"shunt_nat_ports_capacity 192000\n");
	expect_family("shunt_nat_ports_used_ratio_max",
		"# HELP shunt_nat_ports_used_ratio_max Part of the ports in use to the address that has most of them; at 1 it takes no more connections.\n"
		"# TYPE shunt_nat_ports_used_ratio_max gauge\n"
		"shunt_nat_ports_used_ratio_max 0.025\n");
}

Test(metrics, tell_about_services)
{
	metrics_write(snap, &page);
	expect_family("shunt_service_backends_usable",
		"# HELP shunt_service_backends_usable Backends that take flows: healthy, not drained, weight above 0.\n"
		"# TYPE shunt_service_backends_usable gauge\n"
		"shunt_service_backends_usable{service=\"web\"} 1\n"
		"shunt_service_backends_usable{service=\"dns\"} 0\n");
	expect_family("shunt_service_bytes_total",
		"# HELP shunt_service_bytes_total Bytes of these packets as they came in, Ethernet header included.\n"
		"# TYPE shunt_service_bytes_total counter\n"
		"shunt_service_bytes_total{service=\"web\"} 9876544210\n"
		"shunt_service_bytes_total{service=\"dns\"} 0\n");
	expect_family("shunt_service_slots",
		"# HELP shunt_service_slots Slots of the service's table.\n"
		"# TYPE shunt_service_slots gauge\n"
		"shunt_service_slots{service=\"web\"} 65536\n"
		"shunt_service_slots{service=\"dns\"} 1024\n");
	expect_family("shunt_service_slots_moving",
		"# HELP shunt_service_slots_moving Slots of the service that are in transition.\n"
		"# TYPE shunt_service_slots_moving gauge\n"
		"shunt_service_slots_moving{service=\"web\"} 13107\n"
		"shunt_service_slots_moving{service=\"dns\"} 0\n");
}

Test(metrics, tell_about_backends)
{
	metrics_write(snap, &page);
	expect_family("shunt_backend_info",
		"# HELP shunt_backend_info Address of the backend, to be joined by name.\n"
		"# TYPE shunt_backend_info gauge\n"
		"shunt_backend_info{service=\"web\",backend=\"nginx1\",address=\"192.0.2.11\"} 1\n"
		"shunt_backend_info{service=\"web\",backend=\"nginx2\",address=\"192.0.2.12\"} 1\n"
		"shunt_backend_info{service=\"web\",backend=\"nginx3\",address=\"192.0.2.13\"} 1\n"
		"shunt_backend_info{service=\"dns\",backend=\"ns1\",address=\"192.0.2.53\"} 1\n");
	/* A drained backend that passes its checks is up: it is its weight that is 0. */
	expect_family("shunt_backend_up",
		"# HELP shunt_backend_up 1 if the backend passes its health check; whether it takes flows is its effective weight.\n"
		"# TYPE shunt_backend_up gauge\n"
		"shunt_backend_up{service=\"web\",backend=\"nginx1\"} 1\n"
		"shunt_backend_up{service=\"web\",backend=\"nginx2\"} 0\n"
		"shunt_backend_up{service=\"web\",backend=\"nginx3\"} 1\n"
		"shunt_backend_up{service=\"dns\",backend=\"ns1\"} 0\n");
	expect_family("shunt_backend_packets_total",
		"# HELP shunt_backend_packets_total Packets sent to the backend.\n"
		"# TYPE shunt_backend_packets_total counter\n"
		"shunt_backend_packets_total{service=\"web\",backend=\"nginx1\"} 12345678\n"
		"shunt_backend_packets_total{service=\"web\",backend=\"nginx2\"} 999\n"
		"shunt_backend_packets_total{service=\"web\",backend=\"nginx3\"} 0\n"
		"shunt_backend_packets_total{service=\"dns\",backend=\"ns1\"} 0\n");
	expect_family("shunt_backend_flows",
		"# HELP shunt_backend_flows Flows that the flow cache keeps with the backend, when it was last swept.\n"
		"# TYPE shunt_backend_flows gauge\n"
		"shunt_backend_flows{service=\"web\",backend=\"nginx1\"} 0\n"
		"shunt_backend_flows{service=\"web\",backend=\"nginx2\"} 0\n"
		"shunt_backend_flows{service=\"web\",backend=\"nginx3\"} 148\n"
		"shunt_backend_flows{service=\"dns\",backend=\"ns1\"} 0\n");
	expect_family("shunt_backend_connections",
		"# HELP shunt_backend_connections Connections of the backend now, where its service counts them.\n"
		"# TYPE shunt_backend_connections gauge\n"
		"shunt_backend_connections{service=\"web\",backend=\"nginx1\"} 12\n"
		"shunt_backend_connections{service=\"web\",backend=\"nginx2\"} 1\n");
	expect_family("shunt_backend_connections_limit",
		"# HELP shunt_backend_connections_limit Connections that the backend may have; 0 without a limit.\n"
		"# TYPE shunt_backend_connections_limit gauge\n"
		"shunt_backend_connections_limit{service=\"web\",backend=\"nginx1\"} 100\n"
		"shunt_backend_connections_limit{service=\"web\",backend=\"nginx2\"} 0\n");
	expect_family("shunt_backend_connections_total",
		"# HELP shunt_backend_connections_total Connections that were opened to the backend.\n"
		"# TYPE shunt_backend_connections_total counter\n"
		"shunt_backend_connections_total{service=\"web\",backend=\"nginx1\"} 3400\n"
		"shunt_backend_connections_total{service=\"web\",backend=\"nginx2\"} 0\n");
	expect_family("shunt_health_checks_total",
		"# HELP shunt_health_checks_total Probes by how they ended.\n"
		"# TYPE shunt_health_checks_total counter\n"
		"shunt_health_checks_total{service=\"web\",backend=\"nginx1\",type=\"http\",result=\"failed\"} 2\n"
		"shunt_health_checks_total{service=\"web\",backend=\"nginx1\",type=\"http\",result=\"passed\"} 1000\n"
		"shunt_health_checks_total{service=\"web\",backend=\"nginx2\",type=\"http\",result=\"failed\"} 7\n"
		"shunt_health_checks_total{service=\"web\",backend=\"nginx2\",type=\"http\",result=\"passed\"} 100\n"
		"shunt_health_checks_total{service=\"web\",backend=\"nginx3\",type=\"http\",result=\"failed\"} 0\n"
		"shunt_health_checks_total{service=\"web\",backend=\"nginx3\",type=\"http\",result=\"passed\"} 5\n"
		"shunt_health_checks_total{service=\"dns\",backend=\"ns1\",type=\"tcp\",result=\"failed\"} 0\n"
		"shunt_health_checks_total{service=\"dns\",backend=\"ns1\",type=\"tcp\",result=\"passed\"} 0\n");
}
/* clang-format on */

/* The value of the one sample that starts with @series. */
static double value_of(const char *series)
{
	const char *at = strstr(buf_str(&page), series);

	cr_assert_not_null(at, "no %s", series);
	return strtod(at + strlen(series), NULL);
}

Test(metrics, have_every_reason_from_the_start)
{
	char series[128];

	metrics_write(snap, &page);
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++) {
		bool drop = !strcmp(reason_action(r), "drop");

		snprintf(series, sizeof(series),
			 "\nshunt_packets_total{reason=\"%s\",action=\"%s\"} ", reason_label(r),
			 reason_action(r));
		cr_assert_eq(value_of(series), snap->reasons[r]);
		snprintf(series, sizeof(series), "\nshunt_dropped_packets_total{reason=\"%s\"} ",
			 reason_label(r));
		cr_assert_eq(strstr(buf_str(&page), series) != NULL, drop, "%s", series);
	}
}

Test(metrics, sum_up_the_histogram)
{
	double last = 0;
	char series[128];

	metrics_write(snap, &page);
	for (size_t i = 0; i < HEALTH_BUCKETS; i++) {
		snprintf(series, sizeof(series),
			 "\nshunt_health_check_duration_seconds_bucket{service=\"web\",le=\"%g\"} ",
			 health_bucket_us[i] / 1e6);
		cr_assert_geq(value_of(series), last);
		last = value_of(series);
	}
	/* The fixture: 990 + 107 in the first bucket, 10 in the next, 5 in the fourth, 2 beyond. */
	cr_assert_eq(last, 1112);
	cr_assert_eq(value_of("_seconds_bucket{service=\"web\",le=\"+Inf\"} "), 1114);
	cr_assert_eq(value_of("_seconds_count{service=\"web\"} "), 1114);
	cr_assert_float_eq(value_of("_seconds_sum{service=\"web\"} "), 1.657, 1e-9);
}

Test(metrics, put_a_backend_in_exactly_one_state)
{
	static const char *const want[][2] = { { "nginx1", "up" },
					       { "nginx2", "down" },
					       { "nginx3", "drain" },
					       { "ns1", "unknown" } };
	static const char *const states[] = { "up", "down", "unknown", "drain" };
	char series[128];

	metrics_write(snap, &page);
	for (size_t i = 0; i < array_len(want); i++)
		for (size_t j = 0; j < array_len(states); j++) {
			snprintf(series, sizeof(series), "backend=\"%s\",state=\"%s\"} ",
				 want[i][0], states[j]);
			cr_assert_eq(value_of(series), !strcmp(want[i][1], states[j]), "%s",
				     series);
		}
}

Test(metrics, leave_backends_out_where_the_config_says_so)
{
	struct conf conf = fixture_conf;

	conf.metrics_per_backend = false;
	snap->conf = &conf;
	metrics_write(snap, &page);
	cr_assert_null(strstr(buf_str(&page), "backend=\""));
	cr_assert_null(strstr(buf_str(&page), "shunt_backend_"));
	cr_assert_eq(value_of("\nshunt_service_up{service=\"web\"} "), 1);
	cr_assert_eq(value_of("_seconds_count{service=\"web\"} "), 1114);
}

Test(metrics, escape_what_has_a_meaning)
{
	prom_int(&page, "x", PROM_LABELS({ "a", "q\"b\\c\nd" }, { "b", "" }), 7);
	cr_assert_str_eq(buf_str(&page), "x{a=\"q\\\"b\\\\c\\nd\",b=\"\"} 7\n");
}

Test(metrics, write_numbers_without_rounding_them)
{
	prom_int(&page, "x", NULL, UINT64_MAX);
	prom_float(&page, "y", NULL, 1700000000.5);
	cr_assert_str_eq(buf_str(&page), "x 18446744073709551615\ny 1700000000.5\n");
}

/* What promtool says of the page, in @said. Return: its exit code; 127: not there. */
static int run_promtool(struct buf *said)
{
	char path[] = P_tmpdir "/shunt-metrics.XXXXXX", line[512];
	int fd = mkstemp(path), status;
	FILE *pipe;

	cr_assert_eq(write(fd, page.data, page.len), (ssize_t)page.len);
	close(fd);
	snprintf(line, sizeof(line), "promtool check metrics <%s 2>&1", path);
	pipe = popen(line, "r");
	cr_assert_not_null(pipe);
	while (fgets(line, sizeof(line), pipe))
		buf_puts(said, line);
	status = pclose(pipe);
	unlink(path);
	return WEXITSTATUS(status);
}

Test(metrics, content_promtool)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	int code;

	metrics_write(snap, &page);
	code = run_promtool(&said);
	if (code == 127)
		cr_skip("no promtool: install the package prometheus");
	cr_assert(!code && !said.len, "promtool: exit %d: %s", code, buf_str(&said));
}

/* That promtool finds anything at all is part of the test above. */
Test(metrics, promtool_finds_what_is_wrong)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	int code;

	prom_family(&page, "shunt_bad", "counter", "A counter without its ending.");
	prom_int(&page, "shunt_bad", NULL, 1);
	code = run_promtool(&said);
	if (code == 127)
		cr_skip("no promtool: install the package prometheus");
	cr_assert(code && said.len);
}
