/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "dataplane/flows.h"
#include "flow_model.h"
#include "rig.h"

/* As the daemon does. */
#define SWEEP_GAP_S 30
#define SWEEP_GAP_WAITED_FOR_S 5
#define NOTE_MAX_AGE_S 60

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

/* The program as the first plan asks for it. */
static void load_program(struct fleet *f)
{
	const struct dp_sizes sizes = {
		.services = 1, .vips = 1, .slots = f->options.slots, .backends = FLEET_IDS
	};
	const struct shunt_egress egress = { .ifindex = WORLD_INGRESS, .smac = { 0x02, 0xe0 } };

	fleet_follow(f);
	f->rodata = f->balancers[FLEET_KEEPS].plan->rodata;
	f->rodata.hash_key[0] = 0x0123456789abcdefULL;
	f->rodata.hash_key[1] = 0xfedcba9876543210ULL;
	f->rodata.pins_per_s = pins_per_s(&f->options);
	f->dp = dp_open(&f->rodata, &sizes);
	dp_put_egress(f->dp, FLEET_EGRESS, &egress);
	plan_free(f->balancers[FLEET_KEEPS].plan);
	f->balancers[FLEET_KEEPS].plan = NULL;
	fleet_follow(f);
	f->balancers[FLEET_KEEPS].words = dp_slots(f->dp);
}

struct fleet *fleet_open(const struct fleet_options *options)
{
	struct fleet *f = calloc(1, sizeof(*f));

	cr_assert(f);
	cr_assert_leq(options->servers, FLEET_MOST_SERVERS / 2);
	f->options = *options;
	f->transit.slots = options->slots;
	for (__u32 i = 0; i < options->servers; i++)
		f->servers[i] = (struct fleet_server){ .present = true, .up = true, .weight = 1 };
	f->cache = table_cache_create();
	f->scratch = calloc(options->slots, sizeof(*f->scratch));
	f->balancers[FLEET_FORGETS].words = calloc(options->slots, sizeof(*f->scratch));
	cr_assert(f->cache && f->scratch && f->balancers[FLEET_FORGETS].words);
	for (int s = 0; s < FLEET_SIDES; s++) {
		f->balancers[s].ids = ids_create();
		cr_assert(f->balancers[s].ids);
	}
	load_program(f);
	f->no_pins_used = calloc(dp_cpus(f->dp), sizeof(*f->no_pins_used));
	cr_assert(f->no_pins_used);
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
	free(f->balancers[FLEET_FORGETS].words);
	transit_free(&f->transit);
	table_cache_free(f->cache);
	admin_free(&f->admin);
	dp_close(f->dp);
	free(f->scratch);
	free(f->no_pins_used);
	free(f);
}

/* --- events ------------------------------------------------------------------- */

static bool is_ready_for(const struct fleet_server *s, enum fleet_event event)
{
	switch (event) {
	case FLEET_ADD:
		return !s->present;
	case FLEET_FAIL:
		return s->present && s->up;
	case FLEET_RECOVER:
		return s->present && !s->up;
	case FLEET_DRAIN:
		return s->present && !s->drained;
	case FLEET_UNDRAIN:
		return s->present && s->drained;
	default:
		return s->present;
	}
}

/* A server that @event can happen to; FLEET_NO_SERVER if there is none. */
static __u16 pick_server(const struct fleet *f, enum fleet_event event, __u64 *random)
{
	const __u32 first = rig_random(random) % FLEET_MOST_SERVERS;

	for (__u32 i = 0; i < FLEET_MOST_SERVERS; i++) {
		const __u16 number = (first + i) % FLEET_MOST_SERVERS;

		if (is_ready_for(&f->servers[number], event))
			return number;
	}
	return FLEET_NO_SERVER;
}

/* Servers that may get new flows. */
static __u32 count_usable(const struct fleet *f)
{
	__u32 n = 0;

	for (__u32 i = 0; i < FLEET_MOST_SERVERS; i++)
		n += f->servers[i].present && f->servers[i].up && !f->servers[i].drained;
	return n;
}

static void tell_admin(struct fleet *f, __u16 number)
{
	struct admin_entry *e;
	char name[16];

	snprintf(name, sizeof(name), "b%u", number);
	e = admin_get(&f->admin, FLEET_SERVICE, name);
	cr_assert(e);
	e->state = f->servers[number].drained ? ADMIN_DRAIN : ADMIN_ENABLED;
	e->weight = f->servers[number].weight;
}

static void change(struct fleet_server *s, enum fleet_event event, __u64 *random)
{
	switch (event) {
	case FLEET_ADD:
		s->present = s->up = true;
		s->drained = false;
		s->weight = 1;
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
		s->drained = event == FLEET_DRAIN;
		break;
	default:
		s->weight = 1 + rig_random(random) % 3;
	}
}

