/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about packets of connections: whoever sent the packet gets an error that
 * quotes it as it was sent, to the byte.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "nat_alone.h"

#define IPV4_DF 0x4000
#define ROUTER4 "203.0.113.1"
#define ROUTER6 "2001:db8:f::1"

/* RFC 792 and RFC 4443: what every error has behind its IP header, and quotes at least. */
#define ICMP_HEAD 8
#define QUOTED_L4 8

static const __u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };

/* ICMP types. */
enum {
	UNREACHABLE = 3,
	TIME_EXCEEDED = 11,
	PROBLEM = 12,
	UNREACHABLE6 = 1,
	TOO_BIG6 = 2,
	TIME_EXCEEDED6 = 3,
	PROBLEM6 = 4,
};

/* The first bytes of an ICMP message. */
struct say {
	__u8 type;
	__u8 code;
	__u32 rest;
};

/**
 * struct report - an error that somebody makes
 * @way: that the error goes; the packet it is about went the other one
 * @by_host: made by the other end of the connection, not by a router
 * @l4_bytes: that are quoted behind the quoted IP header; 0 for all
 * @says, @told: what the error says, and what it must say in the end
 * @kept: of @l4_bytes what is left in the end; 0 for all
 * @quoted: what is quoted, but for addresses and ports
 * @like: the error, likewise
 */
struct report {
	const struct pair *pair;
	enum shunt_way way;
	bool by_host;
	__u16 l4_bytes;
	__u16 kept;
	struct say says;
	struct say told;
	struct packet quoted;
	struct packet like;
};

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

static struct packet quoted_behind(const struct report *r)
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

static struct packet error_behind(const struct report *r, const struct packet *quoted)
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

static void build_error(const struct report *r, struct frame *f)
{
	const struct packet quoted = quoted_before(r);
	const struct packet in = error_before(r, &quoted);

	frame_build(&in, f);
}

static enum shunt_reason run(struct nat_bpf *skel, const struct report *r, const struct frame *in,
			     struct frame *out)
{
	return nat_run(skel, r->pair, r->way, true, in, out);
}

static void expect_told(struct nat_bpf *skel, const struct report *r)
{
	const struct packet quoted = quoted_behind(r);
	struct packet out = error_behind(r, &quoted);
	struct frame sent, got, want;

	build_error(r, &sent);
	cr_assert_eq(run(skel, r, &sent, &got), SHUNT_CONTINUE, "%s, way %d, type %u, code %u",
		     r->pair->name, r->way, r->says.type, r->says.code);
	if (crosses(r->pair))
		nat_take_id(&out, &got);
	frame_build(&out, &want);
	cr_assert(nat_same(&got, &want, &sent), "%s, way %d, type %u, code %u, %u bytes quoted",
		  r->pair->name, r->way, r->says.type, r->says.code, r->l4_bytes);
}

static void expect_refused(struct nat_bpf *skel, const struct report *r, enum shunt_reason reason,
			   const char *what)
{
	struct frame sent, got;

	build_error(r, &sent);
	cr_expect_eq(run(skel, r, &sent, &got), reason, "%s: %s, way %d, type %u, code %u", what,
		     r->pair->name, r->way, r->says.type, r->says.code);
}

/* That a packet of 1500 bytes was too big, in the words of either family. */
static struct say too_big(bool v6, __u32 mtu)
{
	return v6 ? (struct say){ TOO_BIG6, 0, mtu } : (struct say){ UNREACHABLE, 4, mtu };
}

/* Does the error come in by IPv6? */
static bool comes_by_v6(const struct pair *k, enum shunt_way way)
{
	return is_v6(way == SHUNT_TO_SERVER ? k->vip : k->pool);
}

/* An error of every pair, way, protocol and maker, with the rest as in @like. */
static void expect_each(struct nat_bpf *skel, const struct report *like, int first_pair)
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
			v6 = comes_by_v6(r.pair, r.way);
			r.says = too_big(v6, 1400);
			r.told = too_big(!v6, v6 ? 1380 : 1420);
			expect_told(skel, &r);
		}
}

/* --- all pairs ----------------------------------------------------------------------- */

/*
 * From the 8 bytes of RFC 792 on. The checksum of TCP ends behind 18; with 17 there is half
 * of it, which is left as it is.
 */
Test(nat_icmp, as_much_as_is_quoted)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 n = QUOTED_L4; n < 100; n = n == 16 ? 18 : n + 1)
		expect_each(skel, &(struct report){ .l4_bytes = n }, 0);
	expect_each(skel, &(struct report){ .quoted.payload = 433 }, 0);
	expect_each(skel, &(struct report){ .quoted.payload = 434 }, 0);
}

