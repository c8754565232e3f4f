/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan: exactly what the maps should hold, as sorted arrays. It is a pure
 * function of the config, the health of its backends, what the operator said
 * (struct admin), and the ids and positions handed out before (struct ids).
 * Nobody else decides what is in a map.
 *
 * A slot table is not stored here but as its recipe, struct plan_table: the
 * words follow from it alone (table_build()), so that 1000 tables cost a plan
 * kilobytes and a reload does not hold two copies of them.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "health/health.h"
#include "plan/admin.h"
#include "plan/slot_step.h"
#include "shunt/abi.h"

/**
 * struct ids - what was handed out before, so that it is handed out again
 *
 * Blocks of ids: by service, @span ids from @base on, a power of two of them, with room
 * for newcomers as long as most ids are free, at the lowest place that is. A block that is outgrown is
 * followed by a larger one, whose members are the same: every backend of the
 * service gets another id at once. The old block rests as ids do; meanwhile it is
 * known whose it was, for a daemon that finds it in the maps.
 *
 * Members, which are ids less the base of their block: by (service, backend name,
 * legs): a backend whose legs change (an address, the forwarding mode, a VIP of
 * another family) gets a new one. The old one rests for IDS_REST plans before another
 * backend may have it; the same backend gets it back at once. Where a block or all ids
 * run out, one plan of rest has to do. Newcomers get the lowest free members in the
 * order in which they are given positions (`id:` of the config, else names), so that
 * services with pools alike get recipes alike.
 *
 * Table numbers: by service, with the same rest, from the lowest free one on.
 *
 * Slots per table: by service. What the config says; where it leaves it open, what
 * they were, and at first a power of two of at least 100 slots a position, at least
 * SHUNT_MIN_SLOTS. A table that has come down to 25 slots a position gets more: all
 * its slots are in transition then, so no flow is lost. Only for more than 2621
 * backends they are more than 65536. That is what tables have that follow from the
 * config alone (maglev, and `id:` for all backends), whatever was before.
 *
 * Table positions (scheduler consistent): by (service, backend name), so a backend
 * keeps its place when its address changes. A service has a unit of weight, at
 * first the greatest common divisor of its weights, kept from then on; a backend
 * holds ceil(max(configured, effective) / unit) positions, and what that rounds up
 * is taken back by plan_position.keep. New ones go to the lowest holes, by name; a
 * table gets longer only for a backend that is usable.
 * Where a table would get more than slots / 8 positions, or a new one whose slots
 * are left open more than 16 a backend, the unit is made coarser, and the positions
 * of that service are dealt out afresh.
 *
 * Backups have positions of their own, in another unit: they are in the table only
 * when nobody else is, and then it is a table of backups alone. So the others sit as
 * if there were none.
 *
 * If all backends of a service have an `id:`, positions are not remembered but
 * follow from the config: position id - 1, one each, and keep is the weight in
 * proportion to the heaviest. So all balancers of a fleet agree whatever happened
 * to them before. The price: a newcomer with the highest id that is light, or not
 * usable yet, moves what it does not take of an even share from some of the others
 * to the rest. Ids count only if all backends of the service have one; conf sees to
 * it that they differ.
 *
 * Whom scheduler first has chosen, where it must not return to an earlier one; and who
 * served last, where they go on when all are down. By name, as long as it is in the
 * config.
 *
 * Opaque; kept in the state directory as JSON.
 */
struct ids;

#define IDS_REST 16

struct ids *ids_create(void);
void ids_free(struct ids *ids);
static inline void ids_freep(struct ids **ids)
{
	ids_free(*ids);
}
/*
 * Grows when something was given out that was not before, and when somebody else is
 * current or serves last. As long as it stays, a crash may lose what ids have become:
 * none will be given out twice, and whoever has the flows will have them again.
 */
uint64_t ids_given(const struct ids *ids);
/* As JSON text for the state file, and back. -EINVAL if it is not ours. */
int ids_save(const struct ids *ids, struct buf *out);
int ids_load(const char *text, struct ids **out);

/**
 * struct plan_service - one virtual service: a key of the services map and its table
 * @table: plan_table.number, @base: plan_table.base
 * @flags: SHUNT_SERVICE_*
 */
struct plan_service {
	struct shunt_service_key key;
	uint32_t table;
	uint32_t base;
	uint32_t flags;
	uint32_t conf_service; /* index in the config */
};

/**
 * struct plan_leg - how packets of one family reach a backend
 * @forward: SHUNT_FORWARD_NONE if they cannot
 * @port: as in struct shunt_leg
 */
struct plan_leg {
	struct shunt_addr addr;
	enum shunt_forward forward;
	__be16 port;
};

