/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shunt events: what the daemon has logged, whoever keeps its log. The daemon has no
 * clients that wait: to follow is to ask again, from the last serial on.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log_ring.h"
#include "ctl/cli.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/patience.h"
#include "ctl/view.h"

#define FOLLOW_MS 300

enum ctl_exit cmd_events(struct ctl_call *call)
{
	const uint64_t after = call->n_args ? strtoull(call->args[0], NULL, 10) : 0;

	return describe_put(call, "began", json_integer(log_ring_began()))
		       ?: describe_put(call, "last", json_integer(log_ring_last()))
		       ?: describe_put(call, "events", describe_events(after));
}

static void print_event(const struct cli *cli, const json_t *event)
{
	const char *level = view_text(event, "level");
	const uint64_t ms = view_int(event, "time_ms");
	const time_t seconds = ms / 1000;
	struct tm tm;
	char at[32];

	strftime(at, sizeof(at), "%F %T", localtime_r(&seconds, &tm));
	buf_printf(cli->out, "%s.%03u ", at, (unsigned int)(ms % 1000));
	if (!strcmp(level, "error") || !strcmp(level, "warning")) {
		table_paint(cli->out, cli->color, *level == 'e' ? TABLE_RED : TABLE_YELLOW, level);
		buf_puts(cli->out, ": ");
	}
	table_put_text(cli->out, view_text(event, "text"));
	buf_puts(cli->out, "\n");
}

/**
 * struct follower - where `events` has got to
 * @began: when the daemon that answered logged its first line; 0 before the first answer
 * @after: serial of the last event that was printed
 * @most: events to print at the first look, the last ones
 */
struct follower {
	uint64_t began;
	uint64_t after;
	uint64_t most;
};

static void print_events(const struct cli *cli, const json_t *data, struct follower *f)
{
	const json_t *list = json_object_get(data, "events");
	const size_t n = json_array_size(list);
	size_t i = 0;

	if (!f->after)
		i = n > f->most ? n - f->most : 0;
	for (; i < n; i++) {
		const json_t *event = json_array_get(list, i);

		if (f->after && view_int(event, "serial") > f->after + 1)
			buf_printf(cli->err,
				   "(%" PRIu64 " lines came and went between two looks)\n",
				   view_int(event, "serial") - f->after - 1);
		f->after = view_int(event, "serial");
		if (cli->json)
			client_dump(event, cli->out);
		else
			print_event(cli, event);
	}
	f->after = view_int(data, "last");
}

/* Another daemon counts from the beginning. */
static bool is_another(const json_t *data, const struct follower *f)
{
	return (f->began && view_int(data, "began") != f->began) ||
	       view_int(data, "last") < f->after;
}

static enum ctl_exit look(struct cli *cli, struct follower *f, struct buf *why)
{
	_cleanup_(json_decrefp) json_t *answer = NULL;
	char after[24];
	const char *args[] = { after };
	const struct client_request request = { .command = "events", .args = args, .n_args = 1 };
	const json_t *data;
	enum ctl_exit err;

	snprintf(after, sizeof(after), "%" PRIu64, f->after);
	err = client_ask_ok(cli->socket, &request, &answer, why);
	if (err)
		return err;
	data = json_object_get(answer, "data");
	if (is_another(data, f)) {
		if (f->began) {
			buf_puts(cli->err, "(another daemon answers; the last lines of the one "
					   "before may be missing)\n");
			f->most = UINT64_MAX;
		}
		f->began = f->after = 0;
		return look(cli, f, why);
	}
	f->began = view_int(data, "began");
	print_events(cli, data, f);
	return CTL_OK;
}

/* A daemon that has ended is waited for, until somebody starts it. */
static enum ctl_exit follow(struct cli *cli, struct follower *f)
{
	static const struct timespec pause = { .tv_nsec = FOLLOW_MS * 1000000L };
	struct patience patience = { .most_ms = UINT64_MAX };

	for (;;) {
		_cleanup_(buf_free) struct buf why = { 0 };
		enum ctl_exit err = look(cli, f, &why);

		if (!patience_lasts(&patience, cli, err, buf_str(&why)))
			return cli_fail(cli, err, &why);
		if (cli_flush(cli))
			return CTL_FAILED;
		nanosleep(&pause, NULL);
	}
}

static bool is_serial(const char *text, uint64_t *serial)
{
	char *end;

	*serial = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end;
}

enum ctl_exit local_events(struct cli *cli, const char *const *args, size_t n)
{
	_cleanup_(buf_free) struct buf why = { 0 };
	struct follower f = { 0 };
	enum ctl_exit err = cli_read_count(cli, UINT64_MAX, &f.most);

	if (!err && n && !is_serial(args[0], &f.after)) {
		buf_printf(cli->err, "shunt: \"%s\" is no serial of an event\n", args[0]);
		err = CTL_USAGE;
	}
	if (err)
		return err;
	err = look(cli, &f, &why);
	if (err)
		return cli_fail(cli, err, &why);
	return cli->options & CTL_FOLLOW ? follow(cli, &f) : CTL_OK;
}
