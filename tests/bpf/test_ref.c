/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference against frames that were put together by hand, a header (or 20
 * bytes of it) a line, so that it cannot be wrong in the same way as the
 * program. Needs no root.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

struct sample {
	const char *name;
	const char *in;
	const char *out;
};

/* clang-format off */
static const struct sample samples[] = {
	{ "IPv4 with DF and padding: direct",
		  "02d00000000102c0000000020800"
		  "45b900201111400040113c78c6336407c0000250"
		  "9c430050000c12347368756e"
		  "eeeeeeeeeeeeeeeeeeeeeeeeeeee",

		  "02b00000000102e0000000010800"
		  "45b90020111140003f113d78c6336407c0000250"
		  "9c430050000c12347368756e"
		  "eeeeeeeeeeeeeeeeeeeeeeeeeeee" },

	{ "4in4, DF, padding",
		  "02d00000000102c0000000020800"
		  "45b900201111400040113c78c6336407c0000250"
		  "9c430052000c12347368756e"
		  "eeeeeeeeeeeeeeeeeeeeeeeeeeee",

		  "02b00000000302e0000000010800"
		  "45b9003400004000400426090a0000010a010003"
		  "45b90020111140003f113d78c6336407c0000250"
		  "9c430052000c12347368756e"
		  "eeeeeeeeeeeeeeeeeeeeeeeeeeee" },

	{ "4in4, no DF",
		  "02d00000000102c0000000020800"
		  "45030020111100000211bb2ec6336407c0000250"
		  "9c430052000c12347368756e",

		  "02b00000000302e0000000010800"
		  "45030034222200004004449d0a0000010a010003"
		  "45030020111100000111bc2ec6336407c0000250"
		  "9c430052000c12347368756e" },

	{ "6in4",
		  "02d00000000102c00000000286dd"
		  "6b9abcde000c114020010db8000c000000000000"
		  "0000000720010db8000000000000000000000080"
		  "9c430052000c12347368756e",

		  "02b60000000302e0000000010800"
		  "45b9004800004000402925d00a0000010a010003"
		  "6b9abcde000c113f20010db8000c000000000000"
		  "0000000720010db8000000000000000000000080"
		  "9c430052000c12347368756e" },

	{ "4in6",
		  "02d00000000102c0000000020800"
		  "45b900201111400040113c78c6336407c0000250"
		  "9c430054000c12347368756e",

		  "02b00000000502e00000000186dd"
		  "6b91234500200440fd00000e0000000000000000"
		  "00000001fd00000b000000000000000000000005"
		  "45b90020111140003f113d78c6336407c0000250"
		  "9c430054000c12347368756e" },

	{ "6in6",
		  "02d00000000102c00000000286dd"
		  "6b9abcde000c114020010db8000c000000000000"
		  "0000000720010db8000000000000000000000080"
		  "9c430054000c12347368756e",

		  "02b60000000502e00000000186dd"
		  "6b91234500342940fd00000e0000000000000000"
		  "00000001fd00000b000000000000000000000005"
		  "6b9abcde000c113f20010db8000c000000000000"
		  "0000000720010db8000000000000000000000080"
		  "9c430054000c12347368756e" },

	{ "IPv6: direct",
		  "02d00000000102c00000000286dd"
		  "6b9abcde000c114020010db8000c000000000000"
		  "0000000720010db8000000000000000000000080"
		  "9c430050000c12347368756e",

		  "02b60000000102e00000000186dd"
		  "6b9abcde000c113f20010db8000c000000000000"
		  "0000000720010db8000000000000000000000080"
		  "9c430050000c12347368756e" },
};
/* clang-format on */

static void from_hex(const char *hex, struct frame *f)
{
	for (f->len = 0; hex[f->len * 2]; f->len++)
		cr_assert_eq(sscanf(hex + f->len * 2, "%2hhx", &f->data[f->len]), 1);
}

Test(ref, agrees_with_frames_made_by_hand)
{
	_cleanup_free_ struct world *town = malloc(sizeof(*town));

	cr_assert(town);
	world_build_town(town);
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct verdict verdict;
		struct frame in, want;

		from_hex(samples[i].in, &in);
		from_hex(samples[i].out, &want);
		ref_judge(town, &in, &want, &verdict);
		cr_expect_eq(verdict.reason, SHUNT_FORWARDED, "%s", samples[i].name);
		cr_expect_eq(verdict.out.len, want.len, "%s", samples[i].name);
		cr_expect_arr_eq(verdict.out.data, want.data, want.len, "%s", samples[i].name);
	}
}

Test(ref, sums_as_rfc_1071_does)
{
	static const __u8 example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	cr_expect_eq(frame_sum(example, sizeof(example)), 0xddf2);
	cr_expect_eq(frame_sum(example, 3), 0xf201);
}
