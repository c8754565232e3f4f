/* SPDX-License-Identifier: BSD-2-Clause */
/* The MSS of SYNs at every place that it can have, and what the checksum makes of it. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "ref_mss.h"
#include "rig.h"

#define OPTIONS 40

static const char *const clients[] = { CLIENT4, CLIENT6 };
static const char *const shop[] = { SHOP4, SHOP6 };

/* A SYN with @mss at @place of its options, all else no-operation. */
static struct packet syn(bool v6, size_t place, __u16 mss)
{
	struct packet p = { .src = clients[v6], .dst = shop[v6], .sport = 40001 };

	p.dport = PORT_MSS;
	p.proto = IPPROTO_TCP;
	p.flags = FRAME_SYN;
	p.tcp_options_len = OPTIONS;
	memset(p.tcp_options, 1, OPTIONS);
	p.tcp_options[place] = 2;
	p.tcp_options[place + 1] = 4;
	frame_put16(p.tcp_options + place + 2, mss);
	return p;
}

/* What stands at @place of the options in the frame that came out. */
static __u16 mss_at(const struct rig *rig, const struct view *v, size_t place)
{
	return frame_get16(rig->got.data + v->l4 + 20 + place + 2);
}

static void expect_clamped(struct rig *rig, const struct packet *p, size_t place, __u16 mss)
{
	struct frame in;
	struct view out;

	frame_build(p, &in);
	cr_expect(rig_check(rig, &in), "MSS %u at %zu", mss, place);
	cr_assert_eq(rig->verdict.reason, SHUNT_FORWARDED);
	cr_assert_eq(view_read(&rig->world, &rig->got, &out), SHUNT_CONTINUE);
	cr_expect_eq(mss_at(rig, &out, place), mss < TOWN_MSS ? mss : TOWN_MSS, "%u at %zu", mss,
		     place);
	/* Over all of the segment, by RFC 1071 alone. */
	cr_expect_eq(ref_tcp_sum(&out, &rig->got), 0xffff, "MSS %u at %zu", mss, place);
}

Test(mss, at_every_place)
{
	static const __u16 values[] = { 0,	    536,  TOWN_MSS - 1, TOWN_MSS, TOWN_MSS + 1,
					0x0100 * 5, 1460, 8960,		0xfeff,	  0xffff };
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t place = 0; place + 4 <= OPTIONS; place++) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			const struct packet four = syn(false, place, values[i]);
			const struct packet six = syn(true, place, values[i]);

			expect_clamped(rig, &four, place, values[i]);
			expect_clamped(rig, &six, place, values[i]);
		}
	}
	cr_expect(rig_check_totals(rig));
}

/* One's complement has two zeroes, and sums that wrap: every value, even and odd. */
Test(mss, every_value)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 step = 100 / rig_scale(100);

	for (__u32 mss = 0; mss <= 0xffff; mss += step) {
		const struct packet p = syn(mss & 1, 1 + (mss >> 1 & 1), mss);

		expect_clamped(rig, &p, 1 + (mss >> 1 & 1), mss);
	}
}

/* Nothing is turned into something by the options of random bytes. */
Test(mss, options_at_random)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 n = rig_scale(20000);
	__u64 state = 0x355;

	for (__u32 i = 0; i < n; i++) {
		static const __u8 usual[] = { 0, 1, 2, 3, 4, 5, 8 };
		struct packet p = syn(i & 1, 0, 1460);
		struct frame in;

		p.tcp_options_len = 4 * (rig_random(&state) % (OPTIONS / 4 + 1));
		for (size_t at = 0; at < OPTIONS; at++) {
			const __u64 r = rig_random(&state);

			p.tcp_options[at] = r & 0x700 ? usual[(r & 0xff) % sizeof(usual)] : r;
		}
		frame_build(&p, &in);
		cr_assert(rig_check(rig, &in), "options %u", i);
		cr_assert_eq(rig->verdict.reason, SHUNT_FORWARDED);
	}
}
