/* SPDX-License-Identifier: BSD-2-Clause */
/* struct dataplane, for the files of this floor. */
#ifndef DATAPLANE_INTERNAL_H
#define DATAPLANE_INTERNAL_H

#include <net/if.h>

#include "dataplane/dataplane.h"
#include "dataplane/former.h"
#include "dataplane/load.h"
#include "tables/conns_sweep.h"
#include "tables/loads.h"
#include "tables/port_spaces.h"
#include "tables/tables.h"

struct xdp_program;

/**
 * struct attachment - the program on one interface
 * @mode: native or generic
 * @top_id: id of what the kernel calls: the program itself, or the dispatcher
 * @missing: not in force, and said so
 * @mend_in, @mend_gap: calls of dataplane_mend() until it tries again
 * @own, @xdp: behind a dispatcher, else NULL: a program of its own, because there it
 *	is loaded as a replacement of one of the dispatcher's functions
 */
struct attachment {
	char ifname[IF_NAMESIZE];
	int ifindex;
	enum conf_xdp_mode mode;
	uint32_t top_id;
	bool missing;
	unsigned int mend_in, mend_gap;
	struct load *own;
	struct xdp_program *xdp;
};

/**
 * struct flow_cache - what user space knows of the flow cache
 * @may_hold: there may be entries in it, or in the note of new flows
 * @former: ids whose backends have gone: entries that name them may be left, and
 *	must not be when an id is used again
 * @running, @line: a sweep, and the line that it goes on with
 * @found: entries and notes that it left, so far
 * @doomed: of @former, when the sweep began: gone when it ends
 * @live, @last_live: entries by backend id, so far and in the last whole sweep
 * @looks: by backend id: what the sweep has seen of the loads of those that are counted
 * @ended_ms: when that was
 */
struct flow_cache {
	bool may_hold;
	struct id_set former;
	bool running;
	size_t line;
	uint64_t found;
	struct id_set doomed;
	uint32_t *live;
	uint32_t *last_live;
	struct loads_look *looks;
	uint64_t ended_ms;
};

/**
 * struct conn_cache - what user space knows of connections
 * @maps: mappings of the maps; @records and @index only while somebody works on them
 * @held: how many do
 * @spaces: of ports
 * @services: by config service; @by_id: by backend id, those of them it is of
 * @knows: they are those of the plan
 * @works: a round goes on, and holds the maps
 * @meter: a mapping of shunt_syn_meter
 * @is_flood: SYNs were answered by cookies, when it was last looked
 */
struct conn_cache {
	struct conns maps;
	unsigned int held;
	struct port_spaces spaces;
	struct conns_sweep sweep;
	struct conns_service *services;
	const struct conns_service **by_id;
	bool knows;
	bool works;
	struct shunt_syn_meter *meter;
	bool is_flood;
};

/**
 * struct dataplane - maps, a program over them, where it is attached
 * @pinned: the maps are those under @pin_dir
 * @has_former: a former daemon has left something under @pin_dir
 * @fds: of the maps
 * @capture: of those of dataplane/capture.h; -1: nobody looks
 * @services, @backends, @egress, @offsets: mappings of the whole maps
 * @tables: where tables lie in shunt_slots
 * @shared: dataplane/shared.h; NULL: it is not
 * @guard_bytes: of the prefixes that were published
 * @buckets_swept_ms: when buckets were last swept
 * @former, @carrying, @carried_conns: the maps that these follow, until dataplane_commit(); and whether
 *	carry_begin() has seen them, and carry_conns()
 * @removed: by backend id: the entry means nothing
 * @window, @window_bytes, @window_first, @window_n: a mapping of the lines of
 *	shunt_slots last asked for, and which: the mapping of an array counts as
 *	resident at once, and tables may be many
 */
struct dataplane {
	char *pin_dir;
	struct dataplane_sizes sizes;
	struct shunt_rodata rodata;
	struct load *load;
	bool adopted;
	bool pinned;
	bool has_former;
	int fds[LOAD_MAPS];
	int capture[LOAD_CAPTURE_MAPS];
	struct shunt_service_line *services;
	size_t n_service_lines;
	struct shunt_backend *backends;
	bool *removed;
	size_t n_backends;
	struct shunt_egress *egress;
	struct shunt_load *loads;
	struct shunt_counter *offsets;
	void *window;
	size_t window_bytes;
	uint32_t window_first;
	uint32_t window_n;
	struct attachment *attachments;
	size_t n_attachments;
	struct tables tables;
	size_t guard_bytes;
	uint64_t buckets_swept_ms;
	struct flow_cache flows;
	struct conn_cache conns;
	struct shared *shared;
	struct former *former;
	bool carrying;
	bool carried_conns;
};

/* pin.c: the directory on bpffs. All but the first log nothing. */

/* Make sure that @pin_dir is there, mounting bpffs if need be; logged. */
int pin_prepare(const char *pin_dir);
/* -EADDRINUSE if another process has the lock, which goes with the descriptor. */
int pin_lock(const char *pin_dir, int *fd);
/*
 * Descriptors of a complete set of pinned maps, or -ENOENT. Those from LOAD_FIRST_LATER
 * on, and from LOAD_FIRST_GUARD on, are -1 if one of them is missing: a daemon that does
 * not know them pinned the set.
 */
