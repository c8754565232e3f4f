/* SPDX-License-Identifier: BSD-2-Clause */
/* Every fixture as it stands, and what the table of fixtures reaches. */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include "fixture.h"
#include "pcap.h"
#include "rig.h"

/* Was it sent, and right before? Checksums are built for the length that a packet has. */
static bool should_add_up(const struct fixture *fx)
{
	return ref_action(fx->reason) != XDP_PASS && ref_action(fx->reason) != XDP_DROP &&
	       !fx->in.csum_off && !fx->in.l4_csum_off && !fx->in.ip_len_off;
}

Test(fixture, ends_as_the_table_says)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t i = 0; i < n_fixtures; i++) {
		const struct fixture *fx = &fixtures[i];
		struct frame in;

		frame_build(&fx->in, &in);
		cr_expect(rig_check(rig, &in), "%s", fx->name);
		cr_expect_eq(rig->verdict.reason, fx->reason, "%s: the reference says %s", fx->name,
			     ref_name(rig->verdict.reason));
		if (should_add_up(fx))
			pcap_append(&rig->got);
	}
	cr_expect(rig_check_totals(rig));
}

/* The headers that a forwarded frame leaves with add up, by RFC 1071 alone. */
Test(fixture, header_checksums_add_up)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t i = 0; i < n_fixtures; i++) {
		const struct fixture *fx = &fixtures[i];
		const __u8 *ip;
		struct frame in;

		frame_build(&fx->in, &in);
		dp_run(rig->dp, &in, &rig->got);
		if (!ref_is_forwarded(fx->reason))
			continue;
		ip = rig->got.data + frame_ip(&rig->got);
		if (ip[0] >> 4 == 4 && ip[9] != IPPROTO_IPIP && fx->in.csum_off)
			continue;
		if (ip[0] >> 4 == 4)
			cr_expect_eq(frame_sum(ip, (ip[0] & 0xf) * 4), 0xffff, "%s: outer",
				     fx->name);
		ip += ip[0] >> 4 == 4 ? 20 : 40;
		if (rig->got.len > in.len && ip[0] >> 4 == 4 && !fx->in.csum_off)
			cr_expect_eq(frame_sum(ip, (ip[0] & 0xf) * 4), 0xffff, "%s: inner",
				     fx->name);
	}
}

/* test_headroom.c and test_icmp.c reach those that no frame of the table can. */
/* test_nat*.c and test_reset.c reach those. */
static bool needs_connection(int reason)
{
	return reason == SHUNT_RESET_ANSWERED || reason == SHUNT_BACKEND_GONE ||
	       reason == SHUNT_CONNECTION_CLASH || reason == SHUNT_NO_PORT ||
	       reason == SHUNT_NO_TRANSLATION;
}

/* test_guard*.c and test_cookie.c reach those: the town has no firewall. */
static bool needs_firewall(int reason)
{
	return reason == SHUNT_DENIED || reason == SHUNT_RATE_LIMITED ||
	       reason == SHUNT_BAD_FLAGS || reason == SHUNT_SYN_COOKIE ||
	       reason == SHUNT_BAD_COOKIE;
}

/* test_hold.c reaches that: the town follows no former maps. */
static bool needs_former(int reason)
{
	return reason == SHUNT_HELD;
}

Test(fixture, reaches_every_reason_that_a_frame_can)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	__u64 counted[SHUNT_MAX_REASONS];

	for (size_t i = 0; i < n_fixtures; i++) {
		struct frame in;

		frame_build(&fixtures[i].in, &in);
		dp_run(rig->dp, &in, &rig->got);
	}
	dp_read_reasons(rig->dp, counted);
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++) {
		if (r == SHUNT_NO_HEADROOM || r == SHUNT_ICMP_LIMITED || needs_firewall(r) ||
		    needs_connection(r) || needs_former(r))
			continue;
		cr_expect_gt(counted[r], 0, "no fixture ends in %s", ref_name(r));
	}
}
