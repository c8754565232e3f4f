/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon does when something has changed: plan, compare, carry out. */
#include "fleet.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "dataplane/dataplane.h"
#include "tables/apply.h"
#include "tables/flows.h"

/* --- the program's maps, as struct map_ops sees them ---------------------------- */

/* The server's number is the end of its address, and of its MAC address. */
static int put_backend(void *ctx, __u32 id, const struct shunt_backend *b)
{
	struct shunt_backend copy = *b;
	struct fleet *f = ctx;

	for (int i = 0; i < SHUNT_FAMILIES; i++) {
		struct shunt_leg *leg = &copy.leg[i];

		leg->hop.egress = FLEET_EGRESS;
		leg->hop.dmac[0] = 0x02;
		memcpy(leg->hop.dmac + 4, leg->addr.b + 14, 2);
		leg->mtu = 1500;
	}
	dp_put_backend(f->dp, id, &copy);
	return 0;
}

static int mark_backend(void *ctx, __u32 id, __u8 flags)
{
	struct fleet *f = ctx;
	struct shunt_backend b = dp_read_backend(f->dp, id);

	b.leg[SHUNT_V4].flags = b.leg[SHUNT_V6].flags = flags;
	dp_put_backend(f->dp, id, &b);
	return 0;
}

static int del_backend(void *ctx, __u32 id)
{
	struct fleet *f = ctx;

	dp_put_backend(f->dp, id, &(struct shunt_backend){});
	return 0;
}

static __u16 *lines(void *ctx, __u32 first, __u32 n)
{
	const struct fleet *f = ctx;

	(void)n;
	return dp_lines(f->dp)[first].half;
}

static int read_former(void *ctx, const struct plan_table *table, __u32 *words)
{
	(void)ctx;
	(void)table;
	(void)words;
	return -ENOENT;
}

static int put_vip(void *ctx, const struct shunt_addr *vip)
{
	struct fleet *f = ctx;

	dp_put_vip(f->dp, vip);
	return 0;
}

static int put_service(void *ctx, const struct shunt_service_key *key,
		       const struct shunt_listing *like)
{
	struct fleet *f = ctx;

	dp_put_service(f->dp, key, &like->service, like->flags);
	return 0;
}

static void repoint(void *ctx, const struct map_move *moves, size_t n)
{
	struct fleet *f = ctx;

	dp_repoint(f->dp, moves, n);
}

static int move_flows(void *ctx, const struct flows_move *moves, size_t n)
{
	struct fleet *f = ctx;

	flows_move(moves, n, dp_flows(f->dp), f->options.flow_lines);
	flows_move(moves, n, dp_fresh(f->dp), SHUNT_FRESH_LINES);
	f->moved_blocks += n;
	return 0;
}

/* What else there is never happens to services that stay. */
const struct map_ops fleet_map_ops = {
	.put_backend = put_backend,
	.mark_backend = mark_backend,
	.del_backend = del_backend,
	.lines = lines,
	.read_former = read_former,
	.put_vip = put_vip,
	.put_service = put_service,
	.repoint = repoint,
	.move_flows = move_flows,
};

/* --- plans -------------------------------------------------------------------- */

static void conf_free_made(struct conf **conf)
{
	arena_free(&(*conf)->arena);
	free(*conf);
}

/* Its weight is for the operator to say: tell_admin(). */
static struct conf_backend backend_of(struct arena *arena, __u16 number)
{
	struct conf_backend b = {
		.address = frame_addr("10.1.0.0"),
		.has_address = true,
		.weight = 1,
	};
	char name[16];

	snprintf(name, sizeof(name), "b%u", number);
	b.name = arena_strndup(arena, name, strlen(name));
	frame_put16(b.address.b + 14, number);
	return b;
}

static void make_service(const struct fleet *f, struct conf *conf, int number,
			 enum conf_scheduler scheduler)
{
	struct arena *arena = &conf->arena;
	struct conf_service *s = &conf->services[number];

