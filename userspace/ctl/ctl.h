/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket: JSON lines over a Unix stream socket.
 *
 *   -> {"schema":1,"command":"backend drain","args":["web/nginx1"],"options":{}}
 *   <- {"schema":1,"ok":true,"data":{...}}
 *   <- {"schema":1,"ok":false,"exit":3,"error":"no backend \"web/nginx9\""}
 *
 * "options" may be left out. An answer that is ok has "exit", too, where the CLI
 * shall end with another code than 0 (`health`).
 *
 * One answer a request, in order, on a connection that may carry many. Who may
 * ask what is decided by the peer's credentials: root and @group everything,
 * @read_group and root what only looks.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "conf/conf_diff.h"
#include "dataplane/capture.h"
#include "dataplane/explain.h"
#include "dataplane/snapshot.h"
#include "plan/plan.h"

/* Exit codes of the CLI; an answer that is not ok carries one of them. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_NOT_FOUND = 3, /* for `health`: unhealthy */
	CTL_UNREACHABLE = 4,
	CTL_DENIED = 5,
	CTL_TIMED_OUT = 124, /* --wait */
};

/**
 * struct ctl_config - a config that is to run
 * @inputs, @n_inputs: what it is read from; NULL: the daemon's own file
 * @by_root: it may name files that the one that runs does not, and show passwords at
 *	other addresses
 * @confirm_s: the former one returns after that time; 0: never
 */
struct ctl_config {
	const struct conf_input *inputs;
	size_t n_inputs;
	bool by_root;
	uint32_t confirm_s;
};

/**
 * struct ctl_ops - what the daemon lets the socket do
 * @snapshot: the daemon now; released with snapshot_free()
 * @reload: read the config again; @errors gets what is wrong or what was done
 * @config_diff: tell @fn what would change; @errors gets what is wrong with it
 * @config_apply: run it and write it to the config file, at once or when it is confirmed;
 *	@report gets what is wrong or what was done. -EPERM: only root may
 * @config_confirm: -ENOENT: nothing waits for it; -EEXIST, unless @force: somebody has
 *	changed the config file meanwhile
 * @backend_edit: add a backend (without a text: one of the config's that was deleted), or
 *	delete one; @report gets what is wrong or what was done. -EPERM: only root may
 * @connections: the first @max of @service, an index in snapshot.services, or of all
 *	with SIZE_MAX; 0 or a negative errno
 * @flows: what the flow cache holds of @service, or of all with SIZE_MAX; likewise
 * @explain: what would become of a packet; 0 or a negative errno, logged
 * @begin_capture: packets are given away by @ring_fd, until @end_capture; 0 or a
 *	negative errno: -EBUSY if they are already
 * @announce_drain: the whole balancer is announced as the last resort, or as usual again.
 *	-ENOENT: it announces nothing; -EIO: not all could be done, and it was logged
 * @admin_find: what was said of a backend so far; NULL: nothing. Valid until
 *	admin_set is called
 * @admin_set: put @entry (strings are copied) in place of what was said of its
 *	backend before, and let it take effect; returns after the maps are written
 * @prefix_say: the same of a prefix of the firewall, or take back that it was said;
 *	-ENOENT: it was not; -ENOSPC: there are too many
 */
struct ctl_ops {
	struct snapshot *(*snapshot)(void *app);
	int (*reload)(void *app, bool dry_run, struct buf *errors);
	int (*config_diff)(void *app, const struct ctl_config *config, conf_change_fn *fn,
			   void *arg, struct buf *errors);
	int (*config_apply)(void *app, const struct ctl_config *config, struct buf *report);
	int (*config_confirm)(void *app, bool force, struct buf *report);
	int (*backend_edit)(void *app, const struct conf_edit *edit, bool is_new, bool by_root,
			    struct buf *report);
	int (*connections)(void *app, size_t service, size_t max, struct snapshot_conns *out);
	int (*flows)(void *app, size_t service, struct snapshot_flow_list *out);
	int (*explain)(void *app, const struct explain_packet *p, struct explain *out);
	int (*begin_capture)(void *app, const struct shunt_capture *filter, int *ring_fd);
	void (*end_capture)(void *app);
	int (*announce_drain)(void *app, bool drained);
	const struct admin_entry *(*admin_find)(void *app, const char *service,
						const char *backend);
	int (*admin_set)(void *app, const struct admin_entry *entry);
	int (*prefix_say)(void *app, const struct admin_prefix *said, bool is_added);
};

struct ctl;

/**
 * ctl_create() - listen
 * @path: a stale socket there is replaced; a live one is -EADDRINUSE, which also is how
 *	a second daemon is noticed
 * @group, @read_group: names; NULL: root only. An unknown group is -ENOENT.
 *
 * Return: 0 or a negative errno, logged.
 */
int ctl_create(const char *path, const char *group, const char *read_group,
	       const struct ctl_ops *ops, void *app, struct ctl **out);
/* Stop listening and remove the socket. */
void ctl_free(struct ctl *c);

/* How long a client may take to send a whole request, or to take a whole answer, before
 * it is hung up on: 10 s unless this says otherwise. */
void ctl_set_patience(struct ctl *c, uint32_t patience_ms);

/* Readable when there is work; then call ctl_dispatch(). Stays the same. */
int ctl_fd(const struct ctl *c);
void ctl_dispatch(struct ctl *c);

/* The life of the CLI: parse arguments, ask, print. Return: enum ctl_exit. */
int cli_main(int argc, char **argv);

#define CTL_DEFAULT_SOCKET "/run/shunt/shunt.sock"

#endif /* CTL_CTL_H */
