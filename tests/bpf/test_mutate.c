/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fixtures damaged at random: program and reference must agree about whatever
 * comes of it. The seed is printed; SHUNT_TEST_SEED gives another.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "rig.h"

#define FRAMES 100000
#define SEED 0x5eedfacadeULL

/* Headers end before this: most damage is done there. */
#define HEADERS 96
/* The most that one insertion or removal moves. */
#define MOST_BYTES 8

static size_t pick_place(const struct frame *f, __u64 r)
{
	const size_t end = r & 1 && f->len > HEADERS ? HEADERS : f->len;

	return (r >> 1) % end;
}

static void flip_bit(struct frame *f, __u64 r)
{
	f->data[pick_place(f, r >> 8)] ^= 1 << (r & 7);
}

static void set_byte(struct frame *f, __u64 r)
{
	static const __u8 words[] = { 0,  1,	2,    4,    5,	  6,	17,   43,   44,	  51,
				      60, 0x45, 0x46, 0x4f, 0x60, 0x81, 0x86, 0x88, 0xa8, 0xff };

	f->data[pick_place(f, r >> 8)] = words[(r & 0xff) % sizeof(words)];
}

static void insert_bytes(struct frame *f, __u64 r)
{
	const size_t at = pick_place(f, r >> 16), n = (r & 0xff) % MOST_BYTES + 1;

	memmove(f->data + at + n, f->data + at, f->len - at);
	memset(f->data + at, (int)(r >> 8 & 0xff), n);
	f->len += n;
}

static void remove_bytes(struct frame *f, __u64 r)
{
	const size_t at = pick_place(f, r >> 16), n = (r & 0xff) % MOST_BYTES + 1;

	if (f->len < FRAME_SHORTEST + n || at + n > f->len)
		return;
	memmove(f->data + at, f->data + at + n, f->len - at - n);
	f->len -= n;
}

static void cut_or_extend(struct frame *f, __u64 r)
{
	const size_t n = (r & 0xff) % 40;

	if (r >> 8 & 1) {
		memset(f->data + f->len, 0xdd, n);
		f->len += n;
	} else if (f->len >= FRAME_SHORTEST + n) {
		f->len -= n;
	}
}

static void damage(struct frame *f, __u64 *state)
{
	static void (*const ways[])(struct frame * f, __u64 r) = {
		flip_bit, flip_bit,	flip_bit,     set_byte,
		set_byte, insert_bytes, remove_bytes, cut_or_extend,
	};
	const __u64 times = rig_random(state) % 3 + 1;

	for (__u64 i = 0; i < times; i++) {
		const __u64 way = rig_random(state) % (sizeof(ways) / sizeof(ways[0]));

		ways[way](f, rig_random(state));
	}
}

/* If the damage is always fatal, or never, this tests little. */
static void expect_variety(const struct rig *rig, __u64 n)
{
	__u64 ended[XDP_REDIRECT + 1] = {};

	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		ended[ref_action(r)] += rig->tally.reasons[r];
	cr_expect_gt(ended[XDP_TX], n / 10);
	cr_expect_gt(ended[XDP_DROP], n / 10);
	cr_expect_gt(ended[XDP_PASS], n / 10);
	cr_expect_gt(ended[XDP_REDIRECT], n / 100);
}

Test(mutate, agrees_with_the_reference)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const char *text = getenv("SHUNT_TEST_SEED");
	__u64 state = text ? strtoull(text, NULL, 0) : SEED;
	const __u32 n = rig_scale(FRAMES);

	fprintf(stderr, "mutate: %u frames, SHUNT_TEST_SEED=0x%llx\n", n, state);
	for (__u32 i = 0; i < n; i++) {
		const struct fixture *fx = &fixtures[rig_random(&state) % n_fixtures];
		struct frame in;

		frame_build(&fx->in, &in);
		damage(&in, &state);
		cr_assert(rig_check(rig, &in), "frame %u, made from \"%s\"", i, fx->name);
	}
	cr_expect(rig_check_totals(rig));
	expect_variety(rig, n);
}