	s->name = fleet_services[number];
	s->forward = SHUNT_FORWARD_DIRECT;
	s->scheduler = scheduler;
	s->ports = arena_alloc(arena, sizeof(*s->ports));
	s->ports[s->n_ports++] = (struct conf_port){ FLEET_PORT, IPPROTO_TCP };
	s->vips = arena_alloc(arena, sizeof(*s->vips));
	s->vips[s->n_vips++] = frame_addr(fleet_vips[number]);
	s->backends = arena_alloc(arena, FLEET_MOST_SERVERS * sizeof(*s->backends));
	for (__u16 i = 0; i < FLEET_MOST_SERVERS; i++)
		if (f->servers[i].present)
			s->backends[s->n_backends++] = backend_of(arena, i);
}

/* The config that the servers who are present make. @numbers: by backend. */
static struct conf *make_conf(const struct fleet *f, enum conf_scheduler scheduler, __u16 *numbers)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	cr_assert(conf);
	conf->slots = f->options.slots;
	conf->flow_cache_bytes = f->options.flow_lines * sizeof(struct shunt_flow_line);
	conf->flow_early_ms = f->options.early_s * 1000;
	conf->flow_idle_ms = f->options.idle_s * 1000;
	conf->n_services = FLEET_SERVICES;
	conf->services = arena_alloc(&conf->arena, FLEET_SERVICES * sizeof(*conf->services));
	for (int s = 0; s < FLEET_SERVICES; s++)
		make_service(f, conf, s, scheduler);
	for (__u16 i = 0; i < FLEET_MOST_SERVERS; i++)
		if (f->servers[i].present)
			*numbers++ = i;
	return conf;
}

/* What a plan asks the health checks. */
struct health_view {
	const struct fleet *fleet;
	const __u16 *numbers;
};

static struct plan_condition condition_of(void *arg, size_t service, size_t backend)
{
	const struct health_view *v = arg;
	const bool up = v->fleet->servers[v->numbers[backend]].up;

	(void)service;
	return (struct plan_condition){ .health = up ? HEALTH_UP : HEALTH_DOWN,
					.warmth = PLAN_KEEP_ALL };
}

static struct plan *make_plan(struct fleet *f, enum fleet_side side)
{
	const enum conf_scheduler scheduler =
		side == FLEET_KEEPS ? CONF_SCHEDULER_CONSISTENT : CONF_SCHEDULER_MAGLEV;
	struct fleet_balancer *b = &f->balancers[side];
	__u16 numbers[FLEET_MOST_SERVERS];
	struct health_view view = { f, numbers };
	_cleanup_(conf_free_made) struct conf *conf = make_conf(f, scheduler, numbers);
	struct plan *plan;

	cr_assert_eq(plan_build(conf, &f->admin, b->ids, condition_of, &view, &plan), 0);
	array_for_each (backend, plan->backends, plan->n_backends) {
		cr_assert_lt(backend->id, FLEET_IDS);
		b->server_of[backend->id] = numbers[backend->conf_backend];
	}
	array_for_each (table, plan->tables, plan->n_tables)
		cr_assert_leq(table->slots, FLEET_MOST_SLOTS);
	return plan;
}

static void follow_with_state(struct fleet *f, const struct plan *plan)
{
	const struct apply_to to = {
		.ops = &fleet_map_ops,
		.ctx = f,
		.tables = &f->tables,
		.alive = &plan->alive,
		.now_ms = fleet_now_ms(f),
	};
	_cleanup_free_ struct plan_op *steps = NULL;
	size_t n;

	transit_set_times(&f->tables.transit, plan->flow_early_s, plan->flow_idle_s, f->now_s);
	cr_assert_eq(plan_diff(f->balancers[FLEET_KEEPS].plan, plan, &steps, &n), 0);
	cr_assert_eq(apply(&to, steps, n), 0);
}

static void follow_without_state(struct fleet *f)
{
	struct fleet_balancer *b = &f->balancers[FLEET_FORGETS];

	plan_free(b->plan);
	b->plan = make_plan(f, FLEET_FORGETS);
	for (int s = 0; s < FLEET_SERVICES; s++)
		cr_assert_eq(table_build_cached(f->cache, plan_table_of(b->plan, s), b->words[s]),
			     0);
}

void fleet_follow(struct fleet *f)
{
	struct fleet_balancer *keeps = &f->balancers[FLEET_KEEPS];
	struct plan *plan = make_plan(f, FLEET_KEEPS);

	if (f->dp)
		follow_with_state(f, plan);
	plan_free(keeps->plan);
	keeps->plan = plan;
	follow_without_state(f);
}
