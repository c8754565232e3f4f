/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths that fit and that do not; folders that go with what is in them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

Test(path, must_fit)
{
	char out[PATH_MAX], name[PATH_MAX];

	cr_assert_eq(path_format(out, "%s/v%d", "/a", 3), 0);
	cr_assert_str_eq(out, "/a/v3");
	memset(name, 'x', sizeof(name));
	name[PATH_MAX - 1] = '\0';
	cr_assert_eq(path_format(out, "%s", name), 0);
	cr_assert_eq(path_format(out, "/%s", name), -ENAMETOOLONG);
}

Test(path, a_folder_goes_with_its_files)
{
	char dir[] = "/tmp/shunt-path-XXXXXX", file[PATH_MAX], inner[PATH_MAX];

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_not(path_is_on_bpffs(dir));
	cr_assert_eq(path_format(file, "%s/file", dir), 0);
	cr_assert_eq(path_format(inner, "%s/inner", dir), 0);
	fclose(fopen(file, "w"));
	cr_assert_eq(mkdir(inner, 0700), 0);
	cr_assert_lt(path_remove_dir(dir), 0, "a folder in it stays");
	cr_assert_neq(access(file, F_OK), 0);
	cr_assert_eq(rmdir(inner), 0);
	cr_assert_eq(path_remove_dir(dir), 0);
	cr_assert_neq(access(dir, F_OK), 0);
	cr_assert_eq(path_remove_dir(dir), 0, "it was not there");
}

Test(path, a_folder_is_synced_by_what_is_in_it)
{
	cr_assert_eq(path_sync_parent("/etc/passwd"), 0);
	cr_assert_eq(path_sync_parent("/etc"), 0);
	cr_assert_eq(path_sync_parent("passwd"), 0);
	cr_assert_eq(path_sync_parent("/nowhere/at/all"), -ENOENT);
}
