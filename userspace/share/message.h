/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What balancers tell each other, as bytes: the inside of a datagram, which share/seal.h
 * closes. All numbers are big-endian. It is a row of parts, of which unknown ones are
 * stepped over:
 *
 *	type 1 | bytes 2 | ...
 *
 *	HELLO	name, what it speaks of, how it goes on	MESSAGE_HELLO
 *	ASK	session 8, nonce 8: whoever has that session may put the nonce on what he
 *		tells us, to prove that he says so now
 *	PROOF	nonce 8: of one who hears this
 *	NAMES	kind 1, id 8, base 2, each: what is spoken of, numbered from 0 on
 *	CONNS	connections; see message.c
 *	FLOWS	lines 1 (log2), key 8, and entries of the flow cache
 *	ROUND	number 4: all there is has been told once more
 *	PIECE	round 4, index 4: which datagram this is of a round that somebody wants
 *	WANT	session 8, each: of whose rounds none was heard whole yet
 *	SPLICED	connections that a SYN cookie began, each with two numbers of 4
 *
 * Each datagram stands for itself, so any of them may be lost. Ids of backends, numbers of
 * records and bits mean nothing elsewhere: what is spoken of has the keyed hash of its
 * name (share/idents.h), and what is not known there is not entered.
 *
 * Pure, and fed with the bytes of strangers by tests/fuzz/fuzz_peer.c.
 */
#ifndef SHARE_MESSAGE_H
#define SHARE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shunt/abi.h"

#define MESSAGE_VERSION 1
/* Of the inside: what a datagram of 1400 bytes has room for. */
#define MESSAGE_BYTES 1344

#define MESSAGE_MAX_NAME 63
#define MESSAGE_MAX_PEERS 16
#define MESSAGE_MAX_NAMES 48
#define MESSAGE_MAX_CONNS 32
#define MESSAGE_MAX_FLOWS 128

enum message_kind {
	MESSAGE_BACKEND = 1,
	MESSAGE_INTERFACE = 2,
};

/**
 * struct message_name - what is spoken of
 * @id: see share/idents.h
 * @base: of a backend: of the block of its service there; affinity goes by it
 */
struct message_name {
	uint8_t kind;
	uint64_t id;
	uint16_t base;
};

/**
 * struct message_hello - who speaks
 * @name: of the host
 * @refresh_s: all is told again in that time, or was when it took longer
 */
struct message_hello {
	char name[MESSAGE_MAX_NAME + 1];
	uint16_t refresh_s;
};

struct message_ask {
	uint64_t session;
	uint64_t nonce;
};

/**
 * struct message_conn - a connection
 * @backend, @interface: of @names; the latter by which its client's packets come
 * @ended: it is no more
 * @idle_s: by enum shunt_way; UINT16_MAX: for as long, or longer, or never seen
 * @hop: MAC address of the client's side
 * @seq: if it @is_spliced
 */
struct message_conn {
	struct shunt_tuple client;
	struct shunt_tuple server;
	uint8_t backend, interface;
	bool ended;
	uint8_t flags[SHUNT_WAYS];
	uint16_t idle_s[SHUNT_WAYS];
	uint16_t ip_csum, l4_csum; /* as in struct shunt_conn */
	uint8_t hop[6];
	uint64_t tags;
	bool is_spliced;
	struct shunt_conn_seq seq;
};

/**
 * struct message_flow - an entry of the flow cache
 * @backend: of @names
 * @line: of message.flow_lines
 * @age_s: since it was last seen
 */
struct message_flow {
	uint8_t backend;
	bool closing;
	uint16_t age_s;
	uint32_t line;
	uint32_t tag;
};

/* Of a round, by number, the @index-th datagram, from 0 on. */
struct message_piece {
	uint32_t round;
	uint32_t index;
};

/**
 * struct message - what a datagram says
 * @wants: sessions
 * @flow_lines: of the sender's cache, a power of two
 * @flow_key: which hash key tags are of, see share/idents.h
 */
struct message {
	bool has_hello, has_round, has_piece;
	struct message_hello hello;
	uint32_t round;
	struct message_piece piece;
	uint64_t wants[MESSAGE_MAX_PEERS];
	size_t n_wants;
	struct message_ask asks[MESSAGE_MAX_PEERS];
	size_t n_asks;
	uint64_t proofs[MESSAGE_MAX_PEERS];
	size_t n_proofs;
	struct message_name names[MESSAGE_MAX_NAMES];
	size_t n_names;
	struct message_conn conns[MESSAGE_MAX_CONNS];
	size_t n_conns;
	uint64_t flow_lines;
	uint64_t flow_key;
	struct message_flow flows[MESSAGE_MAX_FLOWS];
	size_t n_flows;
};

/* Return: 0; -EBADMSG, and @m is not to be used. */
int message_parse(struct message *m, const uint8_t *bytes, size_t n);

/**
 * message_fits() - whether there is room for one more connection, or flow
 * @names: that @m does not have yet and that would be needed
 */
bool message_fits_conn(const struct message *m, const struct message_conn *conn, size_t names);
bool message_fits_flow(const struct message *m, size_t names);

/* The number of a name, which is added if need be; call it after message_fits_*(). */
uint8_t message_put_name(struct message *m, const struct message_name *name);
/* Whether it would have to be added. */
bool message_lacks_name(const struct message *m, const struct message_name *name);

/* Nothing but what says who speaks. */
bool message_is_empty(const struct message *m);

/* Return: how many bytes, at most MESSAGE_BYTES. */
size_t message_write(const struct message *m, uint8_t out[MESSAGE_BYTES]);

#endif /* SHARE_MESSAGE_H */
