/* SPDX-License-Identifier: BSD-2-Clause */
/* Dumps of what changes meanwhile, in a network namespace of the test. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/netlink.h"

#define ADDRESSES 2000
#define DUMPS 100

static void run(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

/* As many as fill some buffers of a dump, which takes them in several steps. */
static void add_addresses(void)
{
	FILE *batch = popen("ip -batch -", "w");

	cr_assert_not_null(batch);
	for (int i = 0; i < ADDRESSES; i++)
		fprintf(batch, "addr add 10.0.%d.%d/32 dev steady\n", i / 250, i % 250);
	cr_assert_eq(pclose(batch), 0);
}

/* Others come and go, until it is killed. */
static pid_t begin_changes(void)
{
	const pid_t pid = fork();

	cr_assert_geq(pid, 0);
	setpgid(pid, 0);
	if (pid)
		return pid;
	execl("/bin/sh", "sh", "-c",
	      "while :; do echo addr add 10.1.0.1/32 dev restless; "
	      "echo addr del 10.1.0.1/32 dev restless; done | exec ip -batch -",
	      NULL);
	_exit(127);
}

static void count(void *arg, const struct netlink_event *ev)
{
	*(size_t *)arg += ev->kind == NETLINK_ADDR && !ev->gone;
}

/* The kernel dumps one thing at a time for a socket: it is busy until all was read. */
Test(netlink_dump, one_that_is_interrupted_is_read_to_its_end)
{
	struct netlink *nl;
	size_t n = 0, whole = 0;
	pid_t pid;
	int err = 0;

	if (geteuid())
		cr_skip_test("makes a network namespace: run it as root");
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	run("ip link add steady type veth peer name restless");
	add_addresses();
	cr_assert_eq(netlink_open_quiet(&nl), 0);
	pid = begin_changes();
	for (int i = 0; i < DUMPS && (!err || err == -EINTR); i++) {
		err = netlink_dump(nl, NETLINK_ADDR, count, &n);
		whole += !err;
	}
	kill(-pid, SIGTERM);
	waitpid(pid, NULL, 0);
	cr_assert(!err || err == -EINTR, "%d", err);
	n = 0;
	cr_assert_eq(netlink_dump(nl, NETLINK_ADDR, count, &n), 0, "%zu were whole", whole);
	cr_expect_geq(n, ADDRESSES);
	netlink_close(nl);
}
