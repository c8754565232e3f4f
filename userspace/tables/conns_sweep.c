/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tables/conns_share.h"
#include "tables/conns_sweep.h"

/* Ticks come once a second, and not quite on time: what is due a little later is due. */
#define EARLY_MS 100
/* Between taking a record out of the index and giving it back. */
#define REST_MS (1000 - EARLY_MS)
/* From the beginning of a round to that of the next: at least, and for a million records. */
#define ROUND_MS 1000
#define ROUND_MS_PER_MILLION 6000
/* Work of one step, in records that are read; what costs more counts more. */
#define STEP_WORK 32768
#define LOOK_UP_WORK 8
#define LEAVE_WORK 16
#define FREE_WORK 8
/* One in so many records that look alive is looked up. */
#define LOOK_UP_EVERY 8

/* --- bitmaps ---------------------------------------------------------------------- */

static bool bit_is_set(const uint64_t *bits, uint32_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static void bit_set(uint64_t *bits, uint32_t i)
{
	bits[i / 64] |= 1ULL << i % 64;
}

static void bit_clear(uint64_t *bits, uint32_t i)
{
	bits[i / 64] &= ~(1ULL << i % 64);
}

/* --- made and released ---------------------------------------------------------- */

int conns_sweep_init(struct conns_sweep *s, const struct conns *c, uint32_t n_ids,
		     uint32_t space_lines)
{
	const size_t words = (c->n + 63) / 64;

	s->n = c->n;
	s->n_ids = n_ids;
	s->space_lines = space_lines;
	s->n_spaces = space_lines ? c->port_lines / space_lines : 0;
	s->doubtful = calloc(words, sizeof(*s->doubtful));
	s->is_leaving = calloc(words, sizeof(*s->is_leaving));
	s->held = calloc(c->port_lines, sizeof(*s->held));
	s->stray = calloc(c->port_lines, sizeof(*s->stray));
	s->live = calloc(n_ids, sizeof(*s->live));
	s->last_live = calloc(n_ids, sizeof(*s->last_live));
	s->load = calloc(n_ids, sizeof(*s->load));
	s->drift = calloc(n_ids, sizeof(*s->drift));
	s->used = calloc(s->n_spaces + 1, sizeof(*s->used));
	s->last_used = calloc(s->n_spaces + 1, sizeof(*s->last_used));
	if (s->doubtful && s->is_leaving && s->held && s->stray && s->live && s->last_live &&
	    s->load && s->drift && s->used && s->last_used &&
	    !conns_suspects_init(&s->suspects, c->n, n_ids))
		return 0;
	conns_sweep_free(s);
	return -ENOMEM;
}

void conns_sweep_free(struct conns_sweep *s)
{
	free(s->queue);
	free(s->doubtful);
	free(s->is_leaving);
	free(s->held);
	free(s->stray);
	free(s->live);
	free(s->last_live);
	free(s->load);
	free(s->drift);
	free(s->used);
	free(s->last_used);
	conns_suspects_free(&s->suspects);
	*s = (struct conns_sweep){ 0 };
}

/* --- those that leave ------------------------------------------------------------- */

/* Out of the index; without memory it stays, and is met again. */
static void leave(struct conns_sweep *s, const struct conns *c, uint32_t r,
		  const struct shunt_conn *conn, uint64_t now_ms)
{
	struct conns_leaving *l = array_add(&s->queue, &s->n_queue);

	if (!l)
		return;
	*l = (struct conns_leaving){ r, now_ms };
	bit_set(s->is_leaving, r);
	bit_clear(s->doubtful, r);
	conns_unlist(c, r, conn);
	conns_share_expire(c, r, conn);
}

static bool has_rested(const struct conns_sweep *s, uint64_t now_ms)
{
	return s->head < s->n_queue && (uint32_t)now_ms - s->queue[s->head].since_ms >= REST_MS;
}

/* Waiting takes some milliseconds, and is for all that have come until now. */
static void be_safe(struct conns_sweep *s, const struct conns *c)
{
	if (s->head < s->safe)
		return;
	if (c->grace)
		c->grace();
	s->safe = s->n_queue;
}

static bool is_listed(const struct conns *c, uint32_t r, const struct shunt_conn *conn)
{
	return conns_is_written(conn) && (conns_is_listed(c, r, conn, SHUNT_TO_SERVER) ||
					  conns_is_listed(c, r, conn, SHUNT_TO_CLIENT));
}

/* Return: what is left of @work. */
static int free_rested(struct conns_sweep *s, const struct conns *c, uint64_t now_ms, int work)
{
	for (; work > 0 && has_rested(s, now_ms); s->head++, work -= FREE_WORK) {
		const uint32_t r = s->queue[s->head].record;

		be_safe(s, c);
		if (!is_listed(c, r, &c->records[r]))
			conns_free(c, r);
		bit_clear(s->is_leaving, r);
	}
	/* Room is given back when nobody is left: most of the time. */
	if (s->head == s->n_queue) {
		free(s->queue);
		s->queue = NULL;
		s->head = s->n_queue = s->safe = 0;
	}
	return work;
}

/* --- records ---------------------------------------------------------------------- */

static const struct conns_service *
service_of(const struct conns_sweep *s, const struct conns_service *const *services, uint32_t id)
{
	return id < s->n_ids ? services[id] : NULL;
}

/* A round: what its functions share. */
struct round {
	struct conns_sweep *s;
	const struct conns *c;
	const struct conns_service *const *services;
	uint64_t now_ms;
	int work;
};

static bool has_expired(const struct round *rd, uint32_t r, const struct shunt_conn *conn)
{
	const struct conns_service *service = service_of(rd->s, rd->services, conn->backend);
	const uint32_t now_s = rd->now_ms / 1000;

	if (!service || !conns_has_backend(rd->c, conn) || conns_share_is_over(rd->c->share, r))
		return true;
	return !conns_share_is_held(rd->c->share, r, conn, now_s) &&
	       conns_idle_s(conn, now_s) > service->timeout_s[conns_state(conn)];
}

static void hold_port(const struct round *rd, const struct shunt_conn *conn)
{
	if (conns_is_written(conn) &&
	    conn->port_bit < (uint64_t)rd->c->port_lines * SHUNT_BITS_PER_LINE)
		rd->s->held[conn->port_bit / SHUNT_BITS_PER_LINE]
			.word[conn->port_bit % SHUNT_BITS_PER_LINE / 64] |= 1ULL
									    << conn->port_bit % 64;
}

static void count(const struct round *rd, const struct shunt_conn *conn)
{
	struct conns_sweep *s = rd->s;

	s->by_state[conns_state(conn)]++;
	if (conn->backend < s->n_ids)
		s->live[conn->backend]++;
}

/* Also of those that leave: they are counted until they are given back. */
static void count_load(const struct round *rd, const struct shunt_conn *conn)
{
	if (conn->counted && conn->counted < rd->s->n_ids)
		rd->s->load[conn->counted]++;
}

static bool is_looked_up(const struct conns_sweep *s, uint32_t r)
{
	return bit_is_set(s->doubtful, r) || (r + s->rounds) % LOOK_UP_EVERY == 0;
}

/* Taken, but in no index. */
static void doubt(struct round *rd, uint32_t r, const struct shunt_conn *conn)
{
	if (bit_is_set(rd->s->doubtful, r)) {
		leave(rd->s, rd->c, r, conn, rd->now_ms);
		rd->work -= LEAVE_WORK;
	} else {
		bit_set(rd->s->doubtful, r);
	}
}

/*
 * What has been read of a record that is just being opened may be anything: that it is
 * over counts only if it was in the index before that was read.
 */
static void visit(struct round *rd, uint32_t r)
{
	struct shunt_conn conn = conns_read(rd->c, r);
	bool expired;

	hold_port(rd, &conn);
	count_load(rd, &conn);
	if (bit_is_set(rd->s->is_leaving, r))
		return;
	expired = has_expired(rd, r, &conn);
	if (expired || is_looked_up(rd->s, r)) {
		rd->work -= LOOK_UP_WORK;
		if (!is_listed(rd->c, r, &conn)) {
			doubt(rd, r, &conn);
			return;
		}
		bit_clear(rd->s->doubtful, r);
		conn = conns_read(rd->c, r);
	}
	if (expired && has_expired(rd, r, &conn)) {
		leave(rd->s, rd->c, r, &conn, rd->now_ms);
		rd->work -= LEAVE_WORK;
	} else {
		count(rd, &conn);
		conns_share_look(rd->c->share, r, &conn);
		conns_suspects_look(&rd->s->suspects, r, &conn);
	}
}

/* Of records that are free there is no doubt. */
static void visit_word(struct round *rd, uint32_t first)
{
	const __u64 *at =
		&rd->c->bits[first / SHUNT_BITS_PER_LINE].word[first % SHUNT_BITS_PER_LINE / 64];
	__u64 word = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	rd->s->doubtful[first / 64] &= word;
	conns_suspects_forget(&rd->s->suspects, first, word);
	/* That of nobody. */
	if (!first)
		word &= ~1ULL;
	for (; word; word &= word - 1) {
		const uint32_t r = first + __builtin_ctzll(word);

		if (r < rd->s->n)
			visit(rd, r);
		rd->work--;
	}
}

static void visit_records(struct round *rd)
{
	struct conns_sweep *s = rd->s;

	for (; s->at < s->n && rd->work > 0; s->at += 64)
		visit_word(rd, s->at);
	if (s->at < s->n)
		return;
	s->at = 0;
	s->ports = true;
	memset(s->used, 0, s->n_spaces * sizeof(*s->used));
}

/* --- ports ------------------------------------------------------------------------- */

static uint32_t visit_port_line(const struct round *rd, uint32_t line)
{
	struct shunt_bit_line *bits = &rd->c->port_bits[line], *stray = &rd->s->stray[line];
	struct shunt_bit_line *held = &rd->s->held[line];
	uint32_t used = 0;

	for (size_t i = 0; i < array_len(bits->word); i++) {
		const __u64 set = __atomic_load_n(&bits->word[i], __ATOMIC_RELAXED);
		const __u64 now = set & ~held->word[i], gone = now & stray->word[i];

		if (gone)
			__atomic_fetch_and(&bits->word[i], ~gone, __ATOMIC_SEQ_CST);
		stray->word[i] = now & ~gone;
		held->word[i] = 0;
		used += __builtin_popcountll(set & ~gone);
	}
	return used;
}

static void visit_ports(struct round *rd)
{
	struct conns_sweep *s = rd->s;
	const uint32_t end = s->n_spaces * s->space_lines;

	for (; s->at < end && rd->work > 0; s->at++, rd->work--)
		s->used[s->at / s->space_lines] += visit_port_line(rd, s->at);
	s->running = s->at < end;
}

/* --- loads ---------------------------------------------------------------------------- */

static int32_t nearer_to_0(int32_t a, int32_t b)
{
	return abs(a) < abs(b) ? a : b;
}

static void correct_load(const struct round *rd, uint32_t id)
{
	struct shunt_load *load = &rd->c->loads[id];
	const uint32_t active = __atomic_load_n(&load->active, __ATOMIC_RELAXED);
	const int32_t now = active - rd->s->load[id], before = rd->s->drift[id];
	const int32_t wrong = (now > 0) == (before > 0) && before ? nearer_to_0(now, before) : 0;

	if (wrong)
		__atomic_fetch_sub(&load->active, wrong, __ATOMIC_RELAXED);
	rd->s->drift[id] = now - wrong;
}

static void end_round(const struct round *rd)
{
	struct conns_sweep *s = rd->s;

	for (uint32_t id = 1; id < s->n_ids && id < rd->c->n_loads; id++) {
		const struct conns_service *service = rd->services[id];

		if (service && service->counted)
			correct_load(rd, id);
		else
			s->drift[id] = 0;
	}
	memcpy(s->last_live, s->live, s->n_ids * sizeof(*s->live));
	memcpy(s->last_by_state, s->by_state, sizeof(s->by_state));
	memcpy(s->last_used, s->used, s->n_spaces * sizeof(*s->used));
	s->rounds++;
}

/* --- rounds --------------------------------------------------------------------------- */

static uint64_t gap_ms(const struct conns_sweep *s)
{
	const uint64_t gap = (uint64_t)s->n * ROUND_MS_PER_MILLION / 1000000;

	return gap > ROUND_MS ? gap : ROUND_MS;
}

static bool is_time(const struct conns_sweep *s, uint64_t now_ms)
{
	return !s->began_ms || now_ms - s->began_ms + EARLY_MS >= gap_ms(s);
}

static void begin_round(struct conns_sweep *s, uint64_t now_ms)
{
	s->running = true;
	s->ports = false;
	s->at = 0;
	conns_suspects_begin(&s->suspects, s->began_ms, now_ms);
	s->began_ms = now_ms;
	memset(s->live, 0, s->n_ids * sizeof(*s->live));
	memset(s->load, 0, s->n_ids * sizeof(*s->load));
	memset(s->by_state, 0, sizeof(s->by_state));
}

bool conns_sweep_is_due(const struct conns_sweep *s, uint64_t now_ms)
{
	return s->running || is_time(s, now_ms) || has_rested(s, now_ms);
}

bool conns_sweep_step(struct conns_sweep *s, const struct conns *c,
		      const struct conns_service *const *services, uint64_t now_ms)
{
	struct round rd = { s, c, services, now_ms, STEP_WORK };

	rd.work = free_rested(s, c, now_ms, rd.work);
	if (!s->running && is_time(s, now_ms))
		begin_round(s, now_ms);
	if (!s->running)
		return has_rested(s, now_ms);
	if (!s->ports)
		visit_records(&rd);
	if (s->ports && rd.work > 0)
		visit_ports(&rd);
	if (!s->running)
		end_round(&rd);
	return s->running || has_rested(s, now_ms);
}
