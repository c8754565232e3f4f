/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of prefixes, on disk: what is taken from them, and what is wrong with others. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf_diff.h"
#include "conf/conf_read.h"
#include "rows.h"

static void expect_rule(const struct conf_prefix_rule *r, const char *name, const char *first)
{
	char text[CONF_PREFIX_TEXT];

	cr_expect_str_eq(r->name, name);
	cr_assert_gt(r->n, 0);
	cr_expect_str_eq(conf_prefix_format(&r->prefixes[0], text), first);
}

struct folder {
	char dir[64];
	char conf[PATH_MAX];
};

static void put_bytes(const struct folder *f, const char *name, const char *bytes, size_t n)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "we");
	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, n, file), n);
}

static void put(const struct folder *f, const char *name, const char *text)
{
	put_bytes(f, name, text, strlen(text));
}

static void folder_make(struct folder *f)
{
	char text[512];

	strcpy(f->dir, "/tmp/shunt-prefixes.XXXXXX");
	cr_assert(mkdtemp(f->dir));
	snprintf(text, sizeof(text),
		 QUIET "firewall: { deny: [{ file: \"%s/*.cidr\" }, 198.18.0.0/15] }\n", f->dir);
	put(f, "t.yaml", text);
	snprintf(f->conf, sizeof(f->conf), "%s/t.yaml", f->dir);
}

static void folder_remove(struct folder *f)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	cr_expect_eq(system(command), 0);
}

#define _cleanup_folder_ _cleanup_(folder_remove)

Test(prefix_files, files_are_read_line_by_line)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf said = { 0 };
	_cleanup_folder_ struct folder f;
	const struct conf_prefix_list *deny;
	char path[PATH_MAX];

	folder_make(&f);
	put(&f, "b.cidr", "10.0.0.0/8");
	put(&f, "a.cidr",
	    "# hosts\r\n\n192.0.2.1\r\n  2001:db8::/32 ; SBL1\n\t192.0.2.0/24#x\n;\n");
	put(&f, "c.other", "nonsense");
	cr_assert_eq(conf_load(f.conf, &said, &conf), 0, "%s", buf_str(&said));
	cr_expect_str_empty(buf_str(&said));
	deny = &conf->firewall.deny;
	cr_assert_eq(deny->n, 3);
	snprintf(path, sizeof(path), "%s/a.cidr", f.dir);
	expect_rule(&deny->rules[0], path, "192.0.2.1/32");
	cr_expect(deny->rules[0].is_file);
	cr_assert_eq(deny->rules[0].n, 3);
	cr_expect_eq(deny->rules[0].prefixes[0].line, 3);
	cr_expect_eq(deny->rules[0].prefixes[1].line, 4);
	cr_expect_eq(deny->rules[0].prefixes[2].line, 5);
	snprintf(path, sizeof(path), "%s/b.cidr", f.dir);
	expect_rule(&deny->rules[1], path, "10.0.0.0/8");
	expect_rule(&deny->rules[2], "198.18.0.0/15", "198.18.0.0/15");
}

Test(prefix_files, mistakes_in_files_are_shown_there)
{
	_cleanup_(buf_free) struct buf said = { 0 }, want = { 0 };
	_cleanup_folder_ struct folder f;
	struct conf *conf = NULL;

	folder_make(&f);
	put(&f, "a.cidr", "192.0.2.1\n 192.0.2.300 # no\n10.0.0.0/8 bad\n192.0.2.1/\x01\n");
	cr_expect_eq(conf_load(f.conf, &said, &conf), -EINVAL);
	buf_printf(
		&want,
		"%s/a.cidr:2:2: error: \"192.0.2.300\" is not a prefix such as 192.0.2.0/24 or "
		"2001:db8::/32\n"
		" 192.0.2.300 # no\n"
		" ^~~~~~~~~~~\n"
		"%s/a.cidr:3:12: error: \"bad\" stands behind a prefix: there is one a line, and "
		"comments begin with #\n"
		"10.0.0.0/8 bad\n"
		"           ^~~\n"
		"%s/a.cidr:4:1: error: \"192.0.2.1/\\x01\" is not a prefix such as 192.0.2.0/24 "
		"or 2001:db8::/32\n"
		"192.0.2.1/?\n"
		"^~~~~~~~~~~\n",
		f.dir, f.dir, f.dir);
	cr_expect_str_eq(buf_str(&said), buf_str(&want), "%s", buf_str(&said));
}

static void expect_refused(const char *bytes, size_t n, const char *want)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	_cleanup_folder_ struct folder f;
	struct conf *conf = NULL;

	folder_make(&f);
	put_bytes(&f, "a.cidr", bytes, n);
	cr_expect_eq(conf_load(f.conf, &said, &conf), -EINVAL, "%s", want);
	cr_expect(strstr(buf_str(&said), want), "no %s: %s", want, buf_str(&said));
	conf_free(conf);
}

/* What is cut off a line that is no prefix may leave one. */
Test(prefix_files, nothing_of_a_line_is_overlooked)
{
	static const char nul[] = "192.0.2.1\n10.0.0.0/8\0.1\n";
	static const char utf16[] = { (char)0xff, (char)0xfe, '1', 0, '0', 0, '.', 0, 0 };
	static const char long_one[] = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/1280\n";
	_cleanup_(buf_free) struct buf huge = { 0 };

	expect_refused(nul, sizeof(nul) - 1,
		       "a.cidr:2:1: error: \"10.0.0.0/8\" has a NUL byte behind it");
	expect_refused(utf16, sizeof(utf16) - 1, "a.cidr:1:1: error: ");
	expect_refused(long_one, sizeof(long_one) - 1, "a.cidr:1:1: error: \"ffff:");
	buf_puts(&huge, "192.0.2.1\n");
	for (int i = 0; i < 1 << 20; i++)
		buf_puts(&huge, "9");
	expect_refused(buf_str(&huge), huge.len, "a.cidr:2:1: error: \"9999");
}

