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

#include "conf/conf.h"
#include "ctl/ctl.h"
#include "dataplane/capture.h"
#include "dataplane/dataplane.h"
#include "dataplane/hops.h"
#include "dataplane/via.h"
#include "export/export.h"
#include "health/health.h"
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

/* Packets and bytes of backends that a service no longer has. */
struct retired {
	char *service;
	uint64_t packets;
	uint64_t bytes;
};

/**
 * struct state - what survives a restart, kept in the state directory
 * @hash_key: of the flow hash, made once
 * @edits: backends that came or went at runtime; strings are owned
 * @is_fresh: there was nothing to load: pinned maps cannot be ours
 */
struct state {
	struct ids *ids;
	struct admin admin;
	struct retired *retired;
	size_t n_retired;
	struct conf_edit *edits;
	size_t n_edits;
	uint8_t hash_key[16];
	bool is_fresh;
};

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
	struct health *health;
	struct via *via; /* NULL: no check needs it */
	struct hops *hops;
	bool hops_are_new; /* the loop does not watch them yet; likewise: */
	struct ctl *ctl;
	struct exporter *exporter;
	bool exporter_is_new;
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
 * Return: enum daemon_exit; what was done or went wrong was logged.
 */
int daemon_detach(const char *pin_dir);

/* The exporter of the config, if it has one. */
int daemon_start_exporter(struct daemon *d);

/* Which exit code a failed start has. */
int daemon_exit_code(int err);

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

/* Write the state; what goes wrong is logged when it begins, and tried again. */
void daemon_save(struct daemon *d);

/* --- capture.c -------------------------------------------------------------- */

/*
 * From now on packets are given away that @filter asks for: @ring_fd, which stays the
 * daemon's. 0; -EBUSY: they are already; a negative errno, logged.
 */
int daemon_begin_capture(void *app, const struct shunt_capture *filter, int *ring_fd);
void daemon_end_capture(void *app);

/* --- reload.c --------------------------------------------------------------- */

/* Read the config file again. @report gets errors, or what was done. */
int daemon_reload(struct daemon *d, bool dry_run, struct buf *report);

/*
 * A config fit for this host, from @inputs or, if that is NULL, from the file, with the
 * edits of the state. What is wrong is in @report.
 */
int daemon_read_conf(struct daemon *d, const struct conf_input *inputs, size_t n_inputs,
		     struct buf *report, struct conf **out);

/*
 * Take over @new, or go back to what was. @former gets what ran before, to be released
 * with conf_free(). On failure @new was released; unless there is no way back now: then
 * it stays for a while, and what ran before returns as soon as it can.
 */
int daemon_swap(struct daemon *d, struct conf *new, struct buf *report, struct conf **former);

/* --- apply.c ---------------------------------------------------------------- */

/* See struct ctl_ops. */
int daemon_config_diff(void *app, const struct ctl_config *c, conf_change_fn *fn, void *arg,
		       struct buf *errors);
int daemon_config_apply(void *app, const struct ctl_config *c, struct buf *report);
int daemon_config_confirm(void *app, bool force, struct buf *report);

/* At the start: what a former daemon left beside the config file. */
void daemon_clear_drafts(const struct daemon *d);

/* 0; or -EPERM, and said, if @conf shows a password where what runs does not. */
int daemon_refuse_shown(const struct daemon *d, const struct conf *conf, struct buf *report);

/* Once a second: the former config returns when its time has come. */
void daemon_unconfirm(struct daemon *d);

/* @former, which is taken over, or what runs instead of it already, is to return soon. */
void daemon_owe_former(struct daemon *d, struct conf *former);

/* What runs is not to be confirmed any more: it is that of the file. */
void daemon_forget_former(struct daemon *d);

/* --- edits.c ---------------------------------------------------------------- */

/* See struct ctl_ops. */
int daemon_backend_edit(void *app, const struct conf_edit *edit, bool is_new, bool by_root,
			struct buf *report);

/* Forget edits that the config has made superfluous, as the last reading found. */
void daemon_drop_idle_edits(struct daemon *d);

/* --- watch.c ---------------------------------------------------------------- */

/* A number that changes when a file of the config does. */
uint64_t daemon_mark_files(const struct daemon *d);

/* A number that changes with what the file says; 0: it cannot be read. */
uint64_t daemon_mark_text(const char *path);

/* Once a second: read the config again if its files have changed and come to rest. */
void daemon_watch_files(struct daemon *d);

/* --- state.c, state_file.c ---------------------------------------------------- */

/* Make the state directory and take its lock: -EADDRINUSE if somebody holds it. */
int state_lock(const char *dir, int *lock_fd);

/**
 * state_load() - what a former daemon left, or a fresh start
 * @verdicts: called for each backend's health as it was
 *
 * A file that cannot be understood is put aside, not overwritten, and said.
 *
 * @warming_wall_s: when it began to warm up (struct life); 0: it does not
 */
struct state_verdict {
	const char *service;
	const char *backend;
	enum health_state state;
	uint64_t since_wall_s;
	uint64_t warming_wall_s;
	enum health_agent agent;
	uint8_t agent_percent;
};
int state_load(struct state *s, const char *dir);
int state_each_verdict(const char *dir, void (*fn)(void *arg, const struct state_verdict *v),
		       void *arg);

/*
 * Write the file in one step: the old one stands until the new one is whole. With
 * @health NULL no verdicts are written. @lives follow @conf. 0 or a negative errno, not
 * logged.
 */
int state_save(const struct state *s, const char *dir, const struct conf *conf,
	       const struct health *health, const struct lives *lives);

/* A moment on the clock of the wall, on that of clock_now_ms(): never 0; and back. */
uint64_t state_from_wall(uint64_t wall_s);
uint64_t state_to_wall(uint64_t ms);
void state_free(struct state *s);

/* The key of @conf if it has one, else the one that was made. */
void state_hash_key(const struct state *s, const struct conf *conf, __u64 key[2]);

/* 2 * @n hex digits to @n bytes; -EINVAL, and @out untouched, if they are not. */
int state_hex_decode(const char *hex, uint8_t *out, size_t n);

/* Add an edit, copied; -ENOMEM. */
int state_add_edit(struct state *s, const struct conf_edit *edit);
void edits_free(struct conf_edit *edits, size_t n);

/* The sums of a service's former backends; made if absent, NULL without memory. */
struct retired *state_retired(struct state *s, const char *service);

/* --- daemon_snapshot.c ----------------------------------------------------------------- */

/* The daemon at this moment; NULL without memory. */
struct snapshot *daemon_snapshot(void *app);

/* --- privilege.c ------------------------------------------------------------ */

/* 0, or -EPERM with every missing capability named in one log line. */
int privilege_check(void);

/* As many descriptors as this process may have: clients and probers are counted by them. */
void privilege_raise_files(void);

#endif /* APP_DAEMON_H */
