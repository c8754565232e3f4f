/* SPDX-License-Identifier: BSD-2-Clause */
/* A balancer that shares its connections: maps in memory, and what it tells another one. */
#ifndef TEST_CONNS_SIDE_H
#define TEST_CONNS_SIDE_H

#include "conns_world.h"
#include "tables/conns_share.h"
#include "tables/conns_sweep.h"

#define RECORDS 512

struct side {
	struct conns c;
	struct conns_share share;
	struct conns_sweep sweep;
	const struct conns_service *services[WORLD_IDS];
};

/* Timeouts: of a handshake 5 s, established 60, closing 20, closed 2, UDP 10 and 30. */
void side_make(struct side *s);
void side_free(struct side *s);

void side_sweep(struct side *s, uint32_t from_s, uint32_t to_s);

/* What @s has to tell of @which, entered in @to, if that is not NULL. Return: how many. */
unsigned int side_tell(struct side *s, enum conns_which which, struct side *to, uint32_t now_s);
unsigned int side_tell_ends(struct side *s, struct side *to);

/* Connections that it has. */
uint32_t side_count(const struct side *s);

#endif /* TEST_CONNS_SIDE_H */
