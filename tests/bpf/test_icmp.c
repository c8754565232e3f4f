/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP beyond single frames: answers that add up by the RFCs alone, the budget of
 * answers, and errors about flows whose slots are in transition.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crossing.h"
#include "fixture.h"
#include "rig.h"

/* --- answers ------------------------------------------------------------------ */

struct sample {
	const char *in;
	const char *out;
};

/* Made by hand: a header, or 20 bytes of it, a line. */
static const struct sample pings[] = {
	{ "02d00000000102c0000000020800"
	  "45000021123440000701751dc6336407c0000250"
	  "0800dc37beef00017368756e74",

	  "02c00000000202d0000000010800"
	  "450000211234400040013c1dc0000250c6336407"
	  "0000e437beef00017368756e74" },

	{ "02d00000000102c00000000286dd"
	  "6b9abcde000d3a0720010db8000c000000000000"
	  "0000000720010db8000000000000000000000080"
	  "800007ebbeef00017368756e74",

	  "02c00000000202d00000000186dd"
	  "6b9abcde000d3a4020010db80000000000000000"
	  "0000008020010db8000c00000000000000000007"
	  "810006ebbeef00017368756e74" },
};

static void from_hex(const char *hex, struct frame *f)
{
	for (f->len = 0; hex[f->len * 2]; f->len++)
		cr_assert_eq(sscanf(hex + f->len * 2, "%2hhx", &f->data[f->len]), 1);
}

Test(icmp, pings_made_by_hand)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t i = 0; i < sizeof(pings) / sizeof(pings[0]); i++) {
		struct frame in, want;

		from_hex(pings[i].in, &in);
		from_hex(pings[i].out, &want);
		cr_expect_eq(dp_run(rig->dp, &in, &rig->got), XDP_TX);
		cr_expect_eq(rig->got.len, want.len);
		cr_expect_arr_eq(rig->got.data, want.data, want.len);
	}
}

/* The ICMP message of @ip, with what its checksum covers besides. */
static __u16 icmp_sum(const __u8 *ip, bool v6)
{
	struct frame all = {};
	const size_t len = v6 ? frame_get16(ip + 4) : frame_get16(ip + 2) - 20U;

	memcpy(all.data + 40, ip + (v6 ? 40 : 20), len);
	if (!v6)
		return frame_sum(all.data + 40, len);
	memcpy(all.data, ip + 8, 32);
	frame_put16(all.data + 34, len);
	all.data[39] = IPPROTO_ICMPV6;
	return frame_sum(all.data, 40 + len);
}

static void expect_answer(const struct fixture *fx, const struct frame *in, const struct frame *out)
{
	const __u8 *ip = out->data + frame_ip(out);
	const bool v6 = ip[0] >> 4 == 6;

	cr_expect_arr_eq(out->data, in->data + 6, 6, "%s: to whom", fx->name);
	cr_expect_arr_eq(out->data + 6, in->data, 6, "%s: from whom", fx->name);
	cr_expect_eq(ip[v6 ? 7 : 8], 64, "%s: TTL", fx->name);
	if (!v6 && !(fx->reason == SHUNT_ECHO_ANSWERED && fx->in.csum_off))
		cr_expect_eq(frame_sum(ip, 20), 0xffff, "%s: IPv4", fx->name);
	if (!fx->in.l4_csum_off)
		cr_expect_eq(icmp_sum(ip, v6), 0xffff, "%s: ICMP", fx->name);
}

/* What is quoted is what came in, from the IP header on, as far as there is room. */
static void expect_quote(const struct fixture *fx, const struct frame *in, const struct frame *out)
{
	const size_t ip = frame_ip(out);
	const bool v6 = out->data[ip] >> 4 == 6;
	const size_t quote = ip + (v6 ? 48 : 28), most = v6 ? 1280 : 576;
	const size_t sent = in->len - frame_ip(in) - fx->in.pad;
	const size_t room = most - (quote - ip);

	cr_expect_eq(out->len - quote, sent < room ? sent : room, "%s: length", fx->name);
	cr_expect_arr_eq(out->data + quote, in->data + frame_ip(in), out->len - quote, "%s: quote",
			 fx->name);
}

