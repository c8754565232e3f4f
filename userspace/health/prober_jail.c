/* SPDX-License-Identifier: BSD-2-Clause */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "health/health.h"
#include "health/prober_jail.h"

/*
 * The parent may have blocked signals for a signalfd; masks survive exec. What
 * a terminal or the service manager sends to the whole group is for the parent:
 * the prober ends when its socket does.
 */
static int reset_signals(void)
{
	static const int ignored[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE
	};
	sigset_t none;

	sigemptyset(&none);
	array_for_each (sig, ignored, array_len(ignored)) {
		if (signal(*sig, SIG_IGN) == SIG_ERR)
			return -errno;
	}
	return sigprocmask(SIG_SETMASK, &none, NULL) ? -errno : 0;
}

/* The address sanitizer's own calls are many, and its memory more than any limit. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_CONFINED false
#else
#define IS_CONFINED true
#endif

static int limit_data(void)
{
	struct rlimit data;

	if (getrlimit(RLIMIT_DATA, &data))
		return -1;
	if (data.rlim_max > PROBER_MAX_DATA)
		data.rlim_max = PROBER_MAX_DATA;
	data.rlim_cur = data.rlim_max;
	return setrlimit(RLIMIT_DATA, &data);
}

static int limit_resources(enum prober_trade trade)
{
	static const struct rlimit nothing = { 0, 0 };
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	if (files.rlim_max > PROBER_MAX_FILES)
		files.rlim_max = PROBER_MAX_FILES;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) || setrlimit(RLIMIT_CORE, &nothing))
		return -errno;
	if (IS_CONFINED && trade == PROBER_MYSQL && limit_data())
		return -errno;
	/* Commands may write what they like, as far as nobody may. */
	return trade != PROBER_EXEC && setrlimit(RLIMIT_FSIZE, &nothing) ? -errno : 0;
}

static int become_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) || setresgid(PROBER_GID, PROBER_GID, PROBER_GID) ||
	    setresuid(PROBER_UID, PROBER_UID, PROBER_UID))
		return -errno;
	return 0;
}

/*
 * The bounding set can be emptied only with CAP_SETPCAP, which a service unit
 * may well not grant. Nothing is lost then: without the other sets, and with
 * no_new_privs, there is no way to gain what it would bound.
 */
static void empty_bounding_set(void)
{
	capng_clear(CAPNG_SELECT_BOUNDS);
	capng_apply(CAPNG_SELECT_BOUNDS);
}

static int drop_capabilities(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ? -errno : 0;
}

/* Last, because a change of identity clears the death signal. */
static int tie_down(enum prober_trade trade)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ||
	    prctl(PR_SET_NAME, prober_trade_name(trade), 0, 0, 0))
		return -errno;
	return 0;
}

int prober_jail_close(int socket_fd)
{
	if (socket_fd > PROBER_SOCKET_FD || close_range(PROBER_SOCKET_FD + 1, UINT_MAX, 0))
		return log_err(-EBADF, "prober: close what it does not need");
	return 0;
}

int prober_jail_enter(enum prober_trade trade)
{
	int err;

	empty_bounding_set();
	err = reset_signals() ?: limit_resources(trade) ?: become_nobody() ?: drop_capabilities() ?:
	      tie_down(trade);
	return err ? log_err(err, "prober: give up privileges") : 0;
}

/* What the memory allocator, the clock and an orderly end need; and the loop. */
static const int plain_calls[] = {
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid), /* OpenSSL: has there been a fork() since the last random number? */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(connect),
	SCMP_SYS(close),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvmmsg),
};

/* A call with such arguments only. */
struct narrow_call {
	int call;
	unsigned int n;
	struct scmp_arg_cmp arg[3];
};

#define SOCKET_RULE(family, type, proto)                                                           \
	{                                                                                          \
		SCMP_SYS(socket), 3,                                                               \
		{                                                                                  \
			{ 0, SCMP_CMP_EQ, family, 0 }, { 1, SCMP_CMP_EQ, type, 0 },                \
				{ 2, SCMP_CMP_EQ, proto, 0 },                                      \
		}                                                                                  \
	}

