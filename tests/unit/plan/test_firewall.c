/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of the firewall: their ids, what the operator adds, and who decides. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/firewall.h"
#include "plan/firewall_look.h"

#define TEXT                                                                                       \
	"version: 1\n"                                                                             \
	"interfaces: { eth0: }\n"                                                                  \
	"firewall: { deny: [10.0.0.0/8, 10.1.0.0/16], allow: [10.1.1.0/24] }\n"                    \
	"services:\n"                                                                              \
	"  web:\n"                                                                                 \
	"    vip: 192.0.2.1\n"                                                                     \
	"    ports: 80/tcp\n"                                                                      \
	"    check: { type: none }\n"                                                              \
	"    firewall: { mode: monitor, deny: [198.51.100.0/24] }\n"                               \
	"    backends: [{ name: a, address: 192.0.2.11 }]\n"                                       \
	"  dns:\n"                                                                                 \
	"    vip: 192.0.2.2\n"                                                                     \
	"    ports: 53/udp\n"                                                                      \
	"    check: { type: none }\n"                                                              \
	"    backends: [{ name: a, address: 192.0.2.12 }]\n"

static struct conf *parse(const char *text)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;

	cr_assert_eq(conf_parse("t.yaml", text, strlen(text), &said, &conf), 0, "%s",
		     buf_str(&said));
	return conf;
}

static void say(struct admin *admin, const char *service, const char *prefix, bool allow)
{
	struct admin_prefix p = { .service = (char *)service, .allow = allow };
	_cleanup_(buf_free) struct buf flaw = { 0 };

	cr_assert_eq(conf_prefix_parse(prefix, &p.prefix, &flaw), 0);
	cr_assert_eq(admin_put_prefix(admin, &p), 0);
}

static struct firewall *build(const struct conf *conf, const struct admin *admin, struct rules *ids)
{
	struct firewall *f;

	cr_assert_eq(firewall_build(conf, admin, ids, &f), 0);
	return f;
}

static const struct firewall_rule *find(const struct firewall *f, const char *service,
					const char *name)
{
	array_for_each (r, f->rules, f->n_rules)
		if (!strcmp(r->name, name) && !strcmp(r->service ?: "", service ?: ""))
			return r;
	cr_assert_fail("no rule %s", name);
	return NULL;
}

Test(firewall, rules_and_lists_are_those_of_config_and_operator)
{
	_cleanup_(conf_freep) struct conf *conf = parse(TEXT);
	struct admin admin = { 0 };
	struct rules ids = { 0 };
	struct firewall *f;

	say(&admin, "dns", "2001:db8::/32", false);
	say(&admin, NULL, "192.0.2.7", true);
	say(&admin, NULL, "192.0.2.8", true);
	f = build(conf, &admin, &ids);
	cr_assert_eq(f->n_lists, 3);
	cr_expect_eq(f->lists[0].service, FIREWALL_ALL_SERVICES);
	cr_expect_eq(f->lists[0].n, 5);
	cr_expect_eq(f->lists[1].service, 0);
	cr_expect_eq(f->lists[1].n, 1);
	cr_expect_eq(f->lists[1].prefixes[0].verdict,
		     SHUNT_GUARD_DENY | SHUNT_GUARD_MONITOR |
			     find(f, "web", "198.51.100.0/24")->id);
	cr_expect_eq(f->lists[2].service, 1);
	cr_expect_eq(find(f, NULL, FIREWALL_RUNTIME)->n, 2);
	cr_expect_eq(find(f, NULL, FIREWALL_RUNTIME)->kind, FIREWALL_ALLOW);
	cr_expect_eq(find(f, "dns", FIREWALL_RUNTIME)->kind, FIREWALL_DENY);
	cr_expect(firewall_guards(&conf->services[1], &admin));
	firewall_free(f);
	admin_free(&admin);
	cr_expect_not(firewall_guards(&conf->services[1], &admin));
	rules_free(&ids);
}

static size_t count_new(const struct rules *ids)
{
	size_t n = 0;

	array_for_each (i, ids->ids, ids->n)
		n += i->is_new;
	return n;
}

Test(firewall, a_rule_keeps_its_id_and_no_other_gets_it_at_once)
{
	_cleanup_(conf_freep) struct conf *conf = parse(TEXT), *next = NULL;
	const struct admin admin = { 0 };
	struct rules ids = { 0 };
	struct firewall *a, *b, *c;
	_cleanup_(buf_free) struct buf text = { 0 };
	uint32_t gone;

	a = build(conf, &admin, &ids);
	cr_expect_eq(count_new(&ids), 4);
	buf_puts(&text, TEXT);
	memcpy(strstr(text.data, "10.0.0.0/8"), "12.0.0.0/8", 10);
	next = parse(buf_str(&text));
	b = build(next, &admin, &ids);
	gone = find(a, NULL, "10.0.0.0/8")->id;
	cr_expect_eq(find(b, NULL, "10.1.0.0/16")->id, find(a, NULL, "10.1.0.0/16")->id);
	cr_expect_neq(find(b, NULL, "12.0.0.0/8")->id, gone);
	cr_expect_eq(count_new(&ids), 1);
	c = build(conf, &admin, &ids);
	cr_expect_eq(find(c, NULL, "10.0.0.0/8")->id, gone, "the lowest that is free");
	firewall_free(a);
	firewall_free(b);
	firewall_free(c);
	rules_free(&ids);
}

