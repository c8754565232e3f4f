/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * announce: vrrp_file. One number for the whole balancer, which keepalived reads: 0 while
 * it is fit to have the VIPs, 1 while it is not. It is not while a VIP of its is withdrawn,
 * and while it is drained.
 *
 * The file is replaced in one step: whoever reads it finds one of both.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "announce/method.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"

/* What the file says; or nothing that it may say. */
enum word {
	WORD_NONE = -1,
	WORD_FIT = 0,
	WORD_UNFIT = 1,
};

/**
 * struct vrrp_file
 * @said: what it says
 * @err: of the last time; it has been logged
 */
struct vrrp_file {
	char *path;
	enum word said;
	int err;
};

static enum word read_word(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[3] = "";

	if (fd < 0 || read(fd, text, sizeof(text)) != 2 || text[1] != '\n')
		return WORD_NONE;
	return text[0] == '0' ? WORD_FIT : text[0] == '1' ? WORD_UNFIT : WORD_NONE;
}

static int write_word(const char *path, enum word word)
{
	const char text[] = { word == WORD_FIT ? '0' : '1', '\n' };
	char next[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int err = path_format(next, "%s.next", path);

	if (err)
		return err;
	unlink(next);
	fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, text, sizeof(text)) == sizeof(text) && !rename(next, path))
		return 0;
	err = errno ? -errno : -EIO;
	unlink(next);
	return err;
}

/* The first of them that keeps the balancer from being fit; NULL: none does. */
static const struct announce_addr *find_unfit(const struct announce *wanted)
{
	array_for_each (i, wanted->list, wanted->n)
		if (i->state == ANNOUNCE_WITHDRAWN || i->state == ANNOUNCE_DRAINED)
			return i;
	return NULL;
}

/* While one waits it is as it was; but who never was fit is not. */
static enum word word_of(const struct announce *wanted, enum word now)
{
	if (!wanted->n || find_unfit(wanted))
		return WORD_UNFIT;
	if (!announce_has(wanted, ANNOUNCE_WAITING))
		return WORD_FIT;
	return now == WORD_FIT ? WORD_FIT : WORD_UNFIT;
}

static void say(const struct vrrp_file *f, const struct announce *wanted)
{
	const struct announce_addr *i = find_unfit(wanted);

	if (f->said == WORD_FIT)
		log_info("%s says 0: fit", f->path);
	else if (i && i->service)
		log_warn("%s says 1, unfit: %s: %u usable, min_healthy %u", f->path, i->service,
			 i->usable, i->wanted);
	else if (i && i->state == ANNOUNCE_DRAINED)
		log_info("%s says 1, unfit: this balancer is drained", f->path);
	else
		log_info("%s says 1: unfit", f->path);
}

static int vrrp_follow(void *self, const struct announce *wanted)
{
	struct vrrp_file *f = self;
	const enum word now = read_word(f->path), then = word_of(wanted, now);
	int err = 0;

	if (f->said != WORD_NONE && now != f->said)
		log_warn("%s: somebody has changed or removed it: writing it again", f->path);
	if (now != then)
		err = write_word(f->path, then);
	if (err && !f->err)
		log_err(err, "write %s; it will be tried again", f->path);
	f->err = err;
	if (err || then == f->said)
		return err;
	f->said = then;
	say(f, wanted);
	return 0;
}

static bool vrrp_is_behind(void *self)
{
	const struct vrrp_file *f = self;

	return f->err || read_word(f->path) != f->said;
}

static bool vrrp_has(const void *self, const struct shunt_addr *addr)
{
	const struct vrrp_file *f = self;

	(void)addr;
	return f->said == WORD_FIT;
}

static void vrrp_close(void *self)
{
	struct vrrp_file *f = self;

	free(f->path);
	free(f);
}

static int vrrp_open(const struct conf_ha *ha, void **out)
{
	_cleanup_free_ struct vrrp_file *f = calloc(1, sizeof(*f));

	if (f)
		f->path = strdup(ha->vrrp_file);
	if (!f || !f->path)
		return log_err(-ENOMEM, "announce by %s", ha->vrrp_file);
	f->said = WORD_NONE;
	*out = take_ptr(&f);
	return 0;
}

const struct method method_vrrp_file = {
	.open = vrrp_open,
	.close = vrrp_close,
	.follow = vrrp_follow,
	.is_behind = vrrp_is_behind,
	.has = vrrp_has,
};
