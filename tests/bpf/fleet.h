/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers that come, go, fail and recover, behind two balancers that are told
 * the same:
 *
 *	FLEET_KEEPS	the program, its maps driven as the daemon drives them: plans,
 *			their differences, the clocks of slots in transition, sweeps.
 *			Scheduler `consistent`.
 *	FLEET_FORGETS	beside it, maglev without state: a slot is its owner's, and
 *			what was before is forgotten. No program: a word is looked up.
 *
 * Time is the caller's: a call of fleet_tick() is a second. The program reads a
 * clock of its own to write times into entries; at the end of a simulated second
 * they are rewritten, so that to both an entry is as many simulated seconds old.
 */
#ifndef TESTS_BPF_FLEET_H
#define TESTS_BPF_FLEET_H

#include <stdbool.h>

#include "dataplane/transit.h"
#include "dp.h"
#include "plan/plan.h"

#define FLEET_MOST_SERVERS 512
#define FLEET_NO_SERVER 0xffff
/* Ids in use and at rest. */
#define FLEET_IDS 2048

#define FLEET_VIP "192.0.2.80"
#define FLEET_PORT 80
#define FLEET_SERVICE "web"

/* The one interface: frames leave by where they came in. */
#define FLEET_EGRESS 1

enum fleet_side {
	FLEET_KEEPS,
	FLEET_FORGETS,
	FLEET_SIDES,
};

enum fleet_event {
	FLEET_ADD,
	FLEET_REMOVE,
	FLEET_FAIL,
	FLEET_RECOVER,
	FLEET_DRAIN,
	FLEET_UNDRAIN,
	FLEET_REWEIGHT,
	FLEET_EVENTS,
};

extern const char *const fleet_event_names[FLEET_EVENTS];

/**
 * struct fleet_server
 * @life: counts up when it loses its connections: it fails, it is removed
 * @weight: 1 at first
 */
struct fleet_server {
	bool present;
	bool up;
	bool drained;
	__u16 life;
	__u32 weight;
};

/**
 * struct fleet_options
 * @servers: at first
 * @slots, @flow_lines: powers of two
 * @early_s, @idle_s: of slots in transition
 */
struct fleet_options {
	__u32 servers;
	__u32 slots;
	__u32 flow_lines;
	__u16 early_s;
	__u16 idle_s;
};

/**
 * struct fleet_balancer - what one side knows
 * @words: of its table
 * @server_of: by backend id
 */
struct fleet_balancer {
	struct ids *ids;
	struct plan *plan;
	__u32 *words;
	__u16 server_of[FLEET_IDS];
};

/**
 * struct fleet
 * @began_s: on the program's clock, when the simulated second began
 * @swept_s: simulated, when the last sweep was
 */
struct fleet {
	struct fleet_options options;
	struct dp *dp;
	struct fleet_server servers[FLEET_MOST_SERVERS];
	struct admin admin;
	struct fleet_balancer balancers[FLEET_SIDES];
	struct transit transit;
	struct table_cache *cache;
	__u32 *scratch;
	struct shunt_rodata rodata;
	struct shunt_pin_budget *no_pins_used; /* one a CPU */
	__u32 began_s;
	__u16 now_s;
	__u16 swept_s;
	__u64 events[FLEET_EVENTS];
};

/* Never NULL; without root the test is skipped. */
struct fleet *fleet_open(const struct fleet_options *options);
void fleet_close(struct fleet *f);
static inline void fleet_closep(struct fleet **f)
{
	fleet_close(*f);
}

/* Both balancers do what the servers' state asks for; fleet_follow.c. */
void fleet_follow(struct fleet *f);

/* Something happens to some server, and both balancers are told. */
void fleet_happen(struct fleet *f, __u64 *random);

/* A second is over: entries age, slots move on, the cache is swept. */
void fleet_tick(struct fleet *f);

/* The server that a balancer sends a flow to, by its slot alone. */
__u16 fleet_look_up(const struct fleet *f, enum fleet_side side, __u64 hash);

/* Slots that are in transition now, and live pins. */
__u32 fleet_count_crossing(const struct fleet *f);
__u64 fleet_count_pins(const struct fleet *f);

#endif /* TESTS_BPF_FLEET_H */
