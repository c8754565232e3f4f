/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf_job.h"
#include "conf/conf_text.h"

static void *note_failure(struct conf_job *job, void *p)
{
	job->failed |= !p;
	return p;
}

struct conf_input conf_job_file(const struct conf_job *job, int file)
{
	if (!file)
		return (struct conf_input){ job->name, job->text, job->len };
	if ((size_t)file <= job->n_included)
		return job->included[file - 1];
	return job->lists[file - 1 - job->n_included];
}

int conf_job_keep_list(struct conf_job *job, const struct conf_input *in)
{
	struct conf_input *list = array_add(&job->lists, &job->n_lists);

	if (list)
		*list = (struct conf_input){
			.name = arena_strndup(&job->scratch, in->name, strlen(in->name)),
			.text = arena_strndup(&job->scratch, in->text, in->len),
			.len = in->len,
		};
	if (list && list->name && list->text)
		return job->n_included + job->n_lists;
	job->n_lists -= !!list;
	job->failed = true;
	return 0;
}

void *conf_job_scratch(struct conf_job *job, size_t size)
{
	return note_failure(job, arena_alloc(&job->scratch, size));
}

void *conf_job_keep(struct conf_job *job, size_t size)
{
	return note_failure(job, arena_alloc(job->keep, size));
}

char *conf_job_keep_text(struct conf_job *job, const char *text)
{
	return note_failure(job, arena_strndup(job->keep, text, strlen(text)));
}

static bool is_before(struct conf_pos a, struct conf_pos b)
{
	if (a.file != b.file)
		return a.file < b.file;
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

/* Text of @b in the scratch memory. */
static const char *scratch_text(struct conf_job *job, const struct buf *b)
{
	job->failed |= b->failed;
	return note_failure(job, arena_strndup(&job->scratch, buf_str(b), b->len));
}

/*
 * Insert in the order of the text; the last one falls out when all places are
 * taken.
 */
static void note(struct conf_job *job, struct conf_diags *list, struct conf_pos pos,
		 const struct buf *text)
{
	size_t i = list->n;

	while (i > 0 && is_before(pos, list->at[i - 1].pos))
		i--;
	if (list->n == CONF_DIAGS) {
		list->more++;
		if (i == CONF_DIAGS)
			return;
		list->n--;
	}
	memmove(&list->at[i + 1], &list->at[i], (list->n - i) * sizeof(list->at[0]));
	list->at[i] = (struct conf_diag){ pos, scratch_text(job, text) };
	list->n++;
}

static void note_node(struct conf_job *job, struct conf_diags *list, const struct conf_node *node,
		      const char *fmt, va_list ap)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	conf_node_path(node, &text);
	if (text.len)
		buf_puts(&text, ": ");
	buf_vprintf(&text, fmt, ap);
	note(job, list, conf_node_pos(node), &text);
}

void conf_error(struct conf_job *job, const struct conf_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_node(job, &job->errors, node, fmt, ap);
	va_end(ap);
}

void conf_warning(struct conf_job *job, const struct conf_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_node(job, &job->warnings, node, fmt, ap);
	va_end(ap);
}

void conf_error_at(struct conf_job *job, struct conf_pos pos, const char *fmt, ...)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	note(job, &job->errors, pos, &text);
}

const char *conf_quoted(struct conf_job *job, const struct conf_node *node)
{
	_cleanup_(buf_free) struct buf b = { 0 };
	const char *text;

	buf_puts(&b, "\"");
	conf_text_print(&b, node->text);
	buf_puts(&b, "\"");
	text = scratch_text(job, &b);
	return text ? text : "";
}

const char *conf_line_of(struct conf_job *job, const struct conf_node *from, const char *file,
			 int line)
{
	const struct conf_input own = conf_job_file(job, conf_node_pos(from).file);
	_cleanup_(buf_free) struct buf b = { 0 };
	const char *text;

	buf_printf(&b, "line %d", line);
	if (strcmp(own.name, file))
		buf_printf(&b, " of %s", file);
	text = scratch_text(job, &b);
	return text ? text : "";
}

const char *conf_line_of_node(struct conf_job *job, const struct conf_node *from,
			      const struct conf_node *node)
{
	const struct conf_pos pos = conf_node_pos(node);

	return conf_line_of(job, from, conf_job_file(job, pos.file).name, pos.line);
}

/**
 * struct reader - what is being printed from
 * @line: where line @at of the file starts, so that none is looked for twice
 */
struct reader {
	struct conf_input file;
	const char *line;
	int number;
	int at;
};

static void go_to(struct reader *r, const struct conf_job *job, struct conf_pos pos)
{
	const char *end;

	if (!r->line || r->number != pos.file)
		*r = (struct reader){
			.file = conf_job_file(job, pos.file),
			.line = conf_job_file(job, pos.file).text,
			.number = pos.file,
			.at = 1,
		};
	end = r->file.text + r->file.len;
	r->line = conf_text_line(r->line, end - r->line, pos.line - r->at + 1);
	r->at = pos.line;
}

void conf_job_print(const struct conf_job *job, struct buf *out)
{
	const struct conf_diags *errors = &job->errors, *warnings = &job->warnings;
	struct reader r = { 0 };
	size_t e = 0, w = 0;

	while (e < errors->n || w < warnings->n) {
		bool is_warning =
			e == errors->n ||
			(w < warnings->n && is_before(warnings->at[w].pos, errors->at[e].pos));
		const struct conf_diag *d = is_warning ? &warnings->at[w++] : &errors->at[e++];

		go_to(&r, job, d->pos);
		buf_printf(out, "%s:%d:%d: %s: %s\n", r.file.name, d->pos.line, d->pos.column,
			   is_warning ? "warning" : "error", d->text ? d->text : "");
		conf_text_excerpt(out, r.line, r.file.text + r.file.len, d->pos);
	}
	if (errors->more)
		buf_printf(out, "%s: ... and %zu more errors\n", job->name, errors->more);
	if (warnings->more)
		buf_printf(out, "%s: ... and %zu more warnings\n", job->name, warnings->more);
}

void conf_job_end(struct conf_job *job)
{
	arena_free(&job->scratch);
	free(job->lists);
}
