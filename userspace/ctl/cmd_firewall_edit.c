/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt firewall add, del: prefixes beside those of the config. */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/duration.h"
#include "ctl/find.h"
#include "ctl/firewall_describe.h"
#include "ctl/view.h"

/* --- the question -------------------------------------------------------------------- */

static enum ctl_exit check_service(struct ctl_call *call, const char *name)
{
	_cleanup_(snapshot_freep) struct snapshot *s = NULL;

	if (!name)
		return CTL_OK;
	s = describe_snapshot(call);
	if (!s)
		return CTL_FAILED;
	return find_service(call, s, name) ? CTL_OK : CTL_NOT_FOUND;
}

static enum ctl_exit read_time(struct ctl_call *call, struct admin_prefix *said)
{
	const char *text = call->values[CTL_OPTION_FOR];
	uint64_t ms;

	if (!text)
		return CTL_OK;
	if (duration_parse(text, &ms) || !ms) {
		buf_printf(&call->error, "\"%s\" is not a duration such as 30s, 5m or 1h", text);
		return CTL_USAGE;
	}
	said->deadline_ms = clock_now_ms() + ms;
	return CTL_OK;
}

static enum ctl_exit read_prefix(struct ctl_call *call, struct admin_prefix *said)
{
	_cleanup_(buf_free) struct buf flaw = { 0 };

	said->allow = call->options & CTL_ALLOW;
	said->service = (char *)call->values[CTL_OPTION_SERVICE];
	said->since_wall_s = clock_wall_s();
	if (!conf_prefix_parse(call->args[0], &said->prefix, &flaw))
		return CTL_OK;
	buf_printf(&call->error, "\"%s\" %s", call->args[0], buf_str(&flaw));
	return CTL_USAGE;
}

/* It was, and the maps could not follow. */
static bool is_kept(const struct ctl_call *call, const struct admin_prefix *said, bool is_added)
{
	_cleanup_(snapshot_freep) struct snapshot *s = call->ops->snapshot(call->app);

	return s && s->admin && !admin_find_prefix(s->admin, said) == !is_added;
}

static enum ctl_exit say_failure(struct ctl_call *call, const struct admin_prefix *said,
				 bool is_added, int err)
{
	if (err == -ENOSPC) {
		buf_printf(&call->error,
			   "there are %d already: what is to stay belongs into the config",
			   ADMIN_MAX_PREFIXES);
		return CTL_FAILED;
	}
	if (err != -ENOENT) {
		buf_printf(&call->error, "the firewall could not be changed: %s%s", strerror(-err),
			   is_kept(call, said, is_added) ? "; it is tried again until it can" : "");
		return CTL_FAILED;
	}
	buf_printf(&call->error,
		   "%s was not %s at runtime%s%s: what the config says is changed there",
		   call->args[0], said->allow ? "allowed" : "denied",
		   said->service ? ", for service " : "", said->service ?: "");
	return CTL_NOT_FOUND;
}

/* --- what it means beside the others ------------------------------------------------- */

static const struct conf_service *service_called(const struct snapshot *s, const char *name)
{
	array_for_each (service, s->services, s->n_services)
		if (name && !strcmp(service->conf->name, name))
			return service->conf;
	return NULL;
}

static void put_match(const struct firewall_match *m, struct buf *out)
{
	_cleanup_(json_decrefp) json_t *match = firewall_describe_match(m);

	firewall_render_match(match, out);
}

/* By its first address: why what was added does not do what it says; nothing if it does. */
static void put_note(const struct snapshot *s, const struct admin_prefix *said, struct buf *out)
{
	const enum firewall_kind kind = said->allow ? FIREWALL_ALLOW : FIREWALL_DENY;
	const struct firewall_match *by;
	struct firewall_word word;

	firewall_look(s->conf, s->admin, service_called(s, said->service), &said->prefix.addr,
		      &word);
	by = word.decides;
	if (!by) {
		buf_puts(out, "it is only counted, because the mode is monitor");
	} else if (by->kind != kind) {
		buf_puts(out, "who is allowed is let through all the same: ");
		put_match(by, out);
	} else if (!by->is_runtime && conf_prefix_is_equal(&by->prefix, &said->prefix)) {
		buf_puts(out, "the config says so, too: ");
		put_match(by, out);
	}
}

static json_t *describe_note(struct ctl_call *call, const struct admin_prefix *said)
{
	_cleanup_(snapshot_freep) struct snapshot *s = call->ops->snapshot(call->app);
	_cleanup_(buf_free) struct buf note = { 0 };

	if (s && s->admin)
		put_note(s, said, &note);
	return note.len ? describe_text(buf_str(&note)) : json_null();
}

/* --- the answer ---------------------------------------------------------------------- */

static void log_it(const struct ctl_call *call, const struct admin_prefix *said, bool is_added)
{
	char prefix[CONF_PREFIX_TEXT];

	log_info("control: uid %u: firewall %s %s%s%s%s%s%s", call->uid, is_added ? "add" : "del",
		 conf_prefix_format(&said->prefix, prefix), said->allow ? " --allow" : "",
		 said->service ? " --service " : "", said->service ?: "",
		 said->deadline_ms ? " --for " : "",
		 said->deadline_ms ? call->values[CTL_OPTION_FOR] : "");
}

static enum ctl_exit answer(struct ctl_call *call, const struct admin_prefix *said, bool is_added)
{
	char prefix[CONF_PREFIX_TEXT];

	return describe_put(call, "prefix", json_string(conf_prefix_format(&said->prefix, prefix)))
		       ?: describe_put(call, "kind", json_string(said->allow ? "allow" : "deny"))
		       ?: describe_put(call, "service",
				       said->service ? describe_text(said->service) : json_null())
		       ?: describe_put(call, "added", json_boolean(is_added))
		       ?: describe_put(call, "note",
				       is_added ? describe_note(call, said) : json_null());
}

enum ctl_exit cmd_firewall_add(struct ctl_call *call)
{
	struct admin_prefix said = { 0 };
	enum ctl_exit code = read_prefix(call, &said) ?: check_service(call, said.service)
			     ?: read_time(call, &said);
	int err;

	if (code)
		return code;
	err = call->ops->prefix_say(call->app, &said, true);
	if (err)
		return say_failure(call, &said, true, err);
	log_it(call, &said, true);
	return answer(call, &said, true);
}

/* Of a service that is gone, too: it may come back. */
enum ctl_exit cmd_firewall_del(struct ctl_call *call)
{
	struct admin_prefix said = { 0 };
	enum ctl_exit code = read_prefix(call, &said);
	int err;

	if (code)
		return code;
	err = call->ops->prefix_say(call->app, &said, false);
	if (err == -ENOENT)
		code = check_service(call, said.service);
	if (err)
		return code ?: say_failure(call, &said, false, err);
	log_it(call, &said, false);
	return answer(call, &said, false);
}

void render_firewall_edit(const struct ctl_view *view, struct buf *out)
{
	const char *service = view_text(view->data, "service");
	const char *note = view_text(view->data, "note");
	const bool allows = !strcmp(view_text(view->data, "kind"), "allow");

	buf_printf(out, "%s: %s%s", view_text(view->data, "prefix"),
		   view_bool(view->data, "added") ? "" : "no longer ",
		   allows ? "allowed" : "denied");
	if (*service)
		buf_printf(out, " to service %s", service);
	buf_puts(out, "\n");
	if (*note)
		buf_printf(out, "note: %s\n", note);
}
