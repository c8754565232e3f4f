/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections of nat and fullnat, as the program would have opened them. */
#ifndef TESTS_BENCH_CONNS_H
#define TESTS_BENCH_CONNS_H

#include "mode.h"
#include "traffic.h"

/* Flows of the largest case, and the lines that both tuples of each half fill. */
#define CONNS_MAX (1U << 20)
#define CONNS_LINES (CONNS_MAX / 2)

/**
 * struct conns - mappings of the maps
 * @records: CONNS_MAX + 1 of them
 * @lines: CONNS_LINES of the index
 */
struct conns {
	struct shunt_conn *records;
	struct shunt_flow_line *lines;
};

/**
 * conns_fill() - every flow of @t has a connection, and nobody else
 * @answered: the packets of @t are the servers', else the clients'
 * @ifindex: by which they come, and leave
 */
void conns_fill(const struct conns *c, enum mode mode, const struct traffic *t, bool answered,
		__u32 ifindex);

/* The id of the backend of flow @index: some of @service's block. */
__u32 conns_backend(__u32 service, __u32 index);

#endif /* TESTS_BENCH_CONNS_H */
