/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control socket in a directory of its own, served by a thread, in front of a
 * daemon that is only a snapshot. Tests talk to it as the CLI does, or in bytes.
 */
#ifndef TESTS_CTL_RIG_H
#define TESTS_CTL_RIG_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "ctl/cli.h"
#include "ctl/ctl.h"

/* What the daemon would be; the operator's word has effect on its snapshots. */
struct fake_daemon {
	struct admin admin;
	int sets;
	int admin_err;
	int reloads;
	int dry_runs;
	int reload_err;
	const char *reload_says;
	bool is_empty; /* who is drained has nothing left */
	bool is_upside_down; /* who is up stands by for who is down */
	uint64_t conns; /* of web, or of all */
	int conns_err;
	uint32_t flows; /* backends of web that the flow cache holds something of */
	int flows_err;
	uint64_t looks; /* times that its services were seen to move on */
	uint64_t moves; /* packets of each backend between two of them */
	struct shunt_capture captured; /* what was asked for; nothing is given away */
	struct explain explained; /* of every packet, but for the packet */
	bool explains_for_ever;
	struct buf config_text; /* that was handed over, the first file */
	char config_name[128];
	uint32_t confirm_s;
	int config_err;
	int edit_err; /* of an edit by others than root */
	struct buf edit_text; /* the last edit: "web/new { ... }" */
	uint32_t sharing; /* of each service; 0: as in the fixture */
	struct conf_ha ha; /* what it announces; nothing unless it says so */
	struct conf conf; /* of the fixture, with that */
	int announce_err;
	struct conf *guarded; /* with a firewall; NULL: the fixture, which has none */
	struct firewall *firewall;
	struct rules rules;
	int prefix_err;
	bool is_held;
};

extern const struct ctl_ops fake_ops;

/* What it announces, where it does; and a drain of all of it. */
void rig_announce(struct fake_daemon *d, struct snapshot *s);
int rig_announce_drain(void *app, bool drained);

/* It has a firewall from here on; what rig_guard() made, released; what it shows; a word. */
void rig_guard(struct fake_daemon *d);
void rig_unguard(struct fake_daemon *d);
void rig_firewall(struct fake_daemon *d, struct snapshot *s);
int rig_prefix_say(void *app, const struct admin_prefix *said, bool is_added);

struct rig {
	char dir[64];
	char socket[96];
	struct fake_daemon daemon;
	struct ctl *ctl;
	pthread_t thread;
	int stop_fd;
	atomic_uint rounds; /* of the thread: times that there was something to do */
	struct buf out;
	struct buf err;
};

void rig_open(struct rig *r, const char *group, const char *read_group);
void rig_close(struct rig *r);

/* Run the CLI with these words, the last one NULL. What it says is in out and err. */
enum ctl_exit rig_run(struct rig *r, const char *word, ...) __attribute__((sentinel));

/* The same with every option of struct cli. */
enum ctl_exit rig_run_as(struct rig *r, struct cli *cli, const char *const *words, size_t n);

/* A connection in bytes; receives wait for 5 s at most. */
int rig_connect(const struct rig *r);
/* The same with a socket that is there. */
void rig_connect_with(const struct rig *r, int fd);
void rig_send(int fd, const char *text);
/* One line without its end in @out; false at the end of the connection. */
bool rig_receive(int fd, struct buf *out);

#endif /* TESTS_CTL_RIG_H */