Test(icmp, answers_add_up)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	unsigned int answers = 0;

	for (size_t i = 0; i < n_fixtures; i++) {
		const struct fixture *fx = &fixtures[i];
		struct frame in;

		if (fx->reason != SHUNT_ECHO_ANSWERED && fx->reason != SHUNT_TOO_BIG_ANSWERED)
			continue;
		frame_build(&fx->in, &in);
		cr_expect_eq(dp_run(rig->dp, &in, &rig->got), XDP_TX, "%s", fx->name);
		expect_answer(fx, &in, &rig->got);
		if (fx->reason == SHUNT_TOO_BIG_ANSWERED)
			expect_quote(fx, &in, &rig->got);
		answers++;
	}
	cr_expect_gt(answers, 40);
}

/* All checksums that an echo request can have: the identifier makes them. */
Test(icmp, every_checksum_of_a_ping)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 step = 65535 / rig_scale(65535);

	for (__u32 i = 0; i < 65536; i += step) {
		struct packet ping = { CLIENT4, SHOP4, .proto = IPPROTO_ICMP, .icmp_type = 8 };
		struct frame in;

		ping.icmp_rest = i << 16;
		frame_build(&ping, &in);
		cr_assert(rig_check(rig, &in), "identifier %04x", i);
		cr_assert_eq(icmp_sum(rig->got.data + FRAME_IP, false), 0xffff, "%04x", i);
	}
}

/* --- the budget --------------------------------------------------------------- */

#define FEW 5

static struct rig *open_with_budget(__u32 per_s)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));

	cr_assert(w);
	world_build_town(w);
	w->rodata.icmp_per_s = per_s;
	return rig_open_world(w);
}

static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

static const struct packet asking[] = {
	{ CLIENT4, SHOP4, .proto = IPPROTO_ICMP, .icmp_type = 8 },
	{ CLIENT6, SHOP6, .proto = IPPROTO_ICMPV6, .icmp_type = 128 },
	{ CLIENT4, SHOP4, 4000, PORT_IPIP4_SMALL, IPPROTO_UDP, .fragment = 0x4000,
	  .payload = 1200 },
	{ CLIENT6, SHOP6, 4000, PORT_IPIP6_MEDIUM, IPPROTO_UDP, .payload = 1500 },
};
#define ASKING (sizeof(asking) / sizeof(asking[0]))

/* Return: how many of 4 * FEW were answered; 0 if a second ended meanwhile. */
static __u32 count_answers(struct rig *rig)
{
	const __u32 now_s = flow_model_now_s();
	__u32 answered = 0;

	for (__u32 i = 0; i < 4 * FEW; i++) {
		struct frame in;
		__u32 action;

		frame_build(&asking[i % ASKING], &in);
		action = dp_run(rig->dp, &in, &rig->got);
		cr_expect(action == XDP_TX || action == XDP_DROP, "action %u", action);
		answered += action == XDP_TX;
	}
	return flow_model_now_s() == now_s ? answered : 0;
}

Test(icmp, a_second_has_so_many_answers)
{
	_cleanup_rig_ struct rig *rig = open_with_budget(FEW);
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	const __u32 start_s = flow_model_now_s();
	__u32 answered;

	stay_on_this_cpu();
	/* In the next second, and if that ends too early in the one after it. */
	while (flow_model_now_s() == start_s)
		usleep(1000);
	do {
		dp_read_reasons(rig->dp, before);
		answered = count_answers(rig);
		dp_read_reasons(rig->dp, after);
	} while (!answered);
	cr_expect_eq(answered, FEW, "%u", answered);
	cr_expect_eq(after[SHUNT_ICMP_LIMITED] - before[SHUNT_ICMP_LIMITED], 3 * FEW);
	cr_expect_eq(after[SHUNT_TOO_BIG], before[SHUNT_TOO_BIG]);
}

