/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets for people to look at: another program in place of the usual one, for a while. */
#include <errno.h>

#include "app/daemon.h"

int daemon_begin_capture(void *app, const struct shunt_capture *filter, int *ring_fd)
{
	struct daemon *d = app;
	int err = d->captures ? -EBUSY : dataplane_capture_begin(d->dp, filter);

	if (err)
		return err;
	d->captures = true;
	err = daemon_update(d);
	if (err) {
		daemon_end_capture(d);
		return err;
	}
	*ring_fd = dataplane_capture_fd(d->dp);
	return 0;
}

/* The maps may be others by now, and the program, too; the ring is what it was. */
void daemon_end_capture(void *app)
{
	struct daemon *d = app;

	d->captures = false;
	daemon_update(d);
	dataplane_capture_end(d->dp);
}
