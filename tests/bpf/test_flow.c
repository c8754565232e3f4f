/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many flows over one service: each goes where the hash says, always the same
 * way, and the backends share them by the slots that they hold.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>

#include "rig.h"
#include "shunt/hash.h"

#define SEED 0x5eed0f10f10e5ULL
#define TABLE_SLOTS 16384
#define BACKENDS 24

/* Tables of the city. */
enum {
	TABLE_TCP,
	TABLE_UDP,
};

/* Slots of every PARTS that a backend holds: 1, 2, 3, 1, 2, 3 ...; 2 on average. */
#define WEIGHT(id) (((id)-1) % 3 + 1)
#define PARTS (BACKENDS * 2)

static void fill_table(struct world *w, __u32 table)
{
	__u32 slot = 0;

	while (slot < TABLE_SLOTS)
		for (__u32 id = 1; id <= BACKENDS; id++)
			for (__u32 i = 0; i < WEIGHT(id) && slot < TABLE_SLOTS; i++)
				w->slots[table * TABLE_SLOTS + slot++] =
					SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, id);
}

/* TCP on port 80, UDP on every port; a third of the backends in each mode. */
static void build_city(struct world *w)
{
	static const int outers[3] = { 0, 4, 6 };

	world_build_empty(w, TABLE_SLOTS);
	world_put_vip(w, SHOP4);
	world_put_vip(w, SHOP6);
	world_put_service(w, SHOP4, IPPROTO_TCP, 80, TABLE_TCP);
	world_put_service(w, SHOP6, IPPROTO_TCP, 80, TABLE_TCP);
	world_put_service(w, SHOP4, IPPROTO_UDP, 0, TABLE_UDP);
	world_put_service(w, SHOP6, IPPROTO_UDP, 0, TABLE_UDP);
	for (__u32 id = 1; id <= BACKENDS; id++) {
		const int outer = outers[id % 3];

		world_put_backend(w, id, outer ? SHUNT_FORWARD_IPIP : SHUNT_FORWARD_DIRECT, outer);
	}
	fill_table(w, TABLE_TCP);
	fill_table(w, TABLE_UDP);
}

/* A flow, and the text its packet points to. */
struct flow {
	char src[48];
	struct packet packet;
};

static void random_flow(__u64 *state, bool v6, struct flow *f)
{
	const __u64 a = rig_random(state), b = rig_random(state);
	const bool udp = b >> 63;

	if (v6)
		snprintf(f->src, sizeof(f->src), "2001:db8:%x:%x:%x:%x:%x:%x", (__u16)a,
			 (__u16)(a >> 16), (__u16)(a >> 32), (__u16)(a >> 48), (__u16)b,
			 (__u16)(b >> 16));
	else
		snprintf(f->src, sizeof(f->src), "%u.%u.%u.%u", (__u8)(a % 223 + 1), (__u8)(a >> 8),
			 (__u8)(a >> 16), (__u8)(a >> 24));
	f->packet = (struct packet){ .src = f->src, .dst = v6 ? SHOP6 : SHOP4 };
	f->packet.proto = udp ? IPPROTO_UDP : IPPROTO_TCP;
	f->packet.sport = b >> 32;
	f->packet.dport = udp ? b >> 16 : 80;
}

/* The backend that a packet was sent to, by its MAC address. */
static __u32 send_packet(struct rig *rig, const struct packet *p)
{
	struct frame in;

	frame_build(p, &in);
	cr_assert(rig_check(rig, &in), "from %s port %u", p->src, p->sport);
	cr_assert_eq(rig->verdict.reason, SHUNT_FORWARDED);
	return frame_get16(rig->got.data + 4);
}

/* Within five standard deviations of a fair share. */
static void expect_fair_shares(const struct rig *rig, __u32 n_flows)
{
	for (__u32 id = 1; id <= BACKENDS; id++) {
		const double share = (double)WEIGHT(id) / PARTS;
		const double expected = n_flows * share;
		const double margin = 5 * sqrt(expected * (1 - share)) + 1;
		const double got = (double)dp_read_counter(rig->dp, id).packets;

		cr_expect(fabs(got - expected) < margin, "backend %u: %.0f flows, not %.0f +- %.0f",
			  id, got, expected, margin);
	}
}

Test(flow, goes_where_the_hash_says_in_fair_shares)
{
	_cleanup_rig_ struct rig *rig = rig_open(build_city);
	const __u32 n = rig_scale(10000);
	__u64 state = SEED;

	for (__u32 i = 0; i < 2 * n; i++) {
		struct flow f;

		random_flow(&state, i & 1, &f);
		send_packet(rig, &f.packet);
	}
	cr_expect(rig_check_totals(rig));
	expect_fair_shares(rig, 2 * n);
}

/* One balancer of a fleet knows the others' choices by the key alone. */
Test(flow, goes_elsewhere_under_another_key)
{
	_cleanup_free_ struct world *city = malloc(sizeof(*city));
	_cleanup_rig_ struct rig *one = rig_open(build_city), *other = NULL;
	const __u32 n = rig_scale(1000);
	__u64 state = SEED;
	__u32 same = 0;

	cr_assert(city);
	build_city(city);
	city->rodata.hash_key[1] ^= 1;
	other = rig_open_world(city);
	for (__u32 i = 0; i < n; i++) {
		struct flow f;

		random_flow(&state, i & 1, &f);
		same += send_packet(one, &f.packet) == send_packet(other, &f.packet);
	}
	cr_expect_lt(same, n / 4 + 5, "%u of %u flows", same, n);
}

