/* SPDX-License-Identifier: BSD-2-Clause */
#include "dataplane/explain.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dataplane/explain_look.h"
#include "dataplane/internal.h"

/* --- who was chosen ---------------------------------------------------------------- */

static uint32_t id_of(const struct explain *x, uint32_t member)
{
	return member ? x->base + member : 0;
}

static uint32_t owner_of(const struct explain *x)
{
	return id_of(x, SHUNT_SLOT_CUR(x->word));
}

static uint32_t former_owner_of(const struct explain *x)
{
	return id_of(x, SHUNT_SLOT_PREV(x->word));
}

/* As bpf/sched.h: new flows are dealt out, and each stays where it is. */
static bool is_dealt(const struct explain *x)
{
	const uint32_t deals = 3U << SHUNT_SERVICE_CHOICE_SHIFT | SHUNT_SERVICE_LIMITED |
			       SHUNT_SERVICE_AFFINITY | SHUNT_SERVICE_COUNTED;

	return x->service_flags & SHUNT_SERVICE_TRACKED && x->service_flags & deals;
}

/* A flow may begin with it. */
static bool may_begin(const struct explain *x)
{
	return x->packet.proto == IPPROTO_TCP ? x->packet.syn : is_dealt(x);
}

static bool is_alive(const struct explaining *e, uint32_t id)
{
	const struct shunt_backend *backends = e->twin->own[LOAD_BACKENDS];
	const struct shunt_backend *b = &backends[id];

	if (!id || id >= e->twin->entries[LOAD_BACKENDS])
		return false;
	if (!b->leg[SHUNT_V4].forward && !b->leg[SHUNT_V6].forward)
		return false;
	return !(b->leg[explaining_is_v6(e) ? SHUNT_V6 : SHUNT_V4].flags & SHUNT_LEG_DEAD);
}

static bool is_pinned(const struct explaining *e)
{
	const struct explain_flow *pin = &e->x->pinned[EXPLAIN_BEFORE];

	if (!is_alive(e, pin->backend))
		return false;
	if (!may_begin(e->x))
		return true;
	return is_dealt(e->x) && !pin->closing &&
	       e->x->pinned[EXPLAIN_AFTER].backend == pin->backend;
}

/* A SYN begins a flow, and of UDP nothing is noted. */
static bool is_noted(const struct explaining *e)
{
	return e->x->packet.proto == IPPROTO_TCP && !e->x->packet.syn &&
	       is_alive(e, e->x->noted[EXPLAIN_BEFORE].backend);
}

/* Nor is one that begins an old one. */
static bool is_at_former_owner(const struct explaining *e)
{
	return !may_begin(e->x) && is_alive(e, former_owner_of(e->x));
}

struct choice {
	uint32_t backend;
	enum explain_why why;
};

/* A slot that is stable, or what has come of one that is not. */
static struct choice choose_by_slot(const struct explaining *e)
{
	const struct explain *x = e->x;

	if (!x->tracked)
		return (struct choice){ owner_of(x), EXPLAIN_OWNER };
	if (is_pinned(e))
		return (struct choice){ x->pinned[EXPLAIN_BEFORE].backend, EXPLAIN_PINNED };
	if (may_begin(x) && is_dealt(x) && x->pinned[EXPLAIN_AFTER].backend)
		return (struct choice){ x->pinned[EXPLAIN_AFTER].backend, EXPLAIN_DEALT };
	if (is_noted(e))
		return (struct choice){ x->noted[EXPLAIN_BEFORE].backend, EXPLAIN_NOTED };
	if (is_at_former_owner(e))
		return (struct choice){ former_owner_of(x), EXPLAIN_FORMER_OWNER };
	return (struct choice){ owner_of(x), EXPLAIN_OWNER };
}

/* What the maps say about it. */
static struct choice choose(const struct explaining *e)
{
	const struct explain_conn *before = &e->x->conn[EXPLAIN_BEFORE];
	const struct explain_conn *after = &e->x->conn[EXPLAIN_AFTER];

	if (e->x->has_service && !(e->x->service_flags & SHUNT_SERVICE_NAT))
		return choose_by_slot(e);
	if (!after->record)
		return (struct choice){ 0, EXPLAIN_NO_BACKEND };
	return (struct choice){ after->backend, before->record == after->record ? EXPLAIN_CONNECTION
										: EXPLAIN_DEALT };
}

