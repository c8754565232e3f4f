/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "net/addr.h"
#include "tables/conns.h"
#include "tables/conns_share.h"
#include "tables/flows.h"

/* --- bits ---------------------------------------------------------------------- */

static __u64 *word_of(struct shunt_bit_line *lines, uint32_t bit)
{
	return &lines[bit / SHUNT_BITS_PER_LINE].word[bit % SHUNT_BITS_PER_LINE / 64];
}

/* True if it was not set before. */
static bool bit_take(struct shunt_bit_line *lines, uint32_t bit)
{
	const __u64 mask = 1ULL << bit % 64;

	return !(__atomic_fetch_or(word_of(lines, bit), mask, __ATOMIC_SEQ_CST) & mask);
}

static void bit_clear(struct shunt_bit_line *lines, uint32_t bit)
{
	__atomic_fetch_and(word_of(lines, bit), ~(1ULL << bit % 64), __ATOMIC_SEQ_CST);
}

uint64_t conns_count_bits(const struct shunt_bit_line *lines, uint32_t bits)
{
	uint64_t n = 0;

	for (uint32_t bit = 0; bit < bits; bit += 64)
		n += __builtin_popcountll(__atomic_load_n(
			&lines[bit / SHUNT_BITS_PER_LINE].word[bit % SHUNT_BITS_PER_LINE / 64],
			__ATOMIC_RELAXED));
	return n;
}

/* --- records -------------------------------------------------------------------- */

uint32_t conns_index_lines(uint32_t n)
{
	uint32_t lines = 1;

	while (2 * lines + lines / 64 < n)
		lines *= 2;
	return lines;
}

struct shunt_conn conns_read(const struct conns *c, uint32_t r)
{
	struct shunt_conn conn = *(const volatile struct shunt_conn *)&c->records[r];

	return conn;
}

bool conns_is_written(const struct shunt_conn *conn)
{
	return conn->server.ports && conn->client.ports;
}

enum shunt_conn_state conns_state(const struct shunt_conn *conn)
{
	return shunt_conn_state_of(conn->client.proto, conn->flags);
}

bool conns_has_backend(const struct conns *c, const struct shunt_conn *conn)
{
	const enum shunt_family family = shunt_tuple_is_v6(&conn->client) ? SHUNT_V6 : SHUNT_V4;
	const struct shunt_leg *leg;

	if (!c->backends || conn->backend >= c->n_loads)
		return !c->backends;
	leg = &c->backends[conn->backend].leg[family];
	return (leg->forward == SHUNT_FORWARD_NAT || leg->forward == SHUNT_FORWARD_FULLNAT) &&
	       addr_is_equal(&leg->addr, &conn->server.src);
}

/* The program may write while we look: what is of the next second is of now. */
uint32_t conns_idle_s(const struct shunt_conn *conn, uint32_t now_s)
{
	const uint32_t a = conn->seen_s[SHUNT_TO_SERVER], b = conn->seen_s[SHUNT_TO_CLIENT];
	const uint32_t last = a > b ? a : b;

	return now_s > last ? now_s - last : 0;
}

uint32_t conns_next(const struct conns *c, uint32_t from)
{
	for (uint32_t r = from; r < c->n; r = r - r % 64 + 64) {
		const __u64 word = __atomic_load_n(word_of(c->bits, r), __ATOMIC_RELAXED) >> r % 64;
		const uint32_t found = word ? r + __builtin_ctzll(word) : c->n;

		if (found < c->n)
			return found;
	}
	return 0;
}

/* --- the index ------------------------------------------------------------------ */

static uint64_t hash_of(const struct conns *c, const struct shunt_tuple *t)
{
	return shunt_tuple_hash(c->hash_key, t);
}

/* The two lines that a tuple may be in; one and the same where the index is small. */
struct lines {
	uint32_t at[2];
	uint32_t n;
};

static struct lines lines_of(const struct conns *c, uint64_t hash)
{
	const uint32_t first = hash >> 32 & c->mask;
	const uint32_t other = shunt_flow_other(first, hash, c->mask);

	return (struct lines){ { first, other }, first == other ? 1 : 2 };
}

static __u64 *entry_at(const struct conns *c, const struct lines *l, uint32_t i)
{
	return &c->index[l->at[i / SHUNT_FLOWS_PER_LINE]].entry[i % SHUNT_FLOWS_PER_LINE];
}

static __u64 entry_load(const struct conns *c, const struct lines *l, uint32_t i)
{
	return __atomic_load_n(entry_at(c, l, i), __ATOMIC_ACQUIRE);
}

/* The place of an entry, from 1; 0: it is not there. */
static uint32_t entry_find(const struct conns *c, const struct lines *l, __u64 entry)
{
	for (uint32_t i = 0; i < l->n * SHUNT_FLOWS_PER_LINE; i++)
		if (entry_load(c, l, i) == entry)
			return i + 1;
	return 0;
}

