/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in the YAML and at the top of the file. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"an empty file",
		"",
		"t.yaml:1:1: error: nothing is configured here\n",
	},
	{
		"only a comment",
		"# nothing\n",
		"t.yaml:1:1: error: nothing is configured here\n"
		"# nothing\n"
		"^\n",
	},
	{
		"a scalar",
		"hello\n",
		"t.yaml:1:1: error: expected a mapping (key: value), found a single value\n"
		"hello\n"
		"^~~~~\n",
	},
	{
		"a list",
		"- version: 1\n",
		"t.yaml:1:1: error: expected a mapping (key: value), found a list\n"
		"- version: 1\n"
		"^\n",
	},
	{
		"an unclosed bracket",
		SERVICE "    check: { type: tcp\n",
		"t.yaml:8:12: error: not valid YAML: the text ends while parsing a flow mapping "
		"that starts here\n"
		"    check: { type: tcp\n"
		"           ^\n",
	},
	{
		"a second colon",
		HEAD "daemon: log: x\n",
		"t.yaml:3:12: error: not valid YAML: mapping values are not allowed in this "
		"context\n"
		"daemon: log: x\n"
		"           ^\n",
	},
	{
		"a tab as indentation",
		SERVICE "\tcheck: {}\n",
		"t.yaml:8:1: error: not valid YAML: a tab cannot indent, use blanks\n"
		"\tcheck: {}\n"
		"^\n",
	},
	{
		"an unclosed quote",
		HEAD "daemon: { state_dir: \"/var }\n",
		"t.yaml:3:22: error: not valid YAML: the text ends while scanning a quoted scalar "
		"that starts here\n"
		"daemon: { state_dir: \"/var }\n"
		"                     ^\n",
	},
	{
		"what stands before a mistake of syntax is checked, what may follow is not missed",
		"services:\n"
		"  web:\n"
		"    wip: 192.0.2.1\n"
		"    ports: [80/tcp\n"
		"  db: {}\n",
		"t.yaml:3:5: error: services.web: unknown key \"wip\" (did you mean \"vip\"?)\n"
		"    wip: 192.0.2.1\n"
		"    ^~~\n"
		"t.yaml:5:5: error: not valid YAML: did not find expected ',' or ']' (while "
		"parsing a flow sequence that starts on line 4)\n"
		"  db: {}\n"
		"    ^\n",
	},
	{
		"an anchor",
		SERVICE "    check: &c { type: tcp }\n",
		"t.yaml:8:5: error: services.web.check: anchors are not supported: write the value "
		"out\n"
		"    check: &c { type: tcp }\n"
		"    ^~~~~\n",
	},
	{
		"an alias",
		SERVICE "    check: *c\n",
		"t.yaml:8:12: error: services.web.check: aliases are not supported: write the "
		"value out\n"
		"    check: *c\n"
		"           ^~\n",
	},
	{
		"an anchor and its alias",
		"version: 1\n"
		"interfaces: { eth0: &e { mode: auto }, eth1: *e }\n" SERVICES,
		"t.yaml:2:15: error: interfaces.eth0: anchors are not supported: write the value "
		"out\n"
		"interfaces: { eth0: &e { mode: auto }, eth1: *e }\n"
		"              ^~~~\n"
		"t.yaml:2:46: error: interfaces.eth1: aliases are not supported: write the value "
		"out\n"
		"interfaces: { eth0: &e { mode: auto }, eth1: *e }\n"
		"                                             ^~\n",
	},
	{
		"a tag",
		SERVICE "    scheduler: !!str maglev\n",
		"t.yaml:8:16: error: services.web.scheduler: tags are not supported\n"
		"    scheduler: !!str maglev\n"
		"               ^~~~~~~~~~~~\n",
	},
	{
		"a tag on a list",
		ADDRESSLESS "    ports: 80/tcp\n"
			    "    vip: !set [192.0.2.1]\n",
		"t.yaml:7:5: error: services.web.vip: tags are not supported\n"
		"    vip: !set [192.0.2.1]\n"
		"    ^~~\n",
	},
	{
		"a merge key",
		SERVICE "    <<: { forward: ipip }\n",
		"t.yaml:8:5: error: services.web: unknown key \"<<\"\n"
		"    <<: { forward: ipip }\n"
		"    ^~\n",
	},
	{
		"a key that is a list",
		QUIET "? [a, b]\n"
		      ": 1\n",
		"t.yaml:4:3: error: a key must be a single word\n"
		"? [a, b]\n"
		"  ^\n",
	},
	{
		"a key that is an alias",
		QUIET "*a : 1\n",
		"t.yaml:4:1: error: aliases are not supported: write the value out\n"
		"*a : 1\n"
		"^~\n",
	},
	{
		"a NUL character",
		SERVICE "    check: { type: http, path: \"/a\\0b\" }\n",
		"t.yaml:8:32: error: services.web.check.path: a NUL character is not allowed here\n"
		"    check: { type: http, path: \"/a\\0b\" }\n"
		"                               ^~~~~~~\n",
	},
	{
		"a NUL character in a key",
		SERVICE "    \"che\\0ck\": {}\n",
		"t.yaml:8:5: error: services.web: a NUL character is not allowed here\n"
		"    \"che\\0ck\": {}\n"
		"    ^~~~~~~~~\n",
	},
	{
		"a second document",
		"version: 1\n"
		"interfaces: { eth0: }\n" SERVICES "---\n"
		"version: 1\n",
		"t.yaml:4:1: error: a second document starts here: a file holds one\n"
		"---\n"
		"^~~\n",
	},
	{
		"an unknown key at the top",
		QUIET "tapestry: {}\n",
		"t.yaml:4:1: error: unknown key \"tapestry\"\n"
		"tapestry: {}\n"
		"^~~~~~~~\n",
	},
	{
		"an unknown key, and the nearest",
		HEAD "servcies: {}\n",
		"t.yaml:1:1: warning: no services: nothing is balanced\n"
		"version: 1\n"
		"^\n"
		"t.yaml:3:1: error: unknown key \"servcies\" (did you mean \"services\"?)\n"
		"servcies: {}\n"
		"^~~~~~~~\n",
	},
	{
		"a duplicate key",
		QUIET "version: 1\n",
		"t.yaml:4:1: error: duplicate key \"version\" (first on line 1)\n"
		"version: 1\n"
		"^~~~~~~\n",
	},
	{
		"a duplicate service",
		SERVICE "  web:\n"
			"    vip: 192.0.2.2\n"
			"    ports: 80/tcp\n"
			"    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"t.yaml:8:3: error: services: duplicate key \"web\" (first on line 4)\n"
		"  web:\n"
		"  ^~~\n",
	},
	{
		"three of a key",
		QUIET "daemon: {}\n"
		      "\"daemon\": {}\n"
		      "'daemon': {}\n",
		"t.yaml:5:1: error: duplicate key \"daemon\" (first on line 4)\n"
		"\"daemon\": {}\n"
		"^~~~~~~~\n"
		"t.yaml:6:1: error: duplicate key \"daemon\" (first on line 4)\n"
		"'daemon': {}\n"
		"^~~~~~~~\n",
	},
	{
		"no version",
		"interfaces: { eth0: }\n" SERVICES,
		"t.yaml:1:1: error: \"version\" is missing\n"
		"interfaces: { eth0: }\n"
		"^\n",
	},
	{
		"another version",
		"version: 2\n"
		"interfaces: { eth0: }\n" SERVICES,
		"t.yaml:1:10: error: version: \"2\" is not supported, only 1\n"
		"version: 2\n"
		"         ^\n",
	},
	{
		"no interfaces",
		"version: 1\n" SERVICES,
		"t.yaml:1:1: error: \"interfaces\" is missing\n"
		"version: 1\n"
		"^\n",
	},
	{
		"empty interfaces",
		"version: 1\n"
		"interfaces: {}\n" SERVICES,
		"t.yaml:2:1: error: interfaces: at least one interface is needed\n"
		"interfaces: {}\n"
		"^~~~~~~~~~\n",
	},
	{
		"interfaces without a value",
		"version: 1\n"
		"interfaces:\n" SERVICES,
		"t.yaml:2:1: error: interfaces: at least one interface is needed\n"
		"interfaces:\n"
		"^~~~~~~~~~\n",
	},
	{
		"no services",
		"version: 1\n"
		"interfaces: { eth0: }\n",
		"t.yaml:1:1: warning: no services: nothing is balanced\n"
		"version: 1\n"
		"^\n",
	},
	{
		"services without a value",
		HEAD "services:\n",
		"t.yaml:3:1: warning: services: empty: nothing is balanced\n"
		"services:\n"
		"^~~~~~~~\n",
	},
	{
		"several mistakes, in the order of the text",
		"version: 1\n"
		"interfaces: { eth0: { mode: fast } }\n"
		"services:\n"
		"  web:\n"
		"    vip: 192.0.2.999\n"
		"    ports: [80/tcp, 443]\n"
		"    backends:\n"
		"      - { name: nginx1, address: 192.0.2.11, weight: 1001 }\n"
		"      - { name: nginx3, address: 192.0.2.13, wieght: 50 }\n"
		"defaults: { forward: tun }\n",
		"t.yaml:2:29: error: interfaces.eth0.mode: unknown value \"fast\", known: auto, "
		"native or generic\n"
		"interfaces: { eth0: { mode: fast } }\n"
		"                            ^~~~\n"
		"t.yaml:5:10: error: services.web.vip: \"192.0.2.999\" is not an IP address\n"
		"    vip: 192.0.2.999\n"
		"         ^~~~~~~~~~~\n"
		"t.yaml:6:21: error: services.web.ports[1]: \"443\" needs a protocol: 443/tcp or "
		"443/udp\n"
		"    ports: [80/tcp, 443]\n"
		"                    ^~~\n"
		"t.yaml:8:54: error: services.web.backends[0].weight: \"1001\" is out of range: 0 "
		"to 1000\n"
		"      - { name: nginx1, address: 192.0.2.11, weight: 1001 }\n"
		"                                                     ^~~~\n"
		"t.yaml:9:46: error: services.web.backends[1]: unknown key \"wieght\" (did you "
		"mean \"weight\"?)\n"
		"      - { name: nginx3, address: 192.0.2.13, wieght: 50 }\n"
		"                                             ^~~~~~\n"
		"t.yaml:10:22: error: defaults.forward: unknown value \"tun\", known: direct, "
		"ipip, gue, nat or fullnat\n"
		"defaults: { forward: tun }\n"
		"                     ^~~\n",
	},
	{
		"a control character",
		HEAD "services: {} # \007\n",
		"t.yaml:3:16: error: a control character is not allowed here\n"
		"services: {} # ?\n"
		"               ^\n",
	},
	{
		"a byte that is not UTF-8",
		HEAD "services: { caf\351: {} }\n",
		"t.yaml:3:16: error: this is not valid UTF-8\n"
		"services: { caf?: {} }\n"
		"               ^\n",
	},
	{
		"a carriage return in a line",
		HEAD "services: {} # a\rb\n",
		"t.yaml:3:17: error: a carriage return needs a newline behind it\n"
		"services: {} # a?b\n"
		"                ^\n",
	},
	{
		"a line end of YAML 1.1",
		HEAD "services: {} # a\342\200\250b\n",
		"t.yaml:3:17: error: a control character is not allowed here\n"
		"services: {} # a?b\n"
		"                ^\n",
	},
	{
		"lines that end like those of DOS",
		"version: 1\r\n"
		"interfaces: { eth0: { mode: fast } }\r\n"
		"services: {}\r\n",
		"t.yaml:2:29: error: interfaces.eth0.mode: unknown value \"fast\", known: auto, "
		"native or generic\n"
		"interfaces: { eth0: { mode: fast } }\n"
		"                            ^~~~\n"
		"t.yaml:3:1: warning: services: empty: nothing is balanced\n"
		"services: {}\n"
		"^~~~~~~~\n",
	},
	{
		"columns are characters, and tabs stay tabs",
		QUIET "daemon:\t{ group: shunt, \"gr\303\266\303\237e\":\t3 }\n",
		"t.yaml:4:11: error: daemon: unknown key \"group\"\n"
		"daemon:\t{ group: shunt, \"gr\303\266\303\237e\":\t3 }\n"
		"       \t  ^~~~~\n"
		"t.yaml:4:25: error: daemon: unknown key \"gr\303\266\303\237e\"\n"
		"daemon:\t{ group: shunt, \"gr\303\266\303\237e\":\t3 }\n"
		"       \t                ^~~~~~~\n",
	},
	{
		"a long line is shown in part",
		HEAD "services: {} # x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x "
		     "x x x x x x x x x\n"
		     "daemon: { state_dir: "
		     "/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
		     "dddddddddddddddddddddddd, log: { level: loud }, control: { group: "
		     "gggggggggggggggggggggggggggggggggggggggg } }\n",
		"t.yaml:3:1: warning: services: empty: nothing is balanced\n"
		"services: {} # x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x "
		"x x x x x x x\n"
		"^~~~~~~~\n"
		"t.yaml:4:139: error: daemon.log.level: unknown value \"loud\", known: error, "
		"warning, info or debug\n"
		"...ddddddddddddddddddddddddddddddddddddddddddd, log: { level: loud }, control: { "
		"group: ggggggggggggggggggggggggggggggggggg...\n"
		"                                                              ^~~~\n",
	},
	{
		"a value over two lines",
		QUIET "daemon: { group: \"two\n"
		      "  words\" }\n",
		"t.yaml:4:11: error: daemon: unknown key \"group\"\n"
		"daemon: { group: \"two\n"
		"          ^~~~~\n",
	},
	{
		"a quoted word is cut, without control characters",
		QUIET
		"\"\\e[31mkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": 1\n",
		"t.yaml:4:1: error: unknown key "
		"\"\\x1b[31mkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...\"\n"
		"\"\\e[31mkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": 1\n"
		"^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n",
	},
};

Test(say_yaml, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
