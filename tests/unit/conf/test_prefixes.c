/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of prefixes: what is read of them in the config, and what is said. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"an address that is none",
		QUIET "firewall: { deny: [198.51.100.0/24, 10.0.0/8] }\n",
		"t.yaml:4:37: error: firewall.deny[1]: \"10.0.0/8\" is not a prefix such as "
		"192.0.2.0/24 or 2001:db8::/32\n"
		"firewall: { deny: [198.51.100.0/24, 10.0.0/8] }\n"
		"                                    ^~~~~~~~\n",
	},
	{
		"bits behind the prefix",
		QUIET "firewall: { allow: 192.0.2.17/28 }\n",
		"t.yaml:4:20: error: firewall.allow: \"192.0.2.17/28\" has bits behind its "
		"length: is 192.0.2.16/28 meant?\n"
		"firewall: { allow: 192.0.2.17/28 }\n"
		"                   ^~~~~~~~~~~~~\n",
	},
	{
		"too long",
		SERVICE "    firewall: { deny: [0.0.0.0/33] }\n",
		"t.yaml:8:24: error: services.web.firewall.deny[0]: \"0.0.0.0/33\" is too long: "
		"there are 32 bits\n"
		"    firewall: { deny: [0.0.0.0/33] }\n"
		"                       ^~~~~~~~~~\n",
	},
	{
		"IPv4 in the clothes of IPv6",
		QUIET "firewall: { deny: [\"::ffff:192.0.2.0/120\"] }\n",
		"t.yaml:4:20: error: firewall.deny[0]: \"::ffff:192.0.2.0/120\" is not a prefix "
		"such as 192.0.2.0/24 or 2001:db8::/32\n"
		"firewall: { deny: [\"::ffff:192.0.2.0/120\"] }\n"
		"                   ^~~~~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"twice, written in two ways",
		QUIET "firewall: { deny: [\"2001:db8::/128\", 192.0.2.1, \"2001:DB8:0::\"] }\n",
		"t.yaml:4:49: error: firewall.deny[2]: \"2001:DB8:0::\" is there twice (first on "
		"line 4)\n"
		"firewall: { deny: [\"2001:db8::/128\", 192.0.2.1, \"2001:DB8:0::\"] }\n"
		"                                                ^~~~~~~~~~~~~~\n",
	},
	{
		"files that are no files",
		QUIET "firewall: { deny: [{ path: /x }, { file: x }, { file: /a*/b }] }\n",
		"t.yaml:4:20: error: firewall.deny[0]: expected a prefix, or { file: "
		"/path/*.cidr }\n"
		"firewall: { deny: [{ path: /x }, { file: x }, { file: /a*/b }] }\n"
		"                   ^\n"
		"t.yaml:4:42: error: firewall.deny[1].file: \"x\" is not an absolute path\n"
		"firewall: { deny: [{ path: /x }, { file: x }, { file: /a*/b }] }\n"
		"                                         ^\n"
		"t.yaml:4:55: error: firewall.deny[2].file: \"/a*/b\" is not the path of files: "
		"wildcards stand behind the last slash\n"
		"firewall: { deny: [{ path: /x }, { file: x }, { file: /a*/b }] }\n"
		"                                                      ^~~~~\n",
	},
};

Test(prefixes, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}

static void expect_rule(const struct conf_prefix_rule *r, const char *name, const char *first)
{
	char text[CONF_PREFIX_TEXT];

	cr_expect_str_eq(r->name, name);
	cr_assert_gt(r->n, 0);
	cr_expect_str_eq(conf_prefix_format(&r->prefixes[0], text), first);
}

Test(prefixes, are_rules_one_by_one)
{
	_cleanup_(conf_freep) struct conf *conf =
		rows_parse(SERVICE "    firewall: { deny: 0.0.0.0/0, mode: enforce }\n"
				   "firewall:\n"
				   "  mode: monitor\n"
				   "  deny: [198.51.100.7, \"2001:DB8:BAD::/48\", \"::/0\"]\n"
				   "  allow: [{ file: /nowhere/a.cidr }, 192.0.2.0/24]\n");
	const struct conf_firewall *all = &conf->firewall, *own = &conf->services[0].firewall;

	cr_expect_eq(all->mode, CONF_FIREWALL_MONITOR);
	cr_assert_eq(all->deny.n, 3);
	expect_rule(&all->deny.rules[0], "198.51.100.7/32", "198.51.100.7/32");
	expect_rule(&all->deny.rules[1], "2001:db8:bad::/48", "2001:db8:bad::/48");
	expect_rule(&all->deny.rules[2], "::/0", "::/0");
	cr_assert_eq(all->allow.n, 1);
	expect_rule(&all->allow.rules[0], "192.0.2.0/24", "192.0.2.0/24");
	/* From memory no files are read. */
	cr_assert_eq(all->allow.n_patterns, 1);
	cr_expect_str_eq(all->allow.patterns[0], "/nowhere/a.cidr");
	cr_expect_eq(own->mode, CONF_FIREWALL_ENFORCE);
	cr_assert_eq(own->deny.n, 1);
	expect_rule(&own->deny.rules[0], "0.0.0.0/0", "0.0.0.0/0");
	cr_expect_eq(own->allow.n, 0);
}

Test(prefixes, a_service_is_tried_out_as_all_are)
{
	_cleanup_(conf_freep) struct conf *conf =
		rows_parse(SERVICE "    firewall: { deny: 192.0.2.0/24 }\n"
				   "firewall: { mode: monitor }\n");

	cr_expect_eq(conf->services[0].firewall.mode, CONF_FIREWALL_MONITOR);
	conf_free(conf);
	/* Without a section, too: rules may be added at runtime. */
	conf = rows_parse(SERVICE "firewall: { mode: monitor }\n");
	cr_expect_eq(conf->services[0].firewall.mode, CONF_FIREWALL_MONITOR);
}

Test(prefixes, have_what_is_in_them)
{
	static const struct {
		const char *prefix, *addr;
		bool has;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::", false },
		{ "::/0", "192.0.2.1", false },
		{ "::/0", "2001:db8::1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
	};

	array_for_each (c, cases, array_len(cases)) {
		_cleanup_(buf_free) struct buf flaw = { 0 };
		struct conf_prefix p, a;

		cr_assert_eq(conf_prefix_parse(c->prefix, &p, &flaw), 0);
		cr_assert_eq(conf_prefix_parse(c->addr, &a, &flaw), 0);
		cr_expect_eq(conf_prefix_has(&p, &a.addr), c->has, "%s, %s", c->prefix, c->addr);
	}
}

#define HOSTS 256

/* Two lines that change, each by its last byte, must not make up for each other. */
Test(prefixes, a_sum_is_of_each_byte)
{
	struct conf_prefix hosts[2] = { { .bits = 32 }, { .bits = 32 } };
	const struct conf_prefix_rule rule = { .prefixes = hosts, .n = 2 };
	_cleanup_free_ uint64_t *sums = calloc(HOSTS * HOSTS, sizeof(*sums));
	size_t same = 0;

	cr_assert(sums);
	for (int a = 0; a < HOSTS; a++) {
		for (int b = 0; b < HOSTS; b++) {
			hosts[0].addr.b[15] = a;
			hosts[1].addr.b[15] = b;
			sums[a * HOSTS + b] = conf_prefixes_sum(&rule);
		}
	}
	for (size_t i = 1; i < HOSTS * HOSTS; i++)
		same += sums[i] == sums[0];
	cr_expect_eq(same, 0, "%zu of %d", same, HOSTS * HOSTS);
}
