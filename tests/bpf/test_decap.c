/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What shunt-decap's program takes out comes out right to the byte; what others send
 * is refused; what is none of its business is left as it came.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "decap.h"

#define STRANGER4_SOURCE "10.2.0.1"
#define STRANGER6_SOURCE "2001:db8:2::1"

enum {
	NOT_ECT,
	ECT_1,
	ECT_0,
	CE,
};

/* --- what is taken out ------------------------------------------------------------- */

Test(decap, each_kind_to_the_byte)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;

		build_inner(k, 0, &inner);
		wrap(k, &inner, 0, &in);
		decap_expect(skel, &in, k->reason, &inner);
	}
}

/* Ethernet has a shortest frame: what fills it up may stay, the stack cuts it off. */
Test(decap, padding_stays_behind)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;

		build_inner(k, 0, &inner);
		wrap(k, &inner, 0, &in);
		memset(in.data + in.len, 0xee, 9);
		memset(inner.data + inner.len, 0xee, 9);
		in.len += 9;
		inner.len += 9;
		decap_expect(skel, &in, k->reason, &inner);
	}
}

/* Tags stay where they are. */
Test(decap, behind_vlan_tags)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		for (int n = 1; n <= 2; n++) {
			struct frame inner, in;

			build_inner(k, 0, &inner);
			wrap(k, &inner, 0, &in);
			tag(&in, n);
			tag(&inner, n);
			decap_expect(skel, &in, k->reason, &inner);
			in.len--;
			decap_expect(skel, &in, DECAP_BAD_OUTER, NULL);
		}
	}
}

/* Rows: what the inner header says; columns: the outer one. RFC 6040, figure 4. */
#define DROP (-1)
static const int combined[4][4] = {
	[NOT_ECT] = { [NOT_ECT] = NOT_ECT, [ECT_0] = NOT_ECT, [ECT_1] = NOT_ECT, [CE] = DROP },
	[ECT_0] = { [NOT_ECT] = ECT_0, [ECT_0] = ECT_0, [ECT_1] = ECT_1, [CE] = CE },
	[ECT_1] = { [NOT_ECT] = ECT_1, [ECT_0] = ECT_1, [ECT_1] = ECT_1, [CE] = CE },
	[CE] = { [NOT_ECT] = CE, [ECT_0] = CE, [ECT_1] = CE, [CE] = CE },
};

/* The inner DSCP stays, whatever the outer one is. */
static void expect_ecn(const struct decap_bpf *skel, const struct kind *k, int inner, int outer)
{
	const int result = combined[inner][outer];
	struct frame packet, in, want;

	build_inner(k, 0x28 | inner, &packet);
	wrap(k, &packet, 0xb8 | outer, &in);
	build_inner(k, 0x28 | result, &want);
	if (result == DROP)
		decap_expect(skel, &in, DECAP_BAD_ECN, NULL);
	else
		decap_expect(skel, &in, k->reason, &want);
}

Test(decap, congestion_is_handed_on)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS)
		for (int inner = NOT_ECT; inner <= CE; inner++)
			for (int outer = NOT_ECT; outer <= CE; outer++)
				expect_ecn(skel, k, inner, outer);
}

/* Inner IPv4 options are the stack's business. */
Test(decap, inner_options)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();
	const struct packet p = { .src = kinds[0].client,
				  .dst = kinds[0].vip,
				  .proto = IPPROTO_UDP,
				  .options = 40,
				  .tos = ECT_0 };
	struct packet marked = p;
	struct frame inner, in;

	marked.tos = CE;
	frame_build(&p, &inner);
	wrap(&kinds[0], &inner, CE, &in);
	frame_build(&marked, &inner);
	decap_expect(skel, &in, DECAP_V4_IN_V4, &inner);
}

/* --- what is refused ---------------------------------------------------------------- */

