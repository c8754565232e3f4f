/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that balancers share (tables/conns.h): which of ours others have not been
 * told of, and what becomes of those that they tell us of.
 *
 * A connection is theirs from when they tell of it until a packet of it is seen here; then
 * it is ours, and they are told. Of ours they can tell only if they have seen it later. So
 * nothing is told back, and wherever packets come, there it is known best.
 *
 * Considered: a word in the record that says whose it is. But the program needs nothing of
 * it, and a daemon that starts again learns it anew: what it takes for its own the others
 * know better, or as well.
 *
 * Nothing is told of handshakes, and of UDP that was not answered: a flood is most of them.
 *
 * Somebody who has begun anew, and knows nothing, is told of theirs, too: a connection that
 * is silent may be his own of before.
 */
#ifndef TABLES_CONNS_SHARE_H
#define TABLES_CONNS_SHARE_H

#include "tables/conns.h"

struct flows_move;

/* What became of a connection that a peer has told of. */
enum conns_verdict {
	CONNS_ENTERED, /* it is here now */
	CONNS_REFRESHED, /* it was here: since when it is silent, and its state */
	CONNS_ENDED, /* it is here no more, or it never was */
	CONNS_OURS, /* we know better */
	CONNS_CLASH, /* its answers, or its packets, would be taken for those of another */
	CONNS_FULL, /* no room */
	CONNS_VERDICTS,
};

/**
 * struct conns_mark - what is remembered of a record
 * @heard_s: theirs: when they last told of it; CONNS_MARK_ENDED: that it is over; 0: ours
 * @seen_s: theirs: when it was last seen, as they said. Ours: its state as it was told,
 *	and 1; or CONNS_MARK_UNTOLD and that, when nobody has to know; 0: nothing was
 */
struct conns_mark {
	uint32_t heard_s;
	uint32_t seen_s;
};

#define CONNS_MARK_ENDED UINT32_MAX
/* Of seen_s: it was theirs. */
#define CONNS_MARK_KNOWN UINT32_MAX
/* Likewise, a bit: it was looked at, and not told. */
#define CONNS_MARK_UNTOLD 0x100U

/* Ends that wait to be told. */
#define CONNS_SHARE_ENDS 2048

/**
 * struct conns_share - zeroed, then conns_share_init()
 * @n: records
 * @hold_s: what they have told of is not ended here for so long
 * @told: bits: nothing new is known of the record
 * @ends: ring of @n_ends from @first_end on
 * @ends_lost: those that there was no room for; nobody is told
 * @at: by conns_share_next(): where it goes on
 * @with_theirs: CONNS_ALL is
 * @hint: see conns_add()
 * @n_theirs: records
 */
struct conns_share {
	uint32_t n;
	uint32_t hold_s;
	uint64_t *told;
	struct conns_mark *marks;
	struct shunt_conn *ends;
	uint32_t first_end, n_ends;
	uint64_t ends_lost;
	uint32_t at[2];
	bool with_theirs;
	uint32_t hint;
	uint32_t n_theirs;
};

/* For @n records. 0 or -ENOMEM, and conns_share_free() has nothing to do. */
int conns_share_init(struct conns_share *s, uint32_t n);
void conns_share_free(struct conns_share *s);

/* --- what is to be told ------------------------------------------------------------ */

/* Which of ours. */
enum conns_which {
	CONNS_NEWS, /* those of which something new is known */
	CONNS_ALL,
};

/**
 * conns_share_next() - the next of ours that is to be told
 * @conn: what it is
 * @work: as many records are looked at, at most; what is left of that
 *
 * Return: the record; 0: @work is done, or all records have been gone through once. It
 * is gone on behind it, whatever it was, as soon as somebody is told.
 */
uint32_t conns_share_next(struct conns_share *s, const struct conns *c, enum conns_which which,
			  uint32_t *work, struct shunt_conn *conn);

/* Whether CONNS_ALL has been gone through: then the next call begins anew. */
bool conns_share_is_through(const struct conns_share *s);
/* CONNS_ALL begins anew; @with_theirs: of theirs, too, which stay theirs. */
void conns_share_restart(struct conns_share *s, bool with_theirs);

/* It was told as it was read; @which: from what it came. */
void conns_share_told(struct conns_share *s, enum conns_which which, uint32_t r,
		      const struct shunt_conn *conn);

/* The oldest end that was not told, or NULL; and it was. */
const struct shunt_conn *conns_share_end(const struct conns_share *s);
void conns_share_end_told(struct conns_share *s);

/* --- what others tell --------------------------------------------------------------- */

/**
 * conns_share_enter() - a connection as a peer knows it
 * @conn: as in conns_add(), times and ids being ours
 */
enum conns_verdict conns_share_enter(struct conns_share *s, const struct conns *c,
				     const struct shunt_conn *conn, uint32_t now_s);
/* Likewise, with its sequence numbers if it has some. */
enum conns_verdict conns_share_enter_spliced(struct conns_share *s, const struct conns *c,
					     const struct shunt_conn *conn,
					     const struct shunt_conn_seq *seq, uint32_t now_s);
/* That it is over. */
enum conns_verdict conns_share_leave(struct conns_share *s, const struct conns *c,
				     const struct shunt_conn *conn);

/* --- for the rounds over all records (tables/conns_sweep.h), and tables/conns.h ------ *
 *
 * With @s NULL nothing is shared.
 */

/* The record is in use, and @conn what was read of it. */
void conns_share_look(struct conns_share *s, uint32_t r, const struct shunt_conn *conn);
/* They have said that it is over; they have said just now that it is not. */
bool conns_share_is_over(const struct conns_share *s, uint32_t r);
bool conns_share_is_held(const struct conns_share *s, uint32_t r, const struct shunt_conn *conn,
			 uint32_t now_s);
/* As conns_move(): of ends that wait. */
void conns_share_move(struct conns_share *s, const struct flows_move *moves, size_t n_moves);
/* Its time is over here. */
void conns_share_expire(const struct conns *c, uint32_t r, const struct shunt_conn *conn);
/* The record is nobody's. */
void conns_share_forget(struct conns_share *s, uint32_t r);

#endif /* TABLES_CONNS_SHARE_H */
