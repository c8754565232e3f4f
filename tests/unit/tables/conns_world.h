/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of connections in memory, and connections to be entered there. */
#ifndef TEST_CONNS_WORLD_H
#define TEST_CONNS_WORLD_H

#include "tables/conns.h"

#define WORLD_IDS 16

/* @n records, @port_lines lines of port bits, all empty. */
struct conns conns_world_make(uint32_t n, uint32_t port_lines);
void conns_world_free(struct conns *c);

/*
 * A connection of client @number to @backend: 10.x.y.z:1000+ by 192.0.2.80:80 to
 * 198.51.100.<backend>:8080, seen @seen_s in both directions with all that makes it
 * established, and counted.
 */
struct shunt_conn conns_world_conn(uint32_t number, uint16_t backend, uint32_t seen_s);

/* The same entered. Return: its record. */
uint32_t conns_world_add(const struct conns *c, uint32_t number, uint16_t backend, uint32_t seen_s);

bool conns_world_is_taken(const struct conns *c, uint32_t r);
bool conns_world_port_is_taken(const struct conns *c, uint32_t bit);
/* Entries of the index. */
uint32_t conns_world_entries(const struct conns *c);

#endif /* TEST_CONNS_WORLD_H */
