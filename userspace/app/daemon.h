/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon: one thread, one event loop, one owner of everything.
 *
 * What should be in the maps is decided in one place only, by plan_build() from
 * the config, the health of the backends and the operator's word. Whatever
 * changes one of the three ends in daemon_update(), which builds the next plan
 * and takes the maps from the old one to it.
 */
#ifndef APP_DAEMON_H
#define APP_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "announce/announcer.h"
#include "app/state.h"
#include "conf/conf.h"
#include "ctl/ctl.h"
#include "dataplane/capture.h"
#include "dataplane/dataplane.h"
#include "dataplane/hops.h"
#include "dataplane/via.h"
#include "export/export.h"
#include "health/health.h"
#include "plan/announce.h"
#include "plan/firewall.h"
#include "plan/life.h"
#include "plan/plan.h"

/* Exit codes of shuntd. */
enum daemon_exit {
	DAEMON_OK = 0,
	DAEMON_FAILED = 1,
	DAEMON_BAD_CONFIG = 2,
	DAEMON_NO_PRIVILEGE = 3, /* or no kernel feature */
	DAEMON_RUNNING = 4,
};

struct guard_owner;

/**
 * struct daemon_guard - the firewall
 * @firewall: as it is to be; NULL: not known yet
 * @is_stale: what it follows from has changed
 * @is_published: it is in the data plane, with @owners
 * @limits_are_published: likewise its limits, @n_limits_of lists of them at these places
 */
struct daemon_guard {
	struct firewall *firewall;
	bool is_stale;
	bool is_published;
	struct guard_owner *owners;
	size_t n_owners;
	bool limits_are_published;
	uint32_t *limits_of;
	size_t n_limits_of;
};

struct share;

struct daemon {
	const char *conf_path;
	const char *pin_dir;
	struct conf *conf;
	struct conf *former; /* returns unless @conf is confirmed; NULL: it needs not be */
	bool must_return; /* @former does: @conf was not to stay */
	uint64_t confirm_by_ms; /* CLOCK_MONOTONIC */
	uint64_t confirm_over; /* daemon_mark_text() of the config file when @former was put by */
	uint64_t files_mark, files_seen; /* of the config's files: as read, and at the last look */
	char *state_dir; /* of the first config: another one needs a new start */
	struct state state;
	int lock_fd;
	int pin_lock_fd;
	bool state_is_dirty;
	uint64_t save_at_ms; /* not before, if it is dirty; CLOCK_MONOTONIC */
	int save_err; /* of the last time the state was written */
	uint64_t saved_ids; /* ids_given() when it was */
	struct lives lives;
	uint64_t next_ms; /* time alone changes the plan then */
	struct plan *plan; /* what the maps hold; NULL: not known */
	const struct conf *plan_conf; /* that @plan was built from; NULL without one */
	size_t steps[PLAN_DEL_BACKEND + 1]; /* of the last update, by kind */
	bool is_behind; /* the last update failed */
	bool captures; /* somebody looks at packets */
	unsigned int retry_s, retry_gap_s; /* until it is tried again */
	struct shunt_rodata rodata; /* of the loaded program */
	struct dataplane_sizes sizes;
	struct dataplane *dp;
	struct daemon_guard guard;
	struct health *health;
	struct via *via; /* NULL: no check needs it */
	struct hops *hops;
	bool hops_are_new; /* the loop does not watch them yet; likewise: */
	struct announce announce; /* what the network shall know */
	struct announcer *announcer; /* NULL: somebody else tells it, or not yet */
	bool announcer_is_new;
	uint64_t mended_ms; /* when it was seen last that somebody changed what it knows */
	struct ctl *ctl;
	struct exporter *exporter;
	bool exporter_is_new;
	struct share *share; /* NULL: with nobody */
	bool share_is_new;
	bool awaits_peers; /* until they have told what they have nothing new is announced */
	uint64_t start_wall_s;
	uint64_t conf_loaded_wall_s;
	uint64_t reloads[2];
	bool last_reload_ok;
	bool stopping;
};

/* --- daemon.c --------------------------------------------------------------- */

/**
 * daemon_run() - start, serve until a signal says stop, stop
 * @conf: taken over
 *
 * Return: enum daemon_exit; what went wrong was logged.
 */
int daemon_run(struct conf *conf, const char *conf_path, const char *pin_dir);

/* --- start.c ---------------------------------------------------------------- */

/* Everything up to "ready"; on failure daemon_stop() clears away what was begun. */
int daemon_start(struct daemon *d);

