/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * include: a config in several files, which become one tree. Services and interfaces of
 * all files are put together; any other key stands in one of them only.
 */
#ifndef CONF_CONF_INCLUDE_H
#define CONF_CONF_INCLUDE_H

#include "conf/conf_input.h"
#include "conf/conf_job.h"

/**
 * struct conf_files - what a config is read from, as it is found
 * @at: room for CONF_MAX_FILES; the first one is the config file itself
 * @bytes: of all their texts
 * @given, @n_given: where to look for what is included; NULL: in the file system
 */
struct conf_files {
	struct conf_input *at;
	size_t n;
	size_t bytes;
	const struct conf_input *given;
	size_t n_given;
};

/* A regular file likewise; no other is waited for. */
int conf_file_read_regular(const char *path, size_t max, struct buf *text);

/* A file as text in @text, to its end: 0 or a negative errno. @max bytes: else -EFBIG. */
int conf_file_read(int fd, size_t max, struct buf *text);

/* Add one, copied to memory of the result. False: there is no more room, or no memory. */
bool conf_files_add(struct conf_job *job, struct conf_files *files, const struct conf_input *in);

/* Read what @root includes, into @root; mistakes are noted. */
void conf_include(struct conf_job *job, struct conf_node *root, struct conf_files *files);

/* Carry out @e, whose text is file number @file, if it has one. */
void conf_edit_apply(struct conf_job *job, struct conf_node *root, struct conf_edit *e, int file);

/* Why @text cannot be a pattern, for people, or NULL: wildcards stand behind the last
 * slash. */
const char *conf_pattern_flaw(const char *text);
bool conf_pattern_has_wildcards(const char *text);

#endif /* CONF_CONF_INCLUDE_H */
