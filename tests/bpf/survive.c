/* SPDX-License-Identifier: BSD-2-Clause */
#include "survive.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "flow_model.h"
#include "rig.h"
#include "shunt/hash.h"

/* A power of two above the longest gap. */
#define CALENDAR 1024
#define NOBODY 0xffffffff

/* A round trip, as a share of a second's packets. */
#define ROUND_TRIPS_A_SECOND 10

/* Offsets in the frames that are sent. */
#define AT_SRC (FRAME_IP + 12)
#define AT_DST (FRAME_IP + 16)
#define AT_SPORT (FRAME_IP + 20)
#define AT_FLAGS (FRAME_IP + 20 + 13)

/* Where a flow is at home: a server, and which of its lives. */
struct home {
	__u16 server;
	__u16 life;
};

/* What a flow is known by; its service is that of the last bit of its address. */
struct end {
	__be32 src;
	__be16 sport;
};

/**
 * struct client - a flow
 * @ends_s: when it says goodbye
 * @next: in the list of those whose next packet is in the same second
 * @known: it is past its handshake
 */
struct client {
	struct end end;
	bool known;
	__u32 ends_s;
	__u32 next;
	struct home home[FLEET_SIDES];
};

/* A handshake that is complete when so many packets were sent. */
struct handshake {
	__u32 client;
	__u64 due;
};

/**
 * struct field - all flows
 * @due: by second, the first of the list of flows whose next packet comes then
 * @handshakes: a queue, @first to @last
 * @round_trip: in packets
 * @vips: of the services
 */
struct field {
	struct survive_options o;
	struct survive_result *r;
	struct fleet *fleet;
	struct client *clients;
	__u32 due[CALENDAR];
	struct handshake *handshakes;
	size_t first, last;
	__u64 sent;
	__u64 round_trip;
	__u32 now_s;
	__u64 random;
	__u64 random_event; /* of its own: the same events whatever the flows do */
	struct frame frame;
	struct shunt_addr vips[FLEET_SERVICES];
};

static __u64 pick(struct field *f, __u64 n)
{
	return rig_random(&f->random) % n;
}

/* --- a packet ------------------------------------------------------------------ */

static void make_frame(struct frame *frame)
{
	const struct packet p = { .src = "198.51.100.1",
				  .dst = fleet_vips[0],
				  .sport = 1,
				  .dport = FLEET_PORT,
				  .proto = IPPROTO_TCP,
				  .payload = 6 };

	frame_build(&p, frame);
}

static int service_of(const struct end *end)
{
	return ntohl(end->src) % FLEET_SERVICES;
}

static __u64 hash_of(const struct field *f, const struct end *end)
{
	const struct shunt_addr from = { .w = { 0, 0, htonl(0xffff), end->src } };
	__be32 ports;

	memcpy(&ports, &end->sport, sizeof(end->sport));
	frame_put16((__u8 *)&ports + 2, FLEET_PORT);
	return shunt_hash_flow(f->fleet->rodata.hash_key, &from, &f->vips[service_of(end)], ports,
			       IPPROTO_TCP, false);
}

/* Through the program. Return: the server that the frame was sent to. */
static __u16 run_packet(struct field *f, const struct end *end, __u8 flags)
{
	struct frame out;

	memcpy(f->frame.data + AT_SRC, &end->src, sizeof(end->src));
	memcpy(f->frame.data + AT_DST, &f->vips[service_of(end)].w[3], sizeof(__be32));
	memcpy(f->frame.data + AT_SPORT, &end->sport, sizeof(end->sport));
	f->frame.data[AT_FLAGS] = flags;
	if (dp_run(f->fleet->dp, &f->frame, &out) != XDP_TX)
		return FLEET_NO_SERVER;
	return frame_get16(out.data + 4);
}

/* The server that a packet of a flow goes to. */
static __u16 send_on(struct field *f, const struct end *end, __u64 hash, __u8 flags)
{
	const __u32 word = fleet_word(f->fleet, service_of(end), hash);
	const bool stable = SHUNT_SLOT_STATE(word) == SHUNT_SLOT_STABLE;
	const __u16 owner = fleet_owner(f->fleet, service_of(end), word);
	__u16 server;

	if (stable && f->o.sample && f->sent % f->o.sample)
		return owner;
	server = run_packet(f, end, flags);
	cr_assert(!stable || server == owner, "a stable slot of server %u: %u", owner, server);
	return server;
}

