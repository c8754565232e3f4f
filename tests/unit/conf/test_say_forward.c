/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of ways of forwarding, and of what they need. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"nothing is wrong with gue",
		SERVICE "    forward: gue\n"
			"    gue_port: 666\n",
		"",
	},
	{
		"a port of gue that is none",
		SERVICE "    forward: gue\n"
			"    gue_port: 0\n",
		"t.yaml:9:15: error: services.web.gue_port: \"0\" is out of range: 1 to 65535\n"
		"    gue_port: 0\n"
		"              ^\n",
	},
	{
		"a port of gue without gue",
		SERVICE "    gue_port: 6080\n",
		"t.yaml:8:5: error: services.web: \"gue_port\" is of forward gue, and the service "
		"has direct: remove it or change the service\n"
		"    gue_port: 6080\n"
		"    ^~~~~~~~\n",
	},
	{
		"no more is said of a service whose forwarding is not known",
		SERVICE "    forward: gre\n"
			"    gue_port: 6080\n"
			"    timeouts: { syn: 1s }\n",
		"t.yaml:8:14: error: services.web.forward: unknown value \"gre\" (did you mean "
		"\"gue\"?), known: direct, ipip, gue, nat or fullnat\n"
		"    forward: gre\n"
		"             ^~~\n",
	},
	{
		"timeouts without connections",
		SERVICE "    forward: ipip\n"
			"    timeouts: { syn: 1s }\n",
		"t.yaml:9:5: error: services.web: \"timeouts\" is of forward nat and fullnat, and "
		"the service has ipip: remove it or change the service\n"
		"    timeouts: { syn: 1s }\n"
		"    ^~~~~~~~\n",
	},
	{
		"timeouts that are too short, too long, or unknown",
		SERVICE "    forward: nat\n"
			"    timeouts: { syn: 0s, established: 241h, closd: 1s, udp: 60 }\n",
		"t.yaml:9:22: error: services.web.timeouts.syn: \"0s\" is out of range: 1s to 1h\n"
		"    timeouts: { syn: 0s, established: 241h, closd: 1s, udp: 60 }\n"
		"                     ^~\n"
		"t.yaml:9:39: error: services.web.timeouts.established: \"241h\" is out of range: "
		"1s to 240h\n"
		"    timeouts: { syn: 0s, established: 241h, closd: 1s, udp: 60 }\n"
		"                                      ^~~~\n"
		"t.yaml:9:45: error: services.web.timeouts: unknown key \"closd\" (did you mean "
		"\"closed\"?)\n"
		"    timeouts: { syn: 0s, established: 241h, closd: 1s, udp: 60 }\n"
		"                                            ^~~~~\n"
		"t.yaml:9:61: error: services.web.timeouts.udp: \"60\" needs a unit: ms, s, m or "
		"h\n"
		"    timeouts: { syn: 0s, established: 241h, closd: 1s, udp: 60 }\n"
		"                                                            ^~\n",
	},
	{
		"the port of a server that is reached by its MAC address",
		BACKENDS "      - { name: a, address: 192.0.2.11, port: 8080 }\n",
		"t.yaml:8:41: error: services.web.backends[0]: \"port\" is of forward nat and "
		"fullnat, and the service has direct: remove it or change the service\n"
		"      - { name: a, address: 192.0.2.11, port: 8080 }\n"
		"                                        ^~~~\n",
	},
	{
		"the port of a server that is none",
		BACKENDS "      - { name: a, address: 192.0.2.11, port: 65536 }\n"
			 "    forward: nat\n",
		"t.yaml:8:47: error: services.web.backends[0].port: \"65536\" is out of range: 1 "
		"to 65535\n"
		"      - { name: a, address: 192.0.2.11, port: 65536 }\n"
		"                                              ^~~~~\n",
	},
	{
		"a port for two",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: [80/tcp, 53/udp, 443/tcp]\n"
		     "    forward: nat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, port: 8080 }\n"
		     "      - { name: b, address: 192.0.2.12 }\n"
		     "      - { name: c, address: 192.0.2.13, port: 8080 }\n",
		"t.yaml:9:47: error: services.web.backends[0].port: one port of a server cannot "
		"stand for 80/tcp and 443/tcp of the service: give each port a service of its own, "
		"or remove this\n"
		"      - { name: a, address: 192.0.2.11, port: 8080 }\n"
		"                                              ^~~~\n"
		"t.yaml:11:47: error: services.web.backends[2].port: one port of a server cannot "
		"stand for 80/tcp and 443/tcp of the service: give each port a service of its own, "
		"or remove this\n"
		"      - { name: c, address: 192.0.2.13, port: 8080 }\n"
		"                                              ^~~~\n",
	},
	{
		"a port for any",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: [80/tcp, any/udp]\n"
		     "    forward: nat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, port: 8080 }\n",
		"t.yaml:9:47: error: services.web.backends[0].port: one port of a server cannot "
		"stand for any/udp of the service: give each port a service of its own, or remove "
		"this\n"
		"      - { name: a, address: 192.0.2.11, port: 8080 }\n"
		"                                              ^~~~\n",
	},
	{
		"a port for any beside another one",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: [80/tcp, any/tcp]\n"
		     "    forward: nat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, port: 8080 }\n",
		"t.yaml:9:47: error: services.web.backends[0].port: one port of a server cannot "
		"stand for 80/tcp and any/tcp of the service: give each port a service of its own, "
		"or remove this\n"
		"      - { name: a, address: 192.0.2.11, port: 8080 }\n"
		"                                              ^~~~\n",
	},
	{
		"one port of each protocol can have one port",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: [443/tcp, 443/udp]\n"
		     "    forward: nat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, port: 8443 }\n",
		"",
	},
	{
		"nat to the other family",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: [192.0.2.1, \"2001:db8::1\"]\n"
		     "    ports: 80/tcp\n"
		     "    forward: nat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::11\" }\n"
		     "      - { name: b, address: 192.0.2.12 }\n"
		     "      - { name: c, address6: \"2001:db8::13\" }\n",
		"t.yaml:10:9: error: services.web.backends[1]: \"address6\" is missing: the "
		"service has an IPv6 vip, and forward nat keeps the address family; add it, or "
		"change to fullnat\n"
		"      - { name: b, address: 192.0.2.12 }\n"
		"        ^\n"
		"t.yaml:11:9: error: services.web.backends[2]: \"address\" is missing: the service "
		"has an IPv4 vip, and forward nat keeps the address family; add it, or change to "
		"fullnat\n"
		"      - { name: c, address6: \"2001:db8::13\" }\n"
		"        ^\n",
	},
	{
		"an address that is wrong is not missing",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: [192.0.2.1, \"2001:db8::1\"]\n"
		     "    ports: 80/tcp\n"
		     "    forward: nat\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11, address6: \"2001:db8::x\" }\n",
		"t.yaml:9:51: error: services.web.backends[0].address6: \"2001:db8::x\" is not an "
		"IP address\n"
		"      - { name: a, address: 192.0.2.11, address6: \"2001:db8::x\" }\n"
		"                                                  ^~~~~~~~~~~~~\n",
	},
	{
		"what nat does anyway",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: [80/tcp, 80/udp]\n"
		     "    forward: nat\n"
		     "    track: true\n"
		     "    udp: move\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"t.yaml:8:5: warning: services.web: \"track\" means nothing to a service that "
		"keeps every connection\n"
		"    track: true\n"
		"    ^~~~~\n"
		"t.yaml:9:5: warning: services.web: \"udp: move\" means nothing to a service that "
		"keeps every connection\n"
		"    udp: move\n"
		"    ^~~\n",
	},
	{
		"l3hash of connections",
		SERVICE "    forward: nat\n"
			"    fragments: l3hash\n",
		"t.yaml:9:16: error: services.web.fragments: l3hash cannot be with forward nat, "
		"whose connections have ports: use track\n"
		"    fragments: l3hash\n"
		"               ^~~~~~\n",
	},
	{
		"fragments that nobody knows",
		SERVICE "    fragments: follow\n",
		"t.yaml:8:16: error: services.web.fragments: unknown value \"follow\", known: "
		"track, l3hash or drop\n"
		"    fragments: follow\n"
		"               ^~~~~~\n",
	},
	{
		"the same, from the defaults",
		SERVICE "    fragments: l3hash\n"
			"defaults: { forward: nat }\n",
		"t.yaml:8:16: error: services.web.fragments: l3hash cannot be with forward nat, "
		"whose connections have ports: use track\n"
		"    fragments: l3hash\n"
		"               ^~~~~~\n",
	},
	{
		"tunnels to the other family",
		HEAD "services:\n"
		     "  web:\n"
		     "    vip: \"2001:db8::1\"\n"
		     "    ports: 80/tcp\n"
		     "    forward: gue\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"",
	},
};

Test(say_forward, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