#define SOCKOPT_RULE(call, level, option)                                                          \
	{                                                                                          \
		SCMP_SYS(call), 2,                                                                 \
		{                                                                                  \
			{ 1, SCMP_CMP_EQ, level, 0 }, { 2, SCMP_CMP_EQ, option, 0 },               \
		}                                                                                  \
	}

static const struct narrow_call narrow_calls[] = {
	SOCKOPT_RULE(getsockopt, SOL_SOCKET, SO_ERROR),
	{ SCMP_SYS(mmap), 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } } },
	{ SCMP_SYS(write), 1, { { 0, SCMP_CMP_EQ, STDERR_FILENO, 0 } } },
};

#define SOCKET_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

/* A socket of no protocol but the usual one. Raw ones were opened before, for echo. */
static const struct narrow_call net_calls[] = {
	SOCKET_RULE(AF_INET, SOCK_STREAM | SOCKET_FLAGS, 0),
	SOCKET_RULE(AF_INET6, SOCK_STREAM | SOCKET_FLAGS, 0),
	SOCKET_RULE(AF_INET, SOCK_DGRAM | SOCKET_FLAGS, 0),
	SOCKET_RULE(AF_INET6, SOCK_DGRAM | SOCKET_FLAGS, 0),
	SOCKOPT_RULE(setsockopt, SOL_SOCKET, SO_LINGER),
	SOCKOPT_RULE(setsockopt, IPPROTO_TCP, TCP_QUICKACK),
};

/* The first is our own; the others as libmariadb calls them. */
static const struct narrow_call mysql_calls[] = {
	SOCKOPT_RULE(setsockopt, SOL_SOCKET, SO_LINGER),
	SOCKET_RULE(AF_INET, SOCK_STREAM, IPPROTO_TCP),
	SOCKET_RULE(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	SOCKOPT_RULE(setsockopt, SOL_SOCKET, SO_KEEPALIVE),
	SOCKOPT_RULE(setsockopt, SOL_SOCKET, SO_RCVTIMEO),
	SOCKOPT_RULE(setsockopt, SOL_SOCKET, SO_SNDTIMEO),
	SOCKOPT_RULE(setsockopt, IPPROTO_IP, IP_TOS),
	SOCKOPT_RULE(setsockopt, IPPROTO_TCP, TCP_NODELAY),
	{ SCMP_SYS(fcntl), 1, { { 1, SCMP_CMP_EQ, F_SETFL, 0 } } },
	{ SCMP_SYS(getpid), 0, { { 0 } } },
};

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int add_narrow(scmp_filter_ctx filter, const struct narrow_call *calls, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i].call, calls[i].n,
					     calls[i].arg);
	return err;
}

static int add_rules(scmp_filter_ctx filter, enum prober_trade trade)
{
	int err = add_narrow(filter, narrow_calls, array_len(narrow_calls));

	for (size_t i = 0; i < array_len(plain_calls) && !err; i++)
		err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, plain_calls[i], 0, NULL);
	if (trade == PROBER_MYSQL)
		return err ?: add_narrow(filter, mysql_calls, array_len(mysql_calls));
	return err ?: add_narrow(filter, net_calls, array_len(net_calls));
}

/*
 * What is not allowed gives EPERM instead of death, so that a libc with a new
 * habit costs an error and not every verdict.
 */
int prober_jail_lock(enum prober_trade trade)
{
	_cleanup_(release_filter) scmp_filter_ctx filter = NULL;
	int err;

	if (!IS_CONFINED || trade == PROBER_EXEC)
		return 0;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return log_err(-ENOMEM, "prober: filter of system calls");
	err = add_rules(filter, trade) ?: seccomp_load(filter);
	return err ? log_err(err, "prober: filter of system calls") : 0;
}
