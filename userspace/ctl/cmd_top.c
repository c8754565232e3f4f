/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shunt top: rates, from the counters of two looks. The daemon keeps no rates: whoever
 * wants them knows over which time.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "ctl/cli.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/patience.h"
#include "ctl/view.h"

/* Home, and what is below goes: no line flickers. */
#define TO_TOP "\033[H\033[J"

/**
 * struct sample - the counters at one moment
 * @services, @reasons: data of `backend list` and `show drops`
 */
struct sample {
	json_t *services;
	json_t *reasons;
	uint64_t now_ms;
};

static void sample_done(struct sample *s)
{
	json_decref(s->services);
	json_decref(s->reasons);
	*s = (struct sample){ 0 };
}

/* The list @key of what @request answers, with one reference, to @out. */
static enum ctl_exit ask_list(const char *socket, struct client_request request, const char *key,
			      json_t **out, struct buf *why)
{
	_cleanup_(json_decrefp) json_t *answer = NULL;
	enum ctl_exit err = client_ask_ok(socket, &request, &answer, why);

	if (err)
		return err;
	*out = json_incref(json_object_get(json_object_get(answer, "data"), key)) ?: json_array();
	return CTL_OK;
}

/**
 * struct viewer - who looks
 * @args, @n_args: of `backend list`
 */
struct viewer {
	struct cli *cli;
	const char *const *args;
	size_t n_args;
	uint64_t delay_ms;
	struct patience patience;
};

/* Empty if the daemon is away for the moment; other errors are said. */
static enum ctl_exit take_sample(struct viewer *v, struct sample *out)
{
	const struct client_request list = { .command = "backend list",
					     .args = v->args,
					     .n_args = v->n_args };
	const struct client_request drops = { .command = "show drops" };
	const char *socket = v->cli->socket;
	_cleanup_(buf_free) struct buf why = { 0 };
	enum ctl_exit err;

	err = ask_list(socket, list, "services", &out->services, &why)
		      ?: ask_list(socket, drops, "reasons", &out->reasons, &why);
	out->now_ms = clock_now_ms();
	if (!patience_lasts(&v->patience, v->cli, err, buf_str(&why)))
		return cli_fail(v->cli, err, &why);
	if (err)
		sample_done(out);
	return CTL_OK;
}

/* What has that name under @key; NULL: nothing. Lists keep their order as a rule. */
static const json_t *find_same(const json_t *list, size_t hint, const char *key, const char *name)
{
	const json_t *o = json_array_get(list, hint);

	if (o && !strcmp(view_text(o, key), name))
		return o;
	for (size_t i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		if (!strcmp(view_text(o, key), name))
			return o;
	}
	return NULL;
}

/**
 * struct period - between two looks
 */
struct period {
	const struct sample *before, *after;
	uint64_t ms;
};

/* A second's worth of @key; 0 of what is new, or has begun again. */
static uint64_t rate_of(const struct period *p, const json_t *before, const json_t *after,
			const char *key)
{
	const uint64_t now = view_int(after, key), then = view_int(before, key);

	if (!before || now < then)
		return 0;
	return ((now - then) * 1000 + p->ms / 2) / p->ms;
}

static const struct table_column columns[] = {
	{ "SERVICE", false },  { "VIP:PORT", false }, { "STATE", false },      { "WEIGHT", true },
	{ "PACKETS/s", true }, { "BYTES/s", true },   { "LAST CHECK", false },
};

static void add_rates(struct table *t, const struct period *p, const json_t *before,
		      const json_t *after)
{
	table_add(t, TABLE_PLAIN, "%s", fmt_count(rate_of(p, before, after, "packets")).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_bytes(rate_of(p, before, after, "bytes")).text);
}

static void add_backend(struct table *t, const struct period *p, const json_t *before,
			const json_t *after)
{
	_cleanup_(buf_free) struct buf state = { 0 }, probe = { 0 };

	view_backend_state(after, &state);
	view_probe(after, &probe);
	table_add(t, TABLE_PLAIN, "  -> %s", view_text(after, "name"));
	table_add(t, TABLE_PLAIN, "%s", view_text(after, "address"));
	table_add(t, view_state_color(view_text(after, "state")), "%s", buf_str(&state));
	table_add(t, TABLE_PLAIN, "%" PRIu64 "/%" PRIu64, view_int(after, "effective_weight"),
		  view_int(after, "weight"));
	add_rates(t, p, before, after);
	table_add(t, TABLE_PLAIN, "%s", buf_str(&probe));
}

static void add_service(struct table *t, const struct period *p, size_t place)
{
	const json_t *after = json_array_get(p->after->services, place);
	const json_t *before =
		find_same(p->before->services, place, "name", view_text(after, "name"));
	const json_t *backends = json_object_get(after, "backends");
	const char *state = view_text(after, "state");

	table_add(t, TABLE_BOLD, "%s", view_text(after, "name"));
	table_add(t, TABLE_PLAIN, "%s",
		  json_string_value(json_array_get(json_object_get(after, "vips"), 0)) ?: "");
	table_add(t, view_state_color(state), "%s %" PRIu64 "/%" PRIu64, state,
		  view_int(after, "backends_usable"), view_int(after, "backends_total"));
	table_add(t, TABLE_PLAIN, "%s", "");
	add_rates(t, p, before, after);
	table_end_row(t);
	for (size_t i = 0; i < json_array_size(backends); i++) {
		const json_t *b = json_array_get(backends, i);

		add_backend(t, p,
			    find_same(json_object_get(before, "backends"), i, "name",
				      view_text(b, "name")),
			    b);
	}
}

