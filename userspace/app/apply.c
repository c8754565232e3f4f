/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A config that comes over the control socket: compared with the one that runs, or run in
 * its place. One that is to be confirmed waits beside the config file, as FILE.next, while
 * it runs; so whatever ends the daemon meanwhile, the next one finds the former config.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/daemon.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"

int daemon_config_diff(void *app, const struct ctl_config *c, conf_change_fn *fn, void *arg,
		       struct buf *errors)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct daemon *d = app;
	int err = daemon_read_given(d, c, errors, &conf);

	return err ?: conf_diff(d->conf, conf, fn, arg);
}

/* --- the file --------------------------------------------------------------------- */

/**
 * struct paths - files beside each other
 * @file: the config file itself, behind links
 * @next: what is to be confirmed, and comes in its place then
 * @draft: what does not run yet: were it @next, one that is refused would be confirmed
 * @place: which of the others it is once it runs
 */
struct paths {
	char file[PATH_MAX];
	char next[PATH_MAX + 8];
	char draft[PATH_MAX + 8];
	const char *place;
};

static int find_paths(const struct daemon *d, struct paths *p)
{
	if (!realpath(d->conf_path, p->file))
		return -errno;
	snprintf(p->next, sizeof(p->next), "%s.next", p->file);
	snprintf(p->draft, sizeof(p->draft), "%s.draft", p->file);
	return 0;
}

/* Whoever may read the config file may read this, and nobody else. */
static int write_draft(const struct paths *p, const struct conf_input *in)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	unlink(p->draft);
	fd = open(p->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || stat(p->file, &st) || fchown(fd, st.st_uid, st.st_gid) ||
	    fchmod(fd, st.st_mode & 07777))
		return -errno;
	return fd_write_all(fd, in->text, in->len) ?: fsync(fd) ? -errno : 0;
}

/* The name is on the disk then, too, as the text is, if that can be had. */
static int move(const char *from, const char *to)
{
	int err;

	if (rename(from, to))
		return -errno;
	err = path_sync_parent(to);
	if (err)
		log_err(err, "%s: it may not outlive a power failure", to);
	return 0;
}

static void drop_former(struct daemon *d)
{
	conf_free(take_ptr(&d->former));
	d->must_return = false;
}

/* What runs is that of the file now. */
static void settle(struct daemon *d, const struct paths *p, struct buf *report)
{
	drop_former(d);
	d->files_mark = daemon_mark_files(d);
	buf_printf(report, "it is %s now\n", p->file);
}

static int say_unwritten(struct buf *report, const char *path, int err)
{
	buf_printf(report, "error: cannot write %s: %s\n", path, strerror(-err));
	return err;
}

/* --- apply ------------------------------------------------------------------------- */

static void note_file(void *arg, const struct conf_change *change)
{
	struct buf *report = arg;

	if (change->names_file && *change->after)
		buf_printf(report,
			   "error: %s: only root may let the daemon use other files than it "
			   "does\n",
			   change->path);
}

static int refuse_files(const struct daemon *d, const struct conf *conf, struct buf *report)
{
	_cleanup_(buf_free) struct buf files = { 0 };
	int err = conf_diff(d->conf, conf, note_file, &files);

	buf_puts(report, buf_str(&files));
	return err ?: files.len ? -EPERM : 0;
}

/* The config as it is to run, called as the file whose place it takes. */
static int read_given(struct daemon *d, const struct ctl_config *c, struct buf *report,
		      struct conf **out)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf again = { 0 };
	int err = daemon_read_given(d, c, report, &conf);

	if (err)
		return err;
	if (!c->by_root)
		err = refuse_files(d, conf, report) ?: daemon_refuse_shown(d, conf, report);
	if (err)
		return err;
	((struct conf_input *)c->inputs)[0].name = d->conf_path;
	err = daemon_read_given(d, c, &again, out);
	/* Warnings were said the first time. */
	if (err)
		buf_puts(report, buf_str(&again));
	return err;
}

