/* SPDX-License-Identifier: BSD-2-Clause */
/* What others tell, put into the maps: of what is known here. */
#include <string.h>

#include "base/array.h"
#include "share/internal.h"

/* What may be seen in a direction. */
#define CONN_FLAGS (SHUNT_CONN_SYN | SHUNT_CONN_DATA | SHUNT_CONN_FIN | SHUNT_CONN_RST)

/* Names of a message, and what they stand for here. NULL: nothing. */
struct known {
	const struct ident_backend *backends[MESSAGE_MAX_NAMES];
	const struct ident_interface *interfaces[MESSAGE_MAX_NAMES];
};

static void look_up(const struct share *s, const struct message *m, struct known *out)
{
	for (size_t i = 0; i < m->n_names; i++) {
		out->backends[i] = idents_find(&s->idents, m->names[i].id);
		out->interfaces[i] = idents_find_interface(&s->idents, m->names[i].id);
	}
}

/* --- connections ---------------------------------------------------------------------------- */

static uint32_t seen_at(uint16_t idle_s, uint32_t now_s)
{
	return idle_s < now_s ? now_s - idle_s : 0;
}

/*
 * The hop of the client's side is the peer's: on a link that both are on it is ours, too,
 * and else the client's next packet tells.
 */
static struct shunt_conn make_conn(const struct message_conn *c, const struct ident_backend *b,
				   const struct ident_interface *i, uint32_t now_s)
{
	struct shunt_conn conn = {
		.client = c->client,
		.server = c->server,
		.backend = b->id,
		.tags = c->tags,
		.ifindex = i->ifindex,
		.ip_csum = c->ip_csum,
		.l4_csum = c->l4_csum,
	};

	for (int way = 0; way < SHUNT_WAYS; way++) {
		conn.seen_s[way] = seen_at(c->idle_s[way], now_s);
		conn.flags[way] = c->flags[way] & CONN_FLAGS;
	}
	if (c->is_spliced)
		conn.flags[SHUNT_TO_SERVER] |=
			SHUNT_CONN_SPLICED | (c->flags[SHUNT_TO_SERVER] & SHUNT_CONN_ANEW);
	memcpy(conn.macs, c->hop, sizeof(c->hop));
	memcpy(conn.macs + sizeof(c->hop), i->mac, sizeof(i->mac));
	return conn;
}

static enum peer_heard take_conn(struct share *s, const struct known *known,
				 const struct message_conn *c, uint64_t now_ms)
{
	static const enum peer_heard verdicts[CONNS_VERDICTS] = {
		[CONNS_ENTERED] = PEER_ENTERED, [CONNS_REFRESHED] = PEER_REFRESHED,
		[CONNS_ENDED] = PEER_ENDED,	[CONNS_OURS] = PEER_OURS,
		[CONNS_CLASH] = PEER_CLASH,	[CONNS_FULL] = PEER_FULL,
	};
	const struct ident_backend *b = known->backends[c->backend];
	const struct ident_interface *i = known->interfaces[c->interface];
	const struct conns *maps;
	struct shunt_conn conn;

	if (!dataplane_shared_conns(s->dp, &maps))
		return PEER_FULL;
	if (!b || !i || !b->is_nat)
		return PEER_UNKNOWN;
	conn = make_conn(c, b, i, now_ms / 1000);
	/* The name is of these addresses; but of which way packets go it says nothing. */
	if (!conns_has_backend(maps, &conn))
		return PEER_UNKNOWN;
	return verdicts[dataplane_enter_conn(s->dp, s->plan, &conn, &c->seq, c->ended)];
}

/* --- flows ---------------------------------------------------------------------------------- */

static enum peer_heard take_flow(struct share *s, const struct message *m,
				 const struct ident_backend *b, const struct message_flow *f,
				 uint64_t now_ms)
{
	static const enum peer_heard verdicts[FLOWS_VERDICTS] = {
		[FLOWS_ENTERED] = PEER_ENTERED,
		[FLOWS_REFRESHED] = PEER_REFRESHED,
		[FLOWS_OURS] = PEER_OURS,
		[FLOWS_OTHER_SIZE] = PEER_OTHER_SIZE,
	};
	struct shared_flow flow = { .told = { .line = f->line, .lines = m->flow_lines } };

	if (!b || !b->alive)
		return PEER_UNKNOWN;
	if (m->flow_key != s->idents.flow_key)
		return PEER_OTHER_KEY;
	if (b->affine && b->base != m->names[f->backend].base)
		return PEER_OTHER_BLOCK;
	flow.told.entry = SHUNT_FLOW(f->tag, b->id, (uint32_t)(now_ms / 1000) - f->age_s) |
			  (f->closing ? SHUNT_FLOW_CLOSING : 0);
	flow.table = b->tracked ? NULL : b->table;
	flow.counted = b->counted;
	return verdicts[dataplane_enter_flow(s->dp, &flow, now_ms)];
}

/* --- all of it -------------------------------------------------------------------------------- */

void take_message(struct share *s, const struct message *m, uint64_t now_ms)
{
	struct known known;

	if (!s->dp)
		return;
	look_up(s, m, &known);
	array_for_each (c, m->conns, m->n_conns)
		s->count.connections[take_conn(s, &known, c, now_ms)]++;
	array_for_each (f, m->flows, m->n_flows)
		s->count.flows[take_flow(s, m, known.backends[f->backend], f, now_ms)]++;
}
