/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in limits of the firewall, and what is read. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/array.h"
#include "conf/conf.h"
#include "rows.h"

/* The caret counts from line 4. */
#define LIMITS QUIET "firewall: { rate_limit: [\n"
#define LIMIT(text) LIMITS "  { name: a, match: tcp_syn, " text " },\n] }\n"

static const struct row rows[] = {
	{
		"a limit without anything",
		LIMITS "  { },\n] }\n",
		"t.yaml:5:3: error: firewall.rate_limit[0]: \"name\" is missing\n"
		"  { },\n"
		"  ^\n"
		"t.yaml:5:3: error: firewall.rate_limit[0]: \"match\" is missing\n"
		"  { },\n"
		"  ^\n"
		"t.yaml:5:3: error: firewall.rate_limit[0]: \"rate\" is missing\n"
		"  { },\n"
		"  ^\n",
	},
	{
		"a rate without a time",
		LIMIT("rate: 200"),
		"t.yaml:5:36: error: firewall.rate_limit[0].rate: \"200\" needs a time: /s, /m or "
		"/h\n"
		"  { name: a, match: tcp_syn, rate: 200 },\n"
		"                                   ^~~\n",
	},
	{
		"a rate of days",
		LIMIT("rate: 200/d"),
		"t.yaml:5:36: error: firewall.rate_limit[0].rate: \"200/d\" is not a rate such as "
		"200/s, 10/m or 1/h\n"
		"  { name: a, match: tcp_syn, rate: 200/d },\n"
		"                                   ^~~~~\n",
	},
	{
		"no rate at all",
		LIMIT("rate: 0/s"),
		"t.yaml:5:36: error: firewall.rate_limit[0].rate: \"0/s\" is out of range: 1 to "
		"10000000\n"
		"  { name: a, match: tcp_syn, rate: 0/s },\n"
		"                                   ^~~\n",
	},
	{
		"a burst that the clock is too coarse for",
		LIMIT("rate: 100000/s, burst: 999"),
		"t.yaml:5:53: error: firewall.rate_limit[0].burst: 999 is less than what comes in "
		"10 "
		"ms at this rate, which is how exactly time is looked at: at least 1000\n"
		"  { name: a, match: tcp_syn, rate: 100000/s, burst: 999 },\n"
		"                                                    ^~~\n",
	},
	{
		"a burst that takes more than an hour",
		LIMIT("rate: 1/m, burst: 61"),
		"t.yaml:5:48: error: firewall.rate_limit[0].burst: 61 at this rate take longer "
		"than "
		"an hour, which is the longest that is remembered: at most 60\n"
		"  { name: a, match: tcp_syn, rate: 1/m, burst: 61 },\n"
		"                                               ^~\n",
	},
	{
		"the least and the largest burst",
		LIMITS "  { name: a, match: tcp_syn, rate: 100000/s, burst: 1000 },\n"
		       "  { name: b, match: tcp_syn, rate: 1/m, burst: 60 },\n"
		       "  { name: c, match: tcp_syn, rate: 10000000/h },\n"
		       "  { name: d, match: tcp_syn, rate: 10000000/s } ] }\n",
		"",
	},
	{
		"a prefix of what does not look at sources",
		LIMIT("by: service, prefix4: 24, rate: 1/s"),
		"t.yaml:5:52: error: firewall.rate_limit[0].prefix4: by: service does not look at "
		"sources\n"
		"  { name: a, match: tcp_syn, by: service, prefix4: 24, rate: 1/s },\n"
		"                                                   ^~\n",
	},
	{
		"two limits of one name",
		LIMITS "  { name: a, match: udp, rate: 1/s },\n"
		       "  { name: a, match: udp, rate: 2/s } ] }\n",
		"t.yaml:6:11: error: firewall.rate_limit[1].name: another limit is called \"a\" "
		"(line "
		"5)\n"
		"  { name: a, match: udp, rate: 2/s } ] }\n"
		"          ^\n",
	},
	{
		"icmp of a service",
		SERVICE "    firewall: { rate_limit: [{ name: a, match: icmp, rate: 1/s }] }\n",
		"t.yaml:8:48: error: services.web.firewall.rate_limit[0].match: icmp is of no "
		"service: limit it for all, in firewall.rate_limit\n"
		"    firewall: { rate_limit: [{ name: a, match: icmp, rate: 1/s }] }\n"
		"                                               ^~~~\n",
	},
	{
		"more limits than there may be",
		LIMITS "  { name: a, match: udp, rate: 1/s }, { name: b, match: udp, rate: 1/s },\n"
		       "  { name: c, match: udp, rate: 1/s }, { name: d, match: udp, rate: 1/s },\n"
		       "  { name: e, match: udp, rate: 1/s }, { name: f, match: udp, rate: 1/s },\n"
		       "  { name: g, match: udp, rate: 1/s }, { name: h, match: udp, rate: 1/s },\n"
		       "  { name: i, match: udp, rate: 1/s } ] }\n",
		"t.yaml:4:13: error: firewall.rate_limit: 9 limits, at most 8 are possible\n"
		"firewall: { rate_limit: [\n"
		"            ^~~~~~~~~~\n",
	},
	{
		"flags that are neither dropped nor passed",
		QUIET "firewall: { tcp_flags: deny }\n",
		"t.yaml:4:24: error: firewall.tcp_flags: unknown value \"deny\", known: drop or "
		"pass\n"
		"firewall: { tcp_flags: deny }\n"
		"                       ^~~~\n",
	},
};

