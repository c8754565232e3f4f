/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt backend: looking at backends, and the operator's word about them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/duration.h"
#include "ctl/find.h"
#include "base/fmt.h"
#include "ctl/view.h"

enum ctl_exit cmd_backend_list(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const struct snapshot_service *only;

	if (!s)
		return CTL_FAILED;
	if (!call->n_args)
		return describe_put(call, "now", json_integer(s->now_wall_s))
			       ?: describe_put(call, "services", describe_services_deep(s));
	only = find_service(call, s, call->args[0]);
	if (!only)
		return CTL_NOT_FOUND;
	return describe_put(call, "now", json_integer(s->now_wall_s))
		       ?: describe_put(call, "services",
				       json_pack("[o]", describe_service_deep(only)));
}

/* What is said of a backend now: names point into the snapshot. */
static struct admin_entry word_of(const struct ctl_call *call, const struct found_backend *f)
{
	const struct admin_entry *said =
		call->ops->admin_find(call->app, f->service->conf->name, f->backend->name);
	struct admin_entry now = { .state = f->backend->admin, .weight = -1, .weight_percent = -1 };

	if (said)
		now = *said;
	now.service = (char *)f->service->conf->name;
	now.backend = (char *)f->backend->name;
	return now;
}

static bool is_same_word(const struct admin_entry *a, const struct admin_entry *b)
{
	return a->state == b->state && a->deadline_ms == b->deadline_ms && a->weight == b->weight &&
	       a->weight_percent == b->weight_percent;
}

/*
 * CTL_OK unless @next would take the last usable backend of its service, and
 * nobody insisted.
 */
static enum ctl_exit check_not_last(struct ctl_call *call, const struct found_backend *f,
				    const struct admin_entry *next)
{
	bool stays = next->state == ADMIN_ENABLED && admin_weight(next, f->backend->weight);

	if (stays || !f->backend->usable || f->service->n_usable > 1 || call->options & CTL_FORCE)
		return CTL_OK;
	buf_printf(&call->error,
		   "%s/%s is the last usable backend of %s: with --force it is taken all the same",
		   f->service->conf->name, f->backend->name, f->service->conf->name);
	return CTL_FAILED;
}

/* @before and @after: what changes, in the words of the one line that is printed. */
static enum ctl_exit report(struct ctl_call *call, const struct found_backend *f, bool changed,
			    const char *before, const char *after)
{
	const char *service = f->service->conf->name, *backend = f->backend->name;

	if (changed)
		log_info("control: uid %u: %s/%s: %s -> %s", call->uid, service, backend, before,
			 after);
	return describe_put(call, "backend", json_sprintf("%s/%s", service, backend))
	    ?: describe_put(call, "changed", json_boolean(changed))
	    ?: describe_put(call, "before", json_string(before))
	    ?: describe_put(call, "after", json_string(after));
}

static enum ctl_exit set_word(struct ctl_call *call, const struct admin_entry *next)
{
	int err = call->ops->admin_set(call->app, next);

	if (!err)
		return CTL_OK;
	buf_printf(&call->error, "%s/%s: %s", next->service, next->backend, strerror(-err));
	return CTL_FAILED;
}

/*
 * Until when flows stay that @f has when it is drained, as --timeout says or else the
 * config; who is drained already has until the time that was said then.
 */
static enum ctl_exit read_deadline(struct ctl_call *call, const struct found_backend *f,
				   struct admin_entry *next)
{
	const char *text = call->values[CTL_OPTION_TIMEOUT];
	uint64_t ms = f->service->conf->drain.timeout_ms;

	if (!text && f->backend->admin == ADMIN_DRAIN)
		return CTL_OK;
	if (text && !strcmp(text, "off")) {
		ms = 0;
	} else if (text && (duration_parse(text, &ms) || !ms)) {
		buf_printf(&call->error, "\"%s\" is not a duration such as 30s, 5m or 1h, or off",
			   text);
		return CTL_USAGE;
	}
	next->deadline_ms = ms ? clock_now_ms() + ms : 0;
	return CTL_OK;
}

/* What the state of @f shall be. Return: CTL_OK, or CTL_USAGE and said. */
static enum ctl_exit read_state(struct ctl_call *call, const struct found_backend *f,
				enum admin_state state, struct admin_entry *next)
{
	if (next->state != state)
		next->since_wall_s = clock_wall_s();
	next->state = state;
	if (state == ADMIN_DRAIN)
		return read_deadline(call, f, next);
	next->deadline_ms = 0;
	return CTL_OK;
}

static enum ctl_exit set_state(struct ctl_call *call, enum admin_state state)
{
	static const char *const words[ADMIN_STATES] = {
		[ADMIN_ENABLED] = "enabled",
		[ADMIN_DRAIN] = "drained",
		[ADMIN_MAINT] = "in maintenance",
	};
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	struct snapshot_backend after;
	struct admin_entry now, next;
	struct found_backend f;
	enum ctl_exit err;

	if (!s)
		return CTL_FAILED;
	err = find_backend(call, s, call->args[0], &f);
	if (err)
		return err;
	now = next = word_of(call, &f);
	err = read_state(call, &f, state, &next);
	if (err)
		return err;
	if (is_same_word(&now, &next))
		return report(call, &f, false, words[state], words[state]);
	err = check_not_last(call, &f, &next) ?: set_word(call, &next);
	if (err)
		return err;
	after = *f.backend;
	after.admin = state;
	return report(call, &f, true, describe_backend_state(f.backend),
		      describe_backend_state(&after));
}