static struct home home_at(const struct field *f, __u16 server)
{
	return (struct home){ server,
			      server == FLEET_NO_SERVER ? 0 : f->fleet->servers[server].life };
}

static void settle(struct field *f, struct client *c, enum fleet_side side, __u16 server)
{
	struct survive_side *fate = &f->r->side[side];
	struct home *home = &c->home[side];

	if (home->server == FLEET_NO_SERVER)
		return;
	if (f->fleet->servers[home->server].life != home->life) {
		fate->lost++;
		home->server = FLEET_NO_SERVER;
	} else if (server != home->server) {
		fate->moved++;
		fate->moved_at_once += !c->known;
		home->server = FLEET_NO_SERVER;
	}
}

static void send_packet(struct field *f, struct client *c, __u8 flags)
{
	const __u64 hash = hash_of(f, &c->end);
	const __u16 to[FLEET_SIDES] = {
		[FLEET_KEEPS] = send_on(f, &c->end, hash, flags),
		[FLEET_FORGETS] = fleet_look_up(f->fleet, service_of(&c->end), hash),
	};

	f->sent++;
	f->r->packets++;
	for (int side = 0; side < FLEET_SIDES; side++) {
		if (flags == FRAME_SYN)
			c->home[side] = home_at(f, to[side]);
		else
			settle(f, c, side, to[side]);
	}
}

/*
 * A SYN from nowhere. In a slot that is STABLE it cannot change anything, so the
 * program is spared those.
 */
static void send_flood(struct field *f)
{
	const struct end end = { .src = htonl(0x0c000000 | pick(f, 1 << 26)),
				 .sport = pick(f, 65536) };
	const __u32 word = fleet_word(f->fleet, service_of(&end), hash_of(f, &end));

	f->sent++;
	f->r->flood++;
	if (SHUNT_SLOT_STATE(word) == SHUNT_SLOT_STABLE)
		return;
	run_packet(f, &end, FRAME_SYN);
	if (f->o.flood_acks)
		run_packet(f, &end, FRAME_ACK);
}

/* --- flows --------------------------------------------------------------------- */

static void put_off(struct field *f, __u32 client, __u32 wait_s)
{
	__u32 *list = &f->due[(f->now_s + wait_s) % CALENDAR];

	f->clients[client].next = *list;
	*list = client;
}

/* Seconds to the next packet: mostly few, sometimes as many as there may be. */
static __u32 pick_gap(struct field *f)
{
	return 1 + (pick(f, 4) ? pick(f, 8) : pick(f, f->o.max_gap_s));
}

static double pick_exponential(struct field *f, double mean)
{
	return -mean * log1p(-(double)(rig_random(&f->random) >> 11) * 0x1p-53);
}

static void begin(struct field *f, __u32 client)
{
	struct client *c = &f->clients[client];

	c->end = (struct end){ .src = htonl(0x14000000 | pick(f, 1 << 26)),
			       .sport = pick(f, 65536) };
	c->known = false;
	c->ends_s = f->now_s + 1 + (__u32)pick_exponential(f, pick(f, 10) < 7 ? 30 : 1200);
	f->r->begun++;
	send_packet(f, c, FRAME_SYN);
	f->handshakes[f->last++] = (struct handshake){ client, f->sent + f->round_trip };
}

static void complete_handshakes(struct field *f, bool all)
{
	while (f->first < f->last && (all || f->handshakes[f->first].due <= f->sent)) {
		struct client *c = &f->clients[f->handshakes[f->first].client];

		send_packet(f, c, FRAME_ACK);
		c->known = true;
		put_off(f, f->handshakes[f->first].client, pick_gap(f));
		f->first++;
	}
}

static void go_on(struct field *f, __u32 client)
{
	struct client *c = &f->clients[client];

	if (c->ends_s > f->now_s) {
		send_packet(f, c, FRAME_ACK);
		put_off(f, client, pick_gap(f));
		return;
	}
	send_packet(f, c, FRAME_FIN | FRAME_ACK);
	begin(f, client);
}

/* Those whose packets come in this second. Return: how many. */
static __u32 take_due(struct field *f, __u32 *list)
{
	__u32 *head = &f->due[f->now_s % CALENDAR], n = 0;

	for (__u32 i = *head; i != NOBODY; i = f->clients[i].next)
		list[n++] = i;
	*head = NOBODY;
	return n;
}

