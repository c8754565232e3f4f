/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of connections whose sides are of different families: what comes out is what
 * RFC 7915 makes of it, to the byte.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "nat_alone.h"
#include "pcap.h"

#define IPV4_DF 0x4000

static const __u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };

static bool is_v6(const struct packet *p)
{
	return strchr(p->dst, ':');
}

static size_t l4_bytes(const struct packet *p)
{
	return (p->proto == IPPROTO_TCP ? 20 : 8) + p->payload;
}

static size_t l4_at(const struct packet *p)
{
	return FRAME_IP + (is_v6(p) ? 40 : 20 + p->options);
}

/* Where the checksum of TCP or UDP is in the frame of @p. */
static size_t csum_at(const struct packet *p)
{
	return l4_at(p) + (p->proto == IPPROTO_TCP ? 16 : 6);
}

/* RFC 7915, 4.1 and 5.1, for @in, which has a TTL. */
static struct packet translated(const struct pair *k, enum shunt_way way, const struct packet *in)
{
	struct packet out = pair_behind(k, way, in);

	out.options = 0;
	out.ttl = in->ttl - 1;
	out.no_label = true;
	out.id = 0;
	out.fragment = 20 + l4_bytes(in) <= 1260 ? 0 : IPV4_DF;
	return out;
}

/* The description of what comes in, and of what goes out of it. */
static void expect_translated(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
			      const struct packet *like)
{
	const struct packet in = pair_before(k, way, like);
	struct packet out = translated(k, way, &in);
	struct frame sent, got, want;

	frame_build(&in, &sent);
	cr_assert_eq(nat_run_packet(skel, k, way, &sent, &got), SHUNT_CONTINUE, "%s, way %d",
		     k->name, way);
	nat_take_id(&out, &got);
	frame_build(&out, &want);
	cr_assert(nat_same(&got, &want, &sent), "%s, way %d, proto %u, payload %u, options %u",
		  k->name, way, like->proto, like->payload, like->options);
	pcap_append(&got);
}

/* Every crossing pair, both ways, TCP and UDP, with the rest as in @like. */
static void expect_each(struct nat_bpf *skel, const struct packet *like)
{
	for (int k = 0; k < PAIR_CROSSING; k++)
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
			array_for_each (proto, protos, array_len(protos)) {
				struct packet p = *like;

				p.proto = *proto;
				p.ttl = p.ttl ?: 61;
				expect_translated(skel, &pairs[k], way, &p);
			}
}

static void expect_refused(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
			   const struct packet *like, const char *what)
{
	const struct packet in = pair_before(k, way, like);
	struct frame sent, got;

	frame_build(&in, &sent);
	cr_expect_eq(nat_run_packet(skel, k, way, &sent, &got), SHUNT_NO_TRANSLATION,
		     "%s, %s, way %d", what, k->name, way);
}

/* --- what is translated ---------------------------------------------------------------- */

Test(translate, payloads_of_every_length)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 n = 0; n < 80; n++)
		expect_each(skel, &(struct packet){ .payload = n });
	/* About 1260 bytes of IPv4, and long ones. */
	for (__u16 n = 1210; n < 1240; n++)
		expect_each(skel, &(struct packet){ .payload = n });
	for (__u16 n = 1400; n < 3300; n += 211)
		expect_each(skel, &(struct packet){ .payload = n });
}

Test(translate, traffic_class_and_hops)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int tos = 0; tos < 256; tos++)
		expect_each(skel, &(struct packet){ .tos = tos, .payload = 9 });
	for (int ttl = 2; ttl < 256; ttl++)
		expect_each(skel, &(struct packet){ .ttl = ttl, .payload = 9 });
}

Test(translate, identification_and_df_do_not_cross)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	expect_each(skel, &(struct packet){ .id = 0xabcd, .payload = 9 });
	expect_each(skel, &(struct packet){ .id = 0xabcd, .fragment = IPV4_DF, .payload = 9 });
	expect_each(skel, &(struct packet){ .id = 0xabcd, .payload = 1400 });
}

/* RFC 6864: what may be fragmented needs one that does not come again at once. */
Test(translate, identifications_differ)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	const struct packet like = { .proto = IPPROTO_TCP, .ttl = 9 };
	const struct packet in = pair_before(&pairs[PAIR_6TO4], SHUNT_TO_SERVER, &like);
	struct frame sent, got;
	__u16 seen[4];

	frame_build(&in, &sent);
	for (size_t i = 0; i < array_len(seen); i++) {
		nat_run_packet(skel, &pairs[PAIR_6TO4], SHUNT_TO_SERVER, &sent, &got);
		seen[i] = frame_get16(got.data + FRAME_IP + 4);
	}
	/* Four of a kind come once in 2^48 runs. */
	cr_expect(seen[0] != seen[1] || seen[1] != seen[2] || seen[2] != seen[3]);
}

