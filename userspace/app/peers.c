/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon shares with others: as the config says, of what the maps hold. */
#include "app/peers.h"
#include "base/clock.h"

void daemon_follow_peers(struct daemon *d)
{
	if (d->share)
		share_follow(d->share, d->dp, d->plan, d->plan_conf);
}

/* The old one goes first: both may want the same port. */
void daemon_use_peers(struct daemon *d)
{
	const struct conf_peers *conf = &d->conf->peers;

	if (d->share && conf->listen && share_is_of(d->share, conf)) {
		share_reload(d->share);
		return;
	}
	share_free(d->share);
	d->share = NULL;
	/* Without them everything else goes on. */
	if (!conf->listen || share_create(conf, &d->share))
		return;
	d->share_is_new = true;
	daemon_follow_peers(d);
	if (d->awaits_peers)
		daemon_ask_peers(d);
}

void daemon_ask_peers(struct daemon *d)
{
	if (!d->share)
		return;
	share_catch_up(d->share, !dataplane_was_adopted(d->dp), clock_now_ms());
	d->awaits_peers = true;
}

void daemon_await_peers(struct daemon *d)
{
	if (!d->awaits_peers || (d->share && share_is_behind(d->share)))
		return;
	d->awaits_peers = false;
	daemon_announce(d);
}

void daemon_view_peers(const struct daemon *d, struct snapshot_peers *out)
{
	if (d->share)
		share_describe(d->share, clock_now_ms(), out);
}
