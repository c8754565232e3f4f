/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "health/prober_jail.h"
#include "health/prober_link.h"
#include "health/prober_rights.h"

#define WARN_EVERY_MS 10000

/* For a prober that has commands to end first. */
#define PARTING_MS 500

void prober_link_warn(struct prober_link *l, uint64_t now_ms, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (now_ms < l->warn_after_ms) {
		l->n_quiet++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (l->n_quiet)
		log_warn("%s (and %llu times more)", text, (unsigned long long)l->n_quiet);
	else
		log_warn("%s", text);
	l->warn_after_ms = now_ms + WARN_EVERY_MS;
	l->n_quiet = 0;
}

/* Become this program again; what it is asked to be stands in argv[0]. */
static int become(enum prober_trade trade)
{
	char *argv[] = { (char *)prober_trade_name(trade), NULL };

	execv("/proc/self/exe", argv);
	return log_err(-errno, "start %s", argv[0]);
}

/* In the child: stdin and stdout are nobody's business, stderr is the log. */
static int place_files(int socket_fd)
{
	int null_fd;

	if (socket_fd == PROBER_SOCKET_FD) {
		if (fcntl(socket_fd, F_SETFD, 0))
			return -errno;
	} else if (dup2(socket_fd, PROBER_SOCKET_FD) < 0) {
		return -errno;
	}
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0)
		return -errno;
	return close_range(PROBER_SOCKET_FD + 1, UINT_MAX, 0) ? -errno : 0;
}

static _Noreturn void be_child(const struct prober_link *l, int socket_fd)
{
	int err = place_files(socket_fd);

	if (err)
		log_err(err, "hand %s its descriptors", prober_trade_name(l->trade));
	else
		err = l->run ? l->run(PROBER_SOCKET_FD) : become(l->trade);
	_exit(err < 0 ? EXIT_FAILURE : err);
}

void prober_link_init(struct prober_link *l, enum prober_trade trade, int epoll_fd)
{
	*l = (struct prober_link){
		.trade = trade,
		.epoll_fd = epoll_fd,
		.pid = -1,
		.socket_fd = -1,
		.parting_pid = -1,
		.parting_fd = -1,
		.next_serial = 1,
	};
}

static int watch(const struct prober_link *l, int op, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = l->socket_fd };

	return epoll_ctl(l->epoll_fd, op, l->socket_fd, &ev) ? -errno : 0;
}

static int spawn(struct prober_link *l)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	l->pid = fork();
	if (l->pid < 0)
		return -errno;
	if (!l->pid)
		be_child(l, theirs);
	l->socket_fd = take_fd(&ours);
	return 0;
}

int prober_link_start(struct prober_link *l, uint64_t now_ms)
{
	int err;

	l->ended = false;
	l->blocked = false;
	l->started_ms = now_ms;
	l->n_starts++;
	l->heard_ms = now_ms;
	err = spawn(l) ?: watch(l, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP);
	if (err)
		prober_link_stop(l);
	return err ? log_err(err, "start %s", prober_trade_name(l->trade)) : 0;
}

/* --- its end ------------------------------------------------------------------- */

/* Its socket is closed, so it is about to end by itself. It leaves epoll by that, too. */
static void hang_up(struct prober_link *l, uint64_t now_ms)
{
	cleanup_closep(&l->socket_fd);
	l->socket_fd = -1;
	l->parting_pid = l->pid;
	l->parting_until_ms = now_ms;
	l->parting_counts = l->ended;
	l->pid = -1;
	l->ended = false;
}

/* What it has started would be nobody's. */
static void watch_parting(struct prober_link *l, uint64_t now_ms)
{
	struct epoll_event ev = { .events = EPOLLIN };

	l->parting_until_ms = now_ms + PARTING_MS;
	l->parting_fd = syscall(SYS_pidfd_open, l->parting_pid, 0);
	ev.data.fd = l->parting_fd;
	if (l->parting_fd >= 0)
		epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->parting_fd, &ev);
}

void prober_link_part(struct prober_link *l, uint64_t now_ms)
{
	if (l->pid < 0)
		return;
	hang_up(l, now_ms);
	if (l->trade == PROBER_EXEC)
		watch_parting(l, now_ms);
	else
		kill(l->parting_pid, SIGKILL);
}

static bool is_gone(struct prober_link *l, int *status, int options)
{
	pid_t got;

	do
		got = waitpid(l->parting_pid, status, options);
	while (got < 0 && errno == EINTR);
	if (!got)
		return false;
	cleanup_closep(&l->parting_fd);
	l->parting_fd = -1;
	l->parting_pid = -1;
	return true;
}

