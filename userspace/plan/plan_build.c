/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From config, health and the operator's word to a plan. Backends and tables
 * first lie in the order of the config, while ids and positions are dealt out;
 * then everything is sorted and indexed.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/fate.h"
#include "plan/features.h"
#include "plan/firewall.h"
#include "plan/ids.h"
#include "plan/recipe.h"
#include "plan/seats.h"

static bool service_has_family(const struct conf_service *service, enum shunt_family family)
{
	for (size_t i = 0; i < service->n_vips; i++)
		if (addr_is_v4(&service->vips[i]) == (family == SHUNT_V4))
			return true;
	return false;
}

static __be16 port_of(const struct conf_service *service, const struct conf_backend *b)
{
	return htons(service->forward == SHUNT_FORWARD_GUE ? service->gue_port : b->port);
}

/* The way for packets of @family: by an address of that family if there is one. */
static struct plan_leg leg_of(const struct conf_service *service, const struct conf_backend *b,
			      enum shunt_family family)
{
	struct plan_leg leg = { .forward = SHUNT_FORWARD_NONE };

	if (!service_has_family(service, family))
		return leg;
	leg.forward = service->forward;
	leg.port = port_of(service, b);
	leg.addr = b->has_address ? b->address : b->address6;
	if (b->has_address6 && addr_is_v4(&b->address6) == (family == SHUNT_V4))
		leg.addr = b->address6;
	return leg;
}

struct inputs {
	const struct conf *conf;
	const struct admin *admin;
	plan_condition_fn *condition;
	void *arg;
};

static struct plan_condition condition_of(const struct inputs *in, size_t s, size_t i)
{
	const struct plan_condition well = { .health = HEALTH_UP, .warmth = PLAN_KEEP_ALL };

	return in->condition ? in->condition(in->arg, s, i) : well;
}

/*
 * Balancers of a fleet see a backend come up at different times: where they agree by the
 * config alone their tables would differ meanwhile. And one that has all has no share.
 */
static bool has_slow_start(const struct conf_service *service)
{
	return service->scheduler != CONF_SCHEDULER_MAGLEV &&
	       service->scheduler != CONF_SCHEDULER_FIRST && !seats_are_fixed(service);
}

static struct plan_backend backend_of(const struct inputs *in, size_t s, size_t i)
{
	const struct conf_service *service = &in->conf->services[s];
	const struct conf_backend *b = &service->backends[i];
	const struct plan_condition c = condition_of(in, s, i);
	const struct admin_entry word =
		fate_word(admin_find(in->admin, service->name, b->name), &c);
	const enum fate fate = fate_of(service, &c, &word);
	uint32_t weight = admin_weight(&word, b->weight);

	return (struct plan_backend){
		.conf_service = s,
		.conf_backend = i,
		.leg = { leg_of(service, b, SHUNT_V4), leg_of(service, b, SHUNT_V6) },
		.weight = weight,
		.weight_enabled = admin_weight_enabled(&word, b->weight),
		.warmth = has_slow_start(service) ? c.warmth : PLAN_KEEP_ALL,
		.down = c.health == HEALTH_DOWN,
		.usable = c.health == HEALTH_UP && weight,
		.alive = fate != FATE_MOVED,
		.resets = fate == FATE_RESET,
	};
}

static int backends_enter(const struct inputs *in, struct plan *plan)
{
	const struct conf *conf = in->conf;

	plan->n_conf_services = conf->n_services;
	plan->first_backend =
		arena_alloc(&plan->arena, (conf->n_services + 1) * sizeof(*plan->first_backend));
	if (!plan->first_backend)
		return -ENOMEM;
	for (size_t s = 0; s < conf->n_services; s++)
		plan->first_backend[s + 1] = plan->first_backend[s] + conf->services[s].n_backends;
	plan->n_backends = plan->first_backend[conf->n_services];
	plan->backends = arena_alloc(&plan->arena, plan->n_backends * sizeof(*plan->backends));
	plan->n_tables = conf->n_services;
	plan->tables = arena_alloc(&plan->arena, plan->n_tables * sizeof(*plan->tables));
	if (!plan->backends || !plan->tables)
		return -ENOMEM;
	for (size_t s = 0; s < conf->n_services; s++)
		for (size_t i = 0; i < conf->services[s].n_backends; i++)
			plan->backends[plan->first_backend[s] + i] = backend_of(in, s, i);
	return 0;
}

/*
 * Warm is who is as warm as anybody of those who serve: they share all flows, whatever
 * they can bear.
 */
static void warm_enter(const struct conf_service *service, struct plan_backend *backends)
{
	uint32_t most = 0;

	for (size_t i = 0; i < service->n_backends; i++)
		if (backends[i].serves && backends[i].warmth > most)
			most = backends[i].warmth;
	for (size_t i = 0; most && i < service->n_backends; i++)
		backends[i].warmth = backends[i].warmth >= most
					     ? PLAN_KEEP_ALL
					     : plan_part(PLAN_KEEP_ALL, backends[i].warmth, most);
}

