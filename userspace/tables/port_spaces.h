/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who allocates ports where: the spaces of shunt_port_bits (shunt/abi.h). All legs to
 * one address of a server have one space, because a connection from the pool is told
 * from another by it. An address keeps its space when it has no legs any more, as long
 * as nobody else needs one: its connections hold ports there.
 */
#ifndef TABLES_PORT_SPACES_H
#define TABLES_PORT_SPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shunt/abi.h"

/**
 * struct port_user - an address that has a space
 * @legs: that go there
 * @next: index + 1 of the next one with its hash; 0: none
 */
struct port_user {
	struct shunt_addr addr;
	uint32_t space;
	uint32_t legs;
	uint32_t next;
};

/**
 * struct port_spaces - zeroed is empty and valid: every address gets space 0
 * @n: spaces there are
 * @users, @n_users: addresses
 * @first: of the @n_first chains of hashes: index + 1; a power of two
 * @sharing: by space, its addresses
 * @in_use: by space, those of them that have legs
 * @hint: where the last free one was found
 */
struct port_spaces {
	uint32_t n;
	struct port_user *users;
	size_t n_users;
	uint32_t *first;
	size_t n_first;
	uint32_t *sharing;
	uint32_t *in_use;
	uint32_t hint;
};

/* @n spaces, of which none is given out. 0 or -ENOMEM. */
int port_spaces_init(struct port_spaces *p, uint32_t n);
void port_spaces_free(struct port_spaces *p);

/* A space without a port in use, as far as bits say that. */
typedef bool port_spaces_empty_fn(void *ctx, uint32_t space);

/**
 * port_spaces_get() - one more leg to @addr
 * @space: gets its space: the one that it has; else one that nobody has and that
 *	@is_empty; else one whose address has no legs, in the same way; else one of
 *	those that the fewest share
 *
 * Return: 0 or -ENOMEM.
 */
int port_spaces_get(struct port_spaces *p, const struct shunt_addr *addr,
		    port_spaces_empty_fn *is_empty, void *ctx, uint16_t *space);

/* One leg less. */
void port_spaces_put(struct port_spaces *p, const struct shunt_addr *addr);

/* A leg that was there before goes to @addr by @space. 0 or -ENOMEM. */
int port_spaces_learn(struct port_spaces *p, const struct shunt_addr *addr, uint16_t space);

/* Addresses with legs that have the space. */
uint32_t port_spaces_in_use(const struct port_spaces *p, uint32_t space);

#endif /* TABLES_PORT_SPACES_H */
