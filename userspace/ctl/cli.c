/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/nearest.h"
#include "ctl/cli.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/view.h"

#define CLI_MAX_WORDS (CTL_MAX_ARGS + 2)

/* What is left of a command line once its options are taken out. */
struct words {
	const char *word[CLI_MAX_WORDS];
	size_t n;
	bool help;
	bool version;
};

static enum ctl_exit say_no_option(struct cli *cli, const char *option)
{
	struct nearest near = { .typed = option };

	for (size_t i = 0; i < CTL_OPTIONS; i++)
		nearest_offer(&near, ctl_options[i].name);
	nearest_offer(&near, "json");
	nearest_offer(&near, "socket");
	nearest_offer(&near, "help");
	nearest_offer(&near, "version");
	buf_printf(cli->err, "shunt: no option \"--%s\"", option);
	if (near.best)
		buf_printf(cli->err, " (did you mean \"--%s\"?)", near.best);
	buf_puts(cli->err, "\n");
	return CTL_USAGE;
}

/**
 * struct line - the command line, and where it is read
 * @at: moves on where the value of an option is a word of its own
 */
struct line {
	char **argv;
	int argc;
	int at;
};

/* "--socket PATH" or "--socket=PATH"; NULL, and said, without one. */
static const char *read_value(struct cli *cli, struct line *l, const char *what)
{
	const char *option = l->argv[l->at], *equals = strchr(option, '=');

	if (equals)
		return equals + 1;
	if (l->at + 1 < l->argc)
		return l->argv[++l->at];
	buf_printf(cli->err, "shunt: %s needs a %s\n", option, what);
	return NULL;
}

static enum ctl_exit read_socket(struct cli *cli, struct line *l)
{
	const char *path = read_value(cli, l, "path");

	if (!path)
		return CTL_USAGE;
	cli->socket = path;
	return CTL_OK;
}

/* An option that takes a value, which may stand behind "=". NULL if it is none. */
static const struct ctl_option *find_valued(const char *name)
{
	unsigned int bit = option_find(name, strcspn(name, "="));
	const struct ctl_option *o = bit ? &ctl_options[__builtin_ctz(bit)] : NULL;

	return o && o->value ? o : NULL;
}

static enum ctl_exit read_valued(struct cli *cli, struct line *l, const struct ctl_option *o)
{
	const char *value = read_value(cli, l, o->value);

	if (!value)
		return CTL_USAGE;
	cli->options |= 1U << (o - ctl_options);
	cli->values[o - ctl_options] = value;
	return CTL_OK;
}

/* @name: without its dashes. */
static enum ctl_exit read_option(struct cli *cli, struct words *w, struct line *l, const char *name)
{
	unsigned int bit = option_find(name, strlen(name));
	const struct ctl_option *valued = find_valued(name);

	if (valued)
		return read_valued(cli, l, valued);
	if (!strcmp(name, "json"))
		cli->json = true;
	else if (!strcmp(name, "help"))
		w->help = true;
	else if (!strcmp(name, "version"))
		w->version = true;
	else if (bit)
		cli->options |= bit;
	else
		return say_no_option(cli, name);
	return CTL_OK;
}

/* "-f" is "--follow". */
static const char *long_name(const char *word)
{
	static const struct {
		const char *letter;
		const char *name;
	} letters[] = {
		{ "-h", "--help" },  { "-f", "--follow" }, { "-d", "--delay" },
		{ "-n", "--count" }, { "-c", "--count" },  { "-w", "--write" },
	};

	array_for_each (l, letters, array_len(letters))
		if (!strcmp(l->letter, word))
			return l->name;
	return word;
}

static bool is_socket_option(const char *arg)
{
	size_t len = strlen("--socket");

	return !strncmp(arg, "--socket", len) && (arg[len] == '=' || !arg[len]);
}

static enum ctl_exit read_words(struct cli *cli, int argc, char **argv, struct words *w)
{
	struct line l = { .argv = argv, .argc = argc };
	enum ctl_exit err = CTL_OK;
	bool options = true;

	for (; l.at < argc && !err; l.at++) {
		const char *word = options ? long_name(argv[l.at]) : argv[l.at];

		if (options && !strcmp(word, "--"))
			options = false;
		else if (options && is_socket_option(word))
			err = read_socket(cli, &l);
		else if (options && !strncmp(word, "--", 2))
			err = read_option(cli, w, &l, word + 2);
		else if (w->n < CLI_MAX_WORDS)
			w->word[w->n++] = word;
		else
			err = CTL_USAGE;
	}
	return err;
}

enum ctl_exit local_help(struct cli *cli, const char *const *args, size_t n)
{
	size_t used;

	if (!command_help(args, n, cli->out)) {
		command_find(args, n, &used, cli->err);
		return CTL_USAGE;
	}
	if (!n)
		buf_puts(cli->out, "\nWith every command:\n"
				   "  --json         the daemon's answer as it is\n"
				   "  --socket PATH  where the daemon listens (or SHUNT_SOCKET)\n"
				   "  --help         about this command\n"
				   "  --version\n");
	return CTL_OK;
}

