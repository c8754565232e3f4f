/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "tables/conns_share.h"
#include "tables/flows.h"

/* Ages are told in whole seconds, by clocks that do not turn over together. */
#define LATER_S 2

/* --- made and released --------------------------------------------------------------- */

int conns_share_init(struct conns_share *s, uint32_t n)
{
	s->n = n;
	s->told = calloc((n + 63) / 64, sizeof(*s->told));
	s->marks = calloc(n, sizeof(*s->marks));
	s->ends = calloc(CONNS_SHARE_ENDS, sizeof(*s->ends));
	s->at[CONNS_NEWS] = s->at[CONNS_ALL] = 1;
	s->hint = 1;
	if (s->told && s->marks && s->ends)
		return 0;
	conns_share_free(s);
	return -ENOMEM;
}

void conns_share_free(struct conns_share *s)
{
	free(s->told);
	free(s->marks);
	free(s->ends);
	*s = (struct conns_share){ 0 };
}

/* --- whose it is ----------------------------------------------------------------------- */

static uint32_t last_seen(const struct shunt_conn *conn)
{
	const uint32_t a = conn->seen_s[SHUNT_TO_SERVER], b = conn->seen_s[SHUNT_TO_CLIENT];

	return a > b ? a : b;
}

static bool is_theirs(const struct conns_share *s, uint32_t r, const struct shunt_conn *conn)
{
	const struct conns_mark *m = &s->marks[r];

	return m->heard_s && (m->heard_s == CONNS_MARK_ENDED || last_seen(conn) <= m->seen_s);
}

static bool is_told(const struct conns_share *s, uint32_t r)
{
	return s->told[r / 64] >> r % 64 & 1;
}

static void set_told(struct conns_share *s, uint32_t r)
{
	s->told[r / 64] |= 1ULL << r % 64;
}

static void clear_told(struct conns_share *s, uint32_t r)
{
	s->told[r / 64] &= ~(1ULL << r % 64);
}

/* Packets of it come here now: others are to be told. */
static void make_ours(struct conns_share *s, uint32_t r)
{
	s->n_theirs -= s->marks[r].heard_s != 0;
	s->marks[r] = (struct conns_mark){ 0 };
	clear_told(s, r);
}

static void make_theirs(struct conns_share *s, uint32_t r, uint32_t seen_s, uint32_t heard_s)
{
	s->n_theirs += !s->marks[r].heard_s;
	s->marks[r] = (struct conns_mark){ .heard_s = heard_s, .seen_s = seen_s };
	set_told(s, r);
}

void conns_share_forget(struct conns_share *s, uint32_t r)
{
	if (s)
		make_ours(s, r);
}

/* --- what is to be told ----------------------------------------------------------------- */

static bool is_worth_telling(const struct shunt_conn *conn)
{
	const enum shunt_conn_state state = conns_state(conn);

	return conns_is_written(conn) && conns_has_numbers(conn) && state != SHUNT_CONN_OPENING &&
	       state != SHUNT_CONN_ONE_WAY;
}

/* The first record from @from on that is one of @which; s->n: no more. */
static uint32_t find_next(const struct conns_share *s, const struct conns *c,
			  enum conns_which which, uint32_t from)
{
	for (uint32_t r = from; r < s->n; r = r - r % 64 + 64) {
		__u64 word = __atomic_load_n(
			&c->bits[r / SHUNT_BITS_PER_LINE].word[r % SHUNT_BITS_PER_LINE / 64],
			__ATOMIC_ACQUIRE);

		if (which == CONNS_NEWS)
			word &= ~s->told[r / 64];
		word >>= r % 64;
		if (word)
			return r + __builtin_ctzll(word);
	}
	return s->n;
}

/* Somebody else may have it. */
static bool was_told(const struct conns_mark *m)
{
	return m->heard_s || m->seen_s == CONNS_MARK_KNOWN ||
	       (m->seen_s && !(m->seen_s & CONNS_MARK_UNTOLD));
}

static bool is_to_be_told(struct conns_share *s, enum conns_which which, uint32_t r,
			  const struct shunt_conn *conn)
{
	struct conns_mark *m = &s->marks[r];

	if (!is_worth_telling(conn))
		return false;
	if (is_theirs(s, r, conn)) {
		set_told(s, r);
		return which == CONNS_ALL && s->with_theirs && m->heard_s != CONNS_MARK_ENDED;
	}
	if (was_told(m) || !shunt_conn_is_closed(conn->flags))
		return true;
	/* It was over before: nobody has to know, until something has changed. */
	m->seen_s = CONNS_MARK_UNTOLD | (conns_state(conn) + 1);
	set_told(s, r);
	return false;
}

