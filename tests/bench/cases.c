/* SPDX-License-Identifier: BSD-2-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "refs.h"

/* Sets of flows: a bit for each row of flows[]. */
#define ONE (1U << 0)
#define K1 (1U << 1)
#define K64 (1U << 2)
#define M1 (1U << 3)
#define SYNS (1U << 4)
#define ESTABLISHED (ONE | K1 | K64 | M1)
/* What is promised somewhere: report's bars. */
#define BARS (ONE | K64 | M1)

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

static const struct {
	const char *name;
	__u64 number;
	bool syn;
} flows[] = {
	{ "1", 1, false },	  { "1k", 1 << 10, false },	      { "64k", 1 << 16, false },
	{ "1M", 1 << 20, false }, { "syn", TRAFFIC_NEW_FLOWS, true },
};

/* Where the slots of services lie: what a config makes of its pools. */
enum layout {
	SHARED, /* pools alike, of ten backends */
	OWN, /* pools that differ */
	SHARED_64K, /* the same with slots: 65536 */
	OWN_64K,
};

static const struct {
	const char *name;
	__u32 slots;
	bool own;
} layouts[] = {
	[SHARED] = { "", 1024, false },
	[OWN] = { " own", 1024, true },
	[SHARED_64K] = { " shared64k", 65536, false },
	[OWN_64K] = { " own64k", 65536, true },
};

/* One to five cases, one for each bit of @flows; @quick of them in a short run. */
struct row {
	bool shunt;
	bool stranger;
	bool spread;
	bool v6; /* of packets for a reference */
	enum mode mode;
	enum variant variant;
	enum world_state state;
	enum layout layout;
	enum ref ref;
	__u8 proto;
	unsigned int flows;
	unsigned int quick;
	__u32 services;
	__u32 prefixes;
};

/* clang-format off */
#define REF(r, six, set, short_set)					\
	{ .ref = (r), .v6 = (six), .proto = TCP, .flows = (set),	\
	  .quick = (short_set), .services = REFS_SERVICES }
#define SHUNT(m, p, set, short_set)					\
	{ .shunt = true, .mode = (m), .proto = (p), .flows = (set),	\
	  .quick = (short_set), .services = 100 }
#define FULL(m, set, short_set)						\
	{ .shunt = true, .variant = VARIANT_FULL, .mode = (m),		\
	  .proto = TCP, .flows = (set), .quick = (short_set),		\
	  .services = 100 }
/*
 * With a limit by source, of which there are as many as flows, all over: a million are twice
 * as many as there are buckets.
 */
#define LIMITED(m, p, set, short_set)					\
	{ .shunt = true, .variant = VARIANT_LIMITED, .mode = (m),	\
	  .proto = (p), .flows = (set), .quick = (short_set),		\
	  .services = 100, .spread = true }
#define LAID(m, lay, set, short_set, n)					\
	{ .shunt = true, .mode = (m), .layout = (lay), .proto = TCP,	\
	  .flows = (set), .quick = (short_set), .services = (n) }
#define STATE(m, s, v, set, short_set)					\
	{ .shunt = true, .mode = (m), .state = (s), .variant = (v),	\
	  .proto = TCP, .flows = (set), .quick = (short_set),		\
	  .services = 100 }
/* nat and fullnat; every flow has a connection. */
#define CONNS(m, p, set, short_set)					\
	{ .shunt = true, .mode = (m), .state = WORLD_CONNECTED,		\
	  .proto = (p), .flows = (set), .quick = (short_set),		\
	  .services = 100 }
/* Packets of their servers. */
#define ANSWERS(m, set, short_set)					\
	{ .shunt = true, .mode = (m), .state = WORLD_ANSWERED,		\
	  .stranger = true, .proto = TCP, .flows = (set),		\
	  .quick = (short_set), .services = 100 }
/*
 * As many prefixes of each family; 0: the firewall is not in the program. Clients are all
 * over, so that what is asked about each of them lies elsewhere.
 */
#define GUARDED(m, n)							\
	{ .shunt = true, .mode = (m), .proto = TCP, .flows = BARS,	\
	  .quick = M1, .services = 100, .spread = true, .prefixes = (n) }
#define STRANGER(m, p, short_set)					\
	{ .shunt = true, .stranger = true, .mode = (m), .proto = (p),	\
	  .flows = ONE | K64, .quick = (short_set), .services = 100 }

