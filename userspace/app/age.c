/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon knows of its backends when it plans, and when that changes by itself. */
#include "app/daemon.h"
#include "base/array.h"
#include "base/clock.h"

/* Both or none: by places of the config one asks both. */
static int follow_conf(struct daemon *d, uint64_t now_ms)
{
	struct lives next = { 0 };
	int err = lives_build(&next, &d->lives, d->conf);

	if (err)
		return err;
	err = health_configure(d->health, d->conf, now_ms);
	if (err)
		lives_discard(&next);
	else
		lives_switch(&d->lives, &next);
	return err;
}

int daemon_watch(struct daemon *d)
{
	const uint64_t now_ms = clock_now_ms();
	int err = daemon_prepare_probes(d) ?: follow_conf(d, now_ms);

	if (err)
		return log_err(err, "watch the backends of %s", d->conf_path);
	array_for_each (e, d->state.admin.entries, d->state.admin.n)
		health_rest(d->health, e->service, e->backend, e->state == ADMIN_MAINT, now_ms);
	return 0;
}

struct plan_condition daemon_condition(void *arg, size_t service, size_t backend)
{
	struct daemon *d = arg;
	const uint64_t now_ms = clock_now_ms();
	const struct conf_service *s = &d->conf->services[service];
	const struct admin_entry *said =
		admin_find(&d->state.admin, s->name, s->backends[backend].name);
	struct life *life = lives_at(&d->lives, service, backend);
	const struct health_status *health = health_get(d->health, service, backend);
	uint64_t next_ms;

	life_see(life, health->state, said ? said->state : ADMIN_ENABLED, now_ms);
	next_ms = life_next_ms(life, s, said, now_ms);
	if (next_ms < d->next_ms)
		d->next_ms = next_ms;
	return (struct plan_condition){
		.health = health->state,
		.agent = health->agent,
		.agent_percent = health->agent_percent,
		.warmth = life_warmth(life, s->slow_start_ms, now_ms),
		.is_over = life_is_over(life, s, said, now_ms),
	};
}

void daemon_age(struct daemon *d)
{
	if (clock_now_ms() < d->next_ms)
		return;
	/* The plan says when it is to be looked at next; without one daemon_retry() does. */
	d->next_ms = LIFE_NEVER;
	daemon_update(d);
}
