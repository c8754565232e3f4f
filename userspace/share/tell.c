/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What others are to know, put into datagrams. What a datagram does not take goes into the
 * next one; when the rate lets no more go, whoever was about to be told of is the first
 * at the next tick.
 */
#include <string.h>

#include "base/array.h"
#include "share/internal.h"

/* A tick looks at so many records, and lines of the flow cache: a millisecond or two. */
#define TICK_RECORDS 8192
#define TICK_LINES 16384
/* Within so many ticks all lines are looked at for what is new. */
#define NEWS_TICKS 10

/* From the near future is from now: the program writes meanwhile. */
#define FUTURE_S 256

/* --- datagrams --------------------------------------------------------------------------- */

static void send_message(struct share *s, const struct message *m)
{
	uint8_t bytes[SEAL_MAX];
	const int n = sessions_close(&s->sessions, m, bytes);

	if (n < 0) {
		s->count.send_errors++;
		return;
	}
	s->count.send_errors += link_send(&s->link, bytes, n);
	s->count.sent++;
	s->count.sent_bytes += n;
}

static void flush(struct share *s)
{
	if (!s->has_draft)
		return;
	s->has_draft = false;
	if (message_is_empty(&s->draft)) {
		budget_return(&s->budget);
		return;
	}
	s->draft.piece = (struct message_piece){ s->round.number, s->round.pieces };
	s->round.pieces += s->draft.has_piece;
	send_message(s, &s->draft);
}

/* Whoever has asked for it counts what he hears. */
static bool is_counted(const struct share_round *r)
{
	return r->with_theirs && r->began_ms && !r->is_over;
}

/* There is a draft, or the rate does not allow one. */
static bool have_draft(struct share *s)
{
	if (s->has_draft)
		return true;
	if (!budget_take(&s->budget))
		return false;
	sessions_begin_message(&s->sessions, s->tick_ms, &s->draft);
	/* Whoever is to prove himself hears that from our hellos. */
	s->draft.n_asks = 0;
	s->draft.flow_key = s->idents.flow_key;
	s->draft.has_piece = is_counted(&s->round);
	s->has_draft = true;
	return true;
}

/* --- connections ------------------------------------------------------------------------- */

static uint16_t idle_of(uint32_t seen_s, uint32_t now_s)
{
	const uint32_t idle = now_s > seen_s ? now_s - seen_s : 0;

	return seen_s && idle < UINT16_MAX ? idle : UINT16_MAX;
}

static struct message_conn describe(const struct shunt_conn *conn, uint32_t now_s)
{
	struct message_conn c = {
		.client = conn->client,
		.server = conn->server,
		.ip_csum = conn->ip_csum,
		.l4_csum = conn->l4_csum,
		.tags = conn->tags,
	};

	for (int way = 0; way < SHUNT_WAYS; way++) {
		c.flags[way] = conn->flags[way] & ~SHUNT_CONN_UNCOUNTED;
		c.idle_s[way] = idle_of(conn->seen_s[way], now_s);
	}
	memcpy(c.hop, conn->macs, sizeof(c.hop));
	return c;
}

/* False: not now. What nobody could know is as good as told. @seq: NULL: it has ended. */
static bool put_conn(struct share *s, const struct shunt_conn *conn,
		     const struct shunt_conn_seq *seq)
{
	const struct ident_backend *b = idents_by_id(&s->idents, conn->backend);
	const struct ident_interface *i = idents_interface_by_index(&s->idents, conn->ifindex);
	struct message_conn c = describe(conn, s->tick_ms / 1000);
	struct message_name backend, interface;
	size_t names;

	if (!b || !i)
		return true;
	backend = (struct message_name){ MESSAGE_BACKEND, b->name, b->base };
	interface = (struct message_name){ MESSAGE_INTERFACE, i->name, 0 };
	c.ended = !seq;
	c.is_spliced = seq && conns_is_spliced(conn);
	if (c.is_spliced)
		c.seq = *seq;
	for (int tries = 0; tries < 2; tries++) {
		if (!have_draft(s))
			return false;
		names = message_lacks_name(&s->draft, &backend) +
			message_lacks_name(&s->draft, &interface);
		if (message_fits_conn(&s->draft, &c, names))
			break;
		flush(s);
	}
	c.backend = message_put_name(&s->draft, &backend);
	c.interface = message_put_name(&s->draft, &interface);
	s->draft.conns[s->draft.n_conns++] = c;
	s->count.told[c.ended ? PEER_TOLD_ENDS : PEER_TOLD_CONNECTIONS]++;
	return true;
}