int pin_open_maps(const char *pin_dir, int fds[LOAD_MAPS], int *rodata_fd);
/* One pinned map of any version of the ABI. */
int pin_open_map(const char *pin_dir, int version, const char *name);
int pin_open_rodata(const char *pin_dir, int version);
/* A daemon of @version has used its maps after any of @other did. */
bool pin_is_newer(const char *pin_dir, int version, int other);
/* Put a complete set there, in one step where a former one is. */
int pin_replace_maps(const char *pin_dir, const int fds[LOAD_MAPS], int rodata_fd);
int pin_replace_rodata(const char *pin_dir, int rodata_fd);
/* The program on an interface, so that the next daemon knows and can replace it. */
int pin_open_program(const char *pin_dir, int ifindex);
int pin_replace_program(const char *pin_dir, int ifindex, int fd);
void pin_remove_program(const char *pin_dir, int ifindex);
/* Interfaces that programs are recorded of; @out released with free(). */
int pin_list_programs(const char *pin_dir, int **out, size_t *n);
/* The set of a version of the ABI. */
int pin_remove_maps(const char *pin_dir, int version);
/* The maps of dataplane/capture.h, so that other data planes find them. */
int pin_capture(const char *pin_dir, const int fds[LOAD_CAPTURE_MAPS]);
/* 0 or a negative errno; those that were opened are in @fds then, too. */
int pin_open_capture(const char *pin_dir, int fds[LOAD_CAPTURE_MAPS]);
void pin_remove_capture(const char *pin_dir);
/* All that was pinned and recorded, of every version of the ABI. */
int pin_remove_all(const char *pin_dir);

/* Another version of the ABI that maps are pinned of, or 0. */
int pin_find_other(const char *pin_dir);

/* capture.c */

/* For a program with rodata.capture that is about to be loaded. 0 or -errno, logged. */
int capture_use(const struct dataplane *dp, struct load *l);
/* Packets are being looked at in the data plane before this one. Likewise. */
int capture_join(struct dataplane *dp);
void capture_close(struct dataplane *dp);

/* adopt.c */

/* Take pinned maps over if they are what @want would make; see pin_open_maps(). */
bool adopt_maps(struct dataplane *dp, struct load *want);
void adopt_close(int fds[LOAD_MAPS]);

/* flow_cache.c: the cache and the note of new flows, through mappings of a part. */

/* @n lines of the map @fd from @first on, whose place is a multiple of a page; or NULL. */
struct shunt_flow_line *flow_lines_map(int fd, size_t first, size_t n);
void flow_lines_unmap(struct shunt_flow_line *lines, size_t n);
/* Their marks, a byte each. */
uint8_t *flow_marks_map(int fd, size_t first, size_t n);
void flow_marks_unmap(uint8_t *marks, size_t n);

/* 8 MiB: some milliseconds of work. */
#define FLOW_SLICE_LINES 131072

int flow_cache_open(struct dataplane *dp);
void flow_cache_close(struct dataplane *dp);
/* The maps were there before: any id that is free now may be in entries. */
void flow_cache_adopt(struct dataplane *dp);
/* The backend @id has gone, or is about to be another one. */
void flow_cache_disown(struct dataplane *dp, uint32_t id);
/* A backend is about to get @id: see to it that no entry is left of a former one. */
void flow_cache_claim(struct dataplane *dp, uint32_t id);
/* @conf: that @plan was made of. */
void flow_cache_tick(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		     uint64_t now_ms);

/* There may be entries in it. */
bool flow_cache_may_hold(const struct dataplane *dp);
/* What counts, for a scan; @out->backends released with free(). 0 or -ENOMEM. */
int flow_cache_prepare(const struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		       uint16_t now_s, struct flows_scan *out);

/*
 * Flows and counters of the ids [@from, @from + @span) become those of as many from
 * @to on: a block of ids was outgrown. Services are sent to the new block already.
 * Return: 0 or a negative errno.
 */
int flow_cache_move(struct dataplane *dp, const struct flows_move *moves, size_t n);
int counters_move(struct dataplane *dp, uint32_t from, uint32_t span, uint32_t to);

/* flow_loads.c: before a sweep of the flow cache, around each of its parts, and after. */
void flow_loads_begin(struct dataplane *dp);
void flow_loads_before(struct dataplane *dp, const struct plan *plan);
void flow_loads_after(struct dataplane *dp, const struct plan *plan,
		      const struct flows_backend *found);
void flow_loads_end(struct dataplane *dp, const struct plan *plan, uint32_t parts);
/* Blocks were outgrown; after flow_cache_move(). */
void flow_loads_move(struct dataplane *dp, const struct flows_move *moves, size_t n);
/* The backend @id is about to be another one. */
void flow_loads_forget(struct dataplane *dp, uint32_t id);

/* counters.c */

