/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "net/addr.h"
#include "shunt/hash.h"
#include "tables/port_spaces.h"

int port_spaces_init(struct port_spaces *p, uint32_t n)
{
	*p = (struct port_spaces){ .n = n };
	p->sharing = calloc(n + 1, sizeof(*p->sharing));
	p->in_use = calloc(n + 1, sizeof(*p->in_use));
	if (p->sharing && p->in_use)
		return 0;
	port_spaces_free(p);
	return -ENOMEM;
}

void port_spaces_free(struct port_spaces *p)
{
	free(p->users);
	free(p->first);
	free(p->sharing);
	free(p->in_use);
	*p = (struct port_spaces){ 0 };
}

/* --- by address --------------------------------------------------------------------- */

static size_t chain_of(const struct port_spaces *p, const struct shunt_addr *addr)
{
	const uint64_t h = shunt_hash_word(shunt_hash_word(0, addr->d[0]), addr->d[1]);

	return (h >> 20) & (p->n_first - 1);
}

static struct port_user *find(const struct port_spaces *p, const struct shunt_addr *addr)
{
	uint32_t at = p->n_first ? p->first[chain_of(p, addr)] : 0;

	while (at && !addr_is_equal(&p->users[at - 1].addr, addr))
		at = p->users[at - 1].next;
	return at ? &p->users[at - 1] : NULL;
}

static void enter(struct port_spaces *p, size_t i)
{
	uint32_t *first = &p->first[chain_of(p, &p->users[i].addr)];

	p->users[i].next = *first;
	*first = i + 1;
}

/* Room in the chains for one more user. */
static int grow_chains(struct port_spaces *p)
{
	const size_t n = p->n_first ? 2 * p->n_first : 64;
	uint32_t *first;

	if (p->n_users < p->n_first)
		return 0;
	first = calloc(n, sizeof(*first));
	if (!first)
		return -ENOMEM;
	free(p->first);
	p->first = first;
	p->n_first = n;
	for (size_t i = 0; i < p->n_users; i++)
		enter(p, i);
	return 0;
}

/* An address that has no space yet. NULL: no memory. */
static struct port_user *add(struct port_spaces *p, const struct shunt_addr *addr, uint32_t space)
{
	struct port_user *u = grow_chains(p) ? NULL : array_add(&p->users, &p->n_users);

	if (!u)
		return NULL;
	u->addr = *addr;
	u->space = space;
	p->sharing[space]++;
	enter(p, p->n_users - 1);
	return u;
}

/* Its address gives up its place: @user is another one after this. */
static void forget(struct port_spaces *p, struct port_user *user)
{
	uint32_t *at = &p->first[chain_of(p, &user->addr)];
	const uint32_t own = user - p->users + 1, last = p->n_users;

	while (*at != own)
		at = &p->users[*at - 1].next;
	*at = user->next;
	p->sharing[user->space]--;
	p->n_users--;
	if (own == last)
		return;
	at = &p->first[chain_of(p, &p->users[last - 1].addr)];
	while (*at != last)
		at = &p->users[*at - 1].next;
	*user = p->users[last - 1];
	*at = own;
}

/* --- spaces --------------------------------------------------------------------------- */

/* Addresses without legs, none of whose ports are in use, keep nothing. */
static void forget_idle(struct port_spaces *p, port_spaces_empty_fn *is_empty, void *ctx)
{
	for (size_t i = p->n_users; i-- > 0;)
		if (!p->users[i].legs && is_empty(ctx, p->users[i].space))
			forget(p, &p->users[i]);
}

static bool find_free(struct port_spaces *p, port_spaces_empty_fn *is_empty, void *ctx,
		      uint32_t *space)
{
	for (uint32_t tried = 0; tried < p->n; tried++) {
		const uint32_t i = (p->hint + tried) % p->n;

		if (p->sharing[i] || !is_empty(ctx, i))
			continue;
		*space = i;
		p->hint = i + 1;
		return true;
	}
	return false;
}

/* Whose addresses in use are the fewest. */
static uint32_t find_least(const struct port_spaces *p)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < p->n; i++)
		if (p->in_use[i] < p->in_use[best])
			best = i;
	return best;
}

static uint32_t choose(struct port_spaces *p, port_spaces_empty_fn *is_empty, void *ctx)
{
	uint32_t space = 0;

	if (find_free(p, is_empty, ctx, &space))
		return space;
	forget_idle(p, is_empty, ctx);
	if (find_free(p, is_empty, ctx, &space))
		return space;
	return find_least(p);
}

static void use(struct port_spaces *p, struct port_user *u)
{
	p->in_use[u->space] += !u->legs;
	u->legs++;
}

int port_spaces_get(struct port_spaces *p, const struct shunt_addr *addr,
		    port_spaces_empty_fn *is_empty, void *ctx, uint16_t *space)
{
	struct port_user *u;

	if (!p->n) {
		*space = 0;
		return 0;
	}
	u = find(p, addr) ?: add(p, addr, choose(p, is_empty, ctx));
	if (!u)
		return -ENOMEM;
	use(p, u);
	*space = u->space;
	return 0;
}

void port_spaces_put(struct port_spaces *p, const struct shunt_addr *addr)
{
	struct port_user *u = find(p, addr);

	if (!u || !u->legs)
		return;
	u->legs--;
	p->in_use[u->space] -= !u->legs;
}

int port_spaces_learn(struct port_spaces *p, const struct shunt_addr *addr, uint16_t space)
{
	struct port_user *u;

	if (space >= p->n)
		return 0;
	u = find(p, addr) ?: add(p, addr, space);
	if (!u)
		return -ENOMEM;
	use(p, u);
	return 0;
}

uint32_t port_spaces_in_use(const struct port_spaces *p, uint32_t space)
{
	return space < p->n ? p->in_use[space] : 0;
}
