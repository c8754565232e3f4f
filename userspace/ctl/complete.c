/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion: from the table of commands, with the names that are alive. */
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf_reference.h"
#include "ctl/cli.h"
#include "ctl/client.h"
#include "ctl/view.h"

/* A shell waits for us with every key that is pressed. */
#define COMPLETE_TIMEOUT_S 1

static void offer(struct buf *out, const char *prefix, const char *candidate)
{
	if (!strncmp(candidate, prefix, strlen(prefix)))
		buf_printf(out, "%s\n", candidate);
}

/* Rows that belong together stand together: the last noun is enough to know. */
static void offer_nouns(struct buf *out, const char *prefix)
{
	const char *last = "";

	array_for_each (c, ctl_commands, ctl_n_commands) {
		if (strcmp(c->noun, last))
			offer(out, prefix, c->noun);
		last = c->noun;
	}
}

static void offer_verbs(struct buf *out, const char *noun, const char *prefix)
{
	array_for_each (c, ctl_commands, ctl_n_commands)
		if (c->verb && !c->hidden && !strcmp(c->noun, noun))
			offer(out, prefix, c->verb);
}

static void offer_options(struct buf *out, const struct ctl_command *c, const char *prefix)
{
	for (size_t i = 0; i < CTL_OPTIONS; i++)
		if (c && c->options & (1U << i) && !strncmp("--", prefix, strnlen(prefix, 2)) &&
		    (strlen(prefix) < 2 ||
		     !strncmp(ctl_options[i].name, prefix + 2, strlen(prefix + 2))))
			buf_printf(out, "--%s\n", ctl_options[i].name);
	offer(out, prefix, "--json");
	offer(out, prefix, "--socket");
	offer(out, prefix, "--help");
}

/* Paths, and once something is typed their last words, too. */
static void offer_keys(struct buf *out, const char *prefix)
{
	const bool words = *prefix && !strchr(prefix, '.');
	_cleanup_(buf_free) struct buf keys = { 0 };
	char *next, *key;

	conf_list_keys(&keys);
	next = keys.data;
	while ((key = strsep(&next, "\n")) && *key) {
		const char *dot = strrchr(key, '.');

		offer(out, prefix, key);
		if (words && dot)
			offer(out, prefix, dot + 1);
	}
}

/* What the daemon that runs now says, to be released; NULL: nothing. */
static json_t *ask(const struct cli *cli, const char *command)
{
	const struct client_request request = {
		.command = command,
		.timeout_s = COMPLETE_TIMEOUT_S,
	};
	_cleanup_(buf_free) struct buf error = { 0 };
	json_t *answer;

	return client_ask(cli->socket, &request, &answer, &error) ? NULL : answer;
}

/* "web", or with @backends "web/nginx1". */
static void offer_live(struct cli *cli, const char *prefix, bool backends)
{
	_cleanup_(json_decrefp) json_t *answer = ask(cli, "backend list");
	const json_t *services, *s, *b;
	size_t i, j;

	services = json_object_get(json_object_get(answer, "data"), "services");
	json_array_foreach(services, i, s)
	{
		if (!backends)
			offer(cli->out, prefix, view_text(s, "name"));
		json_array_foreach(json_object_get(s, "backends"), j, b)
		{
			_cleanup_(buf_free) struct buf path = { 0 };

			buf_printf(&path, "%s/%s", view_text(s, "name"), view_text(b, "name"));
			if (backends)
				offer(cli->out, prefix, buf_str(&path));
		}
	}
}

/* What was added to the firewall at runtime. */
static void offer_added(struct cli *cli, const char *prefix)
{
	_cleanup_(json_decrefp) json_t *answer = ask(cli, "firewall list");
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(answer, "data"), "runtime"), i, p)
	{
		offer(cli->out, prefix, view_text(p, "prefix"));
	}
}

/* The @index-th word of "SERVICE/BACKEND WEIGHT" says what stands in its place. */
static void offer_arg(struct cli *cli, const struct ctl_command *c, size_t index,
		      const char *prefix)
{
	const char *pattern = c->args ?: "";

	if (index >= c->max_args)
		return;
	for (size_t i = 0; i < index; i++)
		pattern += strcspn(pattern, " ") + (strchr(pattern, ' ') != NULL);
	if (!strncmp(pattern, "SERVICE/BACKEND", strlen("SERVICE/BACKEND")))
		offer_live(cli, prefix, true);
	else if (strstr(pattern, "SERVICE") == pattern + (*pattern == '['))
		offer_live(cli, prefix, false);
	else if (!strcmp(pattern, "PREFIX") && !strcmp(c->verb, "del"))
		offer_added(cli, prefix);
	else if (!strcmp(pattern, "FILE"))
		buf_puts(cli->out, "@file\n");
	else if (!strcmp(pattern, "[KEY]"))
		offer_keys(cli->out, prefix);
	else if (!strcmp(pattern, "[COMMAND]"))
		offer_nouns(cli->out, prefix);
}

/* Is the word behind it the value of this option? */
static bool takes_next(const char *word)
{
	unsigned int bit = strncmp(word, "--", 2) ? 0 : option_find(word + 2, strlen(word + 2));

	return bit && ctl_options[__builtin_ctz(bit)].value;
}

/* Options and their values out of the way; @words keeps the rest. */
static size_t strip_options(struct cli *cli, char **words, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(words[i], "--socket") && i + 1 < n)
			cli->socket = words[++i];
		else if (takes_next(words[i]))
			i++;
		else if (strncmp(words[i], "--", 2))
			words[kept++] = words[i];
	}
	return kept;
}

void complete_words(struct cli *cli, char **words, size_t n)
{
	_cleanup_(buf_free) struct buf ignored = { 0 };
	const struct ctl_command *c = NULL;
	const char *last = n ? words[n - 1] : "";
	bool of_service;
	size_t used = 0;

	if (n > 1 && !strcmp(words[n - 2], "--socket")) {
		buf_puts(cli->out, "@file\n");
		return;
	}
	of_service = n > 1 && !strcmp(words[n - 2], "--service");
	n = n ? strip_options(cli, words, n - 1) : 0;
	if (n)
		c = command_find((const char *const *)words, n, &used, &ignored);
	if (of_service)
		offer_live(cli, last, false);
	else if (*last == '-')
		offer_options(cli->out, c, last);
	else if (!n)
		offer_nouns(cli->out, last);
	else if (c)
		offer_arg(cli, c, n - used, last);
	else if (n == 1)
		offer_verbs(cli->out, words[0], last);
}
