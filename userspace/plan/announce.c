/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/announce.h"

/**
 * struct look - at a service
 * @is_short: fewer of its backends are usable than it wants
 * @may_do: but enough of them if those without a verdict turn out to be
 * @is_open: one of them has no verdict yet
 */
struct look {
	uint32_t usable;
	bool is_short;
	bool may_do;
	bool is_open;
};

const char *announce_state_name(enum announce_state s)
{
	static const char *const names[] = {
#define ANNOUNCE_STATE_NAME(name, text) [ANNOUNCE_##name] = text,
		ANNOUNCE_STATE_LIST(ANNOUNCE_STATE_NAME)
#undef ANNOUNCE_STATE_NAME
	};

	return names[s];
}

void announce_free(struct announce *a)
{
	array_for_each (i, a->list, a->n)
		free(i->service);
	free(a->list);
	*a = (struct announce){ 0 };
}

static int compare(const void *a, const void *b)
{
	return addr_compare(&((const struct announce_addr *)a)->addr,
			    &((const struct announce_addr *)b)->addr);
}

static struct announce_addr *find(const struct announce *a, const struct shunt_addr *addr)
{
	const struct announce_addr key = { .addr = *addr };

	return a->n ? bsearch(&key, a->list, a->n, sizeof(key), compare) : NULL;
}

const struct announce_addr *announce_find(const struct announce *a, const struct shunt_addr *addr)
{
	return find(a, addr);
}

bool announce_has(const struct announce *a, enum announce_state state)
{
	array_for_each (i, a->list, a->n)
		if (i->state == state)
			return true;
	return false;
}

bool announce_is_open(const struct announce *a)
{
	array_for_each (i, a->list, a->n)
		if (i->state == ANNOUNCE_WAITING || i->is_in_doubt)
			return true;
	return false;
}

/* The addresses alone; of those that were there before, what was known. */
static int list_addresses(const struct announce *before, const struct announce_scene *scene,
			  struct announce *out)
{
	const struct plan *plan = scene->plan;
	const size_t n_pool = scene->conf->ha.routes.pool ? plan->n_pool : 0;
	const struct announce_addr *old;

	*out = (struct announce){ .n = plan->n_vips + n_pool };
	out->list = calloc(out->n ? out->n : 1, sizeof(*out->list));
	if (!out->list)
		return -ENOMEM;
	for (size_t i = 0; i < out->n; i++) {
		struct announce_addr *new = &out->list[i];

		new->is_pool = i >= plan->n_vips;
		new->addr = new->is_pool ? plan->pool[i - plan->n_vips] : plan->vips[i];
		new->first_ms = scene->now_ms;
		old = find(before, &new->addr);
		if (!old || old->is_pool != new->is_pool)
			continue;
		*new = *old;
		new->service = NULL;
		new->is_in_doubt = new->is_open = false;
		new->was_told = old->is_judged && old->state != ANNOUNCE_WITHDRAWN;
	}
	qsort(out->list, out->n, sizeof(*out->list), compare);
	return 0;
}

static struct look look_at(const struct announce_scene *scene, size_t service)
{
	const struct conf_service *s = &scene->conf->services[service];
	struct look look = { 0 };
	uint32_t unknown = 0;

	for (size_t i = 0; i < s->n_backends; i++) {
		const struct plan_backend *b = plan_backend_of(scene->plan, service, i);

		look.usable += b && b->usable;
		unknown += !scene->is_known(scene->arg, service, i);
	}
	look.is_open = unknown;
	look.is_short = look.usable < s->min_healthy;
	look.may_do = look.is_short && look.usable + unknown >= s->min_healthy;
	return look;
}

/* Whether a service that is short is given time for verdicts that may do, for the VIP @i. */
static bool gives_time(struct announce_addr *i, const struct look *look,
		       const struct announce_scene *scene)
{
	if (!look->is_open)
		return false;
	i->is_open = true;
	if (!i->open_ms)
		i->open_ms = scene->now_ms;
	if (!i->was_told || !look->may_do || scene->now_ms >= i->open_ms + ANNOUNCE_PATIENCE_MS)
		return false;
	i->is_in_doubt = true;
	return true;
}

