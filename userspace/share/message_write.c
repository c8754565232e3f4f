/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>

#include "base/array.h"
#include "net/addr.h"
#include "share/bytes.h"
#include "share/message.h"
#include "share/message_parts.h"

/* --- room ----------------------------------------------------------------------------------- */

static size_t conn_bytes(const struct message_conn *c)
{
	const struct shunt_addr *addrs[CONN_ADDRS] = { &c->client.src, &c->client.dst,
						       &c->server.src, &c->server.dst };
	size_t n = CONN_BYTES + (c->tags ? sizeof(c->tags) : 0) + (c->is_spliced ? SEQ_BYTES : 0);

	array_for_each (a, addrs, array_len(addrs))
		n += addr_is_v4(*a) ? 4 : 16;
	return n;
}

static size_t part_bytes(size_t items, size_t each)
{
	return items ? PART_HEAD + items * each : 0;
}

static size_t message_size(const struct message *m)
{
	size_t n = part_bytes(m->n_asks, ASK_BYTES) + part_bytes(m->n_proofs, PROOF_BYTES) +
		   part_bytes(m->n_names, NAME_BYTES) + part_bytes(m->n_flows, FLOW_BYTES) +
		   part_bytes(m->n_wants, WANT_BYTES);

	n += m->n_flows ? FLOWS_HEAD : 0;
	n += m->has_hello ? PART_HEAD + 3 + strlen(m->hello.name) : 0;
	n += m->has_round ? PART_HEAD + ROUND_BYTES : 0;
	n += m->has_piece ? PART_HEAD + PIECE_BYTES : 0;
	/* Of two kinds. */
	n += m->n_conns ? 2 * PART_HEAD : 0;
	array_for_each (c, m->conns, m->n_conns)
		n += conn_bytes(c);
	return n;
}

/* Heads of parts that may be new. */
#define SPARE (3 * PART_HEAD + FLOWS_HEAD)

static bool fits(const struct message *m, size_t bytes, size_t names)
{
	return m->n_names + names <= array_len(m->names) &&
	       message_size(m) + names * NAME_BYTES + bytes + SPARE <= MESSAGE_BYTES;
}

bool message_fits_conn(const struct message *m, const struct message_conn *conn, size_t names)
{
	return m->n_conns < array_len(m->conns) && fits(m, conn_bytes(conn), names);
}

bool message_fits_flow(const struct message *m, size_t names)
{
	return m->n_flows < array_len(m->flows) && fits(m, FLOW_BYTES, names);
}

static size_t find_name(const struct message *m, const struct message_name *name)
{
	size_t i = 0;

	while (i < m->n_names && (m->names[i].id != name->id || m->names[i].kind != name->kind))
		i++;
	return i;
}

bool message_lacks_name(const struct message *m, const struct message_name *name)
{
	return find_name(m, name) == m->n_names;
}

uint8_t message_put_name(struct message *m, const struct message_name *name)
{
	const size_t i = find_name(m, name);

	if (i == m->n_names) {
		assert(m->n_names < array_len(m->names));
		m->names[m->n_names++] = *name;
	}
	return i;
}

bool message_is_empty(const struct message *m)
{
	return !m->n_conns && !m->n_flows && !m->has_round && !m->has_hello;
}

/* --- write ------------------------------------------------------------------------------------ */

/* Where to, and how much there is. */
struct writer {
	uint8_t *at;
	size_t n;
};

static void put(struct writer *w, uint64_t value, size_t n)
{
	bytes_store(w->at + w->n, value, n);
	w->n += n;
}

static void put_raw(struct writer *w, const void *data, size_t n)
{
	memcpy(w->at + w->n, data, n);
	w->n += n;
}

/* Return: where its length is to be put by end_part(). */
static size_t begin_part(struct writer *w, enum part type)
{
	put(w, type, 1);
	put(w, 0, 2);
	return w->n;
}

static void end_part(struct writer *w, size_t from)
{
	bytes_store(w->at + from - 2, w->n - from, 2);
}

static void put_addr(struct writer *w, const struct shunt_addr *a)
{
	if (addr_is_v4(a))
		put_raw(w, &a->b[12], 4);
	else
		put_raw(w, a->b, 16);
}

static uint8_t conn_is(const struct message_conn *c)
{
	uint8_t is = (c->ended ? CONN_ENDED : 0) | (c->tags ? CONN_TAGGED : 0);

	is |= addr_is_v4(&c->client.src) ? 0 : 1;
	is |= addr_is_v4(&c->client.dst) ? 0 : 2;
	is |= addr_is_v4(&c->server.src) ? 0 : 4;
	is |= addr_is_v4(&c->server.dst) ? 0 : 8;
	return is;
}

