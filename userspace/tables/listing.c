/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "net/addr.h"
#include "shunt/hash.h"
#include "tables/listing.h"

/*
 * So many that a line with two services is rare: which of the two a packet is for is a
 * branch that the processor cannot foresee, a tenth of the time of a packet.
 */
#define LINES_PER_SERVICE 8

__u32 listing_lines(__u32 services)
{
	return services * LINES_PER_SERVICE;
}

static __u32 match_of(const struct shunt_service_key *key)
{
	return key->fragments ? SHUNT_SERVICE_MATCH_FRAGMENT(key->proto)
			      : SHUNT_SERVICE_MATCH(key->port, key->proto);
}

static __u32 first_line(const struct shunt_service_key *key)
{
	return shunt_service_hash(key->vip.d[0], key->vip.d[1], match_of(key),
				  !addr_is_v4(&key->vip));
}

static struct shunt_listing *find(struct shunt_service_line *lines, __u32 mask,
				  const struct shunt_service_key *key)
{
	const __u32 first = first_line(key);

	for (__u32 i = 0; i < SHUNT_SERVICE_LINES_TRIED; i++) {
		struct shunt_service_line *line = &lines[(first + i) & mask];

		for (int j = 0; j < SHUNT_LISTINGS_PER_LINE; j++)
			if (line->listing[j].match == match_of(key) &&
			    addr_is_equal(&line->listing[j].vip, &key->vip))
				return &line->listing[j];
	}
	return NULL;
}

const struct shunt_listing *listing_find(const struct shunt_service_line *lines, __u32 mask,
					 const struct shunt_service_key *key)
{
	return find((struct shunt_service_line *)lines, mask, key);
}

static struct shunt_listing *find_free(struct shunt_service_line *line)
{
	for (int j = 0; j < SHUNT_LISTINGS_PER_LINE; j++)
		if (!line->listing[j].match)
			return &line->listing[j];
	return NULL;
}

static void store_service(struct shunt_listing *at, const struct shunt_service *service)
{
	__u64 word;

	_Static_assert(sizeof(word) == sizeof(*service), "one store");
	_Static_assert(offsetof(struct shunt_listing, service) % sizeof(word) == 0, "aligned");
	memcpy(&word, service, sizeof(word));
	__atomic_store_n((__u64 *)&at->service, word, __ATOMIC_RELEASE);
}

struct shunt_service listing_service(const struct shunt_listing *listing)
{
	const __u64 word = __atomic_load_n((const __u64 *)&listing->service, __ATOMIC_RELAXED);
	struct shunt_service service;

	memcpy(&service, &word, sizeof(service));
	return service;
}

/* The flag of the line stays with it, whoever comes and goes. */
static void store_flags(struct shunt_listing *at, __u32 flags)
{
	const __u32 more = at->flags & SHUNT_LISTING_MORE;

	__atomic_store_n(&at->flags, more | (flags & ~SHUNT_LISTING_MORE), __ATOMIC_RELAXED);
}

int listing_put(struct shunt_service_line *lines, __u32 mask, const struct shunt_service_key *key,
		const struct shunt_listing *like)
{
	struct shunt_listing *at = find(lines, mask, key);
	const __u32 first = first_line(key);
	__u32 tried = 0;

	if (at) {
		store_flags(at, like->flags);
		store_service(at, &like->service);
		return 0;
	}
	while (!(at = find_free(&lines[(first + tried) & mask])))
		if (++tried == SHUNT_SERVICE_LINES_TRIED)
			return -ENOSPC;
	at->vip = key->vip;
	store_flags(at, like->flags);
	store_service(at, &like->service);
	__atomic_store_n(&at->match, match_of(key), __ATOMIC_RELEASE);
	while (tried--)
		__atomic_or_fetch(&lines[(first + tried) & mask].listing[0].flags,
				  SHUNT_LISTING_MORE, __ATOMIC_RELEASE);
	return 0;
}

void listing_clear_flags(struct shunt_service_line *lines, __u32 mask, __u32 flags)
{
	for (__u64 i = 0; i <= mask; i++)
		for (int j = 0; j < SHUNT_LISTINGS_PER_LINE; j++)
			if (lines[i].listing[j].flags & flags)
				__atomic_and_fetch(&lines[i].listing[j].flags, ~flags,
						   __ATOMIC_RELEASE);
}

static int compare_from(const void *service, const void *move)
{
	return memcmp(service, &((const struct map_move *)move)->from,
		      sizeof(struct shunt_service));
}

void listing_repoint(struct shunt_service_line *lines, __u32 mask, const struct map_move *moves,
		     size_t n)
{
	for (__u64 i = 0; i < (mask + 1ULL) * SHUNT_LISTINGS_PER_LINE; i++) {
		struct shunt_listing *at =
			&lines[i / SHUNT_LISTINGS_PER_LINE].listing[i % SHUNT_LISTINGS_PER_LINE];
		const struct shunt_service service = listing_service(at);
		const struct map_move *move =
			at->match ? bsearch(&service, moves, n, sizeof(*moves), compare_from)
				  : NULL;

		if (move)
			store_service(at, &move->to);
	}
}

int listing_del(struct shunt_service_line *lines, __u32 mask, const struct shunt_service_key *key)
{
	struct shunt_listing *at = find(lines, mask, key);

	if (!at)
		return -ENOENT;
	__atomic_store_n(&at->match, 0, __ATOMIC_RELEASE);
	return 0;
}

struct shunt_service_key listing_key(const struct shunt_listing *listing)
{
	return (struct shunt_service_key){
		.vip = listing->vip,
		.port = listing->match,
		.proto = listing->match >> 16,
		.fragments = listing->match >> 24,
	};
}
