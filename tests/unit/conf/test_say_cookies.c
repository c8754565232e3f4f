/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of SYN cookies. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"cookies of a service whose servers answer themselves",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 80/tcp\n"
		     "    firewall: { syn_cookies: auto }\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"t.yaml:7:17: error: services.web.firewall: \"syn_cookies\" is of "
		"forward "
		"nat and fullnat, and the service has direct: remove it or change the service\n"
		"    firewall: { syn_cookies: auto }\n"
		"                ^~~~~~~~~~~\n",
	},
	{
		"cookies of nobody",
		HEAD "firewall: { syn_cookies: always }\n"
		     "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 80/tcp\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"t.yaml:3:26: warning: firewall.syn_cookies: no service is of forward nat or "
		"fullnat: the servers of others answer SYNs themselves\n"
		"firewall: { syn_cookies: always }\n"
		"                         ^~~~~~\n",
	},
	{
		"cookies that are right",
		HEAD "firewall: { syn_cookies: auto, syn_cookies_above: 5000/s }\n"
		     "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 80/tcp\n"
		     "    forward: nat\n"
		     "    firewall: { syn_cookies: never }\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"",
	},
};

Test(say_cookies, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
