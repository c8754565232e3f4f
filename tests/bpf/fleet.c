/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "tables/flows.h"
#include "flow_model.h"
#include "rig.h"

/* As the daemon does. */
#define SWEEP_GAP_S 30
#define SWEEP_GAP_WAITED_FOR_S 5
#define NOTE_MAX_AGE_S 60

const char *const fleet_services[FLEET_SERVICES] = { "web0", "web1" };
const char *const fleet_vips[FLEET_SERVICES] = { "192.0.2.80", "192.0.2.81" };

const char *const fleet_event_names[FLEET_EVENTS] = {
	[FLEET_ADD] = "added",
	[FLEET_REMOVE] = "removed",
	[FLEET_FAIL] = "failed",
	[FLEET_RECOVER] = "recovered",
	[FLEET_DRAIN] = "drained",
	[FLEET_UNDRAIN] = "undrained",
	[FLEET_REWEIGHT] = "re-weighted",
};

/* --- open and close ----------------------------------------------------------- */

/* As the daemon allows where there is one CPU. */
static __u32 pins_per_s(const struct fleet_options *o)
{
	return o->flow_lines * SHUNT_FLOWS_PER_LINE / 2 / o->idle_s;
}

static void *must_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	cr_assert(p);
	return p;
}

/* The program as the first plan asks for it. Places: as many as tables may leave at a time. */
static void load_program(struct fleet *f)
{
	const struct slot_table all = { 0, 4 * FLEET_SERVICES * FLEET_MOST_SLOTS };
	const struct dp_sizes sizes = { .vips = FLEET_SERVICES,
					.lines = slot_table_lines(&all),
					.backends = FLEET_IDS };
	const struct shunt_egress egress = { .ifindex = WORLD_INGRESS, .smac = { 0x02, 0xe0 } };

	fleet_follow(f);
	f->rodata = f->balancers[FLEET_KEEPS].plan->rodata;
	f->rodata.hash_key[0] = 0x0123456789abcdefULL;
	f->rodata.hash_key[1] = 0xfedcba9876543210ULL;
	f->rodata.pins_per_s = pins_per_s(&f->options);
	f->dp = dp_open(&f->rodata, &sizes);
	dp_put_egress(f->dp, FLEET_EGRESS, &egress);
	cr_assert_eq(tables_init(&f->tables, &fleet_map_ops, f, sizes.lines), 0);
	plan_free(f->balancers[FLEET_KEEPS].plan);
	f->balancers[FLEET_KEEPS].plan = NULL;
	fleet_follow(f);
}

struct fleet *fleet_open(const struct fleet_options *options)
{
	struct fleet *f = must_alloc(1, sizeof(*f));

	cr_assert_leq(options->servers, FLEET_MOST_SERVERS / 2);
	cr_assert_leq(options->slots, FLEET_MOST_SLOTS);
	f->options = *options;
	for (__u32 i = 0; i < options->servers; i++)
		f->servers[i] =
			(struct fleet_server){ .present = true, .up = true, .weight = { 1, 1 } };
	f->cache = table_cache_create();
	cr_assert(f->cache);
	for (int i = 0; i < FLEET_SERVICES; i++)
		f->balancers[FLEET_FORGETS].words[i] = must_alloc(FLEET_MOST_SLOTS, sizeof(__u32));
	for (int s = 0; s < FLEET_SIDES; s++) {
		f->balancers[s].ids = ids_create();
		cr_assert(f->balancers[s].ids);
	}
	load_program(f);
	f->no_pins_used = must_alloc(dp_cpus(f->dp), sizeof(*f->no_pins_used));
	f->began_s = flow_model_now_s();
	return f;
}

void fleet_close(struct fleet *f)
{
	if (!f)
		return;
	for (int s = 0; s < FLEET_SIDES; s++) {
		ids_free(f->balancers[s].ids);
		plan_free(f->balancers[s].plan);
	}
	for (int i = 0; i < FLEET_SERVICES; i++)
		free(f->balancers[FLEET_FORGETS].words[i]);
	tables_free(&f->tables);
	table_cache_free(f->cache);
	admin_free(&f->admin);
	dp_close(f->dp);
	free(f->no_pins_used);
	free(f);
}

