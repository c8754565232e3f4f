/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run over one file: its text, the memory, and what is wrong with it.
 *
 * Nobody stops at a mistake: it is noted here and the walk goes on, so that one
 * run finds them all. Running out of memory is noted too, and asked for once,
 * at the end.
 */
#ifndef CONF_CONF_JOB_H
#define CONF_CONF_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/conf_input.h"
#include "conf/conf_node.h"

struct conf;

/*
 * As many are printed of each kind, in the order of the text; the rest is
 * counted.
 */
#define CONF_DIAGS 100

struct conf_diag {
	struct conf_pos pos;
	const char *text;
};

/* Sorted by position; of equals the one noted first is first. */
struct conf_diags {
	struct conf_diag at[CONF_DIAGS];
	size_t n;
	size_t more;
};

/**
 * struct conf_job - one run
 * @name, @text, @len: the config file itself, the first of the files
 * @included: the others, at most CONF_MAX_FILES in all
 * @lists: files of prefixes that there is something to say about; numbered behind those
 * @n_prefixes: so far, of all lists
 * @reads_no_files, @files_of: as in struct conf_request
 * @keep: memory of the result
 * @scratch: memory of the run: the tree, the messages
 * @failed: out of memory
 */
struct conf_job {
	const char *name;
	const char *text;
	size_t len;
	const struct conf_input *included;
	size_t n_included;
	struct conf_input *lists;
	size_t n_lists;
	size_t n_prefixes;
	bool reads_no_files;
	const struct conf *files_of;
	struct arena *keep;
	struct arena scratch;
	struct conf_diags errors;
	struct conf_diags warnings;
	bool failed;
};

/* The file of that number. */
struct conf_input conf_job_file(const struct conf_job *job, int file);

/* One more, copied, when there are all that are included. Return: its number; 0: no memory. */
int conf_job_keep_list(struct conf_job *job, const struct conf_input *in);

/*
 * Zeroed memory in one of the arenas; NULL, and @job->failed, if there is none.
 */
void *conf_job_scratch(struct conf_job *job, size_t size);
void *conf_job_keep(struct conf_job *job, size_t size);
char *conf_job_keep_text(struct conf_job *job, const char *text);

/* Note a mistake about @node: its path goes before the text, its line below. */
void conf_error(struct conf_job *job, const struct conf_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_warning(struct conf_job *job, const struct conf_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Note a mistake of the text itself. */
void conf_error_at(struct conf_job *job, struct conf_pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "line 7", or with the file where that is not the one of @from; lives as long as the run. */
const char *conf_line_of(struct conf_job *job, const struct conf_node *from, const char *file,
			 int line);
/* The same of where @node is. */
const char *conf_line_of_node(struct conf_job *job, const struct conf_node *from,
			      const struct conf_node *node);

/* The text of a scalar in quotes, for a message; lives as long as the run. */
const char *conf_quoted(struct conf_job *job, const struct conf_node *node);

/*
 * Write everything noted: "name:line:col: error: ..." with the line and a
 * caret.
 */
void conf_job_print(const struct conf_job *job, struct buf *out);

/* Release the scratch memory. */
void conf_job_end(struct conf_job *job);

#endif /* CONF_CONF_JOB_H */
