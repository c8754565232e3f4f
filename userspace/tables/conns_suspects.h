/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What connections of nat and fullnat tell of their servers, seen in the rounds of
 * tables/conns_sweep.h: whoever answers a SYN by RST, or lets a client wait for longer
 * than a round, is suspect. That is no verdict: a client may be to blame, a flood may
 * come from addresses that do not exist. It is a reason to look at once.
 *
 * Of servers that do answer nothing is noted, whatever clients do: SYNs with false
 * addresses are answered, too.
 */
#ifndef TABLES_CONNS_SUSPECTS_H
#define TABLES_CONNS_SUSPECTS_H

#include "tables/conns.h"

/**
 * struct conns_suspects - zeroed, then conns_suspects_init()
 * @since_s: what was last seen before that, was seen by the round before
 * @waiting: bits by record: no answer yet, when last seen
 * @suspect: bits by backend id, @n_ids of them
 * @has_any: some bit of @suspect may be set
 */
struct conns_suspects {
	uint32_t since_s;
	uint64_t *waiting;
	uint64_t *suspect;
	uint32_t n_ids;
	bool has_any;
};

/* For records [0, @n). 0 or -ENOMEM, and conns_suspects_free() has nothing to do. */
int conns_suspects_init(struct conns_suspects *s, uint32_t n, uint32_t n_ids);
void conns_suspects_free(struct conns_suspects *s);

/* A round begins; that before it did at @former_ms, 0 if there was none. */
void conns_suspects_begin(struct conns_suspects *s, uint64_t former_ms, uint64_t now_ms);

/* The round has come to record @r, which @conn was read from and which is alive. */
void conns_suspects_look(struct conns_suspects *s, uint32_t r, const struct shunt_conn *conn);

/* Of the 64 records from @first on only those of @taken are in use. */
void conns_suspects_forget(struct conns_suspects *s, uint32_t first, uint64_t taken);

/* One of those who are suspect, who is none any more; false: nobody is. */
bool conns_suspects_take(struct conns_suspects *s, uint32_t *id);

#endif /* TABLES_CONNS_SUSPECTS_H */
