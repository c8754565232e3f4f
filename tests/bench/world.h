/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps full of services, and the balancer loaded over them, as often as there
 * are load-time constants to try. What goes wrong here ends the program.
 */
#ifndef TESTS_BENCH_WORLD_H
#define TESTS_BENCH_WORLD_H

#include <stdbool.h>

#include "shunt/abi.h"

#define WORLD_BACKENDS 10 /* a service */
#define WORLD_SLOTS 65536 /* a table */

/* How packets are sent, and of which family they are. */
enum mode {
	MODE_DIRECT4,
	MODE_DIRECT6,
	MODE_4IN4,
	MODE_6IN6,
	MODE_4IN6,
	MODE_6IN4,
	MODES,
};

const char *mode_name(enum mode mode);
bool mode_is_v6(enum mode mode); /* of the client's packet */

/* Constants that allow this mode only, for TCP and UDP; or everything there is. */
struct shunt_rodata world_rodata_of(enum mode mode);
struct shunt_rodata world_rodata_full(void);

struct world;
struct bpf_program;

/* Of @services services in each family, for TCP and UDP. */
struct world *world_open(__u32 services);
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

/* Packets that the programs of this world have judged, by reason. */
void world_read_reasons(const struct world *w, __u64 out[SHUNT_MAX_REASONS]);

#endif /* TESTS_BENCH_WORLD_H */