Test(translate, ipv4_options_stay_behind)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 options = 4; options <= 40; options += 4) {
		array_for_each (proto, protos, array_len(protos)) {
			const struct packet p = {
				.proto = *proto, .ttl = 64, .options = options, .payload = 33
			};

			expect_translated(skel, &pairs[PAIR_4TO6], SHUNT_TO_SERVER, &p);
			expect_translated(skel, &pairs[PAIR_6TO4], SHUNT_TO_CLIENT, &p);
		}
	}
}

Test(translate, trailers_go_along)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	expect_each(skel, &(struct packet){ .pad = 6 });
	expect_each(skel, &(struct packet){ .payload = 3, .pad = 41 });
}

/* --- checksums -------------------------------------------------------------------------- */

/* The checksum of @f, which @p describes, becomes @csum. */
static void put_csum(const struct packet *p, struct frame *f, __u16 csum)
{
	frame_put16(f->data + csum_at(p), csum);
}

static void expect_made(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
			const struct packet *like)
{
	const struct packet in = pair_before(k, way, like);
	const struct packet out = translated(k, way, &in);
	struct frame sent, got, want;

	frame_build(&in, &sent);
	put_csum(&in, &sent, 0);
	cr_assert_eq(nat_run_packet(skel, k, way, &sent, &got), SHUNT_CONTINUE);
	frame_build(&out, &want);
	cr_assert(nat_same(&got, &want, &sent), "%s, payload %u", k->name, like->payload);
	pcap_append(&got);
}

/* RFC 7915, 4.5 */
Test(translate, udp_without_a_checksum_gets_one)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 n = 0; n < 3300; n = n < 200 ? n + 1 : n + 97) {
		struct packet p = { .proto = IPPROTO_UDP, .ttl = 2, .payload = n };

		expect_made(skel, &pairs[PAIR_4TO6], SHUNT_TO_SERVER, &p);
		p.options = n % 11 * 4;
		p.pad = n % 7;
		expect_made(skel, &pairs[PAIR_6TO4], SHUNT_TO_CLIENT, &p);
	}
}

/* RFC 8200, 8.1: nobody may take it, and it must not become one that everybody takes. */
Test(translate, udp_without_a_checksum_over_ipv6_is_refused)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	const struct packet like = { .proto = IPPROTO_UDP, .ttl = 64, .payload = 5 };
	const struct packet in = pair_before(&pairs[PAIR_6TO4], SHUNT_TO_SERVER, &like);
	struct frame sent, got;

	frame_build(&in, &sent);
	put_csum(&in, &sent, 0);
	cr_expect_eq(nat_run_packet(skel, &pairs[PAIR_6TO4], SHUNT_TO_SERVER, &sent, &got),
		     SHUNT_NO_TRANSLATION);
}

/* The length that UDP says goes into the checksum, and has to be right for that. */
Test(translate, udp_of_another_length_gets_no_checksum)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();
	const struct packet like = { .proto = IPPROTO_UDP, .ttl = 64, .payload = 50 };
	const struct packet in = pair_before(&pairs[PAIR_4TO6], SHUNT_TO_SERVER, &like);
	struct frame sent, got;

	for (__u32 len = 0; len < 120; len++) {
		frame_build(&in, &sent);
		put_csum(&in, &sent, 0);
		frame_put16(sent.data + l4_at(&in) + 4, len);
		cr_expect_eq(nat_run_packet(skel, &pairs[PAIR_4TO6], SHUNT_TO_SERVER, &sent, &got),
			     len == 58 ? SHUNT_CONTINUE : SHUNT_NO_TRANSLATION, "%u", len);
	}
}

/* One's complement sum of two numbers. */
static __u16 add(__u16 a, __u16 b)
{
	__u8 words[4];

	frame_put16(words, a);
	frame_put16(words + 2, b);
	return frame_sum(words, sizeof(words));
}

/*
 * RFC 768: a checksum that comes to 0 is sent as 0xffff. The first word of the payload
 * makes up for what the checksum would be; with and without one in what comes in.
 */
static void expect_all_ones(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
			    bool with_csum)
{
	const struct packet like = { .proto = IPPROTO_UDP, .ttl = 64, .payload = 50 };
	const struct packet in = pair_before(k, way, &like), out = translated(k, way, &in);
	struct frame sent, got, want;
	__u8 *word;

	frame_build(&out, &want);
	frame_build(&in, &sent);
	word = sent.data + l4_at(&in) + 8;
	/* As much more in the payload is as much less in the checksum. */
	frame_put16(word, add(frame_get16(word), frame_get16(want.data + csum_at(&out))));
	put_csum(&in, &sent,
		 with_csum ? add(frame_get16(sent.data + csum_at(&in)),
				 ~frame_get16(want.data + csum_at(&out)))
			   : 0);
	cr_assert_eq(nat_run_packet(skel, k, way, &sent, &got), SHUNT_CONTINUE);
	cr_expect_eq(frame_get16(got.data + csum_at(&out)), 0xffff, "%s, way %d, %d", k->name, way,
		     with_csum);
}

