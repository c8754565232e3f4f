/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folders on bpffs. What is new for an interface is pinned in a folder beside
 * its own, and the two change names in one step. bpffs takes no dots in names, and
 * names of interfaces have no colons: a colon stands for a dot.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "app/decap.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"

/* So long that no name of an interface ends in it. */
#define NEXT ":being-prepared"

/* What is in a folder, by name. */
static const struct {
	const char *name;
	size_t off;
} files[] = {
	{ "link", offsetof(struct decap_pins, link) },
	{ "sources", offsetof(struct decap_pins, sources) },
	{ "counters", offsetof(struct decap_pins, counters) },
	{ "config", offsetof(struct decap_pins, config) },
};

/* The descriptor of files[@i]. */
static int *pins_fd(struct decap_pins *pins, size_t i)
{
	return (int *)((char *)pins + files[i].off);
}

void decap_pins_close(struct decap_pins *pins)
{
	for (size_t i = 0; i < array_len(files); i++)
		cleanup_closep(pins_fd(pins, i));
}

static int dir_of(char out[PATH_MAX], const char *pin_dir, const char *ifname, const char *suffix)
{
	int err = path_format(out, "%s/%s%s", pin_dir, ifname, suffix);

	for (char *p = strrchr(out, '/'); p && *p; p++)
		if (*p == '.')
			*p = ':';
	return err;
}

bool decap_pins_name(const char *file, char ifname[IF_NAMESIZE])
{
	const size_t len = strlen(file);

	if (file[0] == '.' || len >= IF_NAMESIZE)
		return false;
	for (size_t i = 0; i <= len; i++)
		ifname[i] = file[i] == ':' ? '.' : file[i];
	return true;
}

/* It is not mounted here: a mount that ends with this process would end what is pinned. */
static int check_bpffs(const char *pin_dir)
{
	char parent[PATH_MAX], *slash;
	int err = path_format(parent, "%s", pin_dir);

	slash = strrchr(parent, '/');
	if (err || !slash || slash == parent)
		return log_err(-EINVAL, "pin directory %s", pin_dir);
	*slash = '\0';
	if (path_is_on_bpffs(parent))
		return 0;
	log_error("%s is not on bpffs: mount -t bpf bpf %s (`ip netns exec` hides the one there "
		  "is: use nsenter --net=/run/netns/NAME)",
		  parent, parent);
	return -ENODEV;
}

static bool is_same_dir(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_ino == b.st_ino;
}

int decap_pins_lock(const char *pin_dir, bool make)
{
	int err = check_bpffs(pin_dir);

	if (err)
		return err;
	for (;;) {
		_cleanup_close_ int fd = -1;

		if (make && mkdir(pin_dir, 0700) && errno != EEXIST)
			return log_err(-errno, "make %s", pin_dir);
		fd = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && make)
			continue;
		if (fd < 0)
			return errno == ENOENT ? -ENOENT : log_err(-errno, "open %s", pin_dir);
		if (flock(fd, LOCK_EX))
			return log_err(-errno, "lock %s", pin_dir);
		/* Whoever had it may have removed the folder. */
		if (is_same_dir(fd, pin_dir))
			return take_fd(&fd);
		if (!make)
			return -ENOENT;
	}
}

static int open_at(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd, err = path_format(path, "%s/%s", dir, name);

	if (err)
		return err;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

int decap_pins_open(const char *pin_dir, const char *ifname, struct decap_pins *pins)
{
	_cleanup_(decap_pins_close) struct decap_pins found = DECAP_NO_PINS;
	char dir[PATH_MAX];
	int err = dir_of(dir, pin_dir, ifname, "");

	if (err || access(dir, F_OK))
		return err ?: -ENOENT;
	for (size_t i = 0; i < array_len(files); i++) {
		int *fd = pins_fd(&found, i);

		*fd = open_at(dir, files[i].name);
		/* A command that was killed may have left only some of them. */
		if (*fd < 0 && *fd != -ENOENT)
			return log_err(*fd, "open %s/%s", dir, files[i].name);
	}
	*pins = found;
	found = (struct decap_pins)DECAP_NO_PINS;
	return 0;
}

static int pin_all(const char *dir, const struct decap_pins *pins)
{
	struct decap_pins copy = *pins;
	char path[PATH_MAX];
	int err = path_remove_dir(dir) ?: mkdir(dir, 0700) ? -errno : 0;

	for (size_t i = 0; i < array_len(files) && !err; i++)
		err = path_format(path, "%s/%s", dir, files[i].name)
			      ?: bpf_obj_pin(*pins_fd(&copy, i), path) ? -errno
								       : 0;
	return err;
}

int decap_pins_prepare(const char *pin_dir, const char *ifname, const struct decap_pins *pins)
{
	char next[PATH_MAX];
	int err = dir_of(next, pin_dir, ifname, NEXT) ?: pin_all(next, pins);

	if (!err)
		return 0;
	path_remove_dir(next);
	return log_err(err, "pin in %s", next);
}

int decap_pins_publish(const char *pin_dir, const char *ifname)
{
	char next[PATH_MAX], dir[PATH_MAX];
	int err = dir_of(next, pin_dir, ifname, NEXT) ?: dir_of(dir, pin_dir, ifname, "");

	if (!err && rename(next, dir)) {
		if (renameat2(AT_FDCWD, next, AT_FDCWD, dir, RENAME_EXCHANGE))
			err = -errno;
		else
			err = path_remove_dir(next);
	}
	return err ? log_err(err, "rename %s", next) : 0;
}

int decap_pins_remove(const char *pin_dir, const char *ifname)
{
	char next[PATH_MAX], dir[PATH_MAX];
	int err = dir_of(next, pin_dir, ifname, NEXT)
			  ?: dir_of(dir, pin_dir, ifname, "")
			  ?: path_remove_dir(next)
			  ?: path_remove_dir(dir);

	if (!err && rmdir(pin_dir) && errno != ENOTEMPTY)
		err = -errno;
	return err ? log_err(err, "remove %s/%s", pin_dir, ifname) : 0;
}
