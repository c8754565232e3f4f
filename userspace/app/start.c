/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start and stop. The program is attached last: the first packet it sees finds
 * full tables. Until then a former daemon's program, if there is one, goes on.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/peers.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

/*
 * How long a first start waits for verdicts and MAC addresses before it attaches. The first
 * checks are spread over half a second, and the last one of them takes its time, too: who
 * comes later takes slots from the others, which are in transition then.
 */
#define FIRST_VERDICTS_MS 1000
#define FIRST_HOPS_MS 250

int daemon_exit_code(int err)
{
	switch (err) {
	case 0:
		return DAEMON_OK;
	case -EPERM:
	case -EACCES:
	case -EOPNOTSUPP:
		return DAEMON_NO_PRIVILEGE;
	case -EADDRINUSE:
		return DAEMON_RUNNING;
	default:
		return DAEMON_FAILED;
	}
}

static int check_interfaces(const struct conf *conf)
{
	int err = 0;

	for (size_t i = 0; i < conf->n_interfaces; i++) {
		const char *name = conf->interfaces[i].name;

		if (if_nametoindex(name))
			continue;
		log_error("%s:%d: there is no interface %s on this host (see `ip link`)",
			  conf->interfaces[i].file, conf->interfaces[i].line, name);
		err = -ENODEV;
	}
	return err;
}

static int reload(void *app, bool dry_run, struct buf *report)
{
	return daemon_reload(app, dry_run, report);
}

static int admin_set(void *app, const struct admin_entry *entry)
{
	struct daemon *d = app;
	struct admin_entry *e = admin_get(&d->state.admin, entry->service, entry->backend);
	int err;

	if (!e)
		return -ENOMEM;
	admin_say(e, entry);
	health_rest(d->health, e->service, e->backend, e->state == ADMIN_MAINT, clock_now_ms());
	admin_compact(&d->state.admin);
	err = daemon_update(d);
	/* What an operator was told is done survives a crash. */
	daemon_save(d);
	return err;
}

static const struct admin_entry *said_of(void *app, const char *service, const char *backend)
{
	const struct daemon *d = app;

	return admin_find(&d->state.admin, service, backend);
}

static int connections(void *app, size_t service, size_t max, struct snapshot_conns *out)
{
	struct daemon *d = app;

	return d->plan ? dataplane_list_conns(d->dp, d->plan, service, max, out) : -EAGAIN;
}

static int flows(void *app, size_t service, struct snapshot_flow_list *out)
{
	const struct daemon *d = app;

	return d->plan ? dataplane_count_flows(d->dp, d->plan, d->conf, service, out) : -EAGAIN;
}

static int explain(void *app, const struct explain_packet *p, struct explain *out)
{
	const struct daemon *d = app;

	return dataplane_explain(d->dp, p, out);
}

static const struct ctl_ops ctl_ops = {
	.snapshot = daemon_snapshot,
	.reload = reload,
	.config_diff = daemon_config_diff,
	.config_apply = daemon_config_apply,
	.config_confirm = daemon_config_confirm,
	.backend_edit = daemon_backend_edit,
	.connections = connections,
	.flows = flows,
	.explain = explain,
	.begin_capture = daemon_begin_capture,
	.end_capture = daemon_end_capture,
	.announce_drain = daemon_announce_drain,
	.admin_find = said_of,
	.admin_set = admin_set,
	.prefix_say = daemon_say_prefix,
};

static void restore_verdict(void *arg, const struct state_verdict *v)
{
	struct daemon *d = arg;
	struct life *life = lives_find(&d->lives, v->service, v->backend);

	health_restore(d->health, v->service, v->backend, v->state, v->since_wall_s);
	health_restore_agent(d->health, v->service, v->backend, v->agent, v->agent_percent);
	if (!life)
		return;
	if (v->state == HEALTH_DOWN)
		*life = (struct life){ .is_cold = true,
				       .down_ms = state_from_wall(v->since_wall_s) };
	else if (v->warming_wall_s)
		life->up_ms = state_from_wall(v->warming_wall_s);
}

/* Until every backend has a verdict, or it has taken long enough. */
static void await_verdicts(struct health *h)
{
	struct pollfd pfd = { .fd = health_fd(h), .events = POLLIN };
	uint64_t deadline = clock_now_ms() + FIRST_VERDICTS_MS;
	uint64_t now;

	while (!health_is_settled(h) && (now = clock_now_ms()) < deadline) {
		poll(&pfd, 1, deadline - now);
		health_dispatch(h, clock_now_ms());
	}
}

/* Until every next hop has a MAC address, or it has taken long enough. */
static void await_hops(struct hops *h)
{
	struct pollfd pfd = { .fd = hops_fd(h), .events = POLLIN };
	uint64_t deadline = clock_now_ms() + FIRST_HOPS_MS;
	uint64_t now;

	while (!hops_is_settled(h) && (now = clock_now_ms()) < deadline) {
		poll(&pfd, 1, deadline - now);
		hops_dispatch(h, clock_now_ms());
	}
}

static int start_health(struct daemon *d)
{
	int err;

	via_clean(d->pin_dir);
	err = health_create(&d->health) ?: daemon_watch(d);
	if (err)
		return err;
	state_each_verdict(d->state_dir, restore_verdict, d);
	await_verdicts(d->health);
	return 0;
}

/* Maps for a plan that is not known yet: its ids and tables are those of the state. */
static int open_dataplane(struct daemon *d)
{
	struct plan *probe;
	int err;

	err = daemon_plan(d, &probe);
	if (err)
		return err;
	d->sizes = sizes_of(d->conf, probe);
	d->rodata = probe->rodata;
	plan_free(probe);
	err = dataplane_open(d->pin_dir, &d->sizes, &d->rodata, !d->state.is_fresh, &d->dp);
	if (!err)
		d->sizes = dataplane_get_sizes(d->dp);
	return err;
}

