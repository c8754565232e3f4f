/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network namespace of its own for one test, with a bpffs of its own: nothing of
 * the host is touched, and all is gone with the test's process.
 */
#ifndef TEST_NS_H
#define TEST_NS_H

#include <criterion/criterion.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#define NS_PIN_DIR "/sys/fs/bpf/shunt"

/* Skips the test if this is not root. */
static inline void ns_enter(void)
{
	if (geteuid())
		cr_skip_test("makes a network namespace and loads BPF programs: run it as root");
	cr_assert_eq(unshare(CLONE_NEWNET | CLONE_NEWNS), 0, "unshare");
	cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0, "private mounts");
	cr_assert_eq(mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL), 0, "bpffs");
}

__attribute__((format(printf, 1, 2))) static inline int ns_try(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

#define ns_run(...) cr_assert_eq(ns_try(__VA_ARGS__), 0)

#endif /* TEST_NS_H */
