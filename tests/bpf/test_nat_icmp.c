/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about packets of connections: whoever sent the packet gets an error that
 * quotes it as it was sent, to the byte.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "report.h"

/* --- all pairs ----------------------------------------------------------------------- */

/*
 * From the 8 bytes of RFC 792 on. The checksum of TCP ends behind 18; with 17 there is half
 * of it, which is left as it is.
 */
Test(nat_icmp, as_much_as_is_quoted)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 n = QUOTED_L4; n < 100; n = n == 16 ? 18 : n + 1)
		report_expect_each(skel, &(struct report){ .l4_bytes = n }, 0);
	report_expect_each(skel, &(struct report){ .quoted.payload = 433 }, 0);
	report_expect_each(skel, &(struct report){ .quoted.payload = 434 }, 0);
}

Test(nat_icmp, headers_of_the_error)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int tos = 0; tos < 256; tos += 5)
		report_expect_each(skel, &(struct report){ .like.tos = tos }, 0);
	for (int ttl = 2; ttl < 256; ttl += 11)
		report_expect_each(skel, &(struct report){ .like.ttl = ttl }, 0);
}

Test(nat_icmp, headers_of_the_quote)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int tos = 0; tos < 256; tos += 5)
		report_expect_each(skel, &(struct report){ .quoted.tos = tos }, 0);
	for (int ttl = 1; ttl < 256; ttl += 11)
		report_expect_each(skel, &(struct report){ .quoted.ttl = ttl }, 0);
	report_expect_each(skel,
			   &(struct report){ .quoted.id = 0xabcd, .quoted.fragment = IPV4_DF }, 0);
}

/* Of IPv4; where there is IPv6 they are none. */
Test(nat_icmp, options)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 options = 4; options <= 40; options += 4) {
		report_expect_each(skel, &(struct report){ .like.options = options }, 0);
		report_expect_each(skel, &(struct report){ .quoted.options = options }, 0);
		report_expect_each(
			skel,
			&(struct report){ .like.options = options, .quoted.options = 44 - options },
			0);
	}
}

Test(nat_icmp, trailers)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	report_expect_each(skel, &(struct report){ .like.pad = 17 }, 0);
	/* The checksum of TCP is not quoted, and what is in its place is no part of it. */
	report_expect_each(skel, &(struct report){ .l4_bytes = 12, .like.pad = 17 }, 0);
}

/* --- in the same family ----------------------------------------------------------------- */

/* What they say is for the receiver to understand. */
Test(nat_icmp, every_type_in_the_same_family)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = PAIR_CROSSING; k < PAIRS; k++)
		for (__u32 type = 0; type < 256; type += 3)
			for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
				report_expect_told(
					skel,
					&(struct report){ .pair = &pairs[k],
							  .way = way,
							  .says = { type, type * 7, type << 23 },
							  .quoted = { .proto = IPPROTO_UDP } });
}

/* Which RFC 4884 puts behind what is quoted. */
Test(nat_icmp, extensions_stay_in_the_same_family)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	report_expect_each(skel, &(struct report){ .l4_bytes = 108, .like.payload = 21 },
			   PAIR_CROSSING);
}

Test(nat_icmp, extension_headers_in_the_same_family)
{
	const struct packet with = { .extension = { FRAME_EXTENSION(0), FRAME_EXTENSION(51),
						    FRAME_EXTENSION(60) } };
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	struct packet first = with;

	first.extension[3] = FRAME_EXTENSION(44);
	report_expect_each(skel, &(struct report){ .like = with }, PAIR_CROSSING);
	report_expect_each(skel, &(struct report){ .quoted = with }, PAIR_CROSSING);
	report_expect_each(skel, &(struct report){ .like = with, .quoted = first }, PAIR_CROSSING);
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
			struct report r =
				report_crossing(from_v6, report_too_big(from_v6, 1400),
						report_too_big(!from_v6, from_v6 ? 1380 : 1420));

			r.l4_bytes = n;
			r.kept = n < most ? n : most;
			r.like.pad = n % 5;
			report_expect_told(skel, &r);
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
		struct report r =
			report_crossing(true, (struct say){ UNREACHABLE6, 0, n / 8 << 24 },
					(struct say){ UNREACHABLE, 1, 0 });

		r.like.payload = 20;
		r.l4_bytes = n - 40;
		report_expect_told(skel, &r);
		r = report_crossing(false, (struct say){ TIME_EXCEEDED, 0, n / 4 << 16 },
				    (struct say){ TIME_EXCEEDED6, 0, 0 });
		r.like.payload = 20;
		r.l4_bytes = n - 20;
		report_expect_told(skel, &r);
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
	const struct packet quoted = report_quoted(r);
	const struct packet out = report_told(r, &quoted);
	struct frame sent, got, want;
	__u8 *csum;

	report_build(r, &sent);
	frame_build(&out, &want);
	csum = sent.data + icmp_at(&sent) + 2;
	frame_put16(csum, add(frame_get16(csum), off));
	csum = want.data + icmp_at(&want) + 2;
	frame_put16(csum, add(frame_get16(csum), off));
	cr_assert_eq(report_run(skel, r, &sent, &got), SHUNT_CONTINUE);
	cr_expect(nat_same(&got, &want, &sent), "%s, off by %u", r->pair->name, off);
}

