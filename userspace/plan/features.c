/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not said here is not in the program that is loaded, so each thing is said if
 * and only if something asks for it.
 */
#include <errno.h>
#include <netinet/in.h>

#include "base/array.h"
#include "net/addr.h"
#include "plan/features.h"
#include "plan/firewall.h"
#include "shunt/guard.h"

bool features_count(const struct conf_service *service)
{
	return service->scheduler == CONF_SCHEDULER_LEAST_CONN || conf_service_is_limited(service);
}

static uint32_t choice_of(enum conf_scheduler scheduler)
{
	switch (scheduler) {
	case CONF_SCHEDULER_ROUND_ROBIN:
		return SHUNT_CHOICE_TURN;
	case CONF_SCHEDULER_RANDOM:
		return SHUNT_CHOICE_RANDOM;
	case CONF_SCHEDULER_LEAST_CONN:
		return SHUNT_CHOICE_LEAST;
	default:
		return SHUNT_CHOICE_SLOT;
	}
}

/*
 * Connections of nat are not in the flow cache, so nothing needs to be; but the clients
 * of affinity are.
 */
static bool is_tracked(const struct conf_service *service)
{
	if (conf_forward_is_nat(service->forward))
		return service->affinity_ms;
	return service->track || conf_service_needs_memory(service);
}

static uint32_t cookies_of(const struct conf_service *service)
{
	switch (service->firewall.syn_cookies) {
	case CONF_SYN_COOKIES_AUTO:
		return SHUNT_SERVICE_COOKIES;
	case CONF_SYN_COOKIES_ALWAYS:
		return SHUNT_SERVICE_COOKIES | SHUNT_SERVICE_COOKIES_ALWAYS;
	default:
		return 0;
	}
}

uint32_t features_flags(const struct conf_service *service, uint8_t proto)
{
	const bool is_nat = conf_forward_is_nat(service->forward);
	uint32_t flags = choice_of(service->scheduler) << SHUNT_SERVICE_CHOICE_SHIFT;

	if (is_nat)
		flags |= SHUNT_SERVICE_NAT;
	if (service->udp_moves && proto == IPPROTO_UDP && !is_nat)
		flags |= SHUNT_SERVICE_UDP_MOVES;
	if (is_tracked(service))
		flags |= SHUNT_SERVICE_TRACKED;
	if (service->scheduler == CONF_SCHEDULER_SOURCE)
		flags |= SHUNT_SERVICE_SOURCE;
	if (service->fragments == CONF_FRAGMENTS_L3HASH)
		flags |= SHUNT_SERVICE_L3HASH;
	if (service->fragments == CONF_FRAGMENTS_DROP)
		flags |= SHUNT_SERVICE_NO_FRAGMENTS;
	if (service->affinity_ms)
		flags |= SHUNT_SERVICE_AFFINITY;
	if (features_count(service))
		flags |= SHUNT_SERVICE_COUNTED;
	if (conf_service_is_limited(service))
		flags |= SHUNT_SERVICE_LIMITED;
	if (is_nat && proto == IPPROTO_TCP)
		flags |= cookies_of(service);
	if (proto == IPPROTO_TCP)
		flags |= service->mss << SHUNT_SERVICE_MSS_SHIFT;
	return flags;
}

uint32_t features_syns_above(const struct conf *conf)
{
	const struct conf_rate *r = &conf->firewall.syn_cookies_above;

	return r->count > r->per_s && r->per_s ? r->count / r->per_s : 1;
}

static bool has_fullnat(const struct plan *plan)
{
	array_for_each (b, plan->backends, plan->n_backends)
		for (int family = 0; family < SHUNT_FAMILIES; family++)
			if (b->leg[family].forward == SHUNT_FORWARD_FULLNAT)
				return true;
	return false;
}