static bool tell_ends(struct share *s, struct conns_share *conns)
{
	const struct shunt_conn *end;

	while ((end = conns_share_end(conns))) {
		if (!put_conn(s, end, NULL))
			return false;
		conns_share_end_told(conns);
	}
	return true;
}

/* Those of @which before record @until. */
static bool tell_conns(struct share *s, enum conns_which which, uint32_t until)
{
	const struct conns *maps;
	struct conns_share *conns = dataplane_shared_conns(s->dp, &maps);
	uint32_t work = TICK_RECORDS, r;
	struct shunt_conn_seq seq;
	struct shunt_conn conn;

	if (!conns)
		return true;
	if (which == CONNS_NEWS && !tell_ends(s, conns))
		return false;
	while (conns->at[which] < until) {
		r = conns_share_next(conns, maps, which, &work, &conn);
		if (!r)
			break;
		seq = conns_read_seq(maps, r);
		if (!put_conn(s, &conn, &seq))
			return false;
		conns_share_told(conns, which, r, &conn);
	}
	return true;
}

/* --- flows ------------------------------------------------------------------------------- */

/* A second older than it is: what is told on and on dies out. */
static uint16_t age_of(uint64_t entry, uint64_t now_ms)
{
	const uint32_t age = SHUNT_FLOW_AGE(entry, (uint32_t)(now_ms / 1000));

	if (age > SHUNT_FLOW_TIME_MASK - FUTURE_S)
		return 1;
	return age < SHUNT_FLOW_TIME_MASK ? age + 1 : age;
}

static bool put_flow(struct share *s, uint64_t entry, uint32_t line)
{
	const struct ident_backend *b = idents_by_id(&s->idents, SHUNT_FLOW_BACKEND(entry));
	struct message_name name;
	struct message_flow *f;

	if (!b || !b->alive)
		return true;
	name = (struct message_name){ MESSAGE_BACKEND, b->name, b->base };
	for (int tries = 0; tries < 2; tries++) {
		if (!have_draft(s))
			return false;
		if (message_fits_flow(&s->draft, message_lacks_name(&s->draft, &name)))
			break;
		flush(s);
	}
	f = &s->draft.flows[s->draft.n_flows++];
	f->backend = message_put_name(&s->draft, &name);
	f->closing = entry & SHUNT_FLOW_CLOSING;
	f->age_s = age_of(entry, s->tick_ms);
	f->line = line;
	f->tag = SHUNT_FLOW_TAG(entry);
	s->count.told[PEER_TOLD_FLOWS]++;
	return true;
}

static bool tell_line(struct share *s, enum flows_which which, size_t line)
{
	struct flows_cache cache;
	struct flows_share *flows = dataplane_shared_flows(s->dp, &cache);
	uint64_t entries[SHUNT_FLOWS_PER_LINE];

	if (!flows_share_look(flows, which, line, &cache.lines[line], entries))
		return true;
	array_for_each (entry, entries, array_len(entries)) {
		if (!*entry)
			continue;
		if (!put_flow(s, *entry, line))
			return false;
		s->draft.flow_lines = cache.n;
	}
	flows_share_told(flows, line, entries);
	return true;
}

static size_t count_lines(struct share *s)
{
	struct flows_cache cache = { 0 };

	return dataplane_shared_flows(s->dp, &cache) ? cache.n : 0;
}

static bool tell_new_flows(struct share *s)
{
	struct flows_cache cache;
	struct flows_share *flows = dataplane_shared_flows(s->dp, &cache);
	size_t left;

	if (!flows)
		return true;
	left = cache.n / NEWS_TICKS + 1;
	for (left = left < TICK_LINES ? left : TICK_LINES; left; left--) {
		if (!tell_line(s, FLOWS_NEWS, flows->at))
			return false;
		flows->at = (flows->at + 1) % cache.n;
	}
	return true;
}

static bool tell_flows(struct share *s, size_t until)
{
	const enum flows_which which = s->round.with_theirs ? FLOWS_EVERY : FLOWS_ALL;

	for (size_t left = TICK_LINES; left && s->round.line < until; left--) {
		if (!tell_line(s, which, s->round.line))
			return false;
		s->round.line++;
	}
	return true;
}

