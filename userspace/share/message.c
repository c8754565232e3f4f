/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/message.h"

#include <errno.h>
#include <netinet/in.h>

#include "base/array.h"
#include "net/addr.h"
#include "share/bytes.h"
#include "share/message_parts.h"

static int read_hello(struct message *m, struct bytes *b)
{
	const size_t n = bytes_number(b, 1);

	m->hello.refresh_s = bytes_number(b, 2);
	if (n > MESSAGE_MAX_NAME)
		return -EBADMSG;
	memset(m->hello.name, 0, sizeof(m->hello.name));
	bytes_copy(b, m->hello.name, n);
	/* It is shown to people, and a label of metrics. */
	for (size_t i = 0; i < n; i++)
		if (m->hello.name[i] <= ' ' || m->hello.name[i] > '~')
			return -EBADMSG;
	m->has_hello = true;
	return 0;
}

static int read_ask(struct message *m, struct bytes *b)
{
	if (m->n_asks == array_len(m->asks))
		return -EBADMSG;
	m->asks[m->n_asks].session = bytes_number(b, 8);
	m->asks[m->n_asks++].nonce = bytes_number(b, 8);
	return 0;
}

static int read_proof(struct message *m, struct bytes *b)
{
	if (m->n_proofs == array_len(m->proofs))
		return -EBADMSG;
	m->proofs[m->n_proofs++] = bytes_number(b, 8);
	return 0;
}

static int read_name(struct message *m, struct bytes *b)
{
	struct message_name *name = &m->names[m->n_names];

	if (m->n_names == array_len(m->names))
		return -EBADMSG;
	name->kind = bytes_number(b, 1);
	name->id = bytes_number(b, 8);
	name->base = bytes_number(b, 2);
	m->n_names++;
	return 0;
}

static void read_addr(struct bytes *b, bool v6, struct shunt_addr *out)
{
	uint8_t raw[16];

	bytes_copy(b, raw, v6 ? 16 : 4);
	*out = addr_from_bytes(v6 ? AF_INET6 : AF_INET, raw);
}

static bool is_name(const struct message *m, uint8_t number, enum message_kind kind)
{
	return number < m->n_names && m->names[number].kind == kind;
}

static int read_conn(struct message *m, struct bytes *b)
{
	struct message_conn *c = &m->conns[m->n_conns];
	uint8_t is, proto;

	if (m->n_conns == array_len(m->conns))
		return -EBADMSG;
	memset(c, 0, sizeof(*c));
	is = bytes_number(b, 1);
	proto = bytes_number(b, 1);
	c->backend = bytes_number(b, 1);
	c->interface = bytes_number(b, 1);
	c->ended = is & CONN_ENDED;
	bytes_copy(b, c->flags, sizeof(c->flags));
	for (int way = 0; way < SHUNT_WAYS; way++)
		c->idle_s[way] = bytes_number(b, 2);
	bytes_copy(b, &c->client.ports, 4);
	bytes_copy(b, &c->server.ports, 4);
	/* Sums of 16-bit words as they lie there, whoever looks. */
	bytes_copy(b, &c->ip_csum, 2);
	bytes_copy(b, &c->l4_csum, 2);
	bytes_copy(b, c->hop, sizeof(c->hop));
	bytes_take(b, 2);
	read_addr(b, is & 1, &c->client.src);
	read_addr(b, is & 2, &c->client.dst);
	read_addr(b, is & 4, &c->server.src);
	read_addr(b, is & 8, &c->server.dst);
	if (is & CONN_TAGGED)
		bytes_copy(b, &c->tags, sizeof(c->tags));
	c->client.proto = c->server.proto = proto;
	m->n_conns++;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return -EBADMSG;
	if (!c->client.ports || !c->server.ports)
		return -EBADMSG;
	return is_name(m, c->backend, MESSAGE_BACKEND) &&
			       is_name(m, c->interface, MESSAGE_INTERFACE)
		       ? 0
		       : -EBADMSG;
}

static int read_flow(struct message *m, struct bytes *b)
{
	struct message_flow *f = &m->flows[m->n_flows];
	uint16_t age;

	if (m->n_flows == array_len(m->flows))
		return -EBADMSG;
	f->backend = bytes_number(b, 1);
	f->line = bytes_number(b, 4);
	f->tag = bytes_number(b, 4);
	age = bytes_number(b, 2);
	f->closing = age & FLOW_CLOSING;
	f->age_s = age & ~FLOW_CLOSING;
	m->n_flows++;
	return is_name(m, f->backend, MESSAGE_BACKEND) && f->line < m->flow_lines ? 0 : -EBADMSG;
}

static int read_flows_head(struct message *m, struct bytes *b)
{
	const uint8_t log2 = bytes_number(b, 1);

	if (log2 > MAX_LINES_LOG2 || m->n_flows)
		return -EBADMSG;
	m->flow_lines = 1ULL << log2;
	m->flow_key = bytes_number(b, 8);
	return 0;
}

static int read_spliced(struct message *m, struct bytes *b)
{
	struct message_conn *c = &m->conns[m->n_conns];
	int err = read_conn(m, b);

	if (err)
		return err;
	c->is_spliced = true;
	c->seq.client_isn = bytes_number(b, 4);
	c->seq.ours = bytes_number(b, 4);
	return 0;
}

static int read_piece(struct message *m, struct bytes *b)
{
	m->piece.round = bytes_number(b, 4);
	m->piece.index = bytes_number(b, 4);
	m->has_piece = true;
	return 0;
}

static int read_want(struct message *m, struct bytes *b)
{
	if (m->n_wants == array_len(m->wants))
		return -EBADMSG;
	m->wants[m->n_wants++] = bytes_number(b, 8);
	return 0;
}

static int read_round(struct message *m, struct bytes *b)
{
	m->round = bytes_number(b, ROUND_BYTES);
	m->has_round = true;
	return 0;
}

/* Of each part: what it begins with, and what is then repeated until its end. */
struct part_reader {
	int (*head)(struct message *m, struct bytes *b);
	int (*item)(struct message *m, struct bytes *b);
};

static const struct part_reader readers[] = {
	[PART_HELLO] = { read_hello, NULL }, [PART_ASK] = { NULL, read_ask },
	[PART_PROOF] = { NULL, read_proof }, [PART_NAMES] = { NULL, read_name },
	[PART_CONNS] = { NULL, read_conn },  [PART_FLOWS] = { read_flows_head, read_flow },
	[PART_ROUND] = { read_round, NULL }, [PART_PIECE] = { read_piece, NULL },
	[PART_WANT] = { NULL, read_want },   [PART_SPLICED] = { NULL, read_spliced },
};

/* What is behind a head without items was added later on. */
static int read_part(struct message *m, uint8_t type, struct bytes b)
{
	const struct part_reader *r = type < array_len(readers) ? &readers[type] : NULL;
	int err = r && r->head ? r->head(m, &b) : 0;

	while (!err && r && r->item && b.n)
		err = r->item(m, &b);
	return b.short_of ? -EBADMSG : err;
}

int message_parse(struct message *m, const uint8_t *bytes, size_t n)
{
	struct bytes all = { .at = bytes, .n = n };
	int err = 0;

	memset(m, 0, sizeof(*m));
	while (all.n && !err) {
		const uint8_t type = bytes_number(&all, 1);
		const size_t part = bytes_number(&all, 2);
		const uint8_t *at = bytes_take(&all, part);

		if (all.short_of)
			return -EBADMSG;
		err = read_part(m, type, (struct bytes){ .at = at, .n = part });
	}
	return err;
}