static void pool_add(const struct conf *conf, struct plan *plan, bool v4)
{
	array_for_each (a, conf->nat_pool, conf->n_nat_pool)
		if (addr_is_v4(a) == v4)
			plan->pool[plan->n_pool++] = *a;
}

int features_pool(const struct conf *conf, struct plan *plan)
{
	if (!has_fullnat(plan))
		return 0;
	plan->pool = arena_alloc(&plan->arena, conf->n_nat_pool * sizeof(*plan->pool));
	if (!plan->pool)
		return -ENOMEM;
	pool_add(conf, plan, true);
	pool_add(conf, plan, false);
	return 0;
}

static void rodata_add_service(struct shunt_rodata *ro, const struct plan_service *service)
{
	static const uint32_t rich = SHUNT_SERVICE_SOURCE | SHUNT_SERVICE_L3HASH |
				     SHUNT_SERVICE_AFFINITY | SHUNT_SERVICE_NAT;
	const struct shunt_service_key *key = &service->key;

	ro->ipv4 |= addr_is_v4(&key->vip);
	ro->ipv6 |= !addr_is_v4(&key->vip);
	ro->any_port |= !key->port && !key->fragments;
	ro->tracked |= !!(service->flags & SHUNT_SERVICE_TRACKED);
	ro->rich |= service->flags & rich || SHUNT_SERVICE_MSS(service->flags);
	ro->nat |= !!(service->flags & SHUNT_SERVICE_NAT);
	if (service->flags & SHUNT_SERVICE_COOKIES)
		ro->guard |= SHUNT_GUARD_SYN;
}

static void rodata_add_leg(struct shunt_rodata *ro, const struct plan_leg *leg)
{
	const bool v4 = addr_is_v4(&leg->addr);

	switch (leg->forward) {
	case SHUNT_FORWARD_DIRECT:
		ro->direct = 1;
		break;
	case SHUNT_FORWARD_IPIP:
		ro->ipip4 |= v4;
		ro->ipip6 |= !v4;
		break;
	case SHUNT_FORWARD_GUE:
		ro->rich = 1;
		break;
	case SHUNT_FORWARD_FULLNAT:
		/* Answers are of the backend's family, even where no VIP is. */
		ro->ipv4 |= v4;
		ro->ipv6 |= !v4;
		break;
	default:
		break;
	}
}

static void rodata_set_pool(struct shunt_rodata *ro, const struct conf *conf,
			    const struct plan *plan)
{
	if (!plan->n_pool)
		return;
	ro->pool_first_port = conf->nat_first_port;
	ro->pool_ports = conf->nat_last_port - conf->nat_first_port + 1;
	array_for_each (a, plan->pool, plan->n_pool)
		ro->pool_addrs[addr_is_v4(a) ? SHUNT_V4 : SHUNT_V6]++;
}

struct shunt_rodata features_rodata(const struct conf *conf, const struct admin *admin,
				    const struct plan *plan)
{
	const uint64_t cache_bytes =
		conf->flow_cache_bytes ? conf->flow_cache_bytes : PLAN_FLOW_CACHE_BYTES;
	struct shunt_rodata ro = {
		.flow_mask = cache_bytes / sizeof(struct shunt_flow_line) - 1,
		.icmp_per_s = conf->icmp_per_s,
		.guard = firewall_stages(conf, admin),
	};

	array_for_each (service, plan->services, plan->n_services)
		rodata_add_service(&ro, service);
	array_for_each (b, plan->backends, plan->n_backends)
		ro.resets |= b->resets;
	array_for_each (b, plan->backends, plan->n_backends)
		for (int family = 0; family < SHUNT_FAMILIES; family++)
			rodata_add_leg(&ro, &b->leg[family]);
	/* Not when it happens, where it is known that it may: a program takes time to load. */
	for (size_t s = 0; s < conf->n_services; s++)
		ro.resets |= conf->services[s].on_down == CONF_ON_DOWN_RESET;
	rodata_set_pool(&ro, conf, plan);
	return ro;
}
