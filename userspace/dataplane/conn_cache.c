/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps of connections of nat and fullnat. Bits are mapped all the time; records, their
 * numbers and their index only while somebody works on them: the mapping of an array counts as
 * memory of the process, all of it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "dataplane/internal.h"
#include "net/addr.h"

/* --- mappings ------------------------------------------------------------------- */

static size_t map_bytes(const struct dataplane *dp, enum load_map m)
{
	const struct bpf_map *map = load_map(dp->load, m);

	return (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
}

static void *map_whole(const struct dataplane *dp, enum load_map m)
{
	void *p = mmap(NULL, map_bytes(dp, m), PROT_READ | PROT_WRITE, MAP_SHARED, dp->fds[m], 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap_whole(const struct dataplane *dp, enum load_map m, void *p)
{
	if (p)
		munmap(p, map_bytes(dp, m));
}

int conn_cache_hold(struct dataplane *dp)
{
	struct conns *c = &dp->conns.maps;

	if (!dp->conns.held) {
		c->records = map_whole(dp, LOAD_CONNS);
		c->index = c->records ? map_whole(dp, LOAD_CONN_INDEX) : NULL;
		c->seqs = c->index ? map_whole(dp, LOAD_CONN_SEQS) : NULL;
	}
	dp->conns.held++;
	if (c->seqs)
		return 0;
	conn_cache_release(dp);
	return -ENOMEM;
}

void conn_cache_release(struct dataplane *dp)
{
	struct conns *c = &dp->conns.maps;

	if (--dp->conns.held)
		return;
	unmap_whole(dp, LOAD_CONNS, c->records);
	unmap_whole(dp, LOAD_CONN_INDEX, c->index);
	unmap_whole(dp, LOAD_CONN_SEQS, c->seqs);
	c->records = NULL;
	c->index = NULL;
	c->seqs = NULL;
}

/*
 * Programs run under RCU, of which this waits for a grace period. Where some processors
 * have no ticks (nohz_full) the kernel refuses, and the second that records rest has to do.
 */
static void wait_for_packets(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static int map_bits(struct dataplane *dp)
{
	struct conns *c = &dp->conns.maps;

	c->n = dp->sizes.conns;
	c->mask = bpf_map__max_entries(load_map(dp->load, LOAD_CONN_INDEX)) - 1;
	c->bits = map_whole(dp, LOAD_CONN_BITS);
	c->port_bits = map_whole(dp, LOAD_PORT_BITS);
	c->port_lines = bpf_map__max_entries(load_map(dp->load, LOAD_PORT_BITS));
	c->loads = map_whole(dp, LOAD_LOADS);
	c->n_loads = bpf_map__max_entries(load_map(dp->load, LOAD_LOADS));
	c->backends = dp->backends;
	c->grace = wait_for_packets;
	memcpy(c->hash_key, dp->rodata.hash_key, sizeof(c->hash_key));
	if (!c->bits || !c->port_bits || !c->loads)
		return -ENOMEM;
	/* The record of nobody is taken. */
	__atomic_fetch_or(&c->bits[0].word[0], 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* --- pool and spaces -------------------------------------------------------------- */

static int write_pool(const struct dataplane *dp)
{
	const struct pool *pool = &dp->sizes.pool;
	const __u32 n = pool->n[SHUNT_V4] + pool->n[SHUNT_V6];
	int err = 0;

	for (__u32 i = 0; i < n && !err; i++)
		if (bpf_map_update_elem(dp->fds[LOAD_POOL], &i, &pool->addr[i], BPF_ANY))
			err = -errno;
	return err;
}

static bool space_is_empty(void *ctx, uint32_t space)
{
	const struct dataplane *dp = ctx;
	const uint32_t lines = pool_space_lines(&dp->sizes.pool);

	return !conns_count_bits(&dp->conns.maps.port_bits[(size_t)space * lines],
				 lines * SHUNT_BITS_PER_LINE);
}

int conn_cache_get_space(struct dataplane *dp, struct shunt_leg *leg)
{
	if (leg->forward != SHUNT_FORWARD_FULLNAT)
		return 0;
	return port_spaces_get(&dp->conns.spaces, &leg->addr, space_is_empty, dp, &leg->space);
}

void conn_cache_put_space(struct dataplane *dp, const struct shunt_leg *leg)
{
	if (leg->forward == SHUNT_FORWARD_FULLNAT)
		port_spaces_put(&dp->conns.spaces, &leg->addr);
}

/* The leg that the client's packets go by; NULL: none of fullnat. */
static const struct shunt_leg *fullnat_leg(const struct dataplane *dp,
					   const struct shunt_conn *conn)
{
	const enum shunt_family family = addr_is_v4(&conn->client.src) ? SHUNT_V4 : SHUNT_V6;
	const struct shunt_leg *leg =
		conn->backend < dp->n_backends ? &dp->backends[conn->backend].leg[family] : NULL;

	return leg && leg->forward == SHUNT_FORWARD_FULLNAT ? leg : NULL;
}

uint32_t conn_cache_port_bit(const struct dataplane *dp, const struct shunt_conn *conn)
{
	const struct shunt_leg *leg = fullnat_leg(dp, conn);
	const struct pool *pool = &dp->sizes.pool;
	uint32_t bit;

	if (!leg)
		return SHUNT_NO_PORT_BIT;
	bit = pool_find_bit(pool, &conn->server.dst, conns_port(conn->server.ports, 1));
	if (bit == SHUNT_NO_PORT_BIT)
		return bit;
	return leg->space * pool_space_lines(pool) * SHUNT_BITS_PER_LINE + bit;
}

/* Of an adopted map. */
static int learn_spaces(struct dataplane *dp)
{
	int err = 0;

	for (size_t id = 1; id < dp->n_backends && !err; id++)
		for (int f = 0; f < SHUNT_FAMILIES && !err; f++) {
			const struct shunt_leg *leg = &dp->backends[id].leg[f];

			if (leg->forward == SHUNT_FORWARD_FULLNAT)
				err = port_spaces_learn(&dp->conns.spaces, &leg->addr, leg->space);
		}
	return err;
}

/* --- opened and closed --------------------------------------------------------------- */

int conn_cache_open(struct dataplane *dp)
{
	struct conn_cache *c = &dp->conns;
	int err;

	if (!dp->sizes.conns)
		return 0;
	err = map_bits(dp) ?: syn_meter_open(dp) ?: write_pool(dp) ?: port_spaces_init(&c->spaces, dp->sizes.port_spaces)
	      ?: learn_spaces(dp) ?: conns_sweep_init(&c->sweep, &c->maps, dp->n_backends,
						      pool_space_lines(&dp->sizes.pool));
	return err ? log_err(err, "open the connections") : 0;
}

void conn_cache_close(struct dataplane *dp)
{
	struct conn_cache *c = &dp->conns;

	if (c->held) {
		c->held = 1;
		conn_cache_release(dp);
	}
	syn_meter_close(dp);
	conns_sweep_free(&c->sweep);
	port_spaces_free(&c->spaces);
	unmap_whole(dp, LOAD_CONN_BITS, c->maps.bits);
	unmap_whole(dp, LOAD_PORT_BITS, c->maps.port_bits);
	unmap_whole(dp, LOAD_LOADS, c->maps.loads);
	free(c->services);
	free(c->by_id);
}

int conn_cache_move(struct dataplane *dp, const struct flows_move *moves, size_t n)
{
	int err = dp->sizes.conns ? conn_cache_hold(dp) : 0;

	if (err || !dp->sizes.conns)
		return err;
	conns_move(&dp->conns.maps, moves, n);
	conn_cache_release(dp);
	return 0;
}
