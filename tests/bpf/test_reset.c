/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of connections whose backend is gone, and the resets that answer them: what
 * these say is worked out here from RFC 9293 once more.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "crossing.h"
#include "nat_town.h"

#define GONE CROSSING_LIVE
#define OTHER (CROSSING_LIVE + 1)

#define SEQ 0x89abcdefU
#define ACKED 0xfedcba98U

static const int families[] = { 4, 6 };

static void lose(struct world *w)
{
	for (int f = 0; f < SHUNT_FAMILIES; f++) {
		w->backends[CROSSING_BASE4 + GONE].leg[f].flags = SHUNT_LEG_RESET;
		w->backends[CROSSING_BASE6 + GONE].leg[f].flags = SHUNT_LEG_RESET;
	}
}

static void lose_without_resets(struct world *w)
{
	lose(w);
	w->rodata.resets = 0;
}

static struct packet client(int family, __u16 port, __u8 proto)
{
	return (struct packet){ .src = family == 4 ? CLIENT4 : CLIENT6,
				.proto = proto,
				.sport = 40000,
				.dport = port };
}

/* --- a packet through the program ---------------------------------------------------- */

struct answer {
	enum shunt_reason reason;
	__u32 action;
	struct frame in;
	struct frame got;
};

static void put32(__u8 *p, __u32 v)
{
	frame_put16(p, v >> 16);
	frame_put16(p + 2, v);
}

static __u32 get32(const __u8 *p)
{
	return (__u32)frame_get16(p) << 16 | frame_get16(p + 2);
}

static size_t ip_bytes(const __u8 *ip)
{
	return ip[0] >> 4 == 4 ? (ip[0] & 15) * 4 : 40;
}

static struct answer run(struct dp *dp, const struct packet *p)
{
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	struct answer a = { 0 };
	__u8 *ip;

	frame_build(p, &a.in);
	ip = a.in.data + frame_ip(&a.in);
	if (p->proto == IPPROTO_TCP && !(p->fragment & 0x1fff)) {
		put32(ip + ip_bytes(ip) + 4, SEQ);
		put32(ip + ip_bytes(ip) + 8, ACKED);
	}
	dp_read_reasons(dp, before);
	a.action = dp_run(dp, &a.in, &a.got);
	dp_read_reasons(dp, after);
	for (int r = 0; r < SHUNT_MAX_REASONS; r++)
		if (after[r] != before[r])
			a.reason = r;
	cr_assert(a.reason);
	cr_assert_eq(a.action, ref_action(a.reason));
	return a;
}

/* --- what an answer has to say ------------------------------------------------------- */

static void expect_turned(const struct answer *a, size_t tags)
{
	const size_t in_ip = frame_ip(&a->in), ip = frame_ip(&a->got);
	const bool v6 = a->got.data[ip] >> 4 == 6;
	const size_t at = v6 ? 8 : 12, len = v6 ? 16 : 4;

	cr_expect_arr_eq(a->got.data, a->in.data + 6, 6);
	cr_expect_arr_eq(a->got.data + 6, a->in.data, 6);
	cr_expect_eq(ip, 14 + tags);
	cr_expect_arr_eq(a->got.data + 12, a->in.data + 12, 2 + tags, "tags and type");
	cr_expect_arr_eq(a->got.data + ip + at, a->in.data + in_ip + at + len, len);
	cr_expect_arr_eq(a->got.data + ip + at + len, a->in.data + in_ip + at, len);
	cr_expect_eq(a->got.data[ip + (v6 ? 7 : 8)], 64);
}

/* The pseudo header and the segment sum up to what a right checksum makes of them. */
static void expect_sums(const struct answer *a)
{
	const __u8 *ip = a->got.data + frame_ip(&a->got);
	const bool v6 = ip[0] >> 4 == 6;
	__u8 sum[40 + 20] = { 0 };

	memcpy(sum, ip + (v6 ? 8 : 12), v6 ? 32 : 8);
	sum[35] = 20;
	sum[39] = IPPROTO_TCP;
	memcpy(sum + 40, ip + (v6 ? 40 : 20), 20);
	cr_expect_eq(frame_sum(sum, sizeof(sum)), 0xffff);
	if (v6) {
		cr_expect_eq(frame_get16(ip + 4), 20);
		cr_expect_eq(ip[6], IPPROTO_TCP);
	} else {
		cr_expect_eq(frame_sum(ip, 20), 0xffff);
		cr_expect_eq(ip[0], 0x45);
		cr_expect_eq(frame_get16(ip + 2), 40);
	}
}

