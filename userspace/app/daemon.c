/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop: every module has one descriptor and one function to serve it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/peers.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define TICK_MS 1000
/* Between two pieces of work that is done in pieces. */
#define PIECE_MS 10

struct loop {
	struct daemon *d;
	int epoll_fd;
	int signal_fd;
	int tick_fd;
	bool has_more; /* the data plane, to do */
};

static void on_health(struct loop *l)
{
	if (health_dispatch(l->d->health, clock_now_ms()) <= 0)
		return;
	l->d->state_is_dirty = true;
	daemon_update(l->d);
}

static void on_hops(struct loop *l)
{
	hops_dispatch(l->d->hops, clock_now_ms());
}

static void on_ctl(struct loop *l)
{
	ctl_dispatch(l->d->ctl);
}

static void on_announce(struct loop *l)
{
	if (l->d->announcer)
		daemon_mend_announcements(l->d);
}

static void on_export(struct loop *l)
{
	if (l->d->exporter)
		exporter_dispatch(l->d->exporter);
}

static void on_share(struct loop *l)
{
	if (l->d->share)
		share_dispatch(l->d->share, clock_now_ms());
	daemon_await_peers(l->d);
}

static void log_summary(struct daemon *d)
{
	struct snapshot *s = daemon_snapshot(d);

	if (!s)
		return;
	array_for_each (service, s->services, s->n_services)
		log_info("%s: %zu of %zu backends usable, %lu packets, %lu bytes",
			 service->conf->name, service->n_usable, service->n_backends,
			 service->packets, service->bytes);
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		log_info("%s: %lu packets", reason_name(r), s->reasons[r]);
	snapshot_free(s);
}

static void on_hangup(struct daemon *d)
{
	_cleanup_(buf_free) struct buf report = { 0 };
	int err;

	err = daemon_reload(d, false, &report);
	log_line(err ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "%s", buf_str(&report));
}

static void on_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	if (read(l->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		on_hangup(l->d);
		break;
	case SIGUSR1:
		log_summary(l->d);
		break;
	default:
		l->d->stopping = true;
	}
}

static void on_tick(struct loop *l)
{
	struct daemon *d = l->d;
	uint64_t times;

	if (read(l->tick_fd, &times, sizeof(times)) < 0)
		return;
	sd_notify(0, "WATCHDOG=1");
	daemon_retry(d);
	daemon_unconfirm(d);
	daemon_expire_prefixes(d);
	daemon_watch_files(d);
	dataplane_mend(d->dp);
	l->has_more = dataplane_tick(d->dp, d->plan, d->plan_conf, clock_now_ms());
	daemon_tick_probes(d);
	daemon_await_peers(d);
	daemon_tick_announcements(d);
}

static int watch(struct loop *l, int fd, void (*handler)(struct loop *l))
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = handler };

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* What a reload replaced; the old descriptors left the set when they were closed. */
static int watch_new(struct loop *l)
{
	struct daemon *d = l->d;
	int err = 0;

	if (d->hops_are_new)
		err = watch(l, hops_fd(d->hops), on_hops);
	if (!err && d->exporter_is_new && d->exporter)
		err = watch(l, exporter_fd(d->exporter), on_export);
	if (!err && d->share_is_new && d->share)
		err = watch(l, share_fd(d->share), on_share);
	if (!err && d->announcer_is_new && announcer_fd(d->announcer) >= 0)
		err = watch(l, announcer_fd(d->announcer), on_announce);
	d->hops_are_new = d->exporter_is_new = d->share_is_new = d->announcer_is_new = false;
	return err;
}

static int loop_open(struct loop *l, const sigset_t *signals)
{
	struct itimerspec every = { .it_value.tv_sec = 1, .it_interval.tv_sec = TICK_MS / 1000 };
	struct daemon *d = l->d;

	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	l->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epoll_fd < 0 || l->signal_fd < 0 || l->tick_fd < 0 ||
	    timerfd_settime(l->tick_fd, 0, &every, NULL))
		return -errno;
	return watch(l, l->signal_fd, on_signal)
		?: watch(l, l->tick_fd, on_tick)
		?: watch(l, health_fd(d->health), on_health)
		?: watch(l, ctl_fd(d->ctl), on_ctl)
		?: watch_new(l);
}