/* Reasons that a packet may only end for when its backend is known. */
static bool is_behind_choice(enum shunt_reason reason)
{
	switch (reason) {
	case SHUNT_FORWARDED:
	case SHUNT_REDIRECTED:
	case SHUNT_TTL_EXPIRED:
	case SHUNT_NO_LEG:
	case SHUNT_NO_NEIGHBOUR:
	case SHUNT_NO_SOURCE:
	case SHUNT_TOO_BIG:
	case SHUNT_TOO_BIG_ANSWERED:
	case SHUNT_ICMP_LIMITED:
	case SHUNT_NO_HEADROOM:
	case SHUNT_NO_DEVICE:
	case SHUNT_BAD_SLOT:
	case SHUNT_NO_TRANSLATION:
		return true;
	default:
		return false;
	}
}

/* Who has counted the packet; 0: nobody. */
static int find_counter(const struct explaining *e, uint32_t *out)
{
	const struct explain *x = e->x;
	const uint32_t ids[] = { choose(e).backend,
				 x->pinned[EXPLAIN_AFTER].backend,
				 x->noted[EXPLAIN_AFTER].backend,
				 x->pinned[EXPLAIN_BEFORE].backend,
				 x->noted[EXPLAIN_BEFORE].backend,
				 owner_of(x),
				 former_owner_of(x) };
	bool counted = false;
	int err = 0;

	for (size_t i = 0; i < array_len(ids) && !counted && !err; i++) {
		err = ids[i] ? twin_take_packet(e->twin, ids[i], &counted) : 0;
		*out = counted ? ids[i] : 0;
	}
	return err;
}

/* The maps say who it should be, and why; the counters who it is. */
static int tell_backend(struct explaining *e)
{
	struct choice c = choose(e);
	uint32_t counter;
	int err;

	if (!is_behind_choice(e->x->reason))
		return 0;
	err = find_counter(e, &counter);
	if (counter && counter != c.backend)
		c = (struct choice){ counter, EXPLAIN_DEALT };
	e->x->backend = c.backend;
	e->x->why = c.backend ? c.why : EXPLAIN_NO_BACKEND;
	return err;
}

static void tell_way(struct explaining *e)
{
	const struct shunt_backend *backends = e->twin->own[LOAD_BACKENDS];
	const struct shunt_egress *egress = e->twin->own[LOAD_EGRESS];
	struct explain *x = e->x;

	if (!x->backend || x->backend >= e->twin->entries[LOAD_BACKENDS])
		return;
	x->leg = backends[x->backend].leg[explaining_is_v6(e) ? SHUNT_V6 : SHUNT_V4];
	x->has_way = x->leg.forward != SHUNT_FORWARD_NONE && x->has_service;
	if (x->leg.hop.egress && x->leg.hop.egress < SHUNT_MAX_EGRESS)
		x->egress = egress[x->leg.hop.egress];
}

/* --- all of it ---------------------------------------------------------------------- */

static size_t keep_bytes(const struct twin_frame *f, uint8_t out[EXPLAIN_BYTES])
{
	const size_t n = f->len < EXPLAIN_BYTES ? f->len : EXPLAIN_BYTES;

	memcpy(out, f->data, n);
	return n;
}

static int run(struct explaining *e)
{
	struct explain *x = e->x;
	struct twin_frame frame;
	int err;

	explain_packet_build(&x->packet, &frame);
	x->in_bytes = keep_bytes(&frame, x->in);
	err = twin_run(e->twin, x->packet.ifindex, &frame, &x->action)
		      ?: twin_take_reason(e->twin, &x->reason)
		      ?: twin_take_rules(e->twin, x->rules, EXPLAIN_RULES, &x->n_rules);
	if (!err && (x->action == XDP_TX || x->action == XDP_REDIRECT))
		x->out_bytes = keep_bytes(&frame, x->out);
	return err;
}

int explain_run(struct twin *t, const struct explain_packet *p, struct explain *out)
{
	struct explaining e = { .twin = t,
				.x = out,
				.tuple = explain_packet_tuple(p),
				.now_s = clock_now_ms() / 1000 };
	int err;

	*out = (struct explain){ .packet = *p };
	err = twin_fill(t);
	if (err)
		return err;
	explaining_find_service(&e);
	explaining_look(&e, EXPLAIN_BEFORE);
	err = run(&e);
	if (err)
		return err;
	explaining_look(&e, EXPLAIN_AFTER);
	err = tell_backend(&e);
	tell_way(&e);
	return err;
}

int dataplane_explain(const struct dataplane *dp, const struct explain_packet *p,
		      struct explain *out)
{
	_cleanup_(twin_closep) struct twin *t = NULL;
	struct shunt_rodata rodata;
	int err = load_rodata_read(load_rodata_fd(dp->load), &rodata);

	if (err)
		return log_err(err, "read the constants of the program");
	err = twin_open(dp->fds, &rodata, &t);
	if (err)
		return err;
	err = explain_run(t, p, out);
	return err ? log_err(err, "run a packet through the program") : 0;
}