/* "12:00:01  830k packets/s; dropped: 12/s no_backend, 3/s too_big" */
static void print_head(const struct period *p, struct buf *out)
{
	_cleanup_(buf_free) struct buf drops = { 0 };
	const time_t now = clock_wall_s();
	uint64_t all = 0;
	struct tm tm;
	char at[16];

	for (size_t i = 0; i < json_array_size(p->after->reasons); i++) {
		const json_t *r = json_array_get(p->after->reasons, i);
		const char *name = view_text(r, "reason");
		const uint64_t rate =
			rate_of(p, find_same(p->before->reasons, i, "reason", name), r, "packets");

		all += rate;
		if (rate && !strcmp(view_text(r, "action"), "drop"))
			buf_printf(&drops, "%s %s/s %s",
				   drops.len ? "," : "; dropped:", fmt_count(rate).text, name);
	}
	strftime(at, sizeof(at), "%T", localtime_r(&now, &tm));
	buf_printf(out, "%s  %s packets/s%s\n\n", at, fmt_count(all).text, buf_str(&drops));
}

/* As many lines as the terminal has; all of them where it is none. */
static void print_lines(const char *text, size_t most, struct buf *out)
{
	const char *end = text;

	for (size_t n = 0; *end && (!most || n < most); n++) {
		end = strchrnul(end, '\n');
		end += *end == '\n';
	}
	buf_add(out, text, end - text);
}

static void print_screen(struct cli *cli, const struct period *p)
{
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };
	_cleanup_(buf_free) struct buf text = { 0 };
	const bool is_screen = isatty(STDOUT_FILENO);
	struct winsize size = { 0 };

	print_head(p, &text);
	for (size_t i = 0; i < json_array_size(p->after->services); i++)
		add_service(&t, p, i);
	table_print(&t, cli->color, &text);
	if (is_screen) {
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
		buf_puts(cli->out, TO_TOP);
	}
	print_lines(buf_str(&text), size.ws_row > 1 ? size.ws_row - 1 : 0, cli->out);
}

static void put_rates(const struct period *p, const json_t *before, json_t *after)
{
	json_object_set_new(after, "packets_per_s",
			    json_integer(rate_of(p, before, after, "packets")));
	if (json_object_get(after, "bytes"))
		json_object_set_new(after, "bytes_per_s",
				    json_integer(rate_of(p, before, after, "bytes")));
}

/* @after gets the rates; with those of the lists under @inner in it, if that is not NULL. */
static void put_all_rates(const struct period *p, const json_t *before, json_t *after,
			  const char *name, const char *inner)
{
	for (size_t i = 0; i < json_array_size(after); i++) {
		json_t *at = json_array_get(after, i);
		const json_t *was = find_same(before, i, name, view_text(at, name));

		put_rates(p, was, at);
		if (inner)
			put_all_rates(p, json_object_get(was, inner), json_object_get(at, inner),
				      name, NULL);
	}
}

/* A line each time: what was asked last, and the rates of it. */
static void print_json(struct cli *cli, const struct period *p)
{
	_cleanup_(json_decrefp) json_t *services = json_deep_copy(p->after->services);
	_cleanup_(json_decrefp) json_t *reasons = json_deep_copy(p->after->reasons);
	_cleanup_(json_decrefp) json_t *line = NULL;

	put_all_rates(p, p->before->services, services, "name", "backends");
	put_all_rates(p, p->before->reasons, reasons, "reason", NULL);
	line = json_pack("{s:i, s:b, s:{s:I, s:O, s:O}}", "schema", CTL_SCHEMA, "ok", true, "data",
			 "interval_ms", (json_int_t)p->ms, "services", services, "reasons",
			 reasons);
	client_dump(line, cli->out);
}

static void wait_ms(uint64_t ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* "0.5" in seconds; 0: that is none. */
static uint64_t parse_delay_ms(const char *text)
{
	char *end;
	const double seconds = text ? strtod(text, &end) : 1;

	if (text && (end == text || *end))
		return 0;
	return seconds >= 0.1 && seconds <= 3600 ? seconds * 1000 : 0;
}

/* While the daemon is away the last sample stays: the next rates are over all that time. */
static enum ctl_exit look_on(struct viewer *v, uint64_t times)
{
	_cleanup_(sample_done) struct sample before = { 0 };
	enum ctl_exit err = take_sample(v, &before);

	/* One that is not there in the beginning may never have been. */
	v->patience.most_ms = PATIENCE_MS;
	while (!err && times) {
		_cleanup_(sample_done) struct sample after = { 0 };

		wait_ms(v->delay_ms);
		err = take_sample(v, &after);
		if (!err && after.services) {
			(v->cli->json ? print_json : print_screen)(
				v->cli,
				&(struct period){ &before, &after, after.now_ms - before.now_ms });
			sample_done(&before);
			before = after;
			after = (struct sample){ 0 };
			times--;
		}
		if (cli_flush(v->cli))
			return CTL_FAILED;
	}
	return err;
}

enum ctl_exit local_top(struct cli *cli, const char *const *args, size_t n)
{
	struct viewer v = { .cli = cli,
			    .args = args,
			    .n_args = n,
			    .delay_ms = parse_delay_ms(cli->values[CTL_OPTION_DELAY]) };
	uint64_t times;
	enum ctl_exit err = cli_read_count(cli, UINT64_MAX, &times);

	if (err)
		return err;
	if (!v.delay_ms) {
		buf_puts(cli->err, "shunt: --delay is a number of seconds, 0.1 to 3600\n");
		return CTL_USAGE;
	}
	return look_on(&v, times);
}