/* Who serves although he is down has his flows, as far as he can. */
static void resets_enter(const struct conf_service *service, struct plan_backend *backends)
{
	for (size_t i = 0; i < service->n_backends; i++) {
		if (!backends[i].serves || !backends[i].resets)
			continue;
		backends[i].resets = false;
		backends[i].alive = false;
	}
}

static int tables_enter(const struct conf *conf, struct seats (*seats)[POOLS], struct plan *plan)
{
	int err = 0;

	for (size_t s = 0; !err && s < conf->n_services; s++) {
		warm_enter(&conf->services[s], &plan->backends[plan->first_backend[s]]);
		resets_enter(&conf->services[s], &plan->backends[plan->first_backend[s]]);
		plan->tables[s].scheduler = recipe_scheduler(conf->services[s].scheduler);
		plan->tables[s].tracked =
			plan_tracks(features_flags(&conf->services[s], IPPROTO_TCP));
		err = recipe_make(&plan->arena, &conf->services[s],
				  &plan->backends[plan->first_backend[s]], seats[s],
				  &plan->tables[s]);
	}
	return err;
}

/* Who serves is known by now. */
static void loads_enter(const struct conf *conf, struct plan *plan)
{
	array_for_each (b, plan->backends, plan->n_backends) {
		const struct conf_service *service = &conf->services[b->conf_service];

		b->counted = features_count(service);
		if (!b->counted)
			continue;
		b->limit = service->backends[b->conf_backend].max_connections;
		b->load_weight = b->serves ? plan_warm_weight(b) : 0;
	}
}

/* --- services and their addresses ------------------------------------------- */

static int service_compare(const void *va, const void *vb)
{
	const struct plan_service *a = va, *b = vb;

	return memcmp(&a->key, &b->key, sizeof(a->key));
}

static int vip_compare(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static bool has_proto(const struct conf_service *service, uint8_t proto)
{
	for (size_t p = 0; p < service->n_ports; p++)
		if (service->ports[p].proto == proto)
			return true;
	return false;
}

/* With l3hash, what has no port is found by protocol alone. */
static bool has_fragments_of(const struct conf_service *service, uint8_t proto)
{
	return service->fragments == CONF_FRAGMENTS_L3HASH && has_proto(service, proto);
}

static size_t count_keys(const struct conf_service *service)
{
	return service->n_vips * (service->n_ports + has_fragments_of(service, IPPROTO_TCP) +
				  has_fragments_of(service, IPPROTO_UDP));
}

/* Of the ports of @proto; what the operator says counts, too. */
static uint32_t flags_of(const struct inputs *in, const struct conf_service *service, uint8_t proto)
{
	const uint32_t flags = features_flags(service, proto);

	return firewall_guards(service, in->admin) ? flags | SHUNT_SERVICE_GUARDED : flags;
}

/* @key: of config service @index. */
static void key_enter(const struct inputs *in, uint32_t index, struct shunt_service_key key,
		      struct plan *plan)
{
	plan->services[plan->n_services++] = (struct plan_service){
		.key = key,
		.table = plan->tables[index].number,
		.base = plan->tables[index].base,
		.flags = flags_of(in, &in->conf->services[index], key.proto),
		.conf_service = index,
	};
}

static void service_enter(const struct inputs *in, uint32_t index, struct plan *plan)
{
	const struct conf_service *service = &in->conf->services[index];
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };

	for (size_t v = 0; v < service->n_vips; v++) {
		struct shunt_service_key key = { .vip = service->vips[v] };

		plan->vips[plan->n_vips++] = service->vips[v];
		for (size_t p = 0; p < service->n_ports; p++) {
			key.port = htons(service->ports[p].port);
			key.proto = service->ports[p].proto;
			key_enter(in, index, key, plan);
		}
		key.port = 0;
		key.fragments = 1;
		array_for_each (proto, protos, array_len(protos)) {
			key.proto = *proto;
			if (has_fragments_of(service, *proto))
				key_enter(in, index, key, plan);
		}
	}
}