/* The record but @except that the entries have for @tuple in @way; 0: none. */
static uint32_t find_but(const struct conns *c, const struct shunt_tuple *tuple, enum shunt_way way,
			 uint32_t except)
{
	const uint64_t hash = hash_of(c, tuple);
	const struct lines l = lines_of(c, hash);

	for (uint32_t i = 0; i < l.n * SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = entry_load(c, &l, i);
		const uint32_t r = SHUNT_CONN_RECORD(entry);

		if (entry && SHUNT_FLOW_TAG(entry) == (uint32_t)hash && r < c->n && r != except &&
		    shunt_tuple_is_equal(shunt_conn_tuple(&c->records[r], way), tuple))
			return r;
	}
	return 0;
}

uint32_t conns_find(const struct conns *c, const struct shunt_tuple *tuple, enum shunt_way way)
{
	return find_but(c, tuple, way, 0);
}

bool conns_is_listed(const struct conns *c, uint32_t r, const struct shunt_conn *conn,
		     enum shunt_way way)
{
	const uint64_t hash = hash_of(c, shunt_conn_tuple(conn, way));
	const struct lines l = lines_of(c, hash);

	return entry_find(c, &l, SHUNT_CONN_ENTRY(hash, r));
}

static void unlist(const struct conns *c, uint32_t r, const struct shunt_tuple *tuple)
{
	const uint64_t hash = hash_of(c, tuple);
	const struct lines l = lines_of(c, hash);
	__u64 entry = SHUNT_CONN_ENTRY(hash, r);
	const uint32_t place = entry_find(c, &l, entry);

	if (place)
		__atomic_compare_exchange_n(entry_at(c, &l, place - 1), &entry, 0, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Half of it, if we die in between, is what is left of a connection that was replaced. */
void conns_unlist(const struct conns *c, uint32_t r, const struct shunt_conn *conn)
{
	unlist(c, r, &conn->client);
	unlist(c, r, &conn->server);
}

/* Free entries of a line, and where one is. */
static uint32_t count_free(const struct conns *c, const struct lines *l, uint32_t line,
			   uint32_t *where)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (!entry_load(c, l, line * SHUNT_FLOWS_PER_LINE + i) && !n++)
			*where = line * SHUNT_FLOWS_PER_LINE + i;
	return n;
}

/* As the program: the first line if half of it is free, else the emptier one. */
static bool choose(const struct conns *c, const struct lines *l, uint32_t *where)
{
	uint32_t other = 0;
	const uint32_t n = count_free(c, l, 0, where);

	if (n >= SHUNT_FLOWS_PER_LINE / 2 || l->n == 1)
		return n;
	if (count_free(c, l, 1, &other) > n)
		*where = other;
	else if (!n)
		return false;
	return true;
}

/* Who has entered it looks whether somebody else has: of two one sees the other. */
static int list(const struct conns *c, uint32_t r, enum shunt_way way)
{
	const struct shunt_tuple *tuple = shunt_conn_tuple(&c->records[r], way);
	const uint64_t hash = hash_of(c, tuple);
	const struct lines l = lines_of(c, hash);
	uint32_t where = 0;
	__u64 nothing;

	do {
		nothing = 0;
		if (!choose(c, &l, &where))
			return -ENOSPC;
	} while (!__atomic_compare_exchange_n(entry_at(c, &l, where), &nothing,
					      SHUNT_CONN_ENTRY(hash, r), false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	if (!find_but(c, tuple, way, r))
		return 0;
	unlist(c, r, tuple);
	return -EEXIST;
}

/* --- openings and ends ------------------------------------------------------------ */

void conns_uncount(const struct conns *c, struct shunt_conn *conn)
{
	const uint32_t id = __atomic_exchange_n(&conn->counted, 0, __ATOMIC_SEQ_CST);

	if (id && id < c->n_loads)
		__atomic_fetch_sub(&c->loads[id].active, 1, __ATOMIC_RELAXED);
}

void conns_free(const struct conns *c, uint32_t r)
{
	struct shunt_conn *conn = &c->records[r];
	const uint64_t port_bits = (uint64_t)c->port_lines * SHUNT_BITS_PER_LINE;
	const uint32_t port_bit = conns_is_written(conn) ? conn->port_bit : SHUNT_NO_PORT_BIT;

	conns_uncount(c, conn);
	/*
	 * First it is nobody's. Whoever dies before the port is given back leaves a bit that no
	 * record names; in another order the next one would give back a port that is in use.
	 */
	__atomic_store_n(&conn->server.ports, 0, __ATOMIC_SEQ_CST);
	if (port_bit < port_bits)
		bit_clear(c->port_bits, port_bit);
	memset(conn, 0, sizeof(*conn));
	conns_share_forget(c->share, r);
	bit_clear(c->bits, r);
}

/* A record that is taken now, from @from on and round; 0: there is none. */
static uint32_t take_record(const struct conns *c, uint32_t from)
{
	uint32_t r = from && from < c->n ? from : 1;

	for (uint32_t tried = 0; tried < c->n; tried++, r = r + 1 < c->n ? r + 1 : 1) {
		const __u64 word = __atomic_load_n(word_of(c->bits, r), __ATOMIC_RELAXED);

		if (!(word >> r % 64 & 1) && r < c->n && bit_take(c->bits, r))
			return r;
	}
	return 0;
}

int conns_add(const struct conns *c, const struct shunt_conn *conn, uint32_t *hint)
{
	const struct shunt_conn_seq none = { 0 };

	return conns_add_spliced(c, conn, &none, hint);
}

int conns_add_spliced(const struct conns *c, const struct shunt_conn *conn,
		      const struct shunt_conn_seq *seq, uint32_t *hint)
{
	bool is_port_ours = false;
	uint32_t r;
	int err;

	if (conns_is_spliced(conn) && !c->seqs)
		return -EINVAL;
	r = take_record(c, *hint);
	if (!r)
		return -ENOSPC;
	*hint = r + 1;
	c->records[r] = *conn;
	if (conns_is_spliced(conn))
		conns_write_seq(c, r, seq);
	if (conn->port_bit != SHUNT_NO_PORT_BIT)
		is_port_ours = bit_take(c->port_bits, conn->port_bit);
	if (conn->counted && conn->counted < c->n_loads)
		__atomic_fetch_add(&c->loads[conn->counted].active, 1, __ATOMIC_RELAXED);
	err = list(c, r, SHUNT_TO_CLIENT) ?: list(c, r, SHUNT_TO_SERVER);
	if (err) {
		unlist(c, r, &conn->server);
		/* Whoever was faster has it. */
		if (!is_port_ours)
			c->records[r].port_bit = SHUNT_NO_PORT_BIT;
		conns_free(c, r);
	}
	return err;
}

/* --- from one to another ------------------------------------------------------------ */

static uint32_t new_id(const struct conns_carry *carry, uint32_t id)
{
	return id < carry->n_ids ? carry->ids[id] : 0;
}

/* It has been there: what the former program has seen since. */
static void bring_up(const struct conns_carry *carry, uint32_t there, uint32_t r,
		     const struct shunt_conn *from)
{
	struct shunt_conn *to = &carry->to->records[there];

	if (!shunt_tuple_is_equal(&to->server, &from->server) ||
	    !conns_bring_up_seq(carry, there, r, from))
		return;
	for (int way = 0; way < SHUNT_WAYS; way++) {
		if (to->seen_s[way] < from->seen_s[way])
			__atomic_store_n(&to->seen_s[way], from->seen_s[way], __ATOMIC_RELAXED);
		__atomic_fetch_or(&to->flags[way], from->flags[way], __ATOMIC_RELEASE);
	}
}

static void carry_one(struct conns_carry *carry, uint32_t r, uint32_t *hint)
{
	struct shunt_conn conn = conns_read(carry->from, r);
	const struct shunt_conn_seq seq = conns_read_seq(carry->from, r);
	uint32_t there;
	int err;

	/* One that another has taken the place of has no clients any more. */
	if (!conns_is_written(&conn) || !new_id(carry, conn.backend) ||
	    !conns_is_listed(carry->from, r, &conn, SHUNT_TO_SERVER))
		return;
	there = conns_find(carry->to, &conn.client, SHUNT_TO_SERVER);
	if (there) {
		bring_up(carry, there, r, &conn);
		return;
	}
	conn.backend = new_id(carry, conn.backend);
	conn.counted = new_id(carry, conn.counted);
	conn.port_bit = carry->port_bit(carry->ctx, &conn);
	err = conns_add_spliced(carry->to, &conn, &seq, hint);
	carry->lost += err == -ENOSPC;
}

void conns_carry(struct conns_carry *carry)
{
	const struct conns *from = carry->from;
	uint32_t hint = 1;

	for (uint32_t r = conns_next(from, 1); r; r = conns_next(from, r + 1))
		carry_one(carry, r, &hint);
}

/* --- ids that become others ----------------------------------------------------- */

static void move_one(const struct conns *c, uint32_t r, const struct flows_move *moves, size_t n)
{
	struct shunt_conn *conn = &c->records[r];
	uint32_t counted = __atomic_load_n(&conn->counted, __ATOMIC_RELAXED);
	const uint32_t id = flows_moved_id(moves, n, conn->backend);
	const uint32_t load = flows_moved_id(moves, n, counted);

	if (id)
		__atomic_store_n(&conn->backend, id, __ATOMIC_RELAXED);
	if (load)
		__atomic_compare_exchange_n(&conn->counted, &counted, load, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED);
}

void conns_move(const struct conns *c, const struct flows_move *moves, size_t n_moves)
{
	for (uint32_t r = conns_next(c, 1); r; r = conns_next(c, r + 1))
		move_one(c, r, moves, n_moves);
	conns_share_move(c->share, moves, n_moves);
}
