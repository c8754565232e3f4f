/* SPDX-License-Identifier: BSD-2-Clause */
/* Configs and backends that come over the socket, and what comes in place of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "rig.h"

static struct rig r;

static void open_rig(void)
{
	rig_open(&r, NULL, NULL);
}

static void close_rig(void)
{
	rig_close(&r);
}

TestSuite(handover, .init = open_rig, .fini = close_rig, .timeout = 20);

static const char text[] =
	"version: 1\n"
	"interfaces: { eth0: }\n"
	"services: { web: { vip: 192.0.2.80, ports: 80/tcp, backends: [{ name: a, "
	"address: 192.0.2.11 }] } }\n";

static void write_file(char path[128])
{
	FILE *f;

	snprintf(path, 128, "%s/new.yaml", r.dir);
	f = fopen(path, "we");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

Test(handover, a_config_arrives_as_it_is)
{
	char path[128];

	write_file(path);
	cr_assert_eq(rig_run(&r, "config", "apply", path, "--confirm", "2m", NULL), CTL_OK, "%s",
		     buf_str(&r.err));
	cr_expect_str_eq(buf_str(&r.daemon.config_text), text);
	cr_expect_str_eq(r.daemon.config_name, path);
	cr_expect_eq(r.daemon.confirm_s, 120);
	cr_expect_str_eq(
		buf_str(&r.out),
		"it runs; the former config returns in 120s, unless `shunt config confirm` "
		"comes first\n");
	cr_assert_eq(rig_run(&r, "config", "diff", path, NULL), CTL_OK);
	cr_expect_str_eq(buf_str(&r.out), "~ services.web.forward: direct -> none (when the daemon "
					  "is started again)\n+ services.new\n");
	cr_assert_eq(rig_run(&r, "config", "diff", NULL), CTL_OK);
	cr_expect_str_eq(r.daemon.config_name, "");
	unlink(path);
}

Test(handover, answers_of_the_daemon)
{
	static const struct {
		int err;
		enum ctl_exit code;
	} rows[] = {
		{ -EINVAL, CTL_USAGE },
		{ -EPERM, CTL_DENIED },
		{ -EIO, CTL_FAILED },
	};
	char path[128];

	write_file(path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r.daemon.config_err = rows[i].err;
		cr_expect_eq(rig_run(&r, "config", "apply", path, NULL), rows[i].code);
		cr_expect_eq(rig_run(&r, "config", "diff", path, NULL), rows[i].code);
	}
	r.daemon.config_err = -ENOENT;
	cr_expect_eq(rig_run(&r, "config", "confirm", NULL), CTL_NOT_FOUND);
	cr_expect_str_eq(buf_str(&r.err), "no config waits to be confirmed\n");
	r.daemon.config_err = -EEXIST;
	cr_expect_eq(rig_run(&r, "config", "confirm", NULL), CTL_FAILED);
	cr_expect_str_eq(buf_str(&r.err), "somebody has changed it\n");
	cr_expect_eq(rig_run(&r, "config", "confirm", "--force", NULL), CTL_OK);
	unlink(path);
}

Test(handover, wrong_usage)
{
	static const char *const times[] = { "0s",  "60",    "s",     "-1s",
					     "61m", "4000s", "999ms", "99999999999s" };
	char path[128];

	write_file(path);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		cr_expect_eq(rig_run(&r, "config", "apply", path, "--confirm", times[i], NULL),
			     CTL_USAGE, "%s", times[i]);
	unlink(path);
	cr_expect_eq(rig_run(&r, "config", "apply", path, NULL), CTL_USAGE);
	cr_expect_not_null(strstr(buf_str(&r.err), "No such file"));
	cr_expect_eq(r.daemon.config_text.len, 0);
}

/* --- in bytes ----------------------------------------------------------------- */

/* A request with a descriptor. */
static void send_with_fd(int fd, const char *line, int passed)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (char *)line, .iov_len = strlen(line) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &passed, sizeof(passed));
	cr_assert_eq(sendmsg(fd, &msg, 0), (ssize_t)strlen(line));
}

static int memory_file(const char *content, int seals)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	cr_assert_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

#define SEALED (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)
#define APPLY(files)                                                                               \
	"{\"schema\":1,\"command\":\"config apply\",\"args\":[\"f\"],\"files\":" files "}\n"

static void expect_refused(const char *line, int passed)
{
	_cleanup_(buf_free) struct buf answer = { 0 };
	int fd = rig_connect(&r);

	if (passed >= 0)
		send_with_fd(fd, line, passed);
	else
		rig_send(fd, line);
	cr_assert(rig_receive(fd, &answer));
	cr_expect_not_null(strstr(buf_str(&answer), "\"ok\":false,\"exit\":2"), "%s: %s", line,
			   buf_str(&answer));
	cr_expect_eq(r.daemon.config_text.len, 0);
	close(fd);
	if (passed >= 0)
		close(passed);
}

/* A pipe would be waited for, and what is not sealed changes while it is read. */
Test(handover, only_sealed_memory_is_read)
{
	int pipes[2];

	cr_assert_eq(pipe(pipes), 0);
	expect_refused(APPLY("[[\"a\",3]]"), pipes[0]);
	close(pipes[1]);
	expect_refused(APPLY("[[\"a\",3]]"), open("/dev/zero", O_RDONLY | O_CLOEXEC));
	expect_refused(APPLY("[[\"a\",3]]"), memory_file("abc", 0));
	expect_refused(APPLY("[[\"a\",3]]"), memory_file("abc", F_SEAL_WRITE | F_SEAL_SHRINK));
	expect_refused(APPLY("[[\"a\",3]]"), -1);
}

Test(handover, lengths_that_are_wrong)
{
	static const char *const lines[] = {
		APPLY("[[\"a\",4]]"),
		APPLY("[[\"a\",2]]"),
		APPLY("[[\"a\",-1],[\"b\",4]]"),
		APPLY("[[\"a\",99999999999]]"),
		APPLY("[[\"a\",9223372036854775807],[\"b\",9223372036854775807]]"),
		APPLY("[[3,\"a\"]]"),
		APPLY("[3]"),
		APPLY("[]"),
		APPLY("{}"),
		APPLY("7"),
		APPLY("null"),
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_refused(lines[i], memory_file("abc", SEALED));
}

/* --- backends ------------------------------------------------------------------ */

Test(handover, backend_add_and_del)
{
	cr_assert_eq(rig_run(&r, "backend", "add", "web/new", "address=192.0.2.99", "weight=\"5\\",
			     NULL),
		     CTL_OK, "%s", buf_str(&r.err));
	cr_expect_str_eq(
		buf_str(&r.daemon.edit_text),
		"web/new { name: \"new\", address: \"192.0.2.99\", weight: \"\\\"5\\\\\" }");
	cr_expect_str_eq(buf_str(&r.out), "web/new: added\n");
	cr_expect_eq(rig_run(&r, "backend", "add", "web/new", "nonsense", NULL), CTL_USAGE);
	cr_expect_eq(rig_run(&r, "backend", "add", "web/new", "a b=1", NULL), CTL_USAGE);
	cr_expect_eq(rig_run(&r, "backend", "add", "new", "address=1", NULL), CTL_USAGE);
	cr_expect_eq(rig_run(&r, "backend", "add", "wep/new", "address=1", NULL), CTL_NOT_FOUND);
	cr_expect_eq(rig_run(&r, "backend", "del", "web/none", NULL), CTL_NOT_FOUND);
}
