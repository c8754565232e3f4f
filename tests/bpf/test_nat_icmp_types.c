/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an ICMP error is called in the other family, type by type, code by code and pointer
 * by pointer: the tables of RFC 7915, 4.2 and 5.2.
 */
#include <criterion/criterion.h>

#include "base/array.h"
#include "report.h"

/* @told: NULL if it is not to be told. */
static void expect_called(struct nat_bpf *skel, bool from_v6, struct say says,
			  const struct say *told)
{
	const struct report r = report_crossing(from_v6, says, told ? *told : (struct say){});

	if (told)
		report_expect_told(skel, &r);
	else
		report_expect_refused(skel, &r, SHUNT_NO_TRANSLATION, "without a name");
}

#define NONE 0xff

/* RFC 7915, 4.2: codes of "destination unreachable", by those of IPv4. */
static const struct say unreachable_to_v6[] = {
	[0] = { UNREACHABLE6, 0, 0 },  [1] = { UNREACHABLE6, 0, 0 },  [2] = { PROBLEM6, 1, 6 },
	[3] = { UNREACHABLE6, 4, 0 },  [4] = { TOO_BIG6, 0, 0 },      [5] = { UNREACHABLE6, 0, 0 },
	[6] = { UNREACHABLE6, 0, 0 },  [7] = { UNREACHABLE6, 0, 0 },  [8] = { UNREACHABLE6, 0, 0 },
	[9] = { UNREACHABLE6, 1, 0 },  [10] = { UNREACHABLE6, 1, 0 }, [11] = { UNREACHABLE6, 0, 0 },
	[12] = { UNREACHABLE6, 0, 0 }, [13] = { UNREACHABLE6, 1, 0 }, [14] = { NONE, 0, 0 },
	[15] = { UNREACHABLE6, 1, 0 },
};

Test(nat_icmp_types, unreachable_to_v6)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code++) {
		const struct say *told =
			code < array_len(unreachable_to_v6) ? &unreachable_to_v6[code] : NULL;

		if (code == 4)
			continue;
		if (told && told->type == NONE)
			told = NULL;
		expect_called(skel, false, (struct say){ UNREACHABLE, code, 0 }, told);
	}
}

/* Figure 3: by the byte of the IPv4 header. */
static const __u8 pointers_to_v6[] = { 0,    1,	   4, 4, NONE, NONE, NONE, NONE, 7,  6,
				       NONE, NONE, 8, 8, 8,    8,    24,   24,	 24, 24 };

Test(nat_icmp_types, parameter_problem_to_v6)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 8; code++)
		for (__u32 at = 0; at < 256; at++) {
			const bool known = at < array_len(pointers_to_v6) &&
					   pointers_to_v6[at] != NONE && (code == 0 || code == 2);
			const struct say told = { PROBLEM6, 0, known ? pointers_to_v6[at] : 0 };

			expect_called(skel, false, (struct say){ PROBLEM, code, at << 24 },
				      known ? &told : NULL);
		}
}

Test(nat_icmp_types, other_types_to_v6)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code += 17)
		expect_called(skel, false, (struct say){ TIME_EXCEEDED, code, 0 },
			      &(struct say){ TIME_EXCEEDED6, code, 0 });
	for (__u32 type = 0; type < 256; type++)
		if (type != UNREACHABLE && type != TIME_EXCEEDED && type != PROBLEM)
			expect_called(skel, false, (struct say){ type, 0, 0 }, NULL);
}

Test(nat_icmp_types, mtu_to_v6)
{
	static const __u32 mtus[][2] = { { 1480, 1500 },  { 1400, 1420 }, { 1261, 1281 },
					 { 1260, 1280 },  { 1259, 1280 }, { 576, 1280 },
					 { 68, 1280 },	  { 1, 1280 },	  { 9000, 9020 },
					 { 65535, 65555 } };
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	array_for_each (mtu, mtus, array_len(mtus))
		expect_called(skel, false, report_too_big(false, (*mtu)[0]),
			      &(struct say){ TOO_BIG6, 0, (*mtu)[1] });
}

/* RFC 1191: a router that knows of none says 0; the next plateau below the packet it is. */
Test(nat_icmp_types, mtu_that_was_not_said)
{
	static const __u32 plateaus[][2] = { { 3000, 2022 }, { 2003, 2022 }, { 2002, 1512 },
					     { 1500, 1512 }, { 1493, 1512 }, { 1492, 1280 },
					     { 1300, 1280 }, { 100, 1280 } };
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	array_for_each (plateau, plateaus, array_len(plateaus)) {
		struct report r = report_crossing(false, report_too_big(false, 0),
						  (struct say){ TOO_BIG6, 0, (*plateau)[1] });

		r.quoted.payload = (*plateau)[0] - 40;
		r.l4_bytes = 50;
		report_expect_told(skel, &r);
	}
}

/* RFC 7915, 5.2: codes of "destination unreachable", by those of IPv6. */
static const __u8 unreachable_to_v4[] = { 1, 10, 1, 1, 3 };

Test(nat_icmp_types, unreachable_to_v4)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code++) {
		const bool known = code < array_len(unreachable_to_v4);
		const struct say told = { UNREACHABLE, known ? unreachable_to_v4[code] : 0, 0 };

		expect_called(skel, true, (struct say){ UNREACHABLE6, code, 0 },
			      known ? &told : NULL);
	}
}

/* Figure 6: by the byte of the IPv6 header, up to the addresses. */
static const __u8 pointers_to_v4[] = { 0, 1, NONE, NONE, 2, 2, 9, 8 };

static __u8 pointer_to_v4(__u32 at)
{
	if (at < array_len(pointers_to_v4))
		return pointers_to_v4[at];
	return at < 24 ? 12 : at < 40 ? 16 : NONE;
}

Test(nat_icmp_types, parameter_problem_to_v4)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 at = 0; at < 300; at++) {
		const struct say told = { PROBLEM, 0, (__u32)pointer_to_v4(at) << 24 };

		expect_called(skel, true, (struct say){ PROBLEM6, 0, at },
			      pointer_to_v4(at) == NONE ? NULL : &told);
		expect_called(skel, true, (struct say){ PROBLEM6, 1, at },
			      &(struct say){ UNREACHABLE, 2, 0 });
		expect_called(skel, true, (struct say){ PROBLEM6, 2 + at % 200, at }, NULL);
	}
}

Test(nat_icmp_types, other_types_to_v4)
{
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	for (__u32 code = 0; code < 256; code += 17)
		expect_called(skel, true, (struct say){ TIME_EXCEEDED6, code, 0 },
			      &(struct say){ TIME_EXCEEDED, code, 0 });
	for (__u32 type = 0; type < 256; type++)
		if (type < UNREACHABLE6 || type > PROBLEM6)
			expect_called(skel, true, (struct say){ type, 0, 0 }, NULL);
}

Test(nat_icmp_types, mtu_to_v4)
{
	static const __u32 mtus[][2] = {
		{ 1500, 1480 },	  { 1281, 1261 },   { 1280, 1260 },
		{ 1279, 1260 },	  { 0, 1260 },	    { 9000, 8980 },
		{ 65555, 65535 }, { 65556, 65535 }, { 0xffffffff, 65535 }
	};
	_cleanup_nat_ struct nat_bpf *skel = nat_open();

	array_for_each (mtu, mtus, array_len(mtus))
		expect_called(skel, true, report_too_big(true, (*mtu)[0]),
			      &(struct say){ UNREACHABLE, 4, (*mtu)[1] });
}