/* What was counted of @n ids, before anything is subtracted, in the map @fd. */
int counters_read(int fd, uint32_t first, uint32_t n, struct shunt_counter *out);
void counters_add(struct dataplane *dp, uint32_t id, const struct shunt_counter *c);
/* Add the reasons in the map @from. */
int counters_add_reasons(struct dataplane *dp, int from);

/* carry.c */

/* The maps pinned under @dp->pin_dir, which @dp does not take over, go on in it. */
void carry_from_pins(struct dataplane *dp);
/*
 * Flows of the former maps, if there are some, go on in @dp; and from now on their
 * tables can be read by former_read_table(). Before the first change that leads to
 * @plan; later calls do nothing. What goes wrong is logged.
 */
void carry_begin(struct dataplane *dp, const struct plan *plan, uint64_t now_ms);
/* Their connections, once the backends of the plan are there. Logged. */
void carry_conns(struct dataplane *dp);
/* What they have learned since; to be called right before their program is replaced. Logged. */
void carry_again(struct dataplane *dp, uint64_t now_ms);
/* Does a service that is put now hold back packets of flows that may still be carried? */
bool carry_holds(const struct dataplane *dp, const struct shunt_service_key *key);
/* Services hold nothing back any more: also those of a daemon that died amid it. */
void carry_release(struct dataplane *dp);
/* Flows and connections that they have learned since, their counters; and forget them. Logged. */
void carry_end(struct dataplane *dp, uint64_t now_ms);

/* limits.c: once in a while, what stands at limits_sweep(). */
void limits_tick(struct dataplane *dp, uint64_t now_ms);

/* conn_cache.c: connections of nat and fullnat; nothing where there is no room for any. */

int conn_cache_open(struct dataplane *dp);
void conn_cache_close(struct dataplane *dp);
/* @dp->conns.maps whole, until as many releases. 0 or a negative errno. */
int conn_cache_hold(struct dataplane *dp);
void conn_cache_release(struct dataplane *dp);
/* The space of a leg that is about to be put; and one that was there has gone. */
int conn_cache_get_space(struct dataplane *dp, struct shunt_leg *leg);
void conn_cache_put_space(struct dataplane *dp, const struct shunt_leg *leg);
/* The bit of the port that a connection has from the pool, or SHUNT_NO_PORT_BIT. */
uint32_t conn_cache_port_bit(const struct dataplane *dp, const struct shunt_conn *conn);
/* As dataplane_work(). */
bool conn_cache_work(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		     uint64_t now_ms);
/* Connections of a backend, when they were last swept. */
uint32_t conn_cache_count(const struct dataplane *dp, uint32_t id);
/* But for @bytes. */
struct snapshot_conntrack conn_cache_read(const struct dataplane *dp);
/* As flow_cache_move(). */
int conn_cache_move(struct dataplane *dp, const struct flows_move *moves, size_t n);

/* syn_meter.c: SYN cookies. */

int syn_meter_open(struct dataplane *dp);
void syn_meter_close(struct dataplane *dp);
/* What a flood is, and what time: before packets come, and once a second. */
void syn_meter_set(struct dataplane *dp, const struct plan *plan, uint64_t now_ms);
/* The meter of the maps that were there before: the same time, and what flood there is. */
void syn_meter_follow(struct dataplane *dp, const struct shunt_syn_meter *former);
/* As syn_meter_set(); and what it has come to is said. */
void syn_meter_tick(struct dataplane *dp, const struct plan *plan, uint64_t now_ms);

/* attach.c */

/* Put @next on every interface instead, or on none of them; logged. */
int attach_swap_all(struct dataplane *dp, struct load *next, const struct shunt_rodata *rodata);
bool attach_is_in_force(const struct attachment *a);
/* The attachment is in force, but perhaps behind another dispatcher than before. */
void attach_renew_top(struct attachment *a);
struct attachment *attachment_find(const struct dataplane *dp, const char *ifname);
/* Take a program off that this process did not attach, if one is there. */
int attach_remove_former(struct dataplane *dp, int ifindex);
void attach_free_all(struct dataplane *dp);

/* dispatcher.c: beside other programs, by libxdp. Nothing is logged. */

/* A dispatcher is what is on the interface. */
bool dispatcher_is_on(int ifindex);
/* It has programs that are not ours. */
bool dispatcher_has_others(int ifindex);
/**
 * dispatcher_join() - put a program behind the dispatcher, or behind a new one
 *
 * A program of a former daemon leaves once this one is in. Return: 0; -EOPNOTSUPP
 * where neither kernel nor libxdp can do it, with nothing changed.
 */
int dispatcher_join(const struct dataplane *dp, struct attachment *a,
		    const struct shunt_rodata *rodata);
int dispatcher_leave(struct attachment *a);
/* Programs of ours but @keep_id, whoever attached them, leave the dispatcher. */
int dispatcher_remove(int ifindex, enum conf_xdp_mode mode, uint32_t keep_id);
bool dispatcher_has(const struct attachment *a);
int dispatcher_fd(const struct attachment *a);
void dispatcher_forget(struct attachment *a);

#endif /* DATAPLANE_INTERNAL_H */
