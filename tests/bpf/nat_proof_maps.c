/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat_proof.h"

/* An entry of the index, as it is to be found. */
struct entry {
	struct shunt_tuple tuple;
	__u32 way;
	__u32 record;
};

/**
 * struct audit - what was found so far
 * @entries: of the index
 * @ports: bits of ports that records have
 * @active: by id, connections that count
 */
struct audit {
	const struct nat_town *t;
	size_t n_entries;
	struct entry *entries;
	__u32 n_records;
	__u32 n_ports;
	__u32 ports[NAT_CONNS];
	__u32 active[NAT_BACKENDS];
};

static bool holds(bool what, const char *text, __u32 record)
{
	if (!what)
		fprintf(stderr, "not so of record %u: %s\n", record, text);
	return what;
}

static bool is_set(const struct shunt_bit_line *lines, __u32 bit)
{
	return lines[bit / SHUNT_BITS_PER_LINE].word[bit % SHUNT_BITS_PER_LINE / 64] >> bit % 64 &
	       1;
}

/* --- the index -------------------------------------------------------------------------- */

/* Would a packet that goes @way look for it here? */
static bool belongs(const struct conns *c, const struct shunt_conn *conn, enum shunt_way way,
		    __u32 line, __u32 tag)
{
	const __u64 hash = shunt_tuple_hash(c->hash_key, shunt_conn_tuple(conn, way));
	const __u32 first = hash >> 32 & c->mask;

	return tag == (__u32)hash &&
	       (line == first || line == shunt_flow_other(first, hash, c->mask));
}

static bool audit_entry(struct audit *a, __u32 line, __u64 word)
{
	const struct conns *c = &a->t->conns;
	struct entry *e = &a->entries[a->n_entries++];
	struct shunt_conn conn;

	memset(e, 0, sizeof(*e));
	e->record = SHUNT_CONN_RECORD(word);
	if (!holds(e->record && e->record < c->n && is_set(c->bits, e->record),
		   "one that is in the index is in use", e->record))
		return false;
	conn = conns_read(c, e->record);
	while (e->way < SHUNT_WAYS && !belongs(c, &conn, e->way, line, SHUNT_FLOW_TAG(word)))
		e->way++;
	if (!holds(e->way < SHUNT_WAYS, "it is where it is looked for", e->record))
		return false;
	e->tuple = *shunt_conn_tuple(&conn, e->way);
	memset(e->tuple.pad, 0, sizeof(e->tuple.pad));
	return true;
}

/* The record does not count. */
static int compare(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct entry, record));
}

static bool audit_index(struct audit *a)
{
	const struct conns *c = &a->t->conns;

	for (__u32 line = 0; line <= c->mask; line++)
		for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
			if (c->index[line].entry[i] &&
			    !audit_entry(a, line, c->index[line].entry[i]))
				return false;
	qsort(a->entries, a->n_entries, sizeof(*a->entries), compare);
	for (size_t i = 1; i < a->n_entries; i++)
		if (!holds(compare(&a->entries[i - 1], &a->entries[i]),
			   "no tuple is in the index twice", a->entries[i].record))
			return false;
	return true;
}

/* By this record, or by one that has taken its place. */
static bool is_listed(const struct audit *a, const struct shunt_conn *conn, enum shunt_way way)
{
	struct entry e = { .tuple = *shunt_conn_tuple(conn, way), .way = way };

	memset(e.tuple.pad, 0, sizeof(e.tuple.pad));
	return bsearch(&e, a->entries, a->n_entries, sizeof(e), compare);
}

/* --- records ------------------------------------------------------------------------------ */

static bool audit_port(struct audit *a, __u32 record, const struct shunt_conn *conn)
{
	const struct shunt_rodata *ro = &a->t->world.rodata;
	const __u32 space = ro->space_lines * SHUNT_BITS_PER_LINE;

	if (conn->port_bit == SHUNT_NO_PORT_BIT)
		return holds(conn->client.ports << 16 == (conn->server.ports & 0xffff0000),
			     "nat: the client's port", record);
	a->ports[a->n_ports++] = conn->port_bit;
	return holds(is_set(a->t->conns.port_bits, conn->port_bit), "its port is taken", record) &&
	       holds(conns_port(conn->server.ports, 1) ==
			     ro->pool_first_port + conn->port_bit % space % ro->pool_ports,
		     "its port is the one of its bit", record);
}

static bool audit_load(struct audit *a, __u32 record, const struct shunt_conn *conn)
{
	const bool ended = shunt_conn_is_closed(conn->flags);

	if (!holds(conn->backend && conn->backend < NAT_BACKENDS, "it has a backend", record))
		return false;
	a->active[conn->backend] += !ended;
	return holds(conn->counted == (ended ? 0 : conn->backend), "it counts until it ends",
		     record);
}

static bool audit_record(struct audit *a, __u32 record)
{
	const struct conns *c = &a->t->conns;
	const struct shunt_conn conn = conns_read(c, record);

	if (!holds(is_set(c->bits, record) == conns_is_written(&conn),
		   "its bit is set if it is in use", record))
		return false;
	if (!conns_is_written(&conn))
		return true;
	a->n_records++;
	return audit_port(a, record, &conn) && audit_load(a, record, &conn) &&
	       holds(is_listed(a, &conn, SHUNT_TO_SERVER), "the client's tuple is found", record) &&
	       holds(is_listed(a, &conn, SHUNT_TO_CLIENT), "the server's tuple is found", record);
}

static int compare_ports(const void *a, const void *b)
{
	const __u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return x < y ? -1 : x > y;
}

static bool audit_records(struct audit *a)
{
	for (__u32 r = 1; r < a->t->conns.n; r++)
		if (!audit_record(a, r))
			return false;
	qsort(a->ports, a->n_ports, sizeof(a->ports[0]), compare_ports);
	for (__u32 i = 1; i < a->n_ports; i++)
		if (!holds(a->ports[i - 1] != a->ports[i], "no port is taken twice", 0))
			return false;
	for (__u32 id = 0; id < NAT_BACKENDS; id++)
		if (!holds(a->t->conns.loads[id].active == a->active[id], "loads add up", id))
			return false;
	return holds(nat_count_conns(a->t) == a->n_records, "bits and records are as many", 0) &&
	       holds(nat_count_ports(a->t) == a->n_ports, "bits and ports are as many", 0);
}

bool nat_proof_maps(const struct nat_town *t)
{
	const size_t most = ((size_t)t->conns.mask + 1) * SHUNT_FLOWS_PER_LINE;
	_cleanup_free_ struct entry *entries = calloc(most, sizeof(*entries));
	struct audit a = { .t = t, .entries = entries };

	cr_assert(entries);
	return audit_index(&a) && audit_records(&a);
}
