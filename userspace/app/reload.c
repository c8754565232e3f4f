/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reload: the config file is read again. One with any error leaves what runs untouched.
 */
#include <systemd/sd-daemon.h>

#include "app/daemon.h"
#include "base/cleanup.h"

static int reload(struct daemon *d, bool dry_run, struct buf *report)
{
	const uint64_t mark = daemon_mark_files(d);
	_cleanup_(conf_freep) struct conf *conf = NULL, *former = NULL;
	int err;

	err = daemon_read_conf(d, NULL, 0, report, &conf);
	/*
	 * Files that change while they are read are read again, as those are that change from
	 * here on, and other ones that are included now: their mark is another one.
	 */
	if (!dry_run)
		d->files_mark = daemon_mark_files(d) == mark ? mark : 0;
	if (err || dry_run) {
		buf_printf(report, "%s: %s, nothing was changed\n", d->conf_path,
			   err ? "refused" : "ok");
		return err;
	}
	err = daemon_swap(d, take_ptr(&conf), report, &former);
	if (err)
		return err;
	daemon_drop_idle_edits(d);
	daemon_forget_former(d);
	return 0;
}

int daemon_reload(struct daemon *d, bool dry_run, struct buf *report)
{
	int err;

	sd_notify(0, "RELOADING=1");
	err = reload(d, dry_run, report);
	sd_notify(0, "READY=1");
	if (dry_run)
		return err;
	d->reloads[!err]++;
	d->last_reload_ok = !err;
	return err;
}
