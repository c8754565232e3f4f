/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in services. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"a list of services",
		HEAD "services: [web]\n",
		"t.yaml:3:1: error: services: expected a mapping (key: value), found a list\n"
		"services: [web]\n"
		"^~~~~~~~\n",
	},
	{
		"a service without anything",
		HEAD "services:\n"
		     "  web:\n",
		"t.yaml:4:3: error: services.web: \"vip\" is missing\n"
		"  web:\n"
		"  ^~~\n"
		"t.yaml:4:3: error: services.web: \"ports\" is missing\n"
		"  web:\n"
		"  ^~~\n"
		"t.yaml:4:3: warning: services.web: no backends: its packets are dropped\n"
		"  web:\n"
		"  ^~~\n",
	},
	{
		"a name with a blank",
		HEAD "services:\n"
		     "  \"my web\": { vip: 192.0.2.1, ports: 80/tcp, backends: [{ name: a, "
		     "address: 192.0.2.11 }] }\n",
		"t.yaml:4:3: error: services: \"my web\" is not a name: 1 to 63 letters, digits, "
		"dots, dashes and underscores\n"
		"  \"my web\": { vip: 192.0.2.1, ports: 80/tcp, backends: [{ name: a, address: "
		"192.0.2.11 }] }\n"
		"  ^~~~~~~~\n",
	},
	{
		"a name of 64 characters",
		HEAD "services:\n"
		     "  nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: { vip: "
		     "192.0.2.1, ports: 80/tcp, backends: [{ name: a, address: 192.0.2.11 }] }\n",
		"t.yaml:4:3: error: services: "
		"\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\" is not a name: 1 to 63 "
		"letters, digits, dots, dashes and underscores\n"
		"  nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: { vip: "
		"192.0.2.1, ports: 80/tcp, backends: [{ name: ...\n"
		"  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"an unknown key",
		SERVICE "    prots: 80/tcp\n",
		"t.yaml:8:5: error: services.web: unknown key \"prots\" (did you mean \"ports\"?)\n"
		"    prots: 80/tcp\n"
		"    ^~~~~\n",
	},
	{
		"no vip",
		ADDRESSLESS "    ports: 80/tcp\n",
		"t.yaml:4:3: error: services.web: \"vip\" is missing\n"
		"  web:\n"
		"  ^~~\n",
	},
	{
		"an empty list",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: []\n",
		"t.yaml:7:5: error: services.web.vip: expected a value, found an empty list\n"
		"    vip: []\n"
		"    ^~~\n",
	},
	{
		"no ports",
		ADDRESSLESS "    vip: 192.0.2.1\n",
		"t.yaml:4:3: error: services.web: \"ports\" is missing\n"
		"  web:\n"
		"  ^~~\n",
	},
	{
		"a mapping of ports",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: { 80: tcp }\n",
		"t.yaml:7:5: error: services.web.ports: expected a value or a list, found a "
		"mapping (key: value)\n"
		"    ports: { 80: tcp }\n"
		"    ^~~~~\n",
	},
	{
		"an address that is none",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: 192.0.2.256\n",
		"t.yaml:7:10: error: services.web.vip: \"192.0.2.256\" is not an IP address\n"
		"    vip: 192.0.2.256\n"
		"         ^~~~~~~~~~~\n",
	},
	{
		"an address with a prefix",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: 192.0.2.0/24\n",
		"t.yaml:7:10: error: services.web.vip: \"192.0.2.0/24\" is not an IP address\n"
		"    vip: 192.0.2.0/24\n"
		"         ^~~~~~~~~~~~\n",
	},
	{
		"a list in a list",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: [[192.0.2.1]]\n",
		"t.yaml:7:11: error: services.web.vip[0]: expected a single value\n"
		"    vip: [[192.0.2.1]]\n"
		"          ^\n",
	},
	{
		"nothing in a list",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: [192.0.2.1, ~]\n",
		"t.yaml:7:22: error: services.web.vip[1]: expected a single value\n"
		"    vip: [192.0.2.1, ~]\n"
		"                     ^\n",
	},
	{
		"addresses that cannot be a vip",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
			    "255.255.255.255, fe80::1]\n",
		"t.yaml:7:11: error: services.web.vip[0]: \"0.0.0.0\" is the unspecified address\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"          ^~~~~~~\n"
		"t.yaml:7:20: error: services.web.vip[1]: \"::\" is the unspecified address\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"                   ^~~~\n"
		"t.yaml:7:26: error: services.web.vip[2]: \"127.0.0.2\" is a loopback address\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"                         ^~~~~~~~~\n"
		"t.yaml:7:37: error: services.web.vip[3]: \"::1\" is a loopback address\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"                                    ^~~~~\n"
		"t.yaml:7:44: error: services.web.vip[4]: \"224.0.0.1\" is a multicast address\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"                                           ^~~~~~~~~\n"
		"t.yaml:7:55: error: services.web.vip[5]: \"ff02::1\" is a multicast address\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"                                                      ^~~~~~~\n"
		"t.yaml:7:64: error: services.web.vip[6]: \"255.255.255.255\" is the broadcast "
		"address\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"                                                               ^~~~~~~~~~~~~~~\n"
		"t.yaml:7:81: error: services.web.vip[7]: \"fe80::1\" is a link-local address, "
		"which would need an interface\n"
		"    vip: [0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, ff02::1, "
		"255.255.255.255, fe80::1]\n"
		"                                                                                "
		"^~~~~~~\n",
	},
	{
		"a repeated vip",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: [192.0.2.1, 2001:db8::1, 2001:db8:0::1]\n",
		"t.yaml:7:35: error: services.web.vip[2]: \"2001:db8:0::1\" is there twice (first "
		"on line 7)\n"
		"    vip: [192.0.2.1, 2001:db8::1, 2001:db8:0::1]\n"
		"                                  ^~~~~~~~~~~~~\n",
	},
	{
		"a repeated port",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: [80/tcp, 80/udp, 80/tcp]\n",
		"t.yaml:7:29: error: services.web.ports[2]: \"80/tcp\" is there twice (first on "
		"line 7)\n"
		"    ports: [80/tcp, 80/udp, 80/tcp]\n"
		"                            ^~~~~~\n",
	},
	{
		"a port without a protocol",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: 80\n",
		"t.yaml:7:12: error: services.web.ports: \"80\" needs a protocol: 80/tcp or "
		"80/udp\n"
		"    ports: 80\n"
		"           ^~\n",
	},
	{
		"any without a protocol",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: any\n",
		"t.yaml:7:12: error: services.web.ports: \"any\" needs a protocol: any/tcp or "
		"any/udp\n"
		"    ports: any\n"
		"           ^~~\n",
	},
	{
		"an unknown protocol",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: 80/sctp\n",
		"t.yaml:7:12: error: services.web.ports: \"80/sctp\" is not a port such as "
		"443/tcp, 53/udp or any/tcp\n"
		"    ports: 80/sctp\n"
		"           ^~~~~~~\n",
	},
	{
		"a port by name",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: http/tcp\n",
		"t.yaml:7:12: error: services.web.ports: \"http/tcp\" is not a port such as "
		"443/tcp, 53/udp or any/tcp\n"
		"    ports: http/tcp\n"
		"           ^~~~~~~~\n",
	},
	{
		"port 0",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: 0/tcp\n",
		"t.yaml:7:12: error: services.web.ports: \"0/tcp\" is out of range: ports are 1 to "
		"65535\n"
		"    ports: 0/tcp\n"
		"           ^~~~~\n",
	},
	{
		"port 65536",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: 65536/tcp\n",
		"t.yaml:7:12: error: services.web.ports: \"65536/tcp\" is out of range: ports are "
		"1 to 65535\n"
		"    ports: 65536/tcp\n"
		"           ^~~~~~~~~\n",
	},
	{
		"forwarding that is not there",
		SERVICE "    forward: nta\n",
		"t.yaml:8:14: error: services.web.forward: unknown value \"nta\" (did you mean "
		"\"nat\"?), known: direct, ipip, gue, nat or fullnat\n"
		"    forward: nta\n"
		"             ^~~\n",
	},
	{
		"a scheduler that is not there",
		SERVICE "    scheduler: magleff\n",
		"t.yaml:8:16: error: services.web.scheduler: unknown value \"magleff\" (did you "
		"mean \"maglev\"?), known: consistent, maglev, first, source, round_robin, random "
		"or least_conn\n"
		"    scheduler: magleff\n"
		"               ^~~~~~~\n",
	},
	{
		"slots that are no power of two",
		SERVICE "    slots: 3000\n",
		"t.yaml:8:12: error: services.web.slots: \"3000\" is not a power of two\n"
		"    slots: 3000\n"
		"           ^~~~\n",
	},
	{
		"slots as many as there may be, and more",
		SERVICE "    slots: 2097152\n",
		"t.yaml:8:12: error: services.web.slots: \"2097152\" is out of range: 1024 to "
		"1048576\n"
		"    slots: 2097152\n"
		"           ^~~~~~~\n",
	},
	{
		"an unknown word for UDP",
		SERVICE "    udp: moves\n",
		"t.yaml:8:10: error: services.web.udp: unknown value \"moves\" (did you mean "
		"\"move\"?), known: keep or move\n"
		"    udp: moves\n"
		"         ^~~~~\n",
	},
	{
		"UDP that moves, where there is none",
		SERVICE "    udp: move\n",
		"t.yaml:8:5: warning: services.web: \"udp\" means nothing to a service without UDP "
		"ports\n"
		"    udp: move\n"
		"    ^~~\n",
	},
	{
		"UDP that moves, and is tracked",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: [53/tcp, 53/udp]\n"
			    "    track: true\n"
			    "    udp: move\n",
		"t.yaml:9:5: warning: services.web: \"udp: move\" means nothing to a service that "
		"tracks every flow\n"
		"    udp: move\n"
		"    ^~~\n",
	},
	{
		"a word in place of a boolean",
		SERVICE "    track: all\n",
		"t.yaml:8:12: error: services.web.track: \"all\" is neither true nor false\n"
		"    track: all\n"
		"           ^~~\n",
	},
	{
		"an address and port of another service",
		SERVICE "  db:\n"
			"    vip: [2001:db8::1, 192.0.2.1]\n"
			"    ports: [any/tcp, 80/udp, 80/tcp]\n"
			"    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"t.yaml:9:24: error: services.db.vip[1]: 192.0.2.1 80/tcp belongs to service "
		"\"web\" already (line 5)\n"
		"    vip: [2001:db8::1, 192.0.2.1]\n"
		"                       ^~~~~~~~~\n",
	},
	{
		"any port of another service",
		HEAD "services:\n"
		     "  a: { vip: 192.0.2.1, ports: any/udp, check: { type: none }, backends: [{ "
		     "name: a, address: 192.0.2.11 }] }\n"
		     "  b: { vip: 192.0.2.1, ports: any/udp, check: { type: none }, backends: [{ "
		     "name: a, address: 192.0.2.11 }] }\n",
		"t.yaml:5:13: error: services.b.vip: 192.0.2.1 any/udp belongs to service \"a\" "
		"already (line 4)\n"
		"  b: { vip: 192.0.2.1, ports: any/udp, check: { type: none }, backends: [{ name: "
		"a, address: 192.0.2.11 }] }\n"
		"            ^~~~~~~~~\n",
	},
};

Test(say_service, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
