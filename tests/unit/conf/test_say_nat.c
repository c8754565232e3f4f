/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in nat. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"fullnat without a pool",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 80/tcp\n"
		     "    forward: fullnat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		     "      - { name: b, address: 192.0.2.12 }\n",
		"t.yaml:9:9: error: services.web.backends[0]: fullnat of service \"web\" needs an "
		"IPv4 address to send to backend \"a\" from: add one to nat.pool\n"
		"      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		"        ^\n",
	},
	{
		"a pool without the family",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: [192.0.2.1, \"2001:db8::1\"]\n"
		     "    ports: 80/tcp\n"
		     "    forward: fullnat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		     "      - { name: b, address: 192.0.2.12 }\n"
		     "nat: { pool: 198.51.100.1 }\n",
		"t.yaml:9:9: error: services.web.backends[0]: fullnat of service \"web\" needs an "
		"IPv6 address to send to backend \"a\" from: add one to nat.pool\n"
		"      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		"        ^\n",
	},
	{
		"a pool without the family of a backend that has one only",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: \"2001:db8::1\"\n"
		     "    ports: 80/tcp\n"
		     "    forward: fullnat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		     "      - { name: b, address: 192.0.2.12 }\n"
		     "nat: { pool: \"2001:db8:9::1\" }\n",
		"t.yaml:10:9: error: services.web.backends[1]: fullnat of service \"web\" needs an "
		"IPv4 address to send to backend \"b\" from: add one to nat.pool\n"
		"      - { name: b, address: 192.0.2.12 }\n"
		"        ^\n",
	},
	{
		"a pool of both",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: [192.0.2.1, \"2001:db8::1\"]\n"
		     "    ports: 80/tcp\n"
		     "    forward: fullnat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		     "      - { name: b, address: 192.0.2.12 }\n"
		     "nat: { pool: [198.51.100.1, \"2001:db8:9::1\"] }\n",
		"",
	},
	{
		"fullnat from one family to the other",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: \"2001:db8::1\"\n"
		     "    ports: 80/tcp\n"
		     "    forward: fullnat\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n"
		     "nat: { pool: 198.51.100.1 }\n",
		"",
	},
	{
		"a pool that is wrong is not missing",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 80/tcp\n"
		     "    forward: fullnat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		     "      - { name: b, address: 192.0.2.12 }\n"
		     "nat: { pool: [198.51.100.x] }\n",
		"t.yaml:11:15: error: nat.pool[0]: \"198.51.100.x\" is not an IP address\n"
		"nat: { pool: [198.51.100.x] }\n"
		"              ^~~~~~~~~~~~\n",
	},
	{
		"a pool of nothing",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 80/tcp\n"
		     "    forward: fullnat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		     "      - { name: b, address: 192.0.2.12 }\n"
		     "nat: { pool: [] }\n",
		"t.yaml:11:8: error: nat.pool: expected a value, found an empty list\n"
		"nat: { pool: [] }\n"
		"       ^~~~\n",
	},
	{
		"a VIP in the pool",
		QUIET "nat: { pool: [198.51.100.1, 192.0.2.1] }\n",
		"t.yaml:4:29: error: nat.pool[1]: \"192.0.2.1\" is a vip of service \"a\" (line "
		"3): the pool needs addresses of its own\n"
		"nat: { pool: [198.51.100.1, 192.0.2.1] }\n"
		"                            ^~~~~~~~~\n",
	},
	{
		"an address twice",
		QUIET "nat: { pool: [198.51.100.1, 198.51.100.1] }\n",
		"t.yaml:4:29: error: nat.pool[1]: \"198.51.100.1\" is there twice (first on line "
		"4)\n"
		"nat: { pool: [198.51.100.1, 198.51.100.1] }\n"
		"                            ^~~~~~~~~~~~\n",
	},
	{
		"too large a pool",
		QUIET
		"nat:\n"
		"  pool: [198.51.100.99, 198.51.100.1, 198.51.100.2, 198.51.100.3, 198.51.100.4, "
		"198.51.100.5, 198.51.100.6, 198.51.100.7, 198.51.100.8, 198.51.100.9, "
		"198.51.100.10, 198.51.100.11, 198.51.100.12, 198.51.100.13, 198.51.100.14, "
		"198.51.100.15, 198.51.100.16, 198.51.100.17, 198.51.100.18, 198.51.100.19, "
		"198.51.100.20, 198.51.100.21, 198.51.100.22, 198.51.100.23, 198.51.100.24, "
		"198.51.100.25, 198.51.100.26, 198.51.100.27, 198.51.100.28, 198.51.100.29, "
		"198.51.100.30, 198.51.100.31, 198.51.100.32, 198.51.100.33, 198.51.100.34, "
		"198.51.100.35, 198.51.100.36, 198.51.100.37, 198.51.100.38, 198.51.100.39, "
		"198.51.100.40, 198.51.100.41, 198.51.100.42, 198.51.100.43, 198.51.100.44, "
		"198.51.100.45, 198.51.100.46, 198.51.100.47, 198.51.100.48, 198.51.100.49, "
		"198.51.100.50, 198.51.100.51, 198.51.100.52, 198.51.100.53, 198.51.100.54, "
		"198.51.100.55, 198.51.100.56, 198.51.100.57, 198.51.100.58, 198.51.100.59, "
		"198.51.100.60, 198.51.100.61, 198.51.100.62, 198.51.100.63, 198.51.100.64]\n",
		"t.yaml:5:3: error: nat.pool: 65 IPv4 addresses, at most 64 are possible\n"
		"  pool: [198.51.100.99, 198.51.100.1, 198.51.100.2, 198.51.100.3, 198.51.100.4, "
		"198.51.100.5, 198.51.100.6, 198.51.100.7...\n"
		"  ^~~~\n",
	},
	{
		"64 of each family",
		QUIET
		"nat:\n"
		"  pool: [198.51.100.1, 198.51.100.2, 198.51.100.3, 198.51.100.4, 198.51.100.5, "
		"198.51.100.6, 198.51.100.7, 198.51.100.8, 198.51.100.9, 198.51.100.10, "
		"198.51.100.11, 198.51.100.12, 198.51.100.13, 198.51.100.14, 198.51.100.15, "
		"198.51.100.16, 198.51.100.17, 198.51.100.18, 198.51.100.19, 198.51.100.20, "
		"198.51.100.21, 198.51.100.22, 198.51.100.23, 198.51.100.24, 198.51.100.25, "
		"198.51.100.26, 198.51.100.27, 198.51.100.28, 198.51.100.29, 198.51.100.30, "
		"198.51.100.31, 198.51.100.32, 198.51.100.33, 198.51.100.34, 198.51.100.35, "
		"198.51.100.36, 198.51.100.37, 198.51.100.38, 198.51.100.39, 198.51.100.40, "
		"198.51.100.41, 198.51.100.42, 198.51.100.43, 198.51.100.44, 198.51.100.45, "
		"198.51.100.46, 198.51.100.47, 198.51.100.48, 198.51.100.49, 198.51.100.50, "
		"198.51.100.51, 198.51.100.52, 198.51.100.53, 198.51.100.54, 198.51.100.55, "
		"198.51.100.56, 198.51.100.57, 198.51.100.58, 198.51.100.59, 198.51.100.60, "
		"198.51.100.61, 198.51.100.62, 198.51.100.63, 198.51.100.64, \"2001:db8:9::1\", "
		"\"2001:db8:9::2\", \"2001:db8:9::3\", \"2001:db8:9::4\", \"2001:db8:9::5\", "
		"\"2001:db8:9::6\", \"2001:db8:9::7\", \"2001:db8:9::8\", \"2001:db8:9::9\", "
		"\"2001:db8:9::a\", \"2001:db8:9::b\", \"2001:db8:9::c\", \"2001:db8:9::d\", "
		"\"2001:db8:9::e\", \"2001:db8:9::f\", \"2001:db8:9::10\", \"2001:db8:9::11\", "
		"\"2001:db8:9::12\", \"2001:db8:9::13\", \"2001:db8:9::14\", \"2001:db8:9::15\", "
		"\"2001:db8:9::16\", \"2001:db8:9::17\", \"2001:db8:9::18\", \"2001:db8:9::19\", "
		"\"2001:db8:9::1a\", \"2001:db8:9::1b\", \"2001:db8:9::1c\", \"2001:db8:9::1d\", "
		"\"2001:db8:9::1e\", \"2001:db8:9::1f\", \"2001:db8:9::20\", \"2001:db8:9::21\", "
		"\"2001:db8:9::22\", \"2001:db8:9::23\", \"2001:db8:9::24\", \"2001:db8:9::25\", "
		"\"2001:db8:9::26\", \"2001:db8:9::27\", \"2001:db8:9::28\", \"2001:db8:9::29\", "
		"\"2001:db8:9::2a\", \"2001:db8:9::2b\", \"2001:db8:9::2c\", \"2001:db8:9::2d\", "
		"\"2001:db8:9::2e\", \"2001:db8:9::2f\", \"2001:db8:9::30\", \"2001:db8:9::31\", "
		"\"2001:db8:9::32\", \"2001:db8:9::33\", \"2001:db8:9::34\", \"2001:db8:9::35\", "
		"\"2001:db8:9::36\", \"2001:db8:9::37\", \"2001:db8:9::38\", \"2001:db8:9::39\", "
		"\"2001:db8:9::3a\", \"2001:db8:9::3b\", \"2001:db8:9::3c\", \"2001:db8:9::3d\", "
		"\"2001:db8:9::3e\", \"2001:db8:9::3f\", \"2001:db8:9::40\"]\n",
		"",
	},
	{
		"no connections",
		QUIET "nat: { connections: 0 }\n",
		"t.yaml:4:21: error: nat.connections: \"0\" is out of range: 1 to 4194304\n"
		"nat: { connections: 0 }\n"
		"                    ^\n",
	},
	{
		"too many connections",
		QUIET "nat: { connections: 4194305 }\n",
		"t.yaml:4:21: error: nat.connections: \"4194305\" is out of range: 1 to 4194304\n"
		"nat: { connections: 4194305 }\n"
		"                    ^~~~~~~\n",
	},
	{
		"one port",
		QUIET "nat: { ports: 10000 }\n",
		"t.yaml:4:15: error: nat.ports: \"10000\" is not a range of ports such as "
		"10000-32767\n"
		"nat: { ports: 10000 }\n"
		"              ^~~~~\n",
	},
	{
		"ports the wrong way round",
		QUIET "nat: { ports: 20000-10000 }\n",
		"t.yaml:4:15: error: nat.ports: \"20000-10000\" is out of range: 1024 to 65535, "
		"the lower one first\n"
		"nat: { ports: 20000-10000 }\n"
		"              ^~~~~~~~~~~\n",
	},
	{
		"ports of others",
		QUIET "nat: { ports: 80-10000 }\n",
		"t.yaml:4:15: error: nat.ports: \"80-10000\" is out of range: 1024 to 65535, the "
		"lower one first\n"
		"nat: { ports: 80-10000 }\n"
		"              ^~~~~~~~\n",
	},
	{
		"ports beyond the last",
		QUIET "nat: { ports: 61000-65536 }\n",
		"t.yaml:4:15: error: nat.ports: \"61000-65536\" is out of range: 1024 to 65535, "
		"the lower one first\n"
		"nat: { ports: 61000-65536 }\n"
		"              ^~~~~~~~~~~\n",
	},
	{
		"ports without an end",
		QUIET "nat: { ports: 10000- }\n",
		"t.yaml:4:15: error: nat.ports: \"10000-\" is not a range of ports such as "
		"10000-32767\n"
		"nat: { ports: 10000- }\n"
		"              ^~~~~~\n",
	},
	{
		"more than a range",
		QUIET "nat: { ports: 10000-20000-30000 }\n",
		"t.yaml:4:15: error: nat.ports: \"10000-20000-30000\" is not a range of ports such "
		"as 10000-32767\n"
		"nat: { ports: 10000-20000-30000 }\n"
		"              ^~~~~~~~~~~~~~~~~\n",
	},
	{
		"ports that Linux takes",
		QUIET "nat: { ports: 10000-40000 }\n",
		"t.yaml:4:15: warning: nat.ports: meets 32768-60999, which Linux takes for "
		"connections of this host: stay out of net.ipv4.ip_local_port_range\n"
		"nat: { ports: 10000-40000 }\n"
		"              ^~~~~~~~~~~\n",
	},
	{
		"ports above those",
		QUIET "nat: { ports: 61000-65535 }\n",
		"",
	},
	{
		"an unknown key",
		QUIET "nat: { pools: 198.51.100.1 }\n",
		"t.yaml:4:8: error: nat: unknown key \"pools\" (did you mean \"pool\"?)\n"
		"nat: { pools: 198.51.100.1 }\n"
		"       ^~~~~\n",
	},
	{
		"answers by ICMP",
		QUIET "dataplane: { icmp_rate: 1000001 }\n",
		"t.yaml:4:25: error: dataplane.icmp_rate: \"1000001\" is out of range: 0 to "
		"1000000\n"
		"dataplane: { icmp_rate: 1000001 }\n"
		"                        ^~~~~~~\n",
	},
	{
		"no answers by ICMP",
		QUIET "dataplane: { icmp_rate: 0 }\n",
		"",
	},
};

Test(say_nat, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