static int services_enter(const struct inputs *in, struct plan *plan)
{
	const struct conf *conf = in->conf;
	size_t n_vips = 0, n_services = 0, kept = 0;

	for (size_t s = 0; s < conf->n_services; s++) {
		n_vips += conf->services[s].n_vips;
		n_services += count_keys(&conf->services[s]);
	}
	plan->vips = arena_alloc(&plan->arena, n_vips * sizeof(*plan->vips));
	plan->services = arena_alloc(&plan->arena, n_services * sizeof(*plan->services));
	if (!plan->vips || !plan->services)
		return -ENOMEM;
	for (size_t s = 0; s < conf->n_services; s++)
		service_enter(in, s, plan);
	array_sort(plan->services, n_services, sizeof(*plan->services), service_compare);
	/* conf refuses two services at one address, protocol and port. */
	for (size_t i = 1; i < n_services; i++)
		assert(service_compare(&plan->services[i - 1], &plan->services[i]));
	array_sort(plan->vips, n_vips, sizeof(*plan->vips), vip_compare);
	for (size_t i = 0; i < n_vips; i++)
		if (!kept || !addr_is_equal(&plan->vips[kept - 1], &plan->vips[i]))
			plan->vips[kept++] = plan->vips[i];
	plan->n_vips = kept;
	return 0;
}

/* --- the last touch ----------------------------------------------------------- */

/* Whole seconds, rounded up: what flow entries and slot timers count in. */
static uint16_t seconds_of(uint32_t ms)
{
	const uint32_t s = (ms + 999ULL) / 1000;

	return s < PLAN_FLOW_MAX_S ? s : PLAN_FLOW_MAX_S;
}

static int backend_compare(const void *va, const void *vb)
{
	const struct plan_backend *a = va, *b = vb;

	return a->id < b->id ? -1 : a->id > b->id;
}

static int table_compare(const void *va, const void *vb)
{
	const struct plan_table *a = va, *b = vb;

	return a->number < b->number ? -1 : a->number > b->number;
}

/* Sort what lies in the order of the config, and note where it went. */
static int plan_sort(struct plan *plan)
{
	uint32_t *numbers = arena_alloc(&plan->arena, plan->n_tables * sizeof(*numbers));

	plan->backend_of = arena_alloc(&plan->arena, plan->n_backends * sizeof(*plan->backend_of));
	plan->table_of = arena_alloc(&plan->arena, plan->n_tables * sizeof(*plan->table_of));
	if (!numbers || !plan->backend_of || !plan->table_of)
		return -ENOMEM;
	for (size_t s = 0; s < plan->n_tables; s++)
		numbers[s] = plan->tables[s].number;
	array_sort(plan->backends, plan->n_backends, sizeof(*plan->backends), backend_compare);
	array_sort(plan->tables, plan->n_tables, sizeof(*plan->tables), table_compare);
	for (size_t i = 0; i < plan->n_backends; i++) {
		const struct plan_backend *b = &plan->backends[i];

		plan->backend_of[plan->first_backend[b->conf_service] + b->conf_backend] = i;
	}
	for (size_t s = 0; s < plan->n_tables; s++) {
		const struct plan_table key = { .number = numbers[s] };
		const struct plan_table *t =
			bsearch(&key, plan->tables, plan->n_tables, sizeof(key), table_compare);

		plan->table_of[s] = t - plan->tables;
	}
	return 0;
}

static int ids_enter(const struct ids *ids, const struct ids_wish *wish, struct ids **next)
{
	const struct ids_thrift ample = { .rest = IDS_REST },
				thrifty = { .rest = 1, .tight = true };
	int err = ids_next(ids, wish, ample, next);

	/* What no packet has met since the last plan is better than nothing. */
	return err == -ENOSPC ? ids_next(ids, wish, thrifty, next) : err;
}

int plan_build(const struct conf *conf, const struct admin *admin, struct ids *ids,
	       plan_condition_fn *condition, void *arg, struct plan **out)
{
	const struct inputs in = { conf, admin, condition, arg };
	_cleanup_(plan_freep) struct plan *plan = calloc(1, sizeof(*plan));
	_cleanup_(ids_freep) struct ids *next = NULL;
	struct ids_wish wish = { .conf = conf, .plan = plan };
	int err;

	if (!plan)
		return -ENOMEM;
	wish.seats = arena_alloc(&plan->arena, conf->n_services * sizeof(*wish.seats));
	if (!wish.seats)
		return -ENOMEM;
	err = backends_enter(&in, plan)
	    ?: ids_enter(ids, &wish, &next)
	    ?: tables_enter(conf, wish.seats, plan)
	    ?: services_enter(&in, plan)
	    ?: features_pool(conf, plan)
	    ?: plan_sort(plan);
	if (err)
		return err;
	loads_enter(conf, plan);
	array_for_each (b, plan->backends, plan->n_backends)
		if (b->alive)
			id_set_add(&plan->alive, b->id);
	plan->rodata = features_rodata(conf, admin, plan);
	plan->flow_early_s = seconds_of(conf->flow_early_ms);
	plan->flow_idle_s = seconds_of(conf->flow_idle_ms ?: PLAN_FLOW_IDLE_MS);
	plan->syns_above = features_syns_above(conf);
	ids_swap(ids, next);
	*out = take_ptr(&plan);
	return 0;
}
