/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may ask what: children with other uids and groups run the CLI against the
 * socket. Only root can become others.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

/* Groups that every Debian has, and a uid that belongs to nobody. */
#define ADMINS "adm"
#define READERS "users"
#define STRANGER 64999

static struct rig r;

static void setup(void)
{
	if (getuid())
		cr_skip("only root can become other users: run as root");
	rig_open(&r, ADMINS, READERS);
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(permission, .init = setup, .fini = teardown);

/* Become a stranger with these groups, by name; NULL for none. */
static void become(const char *group, const char *extra)
{
	gid_t gid = group ? getgrnam(group)->gr_gid : STRANGER;
	gid_t extra_gid = extra ? getgrnam(extra)->gr_gid : 0;

	if (setgroups(extra ? 1 : 0, &extra_gid) || setgid(gid) || setuid(STRANGER))
		_exit(99);
}

/* The CLI's exit code as that user; -1 if what it says is not what it should. */
static int as(const char *group, const char *extra, const char *noun, const char *verb,
	      const char *arg)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		enum ctl_exit code;

		become(group, extra);
		code = rig_run(&r, noun, verb, arg, NULL);
		if (code == CTL_DENIED && !strstr(buf_str(&r.err), "permission denied: "))
			_exit(98);
		_exit(code);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(permission, a_stranger_may_nothing)
{
	cr_assert_eq(as(NULL, NULL, "status", NULL, NULL), CTL_DENIED);
	cr_assert_eq(as(NULL, NULL, "backend", "drain", "web/nginx2"), CTL_DENIED);
	cr_assert_eq(as(NULL, NULL, "backend", "drain", "web/no-such-backend"), CTL_DENIED);
	cr_assert_eq(r.daemon.sets, 0);
}

Test(permission, readers_may_look)
{
	cr_assert_eq(as(READERS, NULL, "status", NULL, NULL), CTL_OK);
	cr_assert_eq(as(READERS, NULL, "show", "config", NULL), CTL_OK);
	cr_assert_eq(as(READERS, NULL, "backend", "drain", "web/nginx2"), CTL_DENIED);
	cr_assert_eq(as(READERS, NULL, "reload", NULL, NULL), CTL_DENIED);
	cr_assert_eq(as(READERS, NULL, "reload", "--dry-run", NULL), CTL_DENIED);
	cr_assert_eq(r.daemon.sets + r.daemon.reloads + r.daemon.dry_runs, 0);
}

Test(permission, admins_may_change)
{
	cr_assert_eq(as(ADMINS, NULL, "status", NULL, NULL), CTL_OK);
	cr_assert_eq(as(ADMINS, NULL, "backend", "drain", "web/nginx2"), CTL_OK);
	cr_assert_eq(as(ADMINS, NULL, "reload", NULL, NULL), CTL_OK);
	cr_assert_eq(r.daemon.sets + r.daemon.reloads, 2);
}

/* What only root may is said by the daemon. */
Test(permission, some_backends_are_roots_to_add)
{
	r.daemon.edit_err = -EPERM;
	cr_assert_eq(as(ADMINS, NULL, "backend", "add", "web/new"), CTL_DENIED);
	cr_assert_eq(rig_run(&r, "backend", "add", "web/new", NULL), CTL_OK);
	cr_assert_str_eq(buf_str(&r.daemon.edit_text), "web/new ");
}

Test(permission, supplementary_groups_count)
{
	cr_assert_eq(as(NULL, READERS, "status", NULL, NULL), CTL_OK);
	cr_assert_eq(as(NULL, READERS, "reload", NULL, NULL), CTL_DENIED);
	cr_assert_eq(as(READERS, ADMINS, "reload", NULL, NULL), CTL_OK);
	cr_assert_eq(as(NULL, "mail", "status", NULL, NULL), CTL_DENIED);
}

/* However many of them come, they take nobody's place. */
Test(permission, strangers_do_not_crowd_out_the_operator)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		become(NULL, NULL);
		for (int i = 0; i < 300; i++)
			rig_connect(&r);
		_exit(rig_run(&r, "status", NULL));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), CTL_DENIED);
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
}

Test(permission, without_groups_the_socket_is_roots)
{
	rig_close(&r);
	rig_open(&r, NULL, NULL);
	cr_assert_eq(as(ADMINS, NULL, "status", NULL, NULL), CTL_DENIED);
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
}