/**
 * daemon_stop() - release all
 * @withdraw: first leave the interfaces and remove the pins; false leaves traffic
 *	flowing, for the next daemon to adopt
 */
void daemon_stop(struct daemon *d, bool withdraw);

/**
 * daemon_detach() - instead of a daemon: take off what former ones have left
 *
 * @conf: of these daemons, or NULL: then what they announced stays
 *
 * Return: enum daemon_exit; what was done or went wrong was logged.
 */
int daemon_detach(const char *pin_dir, const struct conf *conf);

/* Which exit code a failed start has. */
int daemon_exit_code(int err);

/* --- exporter.c ------------------------------------------------------------- */

/* The exporter of the config, if it has one. */
int daemon_start_exporter(struct daemon *d);

/* --- probes.c --------------------------------------------------------------- */

/* What the checks of the config need beside sockets. 0 or a negative errno, logged. */
int daemon_prepare_probes(struct daemon *d);

/* What none of them needs any more. */
void daemon_release_probes(struct daemon *d);

/* Once a second: what was taken away is put back; who is suspect is looked at. */
void daemon_tick_probes(struct daemon *d);

/* Who is suspect by what connections tell is probed out of turn. */
void daemon_probe_suspects(struct daemon *d);

/* --- sizes.c ---------------------------------------------------------------- */

/* Sizes of the maps that @plan needs, with room to grow. */
struct dataplane_sizes sizes_of(const struct conf *conf, const struct plan *plan);
bool sizes_hold(const struct dataplane_sizes *have, const struct dataplane_sizes *need);
/* Never smaller than they are: what was once needed may be again. */
struct dataplane_sizes sizes_join(const struct dataplane_sizes *have,
				  const struct dataplane_sizes *need);

/* --- save.c ------------------------------------------------------------------ */

/* Write the state; what goes wrong is logged when it begins, and tried again. */
void daemon_save(struct daemon *d);

/* If something of it has changed, and it was not written too often of late. */
void daemon_save_in_time(struct daemon *d);

/* --- update.c --------------------------------------------------------------- */

/*
 * The backends of @d->conf are probed from now on, and live: 0; or a negative errno,
 * logged, and it is those of another config as before.
 */
int daemon_watch(struct daemon *d);

/* How a backend is now: plan_condition_fn, of a struct daemon. */
struct plan_condition daemon_condition(void *arg, size_t service, size_t backend);

/* What time has made of backends since @d->next_ms. */
void daemon_age(struct daemon *d);

/* The plan as things stand; released with plan_free(). 0 or a negative errno, logged. */
int daemon_plan(struct daemon *d, struct plan **out);

/**
 * daemon_update() - plan from what is known now, and take the maps there
 *
 * Return: 0 or a negative errno, logged; after a failure in the middle the maps
 * are diffed from nothing at the next call.
 */
int daemon_update(struct daemon *d);

/* Once a second: an update that failed is tried again, ever more slowly. */
void daemon_retry(struct daemon *d);

/* The program on every interface of the config. */
int daemon_attach(struct daemon *d);

/* --- firewall.c ------------------------------------------------------------- */

/*
 * The rules of the firewall are those of config and operator; the counters of new ones are 0
 * before anything is carried to other maps. 0 or a negative errno, logged.
 */
int daemon_build_guard(struct daemon *d);
/* Its lists are those that belong to @next, before it is carried out. Likewise. */
int daemon_guard(struct daemon *d, const struct plan *next);
/* The data plane is another one: nothing of it is in there. */
void daemon_unpublish_guard(struct daemon *d);
void daemon_free_guard(struct daemon *d);

/* limits.c: its limits, likewise. */
int daemon_limit(struct daemon *d, const struct plan *next);

/* --- firewall_said.c -------------------------------------------------------- */

/* See struct ctl_ops. */
int daemon_say_prefix(void *app, const struct admin_prefix *said, bool is_added);

/* Once a second: those whose time is over. */
void daemon_expire_prefixes(struct daemon *d);

/* --- announce.c ------------------------------------------------------------- */

/* The network hears how things are, where it is to hear from us. */
void daemon_announce(struct daemon *d);

/* Before the maps lose them: addresses that @next does not have are withdrawn. */
void daemon_withdraw_lost(struct daemon *d, const struct plan *next);

/*
 * In the way that the config says, from now on; what was announced in another one is
 * withdrawn after that. 0 or a negative errno, logged, and nothing changed.
 */
