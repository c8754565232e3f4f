/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in who stands by for whom. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"a failback that is a boolean",
		SERVICE "    scheduler: first\n"
			"    failback: false\n",
		"t.yaml:9:15: error: services.web.failback: unknown value \"false\", known: no or "
		"yes\n"
		"    failback: false\n"
		"              ^~~~~\n",
	},
	{
		"a list of failbacks",
		SERVICE "    scheduler: first\n"
			"    failback: [no]\n",
		"t.yaml:9:5: error: services.web.failback: expected a single value, found a list\n"
		"    failback: [no]\n"
		"    ^~~~~~~~\n",
	},
	{
		"both words with scheduler first",
		SERVICE "    scheduler: first\n"
			"    failback: yes\n"
			"  db:\n"
			"    vip: 192.0.2.2\n"
			"    ports: 80/tcp\n"
			"    scheduler: first\n"
			"    failback: no\n"
			"    when_all_down: all\n"
			"    backends: [{ name: a, address: 192.0.2.11 }]\n",
		"",
	},
	{
		"failback of a scheduler that has none",
		SERVICE "    failback: no\n",
		"t.yaml:8:5: warning: services.web: \"failback\" means nothing to scheduler "
		"consistent\n"
		"    failback: no\n"
		"    ^~~~~~~~\n",
	},
	{
		"failback of a scheduler that is not there",
		SERVICE "    failback: no\n"
			"    scheduler: frist\n",
		"t.yaml:9:16: error: services.web.scheduler: unknown value \"frist\" (did you "
		"mean \"first\"?), known: consistent, maglev, first, source, round_robin, random "
		"or least_conn\n"
		"    scheduler: frist\n"
		"               ^~~~~\n",
	},
	{
		"a slow start of a scheduler that has none",
		SERVICE "    scheduler: maglev\n"
			"    slow_start: 30s\n",
		"t.yaml:9:5: warning: services.web: \"slow_start\" means nothing to scheduler "
		"maglev\n"
		"    slow_start: 30s\n"
		"    ^~~~~~~~~~\n",
	},
	{
		"a slow start that is short",
		SERVICE "    slow_start: 999ms\n",
		"t.yaml:8:17: error: services.web.slow_start: \"999ms\" is out of range: 1s to "
		"1h\n"
		"    slow_start: 999ms\n"
		"                ^~~~~\n",
	},
	{
		"more healthy backends than there are",
		SERVICE "    min_healthy: 3\n",
		"t.yaml:8:18: warning: services.web.min_healthy: it has 1 backends: it will never "
		"be healthy\n"
		"    min_healthy: 3\n"
		"                 ^\n",
	},
	{
		"every word of drains and failures",
		SERVICE "    drain: { timeout: 5m }\n"
			"    on_down: drain\n"
			"    slow_start: 30s\n"
			"    min_healthy: 1\n",
		"",
	},
	{
		"a drain without a unit",
		SERVICE "    drain: { timeout: 5 }\n",
		"t.yaml:8:23: error: services.web.drain.timeout: \"5\" needs a unit: ms, s, m or "
		"h\n"
		"    drain: { timeout: 5 }\n"
		"                      ^\n",
	},
	{
		"a misspelt key",
		SERVICE "    fail_back: no\n",
		"t.yaml:8:5: error: services.web: unknown key \"fail_back\" (did you mean "
		"\"failback\"?)\n"
		"    fail_back: no\n"
		"    ^~~~~~~~~\n",
	},
	{
		"an unknown word for when all are down",
		SERVICE "    when_all_down: reject\n",
		"t.yaml:8:20: error: services.web.when_all_down: unknown value \"reject\", known: "
		"drop, last or all\n"
		"    when_all_down: reject\n"
		"                   ^~~~~~\n",
	},
	{
		"every word for when all are down",
		HEAD "services:\n"
		     "  a: { vip: 192.0.2.1, ports: 80/tcp, when_all_down: drop, backends: [{ "
		     "name: a, address: 192.0.2.11 }] }\n"
		     "  b: { vip: 192.0.2.2, ports: 80/tcp, when_all_down: last, backends: [{ "
		     "name: a, address: 192.0.2.11 }] }\n"
		     "  c: { vip: 192.0.2.3, ports: 80/tcp, when_all_down: all, backends: [{ "
		     "name: a, address: 192.0.2.11 }] }\n",
		"",
	},
	{
		"a backup of another",
		BACKENDS "      - { name: a, address: 192.0.2.11 }\n"
			 "      - { name: b, address: 192.0.2.12, backup: a }\n",
		"t.yaml:9:49: error: services.web.backends[1].backup: \"a\" is neither true nor "
		"false\n"
		"      - { name: b, address: 192.0.2.12, backup: a }\n"
		"                                                ^\n",
	},
	{
		"a backup, and one that is none",
		BACKENDS "      - { name: a, address: 192.0.2.11, backup: false }\n"
			 "      - { name: b, address: 192.0.2.12, backup: true }\n",
		"",
	},
	{
		"nothing but backups",
		BACKENDS "      - { name: a, address: 192.0.2.11, backup: true }\n"
			 "      - { name: b, address: 192.0.2.12, backup: true }\n",
		"t.yaml:7:5: warning: services.web.backends: every backend is a backup, so none "
		"has one\n"
		"    backends:\n"
		"    ^~~~~~~~\n",
	},
	{
		"an id for the backup alone",
		BACKENDS "      - { name: a, address: 192.0.2.11 }\n"
			 "      - { name: b, address: 192.0.2.12, backup: true, id: 2 }\n",
		"t.yaml:8:9: error: services.web.backends[0]: no id, but another backend has one: "
		"give all of a service an id, or none\n"
		"      - { name: a, address: 192.0.2.11 }\n"
		"        ^\n",
	},
};

Test(say_standby, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