static void expect_looked_at(struct nat_bpf *skel, const struct report *r, __u16 off)
{
	struct frame sent, got;
	__u8 *csum;

	report_build(r, &sent);
	csum = sent.data + icmp_at(&sent) + 2;
	frame_put16(csum, add(frame_get16(csum), off));
	cr_expect_eq(report_run(skel, r, &sent, &got), SHUNT_BAD_ICMP, "%s, off by %u",
		     r->pair->name, off);
}

/* RFC 5508, REQ-3; and never does a wrong one become right. */
static void expect_wrong(struct nat_bpf *skel, const struct pair *k, enum shunt_way way)
{
	const struct report r = { .pair = k,
				  .way = way,
				  .says = report_too_big(report_by_v6(k, way), 1400),
				  .quoted = { .proto = IPPROTO_TCP } };

	for (__u32 off = 1; off < 0xffff; off = off * 2 + 1) {
		if (k < &pairs[PAIR_CROSSING])
			expect_looked_at(skel, &r, off);
		else
			expect_still_wrong(skel, &r, off);
	}
}

Test(nat_icmp, wrong_checksums)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIRS; k++)
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
			expect_wrong(skel, &pairs[k], way);
}

Test(nat_icmp, wrong_checksum_of_the_ipv4_header)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	struct report r = report_crossing(false, report_too_big(false, 1400), (struct say){});

	r.like.csum_off = 0x0100;
	report_expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "checksum");
	r.pair = &pairs[PAIR_NAT4];
	report_expect_told(skel, &r);
}

/* Neither fragments nor extension headers can be quoted in the other family. */
Test(nat_icmp, quotes_that_do_not_cross)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	struct report r = report_crossing(false, report_too_big(false, 1400), (struct say){});

	r.quoted.fragment = 0x2000;
	report_expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "a first fragment");
	r = report_crossing(true, report_too_big(true, 1400), (struct say){});
	r.quoted.extension[0] = FRAME_EXTENSION(60);
	report_expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "an extension header");
	r.quoted.extension[0] = FRAME_EXTENSION(44);
	report_expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "a fragment header");
	r.quoted.extension[0] = 0;
	r.like.extension[0] = FRAME_EXTENSION(60);
	report_expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "an extension header of its own");
}

/* In what is quoted of UDP it says that the sender made none. */
Test(nat_icmp, udp_without_a_checksum)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (enum shunt_way way = 0; way < SHUNT_WAYS; way++) {
		const struct report r = { .pair = &pairs[PAIR_FULLNAT4],
					  .way = way,
					  .says = report_too_big(false, 1400),
					  .quoted = { .proto = IPPROTO_UDP, .payload = 9 } };
		const size_t csum = FRAME_IP + 20 + ICMP_HEAD + 20 + 6;
		struct frame sent, got;

		report_build(&r, &sent);
		/* ICMP covers it, too. */
		frame_put16(sent.data + icmp_at(&sent) + 2,
			    add(frame_get16(sent.data + icmp_at(&sent) + 2),
				frame_get16(sent.data + csum)));
		frame_put16(sent.data + csum, 0);
		cr_assert_eq(report_run(skel, &r, &sent, &got), SHUNT_CONTINUE);
		cr_expect_eq(frame_get16(got.data + csum), 0);
		cr_expect_eq(frame_sum(got.data + icmp_at(&got), got.len - icmp_at(&got)), 0xffff);
	}
}

static void expect_too_short(struct nat_bpf *skel, const struct pair *k, enum shunt_way way)
{
	struct report r = { .pair = k,
			    .way = way,
			    .says = report_too_big(report_by_v6(k, way), 1400),
			    .quoted = { .proto = IPPROTO_TCP } };

	for (__u16 n = 1; n < QUOTED_L4; n++) {
		r.l4_bytes = n;
		r.like.pad = 0;
		report_expect_refused(skel, &r, SHUNT_BAD_ICMP, "too short");
		r.like.pad = 30;
		report_expect_refused(skel, &r, SHUNT_BAD_ICMP, "too short, a trailer");
	}
}

Test(nat_icmp, quotes_that_are_too_short)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIRS; k++)
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
			expect_too_short(skel, &pairs[k], way);
}

/* A frame that is shorter than its packet is never sent. */
static void expect_no_cut_sent(struct nat_bpf *skel, const struct pair *k, __u8 proto)
{
	const struct report r = { .pair = k,
				  .way = SHUNT_TO_CLIENT,
				  .says = report_too_big(report_by_v6(k, SHUNT_TO_CLIENT), 1400),
				  .like.options = 8,
				  .quoted = { .proto = proto, .options = 12 } };
	struct frame sent, got;

	report_build(&r, &sent);
	while (--sent.len >= FRAME_SHORTEST)
		cr_expect_neq(report_run(skel, &r, &sent, &got), SHUNT_CONTINUE, "%s, %zu", k->name,
			      sent.len);
}

Test(nat_icmp, cut_at_every_length)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIRS; k++) {
		expect_no_cut_sent(skel, &pairs[k], IPPROTO_TCP);
		expect_no_cut_sent(skel, &pairs[k], IPPROTO_UDP);
	}
}