/* --- events ------------------------------------------------------------------- */

/* What befalls a server, and in which service, where that is one service's affair. */
struct incident {
	enum fleet_event event;
	__u16 number;
	int service;
};

static bool is_ready_for(const struct fleet_server *s, const struct incident *i)
{
	switch (i->event) {
	case FLEET_ADD:
		return !s->present;
	case FLEET_FAIL:
		return s->present && s->up;
	case FLEET_RECOVER:
		return s->present && !s->up;
	case FLEET_DRAIN:
		return s->present && !s->drained[i->service];
	case FLEET_UNDRAIN:
		return s->present && s->drained[i->service];
	default:
		return s->present;
	}
}

/* A server that this can happen to. False: there is none. */
static bool pick_server(const struct fleet *f, struct incident *i, __u64 *random)
{
	const __u32 first = rig_random(random) % FLEET_MOST_SERVERS;

	for (__u32 n = 0; n < FLEET_MOST_SERVERS; n++) {
		i->number = (first + n) % FLEET_MOST_SERVERS;
		if (is_ready_for(&f->servers[i->number], i))
			return true;
	}
	return false;
}

static __u32 count_present(const struct fleet *f)
{
	__u32 n = 0;

	array_for_each (s, f->servers, FLEET_MOST_SERVERS)
		n += s->present;
	return n;
}

/* Servers that may get new flows, in the service that has fewer. */
static __u32 count_usable(const struct fleet *f)
{
	__u32 n[FLEET_SERVICES] = {};

	array_for_each (s, f->servers, FLEET_MOST_SERVERS)
		for (int i = 0; i < FLEET_SERVICES; i++)
			n[i] += s->present && s->up && !s->drained[i];
	return n[0] < n[1] ? n[0] : n[1];
}

static void tell_admin(struct fleet *f, __u16 number)
{
	const struct fleet_server *s = &f->servers[number];
	char name[16];

	snprintf(name, sizeof(name), "b%u", number);
	for (int i = 0; i < FLEET_SERVICES; i++) {
		struct admin_entry *e = admin_get(&f->admin, fleet_services[i], name);

		cr_assert(e);
		e->state = s->drained[i] ? ADMIN_DRAIN : ADMIN_ENABLED;
		e->weight = s->weight[i];
	}
}

static void change(struct fleet_server *s, const struct incident *i, __u64 *random)
{
	switch (i->event) {
	case FLEET_ADD:
		*s = (struct fleet_server){
			.present = true, .up = true, .life = s->life, .weight = { 1, 1 }
		};
		break;
	case FLEET_REMOVE:
		s->present = false;
		s->life++;
		break;
	case FLEET_FAIL:
		s->up = false;
		s->life++;
		break;
	case FLEET_RECOVER:
		s->up = true;
		break;
	case FLEET_DRAIN:
	case FLEET_UNDRAIN:
		s->drained[i->service] = i->event == FLEET_DRAIN;
		break;
	default:
		s->weight[i->service] = 1 + rig_random(random) % 3;
	}
}

/* Half of the servers stay in use: more come where many went. */
static enum fleet_event pick_event(const struct fleet *f, __u64 *random)
{
	static const enum fleet_event repairs[] = { FLEET_ADD, FLEET_RECOVER, FLEET_UNDRAIN };
	const __u64 r = rig_random(random);

	if (count_present(f) < f->options.grow_to)
		return FLEET_ADD;
	if (count_usable(f) <= f->options.servers / 2)
		return repairs[r % array_len(repairs)];
	return r % FLEET_EVENTS;
}

