/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What would become of a packet, and why: it is made here and run through the program,
 * in a copy of its world (dataplane/twin.h), so that nothing changes and nothing is
 * counted. What the program did is read from its action, from the bytes that came out
 * and from what differs in the copies; what it found there, from the maps.
 *
 * Plain data, in ids: names are for whoever has the config.
 */
#ifndef DATAPLANE_EXPLAIN_H
#define DATAPLANE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/snapshot.h"
#include "shunt/conn.h"
#include "shunt/limit.h"
#include "shunt/reason.h"

/**
 * struct explain_packet - which one
 * @ifindex: of the interface that it comes in by
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @src, @dst: of one family
 * @syn: TCP: the first packet of a connection; else one in the middle
 */
struct explain_packet {
	int ifindex;
	uint8_t proto;
	struct snapshot_endpoint src, dst;
	bool syn;
};

/* Why that backend. */
enum explain_why {
	EXPLAIN_NO_BACKEND, /* none was chosen */
	EXPLAIN_OWNER, /* the slot is its own */
	EXPLAIN_FORMER_OWNER, /* the slot was its own, and the flow may be an old one */
	EXPLAIN_PINNED, /* the flow cache has the flow there */
	EXPLAIN_NOTED, /* its SYN went there while the slot was in transition */
	EXPLAIN_DEALT, /* the flow begins, and the scheduler gives it there */
	EXPLAIN_CONNECTION, /* of nat or fullnat: it is of one */
	EXPLAIN_WHYS,
};

/* Before the packet and after it. */
enum explain_when {
	EXPLAIN_BEFORE,
	EXPLAIN_AFTER,
	EXPLAIN_WHENS,
};

/**
 * struct explain_flow - what the flow cache, or the note of new flows, has of the flow
 * @backend: id; 0: nothing
 * @closing: its client has ended it
 */
struct explain_flow {
	uint32_t backend;
	uint32_t age_s;
	bool closing;
};

/**
 * struct explain_conn - what is known of its connection
 * @record: 0: nothing
 * @way: that the packet goes
 */
struct explain_conn {
	uint32_t record;
	enum shunt_way way;
	uint32_t backend;
	enum shunt_conn_state state;
	uint32_t idle_s;
	struct snapshot_endpoint server, source;
};

#define EXPLAIN_BYTES 160
/* Rules of the firewall that may apply to one packet: of both lists, of flags, of limits. */
#define EXPLAIN_RULES (3 + SHUNT_MAX_LIMITS)

/**
 * struct explain - the answer
 * @action: XDP_*
 * @has_service: one has this address and port; what follows up to @word means something
 * @key: of that service; port 0: of any port
 * @service_flags: SHUNT_SERVICE_*
 * @base: of its block of backends
 * @slots, @slot, @word: of its table, and the slot that the flow is in
 * @tracked: the flow cache has a part in it, and so @pinned and @noted
 * @rules: ids of the @n_rules rules of the firewall that it has hit
 * @backend: id of the one that was chosen; 0: none, see @why
 * @has_way: then: @leg leads there by @egress, if that is not 0
 * @in, @out: @in_bytes and @out_bytes of the frame, as it came and as it went; what went
 *	to the stack or was dropped has nothing to show
 */
struct explain {
	struct explain_packet packet;
	enum shunt_reason reason;
	uint32_t action;
	bool has_service;
	struct shunt_service_key key;
	uint32_t service_flags;
	uint32_t base;
	uint32_t slots, slot, word;
	bool tracked;
	struct explain_flow pinned[EXPLAIN_WHENS], noted[EXPLAIN_WHENS];
	struct explain_conn conn[EXPLAIN_WHENS];
	uint32_t rules[EXPLAIN_RULES];
	size_t n_rules;
	uint32_t backend;
	enum explain_why why;
	bool has_way;
	struct shunt_leg leg;
	struct shunt_egress egress;
	size_t in_bytes, out_bytes;
	uint8_t in[EXPLAIN_BYTES], out[EXPLAIN_BYTES];
};

struct twin;

/**
 * explain_run() - one packet
 * @t: filled with what holds now by this
 * @p: EXPLAIN_BYTES are enough for it, and for what is put around it
 *
 * Return: 0; a negative errno.
 */
int explain_run(struct twin *t, const struct explain_packet *p, struct explain *out);

struct dataplane;

/*
 * The same of the program of @dp. It takes as long as loading a program does, so whoever
 * has other things to do calls it in another process. Logged.
 */
int dataplane_explain(const struct dataplane *dp, const struct explain_packet *p,
		      struct explain *out);

#endif /* DATAPLANE_EXPLAIN_H */