static void loop_close(struct loop *l)
{
	close(l->tick_fd);
	close(l->signal_fd);
	close(l->epoll_fd);
}

static void work_on(struct loop *l)
{
	struct daemon *d = l->d;

	l->has_more = dataplane_work(d->dp, d->plan, d->plan_conf, clock_now_ms());
	daemon_probe_suspects(d);
}

/* How long nothing has to be done: until something happens, or time changes something. */
static int idle_ms(const struct loop *l)
{
	const uint64_t now_ms = clock_now_ms();
	uint64_t next_ms = l->d->next_ms;

	if (l->d->state_is_dirty && l->d->save_at_ms < next_ms)
		next_ms = l->d->save_at_ms;
	if (l->has_more)
		return PIECE_MS;
	if (next_ms == LIFE_NEVER)
		return -1;
	if (next_ms <= now_ms)
		return 0;
	return next_ms - now_ms < TICK_MS ? next_ms - now_ms : TICK_MS;
}

static int loop_run(struct loop *l)
{
	struct epoll_event events[16];
	int n, err;

	while (!l->d->stopping) {
		n = epoll_wait(l->epoll_fd, events, array_len(events), idle_ms(l));
		if (n < 0 && errno != EINTR)
			return log_err(-errno, "wait for events");
		/* Before others ask how things are. */
		daemon_age(l->d);
		for (int i = 0; i < n; i++) {
			void (*handler)(struct loop * l) = events[i].data.ptr;

			handler(l);
		}
		if (l->has_more)
			work_on(l);
		daemon_save_in_time(l->d);
		err = watch_new(l);
		if (err)
			return log_err(err, "watch what is new");
	}
	return 0;
}

static void say_ready(struct daemon *d)
{
	size_t backends = d->plan ? d->plan->n_backends : 0;

	sd_notifyf(0, "READY=1\nSTATUS=%zu services, %zu backends", d->conf->n_services, backends);
	log_info("ready: %zu services, %zu backends, %zu interfaces", d->conf->n_services, backends,
		 d->conf->n_interfaces);
}

static int serve(struct daemon *d, const sigset_t *signals)
{
	struct loop l = { .d = d, .epoll_fd = -1, .signal_fd = -1, .tick_fd = -1 };
	int err;

	err = loop_open(&l, signals);
	if (err) {
		log_err(err, "set up the event loop");
	} else {
		say_ready(d);
		err = loop_run(&l);
	}
	loop_close(&l);
	sd_notify(0, "STOPPING=1");
	return err;
}

static void say_stopped(const char *pin_dir, bool withdrawn)
{
	const bool usual = !strcmp(pin_dir, DATAPLANE_PIN_DIR);

	if (withdrawn)
		log_info("stopped and detached");
	else
		log_info("stopped; packets go on being forwarded, without health checks, until the "
			 "next start; to end that: shuntd --detach%s%s",
			 usual ? "" : " --pin-dir ", usual ? "" : pin_dir);
}

int daemon_run(struct conf *conf, const char *conf_path, const char *pin_dir)
{
	struct daemon d = {
		.conf_path = conf_path,
		.pin_dir = pin_dir,
		.conf = conf,
		.lock_fd = -1,
		.pin_lock_fd = -1,
		.start_wall_s = clock_wall_s(),
		.conf_loaded_wall_s = clock_wall_s(),
		.last_reload_ok = true,
	};
	sigset_t signals;
	bool withdraw;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	log_level_set(conf->log_level);
	err = daemon_start(&d);
	if (err) {
		/* What a former daemon left running is worth more than a clean exit. */
		daemon_stop(&d, d.dp && !dataplane_has_former(d.dp));
		return daemon_exit_code(err);
	}
	err = serve(&d, &signals);
	withdraw = d.conf->on_stop == CONF_STOP_DETACH;
	/* After a failure it is like a crash: the next daemon takes over. */
	if (!err)
		daemon_withdraw(&d, withdraw);
	daemon_stop(&d, withdraw);
	say_stopped(pin_dir, withdraw);
	return daemon_exit_code(err);
}
