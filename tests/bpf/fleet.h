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
 * Two services share the servers. As long as the operator asks the same of both, and
 * no slot is on its way elsewhere, their tables lie at one place; a server that is
 * drained, or re-weighted, is so in one service only, and then they part.
 *
 * Time is the caller's: a call of fleet_tick() is a second. The program reads a
 * clock of its own to write times into entries; at the end of a simulated second
 * they are rewritten, so that to both an entry is as many simulated seconds old.
 */
#ifndef TESTS_BPF_FLEET_H
#define TESTS_BPF_FLEET_H

#include <stdbool.h>

#include "plan/plan.h"
#include "tables/tables.h"
#include "dp.h"

#define FLEET_MOST_SERVERS 512
#define FLEET_NO_SERVER 0xffff
/* Blocks in use and at rest. */
#define FLEET_IDS 16384
/* The largest table that a fleet comes to. */
#define FLEET_MOST_SLOTS 65536

#define FLEET_SERVICES 2
#define FLEET_PORT 80

extern const char *const fleet_services[FLEET_SERVICES];
extern const char *const fleet_vips[FLEET_SERVICES];

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
 * @drained, @weight: by service; 1 at first
 */
struct fleet_server {
	bool present;
	bool up;
	__u16 life;
	bool drained[FLEET_SERVICES];
	__u32 weight[FLEET_SERVICES];
};

/**
 * struct fleet_options
 * @servers: at first
 * @grow_to: only new servers come until there are so many
 * @slots: of a table, 0 for as many as its backends need
 * @flow_lines: a power of two
 * @early_s, @idle_s: of slots in transition
 */
struct fleet_options {
	__u32 servers;
	__u32 grow_to;
	__u32 slots;
	__u32 flow_lines;
	__u16 early_s;
	__u16 idle_s;
};

/**
 * struct fleet_balancer - what one side knows
 * @words: of its tables, by service, room for FLEET_MOST_SLOTS; only of the one that
 *	forgets
 * @server_of: by backend id
 */
struct fleet_balancer {
	struct ids *ids;
	struct plan *plan;
	__u32 *words[FLEET_SERVICES];
	__u16 server_of[FLEET_IDS];
};

/**
 * struct fleet
 * @began_s: on the program's clock, when the simulated second began
 * @swept_s: simulated, when the last sweep was
 * @moved_blocks: how often a block was outgrown
 */
struct fleet {
	struct fleet_options options;
	struct dp *dp;
	struct fleet_server servers[FLEET_MOST_SERVERS];
	struct admin admin;
	struct fleet_balancer balancers[FLEET_SIDES];
	struct tables tables;
	struct table_cache *cache;
	struct shunt_rodata rodata;
	struct shunt_pin_budget *no_pins_used; /* one a CPU */
	__u32 began_s;
	__u16 now_s;
	__u16 swept_s;
	__u64 events[FLEET_EVENTS];
	__u64 moved_blocks;
};

/* Never NULL; without root the test is skipped. */
struct fleet *fleet_open(const struct fleet_options *options);
void fleet_close(struct fleet *f);
static inline void fleet_closep(struct fleet **f)
{
	fleet_close(*f);
}

/* Of the clock that the daemon would read. */
static inline __u64 fleet_now_ms(const struct fleet *f)
{
	return f->now_s * 1000ULL;
}

/* The program's maps; the context is a fleet; fleet_follow.c. */
extern const struct map_ops fleet_map_ops;

/* Both balancers do what the servers' state asks for; fleet_follow.c. */
void fleet_follow(struct fleet *f);

/* Something happens to some server, and both balancers are told. */
void fleet_happen(struct fleet *f, __u64 *random);

/* The operator takes a server out of a service, or puts it back in. */
void fleet_drain(struct fleet *f, __u16 number, int service, bool drained);

/* A second is over: entries age, slots move on, the cache is swept. */
void fleet_tick(struct fleet *f);

/* Looking; fleet_look.c. */

/* The server that maglev without state sends a flow to. */
__u16 fleet_look_up(const struct fleet *f, int service, __u64 hash);

/* The word of a flow's slot, at the balancer that keeps. */
__u32 fleet_word(const struct fleet *f, int service, __u64 hash);
/* The server that owns a slot there. */
__u16 fleet_owner(const struct fleet *f, int service, __u32 word);
/* Slots of all tables, and of these in transition now; of a place that is shared, once. */
__u32 fleet_count_slots(const struct fleet *f);
__u32 fleet_count_crossing(const struct fleet *f);
bool fleet_is_shared(const struct fleet *f);
/* Live pins. */
__u64 fleet_count_pins(const struct fleet *f);

#endif /* TESTS_BPF_FLEET_H */
