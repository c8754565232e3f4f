/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start and stop. The program is attached last: the first packet it sees finds
 * full tables. Until then a former daemon's program, if there is one, goes on.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/clock.h"

/* How long a first start waits for verdicts and MAC addresses before it attaches. */
#define FIRST_VERDICTS_MS 500
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
			  conf->path, conf->interfaces[i].line, name);
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

	if (!e)
		return -ENOMEM;
	e->state = entry->state;
	e->weight = entry->weight;
	e->weight_percent = entry->weight_percent;
	admin_compact(&d->state.admin);
	return daemon_update(d);
}

static const struct admin_entry *said_of(void *app, const char *service, const char *backend)
{
	const struct daemon *d = app;

	return admin_find(&d->state.admin, service, backend);
}

static const struct ctl_ops ctl_ops = {
	.snapshot = daemon_snapshot,
	.reload = reload,
	.admin_find = said_of,
	.admin_set = admin_set,
};

static void restore_verdict(void *arg, const struct state_verdict *v)
{
	health_restore(arg, v->service, v->backend, v->state, v->since_wall_s);
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

	err = health_create(&d->health) ?: health_configure(d->health, d->conf, clock_now_ms());
	if (err)
		return err;
	state_each_verdict(d->conf->state_dir, restore_verdict, d->health);
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
	d->sizes = daemon_sizes(d->conf, probe);
	d->rodata = probe->rodata;
	plan_free(probe);
	return dataplane_open(d->pin_dir, &d->sizes, &d->rodata,
			      d->state.is_fresh ? DATAPLANE_FRESH : DATAPLANE_ADOPT, &d->dp);
}

static int start_dataplane(struct daemon *d)
{
	int err;

	err = open_dataplane(d)
		?: hops_create(&dataplane_map_ops, d->dp, &d->hops)
		?: daemon_update(d);
	if (err)
		return err;
	await_hops(d->hops);
	if (dataplane_was_adopted(d->dp))
		log_info("adopted the maps of a former daemon");
	return daemon_attach(d) ?: dataplane_commit(d->dp);
}

static int start_exporter(struct daemon *d)
{
	if (!d->conf->metrics_listen)
		return 0;
	return exporter_create(d->conf->metrics_listen, daemon_snapshot, d, &d->exporter);
}

int daemon_start(struct daemon *d)
{
	const struct conf *conf = d->conf;

	return privilege_check()
		?: check_interfaces(conf)
		?: state_lock(conf->state_dir, &d->lock_fd)
		?: ctl_create(conf->socket, conf->group, conf->read_group, &ctl_ops, d, &d->ctl)
		?: state_load(&d->state, conf->state_dir)
		?: start_exporter(d)
		?: start_health(d)
		?: start_dataplane(d);
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
		state_save(&d->state, d->conf->state_dir, d->conf, d->health);
	hops_free(d->hops);
	dataplane_close(d->dp);
	health_free(d->health);
	plan_free(d->plan);
	state_free(&d->state);
	conf_free(d->conf);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
}