static void put_conn(struct writer *w, const struct message_conn *c)
{
	put(w, conn_is(c), 1);
	put(w, c->client.proto, 1);
	put(w, c->backend, 1);
	put(w, c->interface, 1);
	put_raw(w, c->flags, sizeof(c->flags));
	put(w, c->idle_s[SHUNT_TO_SERVER], 2);
	put(w, c->idle_s[SHUNT_TO_CLIENT], 2);
	put_raw(w, &c->client.ports, 4);
	put_raw(w, &c->server.ports, 4);
	put_raw(w, &c->ip_csum, 2);
	put_raw(w, &c->l4_csum, 2);
	put_raw(w, c->hop, sizeof(c->hop));
	put(w, 0, 2);
	put_addr(w, &c->client.src);
	put_addr(w, &c->client.dst);
	put_addr(w, &c->server.src);
	put_addr(w, &c->server.dst);
	if (c->tags)
		put_raw(w, &c->tags, sizeof(c->tags));
	if (!c->is_spliced)
		return;
	put(w, c->seq.client_isn, 4);
	put(w, c->seq.ours, 4);
}

/* Those of the one kind, or of the other. */
static void put_conns(struct writer *w, const struct message *m, bool spliced)
{
	size_t from = 0;

	array_for_each (c, m->conns, m->n_conns) {
		if (c->is_spliced != spliced)
			continue;
		from = from ?: begin_part(w, spliced ? PART_SPLICED : PART_CONNS);
		put_conn(w, c);
	}
	if (from)
		end_part(w, from);
}

static void put_flows(struct writer *w, const struct message *m)
{
	const size_t from = begin_part(w, PART_FLOWS);

	put(w, __builtin_ctzll(m->flow_lines), 1);
	put(w, m->flow_key, 8);
	array_for_each (f, m->flows, m->n_flows) {
		put(w, f->backend, 1);
		put(w, f->line, 4);
		put(w, f->tag, 4);
		put(w, (f->age_s & ~FLOW_CLOSING) | (f->closing ? FLOW_CLOSING : 0), 2);
	}
	end_part(w, from);
}

static void put_hello(struct writer *w, const struct message_hello *h)
{
	const size_t from = begin_part(w, PART_HELLO);

	put(w, strlen(h->name), 1);
	put(w, h->refresh_s, 2);
	put_raw(w, h->name, strlen(h->name));
	end_part(w, from);
}

static void put_round(struct writer *w, uint32_t round)
{
	const size_t from = begin_part(w, PART_ROUND);

	put(w, round, ROUND_BYTES);
	end_part(w, from);
}

static void put_piece(struct writer *w, const struct message_piece *p)
{
	const size_t from = begin_part(w, PART_PIECE);

	put(w, p->round, 4);
	put(w, p->index, 4);
	end_part(w, from);
}

static void put_wants(struct writer *w, const struct message *m)
{
	const size_t from = begin_part(w, PART_WANT);

	array_for_each (session, m->wants, m->n_wants)
		put(w, *session, 8);
	end_part(w, from);
}

static void put_names(struct writer *w, const struct message *m)
{
	const size_t from = begin_part(w, PART_NAMES);

	array_for_each (name, m->names, m->n_names) {
		put(w, name->kind, 1);
		put(w, name->id, 8);
		put(w, name->base, 2);
	}
	end_part(w, from);
}

static void put_asks(struct writer *w, const struct message *m)
{
	const size_t from = begin_part(w, PART_ASK);

	array_for_each (a, m->asks, m->n_asks) {
		put(w, a->session, 8);
		put(w, a->nonce, 8);
	}
	end_part(w, from);
}

static void put_proofs(struct writer *w, const struct message *m)
{
	const size_t from = begin_part(w, PART_PROOF);

	array_for_each (p, m->proofs, m->n_proofs)
		put(w, *p, 8);
	end_part(w, from);
}

size_t message_write(const struct message *m, uint8_t out[MESSAGE_BYTES])
{
	struct writer w = { .at = out };

	assert(message_size(m) <= MESSAGE_BYTES);
	if (m->has_hello)
		put_hello(&w, &m->hello);
	if (m->n_asks)
		put_asks(&w, m);
	if (m->n_proofs)
		put_proofs(&w, m);
	if (m->n_names)
		put_names(&w, m);
	put_conns(&w, m, false);
	put_conns(&w, m, true);
	if (m->n_flows)
		put_flows(&w, m);
	if (m->has_piece)
		put_piece(&w, &m->piece);
	if (m->n_wants)
		put_wants(&w, m);
	if (m->has_round)
		put_round(&w, m->round);
	return w.n;
}
