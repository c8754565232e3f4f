/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tags change nothing: a fixture with tags ends as it does without, and comes out as
 * it does without, with the same tags in the same place; with that of a VLAN device in
 * their place, where it leaves by one. Said by comparing the program with itself; the
 * reference has its say besides.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "rig.h"

#define MACS 12
#define MOST_TAGS 2

struct tags {
	__u8 n;
	__u8 bytes[4 * MOST_TAGS];
};

static const struct tags kinds[] = {
	{ 1, { 0x81, 0x00, 0x00, 0x64 } },
	{ 1, { 0x88, 0xa8, 0x0f, 0xff } },
	{ 1, { 0x81, 0x00, 0x00, 0x00 } }, /* all zeroes but for the first byte */
	{ 2, { 0x88, 0xa8, 0x00, 0x01, 0x81, 0x00, 0xe0, 0x02 } },
	{ 2, { 0x81, 0x00, 0xff, 0xff, 0x81, 0x00, 0x00, 0x00 } },
	{ 2, { 0x81, 0x00, 0x80, 0x00, 0x88, 0xa8, 0xff, 0xff } },
};

static void insert(const struct tags *tags, struct frame *f)
{
	const size_t len = 4 * tags->n;

	memmove(f->data + MACS + len, f->data + MACS, f->len - MACS);
	memcpy(f->data + MACS, tags->bytes, len);
	f->len += len;
}

static bool frame_is_tagged(const struct frame *f)
{
	return frame_get16(f->data + MACS) == 0x8100;
}

static void expect_same(struct rig *rig, const struct fixture *fx, const struct tags *tags)
{
	enum shunt_reason reason;
	struct frame in, out;

	frame_build(&fx->in, &in);
	cr_expect(rig_check(rig, &in), "%s", fx->name);
	reason = rig->verdict.reason;
	out = rig->got;
	insert(tags, &in);
	if (!frame_is_tagged(&out))
		insert(tags, &out);
	cr_expect(rig_check(rig, &in), "%s", fx->name);
	cr_expect_eq(rig->verdict.reason, reason, "%s", fx->name);
	cr_expect_eq(rig->got.len, out.len, "%s", fx->name);
	cr_expect_arr_eq(rig->got.data, out.data, out.len, "%s", fx->name);
}

Test(tag, changes_nothing)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (size_t i = 0; i < n_fixtures; i++)
			if (!fixtures[i].in.tags)
				expect_same(rig, &fixtures[i], &kinds[k]);
	cr_expect(rig_check_totals(rig));
}

/* A tag is known by its first half: one bit off, and the frame is none of ours. */
Test(tag, is_known_by_every_bit_of_its_type)
{
	static const __u16 types[] = { 0x8100, 0x88a8 };
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		for (int bit = 0; bit < 16; bit++) {
			struct packet p = { .src = CLIENT4, .dst = SHOP4, .dport = PORT_IPIP4 };
			struct frame in;

			p.proto = 17;
			p.tags = 1;
			p.tpid = types[t] ^ 1 << bit;
			frame_build(&p, &in);
			cr_expect(rig_check(rig, &in), "type %04x", p.tpid);
			cr_expect_eq(rig->verdict.reason, SHUNT_NOT_IP, "type %04x", p.tpid);
		}
	}
}

/* All values of the other half stay as they are. */
Test(tag, keeps_every_control_word)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 step = 65535 / rig_scale(65535);

	for (__u32 tci = 1; tci < 65536; tci += step) {
		struct packet p = { CLIENT6, SHOP6, 40001, PORT_IPIP6, 17, .tags = 1, .tci = tci };
		struct frame in;

		frame_build(&p, &in);
		cr_assert(rig_check(rig, &in), "%04x", tci);
		cr_assert_eq(rig->verdict.reason, SHUNT_FORWARDED, "%04x", tci);
		cr_assert_eq(frame_get16(rig->got.data + MACS + 2), tci, "%04x", tci);
	}
}
