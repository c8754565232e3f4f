/* SPDX-License-Identifier: BSD-2-Clause */
#include "dataplane/explain_look.h"

#include <netinet/in.h>

#include "shunt/hash.h"
#include "tables/listing.h"

/* --- what is known before ------------------------------------------------------- */

static const struct shunt_listing *find_listing(const struct explaining *e)
{
	const struct shunt_service_line *lines = e->twin->own[LOAD_SERVICES];
	const uint32_t mask = e->twin->rodata.service_mask;
	struct shunt_service_key key = { .vip = e->tuple.dst,
					 .port = e->tuple.ports >> 16,
					 .proto = e->tuple.proto };
	const struct shunt_listing *found = listing_find(lines, mask, &key);

	if (found || !e->twin->rodata.any_port)
		return found;
	key.port = 0;
	return listing_find(lines, mask, &key);
}

/* As bpf/slot.h has it: that is where it stands why. */
static uint64_t hash_of(const struct explaining *e)
{
	const __u64 *key = e->twin->conns.hash_key;
	const struct shunt_tuple *t = &e->tuple;
	const uint32_t flags = e->x->service_flags;
	const __be32 ports = flags & SHUNT_SERVICE_L3HASH ? 0 : t->ports;
	const uint64_t source = shunt_hash_source(key, &t->src, explaining_is_v6(e));
	const uint64_t flow =
		shunt_hash_flow(key, &t->src, &t->dst, ports, t->proto, explaining_is_v6(e));

	if (flags & SHUNT_SERVICE_AFFINITY)
		return shunt_hash_word(source, e->x->base);
	return flags & SHUNT_SERVICE_SOURCE ? shunt_hash_with_slot(flow, source) : flow;
}

/* The word of its slot; 0 if the map ends before that. */
static uint32_t read_word(const struct explaining *e, const struct shunt_service *s)
{
	const struct shunt_slot_line *lines = e->twin->own[LOAD_SLOTS];
	const uint32_t n = e->twin->entries[LOAD_SLOTS], i = e->x->slot % SHUNT_SLOTS_PER_LINE;
	const uint64_t owner = (uint64_t)s->first + e->x->slot / SHUNT_SLOTS_PER_LINE;
	const uint64_t transit = owner + s->line_mask + 1;

	if (owner >= n)
		return 0;
	return shunt_slot_word(lines[owner].half[i], transit < n ? lines[transit].half[i] : 0);
}

/* Of a slot in transition, but for UDP that moves with it; or of a service whose flows all are. */
static bool is_looked_up(const struct explain *x)
{
	if (x->service_flags & SHUNT_SERVICE_TRACKED)
		return true;
	if (x->packet.proto == IPPROTO_UDP && x->service_flags & SHUNT_SERVICE_UDP_MOVES)
		return false;
	return SHUNT_SLOT_STATE(x->word) != SHUNT_SLOT_STABLE;
}

void explaining_find_service(struct explaining *e)
{
	const struct shunt_listing *listing = find_listing(e);
	struct explain *x = e->x;
	struct shunt_service s;

	if (!listing)
		return;
	s = listing_service(listing);
	x->has_service = true;
	x->key = listing_key(listing);
	x->service_flags = listing->flags;
	x->base = s.base;
	x->slots = (s.line_mask + 1) * SHUNT_SLOTS_PER_LINE;
	e->hash = hash_of(e);
	x->slot = e->hash & (x->slots - 1);
	x->word = read_word(e, &s);
	x->tracked = is_looked_up(x);
}

/* --- what is remembered, before and after ------------------------------------------ */

static bool find_entry(const struct shunt_flow_line *line, uint32_t tag, uint64_t *out)
{
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = line->entry[i];

		if (!entry || SHUNT_FLOW_TAG(entry) != tag)
			continue;
		*out = entry;
		return true;
	}
	return false;
}

static struct explain_flow flow_of(const struct explaining *e, uint64_t entry)
{
	return (struct explain_flow){ .backend = SHUNT_FLOW_BACKEND(entry),
				      .age_s = SHUNT_FLOW_AGE(entry, e->now_s),
				      .closing = entry & SHUNT_FLOW_CLOSING };
}

/* An entry without its mark is not there. */
static bool find_pin_in(const struct explaining *e, uint32_t line, uint64_t *out)
{
	const struct shunt_flow_line *lines = e->twin->own[LOAD_FLOWS];
	const uint8_t *marks = e->twin->own[LOAD_MARKS];

	return marks[line] & SHUNT_FLOW_MARK(e->hash) && find_entry(&lines[line], e->hash, out);
}

static struct explain_flow find_pin(const struct explaining *e)
{
	const uint32_t mask = e->twin->rodata.flow_mask, first = e->hash >> 32 & mask;
	uint64_t entry;

	if (find_pin_in(e, first, &entry) ||
	    find_pin_in(e, shunt_flow_other(first, e->hash, mask), &entry))
		return flow_of(e, entry);
	return (struct explain_flow){ 0 };
}

static struct explain_flow find_note(const struct explaining *e)
{
	const struct shunt_flow_line *lines = e->twin->own[LOAD_FRESH];
	uint64_t entry;

	if (find_entry(&lines[e->hash >> 32 & (SHUNT_FRESH_LINES - 1)], e->hash, &entry))
		return flow_of(e, entry);
	return (struct explain_flow){ 0 };
}

static struct snapshot_endpoint endpoint(const struct shunt_addr *addr, __be32 ports, int which)
{
	return (struct snapshot_endpoint){ *addr, conns_port(ports, which) };
}

static struct explain_conn find_conn(const struct explaining *e)
{
	const struct conns *c = &e->twin->conns;
	const enum shunt_way way =
		conns_find(c, &e->tuple, SHUNT_TO_SERVER) ? SHUNT_TO_SERVER : SHUNT_TO_CLIENT;
	const uint32_t r = conns_find(c, &e->tuple, way);
	struct shunt_conn conn;

	if (!r)
		return (struct explain_conn){ 0 };
	conn = conns_read(c, r);
	return (struct explain_conn){
		.record = r,
		.way = way,
		.backend = conn.backend,
		.state = conns_state(&conn),
		.idle_s = conns_idle_s(&conn, e->now_s),
		.server = endpoint(&conn.server.src, conn.server.ports, 0),
		.source = endpoint(&conn.server.dst, conn.server.ports, 1),
	};
}

void explaining_look(const struct explaining *e, enum explain_when when)
{
	if (e->x->tracked) {
		e->x->pinned[when] = find_pin(e);
		e->x->noted[when] = find_note(e);
	}
	if (e->twin->rodata.nat)
		e->x->conn[when] = find_conn(e);
}
