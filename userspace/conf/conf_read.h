/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a config from more than one file. */
#ifndef CONF_CONF_READ_H
#define CONF_CONF_READ_H

#include "conf/conf.h"

/**
 * struct conf_request - what to read a config from
 * @path: the config file; it and what it includes are read
 * @inputs: in place of files: the config file's text, then what it may include
 * @edits: carried out on what was read
 * @reads_no_files: whoever names files of prefixes does not get what is in them
 * @files_of: only files that this one names may be read for prefixes; NULL: all
 */
struct conf_request {
	const char *path;
	const struct conf_input *inputs;
	size_t n_inputs;
	struct conf_edit *edits;
	size_t n_edits;
	bool reads_no_files;
	const struct conf *files_of;
};

/* As conf_load(), which reads what a path names. */
int conf_read(const struct conf_request *r, struct buf *errors, struct conf **out);

#endif /* CONF_CONF_READ_H */
