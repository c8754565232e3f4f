/* SPDX-License-Identifier: BSD-2-Clause */
#include "spliced.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#define CLIENT_WINDOW 50000
#define SERVER_WINDOW 60000
/* Of what the program makes itself, behind the balancer. */
#define OWN_TTL 64
#define DONT_FRAGMENT 0x4000
/* Ethernet's shortest. */
#define SHORTEST 60

/* --- the town -------------------------------------------------------------------- */

struct nat_town *spliced_town(__u32 flags)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	struct nat_town *t;

	cr_assert(w);
	nat_build_world(w);
	w->rodata.guard |= SHUNT_GUARD_SYN;
	for (__u32 i = 0; i < w->n_services; i++)
		w->services[i].flags |= SHUNT_SERVICE_COOKIES | flags;
	t = nat_town_open_world(w);
	spliced_set_period(t, 1000);
	return t;
}

static int meter_fd(const struct nat_town *t)
{
	return dp_map_fd(t->dp, "shunt_syn_meter");
}

struct shunt_syn_meter spliced_meter(const struct nat_town *t)
{
	struct shunt_syn_meter m;
	const __u32 zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(meter_fd(t), &zero, &m), 0);
	return m;
}

void spliced_put_meter(struct nat_town *t, const struct shunt_syn_meter *m)
{
	const __u32 zero = 0;

	cr_assert_eq(bpf_map_update_elem(meter_fd(t), &zero, m, BPF_ANY), 0);
}

__u32 spliced_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

void spliced_set_period(struct nat_town *t, __u32 period)
{
	struct shunt_syn_meter m = spliced_meter(t);

	m.wall_s = period * SHUNT_COOKIE_PERIOD_S + 1 - spliced_now_s();
	spliced_put_meter(t, &m);
}

/* --- what is sent ---------------------------------------------------------------- */

enum shunt_reason spliced_say(struct spliced *c, __u16 flags, __u32 seq, __u32 ack, __u16 payload)
{
	struct packet p = c->p;

	p.flags = flags;
	p.seq = seq;
	p.ack = ack;
	p.window = CLIENT_WINDOW;
	p.payload = payload;
	if (!(flags & FRAME_SYN))
		p.tcp_options_len = 0;
	return nat_send(c->t, &p);
}

enum shunt_reason spliced_answer(struct spliced *c, __u16 flags, __u32 seq, __u32 ack,
				 __u16 payload)
{
	const struct shunt_conn conn = nat_conn(c->t, c->record);
	const struct packet like = {
		.flags = flags, .seq = seq, .ack = ack, .window = SERVER_WINDOW, .payload = payload
	};
	struct frame f;

	nat_answer_like(&conn, &like, &f);
	return nat_send_frame(c->t, &f);
}

/* --- what came out --------------------------------------------------------------- */

static bool is_v4(const struct shunt_addr *a)
{
	return !a->d[0] && a->w[2] == htonl(0xffff);
}

static const char *text_of(const struct shunt_addr *a, char text[INET6_ADDRSTRLEN])
{
	return is_v4(a) ? inet_ntop(AF_INET, a->b + 12, text, INET6_ADDRSTRLEN)
			: inet_ntop(AF_INET6, a->b, text, INET6_ADDRSTRLEN);
}

/* Behind the packet is the rest of a word, or what Ethernet wants, of no value to anybody. */
static bool is_same(const struct nat_town *t, const struct frame *want)
{
	const size_t type = FRAME_IP - 2;
	const size_t most = want->len + 3 < SHORTEST ? SHORTEST : want->len + 3;

	if (t->got.len >= want->len && t->got.len <= most &&
	    !memcmp(t->got.data + type, want->data + type, want->len - type))
		return true;
	frame_dump("frame in", &t->in);
	frame_dump("expected out", want);
	frame_dump("frame out", &t->got);
	return false;
}

/* As packets that answer those of @tuple. */
static bool went_against(struct spliced *c, const struct shunt_tuple *tuple,
			 const struct packet *like)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	const bool crosses = is_v4(&tuple->dst) != (frame_get16(c->t->in.data + 12) == 0x0800);
	struct packet p = *like;
	struct frame want;

	p.src = text_of(&tuple->dst, src);
	p.dst = text_of(&tuple->src, dst);
	p.sport = conns_port(tuple->ports, 1);
	p.dport = conns_port(tuple->ports, 0);
	p.proto = IPPROTO_TCP;
	p.no_label |= crosses;
	/* Translated to IPv4 it may be cut on its way, and has a random identification. */
	if (crosses && is_v4(&tuple->dst)) {
		p.fragment = 0;
		p.id = frame_get16(c->t->got.data + FRAME_IP + 4);
	}
	frame_build(&p, &want);
	return is_same(c->t, &want);
}

