/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people are told about an address, by looking at config and operator, is what follows
 * from the lists that are made of both, by which the program goes: of any config.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "../../lib/guard_ref.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/firewall.h"
#include "plan/firewall_look.h"

#define CONFIGS 300
#define MOST 8
/* Who has a list: all services, and each of these two. */
#define OWNERS 3

static const char *const names[OWNERS] = { NULL, "a", "b" };

/**
 * struct draw - a config at random
 * @prefixes, @n: all that were drawn, near each other
 */
struct draw {
	uint64_t seed;
	struct firewall_prefix prefixes[(2 * OWNERS + 1) * MOST];
	size_t n;
};

static struct conf_prefix draw_prefix(struct draw *d)
{
	const struct firewall_prefix p = guard_ref_prefix(d->prefixes, d->n, 1, &d->seed);
	/* As text it would be another family's. */
	const bool is_odd = !guard_ref_is_v4(&p.addr) && !p.addr.d[0] && !p.addr.w[2];

	if (is_odd)
		return draw_prefix(d);
	d->prefixes[d->n++] = p;
	return (struct conf_prefix){ .addr = p.addr, .bits = p.bits };
}

static bool is_in(const struct conf_prefix *list, size_t n, const struct conf_prefix *p)
{
	array_for_each (i, list, n)
		if (conf_prefix_is_equal(i, p))
			return true;
	return false;
}

/* "[192.0.2.0/24, ...]": none of them twice. */
static void put_list(struct draw *d, struct buf *text)
{
	const size_t n = 1 + guard_ref_random(&d->seed) % MOST;
	struct conf_prefix list[MOST];
	char name[CONF_PREFIX_TEXT];

	buf_puts(text, "[");
	for (size_t i = 0; i < n; i++) {
		list[i] = draw_prefix(d);
		if (!is_in(list, i, &list[i]))
			buf_printf(text, "%s\"%s\"", i ? ", " : "",
				   conf_prefix_format(&list[i], name));
	}
	buf_puts(text, "]");
}

static void put_section(struct draw *d, struct buf *text)
{
	buf_printf(text, "firewall: { mode: %s, deny: ",
		   guard_ref_random(&d->seed) % 4 ? "enforce" : "monitor");
	put_list(d, text);
	buf_puts(text, ", allow: ");
	put_list(d, text);
	buf_puts(text, " }\n");
}

static struct conf *draw_conf(struct draw *d)
{
	_cleanup_(buf_free) struct buf text = { 0 }, said = { 0 };
	struct conf *conf = NULL;

	buf_puts(&text, "version: 1\ninterfaces: { eth0: }\n");
	put_section(d, &text);
	buf_puts(&text, "services:\n");
	for (int i = 1; i < OWNERS; i++) {
		buf_printf(&text,
			   "  %s:\n    vip: 192.0.2.%d\n    ports: 80/tcp\n"
			   "    check: { type: none }\n"
			   "    backends: [{ name: x, address: 192.0.2.11 }]\n    ",
			   names[i], i);
		put_section(d, &text);
	}
	cr_assert_eq(conf_parse("t.yaml", buf_str(&text), text.len, &said, &conf), 0, "%s\n%s",
		     buf_str(&said), buf_str(&text));
	return conf;
}

static void draw_words(struct draw *d, struct admin *admin)
{
	for (size_t n = guard_ref_random(&d->seed) % MOST; n > 0; n--) {
		const uint64_t r = guard_ref_random(&d->seed);
		const struct admin_prefix said = { .service = (char *)names[r % OWNERS],
						   .prefix = draw_prefix(d),
						   .allow = r >> 8 & 1 };

		cr_assert_eq(admin_put_prefix(admin, &said), 0);
	}
}

/* --- what the program would do -------------------------------------------------------- */

static uint32_t ask_list(const struct firewall *f, size_t service, const struct shunt_addr *a)
{
	array_for_each (l, f->lists, f->n_lists)
		if (l->service == service)
			return guard_ref(l, a);
	return 0;
}

