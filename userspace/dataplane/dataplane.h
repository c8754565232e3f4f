/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The XDP program and its maps, as the daemon sees them.
 *
 * Maps are pinned under @pin_dir/vN, N = SHUNT_ABI_VERSION. A daemon that
 * starts takes pinned maps over if they fit, and always loads a program of its
 * own over them, which replaces the one that is attached in one step: start,
 * restart and a change of load-time constants are the same path.
 */
#ifndef DATAPLANE_DATAPLANE_H
#define DATAPLANE_DATAPLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "dataplane/snapshot.h"
#include "plan/plan.h"
#include "shunt/guard.h"
#include "tables/limits.h"
#include "tables/map_ops.h"
#include "tables/pool.h"

#define DATAPLANE_PIN_DIR "/sys/fs/bpf/shunt"

/* Sizes of the maps that depend on the config. */
struct dataplane_sizes {
	uint32_t slot_lines; /* of all tables: struct shunt_slot_line */
	uint32_t backends; /* the largest id; below SHUNT_MAX_BACKENDS */
	uint32_t services;
	uint32_t flow_lines; /* a power of two */
	uint32_t conns; /* records of connections, the one of nobody included; 0: no NAT */
	uint32_t port_spaces; /* of shunt_port_bits; 0: no pool */
	uint32_t limits; /* of the firewall, each service's counted; 0: none */
	uint32_t bucket_lines; /* of sources that these are about: a power of two; 0: none */
	struct pool pool; /* another one makes other maps, but if it is empty */
};

struct dataplane;
struct guard_set;

/**
 * dataplane_lock() - keep other daemons away from @pin_dir, made if missing
 * @fd: to be released with dataplane_unlock()
 *
 * Return: 0; -EADDRINUSE if another daemon has it; a negative errno. Logged.
 */
int dataplane_lock(const char *pin_dir, int *fd);
void dataplane_unlock(const char *pin_dir, int fd);

/**
 * dataplane_former_key() - the hash key of the maps pinned under @pin_dir
 *
 * Of another release, too, if their flows can be taken over. With another key they
 * cannot. Return: 0; -ENOENT if there are none.
 */
int dataplane_former_key(const char *pin_dir, __u64 key[2]);

/**
 * dataplane_open() - make or take over the maps, load the program
 * @pin_dir: a directory on bpffs, made if missing
 * @sizes: pinned maps are taken over only if they hold this
 * @rodata: hash_key included
 * @adopt: take pinned maps over: ids and tables in them are those of the plans to
 *	come. false: the state that gave them out is not known
 *
 * Where pinned maps are not taken over fresh ones are made, and the first
 * dataplane_apply() carries slots, flows and counters there, of what is known again
 * by its service and addresses (dataplane/former.h). The old ones keep carrying
 * traffic until another program is attached, and stay pinned until
 * dataplane_commit().
 *
 * Nothing is attached yet. Return: 0 or a negative errno, logged; -EPERM where a
 * capability or kernel feature is missing.
 */
int dataplane_open(const char *pin_dir, const struct dataplane_sizes *sizes,
		   const struct shunt_rodata *rodata, bool adopt, struct dataplane **out);

/**
 * dataplane_commit() - make the maps of @dp the pinned ones
 *
 * After its program was attached everywhere. Flows that the former maps have learned
 * meanwhile are carried once more, and what they have counted. Pins of a release
 * before are removed. Return: 0 or a negative errno, logged.
 */
int dataplane_commit(struct dataplane *dp);

/* Release descriptors; what is attached and pinned stays. */
void dataplane_close(struct dataplane *dp);

/* As asked for, or larger if the maps were taken over. */
struct dataplane_sizes dataplane_get_sizes(const struct dataplane *dp);

/* The maps were there before: slots, counters and backends of a former daemon. */
bool dataplane_was_adopted(const struct dataplane *dp);

/* There were pins of a former daemon, taken over or not: its program may be running. */
bool dataplane_has_former(const struct dataplane *dp);

/* Writes go here; the context is @dp. */
extern const struct map_ops dataplane_map_ops;

/**
 * dataplane_attach() - put the program on an interface
 *
 * Replaces a program of a former daemon without a gap. Beside another XDP program by
 * libxdp's dispatcher; where the kernel does not allow that, alone, or not at all if
 * another program is there. Generic mode only if @mode says so.
 *
 * Return: 0 or a negative errno, logged with what to do.
 */
int dataplane_attach(struct dataplane *dp, const char *ifname, enum conf_xdp_mode mode);

/* Take it off again, also one that a former daemon attached; 0 if it was not there. */
int dataplane_detach(struct dataplane *dp, const char *ifname);

/**
 * dataplane_mend() - attach again where the program has gone missing
 *
 * Once a second: an interface that was made anew, or had its program taken off.
 * Where another program is, that one stays until it goes. All of it is logged.
 */
void dataplane_mend(struct dataplane *dp);

/**
 * dataplane_give_back() - put @to in the place of @from wherever @to was attached
 *
 * And leave the interfaces that @to was not on: @from did not come to be.
 */
void dataplane_give_back(struct dataplane *from, struct dataplane *to);

/* Take off what a former daemon left on interfaces that this one is not on; logged. */
void dataplane_leave_others(struct dataplane *dp);

/**
 * dataplane_detach_all() - take off and remove all that former daemons have left
 *
 * From the interfaces recorded under @pin_dir, and then the pins; nothing where there
 * is nothing. With the lock held. Return: 0 or a negative errno, logged.
 */
int dataplane_detach_all(const char *pin_dir);

/**
 * dataplane_reload() - load the program again with other constants
 *
 * Over the same maps, and swap it on every attached interface. On failure what
 * runs goes on. Return: 0 or a negative errno, logged.
 */
