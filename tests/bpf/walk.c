/* SPDX-License-Identifier: BSD-2-Clause */
#include "walk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#define PICK(w, array) ((array)[pick(w, sizeof(array) / sizeof((array)[0]))])

static __u64 pick(struct walk *w, __u64 n)
{
	return rig_random(&w->random) % n;
}

/* --- flows -------------------------------------------------------------------- */

/* High halves of hashes: of 0 and 16 the lines of the flow cache are one. */
static const __u32 lines[] = { 0, 1, 16, SHUNT_FRESH_LINES - 1 };

/* Many flows for few lines, and tag 0, which is a tag as any other. */
static __u64 pick_hash(struct walk *w)
{
	static const __u32 slots[] = { 0, 5, 6, CROSSING_SLOTS - 1 };
	const __u32 tag = pick(w, 10) * CROSSING_SLOTS + PICK(w, slots);
	const __u64 line = PICK(w, lines) + pick(w, 3) * SHUNT_FRESH_LINES;

	return line << 32 | tag;
}

static bool is_on_line(__u64 hash)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if ((hash >> 32) % SHUNT_FRESH_LINES == lines[i])
			return true;
	return false;
}

/* IPv4 addresses are too few to forge one: try until the line fits. */
static void find_ipv4(struct walk *w, enum crossing_port port, __u8 proto, struct crossing_flow *f)
{
	struct shunt_addr src = frame_addr("11.0.0.0");
	char text[INET_ADDRSTRLEN];
	struct packet like = { .src = text, .dport = port, .proto = proto };
	__u16 sport;

	do {
		src.w[3] = htonl(0x0b000000 | pick(w, 1 << 24));
		sport = pick(w, 65536);
	} while (!is_on_line(crossing_hash(w->t, &src, sport, port, proto)));
	inet_ntop(AF_INET, &src.w[3], text, sizeof(text));
	like.sport = sport;
	crossing_flow(w->t, &like, f);
}

/* A third in IPv4; of the others some have the whole hash of an earlier flow. */
static void make_flow(struct walk *w, __u32 i)
{
	const enum crossing_port port =
		CROSSING_PLAIN + pick(w, CROSSING_PORT_END - CROSSING_PLAIN);
	const __u8 proto = pick(w, 4) ? IPPROTO_TCP : IPPROTO_UDP;
	struct crossing_flow *f = &w->flows[i];

	if (!pick(w, 3))
		find_ipv4(w, port, proto, f);
	else if (i && !pick(w, 6))
		crossing_forge(w->t, w->flows[pick(w, i)].hash, port, proto, f);
	else
		crossing_forge(w->t, pick_hash(w), port, proto, f);
	/* The text moves with the flow. */
	f->packet.src = f->src;
}

void walk_begin(struct walk *w, struct crossing *t, __u64 seed)
{
	*w = (struct walk){ .t = t, .random = seed };
	for (__u32 i = 0; i < WALK_FLOWS; i++)
		make_flow(w, i);
}

static const struct crossing_flow *pick_flow(struct walk *w)
{
	return &w->flows[pick(w, WALK_FLOWS)];
}

/* --- events ------------------------------------------------------------------- */

static __u32 pick_member(struct walk *w)
{
	static const __u32 odd[] = { 0,
				     CROSSING_ONLY_V4,
				     CROSSING_ONLY_V6,
				     CROSSING_DEAD,
				     CROSSING_GONE,
				     CROSSING_NEVER,
				     SHUNT_MAX_MEMBERS - 1 };

	return pick(w, 4) ? CROSSING_LIVE + pick(w, CROSSING_ONLY_V4 - CROSSING_LIVE)
			  : PICK(w, odd);
}

static __u32 pick_base(struct walk *w)
{
	return pick(w, 2) ? CROSSING_BASE4 : CROSSING_BASE6;
}

/* Of either block: a pin may have been made for another service, or by hand. */
static __u32 pick_backend(struct walk *w)
{
	static const __u32 odd[] = { 0, WORLD_BACKENDS - 1, WORLD_BACKENDS,
				     SHUNT_MAX_BACKENDS - 1 };

	return pick(w, 16) ? pick_base(w) + pick_member(w) : PICK(w, odd);
}

/* A second that an entry may have been written in; some are still to come. */
static __u32 pick_time(struct walk *w)
{
	static const __u32 ages[] = { 0, 0, 1, 2, 300, 301, 32767, 32768, 65535, -1 };

	return flow_model_now_s() - PICK(w, ages);
}