enum ctl_exit cmd_backend_drain(struct ctl_call *call)
{
	return set_state(call, ADMIN_DRAIN);
}

enum ctl_exit cmd_backend_maint(struct ctl_call *call)
{
	return set_state(call, ADMIN_MAINT);
}

enum ctl_exit cmd_backend_enable(struct ctl_call *call)
{
	return set_state(call, ADMIN_ENABLED);
}

/* "50" or "50%" into @e; -EINVAL if it is neither. 100% is nothing said. */
static int parse_weight(const char *text, struct admin_entry *e)
{
	char *end;
	long n = strtol(text, &end, 10);
	bool percent = !strcmp(end, "%");

	if (end == text || (*end && !percent) || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	if (n > (percent ? 100 : PLAN_MAX_WEIGHT))
		return -EINVAL;
	e->weight = percent ? -1 : n;
	e->weight_percent = percent && n < 100 ? n : -1;
	return 0;
}

enum ctl_exit cmd_backend_weight(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	struct admin_entry now, next;
	struct found_backend f;
	char before[32], after[32];
	enum ctl_exit err;

	if (!s)
		return CTL_FAILED;
	err = find_backend(call, s, call->args[0], &f);
	if (err)
		return err;
	now = next = word_of(call, &f);
	if (parse_weight(call->args[1], &next)) {
		buf_printf(&call->error, "\"%s\" is not a weight: 0 to %d, or 0%% to 100%%",
			   call->args[1], PLAN_MAX_WEIGHT);
		return CTL_USAGE;
	}
	if (!is_same_word(&now, &next))
		err = check_not_last(call, &f, &next) ?: set_word(call, &next);
	if (err)
		return err;
	snprintf(before, sizeof(before), "weight %u",
		 admin_weight_enabled(&now, f.backend->weight));
	snprintf(after, sizeof(after), "weight %u", admin_weight_enabled(&next, f.backend->weight));
	return report(call, &f, !is_same_word(&now, &next), before, after);
}

void render_backend_change(const struct ctl_view *view, struct buf *out)
{
	const json_t *d = view->data;

	if (view_bool(d, "changed"))
		buf_printf(out, "%s: %s -> %s\n", view_text(d, "backend"), view_text(d, "before"),
			   view_text(d, "after"));
	else
		buf_printf(out, "%s: already %s\n", view_text(d, "backend"), view_text(d, "after"));
}

static const struct table_column columns[] = {
	{ "SERVICE", false }, { "VIP:PORT", false },
	{ "STATE", false },   { "FOR", true },
	{ "WEIGHT", true },   { "PACKETS", true },
	{ "BYTES", true },    { "SCHEDULER, LAST CHECK", false },
};

static void add_service(struct table *t, const json_t *s)
{
	const char *state = view_text(s, "state");

	table_add(t, view_state_color(state), "%s %" PRIu64 "/%" PRIu64, state,
		  view_int(s, "backends_usable"), view_int(s, "backends_total"));
	table_add(t, TABLE_PLAIN, "%s", "");
	table_add(t, TABLE_PLAIN, "%s", "");
	table_add(t, TABLE_PLAIN, "%s", fmt_count(view_int(s, "packets")).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_bytes(view_int(s, "bytes")).text);
	table_add(t, TABLE_PLAIN, "%s", view_text(s, "scheduler"));
}

static void add_backend(struct table *t, const json_t *b, uint64_t now)
{
	_cleanup_(buf_free) struct buf state = { 0 }, probe = { 0 };
	struct fmt room;

	view_backend_state(b, &state);
	view_probe(b, &probe);
	table_add(t, TABLE_PLAIN, "  -> %s", view_text(b, "name"));
	table_add(t, TABLE_PLAIN, "%s", view_text(b, "address"));
	table_add(t, view_state_color(view_text(b, "state")), "%s", buf_str(&state));
	table_add(t, TABLE_PLAIN, "%s", view_since(b, now, &room));
	table_add(t, TABLE_PLAIN, "%" PRIu64 "/%" PRIu64, view_int(b, "effective_weight"),
		  view_int(b, "weight"));
	table_add(t, TABLE_PLAIN, "%s", fmt_count(view_int(b, "packets")).text);
	table_add(t, TABLE_PLAIN, "%s", fmt_bytes(view_int(b, "bytes")).text);
	table_add(t, TABLE_PLAIN, "%s", buf_str(&probe));
}

void render_backend_list(const struct ctl_view *view, struct buf *out)
{
	const json_t *services = json_object_get(view->data, "services");
	_cleanup_(table_free) struct table t = { .columns = columns,
						 .n_columns = array_len(columns) };

	for (size_t i = 0; i < json_array_size(services); i++) {
		const json_t *s = json_array_get(services, i);
		const json_t *backends = json_object_get(s, "backends");

		view_service(s, TABLE_BOLD, add_service, &t);
		for (size_t j = 0; j < json_array_size(backends); j++)
			add_backend(&t, json_array_get(backends, j), view_int(view->data, "now"));
	}
	if (!t.n_cells)
		buf_puts(out, "no services\n");
	table_print(&t, view->color, out);
}