/* Half of the servers stay in use: more come where many went. */
void fleet_happen(struct fleet *f, __u64 *random)
{
	static const enum fleet_event repairs[] = { FLEET_ADD, FLEET_RECOVER, FLEET_UNDRAIN };
	const bool few = count_usable(f) <= f->options.servers / 2;
	enum fleet_event event;
	__u16 number;

	do {
		event = few ? repairs[rig_random(random) % array_len(repairs)]
			    : rig_random(random) % FLEET_EVENTS;
		number = pick_server(f, event, random);
	} while (number == FLEET_NO_SERVER);
	change(&f->servers[number], event, random);
	tell_admin(f, number);
	f->events[event]++;
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
		int16_t age;

		if (!*at)
			continue;
		age = (int16_t)(f->began_s - SHUNT_FLOW_TIME(*at));
		if (age < 0)
			age = 0;
		*at = (*at & ~0xffffULL) | (__u16)(clock_s - age - 1);
	}
}

static bool is_time_to_sweep(const struct fleet *f)
{
	const __u16 gap = transit_wants_sweep(&f->transit) ? SWEEP_GAP_WAITED_FOR_S : SWEEP_GAP_S;

	return (__u16)(f->now_s - f->swept_s) >= gap;
}

/* Which ids live, and where their flows are to be seen. */
static struct flows_backend *list_backends(const struct fleet *f)
{
	struct flows_backend *list = calloc(FLEET_IDS, sizeof(*list));
	const struct plan *plan = f->balancers[FLEET_KEEPS].plan;
	const struct transit_table *tt = transit_swept(&f->transit, 0);

	cr_assert(list);
	array_for_each (b, plan->backends, plan->n_backends)
		list[b->id] =
			(struct flows_backend){ .alive = b->alive, .seen = tt ? tt->seen : NULL };
	return list;
}

static void sweep(struct fleet *f, __u32 clock_s)
{
	_cleanup_free_ struct flows_backend *backends = NULL;
	struct flows_scan s = { .n_backends = FLEET_IDS,
				.slot_mask = f->options.slots - 1,
				.now_s = clock_s,
				.max_age_s = f->options.idle_s };
	struct transit_table *tt;

	cr_assert_eq(transit_sweep_begin(&f->transit, f->now_s), 0);
	s.backends = backends = list_backends(f);
	flows_scan(&s, dp_flows(f->dp), f->options.flow_lines);
	array_for_each (b, backends, FLEET_IDS)
		b->seen = NULL;
	s.max_age_s = NOTE_MAX_AGE_S;
	flows_scan(&s, dp_fresh(f->dp), SHUNT_FRESH_LINES);
	while ((tt = transit_unsettled(&f->transit)))
		transit_sweep_end(&f->transit, tt, dp_slots(f->dp), f->now_s);
	f->swept_s = f->now_s;
}

void fleet_tick(struct fleet *f)
{
	const __u32 clock_s = flow_model_now_s();
	struct transit_table *tt;

	age_lines(f, dp_flows(f->dp), f->options.flow_lines, clock_s);
	age_lines(f, dp_fresh(f->dp), SHUNT_FRESH_LINES, clock_s);
	f->began_s = clock_s;
	f->now_s++;
	while ((tt = transit_due(&f->transit, f->now_s)))
		transit_advance(&f->transit, tt, dp_slots(f->dp), f->now_s);
	if (is_time_to_sweep(f))
		sweep(f, clock_s);
	dp_put_cpu_budgets(f->dp, f->no_pins_used);
}

/* --- looking ------------------------------------------------------------------ */

__u16 fleet_look_up(const struct fleet *f, enum fleet_side side, __u64 hash)
{
	const struct fleet_balancer *b = &f->balancers[side];
	const __u32 id = SHUNT_SLOT_CUR(b->words[hash & (f->options.slots - 1)]);

	return id ? b->server_of[id] : FLEET_NO_SERVER;
}

__u32 fleet_count_crossing(const struct fleet *f)
{
	__u32 n = 0;

	for (__u32 i = 0; i < f->options.slots; i++)
		n += SHUNT_SLOT_STATE(dp_slots(f->dp)[i]) != SHUNT_SLOT_STABLE;
	return n;
}

__u64 fleet_count_pins(const struct fleet *f)
{
	const struct shunt_flow_line *lines = dp_flows(f->dp);
	__u64 n = 0;

	for (size_t i = 0; i < (size_t)f->options.flow_lines * SHUNT_FLOWS_PER_LINE; i++)
		n += lines[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE] != 0;
	return n;
}