/* The halves as they may be between two stores, too. */
static void change_word(struct walk *w)
{
	const struct slot_halves halves = {
		.owner = pick_member(w) | (pick(w, 4) ? SHUNT_SLOT_MOVES : 0),
		.transit = (pick(w, 4) ? pick_member(w) : 0) |
			   (pick(w, 3) ? 0 : SHUNT_SLOT_IS_PINNING),
	};

	crossing_put_halves(w->t, pick_flow(w), halves);
}

/* Down, up again, gone, of one family. */
static void change_backend(struct walk *w)
{
	const __u32 id = pick_base(w) + CROSSING_LIVE + pick(w, CROSSING_MEMBERS - CROSSING_LIVE);
	struct shunt_backend b = w->t->rig->world.backends[id];
	struct shunt_leg *leg = &b.leg[pick(w, SHUNT_FAMILIES)];

	switch (pick(w, 4)) {
	case 0:
		leg->flags ^= SHUNT_LEG_DEAD;
		break;
	case 1:
		b.leg[SHUNT_V4].flags = b.leg[SHUNT_V6].flags = SHUNT_LEG_DEAD;
		break;
	case 2:
		b.leg[SHUNT_V4].flags = b.leg[SHUNT_V6].flags = 0;
		break;
	default:
		leg->forward = leg->forward ? SHUNT_FORWARD_NONE : SHUNT_FORWARD_DIRECT;
	}
	crossing_put_backend(w->t, id, &b);
}

static void pin_by_hand(struct walk *w)
{
	crossing_pin(w->t, pick_flow(w), pick_backend(w), pick_time(w));
}

static void note_by_hand(struct walk *w)
{
	crossing_note(w->t, pick_flow(w), pick_backend(w), pick_time(w));
}

/* A line of the flow cache: one that flows meet first, or any. */
static __u32 pick_flow_line(struct walk *w)
{
	const __u32 mask = w->t->model.rodata.flow_mask;

	return pick(w, 3) ? pick(w, mask + 1) : PICK(w, lines) & mask;
}

/* As the sweep does, and a restart. */
static void forget(struct walk *w)
{
	const __u32 line = PICK(w, lines), entry = pick(w, SHUNT_FLOWS_PER_LINE);
	const __u32 flow_line = pick_flow_line(w);
	struct shunt_flow_line none = {}, cleared = w->t->flows[flow_line];

	cleared.entry[entry] = 0;
	crossing_put_flow_line(w->t, flow_line, pick(w, 8) ? &cleared : &none);
	cleared = w->t->fresh[line];
	cleared.entry[entry] = 0;
	crossing_put_fresh_line(w->t, line, pick(w, 8) ? &cleared : &none);
}

/* Nothing was heard of some flows of a line for a while. */
static void age(struct walk *w)
{
	const __u32 index = pick_flow_line(w);
	struct shunt_flow_line line = w->t->flows[index];

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (line.entry[i] && pick(w, 4))
			line.entry[i] = (line.entry[i] & ~0x7fffULL) | (pick_time(w) & 0x7fff);
	crossing_put_flow_line(w->t, index, &line);
}

/* What was there before is still marked. */
static void mark(struct walk *w)
{
	const __u32 index = pick_flow_line(w);

	crossing_put_marks(w->t, index, w->t->marks[index] | pick(w, 256));
}

static void change_budget(struct walk *w)
{
	const __u32 all = w->t->model.rodata.pins_per_s;
	const __u32 used[] = { 0, all ? all - 1 : 0, all, all + 1, 0xffffffff };
	/* Of another second, now and again one that agrees modulo 2^16. */
	const __u32 past[] = { 0, 0, 0, 1, 65536 };

	crossing_put_budget(w->t, &(struct shunt_pin_budget){
					  .second = flow_model_now_s() - PICK(w, past),
					  .used = PICK(w, used),
				  });
}

static void happen(struct walk *w)
{
	static void (*const events[])(struct walk * w) = {
		change_word,	change_word, change_word, change_word,	 change_word,  change_word,
		change_word,	change_word, change_word, change_word,	 change_word,  change_word,
		change_backend, pin_by_hand, pin_by_hand, note_by_hand,	 note_by_hand, forget,
		forget,		age,	     mark,	  change_budget,
	};

	PICK(w, events)(w);
}

/* --- packets ------------------------------------------------------------------ */