static void expect_reset(const struct answer *a, const struct packet *p)
{
	const __u8 *ip = a->got.data + frame_ip(&a->got), *tcp = ip + ip_bytes(ip);
	const size_t tags = p->tags * 4;
	const __u16 flags = p->flags ?: FRAME_ACK;
	const __u32 bytes = p->payload + !!(flags & FRAME_SYN) + !!(flags & FRAME_FIN);

	cr_expect_eq(a->reason, SHUNT_RESET_ANSWERED, "reason %d", a->reason);
	expect_turned(a, tags);
	expect_sums(a);
	cr_expect_eq(frame_get16(tcp), p->dport);
	cr_expect_eq(frame_get16(tcp + 2), p->sport);
	cr_expect_eq(tcp[12], 5 << 4);
	if (flags & FRAME_ACK) {
		cr_expect_eq(get32(tcp + 4), ACKED);
		cr_expect_eq(get32(tcp + 8), 0);
		cr_expect_eq(tcp[13], FRAME_RST);
	} else {
		cr_expect_eq(get32(tcp + 4), 0);
		cr_expect_eq(get32(tcp + 8), SEQ + bytes);
		cr_expect_eq(tcp[13], FRAME_RST | FRAME_ACK);
	}
	cr_expect_leq(a->got.len, a->in.len);
	cr_expect_leq(a->got.len, 74 + tags);
}

/* --- slots that still know of it ------------------------------------------------------ */

static void open_slot(struct crossing *t, int family, __u8 proto, enum shunt_slot_state state,
		      struct crossing_flow *f)
{
	const struct packet like = client(family, CROSSING_PLAIN, proto);

	crossing_flow(t, &like, f);
	crossing_put_word(t, f, SHUNT_SLOT(state, state == SHUNT_SLOT_PINNED ? 0 : GONE, OTHER));
}

static __u32 member(const struct answer *a, const struct crossing_flow *f)
{
	cr_assert(ref_is_forwarded(a->reason), "reason %d", a->reason);
	return frame_get16(a->got.data + 4) - f->base;
}

Test(reset, what_goes_on_is_answered_and_what_begins_goes_to_others)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(lose);
	static const __u16 flags[] = { FRAME_ACK, FRAME_FIN | FRAME_ACK, FRAME_FIN,
				       FRAME_NO_FLAGS };

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
			struct crossing_flow f;
			struct answer a;
			struct packet p;

			open_slot(t, families[i], IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
			p = f.packet;
			p.flags = flags[k];
			a = run(t->rig->dp, &p);
			expect_reset(&a, &p);
			p.flags = FRAME_SYN;
			a = run(t->rig->dp, &p);
			cr_expect_eq(member(&a, &f), OTHER);
			crossing_forget(t);
		}
}

Test(reset, whatever_the_packet_looks_like)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(lose);

	for (size_t i = 0; i < 2; i++) {
		struct crossing_flow f;

		open_slot(t, families[i], IPPROTO_TCP, SHUNT_SLOT_PINNING, &f);
		for (int kind = 0; kind < 5; kind++) {
			struct packet p = f.packet;
			struct answer a;

			p.tags = kind == 1 ? 1 : kind == 2 ? 2 : 0;
			p.payload = kind == 3 ? 1000 : 0;
			p.options = kind == 4 && families[i] == 4 ? 12 : 0;
			p.pad = kind == 0 ? 6 : 0;
			a = run(t->rig->dp, &p);
			expect_reset(&a, &p);
		}
	}
}

