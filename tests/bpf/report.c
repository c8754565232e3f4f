/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "pcap.h"

#define ROUTER4 "203.0.113.1"
#define ROUTER6 "2001:db8:f::1"

static bool is_v6(const char *addr)
{
	return strchr(addr, ':');
}

static bool crosses(const struct pair *k)
{
	return is_v6(k->vip) != is_v6(k->server);
}

/* RFC 3022: does the server see the client's own address? */
static bool is_fullnat(const struct pair *k)
{
	return strcmp(k->client, k->pool);
}

static size_t ip_bytes(const struct packet *p)
{
	size_t n = is_v6(p->dst) ? 40 : 20 + p->options;

	for (int i = 0; i < FRAME_EXTENSIONS && p->extension[i]; i++)
		n += (p->extension[i] & 0xff) == IPPROTO_AH ? 16 : 8;
	return n;
}

static struct packet error_about(const struct report *r, const struct packet *quoted,
				 const char *from, const struct say *say, __u16 l4_bytes)
{
	struct packet p = r->like;

	p.src = from;
	p.dst = quoted->src;
	p.proto = is_v6(quoted->src) ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	p.icmp_type = say->type;
	p.icmp_code = say->code;
	p.icmp_rest = say->rest;
	p.quoted = quoted;
	p.quote = l4_bytes ? ip_bytes(quoted) + l4_bytes : 0;
	p.ttl = p.ttl ?: 61;
	return p;
}

/* The packet that the error is about, where it was made and where it was sent from. */
static struct packet quoted_before(const struct report *r)
{
	return pair_behind(r->pair, !r->way, &r->quoted);
}

struct packet report_quoted(const struct report *r)
{
	struct packet p = pair_before(r->pair, !r->way, &r->quoted);

	if (!crosses(r->pair))
		return p;
	p.options = 0;
	p.no_label = true;
	p.id = 0;
	p.fragment = IPV4_DF;
	return p;
}

static struct packet error_before(const struct report *r, const struct packet *quoted)
{
	const char *router = is_v6(quoted->src) ? ROUTER6 : ROUTER4;

	return error_about(r, quoted, r->by_host ? quoted->dst : router, &r->says, r->l4_bytes);
}

struct packet report_told(const struct report *r, const struct packet *quoted)
{
	const char *router = is_v6(quoted->src) ? ROUTER6 : ROUTER4;
	const bool hidden = r->by_host || is_fullnat(r->pair);
	struct packet p =
		error_about(r, quoted, hidden ? quoted->dst : router,
			    crosses(r->pair) ? &r->told : &r->says, r->kept ?: r->l4_bytes);

	p.ttl--;
	if (!crosses(r->pair))
		return p;
	p.options = 0;
	p.no_label = true;
	p.payload = 0;
	p.pad = 0;
	return p;
}

void report_build(const struct report *r, struct frame *f)
{
	const struct packet quoted = quoted_before(r);
	const struct packet in = error_before(r, &quoted);

	frame_build(&in, f);
}

enum shunt_reason report_run(struct nat_bpf *skel, const struct report *r, const struct frame *in,
			     struct frame *out)
{
	return nat_run_error(skel, r->pair, r->way, in, out);
}

void report_expect_told(struct nat_bpf *skel, const struct report *r)
{
	const struct packet quoted = report_quoted(r);
	struct packet out = report_told(r, &quoted);
	struct frame sent, got, want;

	report_build(r, &sent);
	cr_assert_eq(report_run(skel, r, &sent, &got), SHUNT_CONTINUE,
		     "%s, way %d, type %u, code %u", r->pair->name, r->way, r->says.type,
		     r->says.code);
	if (crosses(r->pair))
		nat_take_id(&out, &got);
	frame_build(&out, &want);
	cr_assert(nat_same(&got, &want, &sent), "%s, way %d, type %u, code %u, %u bytes quoted",
		  r->pair->name, r->way, r->says.type, r->says.code, r->l4_bytes);
	if (!r->like.csum_off)
		pcap_append(&got);
}

void report_expect_refused(struct nat_bpf *skel, const struct report *r, enum shunt_reason reason,
			   const char *what)
{
	struct frame sent, got;

	report_build(r, &sent);
	cr_expect_eq(report_run(skel, r, &sent, &got), reason, "%s: %s, way %d, type %u, code %u",
		     what, r->pair->name, r->way, r->says.type, r->says.code);
}

struct say report_too_big(bool v6, __u32 mtu)
{
	return v6 ? (struct say){ TOO_BIG6, 0, mtu } : (struct say){ UNREACHABLE, 4, mtu };
}

bool report_by_v6(const struct pair *k, enum shunt_way way)
{
	return is_v6(way == SHUNT_TO_SERVER ? k->vip : k->pool);
}

struct report report_crossing(bool from_v6, struct say says, struct say told)
{
	return (struct report){
		.pair = &pairs[from_v6 ? PAIR_4TO6 : PAIR_6TO4],
		.way = SHUNT_TO_CLIENT,
		.l4_bytes = 64,
		.says = says,
		.told = told,
		.quoted = { .proto = IPPROTO_TCP, .payload = 1460 },
	};
}

void report_expect_each(struct nat_bpf *skel, const struct report *like, int first_pair)
{
	for (int k = first_pair; k < PAIRS; k++)
		for (int i = 0; i < 8; i++) {
			struct report r = *like;
			bool v6;

			r.pair = &pairs[k];
			r.way = i & 1 ? SHUNT_TO_CLIENT : SHUNT_TO_SERVER;
			r.by_host = i & 2;
			r.quoted.proto = i & 4 ? IPPROTO_UDP : IPPROTO_TCP;
			r.quoted.payload = r.quoted.payload ?: 100;
			v6 = report_by_v6(r.pair, r.way);
			r.says = report_too_big(v6, 1400);
			r.told = report_too_big(!v6, v6 ? 1380 : 1420);
			report_expect_told(skel, &r);
		}
}
