/* SPDX-License-Identifier: BSD-2-Clause */
/* The snapshot: every number and word that the CLI and the exporter show. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/peers.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

static uint64_t read_rss_bytes(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!f || fscanf(f, "%*s %lu", &pages) != 1)
		return 0;
	return pages * sysconf(_SC_PAGESIZE);
}

static double read_cpu_seconds(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return 0;
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static const struct shunt_addr *shown_addr(const struct plan_backend *p,
					   const struct conf_backend *c)
{
	if (p && p->leg[SHUNT_V4].forward)
		return &p->leg[SHUNT_V4].addr;
	if (p && p->leg[SHUNT_V6].forward)
		return &p->leg[SHUNT_V6].addr;
	return c->has_address ? &c->address : &c->address6;
}

/* Of all members of the table, released with free(); NULL if they cannot be read. */
static struct shunt_counter *read_counters(const struct daemon *d, const struct plan_table *t)
{
	_cleanup_free_ struct shunt_counter *counters = calloc(t->span, sizeof(*counters));

	if (!counters || dataplane_read_counters(d->dp, t->base, t->span, counters))
		return NULL;
	return take_ptr(&counters);
}

static void view_backend(const struct daemon *d, size_t service, size_t i,
			 struct snapshot_backend *out)
{
	const struct conf_service *s = &d->conf->services[service];
	const struct conf_backend *c = &s->backends[i];
	const struct plan_backend *p = d->plan ? plan_backend_of(d->plan, service, i) : NULL;
	const struct admin_entry *said = admin_find(&d->state.admin, s->name, c->name);
	const struct shunt_load load =
		p ? dataplane_read_load(d->dp, p->id) : (struct shunt_load){ 0 };

	const uint64_t until_ms = said ? said->deadline_ms : 0, now_ms = clock_now_ms();

	*out = (struct snapshot_backend){
		.name = c->name,
		.id = p ? p->id : 0,
		.addr = *shown_addr(p, c),
		.admin = said ? said->state : ADMIN_ENABLED,
		.admin_since_wall_s = said ? said->since_wall_s : 0,
		.deadline_wall_s = until_ms ? state_to_wall(until_ms) : 0,
		.deadline_left_s = until_ms > now_ms ? (until_ms - now_ms + 999) / 1000 : 0,
		.is_over = until_ms && until_ms <= now_ms,
		.weight = c->weight,
		.effective_weight = p && p->serves ? plan_warm_weight(p) : 0,
		.warmth_percent = p ? plan_part(100, p->warmth, PLAN_KEEP_ALL) : 100,
		.check_type = conf_check_type_name(c->check.type),
		.health = *health_get(d->health, service, i),
		.counted = p && p->counted,
		.connections = load.active,
		.connections_limit = load.limit,
		.connections_opened = load.opened,
		.flows = p ? dataplane_read_flows(d->dp, p->id) : 0,
		.usable = p && p->usable,
	};
}

static int view_service(const struct daemon *d, size_t i, struct snapshot *snapshot)
{
	const struct conf_service *s = &d->conf->services[i];
	struct snapshot_service *out = &snapshot->services[i];
	const struct plan_table *t = d->plan ? plan_table_of(d->plan, i) : NULL;
	_cleanup_free_ struct shunt_counter *counters = t ? read_counters(d, t) : NULL;

	out->conf = s;
	out->backends = calloc(s->n_backends ? s->n_backends : 1, sizeof(*out->backends));
	if (!out->backends)
		return -1;
	out->n_backends = s->n_backends;
	array_for_each (r, d->state.retired, d->state.n_retired) {
		if (strcmp(r->service, s->name))
			continue;
		out->packets = r->packets;
		out->bytes = r->bytes;
	}
	for (size_t j = 0; j < s->n_backends; j++) {
		struct snapshot_backend *b = &out->backends[j];

		view_backend(d, i, j, b);
		if (counters && b->id) {
			b->packets = counters[b->id - t->base].packets;
			b->bytes = counters[b->id - t->base].bytes;
		}
		out->n_usable += b->usable;
		out->packets += b->packets;
		out->bytes += b->bytes;
		snapshot->flows_live += b->flows;
	}
	return 0;
}

/**
 * struct tally - the slots of one place
 * @place: where they lie
 * @of: by member that owns them, 0 from @n_of on
 * @from: by member that owned them before
 */
struct tally {
	struct snapshot_place place;
	uint32_t by_state[SNAPSHOT_SLOT_STATES];
	uint32_t of[SHUNT_MAX_MEMBERS];
	uint32_t from[SHUNT_MAX_MEMBERS];
	uint32_t n_of;
};

static void tally_count(struct tally *tally, const struct snapshot_place *place,
			const uint32_t *words)
{
	memset(tally->of, 0, tally->n_of * sizeof(*tally->of));
	memset(tally->from, 0, tally->n_of * sizeof(*tally->from));
	memset(tally->by_state, 0, sizeof(tally->by_state));
	tally->place = *place;
	tally->n_of = 0;
	for (uint32_t i = 0; i < place->slots; i++) {
		const uint32_t member = SHUNT_SLOT_CUR(words[i]);
		const uint32_t before = SHUNT_SLOT_PREV(words[i]);
		const uint32_t most = member > before ? member : before;

		tally->by_state[SHUNT_SLOT_STATE(words[i])]++;
		tally->of[member]++;
		tally->from[before]++;
		if (tally->n_of <= most)
			tally->n_of = most + 1;
	}
}