static uint32_t if_enforced(uint32_t verdict)
{
	return verdict & SHUNT_GUARD_MONITOR ? 0 : verdict;
}

/* The verdict that decides; as guard_join() has it, in bpf/guard_prefix.h. */
static uint32_t ask_lists(const struct firewall *f, size_t service, const struct shunt_addr *a)
{
	const uint32_t all = ask_list(f, FIREWALL_ALL_SERVICES, a);
	const uint32_t own = service == FIREWALL_ALL_SERVICES ? 0 : ask_list(f, service, a);

	if ((all | own) & SHUNT_GUARD_ALLOW)
		return all & SHUNT_GUARD_ALLOW ? all : own;
	return if_enforced(all) ?: if_enforced(own);
}

static uint32_t id_of(const struct firewall *f, const struct firewall_match *m)
{
	array_for_each (r, f->rules, f->n_rules)
		if (r->kind == m->kind && !strcmp(r->name, m->rule) &&
		    !strcmp(r->service ?: "", m->service ?: ""))
			return r->id;
	cr_assert_fail("no rule %s", m->rule);
	return 0;
}

/* --- both ------------------------------------------------------------------------------ */

struct both {
	const struct conf *conf;
	const struct admin *admin;
	const struct firewall *firewall;
	size_t denied, allowed, passed;
};

static void compare(struct both *b, size_t service, struct shunt_addr a)
{
	const bool is_of_all = service == FIREWALL_ALL_SERVICES;
	const uint32_t want = ask_lists(b->firewall, service, &a);
	struct firewall_word word;
	char text[ADDR_TEXT];

	firewall_look(b->conf, b->admin, is_of_all ? NULL : &b->conf->services[service], &a, &word);
	b->passed += !want;
	b->allowed += !!(want & SHUNT_GUARD_ALLOW);
	b->denied += !!(want & SHUNT_GUARD_DENY);
	cr_assert_eq(!want, !word.decides, "%s: %x", addr_format(&a, text), want);
	if (!want)
		return;
	cr_expect_eq(word.decides->kind, want & SHUNT_GUARD_ALLOW ? FIREWALL_ALLOW : FIREWALL_DENY,
		     "%s", addr_format(&a, text));
	cr_expect_eq(id_of(b->firewall, word.decides), SHUNT_GUARD_RULE(want), "%s: %s, not %u",
		     addr_format(&a, text), word.decides->rule, SHUNT_GUARD_RULE(want));
}

static void compare_everywhere(struct both *b, struct shunt_addr a)
{
	compare(b, FIREWALL_ALL_SERVICES, a);
	for (size_t s = 0; s < b->conf->n_services; s++)
		compare(b, s, a);
}

Test(firewall_look, says_what_the_lists_do)
{
	size_t denied = 0, allowed = 0, passed = 0;

	for (uint64_t i = 0; i < CONFIGS; i++) {
		struct draw d = { .seed = 0x100c + i };
		_cleanup_(conf_freep) struct conf *conf = draw_conf(&d);
		struct admin admin = { 0 };
		struct rules ids = { 0 };
		struct both b = { .conf = conf, .admin = &admin };
		struct firewall *f;

		draw_words(&d, &admin);
		cr_assert_eq(firewall_build(conf, &admin, &ids, &f), 0);
		b.firewall = f;
		array_for_each (p, d.prefixes, d.n) {
			compare_everywhere(&b, guard_ref_end(p, 0));
			compare_everywhere(&b, guard_ref_next(guard_ref_end(p, 0), false));
			compare_everywhere(&b, guard_ref_next(guard_ref_end(p, 1), true));
		}
		denied += b.denied;
		allowed += b.allowed;
		passed += b.passed;
		firewall_free(f);
		admin_free(&admin);
		rules_free(&ids);
	}
	cr_expect(denied > 1000 && allowed > 1000 && passed > 1000, "%zu, %zu, %zu", denied,
		  allowed, passed);
}
