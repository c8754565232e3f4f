/* SPDX-License-Identifier: BSD-2-Clause */
/* Which server's address allocates ports where; and what the bits of a pool mean. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "tables/pool.h"
#include "tables/port_spaces.h"

static struct shunt_addr server(uint32_t n)
{
	struct shunt_addr a = { 0 };

	a.w[2] = htonl(0xffff);
	a.w[3] = htonl(0xc6336400 + n);
	return a;
}

/* @ctx: bits of spaces that have ports in use. */
static bool is_empty(void *ctx, uint32_t space)
{
	return space >= 64 || !(*(const uint64_t *)ctx >> space & 1);
}

static uint16_t get(struct port_spaces *p, uint32_t n, uint64_t busy)
{
	const struct shunt_addr a = server(n);
	uint16_t space = 0xffff;

	cr_assert_eq(port_spaces_get(p, &a, is_empty, &busy, &space), 0);
	return space;
}

static void put(struct port_spaces *p, uint32_t n)
{
	const struct shunt_addr a = server(n);

	port_spaces_put(p, &a);
}

Test(port_spaces, an_address_has_one)
{
	struct port_spaces p;
	uint16_t a;

	cr_assert_eq(port_spaces_init(&p, 4), 0);
	a = get(&p, 1, 0);
	cr_assert_neq(get(&p, 2, 0), a);
	cr_assert_eq(get(&p, 1, 0), a);
	cr_assert_eq(port_spaces_in_use(&p, a), 1U);
	put(&p, 1);
	cr_assert_eq(port_spaces_in_use(&p, a), 1U, "one leg is left");
	put(&p, 1);
	cr_assert_eq(port_spaces_in_use(&p, a), 0U);
	put(&p, 1);
	cr_assert_eq(get(&p, 1, ~0UL), a, "it comes back to its connections");
	port_spaces_free(&p);
}

Test(port_spaces, are_shared_when_there_are_no_more)
{
	struct port_spaces p;
	uint32_t users[4] = { 0 };

	cr_assert_eq(port_spaces_init(&p, 4), 0);
	for (uint32_t i = 0; i < 10; i++)
		users[get(&p, i, 0)]++;
	for (int i = 0; i < 4; i++)
		cr_assert(users[i] == 2 || users[i] == 3, "space %d: %u", i, users[i]);
	port_spaces_free(&p);
}

Test(port_spaces, with_ports_in_use_are_not_given_to_others_while_there_are_free_ones)
{
	struct port_spaces p;

	cr_assert_eq(port_spaces_init(&p, 3), 0);
	cr_assert_eq(get(&p, 1, 1), 1);
	cr_assert_eq(get(&p, 2, 1), 2);
	put(&p, 1);
	put(&p, 2);
	/* Of those whose address has gone the one that nobody has a port in. */
	cr_assert_eq(get(&p, 3, 1 | 2), 2);
	cr_assert_eq(get(&p, 1, 1 | 2), 1);
	port_spaces_free(&p);
}

Test(port_spaces, are_learnt_again)
{
	const struct shunt_addr a = server(1), b = server(2), stray = server(3);
	struct port_spaces p;

	cr_assert_eq(port_spaces_init(&p, 4), 0);
	cr_assert_eq(port_spaces_learn(&p, &a, 3), 0);
	cr_assert_eq(port_spaces_learn(&p, &a, 3), 0);
	cr_assert_eq(port_spaces_learn(&p, &b, 0), 0);
	cr_assert_eq(port_spaces_learn(&p, &stray, 4), 0, "beyond the last");
	cr_assert_eq(get(&p, 1, 0), 3);
	cr_assert_eq(get(&p, 2, 0), 0);
	cr_assert_eq(get(&p, 3, 0), 1);
	port_spaces_free(&p);
}

Test(port_spaces, many_addresses_come_and_go)
{
	struct port_spaces p;
	uint16_t of[300];

	cr_assert_eq(port_spaces_init(&p, 512), 0);
	for (uint32_t turn = 0; turn < 20; turn++) {
		for (uint32_t i = 0; i < 300; i++)
			of[i] = get(&p, turn * 100 + i, 0);
		for (uint32_t i = 0; i < 300; i++)
			for (uint32_t j = 0; j < i; j++)
				cr_assert_neq(of[i], of[j], "%u and %u", i, j);
		for (uint32_t i = 0; i < 300; i++)
			cr_assert_eq(get(&p, turn * 100 + i, 0), of[i]);
		for (uint32_t i = 0; i < 600; i++)
			put(&p, turn * 100 + i % 300);
	}
	for (uint32_t i = 0; i < 512; i++)
		cr_assert_eq(port_spaces_in_use(&p, i), 0U);
	port_spaces_free(&p);
}

Test(port_spaces, without_any_there_is_number_0)
{
	struct port_spaces p = { 0 };

	cr_assert_eq(get(&p, 1, 0), 0);
	put(&p, 1);
	port_spaces_free(&p);
}

Test(pool, says_which_bit_a_port_is)
{
	struct pool p = { .n = { 2, 1 }, .first_port = 2000, .ports = 100 };
	const struct shunt_addr v6 = { .b = { 0x20, 1, [15] = 1 } }, other = server(9);

	p.addr[0] = server(1);
	p.addr[1] = server(2);
	p.addr[2] = v6;
	cr_assert_eq(pool_space_ports(&p), 200U);
	cr_assert_eq(pool_space_lines(&p), 1U);
	cr_assert_eq(pool_find_bit(&p, &p.addr[0], 2000), 0U);
	cr_assert_eq(pool_find_bit(&p, &p.addr[1], 2099), 199U);
	cr_assert_eq(pool_find_bit(&p, &v6, 2003), 3U);
	cr_assert_eq(pool_find_bit(&p, &p.addr[0], 1999), SHUNT_NO_PORT_BIT);
	cr_assert_eq(pool_find_bit(&p, &p.addr[0], 2100), SHUNT_NO_PORT_BIT);
	cr_assert_eq(pool_find_bit(&p, &other, 2000), SHUNT_NO_PORT_BIT);
	p.ports = 1024;
	cr_assert_eq(pool_space_lines(&p), 4U);
	cr_assert_not(pool_is_empty(&p));
	cr_assert(pool_is_empty(&(struct pool){ 0 }));
}
