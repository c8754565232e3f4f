/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/nearest.h"
#include "ctl/cmd.h"
#include "ctl/command.h"
#include "ctl/table.h"

#define OPTION_ROW(bit, option, what, wire, text)                                                  \
	[CTL_OPTION_##                                                                             \
		bit] = { .name = (option), .value = (what), .on_wire = (wire), .help = (text) },

const struct ctl_option ctl_options[CTL_OPTIONS] = { CTL_OPTION_LIST(OPTION_ROW) };

unsigned int option_find(const char *name, size_t len)
{
	for (size_t i = 0; i < CTL_OPTIONS; i++)
		if (strlen(ctl_options[i].name) == len && !memcmp(ctl_options[i].name, name, len))
			return 1U << i;
	return 0;
}

bool call_is_by_root(const struct ctl_call *call)
{
	return !call->uid || call->uid == geteuid();
}

const char *command_name(const struct ctl_command *c, char out[COMMAND_NAME])
{
	snprintf(out, COMMAND_NAME, "%s%s%s", c->noun, c->verb ? " " : "", c->verb ?: "");
	return out;
}

const struct ctl_command *command_by_name(const char *name)
{
	char own[COMMAND_NAME];

	array_for_each (c, ctl_commands, ctl_n_commands)
		if (!strcmp(command_name(c, own), name))
			return c;
	return NULL;
}

/* Row @c belongs to noun @noun, and to verb @verb, which may be NULL for any. */
static bool is_row_of(const struct ctl_command *c, const char *noun, const char *verb)
{
	return !strcmp(c->noun, noun) && (!verb || (c->verb && !strcmp(c->verb, verb)));
}

static void say_nearest(const struct nearest *near, struct buf *err)
{
	if (near->best)
		buf_printf(err, " (did you mean \"%s\"?)", near->best);
	buf_puts(err, "\n");
}

static void say_no_noun(const char *noun, struct buf *err)
{
	struct nearest near = { .typed = noun };

	array_for_each (c, ctl_commands, ctl_n_commands)
		nearest_offer(&near, c->noun);
	buf_printf(err, "shunt: no command \"%s\"", noun);
	say_nearest(&near, err);
}

/* @verb may be NULL: then it is what is missing. */
static void say_no_verb(const char *noun, const char *verb, struct buf *err)
{
	struct nearest near = { .typed = verb ?: "" };

	array_for_each (c, ctl_commands, ctl_n_commands)
		if (is_row_of(c, noun, NULL) && !c->hidden)
			nearest_offer(&near, c->verb);
	if (verb) {
		buf_printf(err, "shunt: no command \"%s %s\"", noun, verb);
		say_nearest(&near, err);
	}
	array_for_each (c, ctl_commands, ctl_n_commands)
		if (is_row_of(c, noun, NULL) && !c->hidden)
			command_usage(c, err);
}

const struct ctl_command *command_find(const char *const *words, size_t n, size_t *used,
				       struct buf *err)
{
	const char *verb = n > 1 ? words[1] : NULL;
	bool noun_known = false;

	array_for_each (c, ctl_commands, ctl_n_commands) {
		if (!is_row_of(c, words[0], NULL))
			continue;
		noun_known = true;
		if (c->verb && !(verb && !strcmp(c->verb, verb)))
			continue;
		*used = c->verb ? 2 : 1;
		return c;
	}
	if (noun_known)
		say_no_verb(words[0], verb, err);
	else
		say_no_noun(words[0], err);
	return NULL;
}

static void add_option(const struct ctl_option *o, struct buf *out)
{
	buf_printf(out, "--%s%s%s", o->name, o->value ? " " : "", o->value ?: "");
}

static void add_synopsis(const struct ctl_command *c, struct buf *out)
{
	char name[COMMAND_NAME];

	buf_printf(out, "shunt %s", command_name(c, name));
	if (c->args)
		buf_printf(out, " %s", c->args);
	for (size_t i = 0; i < CTL_OPTIONS; i++)
		if (c->options & (1U << i)) {
			buf_puts(out, " [");
			add_option(&ctl_options[i], out);
			buf_puts(out, "]");
		}
}

void command_usage(const struct ctl_command *c, struct buf *out)
{
	buf_puts(out, "usage: ");
	add_synopsis(c, out);
	buf_puts(out, "\n");
}

static void add_help(const struct ctl_command *c, struct table *t)
{
	_cleanup_(buf_free) struct buf left = { 0 };

	add_synopsis(c, &left);
	table_add(t, TABLE_PLAIN, "  %s", buf_str(&left));
	table_add(t, TABLE_PLAIN, "%s", c->help);
}

static void add_options(unsigned int options, struct table *t)
{
	for (size_t i = 0; i < CTL_OPTIONS; i++) {
		_cleanup_(buf_free) struct buf left = { 0 };

		if (!(options & (1U << i)))
			continue;
		add_option(&ctl_options[i], &left);
		table_add(t, TABLE_PLAIN, "  %s", buf_str(&left));
		table_add(t, TABLE_PLAIN, "%s", ctl_options[i].help);
	}
}

bool command_help(const char *const *words, size_t n, struct buf *out)
{
	static const struct table_column columns[] = { { .head = "" }, { .head = "" } };
	_cleanup_(table_free) struct table t = { .columns = columns, .n_columns = 2 };
	unsigned int options = 0;

	array_for_each (c, ctl_commands, ctl_n_commands) {
		if (c->hidden || (n > 0 && !is_row_of(c, words[0], n > 1 ? words[1] : NULL)))
			continue;
		add_help(c, &t);
		options |= c->options;
	}
	if (!t.n_cells)
		return false;
	add_options(options, &t);
	table_print(&t, false, out);
	return true;
}