bool spliced_went_to_server(struct spliced *c, const struct packet *like)
{
	const struct shunt_conn conn = nat_conn(c->t, c->record);

	return went_against(c, &conn.server, like);
}

bool spliced_went_to_client(struct spliced *c, const struct packet *like)
{
	const struct shunt_conn conn = nat_conn(c->t, c->record);

	return went_against(c, &conn.client, like);
}

static struct packet own_packet(__u16 flags, __u32 seq, __u32 ack, __u16 window)
{
	return (struct packet){ .flags = flags,
				.seq = seq,
				.ack = ack,
				.window = window,
				.ttl = OWN_TTL - 1,
				.fragment = DONT_FRAGMENT,
				.no_label = true };
}

static void put_mss(struct packet *p, __u16 mss)
{
	const __u8 option[4] = { 2, 4, mss >> 8, mss & 0xff };

	memcpy(p->tcp_options, option, sizeof(option));
	p->tcp_options_len = sizeof(option);
}

bool spliced_is_cookie(struct spliced *c)
{
	struct packet want = own_packet(SYN_ACK, c->c, c->x + 1, 0);
	struct frame f;

	want.src = c->p.dst;
	want.dst = c->p.src;
	want.sport = c->p.dport;
	want.dport = c->p.sport;
	want.proto = IPPROTO_TCP;
	want.ttl = OWN_TTL;
	put_mss(&want, SPLICED_MSS);
	frame_build(&want, &f);
	return is_same(c->t, &f) && !memcmp(c->t->got.data, c->t->in.data + 6, 6) &&
	       !memcmp(c->t->got.data + 6, c->t->in.data, 6);
}

bool spliced_is_syn(struct spliced *c)
{
	struct packet want = own_packet(FRAME_SYN, c->x, 0, CLIENT_WINDOW);

	put_mss(&want, SPLICED_SERVER_HEARS);
	return spliced_went_to_server(c, &want);
}

bool spliced_is_opening(struct spliced *c, __u16 window)
{
	struct packet want = own_packet(FRAME_ACK, c->c, c->x + 1, window);

	want.payload = 1;
	want.payload_zero = true;
	return spliced_went_to_client(c, &want);
}

/* --- connections ----------------------------------------------------------------- */

static __u32 cookie_of(const struct spliced *c, __u32 period)
{
	struct shunt_syn syn = { .tuple = { .src = frame_addr(c->p.src),
					    .dst = frame_addr(c->p.dst) },
				 .isn = c->x,
				 .mss = shunt_cookie_mss_index(SPLICED_CLIENT_MSS),
				 .v6 = !!strchr(c->p.src, ':') };

	syn.tuple.ports = htons(c->p.sport) | (__u32)htons(c->p.dport) << 16;
	return shunt_cookie_make(c->t->world.rodata.hash_key, &syn, period);
}

struct spliced spliced_knock(struct nat_town *t, int family, __u16 port, __u16 sport)
{
	const struct shunt_syn_meter m = spliced_meter(t);
	struct spliced c = { .t = t,
			     .p = nat_packet(family, port, IPPROTO_TCP, sport),
			     .x = 0xfffffff0 + sport,
			     .s = 0x80000000 + sport };

	put_mss(&c.p, SPLICED_CLIENT_MSS);
	c.c = cookie_of(&c, (spliced_now_s() + m.wall_s) / SHUNT_COOKIE_PERIOD_S);
	cr_assert_eq(spliced_say(&c, FRAME_SYN, c.x, 0, 0), SHUNT_SYN_COOKIE);
	cr_assert(spliced_is_cookie(&c));
	cr_assert_eq(nat_record(t, &c.p), 0, "nothing is kept");
	return c;
}

void spliced_begin(struct spliced *c)
{
	cr_assert_eq(spliced_say(c, FRAME_ACK, c->x + 1, c->c + 1, 0), SHUNT_FORWARDED);
	c->record = nat_record(c->t, &c->p);
	cr_assert(c->record);
	cr_assert(spliced_is_syn(c));
}

void spliced_join(struct spliced *c)
{
	cr_assert_eq(spliced_answer(c, SYN_ACK, c->s, c->x + 1, 0), SHUNT_FORWARDED);
	cr_assert(spliced_is_opening(c, SERVER_WINDOW));
}