/* As editors of other systems write it. */
Test(prefix_files, a_mark_before_the_text_is_no_part_of_it)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf said = { 0 };
	_cleanup_folder_ struct folder f;
	static const char wrong[] = "\xef\xbb\xbf"
				    "10.0.0.300\r\n";
	static const char again[] = "192.0.2.1\n\xef\xbb\xbf"
				    "192.0.2.2\n";

	folder_make(&f);
	put(&f, "a.cidr",
	    "\xef\xbb\xbf"
	    "192.0.2.1\r\n192.0.2.2\r\n");
	put(&f, "b.cidr", "\xef\xbb\xbf");
	put(&f, "c.cidr", "\xef\xbb\xbf# a comment\n192.0.2.3");
	cr_assert_eq(conf_load(f.conf, &said, &conf), 0, "%s", buf_str(&said));
	cr_expect_eq(conf->firewall.deny.rules[0].n, 2);
	cr_expect_eq(conf->firewall.deny.rules[1].n, 0);
	cr_expect_eq(conf->firewall.deny.rules[2].n, 1);
	expect_refused(wrong, sizeof(wrong) - 1,
		       "error: \"10.0.0.300\" is not a prefix such as 192.0.2.0/24 or "
		       "2001:db8::/32\n?10.0.0.300\n ^~~~~~~~~~\n");
	expect_refused(again, sizeof(again) - 1, "a.cidr:2:1: error: ");
}

/* Of a file that is far too long not all is kept to say so. */
Test(prefix_files, too_many_are_refused)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf text = { 0 }, said = { 0 };
	_cleanup_folder_ struct folder f;

	for (int i = 0; i < CONF_MAX_PREFIXES - 1; i++)
		buf_puts(&text, "::/0\n");
	folder_make(&f);
	put_bytes(&f, "a.cidr", buf_str(&text), text.len);
	cr_expect_eq(conf_load(f.conf, &said, &conf), 0, "%s", buf_str(&said));
	for (int i = 0; i < CONF_MAX_PREFIXES; i++)
		buf_puts(&text, "\n::/0");
	expect_refused(buf_str(&text), text.len,
		       "error: firewall.deny[0]: more than 1048576 prefixes");
}

/* The state file and metrics would be as broken as the name. */
Test(prefix_files, files_have_names_that_can_be_written)
{
	static const char *const names[] = { "\xff.cidr", "a\x01.cidr" };

	array_for_each (name, names, array_len(names)) {
		_cleanup_(buf_free) struct buf said = { 0 };
		_cleanup_folder_ struct folder f;
		struct conf *conf = NULL;

		folder_make(&f);
		put(&f, *name, "192.0.2.1\n");
		cr_expect_eq(conf_load(f.conf, &said, &conf), -EINVAL);
		cr_expect(strstr(buf_str(&said), "the name of the file is no plain UTF-8"), "%s",
			  buf_str(&said));
		conf_free(conf);
	}
}

static void count_change(void *arg, const struct conf_change *c)
{
	cr_expect_str_eq(c->path, "firewall.deny");
	++*(int *)arg;
}

Test(prefix_files, another_file_is_a_difference)
{
	_cleanup_(conf_freep) struct conf *a = NULL, *b = NULL, *c = NULL;
	_cleanup_(buf_free) struct buf said = { 0 };
	_cleanup_folder_ struct folder f;
	int same = 0, other = 0;

	folder_make(&f);
	put(&f, "a.cidr", "192.0.2.1\n");
	cr_assert_eq(conf_load(f.conf, &said, &a), 0);
	put(&f, "a.cidr", "# a comment\n192.0.2.1\n");
	cr_assert_eq(conf_load(f.conf, &said, &b), 0);
	put(&f, "a.cidr", "192.0.2.2\n");
	cr_assert_eq(conf_load(f.conf, &said, &c), 0);
	cr_assert_eq(conf_diff(a, b, count_change, &same), 0);
	cr_assert_eq(conf_diff(a, c, count_change, &other), 0);
	cr_expect_eq(same, 0);
	cr_expect_eq(other, 1);
}

/* Whoever may hand over a config must not get to read files of others by it. */
Test(prefix_files, only_files_that_are_known_are_read_for_strangers)
{
	static const char other[] = QUIET "firewall: { deny: [{ file: /etc/passwd }] }\n";
	struct conf_input in = { "t.yaml", other, sizeof(other) - 1 };
	_cleanup_(conf_freep) struct conf *known = NULL, *again = NULL;
	_cleanup_(buf_free) struct buf said = { 0 };
	_cleanup_folder_ struct folder f;
	struct conf_request r = { .inputs = &in, .n_inputs = 1 };
	struct conf *refused = NULL;

	folder_make(&f);
	put(&f, "a.cidr", "192.0.2.1\n");
	cr_assert_eq(conf_load(f.conf, &said, &known), 0);
	r.files_of = known;
	cr_expect_eq(conf_read(&r, &said, &refused), -EINVAL);
	cr_expect(strstr(buf_str(&said), "only root may let the daemon use other files"));
	cr_expect_not(strstr(buf_str(&said), "root:"), "%s", buf_str(&said));
	in = known->inputs[0];
	cr_expect_eq(conf_read(&r, &said, &again), 0);
	cr_expect_eq(again->firewall.deny.n, 2);
}
