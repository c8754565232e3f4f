/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What survives a restart: STATE_DIR/state.json, written in one step.
 *
 *	{ "version": 1, "hash_key": "32 hex digits", "boot_id": of the machine, "ids": {...},
 *	  "admin":   [{ "service", "backend", "state", "weight", "weight_percent",
 *			"since", "until" }],
 *	  "prefixes": [{ "service" or null, "prefix", "allow", "since", "until" }],
 *	  "rules":   [{ "name", "id" }],
 *	  "drained_since": of the whole balancer; 0: it is not drained,
 *	  "edits":   [{ "service", "backend", "text": YAML or null }],
 *	  "retired": [{ "service", "packets", "bytes" }],
 *	  "health":  [{ "service", "backend", "state", "since", "warming" }] }
 *
 * "since", "until" and "warming" are seconds since 1970; those that a former release did
 * not write may be missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "app/daemon.h"
#include "app/state_json.h"
#include "base/array.h"
#include "base/cleanup.h"

static void json_freep(json_t **j)
{
	json_decref(*j);
}

static void state_path(const char *dir, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/%s", dir, name);
}

/* mkdir -p */
static int make_dir(const char *dir)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int state_lock(const char *dir, int *lock_fd)
{
	_cleanup_close_ int fd = -1;
	char path[4096];
	int err;

	err = make_dir(dir);
	if (err)
		return log_err(err, "make the state directory %s", dir);
	state_path(dir, "lock", path, sizeof(path));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return log_err(-errno, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		log_error("another shuntd is running: it holds %s", path);
		return -EADDRINUSE;
	}
	*lock_fd = take_fd(&fd);
	return 0;
}

static int state_start_fresh(struct state *s)
{
	*s = (struct state){ .ids = ids_create(), .is_fresh = true };
	if (!s->ids)
		return -ENOMEM;
	if (getrandom(s->hash_key, sizeof(s->hash_key), 0) != sizeof(s->hash_key))
		return log_err(-errno, "get random bytes for the flow hash");
	return 0;
}

/* A file that is not understood is evidence: keep it, start without it. */
static int state_put_aside(struct state *s, const char *path, const char *why)
{
	char aside[4200];

	snprintf(aside, sizeof(aside), "%s.bad", path);
	log_warn("%s: %s; starting without it, kept as %s", path, why, aside);
	if (rename(path, aside))
		return log_err(-errno, "rename %s", path);
	return state_start_fresh(s);
}

int state_load(struct state *s, const char *dir)
{
	_cleanup_(json_freep) json_t *root = NULL;
	char path[4096];
	json_error_t e;
	int err;

	state_path(dir, "state.json", path, sizeof(path));
	if (access(path, F_OK))
		return state_start_fresh(s);
	root = json_load_file(path, 0, &e);
	if (!root)
		return state_put_aside(s, path, e.text);
	*s = (struct state){ 0 };
	err = state_from_json(s, root);
	if (!err)
		return 0;
	state_free(s);
	return err == -ENOMEM ? err : state_put_aside(s, path, "not a state file of shunt");
}

int state_each_verdict(const char *dir, void (*fn)(void *arg, const struct state_verdict *v),
		       void *arg)
{
	_cleanup_(json_freep) json_t *root = NULL;
	char path[4096];

	state_path(dir, "state.json", path, sizeof(path));
	root = json_load_file(path, 0, NULL);
	if (!root)
		return -ENOENT;
	state_verdicts_from_json(root, fn, arg);
	return 0;
}

/*
 * No fsync: the file guards against a crash of the daemon, whose writes the kernel
 * keeps. After a crash of the machine the maps are gone too, and a file that did
 * not make it whole is put aside.
 */
static int write_whole(const char *path, const struct buf *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (done < text->len) {
		n = write(fd, text->data + done, text->len - done);
		if (n < 0)
			return -errno;
		done += n;
	}
	return 0;
}

int state_save(const struct state *s, const char *dir, const struct conf *conf,
	       const struct health *health, const struct lives *lives)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	char path[4096], next[4096];
	int err = state_to_text(s, conf, health, lives, &text);

	if (err)
		return err;
	state_path(dir, "state.json", path, sizeof(path));
	state_path(dir, "state.json.next", next, sizeof(next));
	err = write_whole(next, &text);
	if (!err && rename(next, path))
		err = -errno;
	return err;
}