Test(say_limit, exactly_this)
{
	rows_check(rows, array_len(rows));
}

Test(say_limit, reads_limits_of_all_services_and_of_one)
{
	struct conf *conf = rows_parse(
		SERVICE
		"    firewall: { rate_limit: [{ name: own, match: packets, by: service, rate: "
		"6/m }] }\n"
		"firewall:\n"
		"  tcp_flags: pass\n"
		"  rate_limit_memory: 1MiB\n"
		"  rate_limit:\n"
		"    - { name: one, match: tcp_syn, by: source, prefix4: 24, prefix6: 56, rate: "
		"200/s, burst: 400 }\n"
		"    - { name: two, match: icmp, rate: 3600/h }\n");
	const struct conf_limit *l = conf->firewall.limits.limits;

	cr_assert_eq(conf->firewall.limits.n, 2);
	cr_expect(conf->firewall.tcp_flags_pass);
	cr_expect(conf->firewall.is_written);
	cr_expect_eq(conf->firewall.limit_memory_bytes, 1 << 20);
	cr_expect_str_eq(l[0].name, "one");
	cr_expect_eq(l[0].match, CONF_LIMIT_TCP_SYN);
	cr_expect_eq(l[0].by, CONF_LIMIT_BY_SOURCE);
	cr_expect_eq(l[0].prefix4, 24);
	cr_expect_eq(l[0].prefix6, 56);
	cr_expect_eq(l[0].rate.count, 200);
	cr_expect_eq(l[0].rate.per_s, 1);
	cr_expect_eq(l[0].burst, 400);
	cr_expect_eq(l[1].match, CONF_LIMIT_ICMP);
	cr_expect_eq(l[1].prefix4, 32);
	cr_expect_eq(l[1].prefix6, 64);
	cr_expect_eq(l[1].rate.per_s, 3600);
	cr_expect_eq(l[1].burst, 3600, "as many as the rate says");
	l = conf->services[0].firewall.limits.limits;
	cr_assert_eq(conf->services[0].firewall.limits.n, 1);
	cr_expect_eq(l->by, CONF_LIMIT_BY_SERVICE);
	cr_expect_eq(l->match, CONF_LIMIT_PACKETS);
	cr_expect_eq(l->rate.per_s, 60);
	conf_free(conf);
}

Test(say_limit, has_no_firewall_where_nothing_is_written)
{
	struct conf *conf = rows_parse(QUIET);

	cr_expect_not(conf->firewall.is_written);
	cr_expect_eq(conf->firewall.limits.n, 0);
	conf_free(conf);
	conf = rows_parse(QUIET "firewall: { }\n");
	cr_expect(conf->firewall.is_written);
	cr_expect_not(conf->firewall.tcp_flags_pass);
	conf_free(conf);
}
