/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths, and the flat folders on bpffs in which things are pinned. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <limits.h>
#include <stdbool.h>

/* 0, or -ENAMETOOLONG. */
__attribute__((format(printf, 2, 3))) int path_format(char out[PATH_MAX], const char *fmt, ...);

bool path_is_on_bpffs(const char *path);

/* What was renamed to @path, or unlinked there, outlives a power failure. 0 or -errno. */
int path_sync_parent(const char *path);

/* Remove @dir with the files in it; folders in it stay. 0, also if it is not there, or -errno. */
int path_remove_dir(const char *dir);

#endif /* BASE_PATH_H */
