/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that end well, badly, too late, and not at all. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "world.h"

static struct world w;

static void setup(void)
{
	world_init(&w);
}

static void teardown(void)
{
	world_free(&w);
}

TestSuite(probes_exec, .init = setup, .fini = teardown, .timeout = 120);

static struct conf_check *add(const char *command, const char **args, size_t n_args)
{
	struct conf_check *c;

	world_add(&w, w.service.n_backends % 2 ? "::1" : "127.0.0.1", CONF_CHECK_EXEC);
	c = &w.backends[w.service.n_backends - 1].check;
	c->command = command;
	c->args = args;
	c->n_args = n_args;
	return c;
}

/* @args is to have room for two. */
static struct conf_check *add_script(const char *script, const char **args)
{
	args[0] = "-c";
	args[1] = script;
	return add("/bin/sh", args, 2);
}

static void expect(size_t backend, enum health_code code, const char *detail)
{
	const struct health_status *got = world_status(&w, backend);

	cr_expect_eq(got->code, code, "code %s (%s)", health_code_name(got->code), got->detail);
	cr_expect_str_eq(got->detail, detail, "detail: %s", got->detail);
}

Test(probes_exec, tells_its_first_line_or_its_status)
{
	const char *args[4][2];

	add_script("printf 'all \\033[31mwell\\nmore\\n'", args[0]);
	add_script("exit 0", args[1]);
	add_script("echo 3 jobs waiting >&2; exit 3", args[2]);
	add_script("kill -USR1 $$", args[3]);
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_UP);
	world_wait_state(&w, 2, HEALTH_DOWN);
	world_wait_state(&w, 3, HEALTH_DOWN);
	expect(0, HEALTH_OK_CODE, "all ?[31mwell");
	expect(1, HEALTH_OK_CODE, "exit 0");
	expect(2, HEALTH_PROCERR_CODE, "exit 3: 3 jobs waiting");
	expect(3, HEALTH_PROCERR_CODE, "signal 10");
}

Test(probes_exec, cannot_be_run)
{
	add("/nowhere/to/be/found", NULL, 0);
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_DOWN);
	expect(0, HEALTH_PROCERR_CODE, "exit 127: /nowhere/to/be/found: No such file or directory");
}

Test(probes_exec, knows_the_backend_and_nothing_else)
{
	const char *args[3][2];
	char want[128];

	cr_assert_eq(setenv("SECRET", "of the daemon", 1), 0);
	add_script("echo $SHUNT_SERVICE/$SHUNT_BACKEND $SHUNT_ADDRESS $SHUNT_PORT $SECRET",
		   args[0]);
	add_script("echo $SHUNT_SERVICE/$SHUNT_BACKEND $SHUNT_ADDRESS; ! env | grep SECRET",
		   args[1]);
	/* What it was given: 0, 1, 2, and the folder that is being read. */
	add_script("echo $(ls /proc/self/fd)", args[2]);
	world_start(&w, NULL);
	for (size_t i = 0; i < 3; i++)
		world_wait_state(&w, i, HEALTH_UP);
	snprintf(want, sizeof(want), "web/b0 127.0.0.1 %u", w.servers[0].port);
	expect(0, HEALTH_OK_CODE, want);
	expect(1, HEALTH_OK_CODE, "web/b1 ::1");
	expect(2, HEALTH_OK_CODE, "0 1 2 3");
}

Test(probes_exec, is_nobody_for_good)
{
	const char *args[2][2];

	if (geteuid() != 0)
		cr_skip("only root has an identity to give up: run as root");
	add_script("id -u; grep -E 'NoNewPrivs:.1' /proc/self/status", args[0]);
	add_script("grep -E 'Cap(Prm|Eff|Inh|Amb):.*[1-9a-f]' /proc/self/status && exit 1; exit 0",
		   args[1]);
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_UP);
	expect(0, HEALTH_OK_CODE, "65534");
}

/* Return: a process whose command line has @mark, or 0. */
static int find_process(const char *mark)
{
	char line[128], command[256];
	FILE *found;
	int pid = 0;

	/* The brackets keep pgrep from finding the shell that runs it. */
	snprintf(command, sizeof(command), "pgrep -f 'sleep [%c]%s'", *mark, mark + 1);
	found = popen(command, "re");
	cr_assert_not_null(found);
	if (fgets(line, sizeof(line), found))
		pid = atoi(line);
	pclose(found);
	return pid;
}

static int await_process(const char *mark)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;
	int pid;

	while (!(pid = find_process(mark))) {
		cr_assert_lt(clock_now_ms(), end_ms, "nobody starts it");
		world_turn(&w);
	}
	return pid;
}

/* Whoever started it has gone, and turns no more. */
static void await_none(const char *mark)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;

	while (find_process(mark)) {
		cr_assert_lt(clock_now_ms(), end_ms, "a child of the command lives on");
		usleep(5000);
	}
}