static const struct row rows[] = {
	REF(REF_SWAP,		false, ONE, ONE),
	REF(REF_FLOOR_4IN4,	false, ONE | M1, ONE),
	REF(REF_FLOOR_6IN6,	true,  ONE, 0),
	REF(REF_FLOOR_4IN6,	false, ONE, 0),
	REF(REF_FLOOR_6IN4,	true,  ONE, 0),
	REF(REF_EXACT_4IN4,	false, BARS, BARS),
	REF(REF_CLASSIC,	false, ESTABLISHED | SYNS, ONE | K64),

	SHUNT(MODE_4IN4,	TCP, ESTABLISHED | SYNS, ESTABLISHED | SYNS),
	SHUNT(MODE_4IN4,	UDP, ESTABLISHED, BARS),
	SHUNT(MODE_DIRECT4,	TCP, ESTABLISHED | SYNS, BARS | SYNS),
	SHUNT(MODE_DIRECT4,	UDP, ESTABLISHED, K64),
	SHUNT(MODE_6IN6,	TCP, ESTABLISHED | SYNS, BARS | SYNS),
	SHUNT(MODE_6IN6,	UDP, ESTABLISHED, K64),
	SHUNT(MODE_DIRECT6,	TCP, ESTABLISHED | SYNS, BARS),
	SHUNT(MODE_DIRECT6,	UDP, ESTABLISHED, K64),
	SHUNT(MODE_4IN6,	TCP, ESTABLISHED | SYNS, ONE),
	SHUNT(MODE_4IN6,	UDP, ESTABLISHED, 0),
	SHUNT(MODE_6IN4,	TCP, ESTABLISHED | SYNS, ONE),
	SHUNT(MODE_6IN4,	UDP, ESTABLISHED, 0),

	FULL(MODE_4IN4,		ONE | K64, ONE),
	FULL(MODE_6IN6,		ONE | K64, 0),

	LIMITED(MODE_4IN4,	TCP, ONE | K64 | M1, M1),
	LIMITED(MODE_6IN6,	UDP, ONE | K64 | M1, 0),

	LAID(MODE_4IN4,		SHARED,	    ESTABLISHED, 0, 1),
	LAID(MODE_6IN6,		SHARED,	    ESTABLISHED, 0, 1),
	LAID(MODE_4IN4,		SHARED,	    ESTABLISHED, M1, 1000),
	LAID(MODE_6IN6,		SHARED,	    ESTABLISHED, 0, 1000),
	LAID(MODE_4IN4,		OWN,	    ESTABLISHED, K64 | M1, 100),
	LAID(MODE_6IN6,		OWN,	    ESTABLISHED, 0, 100),
	LAID(MODE_4IN4,		OWN,	    ESTABLISHED, 0, 1000),
	LAID(MODE_4IN4,		SHARED_64K, ESTABLISHED, M1, 100),
	LAID(MODE_4IN4,		SHARED_64K, ESTABLISHED, 0, 1000),
	LAID(MODE_4IN4,		OWN_64K,    ESTABLISHED, K64 | M1, 100),
	LAID(MODE_4IN4,		OWN_64K,    ESTABLISHED, 0, 1000),

	STATE(MODE_4IN4, WORLD_MIGRATING, VARIANT_LEAN, ESTABLISHED | SYNS, BARS | SYNS),
	STATE(MODE_4IN4, WORLD_PINNED,	  VARIANT_LEAN, K64, K64),
	STATE(MODE_4IN4, WORLD_TRACKED,	  VARIANT_TRACKED, K64, K64),
	STATE(MODE_6IN6, WORLD_MIGRATING, VARIANT_LEAN, K64, 0),

	SHUNT(MODE_GUE4,	TCP, BARS, K64),
	SHUNT(MODE_GUE6,	TCP, BARS, 0),
	CONNS(MODE_NAT4,	TCP, BARS, BARS),
	CONNS(MODE_NAT6,	TCP, BARS, K64),
	CONNS(MODE_FULLNAT4,	TCP, BARS, BARS),
	CONNS(MODE_FULLNAT4,	UDP, K64,  0),
	CONNS(MODE_FULLNAT6,	TCP, BARS, K64),
	CONNS(MODE_FULLNAT46,	TCP, BARS, K64),
	CONNS(MODE_FULLNAT64,	TCP, BARS, 0),
	ANSWERS(MODE_FULLNAT4,	BARS, BARS),
	ANSWERS(MODE_FULLNAT6,	BARS, 0),
	ANSWERS(MODE_FULLNAT46,	K64, 0),

	GUARDED(MODE_4IN4,	0),
	GUARDED(MODE_4IN4,	10),
	GUARDED(MODE_4IN4,	10000),
	GUARDED(MODE_4IN4,	100000),
	GUARDED(MODE_6IN6,	0),
	GUARDED(MODE_6IN6,	10),
	GUARDED(MODE_6IN6,	100000),

	STRANGER(MODE_4IN4,	TCP, ONE | K64),
	STRANGER(MODE_4IN4,	UDP, ONE),
	STRANGER(MODE_6IN6,	TCP, ONE),
	STRANGER(MODE_6IN6,	UDP, 0),
};
/* clang-format on */

