/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/apart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

/*
 * Maps and programs, which the copy works with. What the daemon listens to, talks to and
 * waits for is the daemon's, and so are its locks: they are let go when it is gone, and
 * not when the last of its copies is.
 */
static bool is_of_bpf(const char *target)
{
	static const char *const kinds[] = { "anon_inode:bpf", "anon_inode:btf" };

	array_for_each (kind, kinds, array_len(kinds))
		if (!strncmp(target, *kind, strlen(*kind)))
			return true;
	return false;
}

/* Of all but these, and two. */
static void let_go(int keep, int keep_too)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *entry;
	char path[32], target[64];
	ssize_t len;
	int fd;

	while (d && (entry = readdir(d))) {
		fd = atoi(entry->d_name);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		if (fd <= STDERR_FILENO || fd == keep || fd == keep_too || len < 0)
			continue;
		target[len] = '\0';
		if (!is_of_bpf(target) && fd != dirfd(d))
			close(fd);
	}
	if (d)
		closedir(d);
}

/* Of the copy: signals mean what they usually do, and the daemon's end is its own. */
static void become_copy(pid_t daemon)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != daemon)
		_exit(EXIT_FAILURE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the copy, 0 and @fd to speak by; in the daemon, 1; or a negative errno. */
static int split(struct apart *a, int *fd)
{
	const pid_t self = getpid();
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		become_copy(self);
		*fd = ends[1];
		return 0;
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -EAGAIN;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*a = (struct apart){ .pid = pid, .fd = ends[0] };
	return 1;
}

int apart_begin(struct apart *a, const struct ctl_ops *ops, void *app, const struct peer *peer,
		const struct buf *line)
{
	struct buf answer = { 0 };
	int fd, which = split(a, &fd);

	if (which)
		return which < 0 ? which : 0;
	let_go(fd, -1);
	request_answer(ops, app, peer, line, &answer);
	fd_write_all(fd, answer.data, answer.len);
	_exit(EXIT_SUCCESS);
}

int apart_begin_capture(struct apart *a, int ring_fd, int out_fd)
{
	int fd, which = split(a, &fd);

	if (which)
		return which < 0 ? which : 0;
	let_go(fd, out_fd);
	capture_copy(ring_fd, out_fd, APART_CAPTURE_S);
	_exit(EXIT_SUCCESS);
}

bool apart_read(struct apart *a)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(a->fd, chunk, sizeof(chunk))) > 0)
		buf_add(&a->said, chunk, n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

void apart_end(struct apart *a)
{
	if (!a->pid)
		return;
	kill(a->pid, SIGKILL);
	while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(a->fd);
	buf_free(&a->said);
	*a = (struct apart){ .fd = -1 };
}