bool prober_link_see_off(struct prober_link *l, uint64_t now_ms, int *status)
{
	if (l->parting_pid < 0)
		return false;
	/* A killed one is gone in no time. */
	if (is_gone(l, status, l->trade == PROBER_EXEC ? WNOHANG : 0))
		return l->parting_counts;
	if (now_ms >= l->parting_until_ms) {
		kill(l->parting_pid, SIGKILL);
		l->parting_until_ms = now_ms + PARTING_MS;
	}
	return false;
}

void prober_link_stop(struct prober_link *l)
{
	struct pollfd gone = { .events = POLLIN };
	int unused;

	if (l->parting_pid < 0)
		prober_link_part(l, 0);
	if (l->parting_pid < 0)
		return;
	gone.fd = l->parting_fd;
	if (l->parting_fd >= 0)
		poll(&gone, 1, PARTING_MS);
	kill(l->parting_pid, SIGKILL);
	is_gone(l, &unused, 0);
}

bool prober_link_is_up(const struct prober_link *l)
{
	return l->pid > 0 && !l->ended;
}

/* Have epoll tell when the child takes more, or stop that. */
static void set_blocked(struct prober_link *l, bool blocked)
{
	if (l->blocked == blocked)
		return;
	l->blocked = blocked;
	if (watch(l, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP | (blocked ? EPOLLOUT : 0)))
		l->ended = true;
}

static void close_all(const int *fds, size_t n)
{
	array_for_each (fd, fds, n)
		if (*fd >= 0)
			close(*fd);
}

size_t prober_link_send(struct prober_link *l, struct prober_request *const *requests,
			const int *fds, size_t n)
{
	struct mmsghdr msgs[PROBER_BATCH] = { 0 };
	union prober_rights rights[PROBER_BATCH];
	struct iovec iov[PROBER_BATCH];
	int sent;

	assert(n <= PROBER_BATCH);
	for (size_t i = 0; i < n; i++) {
		requests[i]->serial = l->next_serial + i;
		iov[i] = (struct iovec){ requests[i], sizeof(*requests[i]) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		if (fds[i] >= 0)
			prober_rights_put(&msgs[i].msg_hdr, &rights[i], fds[i]);
	}
	sent = sendmmsg(l->socket_fd, msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0) {
		l->ended = errno != EAGAIN && errno != EINTR;
		sent = 0;
	}
	close_all(fds, n);
	l->next_serial += sent;
	for (size_t i = sent; i < n; i++)
		requests[i]->serial = 0;
	set_blocked(l, (size_t)sent < n);
	return sent;
}

int prober_link_hand_over(struct prober_link *l, const void *message, size_t len, int fd)
{
	struct iovec iov = { (void *)message, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union prober_rights rights;
	int err;

	prober_rights_put(&msg, &rights, fd);
	if (sendmsg(l->socket_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		set_blocked(l, false);
		return 0;
	}
	err = errno == EINTR ? -EAGAIN : -errno;
	if (err == -EAGAIN)
		set_blocked(l, true);
	else if (err == -EPIPE || err == -ECONNRESET)
		l->ended = true;
	return err;
}

/*
 * An empty message looks like the end, and the prober sends none: either way
 * nothing more is to be expected of this child. The same goes for descriptors
 * that it might send: without room for them the kernel closes them.
 */
size_t prober_link_receive(struct prober_link *l, struct prober_answer *answers, size_t *n,
			   uint64_t now_ms)
{
	struct mmsghdr msgs[PROBER_BATCH] = { 0 };
	struct iovec iov[PROBER_BATCH];
	int got;

	*n = 0;
	for (size_t i = 0; i < PROBER_BATCH; i++) {
		iov[i] = (struct iovec){ &answers[i], sizeof(answers[i]) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	got = recvmmsg(l->socket_fd, msgs, PROBER_BATCH, MSG_DONTWAIT, NULL);
	if (got < 0) {
		l->ended = errno != EAGAIN && errno != EINTR;
		return 0;
	}
	for (int i = 0; i < got; i++) {
		bool whole = !(msgs[i].msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC));

		if (!msgs[i].msg_len) {
			l->ended = true;
			break;
		}
		if (whole && prober_answer_is_valid(&answers[i], msgs[i].msg_len) &&
		    answers[i].serial < l->next_serial)
			answers[(*n)++] = answers[i];
		else
			prober_link_warn(l, now_ms, "%s sent nonsense: dropped",
					 prober_trade_name(l->trade));
	}
	if (*n)
		l->heard_ms = now_ms;
	return got;
}
