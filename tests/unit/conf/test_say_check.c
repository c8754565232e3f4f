/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in check, in all its places. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"an unknown key",
		QUIET "defaults: { check: { intervall: 2s } }\n",
		"t.yaml:4:22: error: defaults.check: unknown key \"intervall\" (did you mean "
		"\"interval\"?)\n"
		"defaults: { check: { intervall: 2s } }\n"
		"                     ^~~~~~~~~\n",
	},
	{
		"an unknown type",
		QUIET "defaults: { check: { type: redis } }\n",
		"t.yaml:4:28: error: defaults.check.type: unknown value \"redis\", known: none, "
		"tcp, http, https, tls, dns, udp, icmp, mysql, exec or agent\n"
		"defaults: { check: { type: redis } }\n"
		"                           ^~~~~\n",
	},
	{
		"a duration without a unit",
		QUIET "defaults: { check: { interval: 5 } }\n",
		"t.yaml:4:32: error: defaults.check.interval: \"5\" needs a unit: ms, s, m or h\n"
		"defaults: { check: { interval: 5 } }\n"
		"                               ^\n",
	},
	{
		"a duration with a strange unit",
		QUIET "defaults: { check: { interval: 5sec } }\n",
		"t.yaml:4:32: error: defaults.check.interval: \"5sec\" is not a duration such as "
		"500ms, 2s, 5m or 1h\n"
		"defaults: { check: { interval: 5sec } }\n"
		"                               ^~~~\n",
	},
	{
		"a duration with a fraction",
		QUIET "defaults: { check: { interval: 1.5s } }\n",
		"t.yaml:4:32: error: defaults.check.interval: \"1.5s\" is not a duration such as "
		"500ms, 2s, 5m or 1h\n"
		"defaults: { check: { interval: 1.5s } }\n"
		"                               ^~~~\n",
	},
	{
		"a duration without a number",
		QUIET "defaults: { check: { interval: s } }\n",
		"t.yaml:4:32: error: defaults.check.interval: \"s\" is not a duration such as "
		"500ms, 2s, 5m or 1h\n"
		"defaults: { check: { interval: s } }\n"
		"                               ^\n",
	},
	{
		"a short interval",
		QUIET "defaults: { check: { interval: 99ms } }\n",
		"t.yaml:4:32: error: defaults.check.interval: \"99ms\" is out of range: 100ms to "
		"10m\n"
		"defaults: { check: { interval: 99ms } }\n"
		"                               ^~~~\n",
	},
	{
		"a long interval",
		QUIET "defaults: { check: { fast_interval: 11m } }\n",
		"t.yaml:4:37: error: defaults.check.fast_interval: \"11m\" is out of range: 100ms "
		"to 10m\n"
		"defaults: { check: { fast_interval: 11m } }\n"
		"                                    ^~~\n",
	},
	{
		"a very long interval",
		QUIET "defaults: { check: { down_interval: 4294967297ms } }\n",
		"t.yaml:4:37: error: defaults.check.down_interval: \"4294967297ms\" is out of "
		"range: 100ms to 10m\n"
		"defaults: { check: { down_interval: 4294967297ms } }\n"
		"                                    ^~~~~~~~~~~~\n",
	},
	{
		"more hours than there are",
		QUIET "defaults: { check: { down_interval: 1193047h } }\n",
		"t.yaml:4:37: error: defaults.check.down_interval: \"1193047h\" is out of range: "
		"100ms to 10m\n"
		"defaults: { check: { down_interval: 1193047h } }\n"
		"                                    ^~~~~~~~\n",
	},
	{
		"a short timeout",
		QUIET "defaults: { check: { timeout: 0s } }\n",
		"t.yaml:4:31: error: defaults.check.timeout: \"0s\" is out of range: 10ms to 10m\n"
		"defaults: { check: { timeout: 0s } }\n"
		"                              ^~\n",
	},
	{
		"a timeout beyond the interval",
		QUIET "defaults: { check: { timeout: 3s } }\n",
		"t.yaml:4:31: error: defaults.check.timeout: the timeout, 3s, is longer than the "
		"interval, 2s\n"
		"defaults: { check: { timeout: 3s } }\n"
		"                              ^~\n",
	},
	{
		"an interval below the timeout",
		QUIET "defaults: { check: { interval: 500ms } }\n",
		"t.yaml:4:32: error: defaults.check.interval: the timeout, 1s, is longer than the "
		"interval, 500ms\n"
		"defaults: { check: { interval: 500ms } }\n"
		"                               ^~~~~\n",
	},
	{
		"a timeout beyond the interval of above",
		SERVICE "    check: { timeout: 2500ms }\n",
		"t.yaml:8:23: error: services.web.check.timeout: the timeout, 2500ms, is longer "
		"than the interval, 2s\n"
		"    check: { timeout: 2500ms }\n"
		"                      ^~~~~~\n",
	},
	{
		"a timeout that only a backend makes wrong",
		BACKENDS "      - { name: a, address: 192.0.2.11, check: { interval: 900ms } }\n"
			 "      - { name: b, address: 192.0.2.12, check: { interval: 900ms, "
			 "timeout: 900ms } }\n",
		"t.yaml:8:60: error: services.web.backends[0].check.interval: the timeout, 1s, is "
		"longer than the interval, 900ms\n"
		"      - { name: a, address: 192.0.2.11, check: { interval: 900ms } }\n"
		"                                                           ^~~~~\n",
	},
	{
		"rise 0",
		QUIET "defaults: { check: { rise: 0 } }\n",
		"t.yaml:4:28: error: defaults.check.rise: \"0\" is out of range: 1 to 100\n"
		"defaults: { check: { rise: 0 } }\n"
		"                           ^\n",
	},
	{
		"a large fall",
		QUIET "defaults: { check: { fall: 101 } }\n",
		"t.yaml:4:28: error: defaults.check.fall: \"101\" is out of range: 1 to 100\n"
		"defaults: { check: { fall: 101 } }\n"
		"                           ^~~\n",
	},
	{
		"jitter without a sign",
		QUIET "defaults: { check: { jitter: 5 } }\n",
		"t.yaml:4:30: error: defaults.check.jitter: \"5\" needs a percent sign\n"
		"defaults: { check: { jitter: 5 } }\n"
		"                             ^\n",
	},
	{
		"jitter that is none",
		QUIET "defaults: { check: { jitter: five% } }\n",
		"t.yaml:4:30: error: defaults.check.jitter: \"five%\" is not a percentage such as "
		"5%\n"
		"defaults: { check: { jitter: five% } }\n"
		"                             ^~~~~\n",
	},
	{
		"large jitter",
		QUIET "defaults: { check: { jitter: 51% } }\n",
		"t.yaml:4:30: error: defaults.check.jitter: \"51%\" is out of range: 0% to 50%\n"
		"defaults: { check: { jitter: 51% } }\n"
		"                             ^~~\n",
	},
	{
		"port 0",
		QUIET "defaults: { check: { port: 0 } }\n",
		"t.yaml:4:28: error: defaults.check.port: \"0\" is out of range: 1 to 65535\n"
		"defaults: { check: { port: 0 } }\n"
		"                           ^\n",
	},
	{
		"port 65536",
		QUIET "defaults: { check: { port: 65536 } }\n",
		"t.yaml:4:28: error: defaults.check.port: \"65536\" is out of range: 1 to 65535\n"
		"defaults: { check: { port: 65536 } }\n"
		"                           ^~~~~\n",
	},
	{
		"a path without a slash",
		QUIET "defaults: { check: { path: healthz } }\n",
		"t.yaml:4:28: error: defaults.check.path: \"healthz\" does not start with a slash\n"
		"defaults: { check: { path: healthz } }\n"
		"                           ^~~~~~~\n",
	},
	{
		"a path that ends the request line",
		QUIET "defaults: { check: { path: \"/ HTTP/1.1\\r\\nX: y\" } }\n",
		"t.yaml:4:28: error: defaults.check.path: \"/ HTTP/1.1\\x0d\\x0aX: y\" has "
		"characters that must be written as %XX\n"
		"defaults: { check: { path: \"/ HTTP/1.1\\r\\nX: y\" } }\n"
		"                           ^~~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"a host with a line end",
		QUIET "defaults: { check: { host: \"a\\r\\nX: y\" } }\n",
		"t.yaml:4:28: error: defaults.check.host: \"a\\x0d\\x0aX: y\" is not a host name\n"
		"defaults: { check: { host: \"a\\r\\nX: y\" } }\n"
		"                           ^~~~~~~~~~~\n",
	},
	{
		"an empty host",
		QUIET "defaults: { check: { host: \"\" } }\n",
		"t.yaml:4:28: error: defaults.check.host: \"\" is not a host name\n"
		"defaults: { check: { host: \"\" } }\n"
		"                           ^~\n",
	},
	{
		"a long host",
		QUIET "defaults: { check: { host: "
		      "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"
		      "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"
		      "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"
		      "hhhhhhhhhhhhhhhhhhhhhhhhhhhh } }\n",
		"t.yaml:4:28: error: defaults.check.host: longer than 255 bytes: 256\n"
		"defaults: { check: { host: "
		"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"
		"hhhhhhhhhhh...\n"
		"                           "
		"^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"
		"~~~~~~~~~~~\n",
	},
	{
		"a status that is none",
		QUIET "defaults: { check: { expect: { status: ok } } }\n",
		"t.yaml:4:40: error: defaults.check.expect.status: \"ok\" is not a status such as "
		"200 or 200-299\n"
		"defaults: { check: { expect: { status: ok } } }\n"
		"                                       ^~\n",
	},
	{
		"a status that goes on",
		QUIET "defaults: { check: { expect: { status: 2xx } } }\n",
		"t.yaml:4:40: error: defaults.check.expect.status: \"2xx\" is not a status such as "
		"200 or 200-299\n"
		"defaults: { check: { expect: { status: 2xx } } }\n"
		"                                       ^~~\n",
	},
	{
		"an open range",
		QUIET "defaults: { check: { expect: { status: 200- } } }\n",
		"t.yaml:4:40: error: defaults.check.expect.status: \"200-\" is not a status such "
		"as 200 or 200-299\n"
		"defaults: { check: { expect: { status: 200- } } }\n"
		"                                       ^~~~\n",
	},
	{
		"a range the wrong way round",
		QUIET "defaults: { check: { expect: { status: 299-200 } } }\n",
		"t.yaml:4:40: error: defaults.check.expect.status: \"299-200\" is out of range: "
		"100 to 599, the lower one first\n"
		"defaults: { check: { expect: { status: 299-200 } } }\n"
		"                                       ^~~~~~~\n",
	},
	{
		"a status out of range",
		QUIET "defaults: { check: { expect: { status: [200, 99, 600] } } }\n",
		"t.yaml:4:46: error: defaults.check.expect.status[1]: \"99\" is out of range: 100 "
		"to 599, the lower one first\n"
		"defaults: { check: { expect: { status: [200, 99, 600] } } }\n"
		"                                             ^~\n"
		"t.yaml:4:50: error: defaults.check.expect.status[2]: \"600\" is out of range: 100 "
		"to 599, the lower one first\n"
		"defaults: { check: { expect: { status: [200, 99, 600] } } }\n"
		"                                                 ^~~\n",
	},
	{
		"too many ranges",
		QUIET "defaults: { check: { expect: { status: [200, 201, 202, 203, 204, 205, 206, "
		      "207, 208] } } }\n",
		"t.yaml:4:32: error: defaults.check.expect.status: more than 8 ranges\n"
		"defaults: { check: { expect: { status: [200, 201, 202, 203, 204, 205, 206, 207, "
		"208] } } }\n"
		"                               ^~~~~~\n",
	},
	{
		"what only http reads",
		SERVICE
		"    check: { type: tcp, path: /x, host: a.example, expect: { status: 200 } }\n",
		"t.yaml:8:25: warning: services.web.check: \"path\" means nothing to a check of "
		"type tcp\n"
		"    check: { type: tcp, path: /x, host: a.example, expect: { status: 200 } }\n"
		"                        ^~~~\n"
		"t.yaml:8:35: warning: services.web.check: \"host\" means nothing to a check of "
		"type tcp\n"
		"    check: { type: tcp, path: /x, host: a.example, expect: { status: 200 } }\n"
		"                                  ^~~~\n"
		"t.yaml:8:52: warning: services.web.check: \"expect\" means nothing to a check of "
		"type tcp\n"
		"    check: { type: tcp, path: /x, host: a.example, expect: { status: 200 } }\n"
		"                                                   ^~~~~~\n",
	},
	{
		"no port to check",
		HEAD "services:\n"
		     "  dns: { vip: 192.0.2.1, ports: 53/udp, backends: [{ name: a, address: "
		     "192.0.2.11 }] }\n",
		"t.yaml:4:33: error: services.dns.ports: no TCP port that a check could go to: set "
		"check.port, or check.type: none\n"
		"  dns: { vip: 192.0.2.1, ports: 53/udp, backends: [{ name: a, address: 192.0.2.11 "
		"}] }\n"
		"                                ^~~~~~\n",
	},
	{
		"any port, none to check",
		HEAD "services:\n"
		     "  all:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: [any/tcp, 53/udp]\n"
		     "    check: { type: http }\n",
		"t.yaml:4:3: warning: services.all: no backends: its packets are dropped\n"
		"  all:\n"
		"  ^~~\n"
		"t.yaml:6:5: error: services.all.ports: no TCP port that a check could go to: set "
		"check.port, or check.type: none\n"
		"    ports: [any/tcp, 53/udp]\n"
		"    ^~~~~\n",
	},
	{
		"no port to check, by the word of one backend",
		HEAD "services:\n"
		     "  dns:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 53/udp\n"
		     "    check: { type: none }\n"
		     "    backends:\n"
		     "      - { name: a, address: 192.0.2.11 }\n"
		     "      - { name: b, address: 192.0.2.12, check: { type: tcp } }\n"
		     "      - { name: c, address: 192.0.2.13, check: { type: tcp, port: 22 } }\n",
		"t.yaml:10:56: error: services.dns.backends[1].check.type: no TCP port that a "
		"check could go to: set check.port, or check.type: none\n"
		"      - { name: b, address: 192.0.2.12, check: { type: tcp } }\n"
		"                                                       ^~~\n",
	},
	{
		"a wrong port is not a missing one",
		HEAD "services:\n"
		     "  dns:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 53/udp\n"
		     "    check: { port: none }\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"t.yaml:7:20: error: services.dns.check.port: \"none\" is not a whole number\n"
		"    check: { port: none }\n"
		"                   ^~~~\n",
	},
	{
		"a bare check of a database",
		HEAD "services:\n"
		     "  db:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 3306/tcp\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"t.yaml:6:12: warning: services.db.ports: a check of type tcp on port 3306: "
		"MariaDB and MySQL block a host that connects without logging in; use a check of "
		"type mysql\n"
		"    ports: 3306/tcp\n"
		"           ^~~~~~~~\n",
	},
	{
		"a bare check of a database, by its type",
		HEAD "services:\n"
		     "  db:\n"
		     "    vip: 192.0.2.1\n"
		     "    ports: 3307/tcp\n"
		     "    check: { type: tcp, port: 3306 }\n"
		     "    backends: [{ name: a, address: 192.0.2.11 }, { name: b, address: "
		     "192.0.2.12 }]\n",
		"t.yaml:7:20: warning: services.db.check.type: a check of type tcp on port 3306: "
		"MariaDB and MySQL block a host that connects without logging in; use a check of "
		"type mysql\n"
		"    check: { type: tcp, port: 3306 }\n"
		"                   ^~~\n",
	},
};

Test(say_check, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
