/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The XDP object: opened from the skeleton, sized, given its constants, loaded.
 * Inside the dataplane floor only; load.c alone knows the skeleton.
 */
#ifndef DATAPLANE_LOAD_H
#define DATAPLANE_LOAD_H

#include <stdbool.h>

#include "dataplane/dataplane.h"

struct bpf_map;
struct bpf_object;
struct load;

/* The maps that outlive a program, by place in load_map_names[]. */
enum load_map {
	LOAD_SERVICES,
	LOAD_VIPS,
	LOAD_SLOTS,
	LOAD_BACKENDS,
	LOAD_EGRESS,
	LOAD_DEVICES,
	LOAD_OFFSETS,
	LOAD_FLOWS,
	LOAD_MARKS,
	LOAD_FRESH,
	LOAD_PIN_BUDGET,
	LOAD_COUNTERS,
	LOAD_REASONS,
	/* Daemons of the first releases of this ABI do not have the following ones. */
	LOAD_POOL,
	LOAD_LOADS,
	LOAD_CONNS,
	LOAD_CONN_INDEX,
	LOAD_CONN_BITS,
	LOAD_PORT_BITS,
	LOAD_FRAGMENTS,
	LOAD_ICMP_BUDGET,
	/* Nor do those before the firewall have these. */
	LOAD_GUARD_LISTS,
	LOAD_GUARD_HITS,
	LOAD_GUARD_SIEVE,
	LOAD_LIMITS,
	LOAD_LIMITS_OF,
	LOAD_BUCKETS,
	LOAD_CONN_SEQS,
	LOAD_SYN_METER,
	LOAD_MAPS,
	LOAD_FIRST_LATER = LOAD_POOL,
	LOAD_FIRST_GUARD = LOAD_GUARD_LISTS,
};

extern const char *const load_map_names[LOAD_MAPS];

/* Those of a program with rodata.capture, which have a life of their own: capture.h. */
enum load_capture_map {
	LOAD_CAPTURE_FILTER,
	LOAD_CAPTURE_RING,
	LOAD_CAPTURE_MAPS,
};

extern const char *const load_capture_map_names[LOAD_CAPTURE_MAPS];

/* Of the program, and of its entry point in the object. */
#define LOAD_PROGRAM "shunt_ingress"
#define LOAD_SECTION "xdp"

/* What libbpf and libxdp say goes to the log, one line each; from now on. */
void load_route_logs(void);
/* Between these, failures are expected, and for readers of debug output only. */
void load_begin_trial(void);
void load_end_trial(void);

/**
 * load_open() - the object before it is loaded
 * @reuse: LOAD_MAPS descriptors of maps to work on (duplicated), or NULL: new maps
 *	of @sizes will be made, as for those of which it has none (-1)
 *
 * Return: 0 or a negative errno, logged.
 */
int load_open(const struct dataplane_sizes *sizes, const struct shunt_rodata *rodata,
	      const int *reuse, struct load **out);

/**
 * load_open_like() - as load_open(), beside a program that is loaded
 * @entries: of each map
 * @rodata: to the last bit
 * @shared: LOAD_MAPS descriptors of maps to work on; -1: a new one
 */
int load_open_like(const uint32_t *entries, const struct shunt_rodata *rodata, const int *shared,
		   struct load **out);

/* Before it is loaded: work on these, if the object has such maps. 0 or -errno, logged. */
int load_use_capture(struct load *l, const int fds[LOAD_CAPTURE_MAPS]);

void load_close(struct load *l);
static inline void load_closep(struct load **l)
{
	load_close(*l);
}

/* Load as a program of its own. Return: 0 or a negative errno, logged. */
int load_now(struct load *l);

struct bpf_object *load_object(struct load *l);
struct bpf_map *load_map(struct load *l, enum load_map m);
int load_program_fd(const struct load *l);

/*
 * The map behind the constants, and what such a map of another program says: zeroes
 * where that knew less of them.
 */
int load_rodata_fd(const struct load *l);
int load_rodata_read(int fd, struct shunt_rodata *out);

#endif /* DATAPLANE_LOAD_H */
