/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the balancer does for a packet, counted: by program and by stage, of packets
 * of all kinds. No clock is involved, so that any difference is one of the code.
 */
#ifndef TESTS_BENCH_INSNS_H
#define TESTS_BENCH_INSNS_H

#include <stdio.h>

#include "count.h"
#include "refs_load.h"
#include "world.h"

#define INSNS_ROWS 32
#define INSNS_NAME 32

/**
 * struct insns_row - a program on a packet
 * @state: of the slots and services
 * @loaded, @jited_bytes: size of the program, whatever the packet
 */
struct insns_row {
	char name[INSNS_NAME];
	enum world_state state;
	__u32 loaded;
	__u32 jited_bytes;
	struct count count;
};

struct insns {
	struct insns_row rows[INSNS_ROWS];
	size_t n;
};

/* Of @object over the maps of @w, whose state changes. */
void insns_measure(struct world *w, const char *object, struct insns *out);

/* NULL if there is no row of that name. */
const struct insns_row *insns_find(const struct insns *insns, const char *name);

/* Of the reference programs, and what the columns are. */
void insns_print_refs(const struct refs *refs);

/* @other: what to compare with, or NULL; its rows that differ follow, as @what. */
void insns_print(const struct insns *now, const struct insns *other, const char *what);

void insns_save(const struct insns *insns, FILE *f);

/* Those rows of @like that are in a saved run. */
void insns_load(FILE *f, const struct insns *like, struct insns *out);

#endif /* TESTS_BENCH_INSNS_H */
