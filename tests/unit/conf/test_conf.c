/* SPDX-License-Identifier: BSD-2-Clause */
/* What a good file becomes. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "full.h"
#include "net/addr.h"
#include "rows.h"

static void expect_addr(const struct shunt_addr *a, const char *text)
{
	char formatted[ADDR_TEXT];

	cr_expect_str_eq(addr_format(a, formatted), text);
}

Test(conf, presets)
{
	struct conf *c = rows_parse(QUIET);
	const struct conf_service *s = c->services;

	cr_expect_str_eq(c->path, "t.yaml");
	cr_expect_str_eq(c->socket, "/run/shunt/shunt.sock");
	cr_expect_null(c->group);
	cr_expect_null(c->read_group);
	cr_expect_str_eq(c->state_dir, "/var/lib/shunt");
	cr_expect_eq(c->on_stop, CONF_STOP_KEEP);
	cr_expect_eq(c->log_level, LOG_LEVEL_INFO);
	cr_expect_str_eq(c->metrics_listen, "127.0.0.1:9924");
	cr_expect(c->metrics_per_backend);
	cr_expect_eq(c->slots, 0);
	cr_expect_eq(c->max_services, 0);
	cr_expect_eq(c->max_backends, 0);
	cr_expect_eq(c->flow_cache_bytes, 4 << 20);
	cr_expect_eq(c->flow_early_ms, 60 * 1000);
	cr_expect_eq(c->flow_idle_ms, 300 * 1000);
	cr_expect_null(c->hash_key);
	cr_expect_eq(c->icmp_per_s, 1000);
	cr_expect_eq(c->nat_connections, 262144);
	cr_expect_eq(c->n_nat_pool, 0);
	cr_expect_eq(c->nat_first_port, 10000);
	cr_expect_eq(c->nat_last_port, 32767);
	cr_expect_eq(c->n_interfaces, 1);
	cr_expect_eq(c->interfaces[0].mode, CONF_XDP_AUTO);
	cr_assert_eq(c->n_services, 1);
	cr_expect_eq(s->forward, SHUNT_FORWARD_DIRECT);
	cr_expect_eq(s->scheduler, CONF_SCHEDULER_CONSISTENT);
	cr_expect(s->failback);
	cr_expect_eq(s->when_all_down, CONF_ALL_DOWN_DROP);
	cr_expect_not(s->backends[0].backup);
	cr_expect_eq(s->n_vips, 1);
	cr_expect_eq(s->n_ports, 1);
	cr_expect_not(s->udp_moves);
	cr_expect_not(s->track);
	cr_expect_eq(s->slots, 0);
	cr_expect_eq(s->gue_port, 6080);
	cr_expect_eq(s->affinity_ms, 0);
	cr_expect_eq(s->fragments, CONF_FRAGMENTS_TRACK);
	cr_expect_eq(s->mss, 0);
	cr_expect_eq(s->max_connections, 0);
	cr_expect_eq(s->timeouts.syn_ms, 30 * 1000);
	cr_expect_eq(s->timeouts.established_ms, 124 * 60 * 1000);
	cr_expect_eq(s->timeouts.closing_ms, 120 * 1000);
	cr_expect_eq(s->timeouts.closed_ms, 60 * 1000);
	cr_expect_eq(s->timeouts.udp_ms, 60 * 1000);
	cr_expect_eq(s->timeouts.udp_replied_ms, 180 * 1000);
	cr_expect_eq(s->backends[0].port, 0);
	cr_expect_eq(s->backends[0].max_connections, 0);
	cr_expect_eq(s->backends[0].weight, 100);
	cr_expect_eq(s->backends[0].id, 0);
	conf_free(c);
}

Test(conf, presets_of_a_check)
{
	struct conf *c = rows_parse(QUIET);
	const struct conf_check *check = &c->services[0].backends[0].check;

	cr_expect_eq(check->type, CONF_CHECK_TCP);
	cr_expect_eq(check->interval_ms, 2000);
	cr_expect_eq(check->fast_interval_ms, 1000);
	cr_expect_eq(check->down_interval_ms, 5000);
	cr_expect_eq(check->timeout_ms, 1000);
	cr_expect_eq(check->rise, 2);
	cr_expect_eq(check->fall, 3);
	cr_expect_eq(check->jitter_percent, 5);
	cr_expect_eq(check->port, 80);
	cr_expect_str_eq(check->path, "/");
	cr_expect_null(check->host);
	cr_assert_eq(check->n_status, 1);
	cr_expect_eq(check->status[0].first, 200);
	cr_expect_eq(check->status[0].last, 399);
	cr_expect_eq(check->via, CONF_VIA_BACKEND);
	cr_expect(check->verify);
	cr_expect_eq(check->expires_days, 14);
	cr_expect_eq(check->qtype, CONF_QTYPE_A);
	cr_expect_eq(check->rcodes, 1 << 0);
	cr_expect_eq(check->role, CONF_ROLE_ANY);
	cr_expect_eq(check->n_send, 0);
	cr_expect_null(check->payload);
	conf_free(c);
}

Test(conf, full_daemon)
{
	struct conf *c = rows_parse(full_text);

	cr_expect_str_eq(c->socket, "/run/shunt/test.sock");
	cr_expect_str_eq(c->group, "shunt-admin");
	cr_expect_str_eq(c->read_group, "shunt");
	cr_expect_str_eq(c->state_dir, "/var/lib/shunt-test");
	cr_expect_eq(c->on_stop, CONF_STOP_DETACH);
	cr_expect_eq(c->log_level, LOG_LEVEL_DEBUG);
	cr_expect_str_eq(c->metrics_listen, "[::1]:9925");
	cr_expect_not(c->metrics_per_backend);
	cr_expect_eq(c->slots, 4096);
	cr_expect_eq(c->max_services, 64);
	cr_expect_eq(c->max_backends, 128);
	cr_expect_eq(c->flow_cache_bytes, 512 << 10);
	cr_expect_eq(c->flow_early_ms, 0);
	cr_expect_eq(c->flow_idle_ms, 8 * 3600 * 1000);
	cr_expect_str_eq(c->hash_key, "00112233445566778899aabbccddeeff");
	cr_expect_eq(c->icmp_per_s, 50);
	cr_expect_eq(c->nat_connections, 4096);
	cr_assert_eq(c->n_nat_pool, 3);
	expect_addr(&c->nat_pool[0], "198.51.100.1");
	expect_addr(&c->nat_pool[2], "2001:db8:9::1");
	cr_expect_eq(c->nat_first_port, 20000);
	cr_expect_eq(c->nat_last_port, 20999);
	cr_assert_eq(c->n_interfaces, 3);
	cr_expect_str_eq(c->interfaces[0].name, "eth0");
	cr_expect_eq(c->interfaces[0].mode, CONF_XDP_NATIVE);
	cr_expect_eq(c->interfaces[0].line, 19);
	cr_expect_str_eq(c->interfaces[1].name, "eth1");
	cr_expect_eq(c->interfaces[1].mode, CONF_XDP_AUTO);
	cr_expect_str_eq(c->interfaces[2].name, "bond0.100");
	cr_expect_eq(c->interfaces[2].mode, CONF_XDP_GENERIC);
	conf_free(c);
}

Test(conf, full_service)
{
	struct conf *c = rows_parse(full_text);
	const struct conf_service *s = &c->services[0];

	cr_assert_eq(c->n_services, 4);
	cr_expect_str_eq(s->name, "web");
	cr_expect_eq(s->line, 30);
	cr_assert_eq(s->n_vips, 2);
	expect_addr(&s->vips[0], "203.0.113.10");
	expect_addr(&s->vips[1], "2001:db8:113::10");
	cr_assert_eq(s->n_ports, 2);
	cr_expect_eq(s->ports[0].port, 80);
	cr_expect_eq(s->ports[0].proto, IPPROTO_TCP);
	cr_expect_eq(s->ports[1].port, 443);
	cr_expect_eq(s->forward, SHUNT_FORWARD_DIRECT);
	cr_expect_eq(s->scheduler, CONF_SCHEDULER_CONSISTENT);
	cr_expect(s->track);
	cr_expect_eq(s->slots, 2048);
	cr_expect_eq(s->affinity_ms, 600 * 1000);
	cr_expect_eq(s->fragments, CONF_FRAGMENTS_L3HASH);
	cr_expect_eq(s->mss, 1400);
	cr_expect_not(s->udp_moves);
	cr_expect_eq(s->n_backends, 3);

	s = &c->services[1];
	cr_expect_str_eq(s->name, "dns");
	cr_expect_eq(s->forward, SHUNT_FORWARD_IPIP);
	cr_expect_eq(s->scheduler, CONF_SCHEDULER_MAGLEV);
	cr_assert_eq(s->n_vips, 1);
	cr_assert_eq(s->n_ports, 2);
	cr_expect_eq(s->ports[0].port, 53);
	cr_expect_eq(s->ports[0].proto, IPPROTO_UDP);
	cr_expect_eq(s->ports[1].proto, IPPROTO_TCP);
	cr_expect(s->udp_moves);
	cr_expect_not(s->track);

	s = &c->services[2];
	cr_expect_eq(s->ports[0].port, 0);
	cr_expect_eq(s->ports[0].proto, IPPROTO_UDP);
	cr_expect_not(s->udp_moves);
	cr_expect_not(s->track);
	cr_expect_eq(s->scheduler, CONF_SCHEDULER_FIRST);
	cr_expect_not(s->failback);
	cr_expect_eq(s->when_all_down, CONF_ALL_DOWN_LAST);
	cr_expect_eq(s->forward, SHUNT_FORWARD_GUE);
	cr_expect_eq(s->gue_port, 6082);
	cr_assert_eq(s->n_backends, 2);
	cr_expect_not(s->backends[0].backup);
	cr_expect(s->backends[1].backup);
	conf_free(c);
}

Test(conf, full_backends)
{
	struct conf *c = rows_parse(full_text);
	const struct conf_backend *b = c->services[0].backends;

	cr_expect_str_eq(b[0].name, "nginx1");
	cr_expect(b[0].has_address);
	expect_addr(&b[0].address, "192.0.2.11");
	cr_expect(b[0].has_address6);
	expect_addr(&b[0].address6, "2001:db8:2::11");
	cr_expect_eq(b[0].weight, 50);
	cr_expect_eq(b[0].id, 7);
	cr_expect_eq(b[0].line, 48);

	cr_expect_str_eq(b[1].name, "nginx2");
	cr_expect_not(b[1].has_address);
	cr_expect(b[1].has_address6);
	cr_expect_eq(b[1].weight, 100);
	cr_expect_eq(b[1].line, 49);

	cr_expect_str_eq(b[2].name, "nginx3");
	cr_expect_not(b[2].has_address6);
	cr_expect_eq(b[2].weight, 0);
	conf_free(c);
}

/* Backend over service over defaults over presets, each key for itself. */
Test(conf, full_checks_are_merged)
{
	struct conf *c = rows_parse(full_text);
	const struct conf_backend *b = c->services[0].backends;
	const struct conf_check *check = &b[0].check;

	cr_expect_eq(check->type, CONF_CHECK_HTTP);
	cr_expect_eq(check->port, 8080);
	cr_expect_str_eq(check->path, "/healthz?deep=1");
	cr_expect_str_eq(check->host, "www.example.com");
	cr_assert_eq(check->n_status, 2);
	cr_expect_eq(check->status[0].last, 200);
	cr_expect_eq(check->status[1].first, 301);
	cr_expect_eq(check->status[1].last, 302);
	cr_expect_eq(check->interval_ms, 3000);
	cr_expect_eq(check->fast_interval_ms, 500);
	cr_expect_eq(check->down_interval_ms, 60000);
	cr_expect_eq(check->timeout_ms, 2000);
	cr_expect_eq(check->rise, 4);
	cr_expect_eq(check->fall, 5);
	cr_expect_eq(check->jitter_percent, 10);

	cr_expect_eq(b[1].check.type, CONF_CHECK_NONE);

	check = &b[2].check;
	cr_expect_eq(check->type, CONF_CHECK_HTTP);
	cr_expect_eq(check->port, 81);
	cr_expect_str_eq(check->path, "/healthz?deep=1");
	cr_assert_eq(check->n_status, 1);
	cr_expect_eq(check->status[0].first, 204);
	cr_expect_eq(check->rise, 4);

	/* The first TCP port, not the first. */
	cr_expect_eq(c->services[1].backends[0].check.port, 53);
	cr_expect_eq(c->services[1].backends[0].check.type, CONF_CHECK_TCP);
	cr_expect_eq(c->services[2].backends[0].check.port, 22);
	cr_expect_eq(c->services[2].backends[0].check.timeout_ms, 250);
	cr_expect_eq(c->services[2].backends[0].check.fall, 1);
	conf_free(c);
}

