/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generic UDP encapsulation at the far end: draft-ietf-intarea-gue section 6, where the
 * packet lies directly in UDP, and the header of variant 0 as kernels send it.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "decap.h"

/* Variant 0 without anything: 4 bytes, of which one is the protocol. */
static struct gue plain(const struct kind *k)
{
	return (struct gue){ 4, { 0, is_v6(k->client) ? IPPROTO_IPV6 : IPPROTO_IPIP } };
}

Test(decap_gue, each_kind_to_the_byte)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		const struct gue gue = plain(k);
		struct frame inner, in;

		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 0, NULL, &in);
		decap_expect(skel, &in, DECAP_GUE, &inner);
		wrap_gue(k, &inner, 0, &gue, &in);
		decap_expect(skel, &in, DECAP_GUE, &inner);
	}
}

Test(decap_gue, behind_vlan_tags)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;

		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 0, NULL, &in);
		tag(&in, 2);
		tag(&inner, 2);
		decap_expect(skel, &in, DECAP_GUE, &inner);
	}
}

/* Only what comes to the port that was named; none was: nothing. */
Test(decap_gue, other_ports_are_left_alone)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();
	struct frame inner, in;

	array_for_each (k, kinds, KINDS) {
		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 0, NULL, &in);
		for (int bit = 0; bit < 16; bit++) {
			frame_put16(udp_of(k, &in) + 2, GUE_PORT ^ 1 << bit);
			decap_expect(skel, &in, DECAP_NOT_TUNNELLED, NULL);
		}
	}
}

Test(decap_gue, no_port_no_gue)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open_gue(0);
	struct frame inner, in;

	array_for_each (k, kinds, KINDS) {
		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 0, NULL, &in);
		decap_expect(skel, &in, DECAP_NOT_TUNNELLED, NULL);
		frame_put16(udp_of(k, &in) + 2, 0);
		decap_expect(skel, &in, DECAP_NOT_TUNNELLED, NULL);
	}
}

Test(decap_gue, other_sources_are_refused)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		const struct gue other = { 4, { 0x20 } };
		struct kind stranger = *k;
		struct frame inner, in;

		build_inner(k, 0, &inner);
		stranger.from = is_v6(k->from) ? "2001:db8:2::1" : "10.2.0.1";
		wrap_gue(&stranger, &inner, 0, NULL, &in);
		decap_expect(skel, &in, DECAP_REFUSED_SOURCE, NULL);
		wrap_gue(&stranger, &inner, 0, &other, &in);
		decap_expect(skel, &in, DECAP_REFUSED_SOURCE, NULL);
	}
}

/* What it says is not known here: the stack may know. */
Test(decap_gue, headers_that_say_more_are_left_to_the_stack)
{
	static const struct gue others[] = {
		{ 4, { 0x20, IPPROTO_IPIP } }, /* control */
		{ 8, { 0x01, IPPROTO_IPIP } }, /* 4 bytes of fields */
		{ 4, { 0, IPPROTO_IPIP, 0x80 } }, /* flags */
		{ 4, { 0, IPPROTO_IPIP, 0, 1 } },
		{ 4, { 0, IPPROTO_TCP } }, /* neither IPv4 nor IPv6 in it */
		{ 4, { 0, IPPROTO_NONE } },
		{ 4, { 0x80 } }, /* variants to come */
		{ 4, { 0xc0 } },
		{ 4, { 0x50 } }, /* variant 1, but no IP */
		{ 4, { 0x70 } },
	};
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		array_for_each (gue, others, array_len(others)) {
			struct frame inner, in;

			build_inner(k, 0, &inner);
			wrap_gue(k, &inner, 0, gue, &in);
			decap_expect(skel, &in, DECAP_OTHER_GUE, NULL);
		}
	}
}

/* The protocol of variant 0 and the packet behind it must agree. */
Test(decap_gue, a_packet_of_the_other_version)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct gue gue = plain(k);
		struct frame inner, in;

		gue.bytes[1] ^= IPPROTO_IPIP ^ IPPROTO_IPV6;
		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 0, &gue, &in);
		decap_expect(skel, &in, DECAP_BAD_INNER, NULL);
	}
}

