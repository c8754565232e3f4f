/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a record of shunt_conns says, for the program that writes it and for user
 * space, which takes it out when its time is over.
 */
#ifndef SHUNT_CONN_H
#define SHUNT_CONN_H

#include "shunt/hash.h"

#define SHUNT_CONN_TCP 6 /* IPPROTO_TCP */

/*
 * How a connection stands: it follows from what was seen in either direction. Each
 * state has a time after which a silent connection is forgotten.
 */
enum shunt_conn_state {
	SHUNT_CONN_OPENING, /* TCP: not yet three packets of a handshake */
	SHUNT_CONN_ESTABLISHED, /* TCP */
	SHUNT_CONN_CLOSING, /* TCP: one side has said that it is through */
	SHUNT_CONN_CLOSED, /* TCP: both sides have, or one has reset it */
	SHUNT_CONN_ONE_WAY, /* UDP: not answered yet */
	SHUNT_CONN_REPLIED, /* UDP: packets in both directions */
	SHUNT_CONN_STATES,
};

/* @flags: of a record, by enum shunt_way; those of UDP are never closed. */
static inline __attribute__((always_inline)) int shunt_conn_is_closed(const __u8 flags[SHUNT_WAYS])
{
	const __u8 client = flags[SHUNT_TO_SERVER], server = flags[SHUNT_TO_CLIENT];

	return (client | server) & SHUNT_CONN_RST || client & server & SHUNT_CONN_FIN;
}

/**
 * shunt_conn_state_of() - of the flags of a record
 * @proto: IPPROTO_TCP, or any that knows no connections
 * @flags: by enum shunt_way: SHUNT_CONN_*
 *
 * Who sends SYNs with a false address never sends the packet that follows the
 * server's answer, or guesses wrong and makes the server reset the connection.
 */
static inline __attribute__((always_inline)) enum shunt_conn_state
shunt_conn_state_of(__u8 proto, const __u8 flags[SHUNT_WAYS])
{
	const __u8 client = flags[SHUNT_TO_SERVER], server = flags[SHUNT_TO_CLIENT];

	if (proto != SHUNT_CONN_TCP)
		return server ? SHUNT_CONN_REPLIED : SHUNT_CONN_ONE_WAY;
	if (shunt_conn_is_closed(flags))
		return SHUNT_CONN_CLOSED;
	if ((client | server) & SHUNT_CONN_FIN)
		return SHUNT_CONN_CLOSING;
	if (client & SHUNT_CONN_DATA && server)
		return SHUNT_CONN_ESTABLISHED;
	return SHUNT_CONN_OPENING;
}

/* --- tuples ------------------------------------------------------------------- */

/* That of the packets which go @way: to the server those of the client. */
static inline __attribute__((always_inline)) const struct shunt_tuple *
shunt_conn_tuple(const struct shunt_conn *conn, enum shunt_way way)
{
	return way == SHUNT_TO_CLIENT ? &conn->server : &conn->client;
}

/* What packets that go @way become: the tuple of the other way, turned round. */
static inline __attribute__((always_inline)) const struct shunt_tuple *
shunt_conn_other(const struct shunt_conn *conn, enum shunt_way way)
{
	return way == SHUNT_TO_CLIENT ? &conn->client : &conn->server;
}

static inline __attribute__((always_inline)) int shunt_addr_is_equal(const struct shunt_addr *a,
								     const struct shunt_addr *b)
{
	return a->d[1] == b->d[1] && a->d[0] == b->d[0];
}

static inline __attribute__((always_inline)) int shunt_tuple_is_equal(const struct shunt_tuple *a,
								      const struct shunt_tuple *b)
{
	return a->ports == b->ports && a->proto == b->proto &&
	       shunt_addr_is_equal(&a->src, &b->src) && shunt_addr_is_equal(&a->dst, &b->dst);
}

static inline __attribute__((always_inline)) int shunt_addr_is_v6(const struct shunt_addr *a)
{
	return a->d[0] || a->w[2] != __builtin_bswap32(0xffff);
}

/* Of an IPv6 packet one address may look like one of IPv4, but not the other. */
static inline __attribute__((always_inline)) int shunt_tuple_is_v6(const struct shunt_tuple *t)
{
	return shunt_addr_is_v6(&t->dst) || shunt_addr_is_v6(&t->src);
}

/**
 * shunt_tuple_hash() - by which an entry in shunt_conn_index is found
 * @key: struct shunt_rodata.hash_key
 */
static inline __attribute__((always_inline)) __u64 shunt_tuple_hash(const volatile __u64 *key,
								    const struct shunt_tuple *t)
{
	return shunt_hash_flow(key, &t->src, &t->dst, t->ports, t->proto, shunt_tuple_is_v6(t));
}

#endif /* SHUNT_CONN_H */
