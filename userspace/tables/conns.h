/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections of nat and fullnat, seen from user space: records, their index and the
 * bits that say what is taken, while the program opens connections (shunt/abi.h). An
 * entry or a bit changes by one atomic operation, and only if it is what was read.
 *
 * Pure: all of it is memory, be it mappings of maps.
 */
#ifndef TABLES_CONNS_H
#define TABLES_CONNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shunt/conn.h"

struct conns_share;

/**
 * struct conns - the maps of connections
 * @n: records, the one that is nobody's included
 * @seqs: by record, of those with SHUNT_CONN_SPLICED; NULL: there are none of these
 * @mask: lines of @index - 1
 * @port_lines: of all spaces
 * @loads: by id, @n_loads of them
 * @backends: likewise; NULL: nobody knows
 * @hash_key: of the program
 * @grace: returns when every packet that is under way now has left the program; NULL: none is
 * @share: with whom others share them (tables/conns_share.h), or NULL
 */
struct conns {
	struct shunt_conn *records;
	struct shunt_conn_seq *seqs;
	uint32_t n;
	struct shunt_flow_line *index;
	uint32_t mask;
	struct shunt_bit_line *bits;
	struct shunt_bit_line *port_bits;
	uint32_t port_lines;
	struct shunt_load *loads;
	uint32_t n_loads;
	const struct shunt_backend *backends;
	__u64 hash_key[2];
	void (*grace)(void);
	struct conns_share *share;
};

/* One of the two ports of a tuple, in host order: 0 is the source, 1 the destination. */
static inline uint16_t conns_port(__be32 ports, int which)
{
	const __u8 *b = (const __u8 *)&ports + 2 * which;

	return b[0] << 8 | b[1];
}

/*
 * Lines of an index for @n records: a power of two, such that two entries of each fill
 * half of it, and a hundredth more at most: a power of two of connections and the record
 * of nobody do not double it.
 */
uint32_t conns_index_lines(uint32_t n);

/* Bits of @n lines, @bits of which there are, that are set. */
uint64_t conns_count_bits(const struct shunt_bit_line *lines, uint32_t bits);

/* The first record in use from @from on, which is not 0; 0: no more. */
uint32_t conns_next(const struct conns *c, uint32_t from);

/* What the record @r was, now and whole but for what the program changes in it. */
struct shunt_conn conns_read(const struct conns *c, uint32_t r);
/* Somebody has filled in the record. */
bool conns_is_written(const struct shunt_conn *conn);
enum shunt_conn_state conns_state(const struct shunt_conn *conn);
/* Its backend is the server that it goes to, as the program has it; not another one by now. */
bool conns_has_backend(const struct conns *c, const struct shunt_conn *conn);
/* Seconds since it was last seen in either direction. */
uint32_t conns_idle_s(const struct shunt_conn *conn, uint32_t now_s);

/* The record that the index has for packets of this tuple, in @way; 0: none. */
uint32_t conns_find(const struct conns *c, const struct shunt_tuple *tuple, enum shunt_way way);

/* The index has the record @r, which @conn was read from, in that way. */
bool conns_is_listed(const struct conns *c, uint32_t r, const struct shunt_conn *conn,
		     enum shunt_way way);

/* Take the record out of the index: packets do not find it any more. */
void conns_unlist(const struct conns *c, uint32_t r, const struct shunt_conn *conn);

/*
 * Give the record, which is in no index and which no packet uses any more, back to the
 * program: its load is counted no more, its port is free.
 */
void conns_free(const struct conns *c, uint32_t r);

/* Its load is counted no more. */
void conns_uncount(const struct conns *c, struct shunt_conn *conn);

/**
 * conns_add() - one more connection
 * @conn: copied; its port_bit is set, and its load counted if it says so
 * @hint: record to look from; the one after that which was found
 *
 * As the program opens one. Return: 0; -ENOSPC if there is no record or no room in its
 * lines; -EEXIST if its answers, or its packets, would be taken for those of another.
 */
int conns_add(const struct conns *c, const struct shunt_conn *conn, uint32_t *hint);

/* Likewise, with its sequence numbers, if it has some: -EINVAL if there is no room for these. */
int conns_add_spliced(const struct conns *c, const struct shunt_conn *conn,
		      const struct shunt_conn_seq *seq, uint32_t *hint);

bool conns_is_spliced(const struct shunt_conn *conn);
/* If it needs sequence numbers, they are what they will be: its server has answered. */
bool conns_has_numbers(const struct shunt_conn *conn);
/* Of the record @r, whole; zeroes where there are none. */
struct shunt_conn_seq conns_read_seq(const struct conns *c, uint32_t r);
void conns_write_seq(const struct conns *c, uint32_t r, const struct shunt_conn_seq *seq);

/**
 * struct conns_carry - from the connections of one data plane to another
 * @ids: by former backend id, @n_ids of them: what it is now; 0: it has gone
 * @port_bit: of a connection, whose backend is what it is now, in @to
 * @lost: connections that there was no room for, so far
 */
struct conns_carry {
	const struct conns *from, *to;
	const uint16_t *ids;
	size_t n_ids;
	uint32_t (*port_bit)(const void *ctx, const struct shunt_conn *conn);
	const void *ctx;
	uint64_t lost;
};

/*
 * Enter them all; called again it enters what has come since, and brings what is there
 * up to date. The sizes and the hash keys of both may differ.
 */
void conns_carry(struct conns_carry *carry);

/*
 * Of the record @r in @carry->from, which @from was read from, to @there. False: that is
 * another connection.
 */
bool conns_bring_up_seq(const struct conns_carry *carry, uint32_t there, uint32_t r,
			const struct shunt_conn *from);

struct flows_move;

/* Backends of @moves (tables/flows.h) have got other ids; their loads have moved. */
void conns_move(const struct conns *c, const struct flows_move *moves, size_t n_moves);

#endif /* TABLES_CONNS_H */
