/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void redirect(void)
{
	unsetenv("JOURNAL_STREAM");
	cr_redirect_stderr();
}

TestSuite(log, .init = redirect);

static void expect_stderr(const char *expected)
{
	fflush(stderr);
	cr_expect_stderr_eq_str(expected);
}

Test(log, lines_start_with_their_level)
{
	log_level_set(LOG_LEVEL_DEBUG);
	log_error("disk %d", 1);
	log_warn("slow");
	log_info("ready");
	log_debug("step");
	expect_stderr("error: disk 1\nwarning: slow\nready\ndebug: step\n");
}

Test(log, lines_for_the_journal_start_with_a_priority)
{
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_level_set(LOG_LEVEL_DEBUG);
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	expect_stderr("<3>a\n<4>b\n<6>c\n<7>d\n");
}

Test(log, less_important_lines_are_left_out)
{
	log_level_set(LOG_LEVEL_WARN);
	cr_expect_eq(log_level_get(), LOG_LEVEL_WARN);
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	expect_stderr("error: a\nwarning: b\n");
}

Test(log, debug_is_off_unless_asked_for)
{
	log_info("a");
	log_debug("b");
	expect_stderr("a\n");
}

Test(log, errors_say_why_and_are_handed_on)
{
	cr_expect_eq(log_err(-ENOENT, "open %s", "x"), -ENOENT);
	cr_expect_eq(log_err(0, "odd"), -EINVAL);
	expect_stderr("error: open x: No such file or directory\nerror: odd\n");
}

/* Whatever its length, a line ends, and the next one starts. */
Test(log, long_lines_are_cut)
{
	char text[5000], expected[4096], line[1024];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	cr_expect_eq(log_err(-EPERM, "%s", text), -EPERM);
	log_info("%s", text);
	log_info("next");
	snprintf(expected, sizeof(expected), "error: %.895s: Operation not permitted\n%s\nnext\n",
		 text, line);
	expect_stderr(expected);
}
