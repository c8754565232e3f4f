/* SPDX-License-Identifier: BSD-2-Clause */
/* The state is written when something of it has changed. */
#include "app/daemon.h"

void daemon_save(struct daemon *d)
{
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
}
