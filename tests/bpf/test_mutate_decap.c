/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets in packets, damaged at random, in the outer headers and in the inner ones:
 * shunt-decap's program and its reference must agree about whatever comes of it.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>

#include "damage.h"
#include "decap.h"
#include "fuzz.h"
#include "ref_decap.h"
#include "rig.h"

#define FRAMES 50000
#define SEED 0xdecafbadULL

static __u64 draw(struct fuzz *fuzz, __u64 n)
{
	return rig_random(&fuzz->state) % n;
}

/* Of each way to put it in another, with and without tags. */
static void build_any(struct fuzz *fuzz, struct frame *f)
{
	const struct kind *k = &kinds[draw(fuzz, KINDS)];
	const struct gue plain = { 4, { 0, is_v6(k->client) ? IPPROTO_IPV6 : IPPROTO_IPIP } };
	struct frame inner;

	build_inner(k, draw(fuzz, 256), &inner);
	if (draw(fuzz, 2))
		wrap(k, &inner, draw(fuzz, 256), f);
	else
		wrap_gue(k, &inner, draw(fuzz, 256), draw(fuzz, 2) ? &plain : NULL, f);
	if (!draw(fuzz, 4))
		tag(f, draw(fuzz, 2) + 1);
}

/* Each reason is that of some frames, or little was tested. */
static void expect_variety(const __u64 ended[DECAP_REASONS], __u32 n)
{
	for (int r = DECAP_CONTINUE + 1; r < DECAP_REASONS; r++)
		cr_expect_gt(ended[r], n / 2000, "reason %d: %llu", r, ended[r]);
}

static void run_round(struct fuzz *fuzz, const struct decap_bpf *skel)
{
	__u64 ended[DECAP_REASONS] = {};
	const __u32 n = rig_scale(FRAMES);

	for (__u32 i = 0; i < n; i++) {
		struct frame in, other, want;
		enum decap_reason reason;

		build_any(fuzz, &in);
		build_any(fuzz, &other);
		damage_frame(&in, &other, GUE_PORT, &fuzz->state);
		reason = ref_decap(&in, GUE_PORT, &want);
		ended[reason]++;
		if (!decap_agrees(skel, &in, reason, &want)) {
			frame_dump("frame in", &in);
			frame_dump("expected out", &want);
			cr_assert(false, "frame %u", i);
		}
	}
	fuzz->frames += n;
	expect_variety(ended, n);
}

Test(mutate_decap, agrees_with_the_reference)
{
	_cleanup_decap_ struct decap_bpf *skel = decap_open();
	struct fuzz fuzz = fuzz_open("mutate_decap", SEED);

	while (fuzz_next(&fuzz))
		run_round(&fuzz, skel);
}