Test(nat_icmp, headers_of_the_error)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int tos = 0; tos < 256; tos += 5)
		expect_each(skel, &(struct report){ .like.tos = tos }, 0);
	for (int ttl = 2; ttl < 256; ttl += 11)
		expect_each(skel, &(struct report){ .like.ttl = ttl }, 0);
}

Test(nat_icmp, headers_of_the_quote)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int tos = 0; tos < 256; tos += 5)
		expect_each(skel, &(struct report){ .quoted.tos = tos }, 0);
	for (int ttl = 1; ttl < 256; ttl += 11)
		expect_each(skel, &(struct report){ .quoted.ttl = ttl }, 0);
	expect_each(skel, &(struct report){ .quoted.id = 0xabcd, .quoted.fragment = IPV4_DF }, 0);
}

/* Of IPv4; where there is IPv6 they are none. */
Test(nat_icmp, options)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 options = 4; options <= 40; options += 4) {
		expect_each(skel, &(struct report){ .like.options = options }, 0);
		expect_each(skel, &(struct report){ .quoted.options = options }, 0);
		expect_each(
			skel,
			&(struct report){ .like.options = options, .quoted.options = 44 - options },
			0);
	}
}

Test(nat_icmp, trailers)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	expect_each(skel, &(struct report){ .like.pad = 17 }, 0);
	/* The checksum of TCP is not quoted, and what is in its place is no part of it. */
	expect_each(skel, &(struct report){ .l4_bytes = 12, .like.pad = 17 }, 0);
}

/* --- in the same family ----------------------------------------------------------------- */

/* What they say is for the receiver to understand. */
Test(nat_icmp, every_type_in_the_same_family)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = PAIR_CROSSING; k < PAIRS; k++)
		for (__u32 type = 0; type < 256; type += 3)
			for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
				expect_told(skel, &(struct report){
							  .pair = &pairs[k],
							  .way = way,
							  .says = { type, type * 7, type << 23 },
							  .quoted = { .proto = IPPROTO_UDP } });
}

/* Which RFC 4884 puts behind what is quoted. */
Test(nat_icmp, extensions_stay_in_the_same_family)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	expect_each(skel, &(struct report){ .l4_bytes = 108, .like.payload = 21 }, PAIR_CROSSING);
}

Test(nat_icmp, extension_headers_in_the_same_family)
{
	const struct packet with = { .extension = { FRAME_EXTENSION(0), FRAME_EXTENSION(51),
						    FRAME_EXTENSION(60) } };
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	struct packet first = with;

	first.extension[3] = FRAME_EXTENSION(44);
	expect_each(skel, &(struct report){ .like = with }, PAIR_CROSSING);
	expect_each(skel, &(struct report){ .quoted = with }, PAIR_CROSSING);
	expect_each(skel, &(struct report){ .like = with, .quoted = first }, PAIR_CROSSING);
}

/* --- in the other one: what it is called ------------------------------------------------- */

/* An error about a packet of 1500 bytes, to the client of a pair that crosses. */
static struct report crossing(bool from_v6, struct say says, struct say told)
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

/* @told: NULL if it is not to be told. */
static void expect_called(struct nat_bpf *skel, bool from_v6, struct say says,
			  const struct say *told)
{
	const struct report r = crossing(from_v6, says, told ? *told : (struct say){});

	if (told)
		expect_told(skel, &r);
	else
		expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "without a name");
}

#define NONE 0xff

/* RFC 7915, 4.2: codes of "destination unreachable", by those of IPv4. */
static const struct say unreachable_to_v6[] = {
	[0] = { UNREACHABLE6, 0, 0 },  [1] = { UNREACHABLE6, 0, 0 },  [2] = { PROBLEM6, 1, 6 },
	[3] = { UNREACHABLE6, 4, 0 },  [4] = { TOO_BIG6, 0, 0 },      [5] = { UNREACHABLE6, 0, 0 },
	[6] = { UNREACHABLE6, 0, 0 },  [7] = { UNREACHABLE6, 0, 0 },  [8] = { UNREACHABLE6, 0, 0 },
	[9] = { UNREACHABLE6, 1, 0 },  [10] = { UNREACHABLE6, 1, 0 }, [11] = { UNREACHABLE6, 0, 0 },
	[12] = { UNREACHABLE6, 0, 0 }, [13] = { UNREACHABLE6, 1, 0 }, [14] = { NONE, 0, 0 },
	[15] = { UNREACHABLE6, 1, 0 },
};

