/* SPDX-License-Identifier: BSD-2-Clause */
/* What metrics tell of the firewall: hits of each rule, and prefixes of those that have some. */
#include <criterion/criterion.h>
#include <string.h>

#include "../../lib/snapshot_fixture.h"
#include "base/cleanup.h"
#include "export/export.h"

static const struct firewall_rule rules[] = {
	{ .id = 1, .kind = FIREWALL_ALLOW, .name = "192.0.2.0/24", .n = 1 },
	{ .id = 2,
	  .kind = FIREWALL_DENY,
	  .service = "web",
	  .name = "/etc/shunt/\"bad\".cidr",
	  .is_file = true,
	  .n = 1000 },
	{ .id = 3, .kind = FIREWALL_LIMIT, .name = "syns" },
	{ .id = SHUNT_GUARD_FLAGS_RULE, .kind = FIREWALL_FLAGS, .name = "drop" },
};

/* The lines of series that begin with @name. */
static void expect_series(const char *page, const char *name, const char *want)
{
	_cleanup_(buf_free) struct buf got = { 0 };

	for (const char *line = page; *line; line += strcspn(line, "\n") + 1)
		if (!strncmp(line, name, strlen(name)))
			buf_add(&got, line, strcspn(line, "\n") + 1);
	cr_expect_str_eq(buf_str(&got), want, "%s", buf_str(&got));
}

Test(rules, are_told_by_name_kind_and_service)
{
	_cleanup_(snapshot_freep) struct snapshot *s = fixture_snapshot();
	_cleanup_(buf_free) struct buf page = { 0 };

	s->n_rules = array_len(rules);
	s->rules = calloc(s->n_rules, sizeof(*s->rules));
	cr_assert(s->rules);
	for (size_t i = 0; i < s->n_rules; i++)
		s->rules[i] = (struct snapshot_rule){ .rule = &rules[i], .hits = 7 * i };
	metrics_write(s, &page);
	expect_series(
		buf_str(&page), "shunt_firewall_rule_hits_total{",
		"shunt_firewall_rule_hits_total{rule=\"192.0.2.0/24\",kind=\"allow\",service=\"\"} "
		"0\n"
		"shunt_firewall_rule_hits_total{rule=\"/etc/shunt/\\\"bad\\\".cidr\",kind=\"deny\","
		"service=\"web\"} 7\n"
		"shunt_firewall_rule_hits_total{rule=\"syns\",kind=\"limit\",service=\"\"} 14\n"
		"shunt_firewall_rule_hits_total{rule=\"drop\",kind=\"tcp_flags\",service=\"\"} "
		"21\n");
	expect_series(
		buf_str(&page), "shunt_firewall_rule_prefixes{",
		"shunt_firewall_rule_prefixes{rule=\"192.0.2.0/24\",kind=\"allow\",service=\"\"} "
		"1\n"
		"shunt_firewall_rule_prefixes{rule=\"/etc/shunt/\\\"bad\\\".cidr\",kind=\"deny\","
		"service=\"web\"} 1000\n");
}
