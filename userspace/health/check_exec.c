/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run a command: 0 passes, and the first line that it prints is the detail.
 *
 * Each runs in a process group of its own, and the group ends with it, at the
 * latest when the time is up. It knows the backend by its environment, sees
 * nothing else of the daemon's, and is whoever the prober is: nobody, and without
 * a way to become more.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "health/check.h"
#include "health/leftover.h"
#include "net/addr.h"

#define SEARCH_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What most programs are used to, whatever the prober may have. */
#define COMMAND_FILES 1024

/* For a killed one to be gone; what takes longer, as a system call that hangs, is left over. */
#define LAST_BREATH_MS 100

#define MAX_READS 16

/* Exit status of a command that could not be run, as shells have it. */
#define NOT_RUN 127

/**
 * struct command - one that runs
 * @pid: 0 once it has been waited for
 * @line: the first one of its output, not yet @ended by a line break
 */
struct command {
	pid_t pid;
	char line[HEALTH_DETAIL];
	size_t len;
	bool ended;
};

/* --- in the child -------------------------------------------------------------- */

enum {
	ENV_PATH,
	ENV_LOCALE,
	ENV_SERVICE,
	ENV_BACKEND,
	ENV_ADDRESS,
	ENV_PORT,
	ENV_END
};

/**
 * struct start - all that execve() needs, made before fork()
 * @argv: points into @request
 */
struct start {
	struct prober_request request;
	char *argv[CONF_MAX_COMMAND + 1];
	char *env[ENV_END + 1];
	char service[PROBER_NAME + 16];
	char backend[PROBER_NAME + 16];
	char address[ADDR_TEXT + 16];
	char port[32];
};

static void fill_start(struct start *s, const struct prober_request *request)
{
	char text[ADDR_TEXT], *word;

	s->request = *request;
	word = s->request.exec.words;
	for (size_t i = 0; i < request->exec.n_words; i++, word += strlen(word) + 1)
		s->argv[i] = word;
	s->argv[request->exec.n_words] = NULL;
	addr_format(&request->addr, text);
	snprintf(s->service, sizeof(s->service), "SHUNT_SERVICE=%s", request->exec.service);
	snprintf(s->backend, sizeof(s->backend), "SHUNT_BACKEND=%s", request->exec.backend);
	snprintf(s->address, sizeof(s->address), "SHUNT_ADDRESS=%s", text);
	snprintf(s->port, sizeof(s->port), "SHUNT_PORT=%u", request->port);
	s->env[ENV_PATH] = (char *)SEARCH_PATH;
	s->env[ENV_LOCALE] = (char *)"LC_ALL=C.UTF-8";
	s->env[ENV_SERVICE] = s->service;
	s->env[ENV_BACKEND] = s->backend;
	s->env[ENV_ADDRESS] = s->address;
	s->env[ENV_PORT] = s->port;
	s->env[ENV_END] = NULL;
}

/* Ignored signals stay ignored over execve(); the prober ignores many. */
static void reset_signals(void)
{
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
}

/* Stdin is /dev/null already. */
static _Noreturn void be_command(const struct start *s, int out_fd, pid_t parent)
{
	static const struct rlimit files = { COMMAND_FILES, COMMAND_FILES };

	reset_signals();
	if (dup2(out_fd, STDOUT_FILENO) < 0 || dup2(out_fd, STDERR_FILENO) < 0)
		_exit(NOT_RUN);
	if (!close_range(STDERR_FILENO + 1, UINT_MAX, 0) && !setpgid(0, 0) &&
	    !prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) && getppid() == parent && !chdir("/") &&
	    !setrlimit(RLIMIT_NOFILE, &files))
		execve(s->argv[0], s->argv, s->env);
	printf("%s: %s\n", s->argv[0], strerror(errno));
	fflush(stdout);
	_exit(NOT_RUN);
}

/* --- in the prober ------------------------------------------------------------- */

static int start(struct command *c, const struct prober_request *request, int out_fd)
{
	_cleanup_free_ struct start *s = malloc(sizeof(*s));
	const pid_t parent = getpid();

	if (!s)
		return -ENOMEM;
	fill_start(s, request);
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return -errno;
	}
	if (!c->pid)
		be_command(s, out_fd, parent);
	/* Here too, so that it is done before the group is ever killed. */
	setpgid(c->pid, c->pid);
	return 0;
}