static void pass_second(struct field *f, __u32 *list)
{
	const __u32 n = take_due(f, list);
	__u64 flood = 0;

	f->first = f->last = 0;
	f->round_trip = (n + f->o.flood_per_s) / ROUND_TRIPS_A_SECOND;
	for (__u32 i = 0; i < n; i++) {
		go_on(f, list[i]);
		for (; flood * n < (__u64)(i + 1) * f->o.flood_per_s; flood++)
			send_flood(f);
		complete_handshakes(f, false);
	}
	complete_handshakes(f, true);
}

static void watch(struct field *f)
{
	const __u32 crossing =
		1000ULL * fleet_count_crossing(f->fleet) / fleet_count_slots(f->fleet);
	const __u64 pins = fleet_count_pins(f->fleet);

	if (crossing > f->r->most_crossing)
		f->r->most_crossing = crossing;
	if (pins > f->r->most_pins)
		f->r->most_pins = pins;
	f->r->shared_s += fleet_is_shared(f->fleet);
}

/* All begin in the first second, and are out of step soon. */
static void begin_all(struct field *f)
{
	for (__u32 i = 0; i < CALENDAR; i++)
		f->due[i] = NOBODY;
	for (__u32 i = 0; i < f->o.flows; i++)
		begin(f, i);
	complete_handshakes(f, true);
}

void survive(const struct survive_options *o, struct survive_result *r)
{
	_cleanup_(fleet_closep) struct fleet *fleet = fleet_open(&o->fleet);
	_cleanup_free_ struct client *clients = calloc(o->flows, sizeof(*clients));
	_cleanup_free_ struct handshake *handshakes = calloc(o->flows, sizeof(*handshakes));
	_cleanup_free_ __u32 *list = calloc(o->flows, sizeof(*list));
	_cleanup_free_ struct field *f = calloc(1, sizeof(*f));

	cr_assert(clients && handshakes && list && f);
	cr_assert_lt(o->max_gap_s, CALENDAR);
	memset(r, 0, sizeof(*r));
	*f = (struct field){ .o = *o,
			     .r = r,
			     .fleet = fleet,
			     .clients = clients,
			     .handshakes = handshakes,
			     .random = o->seed,
			     .random_event = ~o->seed };
	make_frame(&f->frame);
	for (int i = 0; i < FLEET_SERVICES; i++)
		f->vips[i] = frame_addr(fleet_vips[i]);
	begin_all(f);
	for (f->now_s = 1; f->now_s <= o->seconds; f->now_s++) {
		fleet_tick(fleet);
		if (f->now_s % o->event_every_s == 0)
			fleet_happen(fleet, &f->random_event);
		pass_second(f, list);
		watch(f);
	}
	memcpy(r->events, fleet->events, sizeof(r->events));
	r->moved_blocks = fleet->moved_blocks;
}

/* --- telling ------------------------------------------------------------------- */

static void print_side(const char *name, const struct survive_side *s, __u64 begun)
{
	fprintf(stderr,
		"  %-26s %9llu flows sent elsewhere while their server lived (%.4f %%), %llu of "
		"them before their second packet; %llu lost with their server\n",
		name, s->moved, 100.0 * (double)s->moved / (double)begun, s->moved_at_once,
		s->lost);
}

void survive_print(const struct survive_options *o, const struct survive_result *r)
{
	fprintf(stderr,
		"survive: %u flows at a time, %llu in all, %llu packets in %u s; %u servers; "
		"a flood of %u SYNs/s%s\n ",
		o->flows, r->begun, r->packets, o->seconds, o->fleet.servers, o->flood_per_s,
		o->flood_acks ? ", each with its ACK" : "");
	for (int e = 0; e < FLEET_EVENTS; e++)
		fprintf(stderr, " %llu %s%s", r->events[e], fleet_event_names[e],
			e + 1 < FLEET_EVENTS ? "," : "\n");
	fprintf(stderr,
		"  at most %.1f %% of the slots in transition, %llu of %u pins in use; one table "
		"for "
		"both services for %u s; %llu blocks outgrown\n",
		r->most_crossing / 10.0, r->most_pins, o->fleet.flow_lines * SHUNT_FLOWS_PER_LINE,
		r->shared_s, r->moved_blocks);
	print_side("shunt, consistent:", &r->side[FLEET_KEEPS], r->begun);
	print_side("maglev without state:", &r->side[FLEET_FORGETS], r->begun);
}