/* None is right (RFC 6935), and any other is not looked at. */
Test(decap_gue, any_udp_checksum)
{
	static const __u16 sums[] = { 0, 1, 0x8000, 0xffff };
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		array_for_each (sum, sums, array_len(sums)) {
			struct frame inner, in;

			build_inner(k, 0, &inner);
			wrap_gue(k, &inner, 0, NULL, &in);
			frame_put16(udp_of(k, &in) + 6, *sum);
			decap_expect(skel, &in, DECAP_GUE, &inner);
		}
	}
}

/* Longer than IP says is wrong; shorter is allowed, and what is behind it is nothing. */
Test(decap_gue, every_udp_length)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;
		__u16 right;

		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 0, NULL, &in);
		right = frame_get16(udp_of(k, &in) + 4);
		for (__u32 len = 0; len <= 0xffff; len += len < right + 70U ? 1 : 1021) {
			frame_put16(udp_of(k, &in) + 4, len);
			if (len == right)
				decap_expect(skel, &in, DECAP_GUE, &inner);
			else
				decap_expect(skel, &in,
					     len < 8 || len > right ? DECAP_BAD_OUTER
								    : DECAP_BAD_INNER,
					     NULL);
		}
	}
}

/* Of UDP nothing is known before its header is there. */
Test(decap_gue, cut_at_every_byte)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		const struct gue gue = plain(k);
		const size_t udp_end = inner_at(k) + 8;
		struct frame inner, in;
		size_t whole;

		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 0, &gue, &in);
		whole = in.len;
		for (in.len = FRAME_SHORTEST; in.len < whole; in.len++)
			decap_expect(skel, &in,
				     in.len < udp_end ? DECAP_NOT_TUNNELLED : DECAP_BAD_OUTER,
				     NULL);
	}
}

/* The same, and all lengths say so. */
Test(decap_gue, payload_cut_at_every_byte)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;
		size_t whole;

		build_inner(k, 0, &inner);
		whole = inner.len;
		for (inner.len = FRAME_IP; inner.len < whole; inner.len++) {
			wrap_gue(k, &inner, 0, NULL, &in);
			decap_expect(skel, &in,
				     inner.len == FRAME_IP ? DECAP_OTHER_GUE : DECAP_BAD_INNER,
				     NULL);
		}
	}
}

Test(decap_gue, a_header_of_variant_0_cut_at_every_byte)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame nothing = { .len = FRAME_IP }, in;
		struct gue gue = plain(k);

		for (gue.len = 0; gue.len <= 4; gue.len++) {
			wrap_gue(k, &nothing, 0, &gue, &in);
			decap_expect(skel, &in, gue.len < 4 ? DECAP_OTHER_GUE : DECAP_BAD_INNER,
				     NULL);
		}
	}
}

Test(decap_gue, congestion_is_handed_on)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;

		build_inner(k, 2, &inner);
		wrap_gue(k, &inner, 3, NULL, &in);
		build_inner(k, 3, &inner);
		decap_expect(skel, &in, DECAP_GUE, &inner);
		build_inner(k, 0, &inner);
		wrap_gue(k, &inner, 3, NULL, &in);
		decap_expect(skel, &in, DECAP_BAD_ECN, NULL);
	}
}

/* One byte of the outer headers over IPv4. */
Test(decap_gue, pieces_and_options)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();
	static const struct {
		size_t off;
		__u8 value;
		enum decap_reason reason;
	} cases[] = {
		{ 6, 0x20, DECAP_FRAGMENT }, /* the first one, by its port */
		{ 7, 1, DECAP_NOT_TUNNELLED }, /* a later one has none */
		{ 0, 0x46, DECAP_NOT_TUNNELLED }, /* the port is elsewhere */
		{ 0, 0x44, DECAP_NOT_TUNNELLED }, /* no header is so short */
		{ 8, 0, DECAP_BAD_OUTER },
	};

	array_for_each (c, cases, array_len(cases)) {
		struct frame inner, in;

		build_inner(&kinds[0], 0, &inner);
		wrap_gue(&kinds[0], &inner, 0, NULL, &in);
		in.data[FRAME_IP + c->off] = c->value;
		mend_outer(&in);
		decap_expect(skel, &in, c->reason, NULL);
	}
}
