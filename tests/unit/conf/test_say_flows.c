/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of how flows are spread and remembered. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"l3hash at two services of an address",
		HEAD "services:\n"
		     "  a: { vip: 192.0.2.1, ports: 80/tcp, fragments: l3hash, backends: [{ name: "
		     "a, address: 192.0.2.11 }] }\n"
		     "  b: { vip: [192.0.2.2, 192.0.2.1], ports: [443/tcp, 53/udp], fragments: "
		     "l3hash, backends: [{ name: a, address: 192.0.2.11 }] }\n",
		"t.yaml:5:74: error: services.b.fragments: service \"a\" (line 4) has l3hash for "
		"tcp of 192.0.2.1, too, and later fragments have no port to tell the services by: "
		"use track in one, or join them\n"
		"...92.0.2.2, 192.0.2.1], ports: [443/tcp, 53/udp], fragments: l3hash, backends: "
		"[{ name: a, address: 192.0.2.11 }] }\n"
		"                                                              ^~~~~~\n",
	},
	{
		"l3hash at two protocols of an address",
		HEAD "services:\n"
		     "  a: { vip: 192.0.2.1, ports: 80/tcp, fragments: l3hash, backends: [{ name: "
		     "a, address: 192.0.2.11 }] }\n"
		     "  b: { vip: [192.0.2.2, 192.0.2.1], ports: 53/udp, check: { type: none }, "
		     "fragments: l3hash, backends: [{ name: a, address: 192.0.2.11 }] }\n",
		"",
	},
	{
		"l3hash at one service of an address",
		HEAD "services:\n"
		     "  a: { vip: 192.0.2.1, ports: 80/tcp, fragments: l3hash, backends: [{ name: "
		     "a, address: 192.0.2.11 }] }\n"
		     "  b: { vip: [192.0.2.2, 192.0.2.1], ports: 443/tcp, fragments: track, "
		     "backends: [{ name: a, address: 192.0.2.11 }] }\n",
		"",
	},
	{
		"affinity without a unit",
		SERVICE "    affinity: 10\n",
		"t.yaml:8:15: error: services.web.affinity: \"10\" needs a unit: ms, s, m or h\n"
		"    affinity: 10\n"
		"              ^~\n",
	},
	{
		"affinity that is too short",
		SERVICE "    affinity: 10ms\n",
		"t.yaml:8:15: error: services.web.affinity: \"10ms\" is out of range: 1s to 8h\n"
		"    affinity: 10ms\n"
		"              ^~~~\n",
	},
	{
		"affinity that is too long",
		SERVICE "    affinity: 9h\n",
		"t.yaml:8:15: error: services.web.affinity: \"9h\" is out of range: 1s to 8h\n"
		"    affinity: 9h\n"
		"              ^~\n",
	},
	{
		"affinity of scheduler source",
		SERVICE "    scheduler: source\n"
			"    affinity: 10m\n",
		"t.yaml:9:5: warning: services.web: \"affinity\" adds little to scheduler source, "
		"which goes by the client's address anyway\n"
		"    affinity: 10m\n"
		"    ^~~~~~~~\n",
	},
	{
		"affinity of a scheduler that is not there",
		SERVICE "    scheduler: sauce\n"
			"    affinity: 10m\n",
		"t.yaml:8:16: error: services.web.scheduler: unknown value \"sauce\" (did you mean "
		"\"source\"?), known: consistent, maglev, first, source, round_robin, random or "
		"least_conn\n"
		"    scheduler: sauce\n"
		"               ^~~~~\n",
	},
	{
		"no affinity of scheduler source",
		SERVICE "    scheduler: source\n"
			"    affinity: off\n",
		"",
	},
	{
		"an MSS that is too small",
		SERVICE "    mss: 535\n",
		"t.yaml:8:10: error: services.web.mss: \"535\" is out of range: 536 to 65495\n"
		"    mss: 535\n"
		"         ^~~\n",
	},
	{
		"an MSS that is too large",
		SERVICE "    mss: 65496\n",
		"t.yaml:8:10: error: services.web.mss: \"65496\" is out of range: 536 to 65495\n"
		"    mss: 65496\n"
		"         ^~~~~\n",
	},
	{
		"an MSS of UDP",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: 53/udp\n"
			    "    check: { type: none }\n"
			    "    mss: 1400\n",
		"t.yaml:9:5: warning: services.web: \"mss\" means nothing to a service without TCP "
		"ports\n"
		"    mss: 1400\n"
		"    ^~~\n",
	},
	{
		"too many connections",
		SERVICE "    max_connections: 100000001\n",
		"t.yaml:8:22: error: services.web.max_connections: \"100000001\" is out of range: "
		"0 to 100000000\n"
		"    max_connections: 100000001\n"
		"                     ^~~~~~~~~\n",
	},
	{
		"connections below none",
		BACKENDS "      - { name: a, address: 192.0.2.11, max_connections: -1 }\n",
		"t.yaml:8:58: error: services.web.backends[0].max_connections: \"-1\" is not a "
		"whole number\n"
		"      - { name: a, address: 192.0.2.11, max_connections: -1 }\n"
		"                                                         ^~\n",
	},
	{
		"UDP that moves, with a scheduler that remembers",
		ADDRESSLESS "    vip: 192.0.2.1\n"
			    "    ports: [53/tcp, 53/udp]\n"
			    "    scheduler: round_robin\n"
			    "    udp: move\n",
		"t.yaml:9:5: warning: services.web: \"udp: move\" means nothing to a service that "
		"tracks every flow\n"
		"    udp: move\n"
		"    ^~~\n",
	},
	{
		"limits with any scheduler",
		SERVICE "    scheduler: maglev\n"
			"    max_connections: 10\n",
		"",
	},
};

Test(say_flows, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
