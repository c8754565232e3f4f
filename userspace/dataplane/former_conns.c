/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections of nat and fullnat, from former maps to others. Their tuples are exact, so
 * nothing but the backend has to be known again; the port that a connection has from
 * the pool is taken in the space that its server has now.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "dataplane/former_layout.h"
#include "dataplane/internal.h"
#include "net/addr.h"

static void *map_values(const struct former *f, enum load_map m, size_t n)
{
	void *p = mmap(NULL, n * f->layout->value_bytes[m], PROT_READ | PROT_WRITE, MAP_SHARED,
		       f->fds[m], 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap_values(const struct former *f, enum load_map m, void *p, size_t n)
{
	if (p)
		munmap(p, n * f->layout->value_bytes[m]);
}

/* False if it has none, or nothing that can be one. */
static bool count_conns(const struct former *f, struct conns *c)
{
	const size_t n = former_count_values(f, LOAD_CONNS);
	const size_t lines = former_count_values(f, LOAD_CONN_INDEX);
	const size_t bits = former_count_values(f, LOAD_CONN_BITS) * SHUNT_BITS_PER_LINE;

	c->n = n;
	c->mask = lines - 1;
	return n > 1 && n <= bits && lines && !(lines & (lines - 1));
}

static int map_conns(const struct former *f, struct conns *c)
{
	c->records = map_values(f, LOAD_CONNS, c->n);
	c->index = map_values(f, LOAD_CONN_INDEX, c->mask + 1ULL);
	c->bits = map_values(f, LOAD_CONN_BITS, former_count_values(f, LOAD_CONN_BITS));
	/* Its release may not have known it: then no connection needs it. */
	if (former_count_values(f, LOAD_CONN_SEQS) >= c->n)
		c->seqs = map_values(f, LOAD_CONN_SEQS, c->n);
	memcpy(c->hash_key, f->hash_key, sizeof(c->hash_key));
	return c->records && c->index && c->bits ? 0 : -ENOMEM;
}

static void unmap_conns(const struct former *f, const struct conns *c)
{
	unmap_values(f, LOAD_CONNS, c->records, c->n);
	unmap_values(f, LOAD_CONN_INDEX, c->index, c->mask + 1ULL);
	unmap_values(f, LOAD_CONN_SEQS, c->seqs, c->n);
	unmap_values(f, LOAD_CONN_BITS, c->bits, former_count_values(f, LOAD_CONN_BITS));
}

/* Of @conn in the maps of @ctx. */
static uint32_t find_port_bit(const void *ctx, const struct shunt_conn *conn)
{
	return conn_cache_port_bit(ctx, conn);
}

/* A flood does not end with the maps that it was seen in. */
static void carry_meter(const struct former *f, struct dataplane *dp)
{
	struct shunt_syn_meter meter;
	const __u32 zero = 0;

	if (former_count_values(f, LOAD_SYN_METER) &&
	    !bpf_map_lookup_elem(f->fds[LOAD_SYN_METER], &zero, &meter))
		syn_meter_follow(dp, &meter);
}

int former_carry_conns(const struct former *f, struct dataplane *dp)
{
	struct conns from = { 0 };
	struct conns_carry carry = { .from = &from,
				     .to = &dp->conns.maps,
				     .ids = f->ids,
				     .n_ids = f->n_backends,
				     .port_bit = find_port_bit,
				     .ctx = dp };
	int err;

	if (!dp->sizes.conns || !count_conns(f, &from))
		return 0;
	err = conn_cache_hold(dp);
	if (err)
		return err;
	err = map_conns(f, &from);
	if (!err)
		conns_carry(&carry);
	carry_meter(f, dp);
	unmap_conns(f, &from);
	conn_cache_release(dp);
	if (carry.lost)
		log_warn("there is no room for %lu connections that are established", carry.lost);
	return err;
}
