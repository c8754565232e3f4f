/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnelled packets that are cut, or lie about themselves: each is dropped, and counted. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "decap.h"

Test(decap, cut_at_every_byte)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;
		size_t whole;

		build_inner(k, 0, &inner);
		wrap(k, &inner, 0, &in);
		whole = in.len;
		for (in.len = FRAME_SHORTEST; in.len < whole; in.len++)
			decap_expect(skel, &in,
				     in.len < inner_at(k) ? DECAP_NOT_TUNNELLED : DECAP_BAD_OUTER,
				     NULL);
	}
}

/* The same, and the outer header says so: what is missing is missing in the inner packet. */
Test(decap, inner_packet_cut_at_every_byte)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		struct frame inner, in;
		size_t whole;

		build_inner(k, 0, &inner);
		whole = inner.len;
		for (inner.len = FRAME_IP; inner.len < whole; inner.len++) {
			wrap(k, &inner, 0, &in);
			decap_expect(skel, &in, DECAP_BAD_INNER, NULL);
		}
	}
}

static __u8 *length_field(__u8 *ip)
{
	return ip + (ip[0] >> 4 == 6 ? 4 : 2);
}

Test(decap, every_inner_length)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		const __u32 least = is_v6(k->client) ? 0 : 20;
		struct frame inner, in;
		__u16 right;

		build_inner(k, 0, &inner);
		right = frame_get16(length_field(inner.data + FRAME_IP));
		for (__u32 len = 0; len <= 0xffff; len += len < right + 70U ? 1 : 1021) {
			frame_put16(length_field(inner.data + FRAME_IP), len);
			wrap(k, &inner, 0, &in);
			if (len >= least && len <= right)
				decap_expect(skel, &in, k->reason, &inner);
			else
				decap_expect(skel, &in, DECAP_BAD_INNER, NULL);
		}
	}
}

Test(decap, every_outer_length)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (k, kinds, KINDS) {
		const __u32 least = is_v6(k->from) ? 0 : 20;
		struct frame inner, in;
		__u16 right;

		build_inner(k, 0, &inner);
		wrap(k, &inner, 0, &in);
		right = frame_get16(length_field(in.data + FRAME_IP));
		for (__u32 len = 0; len <= 0xffff; len += len < right + 70U ? 1 : 1021) {
			frame_put16(length_field(in.data + FRAME_IP), len);
			if (!is_v6(k->from))
				mend_outer(&in);
			if (len == right)
				decap_expect(skel, &in, k->reason, &inner);
			else
				decap_expect(skel, &in,
					     len < least || len > right ? DECAP_BAD_OUTER
									: DECAP_BAD_INNER,
					     NULL);
		}
	}
}

/* Each bit of an outer IPv4 header is under its checksum. */
Test(decap, no_wrong_bit_in_an_outer_ipv4_header)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();
	struct frame inner, in;

	build_inner(&kinds[0], 0, &inner);
	wrap(&kinds[0], &inner, 0, &in);
	for (size_t bit = 0; bit < 20 * 8; bit++) {
		__u8 *proto = in.data + FRAME_IP + 9;

		in.data[FRAME_IP + bit / 8] ^= 1 << bit % 8;
		decap_expect(skel, &in,
			     *proto == IPPROTO_IPIP ? DECAP_BAD_OUTER : DECAP_NOT_TUNNELLED, NULL);
		in.data[FRAME_IP + bit / 8] ^= 1 << bit % 8;
	}
}

/* One byte of the frame, and how the frame ends with it. */
static const struct wrong {
	const char *what;
	size_t kind;
	bool inner;
	size_t off;
	__u8 value;
	enum decap_reason reason;
} wrongs[] = {
	{ "outer version 5", 0, false, 0, 0x55, DECAP_BAD_OUTER },
	{ "outer header of 16 bytes", 0, false, 0, 0x44, DECAP_BAD_OUTER },
	{ "outer options", 0, false, 0, 0x46, DECAP_BAD_OUTER },
	{ "outer TTL 0", 0, false, 8, 0, DECAP_BAD_OUTER },
	{ "outer version 4 in an IPv6 frame", 2, false, 0, 0x40, DECAP_BAD_OUTER },
	{ "outer hop limit 0", 3, false, 7, 0, DECAP_BAD_OUTER },
	{ "inner version 6 in 4in4", 0, true, 0, 0x65, DECAP_BAD_INNER },
	{ "inner version 4 in 6in4", 1, true, 0, 0x45, DECAP_BAD_INNER },
	{ "inner version 6 in 4in6", 2, true, 0, 0x65, DECAP_BAD_INNER },
	{ "inner version 4 in 6in6", 3, true, 0, 0x45, DECAP_BAD_INNER },
	{ "inner header of 16 bytes", 0, true, 0, 0x44, DECAP_BAD_INNER },
	{ "more fragments", 0, false, 6, 0x20, DECAP_FRAGMENT },
	{ "a fragment offset", 1, false, 7, 1, DECAP_FRAGMENT },
	{ "UDP in IPv4", 0, false, 9, IPPROTO_UDP, DECAP_NOT_TUNNELLED },
	{ "ICMPv6", 2, false, 6, IPPROTO_ICMPV6, DECAP_NOT_TUNNELLED },
	{ "destination options", 3, false, 6, IPPROTO_DSTOPTS, DECAP_NOT_TUNNELLED },
};

Test(decap, wrong_bytes)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	array_for_each (w, wrongs, array_len(wrongs)) {
		const struct kind *k = &kinds[w->kind];
		struct frame inner, in;

		build_inner(k, 0, &inner);
		wrap(k, &inner, 0, &in);
		in.data[(w->inner ? inner_at(k) : FRAME_IP) + w->off] = w->value;
		if (!is_v6(k->from))
			mend_outer(&in);
		decap_expect(skel, &in, w->reason, NULL);
	}
}