/* Pings are the stack's then, and what is too big is dropped. */
Test(icmp, without_a_budget_nobody_is_answered)
{
	static const enum shunt_reason reasons[ASKING] = { SHUNT_NOT_L4, SHUNT_NOT_L4,
							   SHUNT_TOO_BIG, SHUNT_TOO_BIG };
	_cleanup_rig_ struct rig *rig = open_with_budget(0);

	for (size_t i = 0; i < ASKING; i++) {
		struct frame in;

		frame_build(&asking[i], &in);
		cr_expect(rig_check(rig, &in), "%zu", i);
		cr_expect_eq(rig->verdict.reason, reasons[i], "%zu", i);
	}
	for (size_t i = 0; i < n_fixtures; i++) {
		struct frame in;

		frame_build(&fixtures[i].in, &in);
		cr_expect(rig_check(rig, &in), "%s", fixtures[i].name);
	}
	cr_expect(rig_check_totals(rig));
}

/* --- flows in transition ------------------------------------------------------ */

/* Return: the member that an error about @f went to. */
static __u32 send_error(struct crossing *t, const struct crossing_flow *f)
{
	struct packet sent, error;

	crossing_error(f, &sent, &error);
	cr_expect(crossing_check(t, f, &error));
	cr_expect(ref_is_forwarded(t->rig->verdict.reason));
	return frame_get16(t->rig->got.data + 4) - f->base;
}

/* What crossing_check() leaves open it does not: that nothing is changed at all. */
static void expect_error(struct crossing *t, const struct crossing_flow *f, __u32 member)
{
	const struct flow_lines before = flow_model_lines(&t->model, f->hash);
	const __u32 noted = crossing_noted(t, f), used = t->model.budget.used;
	struct flow_lines after;

	cr_expect_eq(send_error(t, f), member, "%s", f->src);
	after = flow_model_lines(&t->model, f->hash);
	cr_expect_arr_eq(&after, &before, sizeof(after), "%s", f->src);
	cr_expect_eq(crossing_noted(t, f), noted, "%s", f->src);
	cr_expect_eq(t->model.budget.used, used, "%s", f->src);
}

static void expect_errors(struct crossing *t, const struct crossing_flow *f)
{
	static const enum shunt_slot_state states[] = { SHUNT_SLOT_STABLE, SHUNT_SLOT_MIGRATING,
							SHUNT_SLOT_PINNING, SHUNT_SLOT_PINNED };
	const bool tracked = f->service_flags & SHUNT_SERVICE_TRACKED;
	const __u32 then_s = flow_model_now_s() - 7;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const bool to_prev = i == 1 || i == 2, looked_up = i || tracked;

		crossing_forget(t);
		crossing_put_word(t, f, SHUNT_SLOT(states[i], CROSSING_LIVE, 2));
		expect_error(t, f, to_prev ? CROSSING_LIVE : 2);
		crossing_note(t, f, f->base + 4, then_s);
		expect_error(t, f, looked_up ? 4 : 2);
		crossing_pin(t, f, f->base + 3, then_s);
		expect_error(t, f, looked_up ? 3 : 2);
	}
}

Test(icmp, errors_follow_flows_and_change_nothing)
{
	static const char *const clients[] = { CLIENT4, CLIENT6 };
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);

	for (int c = 0; c < 2; c++) {
		struct packet like = { .src = clients[c], .sport = 4000, .proto = IPPROTO_TCP };
		struct crossing_flow f;

		like.dport = CROSSING_PLAIN;
		crossing_flow(t, &like, &f);
		expect_errors(t, &f);
		like.dport = CROSSING_TRACKED;
		crossing_flow(t, &like, &f);
		expect_errors(t, &f);
	}
	cr_expect(crossing_check_all(t));
	cr_expect(rig_check_totals(t->rig));
}
