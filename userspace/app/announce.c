/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the network is told of this balancer: plan/announce.h decides, and
 * announce/announcer.h does it.
 *
 * An address is announced when the program can forward its packets, and withdrawn while it
 * still does: by a reload that removes it, and by a daemon that ends in order. One that is
 * killed withdraws nothing, as packets go on being forwarded; the next one takes over.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "announce/announcer.h"
#include "app/daemon.h"
#include "base/clock.h"

/* In which routers hear that an address was withdrawn. */
#define WITHDRAWN_MS 500
/* Between two looks at what others do to our announcements. */
#define MEND_GAP_MS 1000

/* Who is not probed has no verdict, ever. */
static bool is_known(void *arg, size_t service, size_t backend)
{
	const struct daemon *d = arg;
	const struct conf_service *s = &d->conf->services[service];
	const struct admin_entry *said =
		admin_find(&d->state.admin, s->name, s->backends[backend].name);

	return health_get(d->health, service, backend)->state != HEALTH_UNKNOWN ||
	       (said && said->state == ADMIN_MAINT);
}

void daemon_announce(struct daemon *d)
{
	const struct announce_scene scene = {
		.conf = d->conf,
		.plan = d->plan,
		.is_known = is_known,
		.arg = d,
		.is_drained = d->state.admin.drained_since_wall_s,
		.is_held = d->awaits_peers,
		.now_ms = clock_now_ms(),
		.now_wall_s = clock_wall_s(),
	};
	int err;

	if (!d->announcer || !d->plan || d->plan_conf != d->conf)
		return;
	err = announce_follow(&d->announce, &scene);
	if (err)
		log_err(err, "decide what to announce");
	else
		announcer_follow(d->announcer, &d->announce);
}

/* What is to be announced does not change by that: the plan may yet fail. */
void daemon_withdraw_lost(struct daemon *d, const struct plan *next)
{
	struct announce kept;

	if (!d->announcer || !announcer_is_by_address(d->announcer) ||
	    announce_keep(&d->announce, next, &kept))
		return;
	if (kept.n < d->announce.n)
		announcer_follow(d->announcer, &kept);
	free(kept.list);
}

int daemon_use_announcer(struct daemon *d)
{
	const struct conf_ha *ha = &d->conf->ha;
	struct announcer *former = d->announcer, *next = NULL;
	int err;

	if (former && announcer_is_for(former, ha)) {
		daemon_announce(d);
		return 0;
	}
	err = ha->announce ? announcer_open(ha, &next) : 0;
	if (err)
		return err;
	d->announcer = next;
	d->announcer_is_new = next;
	daemon_announce(d);
	if (former && !announcer_is_followed_by(former, ha))
		announcer_follow(former, &(struct announce){ 0 });
	announcer_close(former);
	if (!next)
		announce_free(&d->announce);
	return 0;
}

void daemon_mend_announcements(struct daemon *d)
{
	const uint64_t now_ms = clock_now_ms();

	announcer_dispatch(d->announcer);
	/* Whoever takes away what is put back shall not keep us busy. */
	if (now_ms < d->mended_ms + MEND_GAP_MS || !announcer_is_behind(d->announcer))
		return;
	d->mended_ms = now_ms;
	daemon_announce(d);
}

void daemon_tick_announcements(struct daemon *d)
{
	if (d->announcer && (announce_is_open(&d->announce) || announcer_is_behind(d->announcer)))
		daemon_announce(d);
}

int daemon_announce_drain(void *app, bool drained)
{
	struct daemon *d = app;
	uint64_t *since_wall_s = &d->state.admin.drained_since_wall_s;

	if (!d->announcer && drained)
		return -ENOENT;
	if (!*since_wall_s == drained)
		*since_wall_s = drained ? clock_wall_s() : 0;
	daemon_announce(d);
	daemon_save(d);
	return d->announcer && announcer_is_behind(d->announcer) ? -EIO : 0;
}

static bool is_announced(const struct daemon *d)
{
	return announce_has(&d->announce, ANNOUNCE_ANNOUNCED) ||
	       announce_has(&d->announce, ANNOUNCE_DRAINED);
}

void daemon_withdraw(struct daemon *d, bool detaches)
{
	const bool was_announced = is_announced(d);

	if (!d->announcer)
		return;
	announce_withdraw(&d->announce, clock_wall_s());
	announcer_follow(d->announcer, &d->announce);
	if (!detaches)
		return;
	if (was_announced)
		usleep(WITHDRAWN_MS * 1000);
	announcer_follow(d->announcer, &(struct announce){ 0 });
}

void daemon_withdraw_left(const struct conf *conf)
{
	struct announcer *a;

	if (!conf || !conf->ha.announce || announcer_open(&conf->ha, &a))
		return;
	announcer_follow(a, &(struct announce){ 0 });
	announcer_close(a);
}

void daemon_view_announcements(const struct daemon *d, struct snapshot *s)
{
	s->announcements = calloc(d->announce.n ? d->announce.n : 1, sizeof(*s->announcements));
	if (!s->announcements)
		return;
	s->n_announcements = d->announce.n;
	for (size_t i = 0; i < d->announce.n; i++) {
		const struct announce_addr *a = &d->announce.list[i];

		s->announcements[i] = (struct snapshot_announcement){
			.addr = a->addr,
			.state = a->state,
			.is_pool = a->is_pool,
			.is_held = a->is_held,
			.is_there = d->announcer && announcer_has(d->announcer, &a->addr),
			.since_wall_s = a->since_wall_s,
			.service = a->service,
			.usable = a->usable,
			.wanted = a->wanted,
		};
	}
}
