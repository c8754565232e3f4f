/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/fmt.h"
#include "ctl/settings.h"
#include "ctl/view.h"

/* Of struct conf_timeouts, in the order in which they are shown. */
static const struct {
	const char *key;
	const char *json;
	size_t off;
} timeouts[] = {
	{ "syn", "syn_ms", offsetof(struct conf_timeouts, syn_ms) },
	{ "established", "established_ms", offsetof(struct conf_timeouts, established_ms) },
	{ "closing", "closing_ms", offsetof(struct conf_timeouts, closing_ms) },
	{ "closed", "closed_ms", offsetof(struct conf_timeouts, closed_ms) },
	{ "udp", "udp_ms", offsetof(struct conf_timeouts, udp_ms) },
	{ "udp_replied", "udp_replied_ms", offsetof(struct conf_timeouts, udp_replied_ms) },
};

static json_t *timeouts_of(const struct conf_timeouts *t)
{
	json_t *json = json_object();

	array_for_each (row, timeouts, array_len(timeouts)) {
		const uint32_t *ms = (const void *)((const char *)t + row->off);

		json_object_set_new(json, row->json, json_integer(*ms));
	}
	return json;
}

void settings_describe(const struct conf_service *s, json_t *service)
{
	if (s->forward == SHUNT_FORWARD_GUE)
		json_object_set_new(service, "gue_port", json_integer(s->gue_port));
	json_object_set_new(service, "fragments", json_string(conf_fragments_name(s->fragments)));
	json_object_set_new(service, "affinity_ms", json_integer(s->affinity_ms));
	json_object_set_new(service, "mss", json_integer(s->mss));
	json_object_set_new(service, "max_connections", json_integer(s->max_connections));
	json_object_set_new(service, "on_down", json_string(conf_on_down_name(s->on_down)));
	json_object_set_new(service, "drain_timeout_ms", json_integer(s->drain.timeout_ms));
	json_object_set_new(service, "slow_start_ms", json_integer(s->slow_start_ms));
	json_object_set_new(service, "min_healthy", json_integer(s->min_healthy));
	if (conf_forward_is_nat(s->forward))
		json_object_set_new(service, "timeouts", timeouts_of(&s->timeouts));
}

void settings_describe_backend(const struct conf_backend *b, json_t *backend)
{
	json_object_set_new(backend, "port", json_integer(b->port));
	json_object_set_new(backend, "max_connections", json_integer(b->max_connections));
}

static void render_number(const json_t *object, const char *key, struct buf *out)
{
	if (view_int(object, key))
		buf_printf(out, ", %s %" PRIu64, key, view_int(object, key));
}

static void render_msec(const json_t *service, const char *key, const char *name, struct buf *out)
{
	if (view_int(service, key))
		buf_printf(out, ", %s %s", name, fmt_msec(view_int(service, key)).text);
}

/* What becomes of backends, where it is not what is preset. */
static void render_states(const json_t *service, struct buf *out)
{
	const char *on_down = view_text(service, "on_down");

	if (*on_down && strcmp(on_down, conf_on_down_name(CONF_ON_DOWN_MOVE)))
		buf_printf(out, ", on_down %s", on_down);
	render_msec(service, "drain_timeout_ms", "drain timeout", out);
	render_msec(service, "slow_start_ms", "slow_start", out);
	if (view_int(service, "min_healthy") > 1)
		render_number(service, "min_healthy", out);
}

void settings_render(const json_t *service, struct buf *out)
{
	const json_t *times = json_object_get(service, "timeouts");
	const char *fragments = view_text(service, "fragments");

	render_number(service, "gue_port", out);
	if (strcmp(fragments, conf_fragments_name(CONF_FRAGMENTS_TRACK)))
		buf_printf(out, ", fragments %s", fragments);
	if (view_int(service, "affinity_ms"))
		buf_printf(out, ", affinity %s", fmt_msec(view_int(service, "affinity_ms")).text);
	render_number(service, "mss", out);
	render_number(service, "max_connections", out);
	render_states(service, out);
	if (!times)
		return;
	buf_puts(out, ", timeouts");
	array_for_each (row, timeouts, array_len(timeouts))
		buf_printf(out, " %s %s", row->key, fmt_msec(view_int(times, row->json)).text);
}

void settings_render_backend(const json_t *backend, struct buf *out)
{
	render_number(backend, "port", out);
	render_number(backend, "max_connections", out);
}
