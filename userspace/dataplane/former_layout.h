/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside former*.c: a former data plane, and what differs between the versions of the
 * ABI that it may be of.
 */
#ifndef DATAPLANE_FORMER_LAYOUT_H
#define DATAPLANE_FORMER_LAYOUT_H

#include "dataplane/former.h"
#include "dataplane/load.h"

/* Slots of one line of shunt_slots, both halves counted; so in both versions. */
#define FORMER_SLOTS_PER_LINE 16

/**
 * struct former_service - a virtual service, and where it led
 * @first: line of its table in shunt_slots
 * @slots: of the table, a power of two; all of it lies in the map
 * @base: id = @base + what stands in a slot
 * @tracked: plan_tracks()
 * @found: the plan has it, as one of @conf_service, whose table is @table
 * @forgets: and is tracked no more
 */
struct former_service {
	struct shunt_service_key key;
	uint64_t first;
	uint64_t slots;
	uint32_t base;
	bool tracked;
	bool found;
	bool forgets;
	uint32_t conf_service;
	uint32_t table;
};

/* A backend of the plan, as the former maps may know it. */
struct former_backend {
	struct plan_leg leg[SHUNT_FAMILIES];
	uint32_t conf_service;
	uint32_t id;
};

/**
 * struct former
 * @fds: of its maps; -1: its version has no such map
 * @slots: of every table, where the version has one number for all
 * @lost_flows: former_lose_flows()
 * @services: sorted by base and table
 * @learning: keys of those that former_learns() of, sorted by what lies in memory
 * @backends: a mapping of its map
 * @index: of the plan's backends, sorted by legs and service; NULL until
 *	former_translate(), as the rest
 * @ids: by former id: of the plan
 */
struct former {
	const struct former_layout *layout;
	int fds[LOAD_MAPS];
	__u64 hash_key[2];
	uint32_t flow_mask;
	uint32_t slots;
	bool lost_flows;
	struct former_service *services;
	size_t n_services;
	struct shunt_service_key *learning;
	size_t n_learning;
	const struct shunt_backend *backends;
	size_t n_backends;
	struct former_backend *index;
	size_t n_index;
	uint16_t *ids;
};

/**
 * struct former_layout - a version of the ABI
 * @value_bytes: of each map; 0: it has no such map
 * @has_blocks: the ids of a service lie side by side, from its base on
 * @read_constants: hash_key, flow_mask, and slots where it has them
 * @read_service: first, slots, base and tracked of a listing that is not empty
 * @word: of a table of @slots slots, as the logical word
 * @read_counters: n_backends of them; -errno
 */
struct former_layout {
	int version;
	uint32_t value_bytes[LOAD_MAPS];
	bool has_blocks;
	int (*read_constants)(struct former *f, int rodata_fd);
	void (*read_service)(const struct former *f, const struct shunt_listing *listing,
			     struct former_service *out);
	uint32_t (*word)(const void *table, uint32_t slots, uint32_t slot);
	int (*read_counters)(const struct former *f, struct shunt_counter *out);
};

/* former_v2.c */
extern const struct former_layout former_v2;

/* Values that a map has in fact; 0 if they are not of the size that its version says. */
size_t former_count_values(const struct former *f, enum load_map m);

/* A mapping of the table of a service, read-only; NULL, and errno. */
const void *former_map_table(const struct former *f, const struct former_service *s);
void former_unmap_table(const struct former_service *s, const void *table);

/* @learning: each table is looked through once. 0 or -ENOMEM. */
int former_find_learning(struct former *f);

/* former_ids.c */

/* The id of the backend of a service of the plan that is as the former one @id; or 0. */
uint32_t former_find_backend(const struct former *f, uint32_t id, uint32_t conf_service);

#endif /* DATAPLANE_FORMER_LAYOUT_H */