/* Whatever else its packets carry. */
Test(flow, stays_on_its_backend)
{
	_cleanup_rig_ struct rig *rig = rig_open(build_city);
	const __u32 n = rig_scale(500);
	__u64 state = SEED;

	for (__u32 i = 0; i < n; i++) {
		struct flow f;
		__u32 backend;

		random_flow(&state, i & 1, &f);
		backend = send_packet(rig, &f.packet);
		f.packet.payload = i;
		cr_expect_eq(send_packet(rig, &f.packet), backend);
		f.packet.ttl = 7;
		f.packet.tos = i;
		cr_expect_eq(send_packet(rig, &f.packet), backend);
		f.packet.id = i;
		f.packet.options = 8;
		f.packet.fragment = 0x4000;
		cr_expect_eq(send_packet(rig, &f.packet), backend);
		f.packet.pad = 11;
		cr_expect_eq(send_packet(rig, &f.packet), backend);
	}
}

static __u32 slot_of(const struct rig *rig, const struct packet *p)
{
	const struct shunt_addr src = frame_addr(p->src), dst = frame_addr(p->dst);
	__be32 ports;
	__u64 hash;

	frame_put16((__u8 *)&ports, p->sport);
	frame_put16((__u8 *)&ports + 2, p->dport);
	hash = shunt_hash_flow(rig->world.rodata.hash_key, &src, &dst, ports, p->proto,
			       dst.d[0] != 0);
	return (p->proto == IPPROTO_TCP ? TABLE_TCP : TABLE_UDP) * TABLE_SLOTS +
	       (hash & (TABLE_SLOTS - 1));
}

static void set_slot(struct rig *rig, __u32 slot, __u32 word)
{
	rig->world.slots[slot] = word;
	dp_put_slot(rig->dp, slot, word);
}

/* A word is changed under the running program: nobody else's flow moves. */
Test(flow, moves_with_its_slot_only)
{
	_cleanup_rig_ struct rig *rig = rig_open(build_city);
	const __u32 n = rig_scale(200);
	__u64 state = SEED;
	struct flow bystander;
	__u32 home;

	random_flow(&state, true, &bystander);
	home = send_packet(rig, &bystander.packet);
	for (__u32 i = 0; i < n; i++) {
		__u32 slot, before, after;
		struct flow f;

		random_flow(&state, i & 1, &f);
		slot = slot_of(rig, &f.packet);
		if (slot == slot_of(rig, &bystander.packet))
			continue;
		before = send_packet(rig, &f.packet);
		after = before % BACKENDS + 1;
		set_slot(rig, slot, SHUNT_SLOT(SHUNT_SLOT_STABLE, before, after));
		cr_expect_eq(send_packet(rig, &f.packet), after);
		cr_expect_eq(send_packet(rig, &bystander.packet), home);
	}
}

/* A neighbour changes its MAC address, or the route its interface. */
Test(flow, follows_the_hop_of_its_backend)
{
	_cleanup_rig_ struct rig *rig = rig_open(build_city);
	const struct packet p = { CLIENT4, SHOP4, 40001, 80, IPPROTO_TCP, .payload = 6 };
	const __u32 id = send_packet(rig, &p);
	struct frame in;

	rig->world.backends[id].leg[SHUNT_V4].hop = (union shunt_hop){
		.dmac = { 0x02, 0xbb, 1, 2, 0xab, 0xcd },
		.egress = 2,
	};
	dp_put_backend(rig->dp, id, &rig->world.backends[id]);
	frame_build(&p, &in);
	cr_expect(rig_check(rig, &in));
	cr_expect_eq(rig->verdict.reason, SHUNT_REDIRECTED);
	cr_expect_eq(frame_get16(rig->got.data + 4), 0xabcd);
}

/* Run @n frames of one flow on @cpu. Return: false if this process may not run there. */
static bool run_on_cpu(struct rig *rig, int cpu, __u32 n)
{
	const struct packet p = { CLIENT4, SHOP4, 40001, 80, IPPROTO_TCP, .payload = 6 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return false;
	for (__u32 i = 0; i < n; i++)
		send_packet(rig, &p);
	return true;
}

Test(flow, is_counted_on_the_cpu_it_came_in_by)
{
	_cleanup_rig_ struct rig *rig = rig_open(build_city);
	const int cpus = dp_cpus(rig->dp);
	_cleanup_free_ struct shunt_reasons *reasons = calloc(cpus, sizeof(*reasons));
	_cleanup_free_ struct shunt_counter *counters = calloc(cpus, sizeof(*counters));
	_cleanup_free_ __u32 *sent = calloc(cpus, sizeof(*sent));
	__u32 id;

	cr_assert(reasons && counters && sent);
	for (int cpu = 0; cpu < cpus; cpu++)
		sent[cpu] = run_on_cpu(rig, cpu, 5 + cpu) ? 5 + cpu : 0;
	id = frame_get16(rig->got.data + 4);
	dp_read_cpu_reasons(rig->dp, reasons);
	dp_read_cpu_counters(rig->dp, id, counters);
	for (int cpu = 0; cpu < cpus; cpu++) {
		cr_expect_eq(reasons[cpu].packets[SHUNT_FORWARDED], sent[cpu], "CPU %d", cpu);
		cr_expect_eq(counters[cpu].packets, sent[cpu], "CPU %d", cpu);
		cr_expect_eq(counters[cpu].bytes, sent[cpu] * 60ULL, "CPU %d", cpu);
	}
	cr_expect(rig_check_totals(rig));
}