/* The order of the text does not matter: defaults may stand below. */
Test(conf, defaults_below_services)
{
	struct conf *c = rows_parse(QUIET "defaults: { forward: ipip, check: { port: 8 } }\n");

	cr_expect_eq(c->services[0].forward, SHUNT_FORWARD_IPIP);
	cr_expect_eq(c->services[0].backends[0].check.port, 8);
	conf_free(c);
}

Test(conf, exporter_can_be_turned_off)
{
	struct conf *c = rows_parse(QUIET "daemon: { metrics: { listen: none } }\n");

	cr_expect_null(c->metrics_listen);
	conf_free(c);
}

Test(conf, slots_auto_is_none)
{
	struct conf *c = rows_parse(QUIET "dataplane: { slots: auto }\n");

	cr_expect_eq(c->slots, 0);
	conf_free(c);
	c = rows_parse(QUIET "dataplane: { slots: 1048576 }\n");
	cr_expect_eq(c->slots, 1 << 20);
	conf_free(c);
}

Test(conf, any_port_beside_a_named_one)
{
	struct conf *c = rows_parse(SERVICE "  rest:\n"
					    "    vip: 192.0.2.1\n"
					    "    ports: any/tcp\n"
					    "    check: { port: 80 }\n"
					    "    backends: [{ name: a, address: 192.0.2.11 }]\n");

	cr_expect_eq(c->n_services, 2);
	conf_free(c);
}

