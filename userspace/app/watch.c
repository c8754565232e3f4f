/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon.watch: the config's files are looked at once a second, on any file system.
 */
#include "app/daemon.h"
#include "base/cleanup.h"

void daemon_watch_files(struct daemon *d)
{
	_cleanup_(buf_free) struct buf report = { 0 };
	uint64_t mark;
	int err;

	if (!d->conf->watch)
		return;
	mark = daemon_mark_files(d);
	/* Somebody may be writing still: not before it has stood for a second. */
	if (mark != d->files_mark && mark == d->files_seen) {
		log_info("%s has changed", d->conf_path);
		err = daemon_reload(d, false, &report);
		log_line(err ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "%s", buf_str(&report));
	}
	d->files_seen = mark;
}
