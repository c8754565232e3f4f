/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in backends of a service. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"no backends",
		HEAD "services:\n"
		     "  web: { vip: 192.0.2.1, ports: 80/tcp }\n",
		"t.yaml:4:3: warning: services.web: no backends: its packets are dropped\n"
		"  web: { vip: 192.0.2.1, ports: 80/tcp }\n"
		"  ^~~\n",
	},
	{
		"an id for one backend only",
		BACKENDS "      - { name: a, address: 192.0.2.11, id: 4 }\n"
			 "      - { name: b, address: 192.0.2.12 }\n",
		"t.yaml:9:9: error: services.web.backends[1]: no id, but another backend has one: "
		"give all of a service an id, or none\n"
		"      - { name: b, address: 192.0.2.12 }\n"
		"        ^\n",
	},
	{
		"an empty list of backends",
		HEAD "services:\n"
		     "  web: { vip: 192.0.2.1, ports: 80/tcp, backends: [] }\n",
		"t.yaml:4:41: warning: services.web.backends: no backends: its packets are "
		"dropped\n"
		"  web: { vip: 192.0.2.1, ports: 80/tcp, backends: [] }\n"
		"                                        ^~~~~~~~\n",
	},
	{
		"a mapping of backends",
		HEAD "services:\n"
		     "  web: { vip: 192.0.2.1, ports: 80/tcp, backends: { a: 192.0.2.11 } }\n",
		"t.yaml:4:41: error: services.web.backends: expected a list, found a mapping (key: "
		"value)\n"
		"  web: { vip: 192.0.2.1, ports: 80/tcp, backends: { a: 192.0.2.11 } }\n"
		"                                        ^~~~~~~~\n",
	},
	{
		"a backend that is a value",
		BACKENDS "      - 192.0.2.11\n",
		"t.yaml:8:9: error: services.web.backends[0]: expected a mapping (key: value), "
		"found a single value\n"
		"      - 192.0.2.11\n"
		"        ^~~~~~~~~~\n",
	},
	{
		"a backend without anything",
		BACKENDS "      -\n",
		"t.yaml:8:8: error: services.web.backends[0]: \"name\" is missing\n"
		"      -\n"
		"       ^\n"
		"t.yaml:8:8: error: services.web.backends[0]: \"address\" or \"address6\" is "
		"missing\n"
		"      -\n"
		"       ^\n",
	},
	{
		"a backend without a name",
		BACKENDS "      - { address: 192.0.2.11 }\n",
		"t.yaml:8:9: error: services.web.backends[0]: \"name\" is missing\n"
		"      - { address: 192.0.2.11 }\n"
		"        ^\n",
	},
	{
		"a backend without an address",
		BACKENDS "      - { name: a }\n",
		"t.yaml:8:9: error: services.web.backends[0]: \"address\" or \"address6\" is "
		"missing\n"
		"      - { name: a }\n"
		"        ^\n",
	},
	{
		"a backend with a key of the future",
		BACKENDS "      - { name: a, address: 192.0.2.11, drain: true }\n",
		"t.yaml:8:41: error: services.web.backends[0]: unknown key \"drain\"\n"
		"      - { name: a, address: 192.0.2.11, drain: true }\n"
		"                                        ^~~~~\n",
	},
	{
		"a name that is none",
		BACKENDS "      - { name: a/b, address: 192.0.2.11 }\n",
		"t.yaml:8:17: error: services.web.backends[0].name: \"a/b\" is not a name: 1 to 63 "
		"letters, digits, dots, dashes and underscores\n"
		"      - { name: a/b, address: 192.0.2.11 }\n"
		"                ^~~\n",
	},
	{
		"repeated names",
		BACKENDS "      - { name: a, address: 192.0.2.11 }\n"
			 "      - { name: b, address: 192.0.2.12 }\n"
			 "      - { name: a, address: 192.0.2.13 }\n",
		"t.yaml:10:17: error: services.web.backends[2].name: another backend is called "
		"\"a\" (line 8)\n"
		"      - { name: a, address: 192.0.2.13 }\n"
		"                ^\n",
	},
	{
		"repeated ids",
		BACKENDS "      - { name: a, address: 192.0.2.11, id: 4 }\n"
			 "      - { name: b, address: 192.0.2.12, id: 5 }\n"
			 "      - { name: c, address: 192.0.2.13, id: 4 }\n",
		"t.yaml:10:45: error: services.web.backends[2].id: another backend has the id "
		"\"4\" (line 8)\n"
		"      - { name: c, address: 192.0.2.13, id: 4 }\n"
		"                                            ^\n",
	},
	{
		"repeated addresses are suspicious",
		BACKENDS
		"      - { name: a, address: 192.0.2.11, address6: \"2001:db8::1\" }\n"
		"      - { name: b, address: 192.0.2.11, address6: \"2001:db8:0:0::1\" }\n",
		"t.yaml:9:29: warning: services.web.backends[1].address: another backend has the "
		"address \"192.0.2.11\" (line 8)\n"
		"      - { name: b, address: 192.0.2.11, address6: \"2001:db8:0:0::1\" }\n"
		"                            ^~~~~~~~~~\n"
		"t.yaml:9:51: warning: services.web.backends[1].address6: another backend has the "
		"address \"2001:db8:0:0::1\" (line 8)\n"
		"      - { name: b, address: 192.0.2.11, address6: \"2001:db8:0:0::1\" }\n"
		"                                                  ^~~~~~~~~~~~~~~~~\n",
	},
	{
		"an IPv6 address as address",
		BACKENDS "      - { name: a, address: \"2001:db8::11\" }\n",
		"t.yaml:8:29: error: services.web.backends[0].address: \"2001:db8::11\" is IPv6: "
		"it belongs under \"address6\"\n"
		"      - { name: a, address: \"2001:db8::11\" }\n"
		"                            ^~~~~~~~~~~~~~\n",
	},
	{
		"an IPv4 address as address6",
		BACKENDS "      - { name: a, address6: 192.0.2.11 }\n",
		"t.yaml:8:30: error: services.web.backends[0].address6: \"192.0.2.11\" is IPv4: it "
		"belongs under \"address\"\n"
		"      - { name: a, address6: 192.0.2.11 }\n"
		"                             ^~~~~~~~~~\n",
	},
	{
		"an IPv4 address in IPv6 clothes",
		BACKENDS "      - { name: a, address6: \"::ffff:192.0.2.11\" }\n",
		"t.yaml:8:30: error: services.web.backends[0].address6: \"::ffff:192.0.2.11\" is "
		"IPv4: it belongs under \"address\"\n"
		"      - { name: a, address6: \"::ffff:192.0.2.11\" }\n"
		"                             ^~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"a loopback backend",
		BACKENDS "      - { name: a, address: 127.0.0.1 }\n",
		"t.yaml:8:29: error: services.web.backends[0].address: \"127.0.0.1\" is a loopback "
		"address\n"
		"      - { name: a, address: 127.0.0.1 }\n"
		"                            ^~~~~~~~~\n",
	},
	{
		"a large weight",
		BACKENDS "      - { name: a, address: 192.0.2.11, weight: 1001 }\n",
		"t.yaml:8:49: error: services.web.backends[0].weight: \"1001\" is out of range: 0 "
		"to 1000\n"
		"      - { name: a, address: 192.0.2.11, weight: 1001 }\n"
		"                                                ^~~~\n",
	},
	{
		"id 0",
		BACKENDS "      - { name: a, address: 192.0.2.11, id: 0 }\n",
		"t.yaml:8:45: error: services.web.backends[0].id: \"0\" is out of range: 1 to "
		"32767\n"
		"      - { name: a, address: 192.0.2.11, id: 0 }\n"
		"                                            ^\n",
	},
	{
		"a large id",
		BACKENDS "      - { name: a, address: 192.0.2.11, id: 32768 }\n",
		"t.yaml:8:45: error: services.web.backends[0].id: \"32768\" is out of range: 1 to "
		"32767\n"
		"      - { name: a, address: 192.0.2.11, id: 32768 }\n"
		"                                            ^~~~~\n",
	},
};

Test(say_backend, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