uint32_t conns_share_next(struct conns_share *s, const struct conns *c, enum conns_which which,
			  uint32_t *work, struct shunt_conn *conn)
{
	while (*work) {
		const uint32_t r = find_next(s, c, which, s->at[which]);

		if (r >= s->n) {
			s->at[which] = which == CONNS_NEWS ? 1 : s->n;
			return 0;
		}
		(*work)--;
		*conn = conns_read(c, r);
		if (is_to_be_told(s, which, r, conn))
			return r;
		s->at[which] = r + 1;
	}
	return 0;
}

void conns_share_told(struct conns_share *s, enum conns_which which, uint32_t r,
		      const struct shunt_conn *conn)
{
	s->at[which] = r + 1;
	if (is_theirs(s, r, conn))
		return;
	if (s->marks[r].heard_s)
		make_ours(s, r);
	s->marks[r].seen_s = conns_state(conn) + 1;
	set_told(s, r);
}

bool conns_share_is_through(const struct conns_share *s)
{
	return s->at[CONNS_ALL] >= s->n;
}

void conns_share_restart(struct conns_share *s, bool with_theirs)
{
	s->at[CONNS_ALL] = 1;
	s->with_theirs = with_theirs;
}

const struct shunt_conn *conns_share_end(const struct conns_share *s)
{
	return s->n_ends ? &s->ends[s->first_end] : NULL;
}

void conns_share_end_told(struct conns_share *s)
{
	s->first_end = (s->first_end + 1) % CONNS_SHARE_ENDS;
	s->n_ends--;
}

/* --- rounds ------------------------------------------------------------------------------- */

void conns_share_look(struct conns_share *s, uint32_t r, const struct shunt_conn *conn)
{
	const struct conns_mark *m = s ? &s->marks[r] : NULL;

	if (!s)
		return;
	if (m->heard_s) {
		if (is_theirs(s, r, conn))
			return;
		make_ours(s, r);
		s->marks[r].seen_s = CONNS_MARK_KNOWN;
	} else if (is_told(s, r) &&
		   (m->seen_s & ~CONNS_MARK_UNTOLD) != (uint32_t)conns_state(conn) + 1) {
		clear_told(s, r);
	}
}

bool conns_share_is_over(const struct conns_share *s, uint32_t r)
{
	return s && s->marks[r].heard_s == CONNS_MARK_ENDED;
}

bool conns_share_is_held(const struct conns_share *s, uint32_t r, const struct shunt_conn *conn,
			 uint32_t now_s)
{
	return s && is_theirs(s, r, conn) && !conns_share_is_over(s, r) &&
	       now_s - s->marks[r].heard_s <= s->hold_s;
}

/* Another one has taken its place, its ports in hand: of the two only that one is known by them. */
static bool is_replaced(const struct conns *c, uint32_t r, const struct shunt_conn *conn)
{
	const uint32_t other = conns_find(c, &conn->client, SHUNT_TO_SERVER);

	return other && other != r &&
	       shunt_tuple_is_equal(&c->records[other].server, &conn->server);
}

void conns_share_expire(const struct conns *c, uint32_t r, const struct shunt_conn *conn)
{
	struct conns_share *s = c->share;

	/* What nobody was told of nobody has. */
	if (!s || s->marks[r].heard_s || !was_told(&s->marks[r]) || !conns_is_written(conn) ||
	    is_replaced(c, r, conn))
		return;
	if (s->n_ends == CONNS_SHARE_ENDS) {
		s->ends_lost++;
		return;
	}
	s->ends[(s->first_end + s->n_ends++) % CONNS_SHARE_ENDS] = *conn;
}

void conns_share_move(struct conns_share *s, const struct flows_move *moves, size_t n_moves)
{
	for (uint32_t i = 0; s && i < s->n_ends; i++) {
		struct shunt_conn *end = &s->ends[(s->first_end + i) % CONNS_SHARE_ENDS];
		const uint32_t id = flows_moved_id(moves, n_moves, end->backend);

		if (id)
			end->backend = id;
	}
}

/* --- what others tell ---------------------------------------------------------------------- */

/* They have seen it later than we have. */
static bool know_better(const struct conns_share *s, uint32_t r, const struct shunt_conn *own,
			const struct shunt_conn *conn)
{
	return is_theirs(s, r, own) || last_seen(conn) > last_seen(own) + LATER_S;
}

/* The tuples are in use again: what was seen of the former one is not of this one. */
static bool is_successor(const struct shunt_conn *own, const struct shunt_conn *conn)
{
	return shunt_conn_is_closed(own->flags) && !shunt_conn_is_closed(conn->flags) &&
	       last_seen(conn) > last_seen(own);
}

