/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt config diff, apply, confirm: a config beside the one that runs, and in its place. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/duration.h"
#include "ctl/handover.h"
#include "ctl/view.h"

#define CONFIRM_MAX_S 3600

/* --- in the CLI -------------------------------------------------------------------- */

enum ctl_exit handover_config(struct cli *cli, const char *const *args, size_t n,
			      struct client_request *r)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf said = { 0 };
	int err;

	if (!n)
		return CTL_OK;
	conf_load(args[0], &said, &conf);
	buf_puts(cli->err, buf_str(&said));
	if (!conf)
		return CTL_USAGE;
	err = handover_give(conf, r);
	if (!err)
		return CTL_OK;
	buf_printf(cli->err, "shunt: hand over %s: %s\n", args[0], strerror(-err));
	return CTL_FAILED;
}

static const char change_mark[] = {
	[CONF_CHANGED] = '~',
	[CONF_ADDED] = '+',
	[CONF_REMOVED] = '-',
};

static const char *or_none(const char *value)
{
	return *value ? value : "none";
}

void render_config_diff(const struct ctl_view *view, struct buf *out)
{
	const json_t *changes = json_object_get(view->data, "changes");

	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *c = json_array_get(changes, i);
		const char *kind = view_text(c, "kind");

		buf_printf(out, "%s %s", kind, view_text(c, "path"));
		if (*kind == change_mark[CONF_CHANGED])
			buf_printf(out, ": %s -> %s", or_none(view_text(c, "before")),
				   or_none(view_text(c, "after")));
		if (view_bool(c, "needs_restart"))
			buf_puts(out, " (when the daemon is started again)");
		buf_puts(out, "\n");
	}
	if (!json_array_size(changes))
		buf_puts(out, "no difference\n");
}

void render_config_apply(const struct ctl_view *view, struct buf *out)
{
	const uint64_t confirm_s = view_int(view->data, "confirm_s");

	buf_puts(out, view_text(view->data, "messages"));
	if (confirm_s)
		buf_printf(out,
			   "it runs; the former config returns in %s, unless `shunt config "
			   "confirm` comes first\n",
			   fmt_msec(confirm_s * 1000).text);
}

/* --- in the daemon -------------------------------------------------------------------- */

static void note_change(void *arg, const struct conf_change *c)
{
	const char kind[] = { change_mark[c->kind], '\0' };

	json_array_append_new(
		arg, json_pack("{s:s, s:o, s:o, s:o, s:b}", "kind", kind, "path",
			       describe_text(c->path), "before", describe_text(c->before), "after",
			       describe_text(c->after), "needs_restart", c->needs_restart));
}

static enum ctl_exit say_failure(struct ctl_call *call, const struct buf *said, int err)
{
	if (said->len)
		buf_puts(&call->error, buf_str(said));
	else
		buf_puts(&call->error, strerror(-err));
	return err == -EINVAL ? CTL_USAGE : err == -EPERM ? CTL_DENIED : CTL_FAILED;
}

static struct ctl_config config_of(const struct ctl_call *call, const struct handover *h)
{
	return (struct ctl_config){
		.inputs = h->inputs,
		.n_inputs = h->n_inputs,
		.by_root = call_is_by_root(call),
	};
}

enum ctl_exit cmd_config_diff(struct ctl_call *call)
{
	_cleanup_(handover_free) struct handover h = { 0 };
	_cleanup_(buf_free) struct buf said = { 0 };
	struct ctl_config config;
	enum ctl_exit code;
	json_t *changes;
	int err;

	code = handover_take(call, &h);
	if (code)
		return code;
	config = config_of(call, &h);
	changes = json_array();
	err = call->ops->config_diff(call->app, &config, note_change, changes, &said);
	code = describe_put(call, "changes", changes);
	return err ? say_failure(call, &said, err) : code;
}

/* Of --confirm; 0: without it. -EINVAL if it is no time, or too long. */
static int read_confirm(const struct ctl_call *call, uint32_t *s)
{
	const char *text = call->values[CTL_OPTION_CONFIRM];
	uint64_t ms = 0;

	if (text && (duration_parse(text, &ms) || ms < 1000 || ms > CONFIRM_MAX_S * 1000))
		return -EINVAL;
	*s = ms / 1000;
	return 0;
}

enum ctl_exit cmd_config_apply(struct ctl_call *call)
{
	_cleanup_(handover_free) struct handover h = { 0 };
	_cleanup_(buf_free) struct buf said = { 0 };
	struct ctl_config config;
	enum ctl_exit code;
	uint32_t confirm_s;
	int err;

	if (read_confirm(call, &confirm_s)) {
		buf_printf(&call->error, "--confirm takes a time up to %d minutes: 60s, 5m",
			   CONFIRM_MAX_S / 60);
		return CTL_USAGE;
	}
	code = handover_take(call, &h);
	if (!code && !h.inputs) {
		buf_puts(&call->error, "no file came with the request");
		code = CTL_USAGE;
	}
	if (code)
		return code;
	config = config_of(call, &h);
	config.confirm_s = confirm_s;
	err = call->ops->config_apply(call->app, &config, &said);
	log_info("control: uid %u: config apply %s: %s", call->uid, h.inputs[0].name,
		 err	     ? "refused"
		 : confirm_s ? "done, to be confirmed"
			     : "done");
	if (err)
		return say_failure(call, &said, err);
	return describe_put(call, "messages", describe_text(buf_str(&said)))
		       ?: describe_put(call, "confirm_s", json_integer(confirm_s));
}

enum ctl_exit cmd_config_confirm(struct ctl_call *call)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	int err = call->ops->config_confirm(call->app, call->options & CTL_FORCE, &said);

	if (err == -ENOENT) {
		buf_puts(&call->error, "no config waits to be confirmed");
		return CTL_NOT_FOUND;
	}
	if (err)
		return say_failure(call, &said, err);
	log_info("control: uid %u: config confirm", call->uid);
	return describe_put(call, "messages", describe_text(buf_str(&said)));
}
