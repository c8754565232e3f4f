/* SPDX-License-Identifier: BSD-2-Clause */
/* What the child has given up. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health/prober_echo.h"
#include "health/prober_jail.h"
#include "health/prober_link.h"
#include "world.h"

/* The runner is what /proc/self/exe is here: let it be the prober if so asked. */
__attribute__((constructor)) static void be_prober(int argc, char **argv)
{
	if (argc == 1 && prober_is_asked_for(argv[0]))
		_exit(prober_main_as(argv[0], PROBER_SOCKET_FD));
}

static struct world w;

static void setup(void)
{
	world_init(&w);
}

static void teardown(void)
{
	world_free(&w);
}

TestSuite(prober_jail, .init = setup, .fini = teardown, .timeout = 120);

static void expect_status(int pid, const char *key, const char *want)
{
	char got[256];

	cr_expect_str_eq(status_of(pid, key, got, sizeof(got)), want, "%s: \"%s\", wanted \"%s\"",
			 key, got, want);
}

Test(prober_jail, runs_this_program_again_without_privileges)
{
	static const char *const sets[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" };
	int pid;

	if (geteuid() != 0)
		cr_skip("only root has an identity to give up: run as root");
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_UP);
	pid = health_prober_pid(w.health);
	expect_status(pid, "Name", "shuntd-prober");
	expect_status(pid, "Uid", "65534\t65534\t65534\t65534");
	expect_status(pid, "Gid", "65534\t65534\t65534\t65534");
	expect_status(pid, "Groups", " ");
	for (size_t i = 0; i < 5; i++)
		expect_status(pid, sets[i], "0000000000000000");
	expect_status(pid, "NoNewPrivs", "1");
	expect_status(pid, "SigBlk", "0000000000000000");
#if !defined(__SANITIZE_ADDRESS__)
	expect_status(pid, "Seccomp", "2");
#endif
}

/* What descriptor @fd of @pid is; "" if it is not open. Returns @to. */
static const char *descriptor_of(int pid, int fd, char *to, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = readlink(path, to, size - 1);
	to[n < 0 ? 0 : n] = '\0';
	return to;
}

/* Descriptors that are neither stdio, the control socket nor epoll: those of echo. */
static int count_strangers(int pid, int last, char *to, size_t size)
{
	int n = 0;

	for (int fd = 4; fd <= last; fd++)
		n += *descriptor_of(pid, fd, to, size) && !strstr(to, "eventpoll");
	return n;
}

/* A probe may be under way at one look; what was inherited is there at all of them. */
Test(prober_jail, has_only_the_descriptors_it_needs)
{
	int extra = open("/dev/null", O_RDONLY), pid; /* not close-on-exec */
	char to[64];
	int looks = 0;

	if (geteuid() != 0)
		cr_skip("the child's descriptors are visible to root only: run as root");
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_UP);
	pid = health_prober_pid(w.health);
	for (int fd = 0; fd <= 1; fd++)
		cr_expect_str_eq(descriptor_of(pid, fd, to, sizeof(to)), "/dev/null");
	while (count_strangers(pid, extra + 64, to, sizeof(to)) > ECHO_FAMILIES && looks++ < 100)
		world_turn(&w);
	cr_expect(looks < 100, "there is always one too many");
	close(extra);
}

/* In the child: what a hijacked prober would try. Exits with the failures. */
static int try_to_break_out(int socket_fd)
{
	const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int escaped;

	if (prober_jail_close(socket_fd) || prober_jail_enter(PROBER_NET) ||
	    prober_jail_lock(PROBER_NET))
		return 100;
	escaped = open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
	escaped += socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
	escaped += socket(AF_INET, SOCK_DGRAM, 0) >= 0;
	escaped += socket(AF_INET, flags | SOCK_DGRAM, IPPROTO_ICMP) >= 0;
	escaped += socket(AF_INET, flags | SOCK_RAW, IPPROTO_ICMP) >= 0;
	escaped += socket(AF_PACKET, flags | SOCK_DGRAM, 0) >= 0;
	escaped += fork() >= 0;
	escaped += setuid(0) == 0;
	escaped += kill(getppid(), 0) == 0;
	escaped += execl("/bin/true", "true", NULL) == 0;
	return escaped;
}

Test(prober_jail, cannot_break_out)
{
	int status, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

#if defined(__SANITIZE_ADDRESS__)
	cr_skip("the filter is not built into programs with the address sanitizer");
#endif
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		dup2(fd, PROBER_SOCKET_FD);
		_exit(try_to_break_out(PROBER_SOCKET_FD));
	}
	close(fd);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}