static int start_dataplane(struct daemon *d)
{
	int err;

	err = open_dataplane(d)
		?: hops_create(&dataplane_map_ops, d->dp, &d->hops)
		?: daemon_update(d);
	if (err)
		return err;
	d->hops_are_new = true;
	await_hops(d->hops);
	if (dataplane_was_adopted(d->dp))
		log_info("adopted the maps of a former daemon");
	err = daemon_attach(d) ?: dataplane_commit(d->dp);
	if (err)
		return err;
	dataplane_leave_others(d->dp);
	daemon_use_peers(d);
	daemon_ask_peers(d);
	return 0;
}

/* Somebody has the port: that is not to say that a shuntd is running. */
static int start_exporter(struct daemon *d)
{
	int err = daemon_start_exporter(d);

	return err == -EADDRINUSE ? -EBUSY : err;
}

/* The directory of the state and that of the pins are one daemon's each. */
static int take_directories(struct daemon *d)
{
	d->state_dir = strdup(d->conf->state_dir);
	if (!d->state_dir)
		return log_err(-ENOMEM, "start");
	return state_lock(d->state_dir, &d->lock_fd) ?: dataplane_lock(d->pin_dir, &d->pin_lock_fd);
}

/*
 * Without a state nobody knows which ids the pinned maps use for what, so new maps
 * follow them. With their hash key flows stay where they are.
 */
static int load_state(struct daemon *d)
{
	__u64 key[2];
	int err = state_load(&d->state, d->state_dir);

	daemon_clear_drafts(d);
	if (err || !d->state.is_fresh || dataplane_former_key(d->pin_dir, key))
		return err;
	memcpy(d->state.hash_key, key, sizeof(d->state.hash_key));
	log_warn("the state of a former daemon is not in %s: new maps take over from its own",
		 d->state_dir);
	return 0;
}

/* What an operator took out of service does not come back because something else is wrong. */
static int forget_edits(struct daemon *d, bool only_added)
{
	struct state kept = { 0 };
	int err = 0;

	array_for_each (e, d->state.edits, d->state.n_edits)
		if (only_added && !e->text)
			err = err ?: state_add_edit(&kept, e);
	edits_free(d->state.edits, d->state.n_edits);
	d->state.edits = kept.edits;
	d->state.n_edits = kept.n_edits;
	d->state_is_dirty = true;
	return err;
}

static int read_again(struct daemon *d, struct conf **out)
{
	_cleanup_(buf_free) struct buf report = { 0 };
	int err = daemon_read_conf(d, d->conf->inputs, d->conf->n_inputs, &report, out);

	if (err)
		log_line(LOG_LEVEL_ERROR, "%s", buf_str(&report));
	return err;
}

/* The config as it was read, and what came and went at runtime since it was written. */
static int edit_conf(struct daemon *d)
{
	struct conf *conf;
	int err;

	d->files_mark = daemon_mark_files(d);
	if (!d->state.n_edits)
		return 0;
	err = read_again(d, &conf);
	if (err && err != -ENOMEM) {
		log_error("starting without the backends that were added at runtime");
		err = forget_edits(d, true) ?: read_again(d, &conf);
	}
	if (err && err != -ENOMEM) {
		log_error("starting with those that were deleted, too");
		return forget_edits(d, false);
	}
	if (err)
		return err;
	conf_free(d->conf);
	d->conf = conf;
	daemon_drop_idle_edits(d);
	return 0;
}

int daemon_start(struct daemon *d)
{
	const struct conf *conf = d->conf;

	return privilege_check()
		?: check_interfaces(conf)
		?: take_directories(d)
		?: ctl_create(conf->socket, conf->group, conf->read_group, &ctl_ops, d, &d->ctl)
		?: load_state(d)
		?: edit_conf(d)
		?: start_exporter(d)
		?: start_health(d)
		?: start_dataplane(d)
		?: daemon_use_announcer(d);
}

int daemon_detach(const char *pin_dir, const struct conf *conf)
{
	int lock_fd = -1, err = privilege_check();

	if (!err && access(pin_dir, F_OK)) {
		daemon_withdraw_left(conf);
		via_clean(pin_dir);
		log_info("nothing to detach: there is no %s", pin_dir);
		return DAEMON_OK;
	}
	err = err ?: dataplane_lock(pin_dir, &lock_fd);
	if (!err) {
		daemon_withdraw_left(conf);
		err = dataplane_detach_all(pin_dir);
	}
	if (!err)
		via_clean(pin_dir);
	dataplane_unlock(pin_dir, lock_fd);
	if (!err)
		log_info("removed %s: packets are not forwarded any more", pin_dir);
	return daemon_exit_code(err);
}

static void detach_all(struct daemon *d)
{
	for (size_t i = 0; i < d->conf->n_interfaces; i++)
		dataplane_detach(d->dp, d->conf->interfaces[i].name);
	dataplane_unpin(d->dp);
}

void daemon_stop(struct daemon *d, bool withdraw)
{
	exporter_free(d->exporter);
	ctl_free(d->ctl);
	if (d->dp && withdraw)
		detach_all(d);
	if (d->health && d->state.ids)
		daemon_save(d);
	announcer_close(d->announcer);
	announce_free(&d->announce);
	hops_free(d->hops);
	share_free(d->share);
	dataplane_close(d->dp);
	daemon_free_guard(d);
	health_free(d->health);
	via_close(d->via);
	plan_free(d->plan);
	lives_free(&d->lives);
	state_free(&d->state);
	daemon_forget_former(d);
	conf_free(d->conf);
	free(d->state_dir);
	dataplane_unlock(d->pin_dir, d->pin_lock_fd);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
}
