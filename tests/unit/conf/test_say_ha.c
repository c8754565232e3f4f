/* SPDX-License-Identifier: BSD-2-Clause */
/* ha: what becomes of it, and what is said of mistakes in it. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "conf/conf.h"
#include "full.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"another way",
		QUIET "ha: { announce: address }\n",
		"t.yaml:4:17: error: ha.announce: unknown value \"address\", known: none, routes "
		"or "
		"vrrp_file\n"
		"ha: { announce: address }\n"
		"                ^~~~~~~\n",
	},
	{
		"protocols of the kernel",
		QUIET "ha: { routes: { protocol: 4 } }\n",
		"t.yaml:4:27: error: ha.routes.protocol: \"4\" is out of range: 5 to 255\n"
		"ha: { routes: { protocol: 4 } }\n"
		"                          ^\n",
	},
	{
		"the table of the host itself",
		QUIET "ha: { routes: { table: 255 } }\n",
		"t.yaml:4:24: error: ha.routes.table: 255 is the table of this host's own "
		"addresses\n"
		"ha: { routes: { table: 255 } }\n"
		"                       ^~~\n",
	},
	{
		"a drain that is no worse",
		QUIET "ha: { routes: { metric: 5000 } }\n",
		"t.yaml:4:25: error: ha.routes.metric: drain_metric must be greater than metric, "
		"which is 5000\n"
		"ha: { routes: { metric: 5000 } }\n"
		"                        ^~~~\n",
	},
	{
		"a drain that is no worse for IPv6",
		QUIET "ha: { routes: { drain_metric: 1024 } }\n",
		"t.yaml:4:31: error: ha.routes.drain_metric: drain_metric must be greater than "
		"metric, which is 1024 for IPv6\n"
		"ha: { routes: { drain_metric: 1024 } }\n"
		"                              ^~~~\n",
	},
	{
		"a drain that is the least one",
		QUIET "ha: { routes: { metric: 1, drain_metric: 2 } }\n",
		"",
	},
	{
		"a file somewhere",
		QUIET "ha: { announce: vrrp_file, vrrp: { file: unfit } }\n",
		"t.yaml:4:42: error: ha.vrrp.file: \"unfit\" is not an absolute path\n"
		"ha: { announce: vrrp_file, vrrp: { file: unfit } }\n"
		"                                         ^~~~~\n",
	},
	{
		"nothing of it",
		QUIET "ha: { routes: {}, vrrp: }\n",
		"",
	},
};

Test(say_ha, mistakes)
{
	rows_check(rows, array_len(rows));
}

Test(ha, presets)
{
	struct conf *c = rows_parse(QUIET);

	cr_expect_eq(c->ha.announce, CONF_ANNOUNCE_NONE);
	cr_expect_eq(c->ha.routes.table, 250);
	cr_expect_eq(c->ha.routes.protocol, 233);
	cr_expect_eq(c->ha.routes.metric, 0);
	cr_expect_eq(c->ha.routes.drain_metric, 4096);
	cr_expect_not(c->ha.routes.pool);
	cr_expect_str_eq(c->ha.vrrp_file, "/run/shunt.vrrp");
	cr_expect_str_eq(conf_announce_name(CONF_ANNOUNCE_VRRP_FILE), "vrrp_file");
	conf_free(c);
}

Test(ha, values)
{
	struct conf *c = rows_parse(full_text);

	cr_expect_eq(c->ha.announce, CONF_ANNOUNCE_ROUTES);
	cr_expect_eq(c->ha.routes.table, 1000);
	cr_expect_eq(c->ha.routes.protocol, 200);
	cr_expect_eq(c->ha.routes.metric, 10);
	cr_expect_eq(c->ha.routes.drain_metric, 20);
	cr_expect(c->ha.routes.pool);
	cr_expect_str_eq(c->ha.vrrp_file, "/run/unfit");
	conf_free(c);
}
