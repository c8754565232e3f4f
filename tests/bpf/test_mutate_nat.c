/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections of nat and fullnat, also from one family to the other, that live among
 * damaged frames: of their clients, their servers, and whoever reports errors. There is no
 * reference that says what becomes of each; there is what holds of all (nat_proof.h).
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "damage.h"
#include "fuzz.h"
#include "header_sum.h"
#include "nat_proof.h"
#include "rig.h"

#define FRAMES 40000
#define SEED 0xfeedc0deULL

/* Client ports of each family, protocol and service: few, so that they come again. */
#define CLIENT_PORTS 48
/* And no room for all of them. */
#define CONNS 96
#define LINES_OF_INDEX 32
#define POOL_PORTS 11
/* Frames between two looks at all maps, and between two changes to the world. */
#define LOOK_EVERY 1000
#define CHANGE_EVERY 100

/* Backends whose legs lead to the other family, or have a small link. */
#define CROSSED (NAT_BACKEND_TWO + 1)
#define CROSSED_SMALL NAT_BACKEND_SMALL
#define CLAMPED 1220

/**
 * struct stir
 * @first: a first fragment that was sent on; of no bytes if there is none
 */
struct stir {
	struct nat_town *t;
	struct frame first;
	__u64 *state;
	__u64 kinds[NAT_PROOF_KINDS];
	__u64 ended[SHUNT_REASONS];
};

static __u64 draw(struct stir *s, __u64 n)
{
	return rig_random(s->state) % n;
}

static struct nat_town *open_town(void)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	static const __u32 crossed[] = { CROSSED, CROSSED_SMALL };

	cr_assert(w);
	nat_build_world(w);
	w->rodata.icmp_per_s = 1000000;
	w->rodata.conns = CONNS;
	w->rodata.conn_mask = LINES_OF_INDEX - 1;
	w->rodata.pool_ports = POOL_PORTS;
	for (__u32 i = 0; i < w->n_services; i++)
		w->services[i].flags |= SHUNT_SERVICE_COUNTED;
	for (__u32 i = 0; i < w->n_services; i++)
		if (w->services[i].key.port == htons(NAT_TWO))
			w->services[i].flags |= CLAMPED << SHUNT_SERVICE_MSS_SHIFT;
	array_for_each (id, crossed, array_len(crossed)) {
		struct shunt_leg *leg = w->backends[*id].leg;
		const struct shunt_addr v4 = leg[SHUNT_V4].addr;

		leg[SHUNT_V4].addr = leg[SHUNT_V6].addr;
		leg[SHUNT_V6].addr = v4;
	}
	return nat_town_open_world(w);
}

/* --- packets ------------------------------------------------------------------------------ */

/* What any packet may have. */
static void dress(struct stir *s, struct packet *p)
{
	static const __u16 flags[] = { FRAME_SYN, FRAME_SYN | FRAME_ACK, FRAME_ACK,
				       FRAME_ACK, FRAME_FIN | FRAME_ACK, FRAME_RST };
	static const __u16 extensions[] = {
		0, 0, 0, FRAME_EXTENSION(60), FRAME_EXTENSION(51), FRAME_EXTENSION(44)
	};
	static const __u16 fragments[] = { 0, 0, 0, 0x4000, 0x2000, 0x20b9, 185 };

	p->flags = flags[draw(s, array_len(flags))];
	p->payload = draw(s, 16) ? draw(s, 64) : 1300 + draw(s, 300);
	p->tags = draw(s, 4) ? 0 : draw(s, 3);
	p->tos = draw(s, 256);
	p->ttl = draw(s, 8) ? 64 : draw(s, 4) + 1;
	p->pad = draw(s, 4) ? 0 : draw(s, 20);
	if (draw(s, 4))
		return;
	p->options = draw(s, 3) * 4;
	p->extension[0] = extensions[draw(s, array_len(extensions))];
	p->fragment = fragments[draw(s, array_len(fragments))];
	p->id = rig_random(s->state);
}

static void put_syn_options(struct stir *s, struct packet *p)
{
	static const __u8 options[] = { 2, 4, 5, 180, 1, 3, 3, 7 };

	if (p->proto != IPPROTO_TCP || !(p->flags & FRAME_SYN) || draw(s, 2))
		return;
	p->tcp_options_len = sizeof(options);
	memcpy(p->tcp_options, options, sizeof(options));
}

