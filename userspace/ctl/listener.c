/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* The directory of the socket, readable for all whatever the umask is. */
static int make_directory(const char *path)
{
	_cleanup_free_ char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!dir)
		return -ENOMEM;
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	if (mkdir(dir, 0755))
		return errno == EEXIST ? 0 : log_err(-errno, "make directory %s", dir);
	return chmod(dir, 0755) ? log_err(-errno, "chmod %s", dir) : 0;
}

/*
 * Remove what a daemon that died left behind. Only a socket that nobody listens
 * on is that; anything else in this place is somebody's.
 */
static int clear_stale(const struct sockaddr_un *addr)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : log_err(-errno, "%s", addr->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return log_err(-EEXIST, "%s is not a socket", addr->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return log_err(-errno, "control socket");
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) || errno != ECONNREFUSED)
		return log_err(-EADDRINUSE, "another shuntd is answering on %s", addr->sun_path);
	return unlink(addr->sun_path) ? log_err(-errno, "remove %s", addr->sun_path) : 0;
}

/* Who may ask is not told for a moment that they may not. */
static int bind_with_mode(const struct listener *l, mode_t mode)
{
	const mode_t mask = umask(0777 & ~mode);
	const int err = bind(l->fd, (const struct sockaddr *)&l->addr, sizeof(l->addr));

	umask(mask);
	return err;
}

static int listen_at(struct listener *l, mode_t mode, int backlog)
{
	const char *path = l->addr.sun_path;

	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return log_err(-errno, "control socket");
	if (bind_with_mode(l, mode))
		return log_err(-errno, "bind %s", path);
	/* A default ACL goes before the mask; until listen() nobody gets in. */
	if (lstat(path, &l->made) || chmod(path, mode) || listen(l->fd, backlog))
		return log_err(-errno, "listen on %s", path);
	return 0;
}

int listener_open(struct listener *l, const char *path, mode_t mode, int backlog)
{
	*l = (struct listener){ .addr.sun_family = AF_UNIX, .fd = -1 };
	if (strlen(path) >= sizeof(l->addr.sun_path))
		return log_err(-ENAMETOOLONG, "control socket %s", path);
	strcpy(l->addr.sun_path, path);
	return make_directory(path) ?: clear_stale(&l->addr) ?: listen_at(l, mode, backlog);
}

/* Another daemon may have taken the place of ours meanwhile. */
static void remove_socket(const struct listener *l)
{
	struct stat st;

	if (l->made.st_ino && !lstat(l->addr.sun_path, &st) && st.st_ino == l->made.st_ino &&
	    st.st_dev == l->made.st_dev)
		unlink(l->addr.sun_path);
}

void listener_close(struct listener *l)
{
	remove_socket(l);
	cleanup_closep(&l->fd);
	l->fd = -1;
}