Test(conf, byte_order_mark_is_no_column)
{
	struct conf *c = rows_parse("\xef\xbb\xbf" QUIET);

	cr_expect_eq(c->services[0].line, 3);
	conf_free(c);
}

/* The largest does not fit in 32 bits. */
Test(conf, sizes_and_times_at_their_limits)
{
	struct conf *c = rows_parse(QUIET "dataplane: { flow_cache: 256KiB, flow_idle: 1s }\n");

	cr_expect_eq(c->flow_cache_bytes, 256 << 10);
	cr_expect_eq(c->flow_idle_ms, 1000);
	conf_free(c);
	c = rows_parse(QUIET "dataplane: { flow_cache: 4GiB, flow_early: 1h }\n");
	cr_expect_eq(c->flow_cache_bytes, 1ULL << 32);
	cr_expect_eq(c->flow_early_ms, 3600 * 1000);
	conf_free(c);
}

/* A smaller unit says the same. */
Test(conf, size_in_another_unit)
{
	struct conf *c = rows_parse(QUIET "dataplane: { flow_cache: 1048576KiB }\n");

	cr_expect_eq(c->flow_cache_bytes, 1 << 30);
	conf_free(c);
}

Test(conf, names)
{
	cr_expect_str_eq(conf_udp_name(false), "keep");
	cr_expect_str_eq(conf_udp_name(true), "move");
	cr_expect_str_eq(conf_scheduler_name(CONF_SCHEDULER_MAGLEV), "maglev");
	cr_expect_str_eq(conf_scheduler_name(CONF_SCHEDULER_FIRST), "first");
	cr_expect_str_eq(conf_failback_name(true), "yes");
	cr_expect_str_eq(conf_failback_name(false), "no");
	cr_expect_str_eq(conf_all_down_name(CONF_ALL_DOWN_LAST), "last");
	cr_expect_str_eq(conf_forward_name(SHUNT_FORWARD_IPIP), "ipip");
	cr_expect_str_eq(conf_forward_name(SHUNT_FORWARD_FULLNAT), "fullnat");
	cr_expect_str_eq(conf_scheduler_name(CONF_SCHEDULER_ROUND_ROBIN), "round_robin");
	cr_expect_str_eq(conf_fragments_name(CONF_FRAGMENTS_L3HASH), "l3hash");
	cr_expect_str_eq(conf_check_type_name(CONF_CHECK_NONE), "none");
	cr_expect_str_eq(conf_xdp_mode_name(CONF_XDP_GENERIC), "generic");
	cr_expect_str_eq(conf_forward_name(SHUNT_FORWARD_NONE), "unknown");
}

/* Whoever has it last releases it. */
Test(conf, stays_for_those_who_hold_it)
{
	struct conf *c = rows_parse(QUIET);
	const struct conf *held = conf_hold(c);

	conf_free(c);
	cr_expect_str_eq(held->path, "t.yaml");
	cr_expect_not_null(held->services[0].name);
	conf_free(c);
}
