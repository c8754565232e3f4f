/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every fixture cut at every length, and with every length that its IP header
 * could lie about: what is forwarded is whole, what is not is left alone.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>

#include "fixture.h"
#include "rig.h"

/* Every length, but in the middle of a long frame only each 97th. */
static size_t next_cut(size_t len, size_t whole)
{
	return len > 160 && len + 160 < whole ? len + 97 : len + 1;
}

Test(cut, at_every_length)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t i = 0; i < n_fixtures; i++) {
		struct frame in;
		size_t whole;

		frame_build(&fixtures[i].in, &in);
		whole = in.len;
		for (in.len = FRAME_SHORTEST; in.len < whole; in.len = next_cut(in.len, whole))
			cr_expect(rig_check(rig, &in), "%s, cut to %zu", fixtures[i].name, in.len);
	}
	cr_expect(rig_check_totals(rig));
}

/* Bytes in the end that the length of the packet leaves out. */
static size_t unclaimed(const struct packet *p)
{
	return p->ip_len_off < 0 ? -p->ip_len_off : 0;
}

/*
 * What a cut leaves of a packet says that it is longer than the frame, so none
 * may be forwarded: only trailers may be missing. Said without the reference.
 */
Test(cut, what_is_left_is_never_forwarded)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t i = 0; i < n_fixtures; i++) {
		const struct fixture *fx = &fixtures[i];
		struct frame in;
		size_t whole;

		frame_build(&fx->in, &in);
		whole = in.len - (fx->in.cut ? 0 : fx->in.pad + unclaimed(&fx->in));
		for (in.len = FRAME_SHORTEST; in.len < whole; in.len = next_cut(in.len, whole)) {
			__u32 action = dp_run(rig->dp, &in, &rig->got);

			cr_expect(action == XDP_PASS || action == XDP_DROP,
				  "%s, cut to %zu: action %u", fx->name, in.len, action);
		}
	}
}

/* The IP length field of @f, IPv4 or IPv6 by its type; NULL if there is none. */
static __u8 *length_field(struct frame *f)
{
	const size_t ip = frame_ip(f);

	switch (frame_get16(f->data + ip - 2)) {
	case 0x0800:
		return f->len >= ip + 4 ? f->data + ip + 2 : NULL;
	case 0x86dd:
		return f->len >= ip + 6 ? f->data + ip + 4 : NULL;
	default:
		return NULL;
	}
}

Test(cut, with_every_wrong_ip_length)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t i = 0; i < n_fixtures; i++) {
		struct frame in;
		__u8 *field;
		__u16 right;

		frame_build(&fixtures[i].in, &in);
		field = length_field(&in);
		if (!field)
			continue;
		right = frame_get16(field);
		for (__u32 len = 0; len <= right + 64U; len = next_cut(len, right)) {
			frame_put16(field, len);
			cr_expect(rig_check(rig, &in), "%s, length %u", fixtures[i].name, len);
		}
		for (__u32 len = 0xffff; len > 0xffff - 48; len--) {
			frame_put16(field, len);
			cr_expect(rig_check(rig, &in), "%s, length %u", fixtures[i].name, len);
		}
	}
	cr_expect(rig_check_totals(rig));
}