static const char *const state_names[] = {
	[WORLD_STABLE] = "",	    [WORLD_MIGRATING] = " migrating",
	[WORLD_PINNED] = " pinned", [WORLD_TRACKED] = " tracked",
	[WORLD_CONNECTED] = "",	    [WORLD_ANSWERED] = " answers",
};

static const char *const ref_names[REFS] = {
	[REF_DROP] = "ref drop",
	[REF_SWAP] = "ref swap",
	[REF_FLOOR_4IN4] = "ref floor 4in4",
	[REF_FLOOR_6IN6] = "ref floor 6in6",
	[REF_FLOOR_4IN6] = "ref floor 4in6",
	[REF_FLOOR_6IN4] = "ref floor 6in4",
	[REF_EXACT_4IN4] = "ref exact 4in4",
	[REF_CLASSIC] = "ref classic 4in4",
};

static const char *const variant_names[VARIANTS] = {
	[VARIANT_LEAN] = "",
	[VARIANT_TRACKED] = "", /* the state says it */
	[VARIANT_LIMITED] = " limited",
	[VARIANT_FULL] = " full",
};

static bool packets_are_v6(const struct row *row)
{
	if (!row->shunt)
		return row->v6;
	return row->state == WORLD_ANSWERED ? mode_server_is_v6(row->mode) : mode_is_v6(row->mode);
}

static struct bench_case make(const struct row *row, size_t f)
{
	struct bench_case c = {
		.shunt = row->shunt,
		.mode = row->mode,
		.variant = row->variant,
		.state = row->state,
		.ref = row->ref,
		.shape = { row->services, layouts[row->layout].slots, layouts[row->layout].own,
			   row->state == WORLD_CONNECTED || row->state == WORLD_ANSWERED,
			   row->prefixes },
		.traffic = {
			.v6 = packets_are_v6(row),
			.proto = row->proto,
			.syn = flows[f].syn,
			.stranger = row->stranger,
			.spread = row->spread,
			.flows = flows[f].number,
			.services = row->services,
		},
	};

	snprintf(c.name, sizeof(c.name), "%s%s %s%s%s flows=%s services=%u%s",
		 row->shunt ? mode_name(row->mode) : ref_names[row->ref],
		 variant_names[row->variant], row->proto == TCP ? "tcp" : "udp",
		 row->stranger && row->state != WORLD_ANSWERED ? " stranger" : "",
		 state_names[row->state], flows[f].name, row->services, layouts[row->layout].name);
	if (row->spread)
		snprintf(c.name + strlen(c.name), sizeof(c.name) - strlen(c.name), " spread");
	if (row->spread && row->variant != VARIANT_LIMITED)
		snprintf(c.name + strlen(c.name), sizeof(c.name) - strlen(c.name), " deny=%u",
			 row->prefixes);
	return c;
}

size_t cases_build(bool quick, const char *match, struct bench_case out[static CASES_MAX])
{
	const size_t n_rows = sizeof(rows) / sizeof(rows[0]),
		     n_sets = sizeof(flows) / sizeof(flows[0]);
	size_t n = 0;

	for (size_t i = 0; i < n_rows * n_sets && n < CASES_MAX; i++) {
		const struct row *row = &rows[i / n_sets];

		if (!((quick ? row->quick : row->flows) >> i % n_sets & 1))
			continue;
		out[n] = make(row, i % n_sets);
		n += !match || strstr(out[n].name, match);
	}
	return n;
}
