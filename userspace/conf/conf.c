/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a file to a struct conf: the text becomes a tree (conf_yaml.c), what it includes
 * is hung into it (conf_include.c), the tables of keys are walked over it
 * (conf_field.c), and what is wrong is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_include.h"
#include "conf/conf_read.h"
#include "conf/conf_tables.h"
#include "conf/conf_yaml.h"

/* The byte order mark that some editors put before UTF-8. */
static bool has_mark(const struct conf_input *in)
{
	return in->len >= 3 && !memcmp(in->text, "\xef\xbb\xbf", 3);
}

static struct conf_node *read_main(struct conf_job *job, const struct conf_input *in)
{
	const size_t mark = has_mark(in) ? 3 : 0;

	job->text = in->text + mark;
	job->len = in->len - mark;
	return conf_yaml_read(job, 0);
}

static void edit(struct conf_job *job, struct conf_node *root, struct conf_files *files,
		 const struct conf_request *r)
{
	array_for_each (e, r->edits, r->n_edits) {
		_cleanup_(buf_free) struct buf name = { 0 };

		buf_printf(&name, "backend %s/%s", e->service, e->backend);
		if (e->text && !conf_files_add(job, files,
					       &(struct conf_input){ buf_str(&name), e->text,
								     strlen(e->text) }))
			job->failed = true;
		if (!job->failed)
			conf_edit_apply(job, root, e, files->n - 1);
	}
}

static void read_draft(struct conf_job *job, struct conf_draft *draft, struct conf_files *files,
		       const struct conf_request *r)
{
	struct conf_node *root;

	conf_fields_preset(job, &conf_root_fields, draft);
	root = read_main(job, files->at);
	if (!root && !job->errors.n)
		conf_error_at(job, (struct conf_pos){ 1, 1, 1, 0 }, "nothing is configured here");
	if (!root)
		return;
	conf_include(job, root, files);
	draft->conf.inputs = files->at;
	draft->conf.n_inputs = files->n;
	edit(job, root, files, r);
	if (!job->failed)
		conf_fields_apply(job, &conf_root_fields, root, draft);
}

static const struct conf_draft *keep_draft(struct conf_job *job, const struct conf_draft *draft)
{
	struct conf_draft *kept = conf_job_keep(job, sizeof(*kept));

	if (kept)
		*kept = *draft;
	return kept;
}

static int say_unreadable(const char *path, struct buf *errors, int err)
{
	buf_printf(errors, "%s: error: cannot read: %s\n", path,
		   err == -EFBIG ? "larger than 16 MiB" : strerror(-err));
	return err;
}

/* @main: the text of the config file. */
static int parse(const struct conf_request *r, const struct conf_input *main, struct buf *errors,
		 struct conf **out)
{
	_cleanup_(conf_freep) struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_draft draft = { 0 };
	struct conf_job job = { .name = main->name,
				.keep = &draft.conf.arena,
				.reads_no_files = r->reads_no_files,
				.files_of = r->files_of };
	struct conf_files files = { 0 };

	if (!conf)
		return -ENOMEM;
	if (main->len > CONF_MAX_BYTES)
		return say_unreadable(main->name, errors, -EFBIG);
	files.at = conf_job_keep(&job, CONF_MAX_FILES * sizeof(*files.at));
	files.given = r->inputs;
	files.n_given = r->n_inputs;
	if (files.at && conf_files_add(&job, &files, main)) {
		job.name = draft.conf.path = files.at[0].name;
		read_draft(&job, &draft, &files, r);
		conf_job_print(&job, errors);
	}
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

static int read_file(const char *path, struct buf *text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : conf_file_read(fd, CONF_MAX_BYTES, text);
}

int conf_read(const struct conf_request *r, struct buf *errors, struct conf **out)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	int err;

	if (r->inputs)
		return parse(r, &r->inputs[0], errors, out);
	err = read_file(r->path, &text);
	if (err)
		return say_unreadable(r->path, errors, err);
	return parse(r, &(struct conf_input){ r->path, text.data, text.len }, errors, out);
}

int conf_load(const char *path, struct buf *errors, struct conf **out)
{
	return conf_read(&(struct conf_request){ .path = path }, errors, out);
}

int conf_parse(const char *name, const char *text, size_t len, struct buf *errors,
	       struct conf **out)
{
	const struct conf_input in = { name, len ? text : "", len };

	const struct conf_request request = { .inputs = &in,
					      .n_inputs = 1,
					      .reads_no_files = true };

	return conf_read(&request, errors, out);
}

struct conf *conf_hold(struct conf *conf)
{
	conf->holds++;
	return conf;
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	if (conf->holds) {
		conf->holds--;
		return;
	}
	arena_free(&conf->arena);
	free(conf);
}
