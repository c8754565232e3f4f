/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How large the maps are. Larger ones are another set of maps (grow() in update.c), so
 * they are made with room, and the same plan always leads to the same sizes: a daemon
 * that starts again finds that those of the former one fit.
 */
#include <stdlib.h>
#include <string.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"

/* Of the least slots that a table has. */
#define MIN_TABLES 16

static uint32_t pow2_at_least(uint32_t n, uint32_t floor)
{
	uint32_t p = floor;

	while (p < n)
		p *= 2;
	return p;
}

/*
 * As pow2_at_least(), but with seven steps between one power of two and the next: maps
 * are replaced only now and then, and an eighth of one is all that is to spare.
 */
static uint32_t with_room(uint32_t n, uint32_t floor)
{
	uint32_t below = pow2_at_least(n / 2 + 1, floor), step;

	if (n <= floor)
		return floor;
	step = below / 8;
	return (n + step - 1) / step * step;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t table_lines(uint32_t slots)
{
	return 2 * slots / SHUNT_SLOTS_PER_LINE;
}

/*
 * Lines of slots as if no table shared its place with another: servers that die one by
 * one may part them all. And room to write a table anew while its former place rests.
 */
static uint32_t slot_lines(const struct plan *plan)
{
	uint32_t lines = 0, largest = 0;

	array_for_each (t, plan->tables, plan->n_tables) {
		lines += table_lines(t->slots);
		largest = max_u32(largest, table_lines(t->slots));
	}
	return with_room(lines + largest, MIN_TABLES * table_lines(SHUNT_MIN_SLOTS));
}

/* --- connections of nat and fullnat ---------------------------------------------- */

/*
 * Bytes of shunt_port_bits for each connection, at most. With the record, two entries
 * of an index that is half empty, and a bit, one takes 225 at most, and 165 where their
 * number is a power of two. Servers that share ports because of this limit have more of
 * them than there can be connections.
 */
#define PORT_BYTES_PER_CONN 32
#define MIN_SPACES 16

static int compare_addrs(const void *a, const void *b)
{
	return addr_compare(a, b);
}

/* Addresses that fullnat sends to, each once; all legs if there is no memory to look. */
static uint32_t count_servers(const struct plan *plan)
{
	_cleanup_free_ struct shunt_addr *addrs =
		calloc(SHUNT_FAMILIES * plan->n_backends + 1, sizeof(*addrs));
	uint32_t n = 0, distinct = 0;

	if (!addrs)
		return SHUNT_FAMILIES * plan->n_backends;
	array_for_each (b, plan->backends, plan->n_backends)
		array_for_each (leg, b->leg, array_len(b->leg))
			if (leg->forward == SHUNT_FORWARD_FULLNAT)
				addrs[n++] = leg->addr;
	array_sort(addrs, n, sizeof(*addrs), compare_addrs);
	for (uint32_t i = 0; i < n; i++)
		distinct += !i || compare_addrs(&addrs[i - 1], &addrs[i]);
	return distinct;
}

/* One for each server, and as many for those to come. */
static uint32_t port_spaces(const struct plan *plan, const struct pool *pool, uint32_t conns)
{
	const uint64_t bytes = pool_space_lines(pool) * sizeof(struct shunt_bit_line);
	uint32_t n = pow2_at_least(2 * count_servers(plan), MIN_SPACES);

	while (n > 1 && n * bytes > (uint64_t)conns * PORT_BYTES_PER_CONN)
		n /= 2;
	return n;
}

static struct pool pool_of(const struct plan *plan)
{
	struct pool pool = { .first_port = plan->rodata.pool_first_port,
			     .ports = plan->rodata.pool_ports };

	memcpy(pool.n, plan->rodata.pool_addrs, sizeof(pool.n));
	memcpy(pool.addr, plan->pool, plan->n_pool * sizeof(*pool.addr));
	return pool;
}

/* Whole lines of bits: the record of nobody, and some to spare. */
static void add_connections(struct dataplane_sizes *s, const struct conf *conf,
			    const struct plan *plan)
{
	if (!plan->rodata.nat)
		return;
	s->conns = (conf->nat_connections / SHUNT_BITS_PER_LINE + 1) * SHUNT_BITS_PER_LINE;
	if (!plan->n_pool)
		return;
	s->pool = pool_of(plan);
	s->port_spaces = port_spaces(plan, &s->pool, s->conns);
}

/* --- limits of the firewall ------------------------------------------------------- */

#define MIN_LIMITS 64

/* Where there is a firewall there is room for limits: they may be needed in a hurry. */
static void add_limits(struct dataplane_sizes *s, const struct conf *conf)
{
	const size_t n = firewall_count_limits(conf);

	if (!conf->firewall.is_written && !n)
		return;
	s->limits = pow2_at_least(n, MIN_LIMITS);
	s->bucket_lines = conf->firewall.limit_memory_bytes / sizeof(struct shunt_bucket_line);
}

/* --- all maps --------------------------------------------------------------------- */

struct dataplane_sizes sizes_of(const struct conf *conf, const struct plan *plan)
{
	struct dataplane_sizes s;

	/* Id 0 is nobody's, and yet has an entry. */
	uint32_t ids = conf->max_backends + 1;

	array_for_each (t, plan->tables, plan->n_tables)
		ids = max_u32(ids, t->base + t->span);
	s = (struct dataplane_sizes){
		.slot_lines = slot_lines(plan),
		.backends = pow2_at_least(ids, 4096) - 1,
		.services = pow2_at_least(max_u32(plan->n_services, conf->max_services), 256),
		.flow_lines = plan->rodata.flow_mask + 1,
	};
	add_connections(&s, conf, plan);
	add_limits(&s, conf);
	return s;
}

/* Bits of ports mean those of a pool; one that nobody asks for hurts nobody. */
static bool pool_holds(const struct dataplane_sizes *have, const struct dataplane_sizes *need)
{
	return pool_is_empty(&need->pool) ||
	       (pool_is_equal(&have->pool, &need->pool) && have->port_spaces >= need->port_spaces);
}

/* By their number a source finds its line; those that nobody asks for hurt nobody. */
static bool buckets_hold(const struct dataplane_sizes *have, const struct dataplane_sizes *need)
{
	return !need->bucket_lines || have->bucket_lines == need->bucket_lines;
}

bool sizes_hold(const struct dataplane_sizes *have, const struct dataplane_sizes *need)
{
	return have->flow_lines == need->flow_lines && have->slot_lines >= need->slot_lines &&
	       have->backends >= need->backends && have->services >= need->services &&
	       have->conns >= need->conns && pool_holds(have, need) &&
	       have->limits >= need->limits && buckets_hold(have, need);
}

struct dataplane_sizes sizes_join(const struct dataplane_sizes *have,
				  const struct dataplane_sizes *need)
{
	struct dataplane_sizes s = {
		.flow_lines = need->flow_lines,
		.slot_lines = max_u32(have->slot_lines, need->slot_lines),
		.backends = max_u32(have->backends, need->backends),
		.services = max_u32(have->services, need->services),
		.conns = max_u32(have->conns, need->conns),
		.port_spaces = need->port_spaces,
		.pool = need->pool,
		.limits = max_u32(have->limits, need->limits),
		.bucket_lines = need->bucket_lines ?: have->bucket_lines,
	};

	if (pool_is_empty(&need->pool))
		s.pool = have->pool;
	if (pool_is_equal(&s.pool, &have->pool))
		s.port_spaces = max_u32(have->port_spaces, need->port_spaces);
	return s;
}