/**
 * struct plan_backend - one backend of one service
 * @id: write-once, [1, SHUNT_MAX_BACKENDS)
 * @weight: effective: after the operator's word, before health
 * @weight_enabled: the same as if it were not drained
 * @warmth: of PLAN_KEEP_ALL: how much of that it gets while it warms up
 * @down: known to be
 * @usable: healthy and enabled and weighted
 * @serves: may hold slots: of the usable ones all, but for backups and scheduler first;
 *	if none is usable, those that when_all_down says
 * @alive: slots and pins that lead to it go on doing so: its flows are kept, or reset
 * @resets: its TCP connections are: with @alive
 * @counted: its connections are: with SHUNT_SERVICE_COUNTED
 * @limit, @load_weight: of its struct shunt_load, if @counted; else 0
 */
struct plan_backend {
	uint32_t id;
	uint32_t conf_service;
	uint32_t conf_backend;
	struct plan_leg leg[SHUNT_FAMILIES];
	uint32_t weight;
	uint32_t weight_enabled;
	uint32_t warmth;
	bool down;
	bool usable;
	bool serves;
	bool alive;
	bool resets;
	bool counted;
	uint32_t limit;
	uint32_t load_weight;
};

#define PLAN_KEEP_ALL 65536

/* @part of @whole, of @all; nothing only if @part is nothing. */
static inline uint32_t plan_part(uint32_t all, uint32_t part, uint32_t whole)
{
	return ((uint64_t)all * part + whole - 1) / whole;
}

/* The weight of a backend that may be warming up: never 0 if the weight is not. */
static inline uint32_t plan_warm_weight(const struct plan_backend *b)
{
	return plan_part(b->weight, b->warmth, PLAN_KEEP_ALL);
}

/**
 * struct plan_position - who sits at a position of a table
 * @member: the id of the backend in the block of its service, so that the recipes of
 *	services with pools alike are equal; 0 where @keep is 0: a hole left by a
 *	removed backend, or one whose backend may hold no slots now
 * @keep: how much of its base slots it takes, of PLAN_KEEP_ALL; 0 is dead. A weight
 *	that is lowered at run time lowers this, so that only the slots that leave
 *	are moved. The greatest keep of a healthy table is PLAN_KEEP_ALL.
 */
struct plan_position {
	uint32_t member;
	uint32_t keep;
};

/**
 * struct plan_table - the slot table of a config service: what it is, and its recipe,
 *	which is all the rest
 * @number: by which the table is known as long as the service is there
 * @base, @span: the block of ids of the service: its members are [1, @span)
 * @left: with the block that it had before, if that was outgrown not long ago and
 *	rests, and so on: of these, number, base and span. Maps may still go by them.
 * @tracked: its services have all their flows in the flow cache, whatever the slots say:
 *	plan_tracks()
 * @scheduler: how it is filled: consistent stands for source, random and least_conn,
 *	too, which go by tables like its own
 * @slots: a power of two
 * @positions: indexed by position, [0, n_positions); for maglev and round_robin in the
 *	order of the backends' names, one entry for each that serves; for first there is
 *	one
 * @weights: maglev and round_robin only, else NULL
 * @seeds: maglev only, else NULL: hash of each backend's name and addresses
 */
struct plan_table {
	uint32_t number;
	uint32_t base;
	uint32_t span;
	const struct plan_table *left;
	bool tracked;
	enum conf_scheduler scheduler;
	uint32_t slots;
	struct plan_position *positions;
	uint32_t *weights;
	uint64_t *seeds;
	uint32_t n_positions;
};

/*
 * Of SHUNT_SERVICE_*: each flow is in the flow cache by the hash that picks its slot. By
 * affinity it is clients.
 */
static inline bool plan_tracks(uint32_t flags)
{
	return (flags & (SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_AFFINITY)) == SHUNT_SERVICE_TRACKED;
}

/**
 * struct plan - everything in one arena, const once plan_build() has returned it
 * @vips: each address once
 * @alive: ids of the backends that are
 * @pool: that fullnat sends from, the addresses of IPv4 first; none without fullnat
 * @rodata: without hash_key and pins_per_s, which are of this host, and without
 *	conn_mask, conns and space_lines, which follow from the sizes of maps
 * @flow_early_s, @flow_idle_s: how long a slot is MIGRATING, how long PINNING
 * @syns_above: in a second, of services of nat: so many are a flood
 * @first_backend: of each config service, in @backend_of
 * @backend_of: index in @backends by config service and backend
 * @table_of: index in @tables by config service
 */
struct plan {
	struct arena arena;
	struct plan_service *services; /* sorted by key */
	size_t n_services;
	struct plan_backend *backends; /* sorted by id */
	size_t n_backends;
	struct plan_table *tables; /* sorted by number */
	size_t n_tables;
	struct shunt_addr *vips; /* sorted */
	size_t n_vips;
	struct id_set alive;
	struct shunt_addr *pool;
	size_t n_pool;
	struct shunt_rodata rodata;
	uint16_t flow_early_s;
	uint16_t flow_idle_s;
	uint32_t syns_above;
	size_t n_conf_services;
	uint32_t *first_backend;
	uint32_t *backend_of;
	uint32_t *table_of;
};