Test(firewall, ids_come_back_after_a_restart_and_run_out)
{
	struct rules ids = { 0 };
	char name[16];

	cr_expect_eq(rules_restore(&ids, "deny a", 7), 0);
	cr_expect_eq(rules_restore(&ids, "deny b", 7), -EINVAL);
	cr_expect_eq(rules_restore(&ids, "deny a", 8), -EINVAL);
	cr_expect_eq(rules_restore(&ids, "deny b", 0), -EINVAL);
	cr_expect_eq(rules_restore(&ids, "deny b", SHUNT_GUARD_RULES), -EINVAL);
	rules_begin(&ids);
	cr_expect_eq(rules_get(&ids, "deny a"), 7);
	for (uint32_t i = 1; i < SHUNT_GUARD_RULES - 2; i++) {
		snprintf(name, sizeof(name), "%u", i);
		cr_assert_eq(rules_get(&ids, name), i < 7 ? i : i + 1, "%u: %u", i,
			     rules_get(&ids, name));
	}
	/* One is of TCP flags, and of no other rule. */
	cr_expect_eq(rules_get(&ids, "one more"), 0);
	rules_end(&ids);
	rules_free(&ids);
}

/* --- who decides ------------------------------------------------------------------------- */

static void expect(const struct conf *conf, const struct admin *admin, size_t service,
		   const char *addr, const char *want)
{
	const struct conf_service *s = service < conf->n_services ? &conf->services[service] : NULL;
	_cleanup_(buf_free) struct buf got = { 0 };
	char text[CONF_PREFIX_TEXT];
	struct firewall_word w;
	struct shunt_addr a;

	cr_assert_eq(addr_parse(addr, &a), 0);
	firewall_look(conf, admin, s, &a, &w);
	for (size_t i = 0; i < w.n; i++)
		buf_printf(&got, "%s%s%s %s", i ? ", " : "", &w.match[i] == w.decides ? "*" : "",
			   firewall_kind_name(w.match[i].kind),
			   conf_prefix_format(&w.match[i].prefix, text));
	cr_expect_str_eq(buf_str(&got), want, "%s: %s", addr, buf_str(&got));
}

Test(firewall, the_longest_is_named_and_allowed_wins)
{
	_cleanup_(conf_freep) struct conf *conf = parse(TEXT);
	struct admin admin = { 0 };

	expect(conf, &admin, 9, "11.0.0.1", "");
	expect(conf, &admin, 9, "10.2.0.1", "*deny 10.0.0.0/8");
	expect(conf, &admin, 9, "10.1.0.1", "*deny 10.1.0.0/16");
	expect(conf, &admin, 9, "10.1.1.1", "*allow 10.1.1.0/24, deny 10.1.0.0/16");
	expect(conf, &admin, 9, "198.51.100.1", "");
	expect(conf, &admin, 0, "198.51.100.1", "deny 198.51.100.0/24");
	say(&admin, "web", "198.51.100.1", true);
	say(&admin, NULL, "198.51.100.0/25", false);
	expect(conf, &admin, 0, "198.51.100.1",
	       "*allow 198.51.100.1/32, deny 198.51.100.0/25, deny 198.51.100.0/24");
	expect(conf, &admin, 0, "198.51.100.2", "*deny 198.51.100.0/25, deny 198.51.100.0/24");
	expect(conf, &admin, 1, "198.51.100.1", "*deny 198.51.100.0/25");
	admin_free(&admin);
}

/* --- what is said at runtime ----------------------------------------------------------------- */

Test(firewall, what_is_said_at_runtime_ends)
{
	struct admin admin = { 0 };
	struct admin_prefix p = { .deadline_ms = 1000 };
	_cleanup_(buf_free) struct buf flaw = { 0 };

	cr_assert_eq(conf_prefix_parse("192.0.2.1", &p.prefix, &flaw), 0);
	cr_expect_eq(admin_put_prefix(&admin, &p), 0);
	say(&admin, NULL, "192.0.2.2", false);
	cr_expect_eq(admin_expire_prefixes(&admin, 999), 0);
	/* Said anew, it lasts longer, and is there once. */
	p.deadline_ms = 2000;
	cr_expect_eq(admin_put_prefix(&admin, &p), 0);
	cr_expect_eq(admin.n_prefixes, 2);
	cr_expect_eq(admin_expire_prefixes(&admin, 1999), 0);
	cr_expect_eq(admin_expire_prefixes(&admin, 2000), 1);
	cr_expect_eq(admin_del_prefix(&admin, &p), -ENOENT);
	cr_assert_eq(conf_prefix_parse("192.0.2.2", &p.prefix, &flaw), 0);
	p.allow = true;
	cr_expect_eq(admin_del_prefix(&admin, &p), -ENOENT, "it was denied, not allowed");
	p.allow = false;
	cr_expect_eq(admin_del_prefix(&admin, &p), 0);
	cr_expect_eq(admin.n_prefixes, 0);
	admin_free(&admin);
}
