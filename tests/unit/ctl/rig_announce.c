/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../lib/snapshot_fixture.h"
#include "rig.h"

/* The VIPs of web: one is there, one lacks backends; and an address of a pool. */
void rig_announce(struct fake_daemon *d, struct snapshot *s)
{
	const struct snapshot_announcement list[] = {
		{ .addr = fixture_web_vips[0],
		  .state = d->admin.drained_since_wall_s ? ANNOUNCE_DRAINED : ANNOUNCE_ANNOUNCED,
		  .is_there = true,
		  .since_wall_s = FIXTURE_NOW - 3600 },
		{ .addr = fixture_web_vips[1],
		  .state = ANNOUNCE_WITHDRAWN,
		  .since_wall_s = FIXTURE_NOW - 312,
		  .service = "web",
		  .usable = 1,
		  .wanted = 2 },
		{ .addr = V4(198, 51, 100, 1),
		  .state = d->is_held ? ANNOUNCE_WAITING : ANNOUNCE_ANNOUNCED,
		  .is_held = d->is_held,
		  .is_pool = true,
		  .since_wall_s = FIXTURE_NOW - 7200 },
	};

	d->conf = *s->conf;
	d->conf.ha = d->ha;
	s->conf = &d->conf;
	s->announcements = fixture_copy(list, sizeof(list));
	s->n_announcements = array_len(list);
}

int rig_announce_drain(void *app, bool drained)
{
	struct fake_daemon *d = app;

	if (!d->announce_err)
		d->admin.drained_since_wall_s = drained ? FIXTURE_NOW - 60 : 0;
	return d->announce_err;
}