int dataplane_reload(struct dataplane *dp, const struct shunt_rodata *rodata);

/* Remove the pins: the maps go with the last descriptor. After detaching. */
int dataplane_unpin(struct dataplane *dp);

/* Interfaces as they are attached now; @out released with free(). */
int dataplane_interfaces(const struct dataplane *dp, struct snapshot_interface **out, size_t *n);

/* Sum over CPUs. */
int dataplane_read_reasons(const struct dataplane *dp, uint64_t out[SHUNT_REASONS]);
int dataplane_read_counter(const struct dataplane *dp, uint32_t backend_id,
			   struct shunt_counter *out);
/*
 * Those of @n ids from @first on: a system call for each SHUNT_COUNTERS_PER_BLOCK.
 * -ERANGE if there are not so many; after an error @out is undefined.
 */
int dataplane_read_counters(const struct dataplane *dp, uint32_t first, uint32_t n,
			    struct shunt_counter *out);
/* From now on it counts from 0; no packet is lost, of this backend or of others. */
int dataplane_clear_counter(struct dataplane *dp, uint32_t backend_id);

/**
 * dataplane_carry() - slots, flows and counters of @from go on in @to, which replaces it
 *
 * As in dataplane_open(), whatever is pinned: called before the first
 * dataplane_apply() to @to. @from may be closed before dataplane_commit().
 */
void dataplane_carry(const struct dataplane *from, struct dataplane *to);

/* apply() of tables/apply.h on the maps of @dp, for steps that lead to @plan. */
int dataplane_apply(struct dataplane *dp, const struct plan *plan, const struct plan_op *steps,
		    size_t n, uint64_t now_ms);

/**
 * dataplane_tick() - once a second: move slots in transition on, sweep the flow cache,
 *	take connections of nat and fullnat out whose time is over
 * @plan: what the maps hold; NULL: not known
 * @conf: that it was built from
 *
 * Return: true if there is more to do: dataplane_work(), soon.
 */
bool dataplane_tick(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		    uint64_t now_ms);

/* The next piece of it, some milliseconds at most. True if there is still more. */
bool dataplane_work(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		    uint64_t now_ms);

/**
 * dataplane_take_suspect() - a backend that should be probed at once
 * @id: of a backend of nat or fullnat that refused connections, or did not answer,
 *	in the last round over them; the same one again only if it did so since
 *
 * Return: false if there is none left.
 */
bool dataplane_take_suspect(struct dataplane *dp, uint32_t *id);

/**
 * dataplane_put_guard() - the prefixes of the firewall are these from now on
 *
 * A packet sees all of the former ones or all of these. Takes some milliseconds, of which
 * most is waiting for packets that are under way. Return: 0 or a negative errno, logged.
 */
int dataplane_put_guard(struct dataplane *dp, const struct guard_set *set);

/**
 * dataplane_put_limits() - the limits of the firewall are these from now on
 * @lists: see limits_put()
 *
 * What their buckets hold stays where service and rule do. Return: 0; -ENOSPC: they are
 * more than the sizes say, and nothing has changed; another negative errno. Logged.
 */
int dataplane_put_limits(struct dataplane *dp, const struct limits_list *lists, size_t n);

/* Packets that a rule of the firewall has applied to, summed over CPUs. */
int dataplane_read_hits(const struct dataplane *dp, uint32_t rule, uint64_t *out);
/* It is another rule from now on, of no list that is published. */
int dataplane_clear_hits(struct dataplane *dp, uint32_t rule);
/* @to has taken the place of @from, and goes on counting. What goes wrong is logged. */
void dataplane_carry_hits(const struct dataplane *from, struct dataplane *to);

/* How busy a backend is, where its connections are counted: struct plan_backend. */
struct shunt_load dataplane_read_load(const struct dataplane *dp, uint32_t backend_id);

/* Flows of a backend that are in the cache, or connections, when these were last swept. */
uint64_t dataplane_read_flows(const struct dataplane *dp, uint32_t backend_id);

/* Connections of nat and fullnat. */
struct snapshot_conntrack dataplane_count_conns(const struct dataplane *dp);

/**
 * dataplane_list_conns() - the first of them
 * @service: index in the config that @plan was built from, or SIZE_MAX for all
 * @max: at most so many
 * @out: released with free()
 *
 * Return: 0 or a negative errno.
 */
int dataplane_list_conns(struct dataplane *dp, const struct plan *plan, size_t service, size_t max,
			 struct snapshot_conns *out);

/**
 * dataplane_count_flows() - what the flow cache holds now, by backend
 * @conf: that @plan was built from
 * @service: as above
 * @out: what is in it on success is released by the caller
 *
 * Reads all of the cache: 10 ms for a million entries. Return: 0 or a negative errno.
 */
int dataplane_count_flows(const struct dataplane *dp, const struct plan *plan,
			  const struct conf *conf, size_t service, struct snapshot_flow_list *out);

/* The words of a table as they are now; valid until the next call. NULL: no such table. */
const uint32_t *dataplane_read_table(struct dataplane *dp, uint32_t number);

/* Where a table lies; false: nowhere. */
bool dataplane_find_place(const struct dataplane *dp, uint32_t number, struct snapshot_place *out);
struct snapshot_tables dataplane_count_tables(const struct dataplane *dp);

/* The maps, for the snapshot; @out released with free(). */
int dataplane_list_maps(const struct dataplane *dp, struct snapshot_map **out, size_t *n);
/* Where they are pinned. */
void dataplane_format_pin_dir(const struct dataplane *dp, char *out, size_t size);

/* What an adopted map holds that @plan does not: removed after dataplane_apply(). */
int dataplane_sweep(struct dataplane *dp, const struct plan *plan);

#endif /* DATAPLANE_DATAPLANE_H */
