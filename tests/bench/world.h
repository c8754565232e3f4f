/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps full of services, and the balancer loaded over them, as often as there
 * are load-time constants to try. What goes wrong here ends the program.
 */
#ifndef TESTS_BENCH_WORLD_H
#define TESTS_BENCH_WORLD_H

#include <stdbool.h>

#include "mode.h"
#include "shunt/abi.h"
#include "traffic.h"

#define WORLD_BACKENDS 10 /* a service */
#define WORLD_BLOCK 16 /* ids that a service has for them */

/**
 * struct world_shape - how much there is, and where it lies
 * @services: in each family, for TCP and for UDP
 * @slots: of a table
 * @own: every service has a table of its own, as where pools differ; else all have
 *	one in common, as where pools are alike
 * @nat: there is room for connections
 * @prefixes: of the firewall, of each family; 0: it is off
 */
struct world_shape {
	__u32 services;
	__u32 slots;
	bool own;
	bool nat;
	__u32 prefixes;
};

/* Of all slots, or services. */
enum world_state {
	WORLD_STABLE,
	WORLD_MIGRATING, /* no flow is pinned, prev is alive */
	WORLD_PINNED, /* every flow is, not where its slot says */
	WORLD_TRACKED, /* likewise, but the slots are stable and the services tracked */
	WORLD_CONNECTED, /* services with nat: every flow has a connection */
	WORLD_ANSWERED, /* likewise, and the packets are the servers' */
};

struct world;
struct bpf_program;

struct world *world_open(const struct world_shape *shape);
void world_close(struct world *w);

/**
 * world_load() - a program over the maps of the world
 * @object: file; the first one loaded decides what the maps look like
 *
 * Return: a descriptor that lives as long as @w.
 */
int world_load(struct world *w, const char *object, const struct shunt_rodata *rodata);

/* Of a descriptor that world_load() returned. */
const struct bpf_program *world_program(const struct world *w, int fd);

/* All backends are sent to like this, from now on. */
void world_set_mode(struct world *w, enum mode mode);

/* All slots and services are like this, and the flows of @t known if they should be. */
void world_set_state(struct world *w, enum world_state state, enum mode mode,
		     const struct traffic *t);

/* Packets that the programs of this world have judged, by reason. */
void world_read_reasons(const struct world *w, __u64 out[SHUNT_MAX_REASONS]);

#endif /* TESTS_BENCH_WORLD_H */
