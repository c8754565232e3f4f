/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reload: parse, validate, diff, apply the least. A file with any error leaves
 * what runs untouched; a failure half way goes back to the former config.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "app/daemon.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "conf/conf_read.h"

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* What only a start can change is said, not forgotten. */
static void report_restart_keys(const struct conf *old, const struct conf *new, struct buf *report)
{
	static const char later[] = "takes effect when the daemon is started again\n";

	if (!is_same(old->socket, new->socket))
		buf_printf(report, "warning: daemon.control.socket %s", later);
	if (!is_same(old->group, new->group) || !is_same(old->read_group, new->read_group))
		buf_printf(report, "warning: daemon.control.group, read_group: %s", later);
	if (!is_same(old->state_dir, new->state_dir))
		buf_printf(report, "warning: daemon.state_dir %s", later);
}

static void report_steps(const struct daemon *d, struct buf *report)
{
	const size_t *n = d->steps;

	buf_printf(
		report,
		"applied: backends +%zu -%zu, tables %zu rewritten, virtual services +%zu -%zu\n",
		n[PLAN_PUT_BACKEND], n[PLAN_DEL_BACKEND], n[PLAN_FILL_TABLE], n[PLAN_PUT_SERVICE],
		n[PLAN_DEL_SERVICE]);
}

static const struct conf_interface *find_interface(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_interfaces; i++) {
		if (!strcmp(conf->interfaces[i].name, name))
			return &conf->interfaces[i];
	}
	return NULL;
}

static int check_interfaces(const struct conf *conf, struct buf *report)
{
	int err = 0;

	for (size_t i = 0; i < conf->n_interfaces; i++) {
		if (if_nametoindex(conf->interfaces[i].name))
			continue;
		buf_printf(report, "%s:%d: error: there is no interface %s on this host\n",
			   conf->interfaces[i].file, conf->interfaces[i].line,
			   conf->interfaces[i].name);
		err = -ENODEV;
	}
	return err;
}

/* Leave the interfaces of @other that are not in the config. */
static void detach_removed(struct daemon *d, const struct conf *other)
{
	for (size_t i = 0; i < other->n_interfaces; i++) {
		if (!find_interface(d->conf, other->interfaces[i].name))
			dataplane_detach(d->dp, other->interfaces[i].name);
	}
}

/* The old one goes first: both may want the same port. */
static int use_exporter(struct daemon *d, const struct conf *old)
{
	if (is_same(old->metrics_listen, d->conf->metrics_listen))
		return 0;
	exporter_free(take_ptr(&d->exporter));
	return daemon_start_exporter(d);
}

/* Whose backends are watched, that is the config: what is known of them is by its places. */
static int watch_conf(struct daemon *d, struct conf *conf)
{
	struct conf *const now = d->conf;
	int err;

	d->conf = conf;
	err = daemon_watch(d);
	if (err) {
		d->conf = now;
		daemon_release_probes(d);
	}
	return err;
}

/*
 * As far as it goes: what cannot be had back now is tried again, and was logged. But where
 * @old cannot be watched, as when a file that it names is gone, the other one has to stay.
 */
static void go_back(struct daemon *d, struct conf *old)
{
	struct conf *const failed = d->conf;

	if (watch_conf(d, old)) {
		daemon_owe_former(d, old);
		return;
	}
	daemon_update(d);
	daemon_attach(d);
	detach_removed(d, failed);
	daemon_release_probes(d);
	if (!d->exporter)
		daemon_start_exporter(d);
	conf_free(failed);
}

static int say_going_back(const struct daemon *d, int err, struct buf *report)
{
	buf_printf(report, "error: cannot apply %s: %s; going back (see the log)\n", d->conf_path,
		   strerror(-err));
	return err;
}

int daemon_swap(struct daemon *d, struct conf *new, struct buf *report, struct conf **former)
{
	struct conf *old = d->conf;
	int err;

	err = watch_conf(d, new);
	if (err) {
		conf_free(new);
		return say_going_back(d, err, report);
	}
	err = daemon_update(d) ?: daemon_attach(d) ?: use_exporter(d, old);
	if (err) {
		go_back(d, old);
		return say_going_back(d, err, report);
	}
	detach_removed(d, old);
	daemon_release_probes(d);
	report_restart_keys(old, new, report);
	report_steps(d, report);
	log_level_set(new->log_level);
	d->conf_loaded_wall_s = clock_wall_s();
	*former = old;
	return 0;
}

int daemon_read_conf(struct daemon *d, const struct conf_input *inputs, size_t n_inputs,
		     struct buf *report, struct conf **out)
{
	const struct conf_request request = {
		.path = d->conf_path,
		.inputs = inputs,
		.n_inputs = n_inputs,
		.edits = d->state.edits,
		.n_edits = d->state.n_edits,
	};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	int err;

	err = conf_read(&request, report, &conf) ?: check_interfaces(conf, report);
	if (!err)
		*out = take_ptr(&conf);
	return err;
}

static int reload(struct daemon *d, bool dry_run, struct buf *report)
{
	const uint64_t mark = daemon_mark_files(d);
	_cleanup_(conf_freep) struct conf *conf = NULL, *former = NULL;
	int err;

	if (!dry_run)
		d->files_mark = mark;
	err = daemon_read_conf(d, NULL, 0, report, &conf);
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
	/* Other files may be included now. */
	d->files_mark = daemon_mark_files(d);
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
