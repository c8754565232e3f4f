/* SPDX-License-Identifier: BSD-2-Clause */
/* What services ask of the program: flags, legs, constants, limits. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"
#include "net/addr.h"
#include "shunt/guard.h"

/* The flags of the first key of the only service. */
static uint32_t flags_now(struct desk *d)
{
	desk_plan(d);
	return d->plan->services[0].flags;
}

static uint32_t choice(enum shunt_choice c)
{
	return (uint32_t)c << SHUNT_SERVICE_CHOICE_SHIFT;
}

Test(features, syn_cookies_are_of_nat_and_tcp)
{
	const uint32_t cookies = SHUNT_SERVICE_COOKIES | SHUNT_SERVICE_COOKIES_ALWAYS;
	const struct {
		enum shunt_forward forward;
		enum conf_syn_cookies wanted;
		uint32_t flags;
	} rows[] = {
		{ SHUNT_FORWARD_NAT, CONF_SYN_COOKIES_NEVER, 0 },
		{ SHUNT_FORWARD_NAT, CONF_SYN_COOKIES_AUTO, SHUNT_SERVICE_COOKIES },
		{ SHUNT_FORWARD_NAT, CONF_SYN_COOKIES_ALWAYS, cookies },
		{ SHUNT_FORWARD_DIRECT, CONF_SYN_COOKIES_ALWAYS, 0 },
	};
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(1024, 3, 10));
	array_for_each (r, rows, array_len(rows)) {
		d.conf->services[0].forward = r->forward;
		d.conf->services[0].firewall.syn_cookies = r->wanted;
		cr_expect_eq(flags_now(&d) & cookies, r->flags);
		cr_expect_eq(d.plan->rodata.guard & SHUNT_GUARD_SYN,
			     r->flags ? SHUNT_GUARD_SYN : 0);
	}
}

Test(features, schedulers_are_flags)
{
	const struct {
		enum conf_scheduler scheduler;
		uint32_t flags;
	} rows[] = {
		{ CONF_SCHEDULER_CONSISTENT, 0 },
		{ CONF_SCHEDULER_MAGLEV, 0 },
		{ CONF_SCHEDULER_FIRST, 0 },
		{ CONF_SCHEDULER_SOURCE, SHUNT_SERVICE_SOURCE },
		{ CONF_SCHEDULER_ROUND_ROBIN, SHUNT_SERVICE_TRACKED | choice(SHUNT_CHOICE_TURN) },
		{ CONF_SCHEDULER_RANDOM, SHUNT_SERVICE_TRACKED | choice(SHUNT_CHOICE_RANDOM) },
		{ CONF_SCHEDULER_LEAST_CONN,
		  SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_COUNTED | choice(SHUNT_CHOICE_LEAST) },
	};
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(1024, 3, 10));
	array_for_each (row, rows, array_len(rows)) {
		d.conf->services[0].scheduler = row->scheduler;
		cr_expect_eq(flags_now(&d), row->flags, "%s: %#x",
			     conf_scheduler_name(row->scheduler), d.plan->services[0].flags);
		cr_expect_eq(d.plan->rodata.tracked, !!(row->flags & SHUNT_SERVICE_TRACKED));
		cr_expect_eq(d.plan->rodata.rich, row->scheduler == CONF_SCHEDULER_SOURCE);
		cr_expect_not(d.plan->rodata.nat);
	}
}

Test(features, what_is_remembered_is_a_flag)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s;

	desk_open(&d, make_web(1024, 3, 10));
	s = &d.conf->services[0];
	s->affinity_ms = 1000;
	cr_expect_eq(flags_now(&d), SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_AFFINITY);
	cr_expect(d.plan->rodata.rich);
	s->affinity_ms = 0;
	s->backends[1].max_connections = 5;
	cr_expect_eq(flags_now(&d),
		     SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_COUNTED | SHUNT_SERVICE_LIMITED);
	cr_expect_not(d.plan->rodata.rich);
}

Test(features, fragments_and_mss_are_flags)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s;

	desk_open(&d, make_web(1024, 3, 10));
	s = &d.conf->services[0];
	s->fragments = CONF_FRAGMENTS_DROP;
	cr_expect_eq(flags_now(&d), SHUNT_SERVICE_NO_FRAGMENTS);
	cr_expect_not(d.plan->rodata.rich);
	s->fragments = CONF_FRAGMENTS_TRACK;
	s->mss = 65495;
	cr_expect_eq(flags_now(&d), 65495U << SHUNT_SERVICE_MSS_SHIFT);
	cr_expect(d.plan->rodata.rich);
	s->ports[0].proto = IPPROTO_UDP;
	cr_expect_eq(flags_now(&d), 0, "UDP has none");
}

