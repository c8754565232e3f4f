/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf_prefixes.h"

#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_text.h"

#define BLANKS " \t\r"
#define COMMENTS "#;"
/* What some editors begin a file with. */
#define MARK "\xef\xbb\xbf"

/**
 * struct reader - a text that is read
 * @room: prefixes that @rule has room for: more than there may be, if not all of the text
 * @number: of it among the files of @job; 0 until there is something to say about it
 */
struct reader {
	struct conf_job *job;
	const struct conf_input *in;
	struct conf_prefix_rule *rule;
	size_t room;
	int number;
};

/* A part of a line. */
struct word {
	const char *at;
	size_t len;
	int line;
	int column;
};

static bool is_one_of(char c, const char *chars)
{
	return c && strchr(chars, c);
}

static void note(struct reader *r, const struct word *w, const char *flaw)
{
	_cleanup_(buf_free) struct buf word = { 0 }, text = { 0 };

	if (!r->number)
		r->number = conf_job_keep_list(r->job, r->in);
	buf_add(&word, w->at, w->len);
	buf_puts(&text, "\"");
	conf_text_print(&text, buf_str(&word));
	buf_puts(&text, "\" ");
	buf_puts(&text, flaw);
	if (r->number)
		conf_error_at(r->job,
			      (struct conf_pos){ w->line, w->column, (int)w->len, r->number }, "%s",
			      buf_str(&text));
}

/* Of what is no text, or longer than any prefix, a part might be one. */
static const char *flaw_of(const struct word *w)
{
	if (memchr(w->at, '\0', w->len))
		return "has a NUL byte behind it: the file is no text";
	return w->len < CONF_PREFIX_TEXT ? NULL : CONF_PREFIX_FLAW;
}

static void take_prefix(struct reader *r, const struct word *w)
{
	_cleanup_(buf_free) struct buf flaw = { 0 };
	char text[CONF_PREFIX_TEXT] = "";
	struct conf_prefix p;

	if (flaw_of(w)) {
		note(r, w, flaw_of(w));
		return;
	}
	memcpy(text, w->at, w->len);
	if (conf_prefix_parse(text, &p, &flaw)) {
		note(r, w, buf_str(&flaw));
	} else if (r->rule->n < r->room) {
		p.line = w->line;
		r->rule->prefixes[r->rule->n++] = p;
	}
}

/* The word at @from, up to blanks or, if @all, to the end of the line. */
static struct word word_at(const char *from, const char *end, const char *line, int number)
{
	struct word w = { .line = number };

	while (from < end && is_one_of(*from, BLANKS))
		from++;
	w.at = from;
	w.column = from - line + 1;
	while (from < end && !is_one_of(*from, BLANKS COMMENTS))
		from++;
	w.len = from - w.at;
	return w;
}

static bool has_mark(const char *line, const char *end)
{
	return end - line >= (ptrdiff_t)strlen(MARK) && !memcmp(line, MARK, strlen(MARK));
}

/* The mark before the first line is a character of it, but no part of a word. */
static void take_line(struct reader *r, const char *line, const char *end, int number)
{
	const bool marked = number == 1 && has_mark(line, end);
	const char *from = marked ? line + strlen(MARK) : line;
	const struct word first = word_at(from, end, from - marked, number);
	const struct word next = word_at(first.at + first.len, end, from - marked, number);

	if (first.len)
		take_prefix(r, &first);
	if (next.len)
		note(r, &next,
		     "stands behind a prefix: there is one a line, and comments begin with #");
}

static size_t count_lines(const struct conf_input *in)
{
	const char *p = in->text, *end = in->text + in->len;
	size_t n = 1;

	while ((p = memchr(p, '\n', end - p))) {
		p++;
		n++;
	}
	return n;
}

void conf_prefixes_read(struct conf_job *job, const struct conf_input *in,
			struct conf_prefix_rule *rule)
{
	const size_t lines = count_lines(in);
	struct reader r = { .job = job,
			    .in = in,
			    .rule = rule,
			    /* One too many is too many. */
			    .room = lines < CONF_MAX_PREFIXES ? lines : CONF_MAX_PREFIXES + 1 };
	const char *line = in->text, *end = in->text + in->len;

	rule->prefixes = conf_job_keep(job, r.room * sizeof(*rule->prefixes));
	if (!rule->prefixes)
		return;
	for (int number = 1; line < end; number++) {
		const char *newline = memchr(line, '\n', end - line) ?: end;

		take_line(&r, line, newline, number);
		line = newline + 1;
	}
}
