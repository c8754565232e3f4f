/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are there, or not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "conf/conf.h"
#include "full.h"

#define TOO_LARGE ((16 << 20) + 1)

/* A file of our own that holds @len bytes of @text, then zeroes up to @size. */
static char *make_file(const char *text, size_t len, off_t size)
{
	static const char template[] = "/tmp/shunt-test-conf-XXXXXX";
	char *path = strdup(template);
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	cr_assert_eq(ftruncate(fd, size), 0);
	close(fd);
	return path;
}

static void expect_unreadable(const char *path, int err, const char *reason)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;
	char expected[PATH_MAX + 128];

	cr_expect_eq(conf_load(path, &said, &conf), err);
	cr_expect_null(conf);
	snprintf(expected, sizeof(expected), "%s: error: cannot read: %s\n", path, reason);
	cr_expect_str_eq(buf_str(&said), expected);
}

Test(load, good_file)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_free_ char *path = make_file(full_text, strlen(full_text), strlen(full_text));

	cr_expect_eq(conf_load(path, &said, &conf), 0);
	cr_expect_str_empty(buf_str(&said));
	cr_assert_not_null(conf);
	cr_expect_str_eq(conf->path, path);
	cr_expect_eq(conf->n_services, 4);
	unlink(path);
}

Test(load, missing_file)
{
	expect_unreadable("/nonexistent/shunt.yaml", -ENOENT, "No such file or directory");
}

Test(load, folder)
{
	expect_unreadable("/tmp", -EISDIR, "Is a directory");
}

Test(load, file_that_is_too_large)
{
	_cleanup_free_ char *path = make_file("version: 1\n", 11, TOO_LARGE);

	expect_unreadable(path, -EFBIG, "larger than 16 MiB");
	unlink(path);
}

Test(load, file_of_zeroes)
{
	_cleanup_free_ char *path = make_file("", 0, 3);
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;

	cr_expect_eq(conf_load(path, &said, &conf), -EINVAL);
	cr_expect_not_null(strstr(buf_str(&said), ":1:1: error: a control character is not allowed "
						  "here\n???\n^\n"));
	unlink(path);
}

Test(load, empty_file)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;

	cr_expect_eq(conf_load("/dev/null", &said, &conf), -EINVAL);
	cr_expect_str_eq(buf_str(&said), "/dev/null:1:1: error: nothing is configured here\n");
}

Test(load, what_is_said_is_appended)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;

	buf_puts(&said, "before\n");
	cr_expect_eq(conf_parse("x", "", 0, &said, &conf), -EINVAL);
	cr_expect_str_eq(buf_str(&said), "before\nx:1:1: error: nothing is configured here\n");
}

/*
 * The text lies in memory of just its size, so that a sanitizer sees a step
 * beyond.
 */
Test(load, every_truncation)
{
	for (size_t len = 0; len < strlen(full_text); len++) {
		_cleanup_(buf_free) struct buf said = { 0 };
		_cleanup_(conf_freep) struct conf *conf = NULL;
		_cleanup_free_ char *cut = malloc(len + !len);
		int err;

		memcpy(cut, full_text, len);
		err = conf_parse("cut", cut, len, &said, &conf);
		cr_assert_eq(!err, conf != NULL, "at %zu", len);
		cr_assert(!err || strstr(buf_str(&said), ": error: "), "at %zu", len);
		/*
		 * Where the text was cut inside brackets, it is not said what
		 * may follow.
		 */
		cr_assert(!strstr(buf_str(&said), "not valid YAML") ||
				  !strstr(buf_str(&said), "is missing"),
			  "at %zu: %s", len, buf_str(&said));
	}
}

/* Every byte in turn is every kind of trouble. */
Test(load, every_damage)
{
	static const char damage[] = "\0\t\n\r \"#&'*,:[]{|}~!\x7f\x80\xc3\xff";
	char text[sizeof(full_text)];

	for (size_t i = 0; i < sizeof(full_text) - 1; i++) {
		_cleanup_(buf_free) struct buf said = { 0 };
		_cleanup_(conf_freep) struct conf *conf = NULL;
		int err;

		memcpy(text, full_text, sizeof(text));
		text[i] = damage[i % (sizeof(damage) - 1)];
		err = conf_parse("bad", text, sizeof(text) - 1, &said, &conf);
		cr_assert_eq(!err, conf != NULL, "at %zu", i);
		cr_assert(!err || strstr(buf_str(&said), ": error: "), "at %zu", i);
	}
}