/* Connections are in a place of their own, and only clients of affinity in the cache. */
Test(features, nat_needs_no_flow_cache)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s;

	desk_open(&d, make_web(1024, 3, 10));
	s = &d.conf->services[0];
	s->forward = SHUNT_FORWARD_NAT;
	s->track = true;
	s->udp_moves = true;
	s->scheduler = CONF_SCHEDULER_LEAST_CONN;
	s->ports[0].proto = IPPROTO_UDP;
	cr_expect_eq(flags_now(&d),
		     SHUNT_SERVICE_NAT | SHUNT_SERVICE_COUNTED | choice(SHUNT_CHOICE_LEAST));
	cr_expect(d.plan->rodata.nat && d.plan->rodata.rich && !d.plan->rodata.tracked);
	s->scheduler = CONF_SCHEDULER_CONSISTENT;
	s->affinity_ms = 1000;
	cr_expect_eq(flags_now(&d),
		     SHUNT_SERVICE_NAT | SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_AFFINITY);
}

/* They have no ports, so what has them is not found by one. */
Test(features, l3hash_is_listed_once_more_by_protocol)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s;
	size_t without_port = 0;

	desk_open(&d, make_web(1024, 3, 10));
	s = &d.conf->services[0];
	make_vip(d.conf, s, "2001:db8::80");
	s->ports[s->n_ports++] = (struct conf_port){ 443, IPPROTO_TCP };
	s->ports[s->n_ports++] = (struct conf_port){ 443, IPPROTO_UDP };
	s->fragments = CONF_FRAGMENTS_L3HASH;
	desk_plan(&d);
	cr_assert_eq(d.plan->n_services, 2 * (3 + 2));
	array_for_each (p, d.plan->services, d.plan->n_services) {
		cr_expect_eq(p->flags, SHUNT_SERVICE_L3HASH);
		cr_expect_eq(p->table, d.plan->tables[0].number);
		cr_expect_eq(p->key.fragments, !p->key.port);
		without_port += p->key.fragments;
	}
	cr_expect_eq(without_port, 4);
	cr_expect_eq(d.plan->n_vips, 2);
	cr_expect(d.plan->rodata.rich && !d.plan->rodata.any_port);
}

static void expect_leg(const struct plan_leg *leg, enum shunt_forward forward, const char *addr,
		       uint16_t port)
{
	const struct shunt_addr expected = make_addr(addr);

	cr_expect_eq(leg->forward, forward);
	cr_expect(addr_is_equal(&leg->addr, &expected), "not %s", addr);
	cr_expect_eq(leg->port, htons(port));
}

Test(features, legs_have_ports)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s;

	desk_open(&d, make_web(1024, 1, 10));
	s = &d.conf->services[0];
	s->gue_port = 6080;
	desk_plan(&d);
	expect_leg(&d.plan->backends[0].leg[SHUNT_V4], SHUNT_FORWARD_DIRECT, "10.0.0.1", 0);
	s->forward = SHUNT_FORWARD_GUE;
	desk_plan(&d);
	expect_leg(&d.plan->backends[0].leg[SHUNT_V4], SHUNT_FORWARD_GUE, "10.0.0.1", 6080);
	cr_expect(d.plan->rodata.rich && !d.plan->rodata.nat && !d.plan->rodata.ipip4);
	s->forward = SHUNT_FORWARD_NAT;
	s->backends[0].port = 8080;
	desk_plan(&d);
	expect_leg(&d.plan->backends[0].leg[SHUNT_V4], SHUNT_FORWARD_NAT, "10.0.0.1", 8080);
}

/* Ids are write-once: packets must not find half of what a backend was. */
Test(features, another_port_is_another_backend)
{
	_cleanup_(desk_close) struct desk d;
	uint32_t id;

	desk_open(&d, make_web(1024, 1, 10));
	d.conf->services[0].forward = SHUNT_FORWARD_NAT;
	desk_plan(&d);
	id = d.plan->backends[0].id;
	desk_restart(&d);
	cr_expect_eq(d.plan->backends[0].id, id);
	d.conf->services[0].backends[0].port = 8080;
	desk_plan(&d);
	cr_expect_neq(d.plan->backends[0].id, id);
	id = d.plan->backends[0].id;
	desk_restart(&d);
	cr_expect_eq(d.plan->backends[0].id, id, "the port was kept");
}