Test(nat_icmp, unreachable_to_v6)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code++) {
		const struct say *told =
			code < array_len(unreachable_to_v6) ? &unreachable_to_v6[code] : NULL;

		if (code == 4)
			continue;
		if (told && told->type == NONE)
			told = NULL;
		expect_called(skel, false, (struct say){ UNREACHABLE, code, 0 }, told);
	}
}

/* Figure 3: by the byte of the IPv4 header. */
static const __u8 pointers_to_v6[] = { 0,    1,	   4, 4, NONE, NONE, NONE, NONE, 7,  6,
				       NONE, NONE, 8, 8, 8,    8,    24,   24,	 24, 24 };

Test(nat_icmp, parameter_problem_to_v6)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 8; code++)
		for (__u32 at = 0; at < 256; at++) {
			const bool known = at < array_len(pointers_to_v6) &&
					   pointers_to_v6[at] != NONE && (code == 0 || code == 2);
			const struct say told = { PROBLEM6, 0, known ? pointers_to_v6[at] : 0 };

			expect_called(skel, false, (struct say){ PROBLEM, code, at << 24 },
				      known ? &told : NULL);
		}
}

Test(nat_icmp, other_types_to_v6)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code += 17)
		expect_called(skel, false, (struct say){ TIME_EXCEEDED, code, 0 },
			      &(struct say){ TIME_EXCEEDED6, code, 0 });
	for (__u32 type = 0; type < 256; type++)
		if (type != UNREACHABLE && type != TIME_EXCEEDED && type != PROBLEM)
			expect_called(skel, false, (struct say){ type, 0, 0 }, NULL);
}

Test(nat_icmp, mtu_to_v6)
{
	static const __u32 mtus[][2] = { { 1480, 1500 },  { 1400, 1420 }, { 1261, 1281 },
					 { 1260, 1280 },  { 1259, 1280 }, { 576, 1280 },
					 { 68, 1280 },	  { 1, 1280 },	  { 9000, 9020 },
					 { 65535, 65555 } };
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	array_for_each (mtu, mtus, array_len(mtus))
		expect_called(skel, false, too_big(false, (*mtu)[0]),
			      &(struct say){ TOO_BIG6, 0, (*mtu)[1] });
}

/* RFC 1191: a router that knows of none says 0; the next plateau below the packet it is. */
Test(nat_icmp, mtu_that_was_not_said)
{
	static const __u32 plateaus[][2] = { { 3000, 2022 }, { 2003, 2022 }, { 2002, 1512 },
					     { 1500, 1512 }, { 1493, 1512 }, { 1492, 1280 },
					     { 1300, 1280 }, { 100, 1280 } };
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	array_for_each (plateau, plateaus, array_len(plateaus)) {
		struct report r = crossing(false, too_big(false, 0),
					   (struct say){ TOO_BIG6, 0, (*plateau)[1] });

		r.quoted.payload = (*plateau)[0] - 40;
		r.l4_bytes = 50;
		expect_told(skel, &r);
	}
}

/* RFC 7915, 5.2: codes of "destination unreachable", by those of IPv6. */
static const __u8 unreachable_to_v4[] = { 1, 10, 1, 1, 3 };

Test(nat_icmp, unreachable_to_v4)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code++) {
		const bool known = code < array_len(unreachable_to_v4);
		const struct say told = { UNREACHABLE, known ? unreachable_to_v4[code] : 0, 0 };

		expect_called(skel, true, (struct say){ UNREACHABLE6, code, 0 },
			      known ? &told : NULL);
	}
}

/* Figure 6: by the byte of the IPv6 header, up to the addresses. */
static const __u8 pointers_to_v4[] = { 0, 1, NONE, NONE, 2, 2, 9, 8 };

static __u8 pointer_to_v4(__u32 at)
{
	if (at < array_len(pointers_to_v4))
		return pointers_to_v4[at];
	return at < 24 ? 12 : at < 40 ? 16 : NONE;
}

Test(nat_icmp, parameter_problem_to_v4)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 at = 0; at < 300; at++) {
		const struct say told = { PROBLEM, 0, (__u32)pointer_to_v4(at) << 24 };

		expect_called(skel, true, (struct say){ PROBLEM6, 0, at },
			      pointer_to_v4(at) == NONE ? NULL : &told);
		expect_called(skel, true, (struct say){ PROBLEM6, 1, at },
			      &(struct say){ UNREACHABLE, 2, 0 });
		expect_called(skel, true, (struct say){ PROBLEM6, 2 + at % 200, at }, NULL);
	}
}

