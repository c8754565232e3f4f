/* SPDX-License-Identifier: BSD-2-Clause */
/* What a good file says of connections and of what has to be remembered. */
#include <criterion/criterion.h>

#include "conf/conf.h"
#include "full.h"
#include "rows.h"

Test(conf_flows, full_nat)
{
	struct conf *c = rows_parse(full_text);
	const struct conf_service *s = &c->services[3];

	cr_expect_eq(s->forward, SHUNT_FORWARD_FULLNAT);
	cr_expect_eq(s->gue_port, 6081);
	cr_expect_eq(s->scheduler, CONF_SCHEDULER_LEAST_CONN);
	cr_expect_eq(s->affinity_ms, 0);
	cr_expect_eq(s->fragments, CONF_FRAGMENTS_DROP);
	cr_expect_eq(s->timeouts.syn_ms, 5000);
	cr_expect_eq(s->timeouts.established_ms, 240 * 3600 * 1000);
	cr_expect_eq(s->timeouts.closing_ms, 60 * 1000);
	cr_expect_eq(s->timeouts.closed_ms, 1000);
	cr_expect_eq(s->timeouts.udp_ms, 20 * 1000);
	cr_expect_eq(s->timeouts.udp_replied_ms, 120 * 1000);
	cr_assert_eq(s->n_backends, 2);
	cr_expect_eq(s->backends[0].port, 8443);
	cr_expect_eq(s->backends[1].port, 8444);
	cr_expect_eq(s->backends[0].check.port, 8443, "probed where it listens");
	cr_expect_eq(s->backends[1].check.port, 8444);
	conf_free(c);
}

/* Of the backend, the service, the defaults. */
Test(conf_flows, full_limits_are_inherited)
{
	struct conf *c = rows_parse(full_text);
	const struct conf_service *web = &c->services[0], *shop = &c->services[3];

	cr_expect_eq(web->backends[0].max_connections, 0);
	cr_expect_eq(web->backends[1].max_connections, 100);
	cr_expect_eq(shop->backends[0].max_connections, 5000);
	cr_expect_eq(shop->backends[1].max_connections, 7);
	cr_expect(conf_service_is_limited(web));
	conf_free(c);
}

/* A check goes where the server listens, which need not be the service's port. */
Test(conf_flows, port_of_checks)
{
	struct conf *c = rows_parse("version: 1\n"
				    "interfaces: { eth0: {} }\n"
				    "services:\n"
				    "  s:\n"
				    "    vip: [192.0.2.1]\n"
				    "    ports: [80/tcp]\n"
				    "    forward: nat\n"
				    "    backends:\n"
				    "      - { name: a, address: 10.0.0.1 }\n"
				    "      - { name: b, address: 10.0.0.2, port: 8080 }\n"
				    "      - { name: c, address: 10.0.0.3, port: 8080,\n"
				    "          check: { port: 81 } }\n");

	cr_expect_eq(c->services[0].backends[0].check.port, 80);
	cr_expect_eq(c->services[0].backends[1].check.port, 8080);
	cr_expect_eq(c->services[0].backends[2].check.port, 81);
	conf_free(c);
}

static bool needs_memory(const char *keys)
{
	struct buf text = { 0 };
	struct conf *c;
	bool needs;

	buf_printf(&text, SERVICE "%s", keys);
	c = rows_parse(buf_str(&text));
	needs = conf_service_needs_memory(&c->services[0]);
	conf_free(c);
	buf_free(&text);
	return needs;
}

Test(conf_flows, what_needs_every_flow_to_be_remembered)
{
	cr_expect_not(needs_memory(""));
	cr_expect_not(needs_memory("    track: true\n"));
	cr_expect_not(needs_memory("    scheduler: source\n"));
	cr_expect_not(needs_memory("    scheduler: first\n"));
	cr_expect(needs_memory("    scheduler: round_robin\n"));
	cr_expect(needs_memory("    scheduler: random\n"));
	cr_expect(needs_memory("    scheduler: least_conn\n"));
	cr_expect(needs_memory("    affinity: 1s\n"));
	cr_expect(needs_memory("    max_connections: 1\n"));
}

Test(conf_flows, affinity_is_off_as_people_write_it)
{
	cr_expect_not(needs_memory("    affinity: off\n"));
	cr_expect_not(needs_memory("    affinity: 0\n"));
}

/* What the file names counts, and a port of UDP is none that a check could go to. */
Test(conf_flows, port_of_a_server_is_where_it_is_probed)
{
	struct conf *c = rows_parse(HEAD "services:\n"
					 "  web:\n"
					 "    vip: 192.0.2.1\n"
					 "    ports: 80/tcp\n"
					 "    forward: nat\n"
					 "    check: { port: 9 }\n"
					 "    backends:\n"
					 "      - { name: a, address: 192.0.2.11, port: 8080 }\n"
					 "  dns:\n"
					 "    vip: 192.0.2.1\n"
					 "    ports: 53/udp\n"
					 "    forward: nat\n"
					 "    check: { type: none }\n"
					 "    backends:\n"
					 "      - { name: a, address: 192.0.2.11, port: 5353 }\n");

	cr_expect_eq(c->services[0].backends[0].check.port, 9);
	cr_expect_eq(c->services[1].backends[0].check.port, 0);
	conf_free(c);
}
