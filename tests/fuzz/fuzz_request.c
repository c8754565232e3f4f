/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a line on the control socket; the first one says what the client may.
 * What comes back is one line, JSON, and says whether it went well; nobody changes
 * anything who may not.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "../lib/snapshot_fixture.h"
#include "base/log.h"
#include "ctl/request.h"
#include "fuzz.h"

/* How often something was changed. */
struct daemon {
	unsigned int changes;
};

static struct snapshot *get_snapshot(void *app)
{
	(void)app;
	return fixture_snapshot();
}

static int reload(void *app, bool dry_run, struct buf *errors)
{
	struct daemon *d = app;

	(void)dry_run;
	(void)errors;
	d->changes++;
	return 0;
}

static int diff_config(void *app, const struct ctl_config *config, conf_change_fn *fn, void *arg,
		       struct buf *errors)
{
	(void)app;
	(void)config;
	(void)fn;
	(void)arg;
	(void)errors;
	return 0;
}

static int apply_config(void *app, const struct ctl_config *config, struct buf *report)
{
	struct daemon *d = app;

	(void)config;
	(void)report;
	d->changes++;
	return 0;
}

static int confirm_config(void *app, bool force, struct buf *report)
{
	(void)force;
	return apply_config(app, NULL, report);
}

static int edit_backend(void *app, const struct conf_edit *edit, bool is_new, bool by_root,
			struct buf *report)
{
	(void)edit;
	(void)is_new;
	(void)by_root;
	return apply_config(app, NULL, report);
}

static int explain(void *app, const struct explain_packet *p, struct explain *out)
{
	(void)app;
	(void)p;
	(void)out;
	return -EAGAIN;
}

static int begin_capture(void *app, const struct shunt_capture *filter, int *ring_fd)
{
	struct daemon *d = app;

	require(filter->reasons);
	require(filter->n_ends <= SHUNT_CAPTURE_ENDS);
	d->changes++;
	*ring_fd = 3;
	return 0;
}

static int get_connections(void *app, size_t service, size_t max, struct snapshot_conns *out)
{
	(void)app;
	(void)service;
	(void)max;
	(void)out;
	return 0;
}

static int drain_all(void *app, bool drained)
{
	struct daemon *d = app;

	(void)drained;
	d->changes++;
	return -ENOENT;
}

static int get_flows(void *app, size_t service, struct snapshot_flow_list *out)
{
	(void)app;
	(void)service;
	(void)out;
	return 0;
}

static const struct admin_entry *find_word(void *app, const char *service, const char *backend)
{
	(void)app;
	(void)service;
	(void)backend;
	return NULL;
}

static int set_word(void *app, const struct admin_entry *entry)
{
	struct daemon *d = app;

	require(entry->service && entry->backend);
	require(entry->weight <= PLAN_MAX_WEIGHT);
	d->changes++;
	return 0;
}

static int say_prefix(void *app, const struct admin_prefix *said, bool is_added)
{
	struct daemon *d = app;

	(void)is_added;
	require(said->prefix.bits <= 128);
	d->changes++;
	return 0;
}

static const struct ctl_ops ops = {
	.snapshot = get_snapshot,
	.reload = reload,
	.config_diff = diff_config,
	.config_apply = apply_config,
	.config_confirm = confirm_config,
	.backend_edit = edit_backend,
	.connections = get_connections,
	.flows = get_flows,
	.explain = explain,
	.begin_capture = begin_capture,
	.announce_drain = drain_all,
	.admin_find = find_word,
	.admin_set = set_word,
	.prefix_say = say_prefix,
};

static void check_answer(const struct buf *out)
{
	json_t *answer;

	require(out->len && out->data[out->len - 1] == '\n');
	require(memchr(out->data, '\n', out->len) == out->data + out->len - 1);
	answer = json_loadb(out->data, out->len, JSON_REJECT_DUPLICATES, NULL);
	require(answer);
	require(json_is_boolean(json_object_get(answer, "ok")));
	json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct daemon d = { 0 };
	struct buf line = { 0 }, out = { 0 };
	struct peer peer = { .uid = 1000 };

	if (!size || size > REQUEST_MAX_BYTES)
		return 0;
	log_level_set(LOG_LEVEL_ERROR);
	peer.right = data[0] % (PEER_CHANGE + 1);
	buf_add(&line, data + 1, size - 1);
	request_answer(&ops, &d, &peer, &line, &out);
	check_answer(&out);
	require(!d.changes || peer.right == PEER_CHANGE);
	buf_free(&line);
	buf_free(&out);
	return 0;
}
