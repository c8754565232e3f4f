/* SPDX-License-Identifier: BSD-2-Clause */
#include "conns_world.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static void *zeroes(size_t n, size_t size)
{
	void *p = NULL;

	cr_assert_eq(posix_memalign(&p, 64, n * size), 0);
	return memset(p, 0, n * size);
}

struct conns conns_world_make(uint32_t n, uint32_t port_lines)
{
	struct conns c = { .n = n,
			   .mask = conns_index_lines(n) - 1,
			   .port_lines = port_lines,
			   .n_loads = WORLD_IDS,
			   .hash_key = { 0x123456789abcdef, 0xfedcba987654321 } };

	c.records = zeroes(n, sizeof(*c.records));
	c.seqs = zeroes(n, sizeof(*c.seqs));
	c.index = zeroes(c.mask + 1, sizeof(*c.index));
	c.bits = zeroes((n + SHUNT_BITS_PER_LINE - 1) / SHUNT_BITS_PER_LINE, sizeof(*c.bits));
	c.port_bits = zeroes(port_lines + 1, sizeof(*c.port_bits));
	c.loads = zeroes(WORLD_IDS, sizeof(*c.loads));
	c.bits[0].word[0] = 1;
	return c;
}

void conns_world_free(struct conns *c)
{
	free(c->records);
	free(c->seqs);
	free(c->index);
	free(c->bits);
	free(c->port_bits);
	free(c->loads);
}

static struct shunt_addr v4(uint32_t addr)
{
	struct shunt_addr a = { 0 };

	a.w[2] = htonl(0xffff);
	a.w[3] = htonl(addr);
	return a;
}

static __be32 ports(uint16_t src, uint16_t dst)
{
	const __be16 both[2] = { htons(src), htons(dst) };
	__be32 word;

	memcpy(&word, both, sizeof(word));
	return word;
}

struct shunt_conn conns_world_conn(uint32_t number, uint16_t backend, uint32_t seen_s)
{
	const struct shunt_addr client = v4(0x0a000000 + number);
	const uint16_t port = 1000 + number % 60000;

	return (struct shunt_conn){
		.client = { .src = client,
			    .dst = v4(0xc0000250),
			    .ports = ports(port, 80),
			    .proto = IPPROTO_TCP },
		.server = { .src = v4(0xc6336400 + backend),
			    .dst = client,
			    .ports = ports(8080, port),
			    .proto = IPPROTO_TCP },
		.seen_s = { seen_s, seen_s },
		.flags = { SHUNT_CONN_SYN | SHUNT_CONN_DATA, SHUNT_CONN_SYN | SHUNT_CONN_DATA },
		.backend = backend,
		.counted = backend,
		.port_bit = SHUNT_NO_PORT_BIT,
	};
}

uint32_t conns_world_add(const struct conns *c, uint32_t number, uint16_t backend, uint32_t seen_s)
{
	const struct shunt_conn conn = conns_world_conn(number, backend, seen_s);
	uint32_t hint = 1;

	cr_assert_eq(conns_add(c, &conn, &hint), 0);
	return hint - 1;
}

static bool is_set(const struct shunt_bit_line *lines, uint32_t bit)
{
	return lines[bit / SHUNT_BITS_PER_LINE].word[bit % SHUNT_BITS_PER_LINE / 64] >> bit % 64 &
	       1;
}

bool conns_world_is_taken(const struct conns *c, uint32_t r)
{
	return is_set(c->bits, r);
}

bool conns_world_port_is_taken(const struct conns *c, uint32_t bit)
{
	return is_set(c->port_bits, bit);
}

uint32_t conns_world_entries(const struct conns *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < (c->mask + 1) * SHUNT_FLOWS_PER_LINE; i++)
		n += !!c->index[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE];
	return n;
}
