/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "net/addr.h"
#include "tables/pool.h"

bool pool_is_empty(const struct pool *p)
{
	return !pool_space_ports(p);
}

bool pool_is_equal(const struct pool *a, const struct pool *b)
{
	return !memcmp(a, b, sizeof(*a));
}

uint32_t pool_space_ports(const struct pool *p)
{
	const uint32_t n = p->n[SHUNT_V4] > p->n[SHUNT_V6] ? p->n[SHUNT_V4] : p->n[SHUNT_V6];

	return n * p->ports;
}

uint32_t pool_space_lines(const struct pool *p)
{
	return (pool_space_ports(p) + SHUNT_BITS_PER_LINE - 1) / SHUNT_BITS_PER_LINE;
}

uint32_t pool_find_bit(const struct pool *p, const struct shunt_addr *addr, uint16_t port)
{
	const bool v4 = addr_is_v4(addr);
	const struct shunt_addr *first = p->addr + (v4 ? 0 : p->n[SHUNT_V4]);
	const uint32_t n = p->n[v4 ? SHUNT_V4 : SHUNT_V6];

	if (port < p->first_port || port - p->first_port >= p->ports)
		return SHUNT_NO_PORT_BIT;
	for (uint32_t i = 0; i < n; i++)
		if (addr_is_equal(&first[i], addr))
			return i * p->ports + (port - p->first_port);
	return SHUNT_NO_PORT_BIT;
}
