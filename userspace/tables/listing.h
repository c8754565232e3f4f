/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services map, as user space writes it; how it is laid out stands in
 * shunt/abi.h. Packets are looking at the lines all the while.
 */
#ifndef TABLES_LISTING_H
#define TABLES_LISTING_H

#include "shunt/abi.h"
#include "tables/map_ops.h"

/* Lines for @services virtual services: few enough share one that there is room. */
__u32 listing_lines(__u32 services);

/**
 * listing_put() - enter a service, or change it
 * @lines: @mask + 1 of them, a power of two
 * @like: what it is to be; of its flags those of the service
 *
 * Return: 0; -ENOSPC if every line that it may be in is full.
 */
int listing_put(struct shunt_service_line *lines, __u32 mask, const struct shunt_service_key *key,
		const struct shunt_listing *like);

/**
 * listing_repoint() - send services elsewhere, each in one store
 * @moves: @n of them, sorted by what lies in memory of map_move.from
 */
void listing_repoint(struct shunt_service_line *lines, __u32 mask, const struct map_move *moves,
		     size_t n);

/* Take @flags, SHUNT_SERVICE_*, from all services. */
void listing_clear_flags(struct shunt_service_line *lines, __u32 mask, __u32 flags);

/* Of a listing, what packets read of it: one load. */
struct shunt_service listing_service(const struct shunt_listing *listing);

/* Where a service is; NULL if it is not there. */
const struct shunt_listing *listing_find(const struct shunt_service_line *lines, __u32 mask,
					 const struct shunt_service_key *key);

/* Take a service out. Return: 0; -ENOENT if it was not there. */
int listing_del(struct shunt_service_line *lines, __u32 mask, const struct shunt_service_key *key);

/* The key of a listing. */
struct shunt_service_key listing_key(const struct shunt_listing *listing);

#endif /* TABLES_LISTING_H */
