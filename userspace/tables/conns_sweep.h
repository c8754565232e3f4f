/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who takes connections out (tables/conns.h). Rounds over all records, a slice at a
 * time, so that nobody waits for more than some milliseconds:
 *
 * - A connection that was silent for as long as its state allows, or whose backend has
 *   gone or has become another one, is taken out of the index. A second later, and when
 *   no packet is under way any more that may have found it before (struct conns.grace:
 *   a processor that is taken away from us may stop for longer than that), its record
 *   and its port are given back; but not if it is in the index again: who was just
 *   opening it went on after all.
 * - A record that is taken but in no index is one that is just being opened, or one
 *   that somebody died over. Found so in two rounds, which are a second apart at least,
 *   it is the latter, and goes likewise. Those that look alive are looked up in every
 *   eighth round only: that costs a cache miss each.
 * - So with bits of ports that no record names: in two rounds in succession.
 * - What a round counts of a backend is compared with what the program has added and
 *   subtracted (struct shunt_load). While connections come and go neither is exact;
 *   what two rounds find to be amiss in the same direction is put right.
 */
#ifndef TABLES_CONNS_SWEEP_H
#define TABLES_CONNS_SWEEP_H

#include "tables/conns.h"
#include "tables/conns_suspects.h"

/**
 * struct conns_service - what a round has to know of a service
 * @timeout_s: by state
 * @counted: its backends have a struct shunt_load
 */
struct conns_service {
	uint32_t timeout_s[SHUNT_CONN_STATES];
	bool counted;
};

/* A record that is in the index no more; @since_ms: modulo 2^32. */
struct conns_leaving {
	uint32_t record;
	uint32_t since_ms;
};

/**
 * struct conns_sweep - zeroed, then conns_sweep_init()
 * @n, @n_ids, @n_spaces, @space_lines: of the maps
 * @running, @ports: a round, which has come to bits of ports
 * @at: the next record, or line of port bits
 * @began_ms: when the round did
 * @rounds: that have ended
 * @queue: @n_queue of them from @head on, in the order of time
 * @safe: those before that place were in it before the last struct conns.grace
 * @doubtful: bits: taken, but in no index, when last seen
 * @is_leaving: bits: in @queue
 * @held: bits of ports that records name, in this round
 * @stray: those that were set and none has named, in the last one
 * @live, @last_live: connections by backend id, in this round and in the last
 * @load: by id that counts them
 * @drift: what the last round found too much of them
 * @by_state, @last_by_state: connections
 * @used, @last_used: ports by space
 * @suspects: servers that connections tell of
 */
struct conns_sweep {
	uint32_t n, n_ids, n_spaces, space_lines;
	bool running, ports;
	uint32_t at;
	uint64_t began_ms;
	uint32_t rounds;
	struct conns_leaving *queue;
	size_t head, n_queue, safe;
	uint64_t *doubtful, *is_leaving;
	struct shunt_bit_line *held, *stray;
	uint32_t *live, *last_live, *load;
	int32_t *drift;
	uint64_t by_state[SHUNT_CONN_STATES];
	uint64_t last_by_state[SHUNT_CONN_STATES];
	uint32_t *used, *last_used;
	struct conns_suspects suspects;
};

/* Sizes as of @c. 0 or -ENOMEM, and conns_sweep_free() has nothing to do. */
int conns_sweep_init(struct conns_sweep *s, const struct conns *c, uint32_t n_ids,
		     uint32_t space_lines);
void conns_sweep_free(struct conns_sweep *s);

/* It is time for a round, or there is something to give back. */
bool conns_sweep_is_due(const struct conns_sweep *s, uint64_t now_ms);

/**
 * conns_sweep_step() - the next slice
 * @services: by backend id, @s->n_ids of them; NULL: it has gone
 *
 * Return: true if the round goes on: call it again soon.
 */
bool conns_sweep_step(struct conns_sweep *s, const struct conns *c,
		      const struct conns_service *const *services, uint64_t now_ms);

#endif /* TABLES_CONNS_SWEEP_H */
