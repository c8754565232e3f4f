/* SPDX-License-Identifier: BSD-2-Clause */
/* announce: vrrp_file. What keepalived would read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "announce/announcer.h"
#include "base/array.h"
#include "base/log.h"

static char dir[64], path[96];
static struct announcer *a;
static struct announce_addr list[2];
static struct announce wanted = { .list = list, .n = 2 };

static struct conf_ha ha_of(const char *file)
{
	return (struct conf_ha){ .announce = CONF_ANNOUNCE_VRRP_FILE, .vrrp_file = file };
}

static void setup(void)
{
	struct conf_ha ha;

	snprintf(dir, sizeof(dir), P_tmpdir "/shunt-vrrp.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/unfit", dir);
	ha = ha_of(path);
	log_level_set(LOG_LEVEL_ERROR);
	cr_assert_eq(announcer_open(&ha, &a), 0);
	list[0].addr.b[15] = 1;
	list[1].addr.b[15] = 2;
	list[0].state = list[1].state = ANNOUNCE_ANNOUNCED;
}

static void teardown(void)
{
	announcer_close(a);
	unlink(path);
	rmdir(dir);
}

TestSuite(vrrp_file, .init = setup, .fini = teardown);

static const char *content(void)
{
	static char text[16];
	FILE *f = fopen(path, "r");
	size_t len = 0;

	if (f) {
		len = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[len] = '\0';
	return f ? text : "none";
}

static void write_content(const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect(enum announce_state first, const char *text)
{
	list[0].state = first;
	cr_expect_eq(announcer_follow(a, &wanted), 0);
	cr_expect_str_eq(content(), text);
	cr_expect_not(announcer_is_behind(a));
	cr_expect_eq(announcer_has(a, &list[0].addr), *text == '0');
}

Test(vrrp_file, fit_and_unfit)
{
	cr_expect_eq(announcer_fd(a), -1);
	cr_expect_not(announcer_is_by_address(a));
	cr_expect_str_eq(content(), "none", "nothing is said before something is known");
	expect(ANNOUNCE_ANNOUNCED, "0\n");
	expect(ANNOUNCE_WITHDRAWN, "1\n");
	expect(ANNOUNCE_ANNOUNCED, "0\n");
	expect(ANNOUNCE_DRAINED, "1\n");
	wanted.n = 0;
	expect(ANNOUNCE_ANNOUNCED, "1\n");
}

Test(vrrp_file, waiting_changes_nothing)
{
	expect(ANNOUNCE_WAITING, "1\n");
	expect(ANNOUNCE_ANNOUNCED, "0\n");
	expect(ANNOUNCE_WAITING, "0\n");
}

Test(vrrp_file, what_somebody_else_wrote)
{
	static const char *const texts[] = { "", "1\n", "0", "7\n", "00\n", "0\n\n" };

	expect(ANNOUNCE_ANNOUNCED, "0\n");
	array_for_each (text, texts, array_len(texts)) {
		write_content(*text);
		cr_expect(announcer_is_behind(a), "\"%s\"", *text);
		expect(ANNOUNCE_ANNOUNCED, "0\n");
	}
	unlink(path);
	cr_expect(announcer_is_behind(a));
	expect(ANNOUNCE_WAITING, "1\n");
}

Test(vrrp_file, replaced_in_one_step)
{
	struct stat before, after;
	char next[128];

	expect(ANNOUNCE_ANNOUNCED, "0\n");
	cr_assert_eq(stat(path, &before), 0);
	expect(ANNOUNCE_WITHDRAWN, "1\n");
	cr_assert_eq(stat(path, &after), 0);
	cr_expect_neq(before.st_ino, after.st_ino);
	cr_expect_eq(after.st_mode & 0777, 0644);
	snprintf(next, sizeof(next), "%s.next", path);
	cr_expect_neq(access(next, F_OK), 0);
}

Test(vrrp_file, cannot_be_written)
{
	const struct conf_ha ha = ha_of("/nonexistent/unfit");

	announcer_close(a);
	cr_assert_eq(announcer_open(&ha, &a), 0);
	cr_expect_eq(announcer_follow(a, &wanted), -ENOENT);
	cr_expect(announcer_is_behind(a));
	cr_expect_not(announcer_has(a, &list[0].addr));
	cr_expect(announcer_is_for(a, &ha));
}
