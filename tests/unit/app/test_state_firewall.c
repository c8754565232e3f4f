/* SPDX-License-Identifier: BSD-2-Clause */
/* The firewall in the state file: what comes back of what was said, and of the ids of rules. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "app/state_json.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

static void say(struct admin *a, const char *prefix, const char *service, uint64_t deadline_ms)
{
	struct admin_prefix p = { .service = (char *)service,
				  .allow = !service,
				  .since_wall_s = 1700000000,
				  .deadline_ms = deadline_ms };
	_cleanup_(buf_free) struct buf flaw = { 0 };

	cr_assert_eq(conf_prefix_parse(prefix, &p.prefix, &flaw), 0);
	cr_assert_eq(admin_put_prefix(a, &p), 0);
}

/* What a daemon that starts later makes of @a. */
static struct admin come_back(const struct admin *a)
{
	_cleanup_(json_decrefp) json_t *json = NULL;
	_cleanup_(buf_free) struct buf text = { 0 };
	struct admin again = { 0 };

	state_put_prefixes(a, &text);
	json = json_loads(buf_str(&text), 0, NULL);
	cr_assert(json, "%s", buf_str(&text));
	cr_assert_eq(state_prefixes_from_json(&again, json), 0);
	return again;
}

Test(state_firewall, what_was_said_comes_back)
{
	const uint64_t in_an_hour = clock_now_ms() + 3600 * 1000;
	struct admin a = { 0 }, b;

	say(&a, "0.0.0.0/0", NULL, 0);
	say(&a, "192.0.2.7", "web", in_an_hour);
	say(&a, "2001:db8::/32", "a \"b\" \\ \x01", 0);
	b = come_back(&a);
	cr_assert_eq(b.n_prefixes, a.n_prefixes);
	for (size_t i = 0; i < a.n_prefixes; i++) {
		const struct admin_prefix *p = &a.prefixes[i], *q = &b.prefixes[i];

		cr_expect(conf_prefix_is_equal(&p->prefix, &q->prefix));
		cr_expect_str_eq(p->service ?: "", q->service ?: "");
		cr_expect_eq(!p->service, !q->service);
		cr_expect_eq(p->allow, q->allow);
		cr_expect_eq(p->since_wall_s, q->since_wall_s);
		cr_expect_eq(!p->deadline_ms, !q->deadline_ms);
	}
	cr_expect_geq(b.prefixes[1].deadline_ms + 1000, in_an_hour);
	cr_expect_leq(b.prefixes[1].deadline_ms, in_an_hour + 2000);
	admin_free(&a);
	admin_free(&b);
}

/* While no daemon ran, or since before the machine was started: it is not for ever. */
Test(state_firewall, whose_time_is_over_goes_at_once)
{
	static const char *const ends[] = { "1", "1700000000" };

	array_for_each (end, ends, array_len(ends)) {
		_cleanup_(json_decrefp) json_t *json = NULL;
		_cleanup_(buf_free) struct buf text = { 0 };
		struct admin a = { 0 };

		buf_printf(&text,
			   "[{\"service\":null,\"prefix\":\"192.0.2.7/32\",\"allow\":false,"
			   "\"since\":1,\"until\":%s}]",
			   *end);
		json = json_loads(buf_str(&text), 0, NULL);
		cr_assert_eq(state_prefixes_from_json(&a, json), 0);
		cr_assert_eq(a.n_prefixes, 1);
		cr_expect_gt(a.prefixes[0].deadline_ms, 0);
		cr_expect_eq(admin_expire_prefixes(&a, clock_now_ms()), 1);
		admin_free(&a);
	}
}

Test(state_firewall, what_cannot_be_is_refused)
{
	static const char *const prefixes[] = {
		"[{\"prefix\":\"192.0.2.7/24\",\"allow\":false,\"since\":1,\"until\":0}]",
		"[{\"prefix\":\"192.0.2.7/32\",\"allow\":1,\"since\":1,\"until\":0}]",
		"[{\"prefix\":\"192.0.2.7/32\",\"allow\":true,\"until\":0}]",
		"[7]",
	};
	static const char *const rules[] = {
		"[{\"name\":\"deny a\",\"id\":0}]",
		"[{\"name\":\"deny a\",\"id\":4294967297}]",
		"[{\"name\":\"deny a\",\"id\":4095}]",
		"[{\"name\":7,\"id\":1}]",
		"[{\"name\":\"a\",\"id\":1},{\"name\":\"b\",\"id\":1}]",
	};

	array_for_each (text, prefixes, array_len(prefixes)) {
		_cleanup_(json_decrefp) json_t *json = json_loads(*text, 0, NULL);
		struct admin a = { 0 };

		cr_expect_eq(state_prefixes_from_json(&a, json), -EINVAL, "%s", *text);
		admin_free(&a);
	}
	array_for_each (text, rules, array_len(rules)) {
		_cleanup_(json_decrefp) json_t *json = json_loads(*text, 0, NULL);
		struct rules r = { 0 };

		cr_expect_eq(state_rules_from_json(&r, json), -EINVAL, "%s", *text);
		rules_free(&r);
	}
}

Test(state_firewall, rules_keep_their_ids)
{
	_cleanup_(json_decrefp) json_t *json = NULL;
	_cleanup_(buf_free) struct buf text = { 0 };
	struct rules a = { 0 }, b = { 0 };

	cr_assert_eq(rules_restore(&a, "deny 192.0.2.0/24", 7), 0);
	cr_assert_eq(rules_restore(&a, "web: deny /etc/\"x\"\\\t.cidr", 3), 0);
	state_put_rules(&a, &text);
	json = json_loads(buf_str(&text), 0, NULL);
	cr_assert_eq(state_rules_from_json(&b, json), 0, "%s", buf_str(&text));
	cr_assert_eq(b.n, 2);
	rules_begin(&b);
	cr_expect_eq(rules_get(&b, "deny 192.0.2.0/24"), 7);
	cr_expect_eq(rules_get(&b, "web: deny /etc/\"x\"\\\t.cidr"), 3);
	/* Its counter goes on. */
	cr_expect_not(b.ids[0].is_new || b.ids[1].is_new);
	rules_free(&a);
	rules_free(&b);
}
