/* SPDX-License-Identifier: BSD-2-Clause */
/* What cannot be checked via: vip, and to which VIP the rest goes. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "conf/conf.h"
#include "net/addr.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"nat",
		SERVICE "    forward: nat\n"
			"    check: { type: tcp, via: vip }\n",
		"t.yaml:9:30: error: services.web.check.via: clients' packets reach a backend of "
		"nat or fullnat at its own address, and so do checks: via: vip is for direct, "
		"ipip and gue\n"
		"    check: { type: tcp, via: vip }\n"
		"                             ^~~\n",
	},
	{
		"a kind that has no socket of its own",
		SERVICE "    check: { type: icmp, via: vip }\n",
		"t.yaml:8:31: error: services.web.check.via: a check of type icmp cannot go via: "
		"vip\n"
		"    check: { type: icmp, via: vip }\n"
		"                              ^~~\n",
	},
	{
		"silence",
		SERVICE "    check: { type: udp, port: 53, via: vip }\n",
		"t.yaml:8:40: error: services.web.check.via: via: vip nobody is told that a port "
		"is closed, so silence means nothing: set expect.payload\n"
		"    check: { type: udp, port: 53, via: vip }\n"
		"                                       ^~~\n",
	},
	{
		"the other family, said by the backend",
		BACKENDS "    - { name: a, address6: '2001:db8::1', check: { via: vip } }\n"
			 "    forward: ipip\n",
		"t.yaml:8:57: error: services.web.backends[0].check.via: a has no address of the "
		"family of a VIP, which a check by via: vip needs\n"
		"    - { name: a, address6: '2001:db8::1', check: { via: vip } }\n"
		"                                                        ^~~\n",
	},
	{
		"what all have from the service is said once",
		BACKENDS "    - { name: a, address: 192.0.2.11 }\n"
			 "    - { name: b, address: 192.0.2.12 }\n"
			 "    forward: fullnat\n"
			 "    check: { via: vip }\n"
			 "nat: { pool: [192.0.2.9] }\n",
		"t.yaml:11:19: error: services.web.check.via: clients' packets reach a backend of "
		"nat or fullnat at its own address, and so do checks: via: vip is for direct, "
		"ipip and gue\n"
		"    check: { via: vip }\n"
		"                  ^~~\n",
	},
	{
		"without a check there is nothing to say",
		SERVICE "    forward: nat\n"
			"    check: { type: none, via: vip }\n",
		"",
	},
};

Test(say_via, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}

static void goes_to(const struct conf_service *s, size_t backend, const char *vip)
{
	struct shunt_addr wanted;

	cr_assert_eq(addr_parse(vip, &wanted), 0);
	cr_assert_not_null(conf_via_vip(s, &s->backends[backend]));
	cr_expect(addr_is_equal(conf_via_vip(s, &s->backends[backend]), &wanted), "backend %zu",
		  backend);
}

Test(say_via, the_first_vip_that_it_has_an_address_for)
{
	struct conf *c =
		rows_parse(HEAD "services:\n"
				"  web:\n"
				"    vip: ['2001:db8::80', 192.0.2.80, 192.0.2.81]\n"
				"    ports: 80/tcp\n"
				"    forward: ipip\n"
				"    check: { type: http, via: vip }\n"
				"    backends:\n"
				"    - { name: a, address: 192.0.2.11 }\n"
				"    - { name: b, address: 192.0.2.12, address6: '2001:db8::12' }\n"
				"    - { name: c, address6: '2001:db8::13' }\n");

	cr_expect_eq(c->services[0].backends[0].check.via, CONF_VIA_VIP);
	goes_to(&c->services[0], 0, "192.0.2.80");
	goes_to(&c->services[0], 1, "2001:db8::80");
	goes_to(&c->services[0], 2, "2001:db8::80");
	conf_free(c);
}