/* Return: the reading end, which does not block; and the writing end, which does. */
static int open_pipe(int *out_fd)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	*out_fd = pair[1];
	if (!fcntl(pair[0], F_SETFL, O_NONBLOCK))
		return pair[0];
	close(pair[0]);
	return -EIO;
}

static bool open_command(struct probe *p, struct check_result *r)
{
	_cleanup_close_ int out_fd = -1;
	struct command *c;
	int err;

	if (leftovers_have(p->leftovers, &p->request.exec))
		return check_end(r, HEALTH_PROCTOUT_CODE, "an earlier one does not even end");
	c = calloc(1, sizeof(*c));
	p->own = c;
	if (!c)
		return check_fail(r, HEALTH_SOCKERR_CODE, -ENOMEM);
	p->fd = open_pipe(&out_fd);
	err = p->fd < 0 ? p->fd : start(c, &p->request, out_fd);
	if (err)
		return check_fail(r, HEALTH_SOCKERR_CODE, err);
	p->also_fd = syscall(SYS_pidfd_open, c->pid, 0);
	if (p->also_fd < 0)
		return check_fail(r, HEALTH_SOCKERR_CODE, -errno);
	p->connected = true;
	return false;
}

static void note_output(struct command *c, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !c->ended; i++) {
		c->ended = data[i] == '\n';
		if (!c->ended && c->len < sizeof(c->line) - 1)
			c->line[c->len++] = data[i] < ' ' || data[i] > '~' ? '?' : data[i];
	}
}

/*
 * So that no command waits for somebody to read. Bounded: whoever writes on and on
 * has the prober called again by what is written next.
 */
static void drain(struct probe *p)
{
	char data[4096];
	ssize_t n = 1;

	for (int i = 0; i < MAX_READS && n > 0; i++) {
		n = read(p->fd, data, sizeof(data));
		note_output(p->own, data, n > 0 ? n : 0);
	}
}

static bool judge(const struct command *c, const siginfo_t *end, struct check_result *r)
{
	const char *colon = c->len ? ": " : "";

	if (end->si_code != CLD_EXITED)
		return check_end(r, HEALTH_PROCERR_CODE, "signal %d%s%s", end->si_status, colon,
				 c->line);
	if (end->si_status)
		return check_end(r, HEALTH_PROCERR_CODE, "exit %d%s%s", end->si_status, colon,
				 c->line);
	return check_end(r, HEALTH_OK_CODE, "%s", c->len ? c->line : "exit 0");
}

/* And the command itself, which may have joined another group. */
static void kill_group(const struct command *c)
{
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

static bool step(struct probe *p, struct check_result *r)
{
	struct command *c = p->own;
	siginfo_t end = { 0 };

	drain(p);
	if (waitid(P_PID, c->pid, &end, WEXITED | WNOHANG | WNOWAIT) || !end.si_pid)
		return false;
	/* What it wrote last may have come after the look. */
	drain(p);
	/* As long as it has not been waited for, the group's number is nobody else's. */
	kill_group(c);
	waitid(P_PID, c->pid, &end, WEXITED);
	c->pid = 0;
	return judge(c, &end, r);
}

static void overdue(const struct probe *p, struct check_result *r)
{
	const struct command *c = p->own;

	check_end(r, HEALTH_PROCTOUT_CODE, "not done within %u ms%s%s", p->request.timeout_ms,
		  c->len ? ": " : "", c->line);
}

static void close_command(struct probe *p)
{
	struct pollfd gone = { .fd = p->also_fd, .events = POLLIN };
	struct command *c = p->own;

	if (c && c->pid) {
		kill_group(c);
		poll(&gone, 1, LAST_BREATH_MS);
		if (!waitpid(c->pid, NULL, WNOHANG))
			leftovers_add(p->leftovers, c->pid, &p->request.exec);
	}
	if (p->fd >= 0)
		close(p->fd);
	if (p->also_fd >= 0)
		close(p->also_fd);
	free(c);
}

const struct check_ops check_exec = {
	.transport = CHECK_BY_ITSELF,
	.open = open_command,
	.step = step,
	.close = close_command,
	.overdue = overdue,
	.timeout = HEALTH_PROCTOUT_CODE,
};
