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
#define BACKENDS 24

/* Slots of the tables. */
#define SLOTS_TCP 16384
#define SLOTS_UDP 4096

/* Blocks by family; over one table, or two. */
#define BASE4 0
#define BASE6 5000

/* Slots of every PARTS that a member holds: 1, 2, 3, 1, 2, 3 ...; 2 on average. */
#define WEIGHT(member) (((member)-1) % 3 + 1)
#define PARTS (BACKENDS * 2)

static void fill_table(struct world *w, const struct slot_table *s)
{
	__u32 slot = 0;

	while (slot < s->n)
		for (__u32 m = 1; m <= BACKENDS; m++)
			for (__u32 i = 0; i < WEIGHT(m) && slot < s->n; i++)
				slot_table_put(w->lines, s, slot++, slot_halves(m));
}

static void put_services(struct world *w, __u8 proto, __u16 port, __u32 slots)
{
	const struct slot_table s = world_put_table(w, slots);
	const struct shunt_service to4 = slot_table_service(&s, BASE4);
	const struct shunt_service to6 = slot_table_service(&s, BASE6);

	fill_table(w, &s);
	world_put_service(w, SHOP4, proto, port, &to4);
	world_put_service(w, SHOP6, proto, port, &to6);
}

/* TCP on port 80, UDP on every port; a third of the backends in each mode. */
static void build_city(struct world *w)
{
	static const int outers[3] = { 0, 4, 6 };

	world_build_empty(w);
	world_put_vip(w, SHOP4);
	world_put_vip(w, SHOP6);
	put_services(w, IPPROTO_TCP, 80, SLOTS_TCP);
	put_services(w, IPPROTO_UDP, 0, SLOTS_UDP);
	for (__u32 m = 1; m <= BACKENDS; m++) {
		const int outer = outers[m % 3];
		const enum shunt_forward forward =
			outer ? SHUNT_FORWARD_IPIP : SHUNT_FORWARD_DIRECT;

		world_put_backend(w, BASE4 + m, forward, outer);
		world_put_backend(w, BASE6 + m, forward, outer);
	}
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

/* Within five standard deviations of a fair share. @n_flows: of the block's services. */
static void expect_fair_shares(const struct rig *rig, __u32 base, __u32 n_flows)
{
	for (__u32 m = 1; m <= BACKENDS; m++) {
		const double share = (double)WEIGHT(m) / PARTS;
		const double expected = n_flows * share;
		const double margin = 5 * sqrt(expected * (1 - share)) + 1;
		const double got = (double)dp_read_counter(rig->dp, base + m).packets;

		cr_expect(fabs(got - expected) < margin, "backend %u: %.0f flows, not %.0f +- %.0f",
			  base + m, got, expected, margin);
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
	expect_fair_shares(rig, BASE4, n);
	expect_fair_shares(rig, BASE6, n);
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

/* Where the slot of a packet's flow is. */
struct place {
	struct slot_table table;
	__u32 slot;
	__u32 base;
};

static struct place place_of(const struct rig *rig, const struct packet *p)
{
	const struct shunt_addr src = frame_addr(p->src), dst = frame_addr(p->dst);
	const bool v6 = dst.d[0], udp = p->proto == IPPROTO_UDP;
	const struct shunt_service *to = &rig->world.services[2 * udp + v6].to;
	struct place place = { .table = slot_table_of(to), .base = to->base };
	__be32 ports;

	frame_put16((__u8 *)&ports, p->sport);
	frame_put16((__u8 *)&ports + 2, p->dport);
	place.slot = (__u32)shunt_hash_flow(rig->world.rodata.hash_key, &src, &dst, ports, p->proto,
					    v6) %
		     place.table.n;
	return place;
}

static void set_slot(struct rig *rig, const struct place *at, __u32 word)
{
	slot_table_put(rig->world.lines, &at->table, at->slot, slot_halves(word));
	dp_put_slot(rig->dp, &at->table, at->slot, word);
}

/* A word is changed under the running program: nobody else's flow moves. */
Test(flow, moves_with_its_slot_only)
{
	_cleanup_rig_ struct rig *rig = rig_open(build_city);
	const __u32 n = rig_scale(200);
	__u64 state = SEED;
	struct flow bystander;
	struct place its;
	__u32 home;

	random_flow(&state, true, &bystander);
	its = place_of(rig, &bystander.packet);
	home = send_packet(rig, &bystander.packet);
	for (__u32 i = 0; i < n; i++) {
		struct flow f;
		struct place at;
		__u32 before, after;

		random_flow(&state, i & 1, &f);
		at = place_of(rig, &f.packet);
		if (at.slot == its.slot && at.table.first == its.table.first)
			continue;
		before = send_packet(rig, &f.packet) - at.base;
		after = before % BACKENDS + 1;
		set_slot(rig, &at, SHUNT_SLOT(SHUNT_SLOT_STABLE, before, after));
		cr_expect_eq(send_packet(rig, &f.packet), at.base + after);
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