/* Its VIPs wait for it, or want it to have more backends. */
static int enter_service(struct announce *a, const struct announce_scene *scene, size_t service)
{
	const struct conf_service *s = &scene->conf->services[service];
	const struct look look = look_at(scene, service);

	array_for_each (vip, s->vips, s->n_vips) {
		struct announce_addr *i = find(a, vip);

		if (!i)
			continue;
		if (look.is_open && !i->is_judged)
			i->state = ANNOUNCE_WAITING;
		if (gives_time(i, &look, scene) || !look.is_short || i->service)
			continue;
		i->service = strdup(s->name);
		if (!i->service)
			return -ENOMEM;
		i->usable = look.usable;
		i->wanted = s->min_healthy;
	}
	return 0;
}

/* @i says WAITING if one of its services waits, and has a service if one is short. */
static enum announce_state judge(const struct announce_addr *i, const struct announce_scene *scene)
{
	if (i->is_pool)
		return ANNOUNCE_ANNOUNCED;
	if (i->state == ANNOUNCE_WAITING && scene->now_ms < i->first_ms + ANNOUNCE_PATIENCE_MS)
		return ANNOUNCE_WAITING;
	if (i->service)
		return ANNOUNCE_WITHDRAWN;
	return scene->is_drained ? ANNOUNCE_DRAINED : ANNOUNCE_ANNOUNCED;
}

static void judge_all(struct announce *a, const struct announce *before,
		      const struct announce_scene *scene)
{
	array_for_each (i, a->list, a->n) {
		const struct announce_addr *old = find(before, &i->addr);

		i->is_held = scene->is_held && !i->is_judged;
		i->state = judge(i, scene);
		/* What has no backends is of no use meanwhile either. */
		if (i->is_held && i->state != ANNOUNCE_WITHDRAWN)
			i->state = ANNOUNCE_WAITING;
		if (!i->is_open)
			i->open_ms = 0;
		i->is_judged = !i->is_held && i->state != ANNOUNCE_WAITING;
		i->is_in_doubt &= i->state != ANNOUNCE_WITHDRAWN;
		if (i->state != ANNOUNCE_WITHDRAWN) {
			free(i->service);
			i->service = NULL;
		}
		if (!old || old->state != i->state)
			i->since_wall_s = scene->now_wall_s;
	}
}

static int compare_addresses(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static bool has_address(const struct plan *plan, const struct shunt_addr *addr)
{
	if (plan->n_vips &&
	    bsearch(addr, plan->vips, plan->n_vips, sizeof(*addr), compare_addresses))
		return true;
	array_for_each (own, plan->pool, plan->n_pool)
		if (addr_is_equal(own, addr))
			return true;
	return false;
}

int announce_keep(const struct announce *a, const struct plan *plan, struct announce *out)
{
	_cleanup_free_ struct announce_addr *list = NULL;
	struct announce_addr *kept;
	size_t n = 0;

	array_for_each (i, a->list, a->n) {
		if (!has_address(plan, &i->addr))
			continue;
		kept = array_add(&list, &n);
		if (!kept)
			return -ENOMEM;
		*kept = *i;
	}
	*out = (struct announce){ .list = take_ptr(&list), .n = n };
	return 0;
}

void announce_withdraw(struct announce *a, uint64_t now_wall_s)
{
	array_for_each (i, a->list, a->n) {
		if (i->is_pool || i->state == ANNOUNCE_WITHDRAWN)
			continue;
		i->state = ANNOUNCE_WITHDRAWN;
		i->since_wall_s = now_wall_s;
	}
}

int announce_follow(struct announce *a, const struct announce_scene *scene)
{
	_cleanup_(announce_free) struct announce next = { 0 };
	int err = list_addresses(a, scene, &next);

	/* Until a service says so nothing waits. */
	array_for_each (i, next.list, next.n)
		i->state = ANNOUNCE_ANNOUNCED;
	for (size_t i = 0; i < scene->conf->n_services && !err; i++)
		err = enter_service(&next, scene, i);
	if (err)
		return err;
	judge_all(&next, a, scene);
	announce_free(a);
	*a = next;
	next = (struct announce){ 0 };
	return 0;
}