Test(probes_exec, what_takes_too_long_ends_with_all_its_children)
{
	const char *args[2][2];

	add_script("echo still at it; trap '' TERM; sleep 86401 & sleep 86401", args[0])
		->timeout_ms = 300;
	/* Nor does what goes on in the background after the command has ended. */
	add_script("sleep 86402 & exit 0", args[1]);
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_DOWN);
	world_wait_state(&w, 1, HEALTH_UP);
	expect(0, HEALTH_PROCTOUT_CODE, "not done within 300 ms: still at it");
	health_free(w.health);
	w.health = NULL;
	await_none("86401");
	await_none("86402");
}

/* It is a group's leader, but may join another one. */
Test(probes_exec, what_has_left_its_group_ends_too)
{
	static const char script[] =
		"setpgrp(0, getpgrp(getppid())) or die; $0 = 'sleep 86404'; sleep 86403";
	const char *args[] = { "-e", script };
	int pid;

	add("/usr/bin/perl", args, 2)->timeout_ms = 300;
	world_start(&w, NULL);
	pid = await_process("86404");
	world_wait_probes(&w, 0, world_status(&w, 0)->results[0] + 3);
	cr_expect(kill(pid, 0), "it lives on, while others have been started");
	expect(0, HEALTH_PROCTOUT_CODE, "not done within 300 ms");
}

Test(probes_exec, one_that_runs_ends_with_the_daemon)
{
	const char *args[2];

	add_script("sleep 86405; true", args);
	world_start(&w, NULL);
	await_process("86405");
	health_free(w.health);
	w.health = NULL;
	await_none("86405");
}

Test(probes_exec, may_print_as_much_as_it_likes)
{
	const char *args[2][2];

	add_script("head -c 3000000 /dev/zero | tr '\\0' x", args[0]);
	add_script("yes", args[1])->timeout_ms = 500;
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_DOWN);
	cr_expect_eq(strspn(world_status(&w, 0)->detail, "x"), HEALTH_DETAIL - 1);
	expect(1, HEALTH_PROCTOUT_CODE, "not done within 500 ms: y");
}

static void await_detail(size_t backend, const char *detail)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;

	while (strcmp(world_status(&w, backend)->detail, detail)) {
		cr_assert_lt(clock_now_ms(), end_ms, "detail: %s",
			     world_status(&w, backend)->detail);
		world_turn(&w);
	}
}

/* As one inside a system call that hangs: it can be killed, but not waited for. */
static int hold(const char *mark)
{
	const int pid = await_process(mark);

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		cr_skip("a command cannot be traced: run with CAP_SYS_PTRACE");
	return pid;
}

/* No other one is started for that backend, and it is waited for in the end. */
Test(probes_exec, one_that_does_not_die_is_the_only_one)
{
	const char *args[] = { "86406" };
	int pid;

	add("/bin/sleep", args, 1)->timeout_ms = 1000;
	add("/bin/true", NULL, 0);
	world_start(&w, NULL);
	pid = hold("86406");
	await_detail(0, "an earlier one does not even end");
	cr_expect_eq(find_process("86406"), 0, "another one is started");
	world_wait_probes(&w, 0, world_status(&w, 0)->results[0] + 3);
	world_wait_state(&w, 1, HEALTH_UP);
	cr_expect_eq(waitpid(pid, NULL, __WALL), pid);
	await_detail(0, "not done within 1000 ms");
	cr_expect(kill(pid, 0), "nobody has waited for it");
}

/* The one that runs commands, a child of ours; 0: there is none. */
static int find_prober(void)
{
	char path[64], name[64];
	FILE *children;
	int pid, found = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	cr_assert_not_null(children);
	while (!found && fscanf(children, "%d", &pid) == 1)
		if (!strcmp(status_of(pid, "Name", name, sizeof(name)), "shuntd-exec"))
			found = pid;
	fclose(children);
	return found;
}

/* One that does not go by itself is ended; who has no use for it does not wait for that. */
Test(probes_exec, its_prober_is_not_waited_for)
{
	uint64_t start_ms, end_ms = clock_now_ms() + WORLD_PATIENCE_MS;
	int pid;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	add("/bin/true", NULL, 0);
	world_start(&w, NULL);
	world_wait_state(&w, 1, HEALTH_UP);
	pid = find_prober();
	cr_assert_gt(pid, 0);
	kill(pid, SIGSTOP);
	w.service.n_backends = 1;
	start_ms = clock_now_ms();
	world_configure(&w);
	cr_expect_lt(clock_now_ms() - start_ms, 400, "it was waited for");
	/* Nor is another one begun beside it. */
	w.service.n_backends = 2;
	world_configure(&w);
	cr_expect(!kill(pid, 0));
	world_wait_state(&w, 1, HEALTH_UP);
	cr_expect(kill(pid, 0), "it is still there");
	cr_expect_neq(find_prober(), 0);
	cr_expect_lt(clock_now_ms(), end_ms);
}

/* Others are checked meanwhile. */
Test(probes_exec, a_slow_one_holds_nobody_up)
{
	const char *args[2];
	uint64_t start_ms = clock_now_ms();

	add_script("sleep 86407", args);
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	add("/bin/true", NULL, 0);
	world_start(&w, NULL);
	world_wait_probes(&w, 1, 5);
	world_wait_probes(&w, 2, 5);
	cr_expect_lt(clock_now_ms() - start_ms, 5000);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UNKNOWN);
}