Test(decap, other_sources_are_refused)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct kind other = *k;
		struct frame inner, in;

		build_inner(k, 0, &inner);
		other.from = is_v6(k->from) ? STRANGER6_SOURCE : STRANGER4_SOURCE;
		wrap(&other, &inner, 0, &in);
		decap_expect(skel, &in, DECAP_REFUSED_SOURCE, NULL);
		other.from = is_v6(k->from) ? "2001:db8:1::ffff" : "10.1.0.255";
		wrap(&other, &inner, 0, &in);
		decap_expect(skel, &in, k->reason, &inner);
	}
}

/* "From anywhere" in one family says nothing about the other. */
Test(decap, families_do_not_stand_for_each_other)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();
	struct kind other = kinds[0], mapped = kinds[2];
	struct frame inner, in;

	build_inner(&other, 0, &inner);
	decap_put_source(skel, "::", DECAP_SOURCE_BITS(6, 0));
	other.from = STRANGER4_SOURCE;
	wrap(&other, &inner, 0, &in);
	decap_expect(skel, &in, DECAP_REFUSED_SOURCE, NULL);
	decap_put_source(skel, "2001:db8:2::", DECAP_SOURCE_BITS(6, 48));
	mapped.from = STRANGER6_SOURCE;
	wrap(&mapped, &inner, 0, &in);
	decap_expect(skel, &in, mapped.reason, &inner);
}

/* --- what is none of its business ----------------------------------------------------- */

/* A fragment header before another protocol, of a packet of IPv6 in IPv6. */
static void build_v6_fragment(__u8 proto, struct frame *in)
{
	struct frame inner;
	__u8 *outer = in->data + FRAME_IP;

	build_inner(&kinds[3], 0, &inner);
	wrap(&kinds[3], &inner, 0, in);
	memmove(outer + 48, outer + 40, in->len - FRAME_IP - 40);
	memcpy(outer + 40, (__u8[8]){ proto, 0, 0, 1 }, 8);
	in->len += 8;
	frame_put16(outer + 4, frame_get16(outer + 4) + 8);
	outer[6] = IPPROTO_FRAGMENT;
}

Test(decap, ipv6_fragments_are_left_to_the_stack)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();
	struct frame in;

	build_v6_fragment(IPPROTO_IPV6, &in);
	decap_expect(skel, &in, DECAP_FRAGMENT, NULL);
	build_v6_fragment(IPPROTO_IPIP, &in);
	decap_expect(skel, &in, DECAP_FRAGMENT, NULL);
	build_v6_fragment(IPPROTO_UDP, &in);
	decap_expect(skel, &in, DECAP_NOT_TUNNELLED, NULL);
	in.len = FRAME_IP + 40;
	decap_expect(skel, &in, DECAP_NOT_TUNNELLED, NULL);
}

Test(decap, other_frames_pass_as_they_came)
{
	static const struct packet others[] = {
		{ .src = FROM4, .dst = "10.1.0.11", .proto = IPPROTO_TCP, .payload = 50 },
		{ .src = STRANGER4_SOURCE, .dst = "10.1.0.11", .proto = IPPROTO_UDP },
		{ .src = FROM6, .dst = "2001:db8:1::11", .proto = IPPROTO_TCP, .payload = 50 },
		{ .src = FROM4, .dst = "10.1.0.11", .proto = IPPROTO_IPIP, .ethertype = 0x0806 },
		{ .src = FROM4, .dst = "10.1.0.11", .proto = IPPROTO_IPIP, .tags = 3 },
		{ .src = FROM4, .dst = "10.1.0.11", .proto = IPPROTO_TCP, .tags = 1 },
		{ .src = FROM6, .dst = "2001:db8:1::11", .proto = IPPROTO_TCP, .tags = 2 },
		{ .src = FROM4,
		  .dst = "10.1.0.11",
		  .proto = IPPROTO_IPIP,
		  .tags = 1,
		  .ethertype = 0x0806 },
		{ .src = FROM4, .dst = "10.1.0.11", .proto = IPPROTO_GRE },
	};
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (p, others, array_len(others)) {
		struct frame in;

		frame_build(p, &in);
		decap_expect(skel, &in, DECAP_NOT_TUNNELLED, NULL);
	}
}
