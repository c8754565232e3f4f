/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequence numbers of connections that SYN cookies began (struct shunt_conn_seq): read and
 * written as one word, as the program does.
 */
#include <string.h>

#include "tables/conns.h"

bool conns_is_spliced(const struct shunt_conn *conn)
{
	return conn->flags[SHUNT_TO_SERVER] & SHUNT_CONN_SPLICED;
}

static bool is_answered(const struct shunt_conn *conn)
{
	return conn->flags[SHUNT_TO_CLIENT] & SHUNT_CONN_SYN;
}

bool conns_has_numbers(const struct shunt_conn *conn)
{
	return !conns_is_spliced(conn) || is_answered(conn);
}

struct shunt_conn_seq conns_read_seq(const struct conns *c, uint32_t r)
{
	struct shunt_conn_seq seq = { 0 };
	__u64 word;

	if (!c->seqs)
		return seq;
	word = __atomic_load_n((const __u64 *)&c->seqs[r], __ATOMIC_ACQUIRE);
	memcpy(&seq, &word, sizeof(seq));
	return seq;
}

void conns_write_seq(const struct conns *c, uint32_t r, const struct shunt_conn_seq *seq)
{
	__u64 word;

	memcpy(&word, seq, sizeof(word));
	__atomic_store_n((__u64 *)&c->seqs[r], word, __ATOMIC_RELEASE);
}

static bool is_anew(const struct shunt_conn *conn)
{
	return conn->flags[SHUNT_TO_SERVER] & SHUNT_CONN_ANEW;
}

/* Do the flags of @from say of its numbers what those of @to do not yet? */
static bool says_more(const struct shunt_conn *from, const struct shunt_conn *to)
{
	return (is_answered(from) && !is_answered(to)) || (is_anew(from) && !is_anew(to));
}

/* Numbers before the flags that say what they mean; those that the program has stay. */
bool conns_bring_up_seq(const struct conns_carry *carry, uint32_t there, uint32_t r,
			const struct shunt_conn *from)
{
	const struct shunt_conn *to = &carry->to->records[there];
	const struct shunt_conn_seq seq = conns_read_seq(carry->from, r);

	/* Else the program has begun another one meanwhile. */
	if (conns_is_spliced(from) != conns_is_spliced(to))
		return false;
	/* Once what was begun anew is answered, the flags say nothing more of it. */
	if (conns_is_spliced(to) && (says_more(from, to) || (is_anew(from) && !seq.ours)))
		conns_write_seq(carry->to, there, &seq);
	return true;
}