/* False if the table lies nowhere. Neighbours in the config often share a place. */
static bool tally_table(const struct daemon *d, const struct plan_table *t, struct tally *tally)
{
	struct snapshot_place place;
	const uint32_t *words;

	if (!dataplane_find_place(d->dp, t->number, &place))
		return false;
	if (tally->place.slots && tally->place.first == place.first)
		return true;
	words = dataplane_read_table(d->dp, t->number);
	if (words)
		tally_count(tally, &place, words);
	return words;
}

/* Rounds over connections are a second apart, and take longer the more there are. */
static uint64_t round_s(const struct snapshot *s)
{
	return 3 + s->conntrack.entries / 100000;
}

/*
 * Of flows that are not kept one by one nobody knows whether they are still there: for as
 * long as their slots are in transition they may be. Those in the flow cache are known,
 * and a slot is PINNED until a sweep has found none of it there.
 */
static bool is_empty(const struct snapshot *s, const struct snapshot_service *service,
		     const struct snapshot_backend *b, const struct tally *tally)
{
	if (b->admin == ADMIN_ENABLED || b->slots || b->flows || (b->counted && b->connections))
		return false;
	if (conf_forward_is_nat(service->conf->forward))
		return s->now_wall_s >= b->admin_since_wall_s + round_s(s);
	return !b->slots_leaving && !tally->by_state[SHUNT_SLOT_PINNED];
}

static void view_slots(const struct daemon *d, struct snapshot *s)
{
	_cleanup_free_ struct tally *tally = calloc(1, sizeof(*tally));

	s->tables = dataplane_count_tables(d->dp);
	for (size_t i = 0; i < s->n_services && d->plan && tally; i++) {
		struct snapshot_service *service = &s->services[i];
		const struct plan_table *t = plan_table_of(d->plan, i);

		if (!t || !tally_table(d, t, tally))
			continue;
		service->slots = tally->place.slots;
		service->sharing = tally->place.sharing;
		service->slots_moving = service->slots - tally->by_state[SHUNT_SLOT_STABLE];
		for (int state = 0; state < SNAPSHOT_SLOT_STATES; state++)
			s->slots_by_state[state] += tally->by_state[state];
		array_for_each (b, service->backends, service->n_backends) {
			b->slots = b->id ? tally->of[b->id - t->base] : 0;
			b->slots_leaving = b->id ? tally->from[b->id - t->base] : 0;
			b->is_empty = is_empty(s, service, b, tally);
		}
	}
}

static void view_maps(const struct daemon *d, struct snapshot *s)
{
	const uint64_t lines = d->rodata.flow_mask + 1ULL;

	dataplane_list_maps(d->dp, &s->maps, &s->n_maps);
	dataplane_format_pin_dir(d->dp, s->pin_dir, sizeof(s->pin_dir));
	s->flows_capacity = lines * SHUNT_FLOWS_PER_LINE;
	s->flows_bytes = lines * sizeof(struct shunt_flow_line);
	s->conntrack = dataplane_count_conns(d->dp);
}

static int view_rules(const struct daemon *d, struct snapshot *s)
{
	struct firewall *f = d->guard.firewall;

	if (!f || !f->n_rules)
		return 0;
	s->rules = calloc(f->n_rules, sizeof(*s->rules));
	if (!s->rules)
		return -1;
	s->held_firewall = firewall_hold(f);
	s->n_rules = f->n_rules;
	for (size_t i = 0; i < f->n_rules; i++) {
		s->rules[i].rule = &f->rules[i];
		if (f->rules[i].id)
			dataplane_read_hits(d->dp, f->rules[i].id, &s->rules[i].hits);
	}
	return 0;
}

static void view_process(const struct daemon *d, struct snapshot *s)
{
	s->conf = s->held = conf_hold(d->conf);
	s->admin = &d->state.admin;
	s->now_ms = clock_now_ms();
	s->version = SHUNT_VERSION;
	s->pid = getpid();
	s->prober_pid = health_prober_pid(d->health);
	s->now_wall_s = clock_wall_s();
	s->start_wall_s = d->start_wall_s;
	s->conf_loaded_wall_s = d->conf_loaded_wall_s;
	s->conf_last_reload_ok = d->last_reload_ok;
	memcpy(s->conf_reloads, d->reloads, sizeof(s->conf_reloads));
	s->edits = d->state.edits;
	s->n_edits = d->state.n_edits;
	if (d->former && !d->must_return && d->confirm_by_ms > clock_now_ms())
		s->confirm_left_s = (d->confirm_by_ms - clock_now_ms() + 999) / 1000;
	s->adopted = dataplane_was_adopted(d->dp);
	s->rss_bytes = read_rss_bytes();
	s->cpu_seconds = read_cpu_seconds();
}

struct snapshot *daemon_snapshot(void *app)
{
	_cleanup_(snapshot_freep) struct snapshot *s = calloc(1, sizeof(*s));
	const struct daemon *d = app;

	if (!s)
		return NULL;
	view_process(d, s);
	dataplane_interfaces(d->dp, &s->interfaces, &s->n_interfaces);
	dataplane_read_reasons(d->dp, s->reasons);
	hops_list(d->hops, &s->hops, &s->n_hops);
	s->services = calloc(d->conf->n_services ? d->conf->n_services : 1, sizeof(*s->services));
	if (!s->services)
		return NULL;
	for (size_t i = 0; i < d->conf->n_services; i++) {
		s->n_services++;
		if (view_service(d, i, s))
			return NULL;
	}
	if (view_rules(d, s))
		return NULL;
	view_maps(d, s);
	view_slots(d, s);
	daemon_view_peers(d, &s->peers);
	daemon_view_announcements(d, s);
	return take_ptr(&s);
}
