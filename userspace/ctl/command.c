/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

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

const struct ctl_command ctl_commands[] = {
	{
		.noun = "status",
		.help = "what runs, since when, and how it is (without a command: this)",
		.answer = cmd_status,
		.render = render_status,
	},
	{
		.noun = "health",
		.help = "exit 3 if a service has no usable backend, or fewer than min_healthy",
		.options = CTL_QUIET,
		.answer = cmd_health,
		.render = render_health,
	},
	{
		.noun = "service",
		.verb = "list",
		.help = "the virtual services, one a line",
		.answer = cmd_service_list,
		.render = render_service_list,
	},
	{
		.noun = "service",
		.verb = "show",
		.args = "SERVICE",
		.help = "one service with its backends and its check",
		.min_args = 1,
		.max_args = 1,
		.answer = cmd_service_show,
		.render = render_service_show,
	},
	{
		.noun = "backend",
		.verb = "list",
		.args = "[SERVICE]",
		.help = "backends under their services: state, weight, health, packets",
		.max_args = 1,
		.answer = cmd_backend_list,
		.render = render_backend_list,
	},
	{
		.noun = "backend",
		.verb = "drain",
		.args = "SERVICE/BACKEND",
		.help = "give it no more flows, until it is enabled; survives restarts",
		.min_args = 1,
		.max_args = 1,
		.options = CTL_FORCE | CTL_TIMEOUT | CTL_WAIT,
		.changes = true,
		.answer = cmd_backend_drain,
		.render = render_backend_change,
		.follow = follow_drain,
	},
	{
		.noun = "backend",
		.verb = "maint",
		.args = "SERVICE/BACKEND",
		.help = "the same at once, and do not check it: its flows are not kept",
		.min_args = 1,
		.max_args = 1,
		.options = CTL_FORCE,
		.changes = true,
		.answer = cmd_backend_maint,
		.render = render_backend_change,
	},
	{
		.noun = "backend",
		.verb = "enable",
		.args = "SERVICE/BACKEND",
		.help = "end a drain or maintenance",
		.min_args = 1,
		.max_args = 1,
		.changes = true,
		.answer = cmd_backend_enable,
		.render = render_backend_change,
	},
	{
		.noun = "backend",
		.verb = "weight",
		.args = "SERVICE/BACKEND WEIGHT",
		.help = "0 to 1000, or a part of the configured weight: 50%; 100% is the config's",
		.min_args = 2,
		.max_args = 2,
		.options = CTL_FORCE,
		.changes = true,
		.answer = cmd_backend_weight,
		.render = render_backend_change,
	},
	{
		.noun = "show",
		.verb = "stats",
		.help = "exact packets and bytes, and the share of the slots",
		.answer = cmd_show_stats,
		.render = render_show_stats,
	},
	{
		.noun = "show",
		.verb = "drops",
		.help = "how packets ended, the dropped ones first",
		.options = CTL_ALL,
		.answer = cmd_show_drops,
		.render = render_show_drops,
	},
	{
		.noun = "show",
		.verb = "config",
		.help = "the config that runs, every default filled in",
		.answer = cmd_show_config,
		.render = render_show_config,
	},
	{
		.noun = "show",
		.verb = "neighbors",
		.help = "interface and MAC address that backends are reached by",
		.answer = cmd_show_neighbors,
		.render = render_show_neighbors,
	},
	{
		.noun = "show",
		.verb = "neighbours",
		.help = "as show neighbors",
		.hidden = true,
		.answer = cmd_show_neighbors,
		.render = render_show_neighbors,
	},
	{
		.noun = "show",
		.verb = "connections",
		.args = "[SERVICE]",
		.help = "connections of nat and fullnat, the first thousand",
		.max_args = 1,
		.answer = cmd_show_connections,
		.render = render_show_connections,
	},
	{
		.noun = "show",
		.verb = "maps",
		.help = "the maps and their memory, the flow cache, connections, tables and slots",
		.answer = cmd_show_maps,
		.render = render_show_maps,
	},
	{
		.noun = "show",
		.verb = "overrides",
		.help = "what was said of backends with this program, and the config does not say",
		.answer = cmd_show_overrides,
		.render = render_show_overrides,
	},
	{
		.noun = "explain",
		.args = "PROTOCOL SOURCE:PORT VIP:PORT [INTERFACE]",
		.help = "what would become of a packet, and why; nothing is sent or counted",
		.min_args = 3,
		.max_args = 4,
		.options = CTL_SYN,
		.apart = true,
		.answer = cmd_explain,
		.render = render_explain,
	},
	{
		.noun = "config",
		.verb = "check",
		.args = "FILE",
		.help = "is that file fit? Without the daemon; exit 2 if not",
		.min_args = 1,
		.max_args = 1,
		.local = local_config_check,
	},
	{
		.noun = "config",
		.verb = "explain",
		.args = "[KEY]",
		.help = "what keys of the config mean: a path, or a word of one; without: all",
		.max_args = 1,
		.local = local_config_explain,
	},
	{
		.noun = "config",
		.verb = "schema",
		.help = "the config's keys as a JSON Schema, for editors",
		.local = local_config_schema,
	},
	{
		.noun = "reload",
		.help = "read the config again; a wrong one changes nothing",
		.options = CTL_DRY_RUN,
		.changes = true,
		.answer = cmd_reload,
		.render = render_reload,
	},
	{
		.noun = "top",
		.args = "[SERVICE]",
		.help = "packets, bytes and connections a second, as they are",
		.max_args = 1,
		.options = CTL_DELAY | CTL_COUNT,
		.local = local_top,
	},
	{
		.noun = "events",
		.args = "[AFTER]",
		.help = "what the daemon has logged; after that serial",
		.max_args = 1,
		.options = CTL_FOLLOW | CTL_COUNT,
		.answer = cmd_events,
		.local = local_events,
	},
	{
		.noun = "doctor",
		.help = "is this host fit? What is wrong, and what to do; exit 3 if there is a "
			"fault",
		.answer = cmd_doctor,
		.local = local_doctor,
	},
	{
		.noun = "version",
		.help = "of this program, and of the daemon",
		.answer = cmd_version,
		.local = local_version,
	},
	{
		.noun = "help",
		.args = "[COMMAND]",
		.help = "this list, or one command",
		.max_args = 2,
		.local = local_help,
	},
};

const size_t ctl_n_commands = array_len(ctl_commands);

unsigned int option_find(const char *name, size_t len)
{
	for (size_t i = 0; i < CTL_OPTIONS; i++)
		if (strlen(ctl_options[i].name) == len && !memcmp(ctl_options[i].name, name, len))
			return 1U << i;
	return 0;
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