static __u16 pick_flags(struct walk *w)
{
	static const __u16 flags[] = {
		FRAME_SYN,
		FRAME_SYN,
		FRAME_SYN | 0xc0, /* asks for ECN: RFC 3168 */
		FRAME_ACK,
		FRAME_ACK,
		FRAME_ACK,
		FRAME_ACK | 0x08, /* PSH */
		FRAME_FIN | FRAME_ACK,
		FRAME_RST,
		FRAME_RST | FRAME_ACK,
		FRAME_SYN | FRAME_ACK,
		FRAME_SYN | FRAME_RST,
		FRAME_SYN | FRAME_FIN,
		FRAME_NO_FLAGS,
		0xff,
	};

	return PICK(w, flags);
}

/* What is before the transport header changes nothing; a chain may be malformed. */
static void put_before(struct walk *w, struct packet *p)
{
	static const __u8 types[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS,
				      IPPROTO_AH };

	p->tags = pick(w, 4) ? 0 : pick(w, 3);
	for (int i = 0; i < FRAME_EXTENSIONS && !pick(w, 4); i++)
		p->extension[i] = FRAME_EXTENSION(PICK(w, types));
}

static int count_lost(const struct shunt_flow_line *before, const struct shunt_flow_line *after)
{
	int lost = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		lost += before->entry[i] && before->entry[i] >> 32 != after->entry[i] >> 32;
	return lost;
}

static bool is_full(const struct shunt_flow_line *line)
{
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (!line->entry[i])
			return false;
	return true;
}

/* A flow that was in neither line may be in one now. */
static enum walk_pin judge_new_pin(const struct flow_lines *before, const struct flow_lines *after,
				   __u32 tag)
{
	for (int l = 0; l < after->n; l++) {
		if (!flow_model_find(&after->line[l], tag))
			continue;
		if (count_lost(&before->line[l], &after->line[l]))
			return l ? WALK_OUT_OF_OTHER : WALK_OUT_OF_FIRST;
		return l ? WALK_ROOM_IN_OTHER : WALK_ROOM_IN_FIRST;
	}
	return is_full(&before->line[0]) && is_full(&before->line[before->n - 1]) ? WALK_NO_ROOM
										  : WALK_NO_PIN;
}

static enum walk_pin judge_pin(const struct flow_lines *before, const struct flow_lines *after,
			       __u32 tag)
{
	const __u64 *own = flow_model_look_up(before, tag);

	if (!own)
		return judge_new_pin(before, after, tag);
	return own == flow_model_find(&before->line[0], tag) ? WALK_FOUND_IN_FIRST
							     : WALK_FOUND_IN_OTHER;
}

/* What was remembered before a packet. */
struct memory {
	struct flow_lines at;
	struct shunt_flow_line fresh;
	__u32 used;
};

/* If all walks are alike they test little. */
static void tally(struct walk *w, const struct crossing_flow *f, const struct memory *before)
{
	const struct flow_effect *e = &w->t->effect;
	const __u32 state = SHUNT_SLOT_STATE(crossing_word(w->t, f));

	w->by[e->by]++;
	w->by_state[state]++;
	if (e->by != FLOW_BY_SLOT)
		w->pins[judge_pin(&before->at, &e->at, (__u32)f->hash)]++;
	w->notes_lost += count_lost(&before->fresh, &e->fresh);
	if (e->by == FLOW_BY_PREV && state == SHUNT_SLOT_PINNING && e->budget.used == before->used)
		w->refused++;
	if (w->t->rig->verdict.reason == SHUNT_NOT_IP || w->t->rig->verdict.reason == SHUNT_NOT_L4)
		w->unserved++;
}

static bool send_packet(struct walk *w)
{
	const struct crossing_flow *f = pick_flow(w);
	const struct memory before = {
		.at = flow_model_lines(&w->t->model, f->hash),
		.fresh = w->t->fresh[(f->hash >> 32) % SHUNT_FRESH_LINES],
		.used = w->t->model.budget.used,
	};
	struct packet p = f->packet, sent;
	bool agree;

	if (!pick(w, 8))
		crossing_error(f, &sent, &p);
	p.flags = pick_flags(w);
	p.payload = pick(w, 100);
	p.ttl = pick(w, 64) ? 64 : 1;
	put_before(w, &p);
	agree = crossing_check(w->t, f, &p);
	tally(w, f, &before);
	return agree;
}

bool walk_step(struct walk *w)
{
	if (pick(w, 10) < 7)
		return send_packet(w);
	happen(w);
	return true;
}
