/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in daemon, interfaces. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"a list in place of a mapping",
		QUIET "daemon: [log]\n",
		"t.yaml:4:1: error: daemon: expected a mapping (key: value), found a list\n"
		"daemon: [log]\n"
		"^~~~~~\n",
	},
	{
		"a value in place of a mapping",
		QUIET "daemon: { log: debug }\n",
		"t.yaml:4:16: error: daemon.log: expected a mapping (key: value), found a single "
		"value\n"
		"daemon: { log: debug }\n"
		"               ^~~~~\n",
	},
	{
		"a mapping in place of a value",
		QUIET "daemon: { state_dir: { a: b } }\n",
		"t.yaml:4:11: error: daemon.state_dir: expected a single value, found a mapping "
		"(key: value)\n"
		"daemon: { state_dir: { a: b } }\n"
		"          ^~~~~~~~~\n",
	},
	{
		"a list in place of a value",
		QUIET "daemon: { state_dir: [/a] }\n",
		"t.yaml:4:11: error: daemon.state_dir: expected a single value, found a list\n"
		"daemon: { state_dir: [/a] }\n"
		"          ^~~~~~~~~\n",
	},
	{
		"no value",
		QUIET "daemon:\n"
		      "  state_dir:\n"
		      "  control: { socket: ~, group: null }\n",
		"t.yaml:5:3: error: daemon.state_dir: expected a single value, found nothing\n"
		"  state_dir:\n"
		"  ^~~~~~~~~\n"
		"t.yaml:6:22: error: daemon.control.socket: expected a single value, found "
		"nothing\n"
		"  control: { socket: ~, group: null }\n"
		"                     ^\n"
		"t.yaml:6:32: error: daemon.control.group: expected a single value, found nothing\n"
		"  control: { socket: ~, group: null }\n"
		"                               ^~~~\n",
	},
	{
		"an unknown key",
		QUIET "daemon: { control: { grupo: shunt } }\n",
		"t.yaml:4:22: error: daemon.control: unknown key \"grupo\" (did you mean "
		"\"group\"?)\n"
		"daemon: { control: { grupo: shunt } }\n"
		"                     ^~~~~\n",
	},
	{
		"an unknown key far from all",
		QUIET "daemon: { quux: 1 }\n",
		"t.yaml:4:11: error: daemon: unknown key \"quux\"\n"
		"daemon: { quux: 1 }\n"
		"          ^~~~\n",
	},
	{
		"a relative path",
		QUIET "daemon: { state_dir: var/lib }\n",
		"t.yaml:4:22: error: daemon.state_dir: \"var/lib\" is not an absolute path\n"
		"daemon: { state_dir: var/lib }\n"
		"                     ^~~~~~~\n",
	},
	{
		"a socket with a long path",
		QUIET "daemon: { control: { socket: "
		      "/sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
		      "ssssssssssssssssssssssssssssssss } }\n",
		"t.yaml:4:30: error: daemon.control.socket: longer than 107 bytes: 108\n"
		"daemon: { control: { socket: "
		"/sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
		"sssssssss...\n"
		"                             "
		"^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"
		"~~~~~~~~~\n",
	},
	{
		"a group that is no name",
		QUIET "daemon: { control: { group: \"a b\", read_group: \"\" } }\n",
		"t.yaml:4:29: error: daemon.control.group: \"a b\" is not a name: 1 to 63 letters, "
		"digits, dots, dashes and underscores\n"
		"daemon: { control: { group: \"a b\", read_group: \"\" } }\n"
		"                            ^~~~~\n"
		"t.yaml:4:48: error: daemon.control.read_group: \"\" is not a name: 1 to 63 "
		"letters, digits, dots, dashes and underscores\n"
		"daemon: { control: { group: \"a b\", read_group: \"\" } }\n"
		"                                               ^~\n",
	},
	{
		"an unknown log level",
		QUIET "daemon: { log: { level: debg } }\n",
		"t.yaml:4:25: error: daemon.log.level: unknown value \"debg\" (did you mean "
		"\"debug\"?), known: error, warning, info or debug\n"
		"daemon: { log: { level: debg } }\n"
		"                        ^~~~\n",
	},
	{
		"a boolean of YAML 1.1",
		QUIET "daemon: { metrics: { per_backend: yes } }\n",
		"t.yaml:4:35: error: daemon.metrics.per_backend: \"yes\" is neither true nor "
		"false\n"
		"daemon: { metrics: { per_backend: yes } }\n"
		"                                  ^~~\n",
	},
	{
		"a capital boolean",
		QUIET "daemon: { metrics: { per_backend: True } }\n",
		"t.yaml:4:35: error: daemon.metrics.per_backend: \"True\" is neither true nor "
		"false\n"
		"daemon: { metrics: { per_backend: True } }\n"
		"                                  ^~~~\n",
	},
	{
		"where to listen: no port",
		QUIET "daemon: { metrics: { listen: 127.0.0.1 } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \"127.0.0.1\" is not ADDRESS:PORT, "
		"such as 127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: 127.0.0.1 } }\n"
		"                             ^~~~~~~~~\n",
	},
	{
		"where to listen: no address",
		QUIET "daemon: { metrics: { listen: \":9924\" } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \":9924\" is not ADDRESS:PORT, such as "
		"127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: \":9924\" } }\n"
		"                             ^~~~~~~\n",
	},
	{
		"where to listen: port 0",
		QUIET "daemon: { metrics: { listen: \"127.0.0.1:0\" } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \"127.0.0.1:0\" is not ADDRESS:PORT, "
		"such as 127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: \"127.0.0.1:0\" } }\n"
		"                             ^~~~~~~~~~~~~\n",
	},
	{
		"where to listen: a large port",
		QUIET "daemon: { metrics: { listen: \"127.0.0.1:65536\" } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \"127.0.0.1:65536\" is not "
		"ADDRESS:PORT, such as 127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: \"127.0.0.1:65536\" } }\n"
		"                             ^~~~~~~~~~~~~~~~~\n",
	},
	{
		"where to listen: no brackets",
		QUIET "daemon: { metrics: { listen: \"::1:9924\" } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \"::1:9924\" is not ADDRESS:PORT, such "
		"as 127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: \"::1:9924\" } }\n"
		"                             ^~~~~~~~~~\n",
	},
	{
		"where to listen: brackets around IPv4",
		QUIET "daemon: { metrics: { listen: \"[127.0.0.1]:9924\" } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \"[127.0.0.1]:9924\" is not "
		"ADDRESS:PORT, such as 127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: \"[127.0.0.1]:9924\" } }\n"
		"                             ^~~~~~~~~~~~~~~~~~\n",
	},
	{
		"where to listen: a bracket that stays open",
		QUIET "daemon: { metrics: { listen: \"[:9924\" } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \"[:9924\" is not ADDRESS:PORT, such "
		"as 127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: \"[:9924\" } }\n"
		"                             ^~~~~~~~\n",
	},
	{
		"where to listen: a name",
		QUIET "daemon: { metrics: { listen: \"localhost:9924\" } }\n",
		"t.yaml:4:30: error: daemon.metrics.listen: \"localhost:9924\" is not "
		"ADDRESS:PORT, such as 127.0.0.1:9924 or [::1]:9924, nor none\n"
		"daemon: { metrics: { listen: \"localhost:9924\" } }\n"
		"                             ^~~~~~~~~~~~~~~~\n",
	},
	{
		"interface: a long name",
		"version: 1\n"
		"interfaces: { sixteen_letters_: {} }\n" SERVICES,
		"t.yaml:2:15: error: interfaces: \"sixteen_letters_\" is not a name: an interface "
		"has 1 to 15 characters, no blanks, slashes or colons\n"
		"interfaces: { sixteen_letters_: {} }\n"
		"              ^~~~~~~~~~~~~~~~\n",
	},
	{
		"interface: a slash",
		"version: 1\n"
		"interfaces: { eth/0: {} }\n" SERVICES,
		"t.yaml:2:15: error: interfaces: \"eth/0\" is not a name: an interface has 1 to 15 "
		"characters, no blanks, slashes or colons\n"
		"interfaces: { eth/0: {} }\n"
		"              ^~~~~\n",
	},
	{
		"interface: an empty name",
		"version: 1\n"
		"interfaces: { \"\": {} }\n" SERVICES,
		"t.yaml:2:15: error: interfaces: \"\" is not a name: an interface has 1 to 15 "
		"characters, no blanks, slashes or colons\n"
		"interfaces: { \"\": {} }\n"
		"              ^~\n",
	},
	{
		"interface: a folder",
		"version: 1\n"
		"interfaces: { \"..\": {} }\n" SERVICES,
		"t.yaml:2:15: error: interfaces: \"..\" is not a name: an interface has 1 to 15 "
		"characters, no blanks, slashes or colons\n"
		"interfaces: { \"..\": {} }\n"
		"              ^~~~\n",
	},
	{
		"interface: an unknown mode",
		"version: 1\n"
		"interfaces: { eth0: { mode: nativ } }\n" SERVICES,
		"t.yaml:2:29: error: interfaces.eth0.mode: unknown value \"nativ\" (did you mean "
		"\"native\"?), known: auto, native or generic\n"
		"interfaces: { eth0: { mode: nativ } }\n"
		"                            ^~~~~\n",
	},
	{
		"interface: a list",
		"version: 1\n"
		"interfaces: [eth0]\n" SERVICES,
		"t.yaml:2:1: error: interfaces: expected a mapping (key: value), found a list\n"
		"interfaces: [eth0]\n"
		"^~~~~~~~~~\n",
	},
	{
		"interface: a value",
		"version: 1\n"
		"interfaces: { eth0: native }\n" SERVICES,
		"t.yaml:2:21: error: interfaces.eth0: expected a mapping (key: value), found a "
		"single value\n"
		"interfaces: { eth0: native }\n"
		"                    ^~~~~~\n",
	},
};

Test(say_daemon, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
