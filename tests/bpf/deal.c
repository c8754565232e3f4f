/* SPDX-License-Identifier: BSD-2-Clause */
#include "deal.h"

#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "shunt/hash.h"

#define FLOW_LINES 8192

/* Turn and turn about, by smooth weighted round robin; the sums of all are 0. */
static __u32 next_member(const struct deal_options *o, int sums[DEAL_MEMBERS + 1])
{
	__u32 best = 1;
	int total = 0;

	for (__u32 m = 1; m <= o->n; m++) {
		const int weight = o->weights ? (int)o->weights[m - 1] : 1;

		sums[m] += weight;
		total += weight;
		if (sums[m] > sums[best])
			best = m;
	}
	sums[best] -= total;
	return best;
}

static void put_services(struct world *w, const struct slot_table *table, __u32 flags)
{
	const struct shunt_service to = slot_table_service(table, DEAL_BASE);
	static const char *const vips[] = { SHOP4, SHOP6 };

	for (int v = 0; v < 2; v++) {
		world_put_vip(w, vips[v]);
		world_put_service(w, vips[v], IPPROTO_TCP, DEAL_PORT, &to)->flags = flags;
		world_put_service(w, vips[v], IPPROTO_UDP, DEAL_PORT, &to)->flags = flags;
	}
}

static struct slot_table build(struct world *w, const struct deal_options *o)
{
	int sums[DEAL_MEMBERS + 1] = { 0 };
	struct slot_table table;

	world_build_empty(w);
	w->rodata.rich = 1;
	w->rodata.flow_mask = (o->flow_lines ?: FLOW_LINES) - 1;
	w->rodata.pins_per_s = o->no_pins ? 0 : 1000000;
	table = world_put_table(w, DEAL_SLOTS);
	for (__u32 i = 0; i < table.n; i++)
		slot_table_put(w->lines, &table, i, slot_halves(next_member(o, sums)));
	put_services(w, &table, o->flags);
	for (__u32 m = 1; m <= o->n; m++)
		world_put_backend(w, DEAL_BASE + m, SHUNT_FORWARD_DIRECT, 0);
	return table;
}

struct deal *deal_open(const struct deal_options *o)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	struct deal *d = calloc(1, sizeof(*d));

	cr_assert(w && d);
	d->n = o->n;
	d->table = build(w, o);
	d->rig = rig_open_world(w);
	d->loads = &dp_loads(d->rig->dp)[DEAL_BASE];
	for (__u32 m = 1; m <= o->n; m++) {
		d->loads[m].limit = o->limit;
		d->loads[m].weight = o->weights ? o->weights[m - 1] : 1;
	}
	return d;
}

void deal_close(struct deal *d)
{
	if (!d)
		return;
	rig_close(d->rig);
	free(d);
}

static void write_client(__u32 client, bool v6, char text[48])
{
	if (v6)
		snprintf(text, 48, "2001:db8:c::%x:%x", client >> 16, client & 0xffff);
	else
		snprintf(text, 48, "198.%u.%u.%u", client >> 16 & 0xff, client >> 8 & 0xff,
			 client & 0xff);
}

__u32 deal_send(struct deal *d, const struct deal_flow *f)
{
	struct frame in, out;
	struct packet p = { .dst = f->v6 ? SHOP6 : SHOP4 };
	char src[48];

	write_client(f->client, f->v6, src);
	p.src = src;
	p.sport = f->sport;
	p.dport = DEAL_PORT;
	p.proto = f->flags ? IPPROTO_TCP : IPPROTO_UDP;
	p.flags = f->flags;
	frame_build(&p, &in);
	if (dp_run(d->rig->dp, &in, &out) != XDP_TX)
		return DEAL_DROPPED;
	return frame_get16(out.data + 4) - DEAL_BASE;
}

__u32 deal_syn(struct deal *d, __u32 client, __u16 sport)
{
	return deal_send(d, &(struct deal_flow){ client, sport, FRAME_SYN, false });
}

__u32 deal_ack(struct deal *d, __u32 client, __u16 sport)
{
	return deal_send(d, &(struct deal_flow){ client, sport, FRAME_ACK, false });
}

__u32 deal_fin(struct deal *d, __u32 client, __u16 sport)
{
	return deal_send(d, &(struct deal_flow){ client, sport, FRAME_FIN | FRAME_ACK, false });
}

static __u32 member_of(const struct deal *d, __u32 slot)
{
	return SHUNT_SLOT_CUR(dp_read_slot(d->rig->dp, &d->table, slot));
}

__u32 deal_owner(const struct deal *d, __u32 client, __u16 sport)
{
	const struct shunt_addr dst = frame_addr(SHOP4);
	struct shunt_addr src;
	char text[48];
	__be32 ports;

	write_client(client, false, text);
	src = frame_addr(text);
	frame_put16((__u8 *)&ports, sport);
	frame_put16((__u8 *)&ports + 2, DEAL_PORT);
	return member_of(d, (__u32)shunt_hash_flow(d->rig->world.rodata.hash_key, &src, &dst, ports,
						   IPPROTO_TCP, false) %
				    d->table.n);
}

__u32 deal_slots(const struct deal *d, __u32 member)
{
	__u32 n = 0;

	for (__u32 i = 0; i < d->table.n; i++)
		n += member_of(d, i) == member;
	return n;
}

void deal_fill(struct deal *d, __u32 word)
{
	for (__u32 i = 0; i < d->table.n; i++)
		dp_put_slot(d->rig->dp, &d->table, i, word);
}

void deal_put_flags(struct deal *d, __u32 flags)
{
	const struct world *w = &d->rig->world;

	for (__u32 i = 0; i < w->n_services; i++)
		dp_put_service(d->rig->dp, &w->services[i].key, &w->services[i].to, flags);
}

void deal_kill(struct deal *d, __u32 member, bool dead)
{
	struct shunt_backend b = dp_read_backend(d->rig->dp, DEAL_BASE + member);

	for (int f = 0; f < SHUNT_FAMILIES; f++)
		b.leg[f].flags = dead ? SHUNT_LEG_DEAD : 0;
	dp_put_backend(d->rig->dp, DEAL_BASE + member, &b);
}

__u64 deal_count(const struct deal *d, enum shunt_reason reason)
{
	__u64 now[SHUNT_MAX_REASONS];

	dp_read_reasons(d->rig->dp, now);
	return now[reason];
}

__u32 deal_active(const struct deal *d)
{
	__u32 sum = 0;

	for (__u32 m = 1; m <= d->n; m++)
		sum += d->loads[m].active;
	return sum;
}
