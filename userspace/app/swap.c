/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One config in the place of another: read, and found fit for this host; then the least is
 * applied. A failure half way goes back to the former one.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "app/daemon.h"
#include "app/peers.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "conf/conf_password.h"
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
	d->guard.is_stale = true;
	err = daemon_watch(d);
	if (err) {
		d->conf = now;
		daemon_release_probes(d);
	}
	return err;
}

void daemon_owe_former(struct daemon *d, struct conf *former)
{
	if (d->former)
		conf_free(former);
	else
		d->former = former;
	d->must_return = true;
	d->confirm_by_ms = clock_now_ms() + DAEMON_RETURN_MS;
	log_error("the config that ran before cannot return now; it will be tried again");
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
	daemon_use_announcer(d);
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
	err = daemon_update(d) ?: daemon_attach(d) ?: use_exporter(d, old)
		      ?: daemon_use_announcer(d);
	if (err) {
		go_back(d, old);
		return say_going_back(d, err, report);
	}
	detach_removed(d, old);
	daemon_release_probes(d);
	daemon_use_peers(d);
	report_restart_keys(old, new, report);
	report_steps(d, report);
	log_level_set(new->log_level);
	d->conf_loaded_wall_s = clock_wall_s();
	*former = old;
	return 0;
}

static int read_conf(struct daemon *d, const struct conf_request *from, struct buf *report,
		     struct conf **out)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct conf_request request = *from;
	int err;

	request.path = d->conf_path;
	request.edits = d->state.edits;
	request.n_edits = d->state.n_edits;
	err = conf_read(&request, report, &conf) ?: check_interfaces(conf, report);
	if (!err)
		*out = take_ptr(&conf);
	return err;
}

int daemon_read_conf(struct daemon *d, const struct conf_input *inputs, size_t n_inputs,
		     struct buf *report, struct conf **out)
{
	const struct conf_request request = { .inputs = inputs, .n_inputs = n_inputs };

	return read_conf(d, &request, report, out);
}

/* What is wrong with a file of prefixes is said with the line that it is in. */
int daemon_read_given(struct daemon *d, const struct ctl_config *c, struct buf *report,
		      struct conf **out)
{
	const bool may_name_files = c->by_root || !c->inputs;
	const struct conf_request request = {
		.inputs = c->inputs,
		.n_inputs = c->n_inputs,
		.files_of = may_name_files ? NULL : d->conf,
	};

	return read_conf(d, &request, report, out);
}

int daemon_refuse_shown(const struct daemon *d, const struct conf *conf, struct buf *report)
{
	struct conf_shown at;

	if (!conf_password_goes_elsewhere(d->conf, conf, &at))
		return 0;
	buf_printf(report,
		   "error: services.%s.backends.%s: only root may let a check show its password at "
		   "another address or port\n",
		   at.service->name, at.backend->name);
	return -EPERM;
}
