/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "app/manual.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf_reference.h"
#include "ctl/command.h"
#include "dataplane/snapshot.h"
#include "export/export.h"
#include "health/health.h"

/* A space behind the end of a sentence: troff wants the next one on a line of its own. */
static bool is_between_sentences(const char *text, size_t i)
{
	return text[i] == ' ' && i && strchr(".?!", text[i - 1]);
}

/* Text as troff has to have it; @len bytes. */
static void add_text(struct buf *out, const char *text, size_t len)
{
	if (len && (*text == '.' || *text == '\''))
		buf_puts(out, "\\&");
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			buf_puts(out, "\\e");
		else if (text[i] == '-')
			buf_puts(out, "\\-");
		else if (is_between_sentences(text, i))
			buf_puts(out, "\n");
		else
			buf_add(out, text + i, 1);
	}
}

static void add_line(struct buf *out, const char *text)
{
	add_text(out, text, strlen(text));
	buf_puts(out, "\n");
}

/* A tag of a list. Quoted: no word of it is taken for a macro. */
static void add_item(struct buf *out, const char *tag)
{
	buf_puts(out, ".It Sy \"");
	for (size_t len; *tag; tag += len) {
		len = strcspn(tag, "\"");
		add_text(out, tag, len);
		if (tag[len] == '"') {
			buf_puts(out, "\\(dq");
			tag++;
		}
	}
	buf_puts(out, "\"\n");
}

/* A paragraph of conf_explain() each: the key, then indented lines of text. */
static void write_keys(struct buf *out)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	char *rest = NULL;

	conf_explain(NULL, &text);
	out->failed |= text.failed;
	buf_puts(out, ".Bl -tag -width 4n\n");
	for (char *line = text.data; line && *line; line = rest) {
		const char *end = strchr(line, '\n');

		rest = line + (end - line);
		*rest++ = '\0';
		if (*line && *line != ' ')
			add_item(out, line);
		else if (*line)
			add_line(out, line + strspn(line, " "));
		/* What it can be stands apart from what it means. */
		if (*line == ' ' && *rest == ' ')
			buf_puts(out, ".br\n");
	}
	buf_puts(out, ".El\n");
}

static void write_commands(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width 4n\n");
	array_for_each (c, ctl_commands, ctl_n_commands) {
		_cleanup_(buf_free) struct buf usage = { 0 };

		if (c->hidden)
			continue;
		command_usage(c, &usage);
		buf_cut(&usage, usage.len - 1);
		add_item(out, buf_str(&usage) + strlen("usage: "));
		add_line(out, c->help);
	}
	buf_puts(out, ".El\n");
}

static void write_options(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width 4n\n");
	array_for_each (o, ctl_options, CTL_OPTIONS) {
		_cleanup_(buf_free) struct buf tag = { 0 };

		buf_printf(&tag, "--%s%s%s", o->name, o->value ? " " : "", o->value ?: "");
		add_item(out, buf_str(&tag));
		add_line(out, o->help);
	}
	buf_puts(out, ".El\n");
}

static void add_metric(void *arg, const char *name, const char *type, const char *help)
{
	struct buf *out = arg;

	add_item(out, name);
	buf_printf(out, "%s.\n.br\n", type);
	add_line(out, help);
}

static void write_metrics(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width 4n\n");
	metrics_each(add_metric, out);
	buf_puts(out, ".El\n");
}

static void write_reasons(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width 4n\n");
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++) {
		add_item(out, reason_label(r));
		buf_printf(out, "%s:\n", reason_action(r));
		add_line(out, reason_text(r));
	}
	buf_puts(out, ".El\n");
}

static void write_codes(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width 4n\n");
	for (int code = HEALTH_NONE_CODE; code < HEALTH_CODES; code++) {
		add_item(out, health_code_name(code));
		add_line(out, health_code_text(code));
	}
	buf_puts(out, ".El\n");
}

static const struct {
	const char *name;
	void (*write)(struct buf *out);
} parts[] = {
	{ "keys", write_keys },	      { "commands", write_commands }, { "options", write_options },
	{ "metrics", write_metrics }, { "reasons", write_reasons },   { "codes", write_codes },
};

bool manual_write(const char *part, struct buf *out)
{
	array_for_each (p, parts, array_len(parts)) {
		if (strcmp(p->name, part))
			continue;
		p->write(out);
		return true;
	}
	return false;
}