/* Both families of clients, to backends of one; answers are of the other one. */
Test(features, fullnat_goes_to_the_other_family)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_conf(1024);
	struct conf_service *s = make_service(conf, "web", "2001:db8::80");
	struct shunt_addr pool[] = { make_addr("2001:db8:9::1"), make_addr("198.51.100.1"),
				     make_addr("198.51.100.2") };
	const struct shunt_rodata *ro;

	make_backend(conf, s, 1, 10);
	s->forward = SHUNT_FORWARD_FULLNAT;
	conf->nat_pool = pool;
	conf->n_nat_pool = 3;
	conf->nat_first_port = 10000;
	conf->nat_last_port = 32767;
	desk_open(&d, conf);
	ro = &d.plan->rodata;
	expect_leg(&d.plan->backends[0].leg[SHUNT_V6], SHUNT_FORWARD_FULLNAT, "10.0.0.1", 0);
	cr_expect_eq(d.plan->backends[0].leg[SHUNT_V4].forward, SHUNT_FORWARD_NONE);
	cr_expect(ro->ipv4 && ro->ipv6 && ro->nat && ro->rich);
	cr_expect_eq(ro->pool_first_port, 10000);
	cr_expect_eq(ro->pool_ports, 22768);
	cr_expect_eq(ro->pool_addrs[SHUNT_V4], 2);
	cr_expect_eq(ro->pool_addrs[SHUNT_V6], 1);
	cr_assert_eq(d.plan->n_pool, 3);
	cr_expect(addr_is_equal(&d.plan->pool[0], &pool[1]), "IPv4 first");
	cr_expect(addr_is_equal(&d.plan->pool[2], &pool[0]));

	s->forward = SHUNT_FORWARD_IPIP;
	desk_plan(&d);
	ro = &d.plan->rodata;
	cr_expect_not(ro->ipv4, "only answers of fullnat come in that");
	cr_expect_eq(ro->pool_ports, 0);
	cr_expect_eq(d.plan->n_pool, 0);
}

Test(features, answers_by_icmp_are_a_constant)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(1024, 1, 10));
	d.conf->icmp_per_s = 77;
	desk_plan(&d);
	cr_expect_eq(d.plan->rodata.icmp_per_s, 77);
}

/* What all have in common with consistent is the table, and so they share it. */
Test(features, tables_by_hash_are_alike)
{
	const enum conf_scheduler alike[] = { CONF_SCHEDULER_SOURCE, CONF_SCHEDULER_RANDOM,
					      CONF_SCHEDULER_LEAST_CONN };
	_cleanup_(desk_close) struct desk d;
	struct conf_service *other;

	desk_open(&d, make_web(0, 3, 10));
	other = make_service(d.conf, "other", "192.0.2.81");
	for (uint32_t i = 1; i <= 3; i++)
		make_backend(d.conf, other, i, 10);
	array_for_each (scheduler, alike, array_len(alike)) {
		other->scheduler = *scheduler;
		desk_plan(&d);
		cr_expect(plan_table_is_equal(&d.plan->tables[0], &d.plan->tables[1]));
	}
}

/* --- limits and weights by load ----------------------------------------------------- */

static size_t count_loads(const struct plan *old, const struct plan *new)
{
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n, found = 0;

	cr_assert_eq(plan_diff(old, new, &ops, &n), 0);
	for (size_t i = 0; i < n; i++)
		found += ops[i].kind == PLAN_PUT_LOAD;
	return found;
}

static size_t loads_of_next(struct desk *d)
{
	_cleanup_(plan_freep) struct plan *before = take_ptr(&d->plan);

	desk_plan(d);
	return count_loads(before, d->plan);
}

Test(features, loads_are_written_where_they_count)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *s;

	desk_open(&d, make_web(1024, 3, 10));
	s = &d.conf->services[0];
	cr_expect_eq(count_loads(NULL, d.plan), 0);
	s->scheduler = CONF_SCHEDULER_LEAST_CONN;
	cr_expect_eq(loads_of_next(&d), 3);
	cr_expect_eq(count_loads(NULL, d.plan), 3);
	cr_expect_eq(loads_of_next(&d), 0);
	s->backends[1].max_connections = 9;
	cr_expect_eq(loads_of_next(&d), 1);
	cr_expect_eq(plan_backend_of(d.plan, 0, 1)->limit, 9);
	cr_expect_eq(plan_backend_of(d.plan, 0, 0)->limit, 0);
}

/* Who gets no slots gets no flow by its load either. */
Test(features, who_does_not_serve_has_no_weight)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(1024, 3, 10));
	d.conf->services[0].scheduler = CONF_SCHEDULER_LEAST_CONN;
	desk_plan(&d);
	cr_expect_eq(plan_backend_of(d.plan, 0, 2)->load_weight, 10);
	desk_drain(&d, "b2", true);
	desk_set_down(&d, "3");
	cr_expect_eq(loads_of_next(&d), 2);
	cr_expect_eq(plan_backend_of(d.plan, 0, 0)->load_weight, 10);
	cr_expect_eq(plan_backend_of(d.plan, 0, 1)->load_weight, 0);
	cr_expect_eq(plan_backend_of(d.plan, 0, 2)->load_weight, 0);
}