/**
 * struct plan_condition - how a backend is, whatever is said of it
 * @warmth: of PLAN_KEEP_ALL: see life_warmth()
 * @is_over: see life_is_over()
 * @agent, @agent_percent: what its agent wants, as in struct health_status
 */
struct plan_condition {
	enum health_state health;
	enum health_agent agent;
	uint8_t agent_percent;
	uint32_t warmth;
	bool is_over;
};

/* Of backend @backend of service @service, both indices in the config. */
typedef struct plan_condition plan_condition_fn(void *arg, size_t service, size_t backend);

/* What the config leaves open, and the greatest time that the 15 bits of an entry bear. */
#define PLAN_FLOW_CACHE_BYTES (4 << 20)
#define PLAN_FLOW_IDLE_MS (300 * 1000)
#define PLAN_FLOW_MAX_S (8 * 3600)

/**
 * plan_build() - decide what the maps should hold
 * @ids: read and extended: new backends, positions and tables are entered
 * @condition: asked once for each backend; NULL: all are up and warm
 * @out: to be released with plan_free()
 *
 * All or nothing: on failure @ids and @out are as they were. A plan is meant to be
 * carried out, and @ids to be saved before it is: freed ids age with every plan, and
 * what a plan gives out is taken.
 *
 * Return: 0; -ENOSPC if ids or tables ran out; -ENOMEM.
 */
int plan_build(const struct conf *conf, const struct admin *admin, struct ids *ids,
	       plan_condition_fn *condition, void *arg, struct plan **out);
void plan_free(struct plan *plan);
static inline void plan_freep(struct plan **plan)
{
	plan_free(*plan);
}

/* Backend by id or by indices in the config; NULL if there is none. */
const struct plan_backend *plan_backend_by_id(const struct plan *plan, uint32_t id);
const struct plan_backend *plan_backend_of(const struct plan *plan, size_t service, size_t backend);
/* The table of a config service; NULL if there is none. */
const struct plan_table *plan_table_of(const struct plan *plan, size_t service);

/**
 * table_build() - the words of a table, from its recipe
 * @words: @table->slots of them: slot words in SHUNT_SLOT_STABLE, whose cur is a
 *	member; all 0 if no position is alive
 *
 * A pure function of the recipe: the same on every balancer and after every order
 * of events. Return: 0 or -ENOMEM.
 */
int table_build(const struct plan_table *table, uint32_t *words);

/*
 * The same, several times faster for many tables of one size: what they have in
 * common is kept in @cache, some megabytes. The words do not depend on it.
 */
struct table_cache;

struct table_cache *table_cache_create(void);
void table_cache_free(struct table_cache *cache);
static inline void table_cache_freep(struct table_cache **cache)
{
	table_cache_free(*cache);
}
int table_build_cached(struct table_cache *cache, const struct plan_table *table, uint32_t *words);

/* One step from an old plan to a new one, in the order in which steps are safe. */
enum plan_op_kind {
	PLAN_PUT_BACKEND, /* backend id := legs, dead or alive */
	PLAN_MARK_BACKEND, /* backend id: dead or alive */
	PLAN_PUT_LOAD, /* backend id: its limit, and its weight by load */
	/*
	 * Take the words of table one step on; also where it is not tracked any more.
	 * Where its base is not what it was its services go by the old one until they
	 * are put: not in place then, for a newcomer's member may be beyond the old
	 * block.
	 */
	PLAN_FILL_TABLE,
	PLAN_PUT_VIP,
	PLAN_PUT_SERVICE,
	PLAN_MOVE_FLOWS, /* of the block of @moved to that of the same members of table */
	PLAN_DEL_SERVICE,
	PLAN_DEL_VIP,
	PLAN_CLEAR_TABLE,
	PLAN_DEL_BACKEND,
};

/**
 * struct plan_op
 * @moved: PLAN_MOVE_FLOWS: the table in the old plan, whose block was outgrown, or
 *	where that is not known, plan_table.left; the members are the same. NULL in all
 *	others.
 */
struct plan_op {
	enum plan_op_kind kind;
	union {
		const struct plan_backend *backend;
		const struct plan_table *table;
		const struct plan_service *service;
		const struct shunt_addr *vip;
	};
	const struct plan_table *moved;
};

/* Two tables of equal recipes (scheduler, slots, positions, weights, seeds) hold the same words. */
bool plan_table_is_equal(const struct plan_table *a, const struct plan_table *b);

/**
 * plan_diff() - the least steps from @old to @new
 * @old: NULL for "nothing is there"; otherwise of the same line of struct ids
 * @ops, @n: to be released with free(); point into @old and @new
 *
 * Return: 0 or -ENOMEM.
 */
int plan_diff(const struct plan *old, const struct plan *new, struct plan_op **ops, size_t *n);

#endif /* PLAN_PLAN_H */
