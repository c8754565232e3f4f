/* SPDX-License-Identifier: BSD-2-Clause */
#include "nat_proof.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "header_sum.h"
#include "nat_look.h"

/* RFC 7915, 5.1; RFC 1812, 4.3.2.3; RFC 4443, 2.4. */
#define SMALL4 1260
#define ERROR4 576
#define ERROR6 1280

/* A connection and the packet of it that went in, and came out. */
struct proof {
	const struct nat_town *t;
	struct look in;
	struct look out;
	struct shunt_conn conn;
	enum shunt_way way;
};

static const struct shunt_tuple *other_of(const struct proof *p)
{
	return p->way == SHUNT_TO_SERVER ? &p->conn.server : &p->conn.client;
}

static bool equal(const struct shunt_addr *a, const struct shunt_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static __be32 turned(__be32 ports)
{
	return ports << 16 | ports >> 16;
}

static bool l4_sums_hold(struct proof *p, int depth)
{
	const bool had = look_has_csum(&p->in, depth),
		   crossed = look_is_v6(&p->in, 0) != look_is_v6(&p->out, 0);

	if (!had && crossed && !depth)
		return look_is_right(&p->out, p->out.l4[0], "UDP has got a checksum");
	if (!look_must(had == look_has_csum(&p->out, depth), "a checksum is there if it was"))
		return false;
	return !had || look_must(look_kept_sum(&p->in, depth) == look_kept_sum(&p->out, depth),
				 "the sum of addresses, ports and checksum stays");
}

/* --- the same family -------------------------------------------------------------------- */

/* Write over what may differ with what came out; the caller has looked at that. */
static void take_sum(struct look *want, const struct proof *p, const struct header *hdr)
{
	const size_t at = header_sum_place(hdr) - want->ip[0]->at + p->out.ip[0]->at;

	if (header_sum_place(hdr) + 2 <= want->f.len && at + 2 <= p->out.f.len)
		memcpy(want->f.data + header_sum_place(hdr), p->out.f.data + at, 2);
}

static bool rest_is_equal(const struct look *want, const struct proof *p)
{
	const size_t in = want->ip[0]->at, out = p->out.ip[0]->at;

	return look_must(want->f.len - in == p->out.f.len - out, "the length stays") &&
	       look_must(!memcmp(want->f.data + in, p->out.f.data + out, want->f.len - in),
			 "all else stays");
}

static void age(struct look *want)
{
	look_bytes(want, want->ip[0])[look_is_v6(want, 0) ? 7 : 8]--;
}

static bool packet_went(struct proof *p)
{
	const struct shunt_tuple *other = other_of(p);
	const __be32 ports = turned(other->ports);
	struct look want = p->in;

	age(&want);
	look_put_addr(&want, 0, 0, &other->dst);
	look_put_addr(&want, 0, 1, &other->src);
	memcpy(look_bytes(&want, want.l4[0]), &ports, sizeof(ports));
	take_sum(&want, p, want.l4[0]);
	if (!look_is_v6(&want, 0))
		take_sum(&want, p, want.ip[0]);
	return rest_is_equal(&want, p) && l4_sums_hold(p, 0) &&
	       look_same_error(&p->in, p->in.l4[0], &p->out, p->out.l4[0], "TCP or UDP") &&
	       look_same_error(&p->in, p->in.ip[0], &p->out, p->out.ip[0], "the IP header");
}

/* Whom an error comes from: as it was, but for addresses that its receiver must not see. */
static struct shunt_addr error_source(struct proof *p)
{
	const struct shunt_addr from = look_addr(&p->in, 0, 0);
	const struct shunt_tuple *own =
		p->way == SHUNT_TO_SERVER ? &p->conn.client : &p->conn.server;

	if (!equal(&p->conn.server.dst, &p->conn.client.src) || equal(&from, &own->src))
		return other_of(p)->dst;
	return from;
}

static bool error_went(struct proof *p)
{
	const struct shunt_tuple *other = other_of(p);
	const struct shunt_addr from = error_source(p);
	struct look want = p->in;

	age(&want);
	look_put_addr(&want, 0, 0, &from);
	look_put_addr(&want, 0, 1, &other->src);
	look_put_addr(&want, 1, 0, &other->src);
	look_put_addr(&want, 1, 1, &other->dst);
	memcpy(look_bytes(&want, want.l4[1]), &other->ports, sizeof(other->ports));
	take_sum(&want, p, want.l4[0]);
	if (look_has_csum(&want, 1))
		take_sum(&want, p, want.l4[1]);
	if (!look_is_v6(&want, 0)) {
		take_sum(&want, p, want.ip[0]);
		take_sum(&want, p, want.ip[1]);
	}
	return rest_is_equal(&want, p) && l4_sums_hold(p, 1) &&
	       look_same_error(&p->in, p->in.l4[0], &p->out, p->out.l4[0], "ICMP") &&
	       look_same_error(&p->in, p->in.ip[0], &p->out, p->out.ip[0], "the IP header") &&
	       look_same_error(&p->in, p->in.ip[1], &p->out, p->out.ip[1], "the quoted IP header");
}

/* --- the other family -------------------------------------------------------------------- */

/* What both families can say. */
struct said {
	__u8 tos;
	__u8 ttl;
	__u16 bytes; /* behind the header */
};

static struct said said_by(struct look *l, int depth)
{
	const __u8 *ip = look_bytes(l, l->ip[depth]);

	if (look_is_v6(l, depth))
		return (struct said){ (__u8)(ip[0] << 4 | ip[1] >> 4), ip[7], frame_get16(ip + 4) };
	return (struct said){ ip[1], ip[8], frame_get16(ip + 2) - (ip[0] & 0xf) * 4 };
}

/* A header that was put together anew; @hops less. */
static bool header_crossed(struct proof *p, int depth, int hops)
{
	const struct said was = said_by(&p->in, depth), is = said_by(&p->out, depth);
	const __u8 *ip = look_bytes(&p->out, p->out.ip[depth]);

	if (!look_must(was.tos == is.tos && was.ttl == is.ttl + hops, "TTL, DSCP, ECN") ||
	    !look_must(depth || look_is_error(&p->in) || was.bytes == is.bytes,
		       "bytes behind the header") ||
	    !look_must(!depth || was.bytes == is.bytes, "bytes behind the quoted header"))
		return false;
	if (look_is_v6(&p->out, depth))
		return look_must(!(frame_get16(ip) & 0xf) && !frame_get16(ip + 2), "no flow label");
	return look_must(ip[0] == 0x45, "no options") &&
	       look_is_right(&p->out, p->out.ip[depth], "the checksum of the IP header") &&
	       look_must(depth ||
				 frame_get16(ip + 6) == (frame_get16(ip + 2) > SMALL4 ? 0x4000 : 0),
			 "DF");
}

/* It must have been right to be handed on. */
static bool header_was_right(const struct proof *p)
{
	return look_is_v6(&p->in, 0) ||
	       look_is_right(&p->in, p->in.ip[0], "what crosses was right");
}

static bool ends_crossed(struct proof *p)
{
	const struct shunt_tuple *other = other_of(p);
	const int depth = look_is_error(&p->in);
	const struct shunt_tuple got = look_tuple(&p->out);
	const struct shunt_addr from = look_addr(&p->out, 0, 0), to = look_addr(&p->out, 0, 1);

	if (!look_must(equal(&from, &other->dst) && equal(&to, &other->src), "outer addresses"))
		return false;
	return look_must(equal(&got.src, &other->dst) && equal(&got.dst, &other->src) &&
				 got.ports == turned(other->ports) && got.proto == other->proto,
			 depth ? "the quoted tuple" : "the tuple");
}

/* @n bytes behind the ports, but for the checksum. */
static bool payload_crossed(struct proof *p, int depth, size_t n)
{
	const size_t check = header_sum_place(p->in.l4[depth]) - p->in.l4[depth]->at;
	const __u8 *in = look_bytes(&p->in, p->in.l4[depth]);
	const __u8 *out = look_bytes(&p->out, p->out.l4[depth]);

	for (size_t i = 4; i < n; i++)
		if ((i < check || i >= check + 2) && !look_must(in[i] == out[i], "the payload"))
			return false;
	return true;
}

static bool packet_crossed(struct proof *p)
{
	const size_t n = p->in.f.len - p->in.l4[0]->at;
	__u32 error;

	return header_was_right(p) && header_crossed(p, 0, 1) && ends_crossed(p) &&
	       look_must(n == p->out.f.len - p->out.l4[0]->at, "the length") &&
	       payload_crossed(p, 0, n) && l4_sums_hold(p, 0) &&
	       (!header_sum_error(&p->in.f, &p->in.h, p->in.l4[0], &error) ||
		look_same_error(&p->in, p->in.l4[0], &p->out, p->out.l4[0], "TCP or UDP"));
}

static bool error_crossed(struct proof *p)
{
	const size_t ends = header_sum_end(&p->out.f, p->out.ip[0]);
	const size_t most = look_is_v6(&p->out, 0) ? ERROR6 : ERROR4;

	return header_was_right(p) && look_is_right(&p->in, p->in.l4[0], "ICMP was right") &&
	       header_crossed(p, 0, 1) && header_crossed(p, 1, 0) && ends_crossed(p) &&
	       look_is_right(&p->out, p->out.l4[0], "ICMP") &&
	       look_must(ends == p->out.f.len && ends - p->out.ip[0]->at <= most, "its length") &&
	       payload_crossed(p, 1, ends - p->out.l4[1]->at) &&
	       (!look_has_csum(&p->out, 1) || l4_sums_hold(p, 1));
}

/* --- where to ------------------------------------------------------------------------------ */

static bool has_tags(const struct look *l, const __u8 *tags, size_t len)
{
	return l->h.header[0].len == len && !memcmp(l->f.data + 12, tags, len);
}

static bool left_rightly(const struct proof *p)
{
	const struct shunt_conn *conn = &p->conn;
	const struct shunt_backend *b = &p->t->world.backends[conn->backend];
	const union shunt_hop *hop = &b->leg[conn->client.dst.d[0] ? SHUNT_V6 : SHUNT_V4].hop;
	const __u8 *macs = p->out.f.data;

	if (p->way == SHUNT_TO_CLIENT)
		return look_must(!memcmp(macs, conn->macs, 12), "the way back") &&
		       look_must(has_tags(&p->out, (const __u8 *)&conn->tags,
					  !conn->tags	     ? 0
					  : conn->tags >> 32 ? 8
							     : 4),
				 "its tags");
	return look_must(!memcmp(macs, hop->dmac, 6) &&
				 !memcmp(macs + 6, p->t->world.egress[hop->egress].smac, 6),
			 "the hop") &&
	       look_must(has_tags(&p->out, p->in.f.data + 12, p->in.h.header[0].len), "tags stay");
}

/* --- all of it ------------------------------------------------------------------------------ */

/* A later fragment of some connection, in its family, with other addresses and no more. */
static bool is_later_of(struct proof *p, const struct shunt_addr addr[4])
{
	const struct shunt_tuple *own =
		p->way == SHUNT_TO_SERVER ? &p->conn.client : &p->conn.server;

	return equal(&addr[0], &own->src) && equal(&addr[1], &own->dst) &&
	       equal(&addr[2], &other_of(p)->dst) && equal(&addr[3], &other_of(p)->src);
}

static bool later_went(struct proof *p)
{
	const struct shunt_addr addr[] = { look_addr(&p->in, 0, 0), look_addr(&p->in, 0, 1),
					   look_addr(&p->out, 0, 0), look_addr(&p->out, 0, 1) };
	const struct conns *c = &p->t->conns;

	for (__u32 r = conns_next(c, 1); r; r = conns_next(c, r + 1)) {
		p->conn = nat_conn(p->t, r);
		for (p->way = 0; p->way < SHUNT_WAYS; p->way++)
			if (is_later_of(p, addr))
				return look_same_error(&p->in, p->in.ip[0], &p->out, p->out.ip[0],
						       "the IP header");
	}
	return look_must(false, "a later fragment is some connection's");
}

static int sent(struct proof *p)
{
	const bool error = look_is_error(&p->in), v6 = look_is_v6(&p->in, 0);
	struct shunt_tuple tuple;
	__u32 r;

	if (!p->in.l4[0])
		return later_went(p) ? NAT_PROOF_LATER : -1;
	if (!look_must(p->out.ip[0] && p->out.l4[0], "it is a packet") ||
	    !look_must(!error || (p->in.l4[1] && p->out.l4[1]), "it quotes one"))
		return -1;
	tuple = look_tuple(&p->in);
	r = conns_find(&p->t->conns, &tuple, SHUNT_TO_SERVER);
	p->way = r ? SHUNT_TO_SERVER : SHUNT_TO_CLIENT;
	r = r ?: conns_find(&p->t->conns, &tuple, SHUNT_TO_CLIENT);
	if (!look_must(r, "there is a connection"))
		return -1;
	p->conn = nat_conn(p->t, r);
	if (!left_rightly(p))
		return -1;
	if (v6 == look_is_v6(&p->out, 0))
		return (error ? error_went(p) : packet_went(p))
			       ? (error ? NAT_PROOF_ERROR_SAME : NAT_PROOF_SAME)
			       : -1;
	return (error ? error_crossed(p) : packet_crossed(p))
		       ? (error ? NAT_PROOF_ERROR_CROSSED : NAT_PROOF_CROSSED)
		       : -1;
}

/* What is told comes back to who is told. */
static bool answered(struct proof *p, enum shunt_reason reason)
{
	const struct shunt_addr from = look_addr(&p->in, 0, 0), to = look_addr(&p->out, 0, 1);

	if (!look_must(p->out.l4[0] && equal(&from, &to), "it goes to the sender"))
		return false;
	if (reason == SHUNT_ECHO_ANSWERED)
		return look_same_error(&p->in, p->in.l4[0], &p->out, p->out.l4[0], "the echo");
	return look_is_right(&p->out, p->out.l4[0], "ICMP") &&
	       (look_is_v6(&p->out, 0) || look_is_right(&p->out, p->out.ip[0], "its IP header")) &&
	       look_must(header_sum_end(&p->out.f, p->out.ip[0]) == p->out.f.len, "its length");
}

/* Found while it is being rewritten. */
static bool may_be_half_done(enum shunt_reason reason)
{
	return reason == SHUNT_NO_TRANSLATION || reason == SHUNT_BAD_ICMP ||
	       reason == SHUNT_NO_HEADROOM || reason == SHUNT_NO_DEVICE;
}

static bool is_as(const struct frame *a, const struct frame *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static int prove(struct proof *p, enum shunt_reason reason)
{
	const __u32 action = ref_action(reason);

	if (reason == SHUNT_FORWARDED || reason == SHUNT_REDIRECTED)
		return sent(p);
	if (reason == SHUNT_ECHO_ANSWERED || reason == SHUNT_TOO_BIG_ANSWERED)
		return answered(p, reason) ? NAT_PROOF_ANSWERED : -1;
	if (action == XDP_DROP && may_be_half_done(reason))
		return NAT_PROOF_NOT_SENT;
	return look_must(is_as(&p->t->in, &p->t->got) ||
				 (action == XDP_DROP && is_as(&p->in.f, &p->t->got)),
			 "what is not sent is as it was")
		       ? NAT_PROOF_NOT_SENT
		       : -1;
}

int nat_proof_frame(const struct nat_town *t, enum shunt_reason reason)
{
	struct proof p = { .t = t };
	struct frame in = t->in;
	int kind;

	nat_proof_clamp(t, &in);
	look_at(&p.in, &in);
	look_at(&p.out, &t->got);
	kind = prove(&p, reason);
	if (kind >= 0)
		return kind;
	fprintf(stderr, "of a frame that ended in %s\n", ref_name(reason));
	frame_dump("frame in", &t->in);
	frame_dump("frame out", &t->got);
	return kind;
}