void fleet_happen(struct fleet *f, __u64 *random)
{
	struct incident i;

	do {
		i.event = pick_event(f, random);
		i.service = rig_random(random) % FLEET_SERVICES;
	} while (!pick_server(f, &i, random));
	change(&f->servers[i.number], &i, random);
	tell_admin(f, i.number);
	f->events[i.event]++;
	fleet_follow(f);
}

void fleet_drain(struct fleet *f, __u16 number, int service, bool drained)
{
	f->servers[number].drained[service] = drained;
	tell_admin(f, number);
	fleet_follow(f);
}

/* --- time --------------------------------------------------------------------- */

/*
 * Entries that were written in this second are one second old, the others one
 * more: times are set back on the program's clock accordingly.
 */
static void age_lines(const struct fleet *f, struct shunt_flow_line *lines, size_t n, __u32 clock_s)
{
	for (size_t i = 0; i < n * SHUNT_FLOWS_PER_LINE; i++) {
		__u64 *at = &lines[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE];
		__u32 age;

		if (!*at)
			continue;
		age = SHUNT_FLOW_AGE(*at, f->began_s);
		if (age > SHUNT_FLOW_TIME_MASK / 2) /* seen since */
			age = 0;
		*at = (*at & ~(__u64)SHUNT_FLOW_TIME_MASK) |
		      ((clock_s - age - 1) & SHUNT_FLOW_TIME_MASK);
	}
}

static bool is_time_to_sweep(const struct fleet *f)
{
	const __u16 gap = tables_wants_sweep(&f->tables) ? SWEEP_GAP_WAITED_FOR_S : SWEEP_GAP_S;

	return (__u16)(f->now_s - f->swept_s) >= gap;
}

/* Which ids live, and where their flows are to be seen. */
static struct flows_backend *list_backends(const struct fleet *f)
{
	struct flows_backend *list = must_alloc(FLEET_IDS, sizeof(*list));
	const struct plan *plan = f->balancers[FLEET_KEEPS].plan;

	array_for_each (b, plan->backends, plan->n_backends) {
		const struct plan_table *table = plan_table_of(plan, b->conf_service);
		const struct transit_table *tt = tables_swept(&f->tables, table->number);

		list[b->id] = (struct flows_backend){
			.alive = b->alive,
			.member = b->id - table->base,
			.slot_mask = tt ? tt->slots - 1 : 0,
			.seen = tt ? tt->seen : NULL,
		};
	}
	return list;
}

static void sweep(struct fleet *f, __u32 clock_s)
{
	_cleanup_free_ struct flows_backend *backends = NULL;
	struct flows_scan s = { .n_backends = FLEET_IDS,
				.now_s = clock_s,
				.max_age_s = f->options.idle_s };

	cr_assert_eq(tables_sweep_begin(&f->tables, fleet_now_ms(f)), 0);
	s.backends = backends = list_backends(f);
	flows_scan(&s, dp_flows(f->dp), f->options.flow_lines);
	flows_unmark(dp_flows(f->dp), f->options.flow_lines, dp_marks(f->dp));
	array_for_each (b, backends, FLEET_IDS)
		b->seen = NULL;
	s.max_age_s = NOTE_MAX_AGE_S;
	flows_scan(&s, dp_fresh(f->dp), SHUNT_FRESH_LINES);
	cr_assert_eq(tables_sweep_end(&f->tables, fleet_now_ms(f)), 0);
	f->swept_s = f->now_s;
}

void fleet_tick(struct fleet *f)
{
	const __u32 clock_s = flow_model_now_s();

	age_lines(f, dp_flows(f->dp), f->options.flow_lines, clock_s);
	age_lines(f, dp_fresh(f->dp), SHUNT_FRESH_LINES, clock_s);
	f->began_s = clock_s;
	f->now_s++;
	cr_assert_eq(tables_tick(&f->tables, fleet_now_ms(f)), 0);
	if (is_time_to_sweep(f))
		sweep(f, clock_s);
	dp_put_cpu_budgets(f->dp, f->no_pins_used);
}
