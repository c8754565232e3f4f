/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What outlives the daemon, as files on bpffs:
 *	PIN_DIR/vN/shunt_*	the maps, N = SHUNT_ABI_VERSION
 *	PIN_DIR/vN/rodata	constants of the program last loaded over them: the
 *				hash key, by which flows lie where they do
 *	PIN_DIR/attached/I	the program on interface I
 *	PIN_DIR/capture/shunt_*	maps of packets that somebody looks at, as long as he does
 * A set of maps is written beside the old one and the two directories change
 * places in one step, so that whoever looks finds one set, complete. Descriptors
 * come from paths only: looking objects up by id takes CAP_SYS_ADMIN. Names on
 * bpffs hold no dots: the kernel keeps those for itself.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "dataplane/internal.h"

#define BPFFS "/sys/fs/bpf"
#define RODATA "rodata"

static int make_dir(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int pin_prepare(const char *pin_dir)
{
	char parent[PATH_MAX], *slash;
	int err = path_format(parent, "%s", pin_dir);

	slash = strrchr(parent, '/');
	if (err || !slash || slash == parent)
		return log_err(-EINVAL, "pin directory %s", pin_dir);
	*slash = '\0';
	if (!path_is_on_bpffs(parent) && !strcmp(parent, BPFFS) &&
	    mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return log_err(-errno, "mount bpffs on " BPFFS);
	if (!path_is_on_bpffs(parent))
		return log_err(0, "%s is not on bpffs, where maps are pinned", parent);
	err = make_dir(pin_dir);
	return err ? log_err(err, "make %s", pin_dir) : 0;
}

int pin_lock(const char *pin_dir, int *fd)
{
	_cleanup_close_ int dir = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	if (flock(dir, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	*fd = take_fd(&dir);
	return 0;
}

static int version_dir(char out[PATH_MAX], const char *pin_dir, int version, const char *suffix)
{
	return path_format(out, "%s/v%d%s", pin_dir, version, suffix);
}

static int set_dir(char out[PATH_MAX], const char *pin_dir, const char *suffix)
{
	return version_dir(out, pin_dir, SHUNT_ABI_VERSION, suffix);
}

/* The descriptor pinned at @dir/@name, or a negative errno. */
static int open_at(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd, err = path_format(path, "%s/%s", dir, name);

	if (err)
		return err;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

static int pin_at(const char *dir, const char *name, int fd)
{
	char path[PATH_MAX];

	return path_format(path, "%s/%s", dir, name) ?: bpf_obj_pin(fd, path) ? -errno : 0;
}

/* As pin_at(), in place of what was there, with no moment without either. */
static int replace_at(const char *dir, const char *name, int fd)
{
	char next[PATH_MAX], path[PATH_MAX];
	int err =
		path_format(next, "%s/%s-next", dir, name) ?: path_format(path, "%s/%s", dir, name);

	if (err)
		return err;
	unlink(next);
	if (bpf_obj_pin(fd, next))
		return -errno;
	return rename(next, path) ? -errno : 0;
}

/* The maps from @first on and before @end, or none of them. */
static bool open_range(const char *dir, int first, int end, int fds[LOAD_MAPS])
{
	int m = first;

	while (m < end && (fds[m] = open_at(dir, load_map_names[m])) >= 0)
		m++;
	if (m == end)
		return true;
	while (m-- > first)
		close(fds[m]);
	for (m = first; m < end; m++)
		fds[m] = -1;
	return false;
}

int pin_open_maps(const char *pin_dir, int fds[LOAD_MAPS], int *rodata_fd)
{
	_cleanup_close_ int rodata = -1;
	char dir[PATH_MAX];

	if (set_dir(dir, pin_dir, ""))
		return -ENOENT;
	rodata = open_at(dir, RODATA);
	if (rodata < 0 || !open_range(dir, 0, LOAD_FIRST_LATER, fds))
		return -ENOENT;
	for (int m = LOAD_FIRST_LATER; m < LOAD_MAPS; m++)
		fds[m] = -1;
	if (open_range(dir, LOAD_FIRST_LATER, LOAD_FIRST_GUARD, fds))
		open_range(dir, LOAD_FIRST_GUARD, LOAD_MAPS, fds);
	*rodata_fd = take_fd(&rodata);
	return 0;
}

int pin_open_map(const char *pin_dir, int version, const char *name)
{
	char dir[PATH_MAX];

	return version_dir(dir, pin_dir, version, "") ?: open_at(dir, name);
}

int pin_open_rodata(const char *pin_dir, int version)
{
	return pin_open_map(pin_dir, version, RODATA);
}

static int64_t used_ns(const char *pin_dir, int version)
{
	char path[PATH_MAX];
	struct stat st;

	if (version_dir(path, pin_dir, version, "/" RODATA) || stat(path, &st))
		return -1;
	return st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
}

/* A daemon that starts pins the constants of its program. */
bool pin_is_newer(const char *pin_dir, int version, int other)
{
	return used_ns(pin_dir, version) > used_ns(pin_dir, other);
}

int pin_find_other(const char *pin_dir)
{
	DIR *d = opendir(pin_dir);
	int version, other = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (sscanf(e->d_name, "v%d", &version) == 1 && version != SHUNT_ABI_VERSION)
			other = version;
	if (d)
		closedir(d);
	return other;
}

static int fill_dir(const char *dir, const int fds[LOAD_MAPS], int rodata_fd)
{
	int err = make_dir(dir) ?: pin_at(dir, RODATA, rodata_fd);

	for (int m = 0; m < LOAD_MAPS && !err; m++)
		err = pin_at(dir, load_map_names[m], fds[m]);
	return err;
}

/* bpffs exchanges names since Linux 5.16; before that there is a moment with neither. */
static int swap_dirs(const char *next, const char *dir, const char *old)
{
	if (!rename(next, dir))
		return 0;
	if (!renameat2(AT_FDCWD, next, AT_FDCWD, dir, RENAME_EXCHANGE))
		return path_remove_dir(next);
	if (errno != EINVAL)
		return -errno;
	if (rename(dir, old) || rename(next, dir))
		return -errno;
	return path_remove_dir(old);
}

int pin_replace_maps(const char *pin_dir, const int fds[LOAD_MAPS], int rodata_fd)
{
	char dir[PATH_MAX], next[PATH_MAX], old[PATH_MAX];
	int err = set_dir(dir, pin_dir, "") ?: set_dir(next, pin_dir, "-next")
		  ?: set_dir(old, pin_dir, "-old");

	return err ?: path_remove_dir(next) ?: path_remove_dir(old) ?: fill_dir(next, fds, rodata_fd)
		   ?: swap_dirs(next, dir, old);
}

int pin_replace_rodata(const char *pin_dir, int rodata_fd)
{
	char dir[PATH_MAX];

	return set_dir(dir, pin_dir, "") ?: replace_at(dir, RODATA, rodata_fd);
}

static int program_path(const char *pin_dir, int ifindex, char dir[PATH_MAX], char name[16])
{
	snprintf(name, 16, "%d", ifindex);
	return path_format(dir, "%s/attached", pin_dir);
}

int pin_open_program(const char *pin_dir, int ifindex)
{
	char dir[PATH_MAX], name[16];

	return program_path(pin_dir, ifindex, dir, name) ?: open_at(dir, name);
}

int pin_replace_program(const char *pin_dir, int ifindex, int fd)
{
	char dir[PATH_MAX], name[16];

	return program_path(pin_dir, ifindex, dir, name) ?: make_dir(pin_dir) ?: make_dir(dir)
	       ?: replace_at(dir, name, fd);
}

void pin_remove_program(const char *pin_dir, int ifindex)
{
	char dir[PATH_MAX], name[16], path[PATH_MAX];

	if (!program_path(pin_dir, ifindex, dir, name) && !path_format(path, "%s/%s", dir, name))
		unlink(path);
}

int pin_list_programs(const char *pin_dir, int **out, size_t *n)
{
	_cleanup_free_ int *list = NULL;
	char path[PATH_MAX];
	struct dirent *e;
	size_t len = 0;
	DIR *d;

	if (path_format(path, "%s/attached", pin_dir))
		return -ENAMETOOLONG;
	d = opendir(path);
	while (d && (e = readdir(d))) {
		int ifindex = atoi(e->d_name);
		int *next = ifindex > 0 ? array_add(&list, &len) : NULL;

		if (next)
			*next = ifindex;
	}
	if (d)
		closedir(d);
	*out = take_ptr(&list);
	*n = len;
	return 0;
}

static int capture_dir(char dir[PATH_MAX], const char *pin_dir)
{
	return path_format(dir, "%s/capture", pin_dir);
}

int pin_capture(const char *pin_dir, const int fds[LOAD_CAPTURE_MAPS])
{
	char dir[PATH_MAX];
	int err = capture_dir(dir, pin_dir) ?: path_remove_dir(dir) ?: make_dir(dir);

	for (int m = 0; m < LOAD_CAPTURE_MAPS && !err; m++)
		err = pin_at(dir, load_capture_map_names[m], fds[m]);
	return err;
}

int pin_open_capture(const char *pin_dir, int fds[LOAD_CAPTURE_MAPS])
{
	char dir[PATH_MAX];
	int err = capture_dir(dir, pin_dir);

	for (int m = 0; m < LOAD_CAPTURE_MAPS && !err; m++) {
		fds[m] = open_at(dir, load_capture_map_names[m]);
		err = fds[m] < 0 ? fds[m] : 0;
	}
	return err;
}

void pin_remove_capture(const char *pin_dir)
{
	char dir[PATH_MAX];

	if (!capture_dir(dir, pin_dir))
		path_remove_dir(dir);
}

/* Also what a daemon that died in the middle of replacing them has left. */
int pin_remove_maps(const char *pin_dir, int version)
{
	static const char *const suffixes[] = { "", "-next", "-old" };
	char dir[PATH_MAX];
	int err = 0;

	array_for_each (suffix, suffixes, array_len(suffixes))
		err = err ?: version_dir(dir, pin_dir, version, *suffix) ?: path_remove_dir(dir);
	return err;
}

int pin_remove_all(const char *pin_dir)
{
	DIR *d = opendir(pin_dir);
	char path[PATH_MAX];
	int version, err = 0;
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d)) && !err)
		if (!strcmp(e->d_name, "attached") || !strcmp(e->d_name, "capture") ||
		    sscanf(e->d_name, "v%d", &version) == 1)
			err = path_format(path, "%s/%s", pin_dir, e->d_name)
				      ?: path_remove_dir(path);
	closedir(d);
	if (!err && rmdir(pin_dir) && errno != ENOTEMPTY && errno != ENOENT)
		err = -errno;
	return err;
}
