/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of connections: what they take, and when other ones are needed. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "app/daemon.h"
#include "base/cleanup.h"
#include "tables/conns.h"

#define MILLION 1000000

/* @servers of fullnat, each the backend of two services; @addrs in the pool. */
static struct dataplane_sizes sizes_for(uint32_t connections, uint32_t servers, uint32_t addrs)
{
	const struct conf conf = { .nat_connections = connections };
	_cleanup_free_ struct plan_backend *backends = calloc(2 * servers + 1, sizeof(*backends));
	struct shunt_addr pool[SHUNT_MAX_POOL] = { 0 };
	struct plan plan = { .backends = backends, .n_backends = 2 * servers };

	for (uint32_t i = 0; i < 2 * servers; i++) {
		backends[i].leg[SHUNT_V4].forward = SHUNT_FORWARD_FULLNAT;
		backends[i].leg[SHUNT_V4].addr.w[3] = i / 2;
	}
	for (uint32_t i = 0; i < addrs; i++)
		pool[i].w[3] = 1000 + i;
	plan.rodata.flow_mask = 65535;
	plan.rodata.nat = connections > 0;
	plan.pool = pool;
	plan.n_pool = plan.rodata.pool_addrs[SHUNT_V4] = addrs;
	plan.rodata.pool_first_port = addrs ? 1024 : 0;
	plan.rodata.pool_ports = addrs ? 64512 : 0;
	return sizes_of(&conf, &plan);
}

/* Of all maps of connections. */
static uint64_t bytes_of(const struct dataplane_sizes *s)
{
	const uint64_t lines = conns_index_lines(s->conns) + s->conns / SHUNT_BITS_PER_LINE +
			       (uint64_t)s->port_spaces * pool_space_lines(&s->pool);

	return s->conns * sizeof(struct shunt_conn) + lines * sizeof(struct shunt_bit_line);
}

Test(sizes_nat, a_million_connections_take_less_than_256_mb)
{
	const struct dataplane_sizes one = sizes_for(MILLION, 1000, 1);
	const struct dataplane_sizes many = sizes_for(MILLION, 20000, SHUNT_MAX_POOL);

	cr_assert_gt(one.conns, (uint32_t)MILLION, "and nobody's");
	cr_assert_lt(bytes_of(&one), 256ULL * MILLION);
	cr_assert_lt(bytes_of(&many), 256ULL * MILLION);
}

Test(sizes_nat, those_of_the_preset_take_168_bytes_each)
{
	const struct dataplane_sizes s = sizes_for(262144, 10, 1);

	cr_assert_lt(bytes_of(&s), 168ULL * 262144);
}

Test(sizes_nat, no_connection_takes_more_than_256_bytes)
{
	for (uint32_t n = 16 * 1024; n < 8 * MILLION; n += n / 3)
		for (uint32_t servers = 1; servers < 5000; servers *= 7)
			for (uint32_t addrs = 0; addrs <= SHUNT_MAX_POOL; addrs += 16) {
				const struct dataplane_sizes s = sizes_for(n, servers, addrs);

				cr_assert_leq(bytes_of(&s), 256ULL * n, "%u, %u, %u", n, servers,
					      addrs);
				cr_assert_leq(2ULL * s.conns,
					      8ULL * conns_index_lines(s.conns) * 51 / 100,
					      "half of the index is free");
			}
}

Test(sizes_nat, every_server_has_ports_of_its_own_and_so_has_the_next)
{
	for (uint32_t servers = 1; servers <= 64; servers++) {
		const struct dataplane_sizes s = sizes_for(MILLION, servers, 1);

		cr_assert_geq(s.port_spaces, 2 * servers);
		cr_assert_leq(s.port_spaces, 16 + 4 * servers);
	}
}

/* Where servers share, there are more ports than connections. */
Test(sizes_nat, servers_share_ports_where_these_are_many)
{
	for (uint32_t addrs = 1; addrs <= SHUNT_MAX_POOL; addrs++) {
		const struct dataplane_sizes s = sizes_for(100000, 5000, addrs);

		cr_assert_geq(s.port_spaces, 1U);
		if (s.port_spaces < 5000)
			cr_assert_gt((uint64_t)s.port_spaces * pool_space_ports(&s.pool), 100000UL);
	}
}

Test(sizes_nat, without_nat_there_is_nothing)
{
	const struct dataplane_sizes s = sizes_for(0, 0, 0), plain = sizes_for(MILLION, 0, 0);

	cr_assert_eq(s.conns, 0U);
	cr_assert_eq(s.port_spaces, 0U);
	cr_assert(pool_is_empty(&s.pool));
	cr_assert_gt(plain.conns, 0U);
	cr_assert_eq(plain.port_spaces, 0U, "nat has no pool");
}

Test(sizes_nat, grow_by_need)
{
	const struct dataplane_sizes have = sizes_for(MILLION, 100, 2);
	const struct dataplane_sizes none = sizes_for(0, 0, 0);
	const struct dataplane_sizes fewer = sizes_for(1000, 5, 2);
	const struct dataplane_sizes more = sizes_for(2 * MILLION, 100, 2);
	const struct dataplane_sizes servers = sizes_for(MILLION, 500, 2);
	const struct dataplane_sizes pool = sizes_for(1000, 5, 3);
	struct dataplane_sizes joined;

	cr_assert(sizes_hold(&have, &have));
	cr_assert(sizes_hold(&have, &none));
	cr_assert(sizes_hold(&have, &fewer));
	cr_assert_not(sizes_hold(&have, &more));
	cr_assert_not(sizes_hold(&have, &servers));
	cr_assert_not(sizes_hold(&have, &pool), "its bits mean other ports");
	cr_assert_not(sizes_hold(&none, &have));

	joined = sizes_join(&have, &none);
	cr_assert(sizes_hold(&joined, &have) && sizes_hold(&have, &joined));
	joined = sizes_join(&have, &pool);
	cr_assert(sizes_hold(&joined, &pool));
	cr_assert_eq(joined.conns, have.conns);
	cr_assert_eq(joined.port_spaces, pool.port_spaces);
}
