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
#include "base/log.h"

/* Descriptors of a loop, and of what it talks to; not of maps, programs and files. */
static bool is_of_loop(const char *target)
{
	static const char *const kinds[] = { "socket:", "pipe:", "anon_inode:[eventpoll]",
					     "anon_inode:[timerfd]", "anon_inode:[signalfd]" };

	array_for_each (kind, kinds, array_len(kinds))
		if (!strncmp(target, *kind, strlen(*kind)))
			return true;
	return false;
}

static void let_go(int keep)
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
		if (fd <= STDERR_FILENO || fd == keep || len < 0)
			continue;
		target[len] = '\0';
		if (is_of_loop(target))
			close(fd);
	}
	if (d)
		closedir(d);
}

/* Of the copy: signals mean what they usually do, and the daemon's end is its own. */
static void become_copy(pid_t daemon, int keep)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != daemon)
		_exit(EXIT_FAILURE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	let_go(keep);
}

static void write_all(int fd, const struct buf *text)
{
	size_t done = 0;

	while (done < text->len) {
		const ssize_t n = write(fd, text->data + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return;
		done += n > 0 ? n : 0;
	}
}

int apart_begin(struct apart *a, const struct ctl_ops *ops, void *app, const struct peer *peer,
		const struct buf *line)
{
	const pid_t self = getpid();
	struct buf answer = { 0 };
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		become_copy(self, ends[1]);
		request_answer(ops, app, peer, line, &answer);
		write_all(ends[1], &answer);
		_exit(EXIT_SUCCESS);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -EAGAIN;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*a = (struct apart){ .pid = pid, .fd = ends[0] };
	return 0;
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
