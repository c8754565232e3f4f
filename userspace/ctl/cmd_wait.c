/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shunt backend drain --wait: until the backend has nothing left. The daemon is asked
 * again and again; it knows nothing of who waits, so that they may go at any time, and a
 * restart of the daemon is nothing to them.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "ctl/cli.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/patience.h"
#include "ctl/view.h"

#define WAIT_MS 500

/**
 * struct wait - for one backend
 * @path: "SERVICE/BACKEND"
 * @said: the line that was printed last
 */
struct wait {
	struct cli *cli;
	const char *path;
	char service[256];
	struct buf said;
	struct patience patience;
};

static void wait_free(struct wait *w)
{
	buf_free(&w->said);
}

static void sleep_ms(uint64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* Of the answer to "backend list SERVICE"; NULL if it is not there any more. */
static const json_t *find_in(const json_t *answer, const char *backend)
{
	const json_t *data = json_object_get(answer, "data");
	const json_t *services = json_object_get(data, "services");
	const json_t *list = json_object_get(json_array_get(services, 0), "backends");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *b = json_array_get(list, i);

		if (!strcmp(view_text(b, "name"), backend))
			return b;
	}
	return NULL;
}

/* Print it, if it is news. Return: 0, or that nobody reads it. */
static int tell(struct wait *w, const json_t *backend)
{
	_cleanup_(buf_free) struct buf line = { 0 };

	buf_printf(&line, "%s: ", w->path);
	view_backend_drain(backend, &line);
	if (w->cli->json || !strcmp(buf_str(&line), buf_str(&w->said)))
		return 0;
	buf_printf(w->cli->out, "%s\n", buf_str(&line));
	buf_free(&w->said);
	w->said = line;
	line = (struct buf){ 0 };
	return cli_flush(w->cli);
}

static int fail(struct wait *w, enum ctl_exit code, const char *why)
{
	buf_printf(w->cli->err, "%s: %s\n", w->path, why);
	return code;
}

/* How it ended: enum ctl_exit; -EAGAIN: not yet. */
static int judge(struct wait *w, const json_t *answer)
{
	const json_t *b = find_in(answer, strchr(w->path, '/') + 1);
	const json_t *drain = json_object_get(b, "drain");

	if (!json_is_object(drain))
		return fail(w, CTL_FAILED, b ? "no longer drained" : "no longer in the config");
	if (tell(w, b))
		return CTL_FAILED;
	if (view_bool(drain, "empty"))
		return CTL_OK;
	return view_int(drain, "until") && !view_int(drain, "left")
		       ? fail(w, CTL_TIMED_OUT, "its time is over")
		       : -EAGAIN;
}

static int ask(struct wait *w)
{
	const char *const args[] = { w->service };
	const struct client_request request = { .command = "backend list",
						.args = args,
						.n_args = 1 };
	_cleanup_(buf_free) struct buf error = { 0 };
	_cleanup_(json_decrefp) json_t *answer = NULL;
	enum ctl_exit code = client_ask(w->cli->socket, &request, &answer, &error);

	if (!patience_lasts(&w->patience, w->cli, code, buf_str(&error)))
		return fail(w, code, buf_str(&error));
	if (cli_flush(w->cli))
		return CTL_FAILED;
	return code ? -EAGAIN : judge(w, answer);
}

enum ctl_exit follow_drain(struct cli *cli, const char *const *args)
{
	_cleanup_(wait_free) struct wait w = { .cli = cli,
					       .path = args[0],
					       .patience = { .most_ms = PATIENCE_MS } };
	const size_t len = strcspn(args[0], "/");
	int code;

	if (!(cli->options & CTL_WAIT))
		return CTL_OK;
	if (len >= sizeof(w.service))
		return CTL_NOT_FOUND;
	memcpy(w.service, args[0], len);
	if (cli_flush(cli))
		return CTL_FAILED;
	while ((code = ask(&w)) == -EAGAIN)
		sleep_ms(WAIT_MS);
	return code;
}
