/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses and ports that fullnat sends from, and how they lie as bits in a
 * space of shunt_port_bits (shunt/abi.h).
 */
#ifndef TABLES_POOL_H
#define TABLES_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "shunt/abi.h"

/**
 * struct pool - plain data, compared with memcmp(): unused addresses are zeroes
 * @addr: as in shunt_pool: those of IPv4, then those of IPv6
 * @n: how many, by family
 * @first_port, @ports: of each; host order
 */
struct pool {
	struct shunt_addr addr[2 * SHUNT_MAX_POOL];
	uint16_t n[SHUNT_FAMILIES];
	uint16_t first_port;
	uint16_t ports;
};

/* No address: nobody uses fullnat. */
bool pool_is_empty(const struct pool *p);
bool pool_is_equal(const struct pool *a, const struct pool *b);

/* Ports of a space: those of the family that has more addresses. */
uint32_t pool_space_ports(const struct pool *p);
/* Lines of shunt_port_bits that take them; 0: it is empty. */
uint32_t pool_space_lines(const struct pool *p);

/* The bit of @addr and @port (host order) in a space, or SHUNT_NO_PORT_BIT. */
uint32_t pool_find_bit(const struct pool *p, const struct shunt_addr *addr, uint16_t port);

#endif /* TABLES_POOL_H */
