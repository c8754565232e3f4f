/* SPDX-License-Identifier: BSD-2-Clause */
/* The snapshot: every number and word that the CLI and the exporter show. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/daemon.h"
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

/* Slots by backend id in one table; ids are small, so an array does. */
static void count_slots(struct table_cache *cache, const struct plan_table *t, uint32_t *words,
			uint32_t *slots_of)
{
	if (table_build_cached(cache, t, words))
		return;
	for (uint32_t i = 0; i < t->slots; i++)
		slots_of[SHUNT_SLOT_CUR(words[i])]++;
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

static void view_backend(const struct daemon *d, size_t service, size_t i,
			 struct snapshot_backend *out)
{
	const struct conf_service *s = &d->conf->services[service];
	const struct conf_backend *c = &s->backends[i];
	const struct plan_backend *p = d->plan ? plan_backend_of(d->plan, service, i) : NULL;
	const struct admin_entry *said = admin_find(&d->state.admin, s->name, c->name);
	struct shunt_counter count = { 0 };

	if (p)
		dataplane_read_counter(d->dp, p->id, &count);
	*out = (struct snapshot_backend){
		.name = c->name,
		.id = p ? p->id : 0,
		.addr = *shown_addr(p, c),
		.admin = said ? said->state : ADMIN_ENABLED,
		.weight = c->weight,
		.effective_weight = p && p->usable ? p->weight : 0,
		.check_type = conf_check_type_name(c->check.type),
		.health = *health_get(d->health, service, i),
		.packets = count.packets,
		.bytes = count.bytes,
		.usable = p && p->usable,
	};
}

static int view_service(const struct daemon *d, size_t i, struct snapshot_service *out)
{
	const struct conf_service *s = &d->conf->services[i];

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
		out->n_usable += b->usable;
		out->packets += b->packets;
		out->bytes += b->bytes;
	}
	return 0;
}

static void view_slots(const struct daemon *d, struct snapshot *s)
{
	_cleanup_(table_cache_freep) struct table_cache *cache = table_cache_create();
	_cleanup_free_ uint32_t *words = calloc(d->conf->slots, sizeof(*words));
	_cleanup_free_ uint32_t *slots_of = calloc(SHUNT_MAX_BACKENDS, sizeof(*slots_of));

	if (!cache || !words || !slots_of || !d->plan)
		return;
	for (size_t i = 0; i < s->n_services; i++) {
		const struct plan_table *t = plan_table_of(d->plan, i);

		if (!t)
			continue;
		count_slots(cache, t, words, slots_of);
		s->services[i].slots = t->slots;
		for (size_t j = 0; j < s->services[i].n_backends; j++) {
			struct snapshot_backend *b = &s->services[i].backends[j];

			b->slots = b->id ? slots_of[b->id] : 0;
		}
	}
}

static void view_process(const struct daemon *d, struct snapshot *s)
{
	s->conf = d->conf;
	s->version = SHUNT_VERSION;
	s->pid = getpid();
	s->prober_pid = health_prober_pid(d->health);
	s->now_wall_s = clock_wall_s();
	s->start_wall_s = d->start_wall_s;
	s->conf_loaded_wall_s = d->conf_loaded_wall_s;
	s->conf_last_reload_ok = d->last_reload_ok;
	memcpy(s->conf_reloads, d->reloads, sizeof(s->conf_reloads));
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
		if (view_service(d, i, &s->services[i]))
			return NULL;
	}
	view_slots(d, s);
	return take_ptr(&s);
}
