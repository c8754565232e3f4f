/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a file to a struct conf: the text becomes a tree (conf_yaml.c), the
 * tables of keys are walked over it (conf_field.c), and what is wrong is
 * printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_tables.h"
#include "conf/conf_yaml.h"

#define MAX_BYTES (16 << 20)

static void read_draft(struct conf_job *job, struct conf_draft *draft)
{
	const struct conf_node *root;

	draft->conf.path = conf_job_keep_text(job, job->name);
	conf_fields_preset(job, &conf_root_fields, draft);
	root = conf_yaml_read(job);
	if (root)
		conf_fields_apply(job, &conf_root_fields, root, draft);
	else if (!job->errors.n)
		conf_error_at(job, (struct conf_pos){ 1, 1, 1 }, "nothing is configured here");
}

static const struct conf_draft *keep_draft(struct conf_job *job, const struct conf_draft *draft)
{
	struct conf_draft *kept = conf_job_keep(job, sizeof(*kept));

	if (kept)
		*kept = *draft;
	return kept;
}

/* The byte order mark that some editors put before UTF-8. */
static bool has_mark(const char *text, size_t len)
{
	return len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3);
}

static int say_unreadable(const char *path, struct buf *errors, int err)
{
	buf_printf(errors, "%s: error: cannot read: %s\n", path,
		   err == -EFBIG ? "larger than 16 MiB" : strerror(-err));
	return err;
}

int conf_parse(const char *name, const char *text, size_t len, struct buf *errors,
	       struct conf **out)
{
	size_t mark = has_mark(text, len) ? 3 : 0;
	_cleanup_(conf_freep) struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_draft draft = { 0 };
	struct conf_job job = {
		.name = name,
		.text = len ? text + mark : "",
		.len = len - mark,
		.keep = &draft.conf.arena,
	};

	if (!conf)
		return -ENOMEM;
	if (len > MAX_BYTES)
		return say_unreadable(name, errors, -EFBIG);
	read_draft(&job, &draft);
	conf_job_print(&job, errors);
	draft.conf.draft = keep_draft(&job, &draft);
	*conf = draft.conf;
	conf_job_end(&job);
	if (job.failed || errors->failed)
		return -ENOMEM;
	if (job.errors.n)
		return -EINVAL;
	*out = take_ptr(&conf);
	return 0;
}

/* Until the end, because a pipe cannot say how much it holds. */
static int read_all(int fd, struct buf *text)
{
	char piece[16384];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf_add(text, piece, n);
		if (text->failed)
			return -ENOMEM;
		if (text->len > MAX_BYTES)
			return -EFBIG;
	}
	return 0;
}

int conf_load(const char *path, struct buf *errors, struct conf **out)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_free) struct buf text = { 0 };
	int err;

	if (fd < 0)
		return say_unreadable(path, errors, -errno);
	err = read_all(fd, &text);
	if (err)
		return say_unreadable(path, errors, err);
	return conf_parse(path, text.data, text.len, errors, out);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	arena_free(&conf->arena);
	free(conf);
}
