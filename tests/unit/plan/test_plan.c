/* SPDX-License-Identifier: BSD-2-Clause */
/* From the config to legs, services and constants. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "desk.h"
#include "net/addr.h"

static void expect_leg(const struct plan_leg *leg, enum shunt_forward forward, const char *text)
{
	struct shunt_addr expected = make_addr(text);

	cr_assert_eq(leg->forward, forward);
	cr_assert(addr_is_equal(&leg->addr, &expected), "not %s", text);
}

Test(plan, legs_prefer_the_family_of_the_client)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(1024, 3, 1);
	struct conf_service *s = &conf->services[0];
	const struct plan_backend *b;

	make_vip(conf, s, "2001:db8::80");
	s->forward = SHUNT_FORWARD_IPIP;
	s->backends[1].address6 = make_addr("2001:db8::2");
	s->backends[1].has_address6 = true;
	s->backends[2].address6 = make_addr("2001:db8::3");
	s->backends[2].has_address6 = true;
	s->backends[2].has_address = false;
	desk_open(&d, conf);

	b = plan_backend_of(d.plan, 0, 0);
	expect_leg(&b->leg[SHUNT_V4], SHUNT_FORWARD_IPIP, "10.0.0.1");
	expect_leg(&b->leg[SHUNT_V6], SHUNT_FORWARD_IPIP, "10.0.0.1");
	b = plan_backend_of(d.plan, 0, 1);
	expect_leg(&b->leg[SHUNT_V4], SHUNT_FORWARD_IPIP, "10.0.0.2");
	expect_leg(&b->leg[SHUNT_V6], SHUNT_FORWARD_IPIP, "2001:db8::2");
	b = plan_backend_of(d.plan, 0, 2);
	expect_leg(&b->leg[SHUNT_V4], SHUNT_FORWARD_IPIP, "2001:db8::3");
	expect_leg(&b->leg[SHUNT_V6], SHUNT_FORWARD_IPIP, "2001:db8::3");
	cr_assert(d.plan->rodata.ipip4 && d.plan->rodata.ipip6 && !d.plan->rodata.direct);
}

/* No early time is one that may be chosen; no idle gap is none that the config has. */
Test(plan, times_of_flows_are_whole_seconds)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(1024, 1, 1);

	desk_open(&d, conf);
	cr_assert_eq(d.plan->flow_early_s, 0);
	cr_assert_eq(d.plan->flow_idle_s, 300);
	conf->flow_early_ms = 1;
	conf->flow_idle_ms = 8 * 3600 * 1000;
	desk_plan(&d);
	cr_assert_eq(d.plan->flow_early_s, 1);
	cr_assert_eq(d.plan->flow_idle_s, 8 * 3600);
}

Test(plan, no_leg_where_there_is_no_vip)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(1024, 1, 1);
	const struct plan_backend *b;

	conf->services[0].backends[0].address6 = make_addr("2001:db8::1");
	conf->services[0].backends[0].has_address6 = true;
	desk_open(&d, conf);
	b = plan_backend_of(d.plan, 0, 0);
	expect_leg(&b->leg[SHUNT_V4], SHUNT_FORWARD_DIRECT, "10.0.0.1");
	expect_leg(&b->leg[SHUNT_V6], SHUNT_FORWARD_NONE, "::");
}

Test(plan, constants_say_what_is_used)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(2048, 1, 1);
	struct conf_service *dns = make_service(conf, "dns", "2001:db8::53");
	const struct shunt_rodata *ro;

	desk_open(&d, conf);
	ro = &d.plan->rodata;
	cr_assert(ro->ipv4 && ro->ipv6 && ro->direct);
	cr_assert(!ro->any_port && !ro->ipip4 && !ro->ipip6);
	cr_assert_eq(ro->hash_key[0], 0);

	dns->ports[0] = (struct conf_port){ 0, IPPROTO_UDP };
	make_backend(conf, dns, 9, 1);
	dns->forward = SHUNT_FORWARD_IPIP;
	desk_plan(&d);
	ro = &d.plan->rodata;
	cr_assert(ro->any_port && ro->ipip4 && !ro->ipip6);
}

Test(plan, services_are_each_vip_with_each_port)
{
	_cleanup_(desk_close) struct desk d;
	struct conf *conf = make_web(1024, 2, 1);
	struct conf_service *other = make_service(conf, "other", "192.0.2.80");
	struct shunt_addr vip = make_addr("192.0.2.80");

	make_vip(conf, &conf->services[0], "2001:db8::80");
	conf->services[0].ports[conf->services[0].n_ports++] =
		(struct conf_port){ 443, IPPROTO_TCP };
	other->ports[0].port = 8080;
	desk_open(&d, conf);

	cr_assert_eq(d.plan->n_services, 5);
	cr_assert_eq(d.plan->n_vips, 2, "the shared one counts once");
	cr_assert_eq(d.plan->n_tables, 2);
	for (size_t i = 1; i < 5; i++)
		cr_assert_lt(memcmp(&d.plan->services[i - 1].key, &d.plan->services[i].key,
				    sizeof(struct shunt_service_key)),
			     0);
	for (size_t i = 0; i < 5; i++) {
		const struct plan_service *s = &d.plan->services[i];

		cr_assert_eq(s->table, plan_table_of(d.plan, s->conf_service)->number);
		cr_assert_eq(s->conf_service,
			     s->key.port == htons(8080) && addr_is_equal(&s->key.vip, &vip));
	}
	cr_assert_eq(plan_table_of(d.plan, 1)->n_positions, 0);
}

Test(plan, finders)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_web(1024, 20, 1));
	for (size_t i = 0; i < 20; i++) {
		const struct plan_backend *b = plan_backend_of(d.plan, 0, i);

		cr_assert_eq(b->conf_backend, i);
		cr_assert_eq(plan_backend_by_id(d.plan, b->id), b);
	}
	cr_assert_null(plan_backend_of(d.plan, 0, 20));
	cr_assert_null(plan_backend_of(d.plan, 1, 0));
	cr_assert_null(plan_backend_by_id(d.plan, 0));
	cr_assert_null(plan_backend_by_id(d.plan, 21));
	cr_assert_null(plan_table_of(d.plan, 1));
}

Test(plan, of_nothing_is_nothing)
{
	_cleanup_(make_free) struct conf *conf = make_conf(1024);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *plan = make_plan(conf, ids);

	cr_assert_eq(plan->n_services + plan->n_backends + plan->n_tables + plan->n_vips, 0);
}