static void await_confirm(struct daemon *d, const char *file, struct conf *former,
			  uint32_t confirm_s)
{
	/* Of several that were not confirmed the first one's former is the last good one. */
	if (d->former) {
		conf_free(former);
	} else {
		d->former = former;
		d->confirm_over = daemon_mark_text(file);
	}
	d->must_return = false;
	d->confirm_by_ms = clock_now_ms() + confirm_s * 1000ULL;
	log_warn("the config that runs must be confirmed within %u s, or the former one returns",
		 confirm_s);
}

/* The draft runs, and goes to its place; if it cannot, what ran before returns. */
static int keep_draft(struct daemon *d, const struct paths *p, struct buf *report,
		      struct conf **former)
{
	struct conf *gone;
	int err = move(p->draft, p->place);

	if (!err)
		return 0;
	say_unwritten(report, p->place, err);
	if (!daemon_swap(d, take_ptr(former), report, &gone))
		conf_free(gone);
	return err;
}

static int run_draft(struct daemon *d, struct conf *conf, const struct paths *p, struct buf *report,
		     struct conf **former)
{
	int err = daemon_swap(d, conf, report, former) ?: keep_draft(d, p, report, former);

	d->reloads[!err]++;
	d->last_reload_ok = !err;
	return err;
}

int daemon_config_apply(void *app, const struct ctl_config *c, struct buf *report)
{
	struct conf *conf, *former = NULL;
	struct daemon *d = app;
	struct paths p;
	int err;

	err = read_given(d, c, report, &conf);
	if (err)
		return err;
	err = find_paths(d, &p);
	if (err) {
		conf_free(conf);
		return say_unwritten(report, d->conf_path, err);
	}
	p.place = c->confirm_s ? p.next : p.file;
	err = write_draft(&p, &c->inputs[0]);
	if (err) {
		conf_free(conf);
		say_unwritten(report, p.draft, err);
	} else {
		err = run_draft(d, conf, &p, report, &former);
	}
	if (err) {
		unlink(p.draft);
		return err;
	}
	if (c->confirm_s) {
		await_confirm(d, p.file, former, c->confirm_s);
		return 0;
	}
	conf_free(former);
	settle(d, &p, report);
	unlink(p.next);
	daemon_drop_idle_edits(d);
	return 0;
}

int daemon_config_confirm(void *app, bool force, struct buf *report)
{
	struct daemon *d = app;
	struct paths p;
	int err;

	if (!d->former || d->must_return)
		return -ENOENT;
	err = find_paths(d, &p);
	if (!err && !force && daemon_mark_text(p.file) != d->confirm_over) {
		buf_printf(report,
			   "error: %s was changed since this config was applied, and that would be "
			   "lost; with --force it is\n",
			   p.file);
		return -EEXIST;
	}
	err = err ?: move(p.next, p.file);
	if (err)
		return say_unwritten(report, d->conf_path, err);
	settle(d, &p, report);
	return 0;
}

void daemon_clear_drafts(const struct daemon *d)
{
	struct paths p;

	if (find_paths(d, &p))
		return;
	unlink(p.draft);
	if (!unlink(p.next))
		log_warn("%s is gone: nobody confirmed it until the last daemon ended; %s runs",
			 p.next, p.file);
}

void daemon_forget_former(struct daemon *d)
{
	struct paths p;

	if (!d->former)
		return;
	if (!find_paths(d, &p))
		unlink(p.next);
	drop_former(d);
}

void daemon_unconfirm(struct daemon *d)
{
	_cleanup_(conf_freep) struct conf *gone = NULL;
	_cleanup_(buf_free) struct buf report = { 0 };
	struct conf *conf;
	int err;

	if (!d->former || clock_now_ms() < d->confirm_by_ms)
		return;
	log_warn("the config that runs was not %s: the former one returns",
		 d->must_return ? "to stay" : "confirmed");
	/* Once more from its text: backends may have come and gone meanwhile. */
	err = daemon_read_conf(d, d->former->inputs, d->former->n_inputs, &report, &conf)
		      ?: daemon_swap(d, conf, &report, &gone);
	if (err) {
		d->confirm_by_ms = clock_now_ms() + DAEMON_RETURN_MS;
		log_err(err, "return to the former config; it will be tried again: %s",
			buf_str(&report));
		return;
	}
	daemon_forget_former(d);
}