Test(reset, a_pinned_flow_is_answered)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(lose);

	for (size_t i = 0; i < 2; i++) {
		struct crossing_flow f;
		struct answer a;

		open_slot(t, families[i], IPPROTO_TCP, SHUNT_SLOT_PINNED, &f);
		a = run(t->rig->dp, &f.packet);
		cr_expect_eq(member(&a, &f), OTHER, "nothing is known of it");
		crossing_pin(t, &f, f.base + GONE, 0);
		a = run(t->rig->dp, &f.packet);
		expect_reset(&a, &f.packet);
	}
}

Test(reset, has_no_answer_for)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(lose);

	for (size_t i = 0; i < 2; i++) {
		struct packet p, sent, error;
		struct crossing_flow f;
		struct answer a;

		open_slot(t, families[i], IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
		p = f.packet;
		p.flags = FRAME_RST;
		cr_expect_eq(run(t->rig->dp, &p).reason, SHUNT_BACKEND_GONE);
		crossing_error(&f, &sent, &error);
		cr_expect_eq(run(t->rig->dp, &error).reason, SHUNT_BACKEND_GONE);
		/* UDP has no connections to reset: it goes where it can. */
		open_slot(t, families[i], IPPROTO_UDP, SHUNT_SLOT_MIGRATING, &f);
		a = run(t->rig->dp, &f.packet);
		cr_expect_eq(member(&a, &f), OTHER);
	}
}

/* Where no leg can have the flag it means nothing. */
Test(reset, is_not_in_a_program_that_needs_none)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(lose_without_resets);
	struct crossing_flow f;
	struct answer a;

	open_slot(t, 4, IPPROTO_TCP, SHUNT_SLOT_MIGRATING, &f);
	a = run(t->rig->dp, &f.packet);
	cr_expect_eq(member(&a, &f), GONE);
}

/* --- nat ------------------------------------------------------------------------------ */

static void set_flags(struct nat_town *t, __u32 id, __u8 flags)
{
	struct shunt_backend b = dp_read_backend(t->dp, id);

	b.leg[SHUNT_V4].flags = b.leg[SHUNT_V6].flags = flags;
	dp_put_backend(t->dp, id, &b);
}

static enum shunt_reason from_server(struct nat_town *t, __u32 record, __u16 flags)
{
	const struct shunt_conn conn = nat_conn(t, record);
	struct frame f;

	nat_answer_frame(&conn, flags, 33, &f);
	return nat_send_frame(t, &f);
}

static void lose_server(struct nat_town *t, int family, __u16 port)
{
	struct packet p = nat_packet(family, port, IPPROTO_TCP, 50000 + family);
	const __u32 r = nat_connect(t, &p), id = nat_conn(t, r).backend;
	struct answer a;

	set_flags(t, id, SHUNT_LEG_RESET);
	p.flags = FRAME_ACK;
	a = run(t->dp, &p);
	expect_reset(&a, &p);
	cr_expect(nat_conn(t, r).flags[SHUNT_TO_SERVER] & SHUNT_CONN_RST);
	/* Both sides hear of it, as often as they ask. */
	cr_expect_eq(from_server(t, r, FRAME_ACK), SHUNT_RESET_ANSWERED);
	a = run(t->dp, &p);
	expect_reset(&a, &p);
	/* And what the server says itself reaches the client. */
	cr_expect_eq(from_server(t, r, FRAME_RST), SHUNT_FORWARDED);
	cr_expect(nat_went_to_client(t, r));
	set_flags(t, id, 0);
}

Test(reset, connections_of_nat_are_reset_on_both_sides)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	for (size_t i = 0; i < 2; i++) {
		lose_server(t, families[i], NAT_FULL);
		lose_server(t, families[i], NAT_PLAIN);
	}
}

/* A client that begins anew is let in elsewhere, or refused if there is nobody else. */
Test(reset, nat_begins_anew_elsewhere)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 51000);
	const __u32 r = nat_connect(t, &p);

	set_flags(t, nat_conn(t, r).backend, SHUNT_LEG_RESET);
	cr_expect_eq(nat_send(t, &p), SHUNT_RESET_ANSWERED, "nobody else has its slot");
	p = nat_packet(4, NAT_FULL, IPPROTO_UDP, 51000);
	cr_expect_neq(nat_send(t, &p), SHUNT_RESET_ANSWERED);
}