/* --- rounds --------------------------------------------------------------------------------- */

static void begin_round(struct share *s)
{
	const struct conns *maps;
	struct conns_share *conns = dataplane_shared_conns(s->dp, &maps);

	/* What was told in this tick is of none. */
	flush(s);
	if (conns)
		conns_share_restart(conns, s->round.with_theirs);
	s->round.number++;
	s->round.pieces = 0;
	s->round.line = 0;
	s->round.is_over = false;
	s->round.began_ms = s->tick_ms;
}

void tell_all(struct share *s)
{
	s->round.began_ms = 0;
	s->round.hurry = true;
}

void tell_every(struct share *s)
{
	/* He has heard of one that is still under way. */
	if (s->round.with_theirs)
		return;
	tell_all(s);
	s->round.with_theirs = true;
}

static bool put_round(struct share *s)
{
	flush(s);
	if (!have_draft(s))
		return false;
	s->draft.has_round = true;
	s->draft.round = s->round.number;
	return true;
}

/* How far a round may be by now, of @n. */
static size_t part_of(const struct share *s, size_t n)
{
	const uint64_t passed_ms = s->tick_ms - s->round.began_ms;

	if (s->round.hurry || passed_ms >= s->conf.refresh_ms)
		return n;
	return n * passed_ms / s->conf.refresh_ms;
}

static bool is_through(struct share *s)
{
	const struct conns *maps;
	const struct conns_share *conns = dataplane_shared_conns(s->dp, &maps);

	return (!conns || conns_share_is_through(conns)) && s->round.line >= count_lines(s);
}

static void tell_round(struct share *s)
{
	struct share_round *r = &s->round;
	const struct conns *maps;
	const struct conns_share *conns = dataplane_shared_conns(s->dp, &maps);

	if (!r->began_ms || (r->is_over && s->tick_ms - r->began_ms >= s->conf.refresh_ms))
		begin_round(s);
	if (r->is_over || !tell_conns(s, CONNS_ALL, conns ? part_of(s, conns->n) : 0) ||
	    !tell_flows(s, part_of(s, count_lines(s))))
		return;
	if (!is_through(s) || !put_round(s))
		return;
	r->is_over = true;
	r->hurry = r->with_theirs = false;
	r->took_s = (s->tick_ms - r->began_ms) / 1e3;
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool somebody_listens(const struct share *s)
{
	array_for_each (at, s->sessions.at, array_len(s->sessions.at))
		if (session_listens(at, s->tick_ms))
			return true;
	return false;
}

/* Ends, what is new, and then rounds, which have a part of the rate to themselves. */
static void tell_some(struct share *s)
{
	bool is_all;

	budget_begin_news(&s->budget, !s->round.is_over);
	is_all = tell_conns(s, CONNS_NEWS, UINT32_MAX) && tell_new_flows(s);
	budget_begin_round(&s->budget, is_all);
	tell_round(s);
	flush(s);
	budget_end(&s->budget);
	s->count.held_back += s->budget.held_back;
}

void tell_tick(struct share *s, uint64_t now_ms)
{
	budget_refill(&s->budget, s->conf.rate, now_ms - s->tick_ms);
	s->tick_ms = now_ms;
	if (s->dp && somebody_listens(s))
		tell_some(s);
	else
		/* Whoever comes is told all. */
		s->round.began_ms = 0;
}

/* In which all is told again: as the config says, or as the rate has allowed last. */
static uint16_t refresh_s(const struct share *s)
{
	const uint64_t took_ms = s->round.took_s * 1000;
	const uint64_t takes_ms = took_ms > s->conf.refresh_ms ? took_ms : s->conf.refresh_ms;

	return takes_ms < UINT16_MAX * 1000 ? (takes_ms + 999) / 1000 : UINT16_MAX;
}

void tell_hello(struct share *s, uint64_t now_ms)
{
	struct message m;

	sessions_begin_message(&s->sessions, now_ms, &m);
	m.has_hello = true;
	memcpy(m.hello.name, s->name, sizeof(s->name));
	m.hello.refresh_s = refresh_s(s);
	catch_up_ask(&s->catch_up, &s->sessions, now_ms, &m);
	send_message(s, &m);
}