Test(translate, udp_checksum_that_comes_to_0)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIR_CROSSING; k++)
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++)
			expect_all_ones(skel, &pairs[k], way, true);
	expect_all_ones(skel, &pairs[PAIR_4TO6], SHUNT_TO_SERVER, false);
	expect_all_ones(skel, &pairs[PAIR_6TO4], SHUNT_TO_CLIENT, false);
}

/* What is wrong by some amount stays wrong by it. */
static void expect_still_wrong(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
			       __u8 proto, __u16 off)
{
	const struct packet like = { .proto = proto, .ttl = 64, .payload = 501 };
	const struct packet in = pair_before(k, way, &like), out = translated(k, way, &in);
	struct frame sent, got, want;

	frame_build(&in, &sent);
	frame_build(&out, &want);
	put_csum(&in, &sent, add(frame_get16(sent.data + csum_at(&in)), off));
	cr_assert_eq(nat_run_packet(skel, k, way, &sent, &got), SHUNT_CONTINUE);
	cr_expect_eq(frame_get16(got.data + csum_at(&out)),
		     add(frame_get16(want.data + csum_at(&out)), off), "%s, way %d, off by %u",
		     k->name, way, off);
}

static void expect_each_still_wrong(struct nat_bpf *skel, __u16 off)
{
	for (int k = 0; k < PAIR_CROSSING; k++) {
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++) {
			expect_still_wrong(skel, &pairs[k], way, IPPROTO_TCP, off);
			expect_still_wrong(skel, &pairs[k], way, IPPROTO_UDP, off);
		}
	}
}

Test(translate, wrong_checksums_stay_wrong)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 off = 1; off < 0xffff; off = off * 3 + 1)
		expect_each_still_wrong(skel, off);
}

/* IPv6 has none that could be wrong in its place. */
Test(translate, wrong_ipv4_header_checksums_are_refused)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u16 options = 0; options <= 40; options += 20) {
		const struct packet p = {
			.proto = IPPROTO_TCP, .ttl = 64, .options = options, .csum_off = 0x0100
		};

		expect_refused(skel, &pairs[PAIR_4TO6], SHUNT_TO_SERVER, &p, "checksum");
		expect_refused(skel, &pairs[PAIR_6TO4], SHUNT_TO_CLIENT, &p, "checksum");
	}
}

/* --- what cannot be said ------------------------------------------------------------------ */

Test(translate, fragments_and_extension_headers_are_refused)
{
	static const __u16 fragments[] = { 0x2000, 0x2001, 0x00b9, 0x1fff };
	static const __u16 extensions[] = { 0, 43, 44, 51, 60, 135 };
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	array_for_each (fragment, fragments, array_len(fragments)) {
		const struct packet p = { .proto = IPPROTO_UDP, .ttl = 64, .fragment = *fragment };

		expect_refused(skel, &pairs[PAIR_4TO6], SHUNT_TO_SERVER, &p, "fragment");
		expect_refused(skel, &pairs[PAIR_6TO4], SHUNT_TO_CLIENT, &p, "fragment");
	}
	array_for_each (extension, extensions, array_len(extensions)) {
		const struct packet p = { .proto = IPPROTO_TCP,
					  .ttl = 64,
					  .extension = { FRAME_EXTENSION(*extension) } };

		expect_refused(skel, &pairs[PAIR_6TO4], SHUNT_TO_SERVER, &p, "extension");
		expect_refused(skel, &pairs[PAIR_4TO6], SHUNT_TO_CLIENT, &p, "extension");
	}
}

/* A frame that is shorter than its packet is never sent. */
static void expect_no_cut_sent(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
			       __u8 proto)
{
	const struct packet like = { .proto = proto, .ttl = 9, .payload = 70, .options = 8 };
	const struct packet in = pair_before(k, way, &like);
	struct frame sent, got;

	frame_build(&in, &sent);
	while (--sent.len >= FRAME_SHORTEST)
		cr_expect_neq(nat_run_packet(skel, k, way, &sent, &got), SHUNT_CONTINUE, "%s, %zu",
			      k->name, sent.len);
}

Test(translate, cut_at_every_length)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (int k = 0; k < PAIR_CROSSING; k++) {
		for (enum shunt_way way = 0; way < SHUNT_WAYS; way++) {
			expect_no_cut_sent(skel, &pairs[k], way, IPPROTO_TCP);
			expect_no_cut_sent(skel, &pairs[k], way, IPPROTO_UDP);
		}
	}
}