int daemon_use_announcer(struct daemon *d);

/* Somebody has touched something: there is an announcer. */
void daemon_mend_announcements(struct daemon *d);

/* Once a second: what could not be done, and who has waited long enough. */
void daemon_tick_announcements(struct daemon *d);

/* See struct ctl_ops. */
int daemon_announce_drain(void *app, bool drained);

/* No VIP any more; with @detaches nothing at all, when routers have heard of it. */
void daemon_withdraw(struct daemon *d, bool detaches);

/* What a daemon with @conf (NULL: not known) left announced, that was killed. */
void daemon_withdraw_left(const struct conf *conf);

void daemon_view_announcements(const struct daemon *d, struct snapshot *s);

/* --- capture.c -------------------------------------------------------------- */

/*
 * From now on packets are given away that @filter asks for: @ring_fd, which stays the
 * daemon's. 0; -EBUSY: they are already; a negative errno, logged.
 */
int daemon_begin_capture(void *app, const struct shunt_capture *filter, int *ring_fd);
void daemon_end_capture(void *app);

/* --- swap.c ----------------------------------------------------------------- */

/*
 * A config fit for this host, from @inputs or, if that is NULL, from the file, with the
 * edits of the state. What is wrong is in @report.
 */
int daemon_read_conf(struct daemon *d, const struct conf_input *inputs, size_t n_inputs,
		     struct buf *report, struct conf **out);

/* The same of what came over the socket, and may not be allowed to name files. */
int daemon_read_given(struct daemon *d, const struct ctl_config *c, struct buf *report,
		      struct conf **out);

/*
 * Take over @new, or go back to what was. @former gets what ran before, to be released
 * with conf_free(). On failure @new was released; unless there is no way back now: then
 * it stays for a while, and what ran before returns as soon as it can.
 */
int daemon_swap(struct daemon *d, struct conf *new, struct buf *report, struct conf **former);

/* 0; or -EPERM, and said, if @conf shows a password where what runs does not. */
int daemon_refuse_shown(const struct daemon *d, const struct conf *conf, struct buf *report);

/* @former, which is taken over, or what runs instead of it already, is to return soon. */
#define DAEMON_RETURN_MS 5000 /* later: once more, each time that it cannot */
void daemon_owe_former(struct daemon *d, struct conf *former);

/* --- reload.c --------------------------------------------------------------- */

/* Read the config file again. @report gets errors, or what was done. */
int daemon_reload(struct daemon *d, bool dry_run, struct buf *report);

/* --- apply.c ---------------------------------------------------------------- */

/* See struct ctl_ops. */
int daemon_config_diff(void *app, const struct ctl_config *c, conf_change_fn *fn, void *arg,
		       struct buf *errors);
int daemon_config_apply(void *app, const struct ctl_config *c, struct buf *report);
int daemon_config_confirm(void *app, bool force, struct buf *report);

/* At the start: what a former daemon left beside the config file. */
void daemon_clear_drafts(const struct daemon *d);

/* Once a second: the former config returns when its time has come. */
void daemon_unconfirm(struct daemon *d);

/* What runs is not to be confirmed any more: it is that of the file. */
void daemon_forget_former(struct daemon *d);

/* --- edits.c ---------------------------------------------------------------- */

/* See struct ctl_ops. */
int daemon_backend_edit(void *app, const struct conf_edit *edit, bool is_new, bool by_root,
			struct buf *report);

/* Forget edits that the config has made superfluous, as the last reading found. */
void daemon_drop_idle_edits(struct daemon *d);

/* --- marks.c ---------------------------------------------------------------- */

/* A number that changes when a file of the config does. */
uint64_t daemon_mark_files(const struct daemon *d);

/* A number that changes with what the file says; 0: it cannot be read. */
uint64_t daemon_mark_text(const char *path);

/* --- watch.c ---------------------------------------------------------------- */

/* Once a second: read the config again if its files have changed and come to rest. */
void daemon_watch_files(struct daemon *d);

/* --- daemon_snapshot.c ----------------------------------------------------------------- */

/* The daemon at this moment; NULL without memory. */
struct snapshot *daemon_snapshot(void *app);

/* --- privilege.c ------------------------------------------------------------ */

/* 0, or -EPERM with every missing capability named in one log line. */
int privilege_check(void);

/* As many descriptors as this process may have: clients and probers are counted by them. */
void privilege_raise_files(void);

#endif /* APP_DAEMON_H */