Test(nat_icmp, other_types_to_v4)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code += 17)
		expect_called(skel, true, (struct say){ TIME_EXCEEDED6, code, 0 },
			      &(struct say){ TIME_EXCEEDED, code, 0 });
	for (__u32 type = 0; type < 256; type++)
		if (type < UNREACHABLE6 || type > PROBLEM6)
			expect_called(skel, true, (struct say){ type, 0, 0 }, NULL);
}

Test(nat_icmp, mtu_to_v4)
{
	static const __u32 mtus[][2] = {
		{ 1500, 1480 },	  { 1281, 1261 },   { 1280, 1260 },
		{ 1279, 1260 },	  { 0, 1260 },	    { 9000, 8980 },
		{ 65555, 65535 }, { 65556, 65535 }, { 0xffffffff, 65535 }
	};
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	array_for_each (mtu, mtus, array_len(mtus))
		expect_called(skel, true, too_big(true, (*mtu)[0]),
			      &(struct say){ UNREACHABLE, 4, (*mtu)[1] });
}

/* --- in the other one: how much of it ------------------------------------------------------ */

/* RFC 1812: 576 bytes of IPv4; RFC 4443: 1280 of IPv6. */
Test(nat_icmp, errors_are_cut_to_what_they_may_be)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int from_v6 = 0; from_v6 < 2; from_v6++)
		for (__u16 n = 500; n<1300; n = n> 520 && n < 1185 ? n + 7 : n + 1) {
			const __u16 most =
				from_v6 ? 576 - 20 - ICMP_HEAD - 20 : 1280 - 40 - ICMP_HEAD - 40;
			struct report r = crossing(from_v6, too_big(from_v6, 1400),
						   too_big(!from_v6, from_v6 ? 1380 : 1420));

			r.l4_bytes = n;
			r.kept = n < most ? n : most;
			r.like.pad = n % 5;
			expect_told(skel, &r);
		}
}

/*
 * RFC 4884: the length of what is quoted, in words of 4 bytes (IPv4) or 8 (IPv6), says
 * that extensions follow. Their place would move, and RFC 7915 has the length mended or
 * them cut off.
 */
Test(nat_icmp, extensions_do_not_cross)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 n = 128; n < 400; n += 8) {
		struct report r = crossing(true, (struct say){ UNREACHABLE6, 0, n / 8 << 24 },
					   (struct say){ UNREACHABLE, 1, 0 });

		r.like.payload = 20;
		r.l4_bytes = n - 40;
		expect_told(skel, &r);
		r = crossing(false, (struct say){ TIME_EXCEEDED, 0, n / 4 << 16 },
			     (struct say){ TIME_EXCEEDED6, 0, 0 });
		r.like.payload = 20;
		r.l4_bytes = n - 20;
		expect_told(skel, &r);
	}
}

/* --- what is wrong -------------------------------------------------------------------------- */

static __u16 add(__u16 a, __u16 b)
{
	__u8 words[4];

	frame_put16(words, a);
	frame_put16(words + 2, b);
	return frame_sum(words, sizeof(words));
}

static size_t icmp_at(const struct frame *f)
{
	return FRAME_IP + (f->data[FRAME_IP] >> 4 == 6 ? 40 : 20);
}

/* In the same family it is the receiver that must see it. */
static void expect_still_wrong(struct nat_bpf *skel, const struct report *r, __u16 off)
{
	const struct packet quoted = quoted_behind(r);
	const struct packet out = error_behind(r, &quoted);
	struct frame sent, got, want;
	__u8 *csum;

	build_error(r, &sent);
	frame_build(&out, &want);
	csum = sent.data + icmp_at(&sent) + 2;
	frame_put16(csum, add(frame_get16(csum), off));
	csum = want.data + icmp_at(&want) + 2;
	frame_put16(csum, add(frame_get16(csum), off));
	cr_assert_eq(run(skel, r, &sent, &got), SHUNT_CONTINUE);
	cr_expect(nat_same(&got, &want, &sent), "%s, off by %u", r->pair->name, off);
}