static void build_request(struct stir *s, struct frame *f)
{
	const __u16 port = NAT_FULL + draw(s, NAT_UNRESOLVED - NAT_FULL + 1);
	const __u8 proto = draw(s, 3) ? IPPROTO_TCP : IPPROTO_UDP;
	struct packet p =
		nat_packet(draw(s, 2) ? 4 : 6, port, proto, 41000 + draw(s, CLIENT_PORTS));

	if (port == NAT_PLAIN && draw(s, 2))
		p.dst = strchr(p.dst, ':') ? OPEN6 : OPEN4;
	dress(s, &p);
	put_syn_options(s, &p);
	frame_build(&p, f);
}

/* A record in use; 0 if there is none. */
static __u32 pick_record(struct stir *s)
{
	const struct conns *c = &s->t->conns;

	return conns_next(c, 1 + draw(s, c->n - 1)) ?: conns_next(c, 1);
}

static const char *text_of(const struct shunt_addr *a, bool v6, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(v6 ? AF_INET6 : AF_INET, v6 ? a->b : a->b + 12, text, INET6_ADDRSTRLEN);
}

/* The ends of a packet as in @t, or turned round. */
struct texts {
	char src[INET6_ADDRSTRLEN];
	char dst[INET6_ADDRSTRLEN];
};

static struct packet packet_of(const struct shunt_tuple *t, bool back, struct texts *texts)
{
	const bool v6 = shunt_tuple_is_v6(t);

	return (struct packet){
		.src = text_of(back ? &t->dst : &t->src, v6, texts->src),
		.dst = text_of(back ? &t->src : &t->dst, v6, texts->dst),
		.sport = conns_port(t->ports, back),
		.dport = conns_port(t->ports, !back),
		.proto = t->proto,
	};
}

/* Of the client or the server of some connection. */
static void build_packet(struct stir *s, struct frame *f)
{
	const __u32 r = pick_record(s);
	struct texts texts;
	struct shunt_conn conn;
	struct packet p;

	if (!r)
		return build_request(s, f);
	conn = nat_conn(s->t, r);
	p = packet_of(shunt_conn_tuple(&conn, draw(s, SHUNT_WAYS)), false, &texts);
	dress(s, &p);
	frame_build(&p, f);
}

/* What is said about a packet of it, by somebody on its way. */
static void build_error(struct stir *s, struct frame *f)
{
	static const __u8 types4[] = { 3, 3, 11, 12, 4, 8 }, types6[] = { 1, 2, 3, 4, 128 };
	struct texts texts, sent_texts;
	struct packet p, sent;
	struct shunt_conn conn;
	const struct shunt_tuple *tuple;
	const __u32 r = pick_record(s);
	bool v6;

	if (!r)
		return build_request(s, f);
	conn = nat_conn(s->t, r);
	tuple = shunt_conn_tuple(&conn, draw(s, SHUNT_WAYS));
	v6 = shunt_tuple_is_v6(tuple);
	sent = packet_of(tuple, true, &sent_texts);
	dress(s, &sent);
	sent.tags = 0;
	p = packet_of(tuple, false, &texts);
	if (draw(s, 2))
		p.src = v6 ? "2001:db8:f::1" : "203.0.113.1";
	dress(s, &p);
	p.payload = 0;
	p.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	p.icmp_type = v6 ? types6[draw(s, array_len(types6))] : types4[draw(s, array_len(types4))];
	p.icmp_code = draw(s, 6);
	p.icmp_rest = draw(s, 4) ? 1000 + draw(s, 600) : rig_random(s->state);
	p.quoted = &sent;
	p.quote = draw(s, 3) ? 0 : (v6 ? 40 : 20) + 4 + draw(s, 16);
	frame_build(&p, f);
}

/* The fragment field of a packet, or the same word of its fragment header; NULL: none. */
static __u8 *fragment_word(struct frame *f)
{
	const struct header *ip4, *fragment;
	struct headers h;

	headers_read(f, 0, &h);
	ip4 = headers_find(&h, HEADER_IPV4, 0);
	fragment = headers_find(&h, HEADER_FRAGMENT, 0);
	return ip4 ? f->data + ip4->at + 6 : fragment ? f->data + fragment->at + 2 : NULL;
}

/* Another piece of the same datagram. */
static void build_later(struct stir *s, struct frame *f)
{
	const __u16 offset = draw(s, 2) + 184;
	struct headers h;
	__u8 *word;

	if (!s->first.len)
		return build_request(s, f);
	*f = s->first;
	word = fragment_word(f);
	headers_read(f, 0, &h);
	frame_put16(word, h.header[1].kind == HEADER_IPV4 ? offset : offset << 3);
	header_sum_mend(f, &h, &h.header[1]);
}