/* What the daemon said, for people. Return: the exit code it asks for. */
static enum ctl_exit show_answer(struct cli *cli, const struct ctl_command *c, const json_t *answer)
{
	const struct ctl_view view = {
		.data = json_object_get(answer, "data"),
		.options = cli->options,
		.color = cli->color,
	};
	bool ok = view_bool(answer, "ok");
	enum ctl_exit code = view_int(answer, "exit") ?: ok ? CTL_OK : CTL_FAILED;

	if (cli->json) {
		client_dump(answer, cli->out);
	} else if (ok) {
		c->render(&view, cli->out);
	} else {
		const char *error = view_text(answer, "error");
		size_t len = strlen(error);

		buf_printf(cli->err, "%s%s", error, len && error[len - 1] == '\n' ? "" : "\n");
	}
	return code;
}

enum ctl_exit cli_fail(struct cli *cli, enum ctl_exit code, const struct buf *error)
{
	if (cli->json) {
		_cleanup_(json_decrefp) json_t *json =
			json_pack("{s:i, s:b, s:i, s:s}", "schema", CTL_SCHEMA, "ok", false, "exit",
				  code, "error", buf_str(error));

		client_dump(json, cli->out);
	} else {
		buf_printf(cli->err, "shunt: %s\n", buf_str(error));
	}
	return code;
}

static enum ctl_exit ask(struct cli *cli, const struct ctl_command *c, const char *const *args,
			 size_t n)
{
	_cleanup_(buf_free) struct buf error = { 0 };
	_cleanup_(json_decrefp) json_t *answer = NULL;
	char name[COMMAND_NAME];
	struct client_request request = {
		.command = command_name(c, name),
		.args = args,
		.n_args = n,
		.options = cli->options,
		.values = cli->values,
		.fd = -1,
	};
	enum ctl_exit err;

	err = c->hand_over ? c->hand_over(cli, args, n, &request) : CTL_OK;
	if (err)
		return err;
	err = client_ask(cli->socket, &request, &answer, &error);
	json_decref(request.files);
	cleanup_closep(&request.fd);
	if (err)
		return cli_fail(cli, err, &error);
	err = show_answer(cli, c, answer);
	return err || !c->follow ? err : c->follow(cli, args);
}

static enum ctl_exit run_command(struct cli *cli, const struct words *w)
{
	size_t used = 0, n;
	const struct ctl_command *c = command_find(w->word, w->n, &used, cli->err);

	if (!c)
		return CTL_USAGE;
	n = w->n - used;
	if (n < c->min_args || n > c->max_args || cli->options & ~c->options) {
		command_usage(c, cli->err);
		return CTL_USAGE;
	}
	if (c->local)
		return c->local(cli, w->word + used, n);
	return ask(cli, c, w->word + used, n);
}

enum ctl_exit cli_run(struct cli *cli, int argc, char **argv)
{
	struct words w = { 0 };
	enum ctl_exit err;

	if (argc > 0 && !strcmp(argv[0], "__complete")) {
		complete_words(cli, argv + 1, argc - 1);
		return CTL_OK;
	}
	err = read_words(cli, argc, argv, &w);
	if (err)
		return err;
	if (w.version)
		return local_version(cli, NULL, 0);
	if (w.help)
		return local_help(cli, w.word, w.n < 2 ? w.n : 2);
	if (!w.n)
		w.word[w.n++] = "status";
	return run_command(cli, &w);
}

enum ctl_exit cli_read_count(struct cli *cli, uint64_t otherwise, uint64_t *count)
{
	const char *text = cli->values[CTL_OPTION_COUNT];
	char *end = NULL;

	*count = text ? strtoull(text, &end, 10) : otherwise;
	if (!text || (*text >= '1' && *text <= '9' && !*end))
		return CTL_OK;
	buf_printf(cli->err, "shunt: --count %s: no number from 1 on\n", text);
	return CTL_USAGE;
}

int cli_flush(struct cli *cli)
{
	if (!cli->live)
		return 0;
	fputs(buf_str(cli->err), stderr);
	fputs(buf_str(cli->out), stdout);
	buf_cut(cli->err, 0);
	buf_cut(cli->out, 0);
	return fflush(stdout) || cli->out->failed ? -EIO : 0;
}

int cli_main(int argc, char **argv)
{
	_cleanup_(buf_free) struct buf out = { 0 };
	_cleanup_(buf_free) struct buf err = { 0 };
	const char *no_color = getenv("NO_COLOR");
	struct cli cli = {
		.socket = getenv("SHUNT_SOCKET") ?: CTL_DEFAULT_SOCKET,
		.color = isatty(STDOUT_FILENO) && !(no_color && *no_color),
		.live = true,
		.out = &out,
		.err = &err,
	};
	enum ctl_exit code = cli_run(&cli, argc - 1, argv + 1);

	if (cli_flush(&cli)) {
		perror("shunt");
		return CTL_FAILED;
	}
	return code;
}