static void expect_looked_at(struct nat_bpf *skel, const struct report *r, __u16 off)
{
	struct frame sent, got;
	__u8 *csum;

	build_error(r, &sent);
	csum = sent.data + icmp_at(&sent) + 2;
	frame_put16(csum, add(frame_get16(csum), off));
	cr_expect_eq(run(skel, r, &sent, &got), SHUNT_BAD_ICMP, "%s, off by %u", r->pair->name,
		     off);
}

/* RFC 5508, REQ-3; and never does a wrong one become right. */
Test(nat_icmp, wrong_checksums)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIRS; k++)
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
			for (__u32 off = 1; off < 0xffff; off = off * 2 + 1) {
				const bool v6 = comes_by_v6(&pairs[k], way);
				const struct report r = { .pair = &pairs[k],
							  .way = way,
							  .says = too_big(v6, 1400),
							  .quoted = { .proto = IPPROTO_TCP } };

				if (k < PAIR_CROSSING)
					expect_looked_at(skel, &r, off);
				else
					expect_still_wrong(skel, &r, off);
			}
}

Test(nat_icmp, wrong_checksum_of_the_ipv4_header)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	struct report r = crossing(false, too_big(false, 1400), (struct say){});

	r.like.csum_off = 0x0100;
	expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "checksum");
	r.pair = &pairs[PAIR_NAT4];
	expect_told(skel, &r);
}

/* Neither fragments nor extension headers can be quoted in the other family. */
Test(nat_icmp, quotes_that_do_not_cross)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	struct report r = crossing(false, too_big(false, 1400), (struct say){});

	r.quoted.fragment = 0x2000;
	expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "a first fragment");
	r = crossing(true, too_big(true, 1400), (struct say){});
	r.quoted.extension[0] = FRAME_EXTENSION(60);
	expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "an extension header");
	r.quoted.extension[0] = FRAME_EXTENSION(44);
	expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "a fragment header");
	r.quoted.extension[0] = 0;
	r.like.extension[0] = FRAME_EXTENSION(60);
	expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "an extension header of its own");
}

/* In what is quoted of UDP it says that the sender made none. */
Test(nat_icmp, udp_without_a_checksum)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (enum shunt_way way = 0; way < SHUNT_WAYS; way++) {
		const struct report r = { .pair = &pairs[PAIR_FULLNAT4],
					  .way = way,
					  .says = too_big(false, 1400),
					  .quoted = { .proto = IPPROTO_UDP, .payload = 9 } };
		const size_t csum = FRAME_IP + 20 + ICMP_HEAD + 20 + 6;
		struct frame sent, got;

		build_error(&r, &sent);
		/* ICMP covers it, too. */
		frame_put16(sent.data + icmp_at(&sent) + 2,
			    add(frame_get16(sent.data + icmp_at(&sent) + 2),
				frame_get16(sent.data + csum)));
		frame_put16(sent.data + csum, 0);
		cr_assert_eq(run(skel, &r, &sent, &got), SHUNT_CONTINUE);
		cr_expect_eq(frame_get16(got.data + csum), 0);
		cr_expect_eq(frame_sum(got.data + icmp_at(&got), got.len - icmp_at(&got)), 0xffff);
	}
}

Test(nat_icmp, quotes_that_are_too_short)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIRS; k++)
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
			for (__u16 n = 1; n < QUOTED_L4; n++) {
				const bool v6 = comes_by_v6(&pairs[k], way);
				struct report r = { .pair = &pairs[k],
						    .way = way,
						    .l4_bytes = n,
						    .says = too_big(v6, 1400),
						    .quoted = { .proto = IPPROTO_TCP } };

				expect_refused(skel, &r, SHUNT_BAD_ICMP, "too short");
				r.like.pad = 30;
				expect_refused(skel, &r, SHUNT_BAD_ICMP, "too short, a trailer");
			}
}

/* A frame that is shorter than its packet is never sent. */
Test(nat_icmp, cut_at_every_length)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIRS; k++)
		array_for_each (proto, protos, array_len(protos)) {
			const bool v6 = comes_by_v6(&pairs[k], SHUNT_TO_CLIENT);
			const struct report r = { .pair = &pairs[k],
						  .way = SHUNT_TO_CLIENT,
						  .says = too_big(v6, 1400),
						  .like.options = 8,
						  .quoted = { .proto = *proto, .options = 12 } };
			struct frame sent, got;

			build_error(&r, &sent);
			while (--sent.len >= FRAME_SHORTEST)
				cr_expect_neq(run(skel, &r, &sent, &got), SHUNT_CONTINUE, "%s, %zu",
					      pairs[k].name, sent.len);
		}
}