/* Later ones may follow it. */
static void keep_first(struct stir *s, const struct frame *f)
{
	struct frame first = *f;
	const __u8 *word = fragment_word(&first);

	if (word && (frame_get16(word) == 0x2000 || frame_get16(word) == 1))
		s->first = first;
}

static void build_any(struct stir *s, struct frame *f)
{
	static void (*const builds[])(struct stir * s, struct frame * f) = {
		build_request, build_packet, build_packet, build_error, build_error, build_later,
	};

	builds[draw(s, array_len(builds))](s, f);
}

/* --- the world changes -------------------------------------------------------------------- */

/* With it go those whose place in the index it took, and theirs. */
static void collect(struct stir *s, __u32 record)
{
	const struct conns *c = &s->t->conns;
	const struct shunt_conn gone = nat_conn(s->t, record);

	nat_collect(s->t, record);
	for (__u32 r = conns_next(c, 1); r; r = conns_next(c, r + 1)) {
		const struct shunt_conn conn = nat_conn(s->t, r);

		if (shunt_tuple_is_equal(&conn.client, &gone.client) ||
		    shunt_tuple_is_equal(&conn.server, &gone.server))
			collect(s, r);
	}
}

static void change_backend(struct stir *s)
{
	static const __u32 ids[] = { NAT_BACKEND_FULL, NAT_BACKEND_TWO, CROSSED,
				     NAT_BACKEND_PLAIN };
	const __u32 id = ids[draw(s, array_len(ids))];
	struct shunt_backend *b = &s->t->world.backends[id];
	const int family = draw(s, SHUNT_FAMILIES);

	if (draw(s, 2))
		b->leg[family].flags ^= SHUNT_LEG_DEAD;
	else
		b->leg[family].addr.b[14] ^= 0x40;
	dp_put_backend(s->t->dp, id, b);
}

static void change_world(struct stir *s)
{
	for (__u64 n = draw(s, 8); n > 0; n--) {
		const __u32 r = pick_record(s);

		if (r)
			collect(s, r);
	}
	if (!draw(s, 4))
		change_backend(s);
}

/* --- rounds ------------------------------------------------------------------------------- */

static void send_any(struct stir *s)
{
	struct frame f, other;
	enum shunt_reason reason;
	int kind;

	build_any(s, &f);
	if (draw(s, 2)) {
		build_any(s, &other);
		damage_frame(&f, &other, 0, s->state);
	}
	reason = nat_send_frame(s->t, &f);
	kind = nat_proof_frame(s->t, reason);
	cr_assert_geq(kind, 0);
	s->kinds[kind]++;
	s->ended[reason]++;
	if (reason == SHUNT_FORWARDED)
		keep_first(s, &f);
}

/* If nothing of a kind was there, nothing was shown of it. */
static void expect_variety(const struct stir *s)
{
	static const enum shunt_reason seldom[] = {
		SHUNT_NOT_SERVICE,   SHUNT_BAD_LENGTH,	     SHUNT_TTL_EXPIRED,
		SHUNT_NO_CONNECTION, SHUNT_BAD_ICMP,	     SHUNT_NO_TRANSLATION,
		SHUNT_LATE_FRAGMENT, SHUNT_TOO_BIG,	     SHUNT_TOO_BIG_ANSWERED,
		SHUNT_NO_NEIGHBOUR,  SHUNT_NO_LEG,	     SHUNT_CONNECTION_CLASH,
		SHUNT_ECHO_ANSWERED, SHUNT_CONNECTIONS_FULL, SHUNT_NO_PORT,
	};

	for (int k = 0; k < NAT_PROOF_KINDS; k++)
		cr_expect_gt(s->kinds[k], 0, "kind %d", k);
	array_for_each (reason, seldom, array_len(seldom))
		cr_expect_gt(s->ended[*reason], 0, "%s", ref_name(*reason));
}

static void run_round(struct stir *s, __u32 n)
{
	_cleanup_nat_town_ struct nat_town *t = open_town();

	s->t = t;
	s->first.len = 0;
	for (__u32 i = 1; i <= n; i++) {
		send_any(s);
		if (i % CHANGE_EVERY == 0)
			change_world(s);
		if (i % LOOK_EVERY == 0)
			cr_assert(nat_proof_maps(t), "after frame %u", i);
	}
}

Test(mutate_nat, keeps_what_it_promises)
{
	struct fuzz fuzz = fuzz_open("mutate_nat", SEED);
	struct stir s = { .state = &fuzz.state };
	const __u32 n = rig_scale(FRAMES);

	while (fuzz_next(&fuzz)) {
		run_round(&s, n);
		fuzz.frames += n;
	}
	if (n == FRAMES)
		expect_variety(&s);
}