static void bring_forward(__u32 *seen_s, uint32_t to_s)
{
	__u32 now_s = __atomic_load_n(seen_s, __ATOMIC_RELAXED);

	while (now_s < to_s && !__atomic_compare_exchange_n(seen_s, &now_s, to_s, false,
							    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* The program may see a packet of it meanwhile: what that has set stays. */
static void refresh(const struct conns *c, uint32_t r, const struct shunt_conn *was,
		    const struct shunt_conn *conn)
{
	struct shunt_conn *own = &c->records[r];
	const bool is_new = is_successor(was, conn);

	for (int way = 0; way < SHUNT_WAYS; way++) {
		bring_forward(&own->seen_s[way], conn->seen_s[way]);
		if (is_new)
			__atomic_store_n(&own->flags[way], conn->flags[way], __ATOMIC_RELAXED);
		else
			__atomic_fetch_or(&own->flags[way], conn->flags[way], __ATOMIC_RELAXED);
	}
	if (shunt_conn_is_closed(own->flags))
		conns_uncount(c, own);
}

/* Out of the index at once, and given back by the rounds. */
static void drop(struct conns_share *s, const struct conns *c, uint32_t r,
		 const struct shunt_conn *own)
{
	conns_unlist(c, r, own);
	make_theirs(s, r, last_seen(own), CONNS_MARK_ENDED);
}

/*
 * The record @r has one of the tuples of @conn, and is another connection. Return: it
 * makes way.
 */
static bool makes_way(struct conns_share *s, const struct conns *c, uint32_t r,
		      const struct shunt_conn *conn)
{
	const struct shunt_conn own = conns_read(c, r);

	if (!know_better(s, r, &own, conn) && !shunt_conn_is_closed(own.flags))
		return false;
	drop(s, c, r, &own);
	/* The port goes on to the new one. */
	if (own.port_bit == conn->port_bit)
		__atomic_store_n(&c->records[r].port_bit, SHUNT_NO_PORT_BIT, __ATOMIC_RELAXED);
	return true;
}

/* A port that is used again may tell one connection from another by its numbers only. */
static bool is_same(const struct conns *c, uint32_t r, const struct shunt_conn *conn,
		    const struct shunt_conn_seq *seq)
{
	const struct shunt_conn *own = &c->records[r];
	const struct shunt_conn_seq have = conns_read_seq(c, r);

	if (!shunt_tuple_is_equal(&own->server, &conn->server) ||
	    conns_is_spliced(own) != conns_is_spliced(conn))
		return false;
	return !conns_is_spliced(conn) ||
	       (have.client_isn == seq->client_isn && have.ours == seq->ours);
}

enum conns_verdict conns_share_enter(struct conns_share *s, const struct conns *c,
				     const struct shunt_conn *conn, uint32_t now_s)
{
	const struct shunt_conn_seq none = { 0 };

	return conns_share_enter_spliced(s, c, conn, &none, now_s);
}

enum conns_verdict conns_share_enter_spliced(struct conns_share *s, const struct conns *c,
					     const struct shunt_conn *conn,
					     const struct shunt_conn_seq *seq, uint32_t now_s)
{
	uint32_t r = conns_find(c, &conn->client, SHUNT_TO_SERVER);
	int err;

	if (r && is_same(c, r, conn, seq)) {
		const struct shunt_conn own = conns_read(c, r);
		const uint32_t seen_s = last_seen(&own);

		if (!know_better(s, r, &own, conn))
			return CONNS_OURS;
		refresh(c, r, &own, conn);
		make_theirs(s, r, last_seen(conn) > seen_s ? last_seen(conn) : seen_s, now_s);
		return CONNS_REFRESHED;
	}
	if (r && !makes_way(s, c, r, conn))
		return CONNS_CLASH;
	/* Nobody sends packets of it any more. */
	if (shunt_conn_is_closed(conn->flags))
		return CONNS_ENDED;
	r = conns_find(c, &conn->server, SHUNT_TO_CLIENT);
	if (r && !makes_way(s, c, r, conn))
		return CONNS_CLASH;
	err = conns_add_spliced(c, conn, seq, &s->hint);
	if (err)
		return err == -ENOSPC ? CONNS_FULL : CONNS_CLASH;
	make_theirs(s, s->hint - 1, last_seen(conn), now_s);
	return CONNS_ENTERED;
}

enum conns_verdict conns_share_leave(struct conns_share *s, const struct conns *c,
				     const struct shunt_conn *conn)
{
	const uint32_t r = conns_find(c, &conn->client, SHUNT_TO_SERVER);
	struct shunt_conn own;

	if (!r || !shunt_tuple_is_equal(&c->records[r].server, &conn->server))
		return CONNS_ENDED;
	own = conns_read(c, r);
	if (!know_better(s, r, &own, conn))
		return CONNS_OURS;
	drop(s, c, r, &own);
	return CONNS_ENDED;
}
