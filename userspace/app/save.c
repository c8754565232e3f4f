/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state is written when something of it has changed: at once, for a daemon that is
 * killed leaves what is on disk to the next one. Many changes share a write: it gets a
 * fiftieth of the time, and a change waits no longer than a second.
 */
#include "app/daemon.h"
#include "base/clock.h"

#define SAVE_SHARE 50
#define SAVE_GAP_MS 1000

/* How long not to write again after a write that took @us. */
static uint64_t gap_ms(uint64_t us)
{
	const uint64_t ms = us * SAVE_SHARE / 1000;

	return ms < SAVE_GAP_MS ? ms : SAVE_GAP_MS;
}

void daemon_save(struct daemon *d)
{
	const uint64_t begin_us = clock_now_us();
	const char *dir = d->state_dir;
	int err = state_save(&d->state, dir, d->conf, d->health, &d->lives);

	if (err && err != d->save_err)
		log_err(err, "write the state to %s; it will be tried again", dir);
	else if (!err && d->save_err)
		log_info("the state is written to %s again", dir);
	if (!err)
		d->saved_ids = ids_given(d->state.ids);
	d->save_err = err;
	d->state_is_dirty = err;
	d->save_at_ms = clock_now_ms() + (err ? SAVE_GAP_MS : gap_ms(clock_now_us() - begin_us));
}

void daemon_save_in_time(struct daemon *d)
{
	if (d->state_is_dirty && clock_now_ms() >= d->save_at_ms)
		daemon_save(d);
}
