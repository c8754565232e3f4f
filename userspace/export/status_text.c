/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /status.json, piece by piece. Each step below writes what may be thousands of once;
 * the brackets around them are what its neighbours in the text take care of.
 */
#include "base/array.h"
#include "base/cleanup.h"
#include "export/status.h"

enum part {
	PART_BEGIN,
	PART_SERVICE,
	PART_BACKEND,
	PART_HOP,
	PART_END,
};

static int add_text(const char *text, size_t len, void *out)
{
	buf_add(out, text, len);
	return 0;
}

/* @json is stolen; NULL: out of memory. */
static void write_json(json_t *json, struct buf *out)
{
	if (!json || json_dump_callback(json, add_text, out, JSON_COMPACT))
		out->failed = true;
	json_decref(json);
}

/* The same of an object that goes on with @key, a list. */
static void write_open(json_t *json, const char *key, struct buf *out)
{
	write_json(json, out);
	if (out->failed)
		return;
	buf_cut(out, out->len - 1);
	buf_printf(out, ",\"%s\":[", key);
}

static enum part write_begin(const struct status_source *from, struct buf *out)
{
	write_open(status_begin(from), "services", out);
	return PART_SERVICE;
}

static const struct history_service *past_of(const struct status_source *from, size_t service)
{
	const struct snapshot_service *s = &from->snapshot->services[service];

	return history_find(from->history, s->conf->name, service);
}

static enum part write_service(const struct status_source *from, struct status_place *at,
			       struct buf *out)
{
	json_t *service;

	if (at->service == from->snapshot->n_services) {
		buf_puts(out, "],\"neighbors\":[");
		return PART_HOP;
	}
	service = from->ops->describe_service(&from->snapshot->services[at->service]);
	status_add_service_rates(service, from->history, past_of(from, at->service));
	buf_puts(out, at->service ? "," : "");
	write_open(service, "backends", out);
	at->backend = 0;
	return PART_BACKEND;
}

static enum part write_backend(const struct status_source *from, struct status_place *at,
			       struct buf *out)
{
	const struct snapshot_service *s = &from->snapshot->services[at->service];
	const size_t i = at->backend;
	json_t *backend;

	if (i == s->n_backends) {
		buf_puts(out, "]}");
		at->service++;
		return PART_SERVICE;
	}
	backend = from->ops->describe_backend(s, i);
	status_add_backend_rates(
		backend, history_find_backend(past_of(from, at->service), s->backends[i].name, i));
	buf_puts(out, i ? "," : "");
	write_json(backend, out);
	at->backend++;
	return PART_BACKEND;
}

static enum part write_hop(const struct status_source *from, struct status_place *at,
			   struct buf *out)
{
	if (at->hop == from->snapshot->n_hops) {
		buf_puts(out, "]}");
		return PART_END;
	}
	buf_puts(out, at->hop ? "," : "");
	write_json(from->ops->describe_hop(&from->snapshot->hops[at->hop++]), out);
	return PART_HOP;
}

static enum part write_next(const struct status_source *from, struct status_place *at,
			    struct buf *out)
{
	switch (at->part) {
	case PART_BEGIN:
		return write_begin(from, out);
	case PART_SERVICE:
		return write_service(from, at, out);
	case PART_BACKEND:
		return write_backend(from, at, out);
	default:
		return write_hop(from, at, out);
	}
}

bool status_write_piece(const struct status_source *from, struct status_place *at, struct buf *out)
{
	const size_t until = out->len + STATUS_PIECE;

	while (at->part != PART_END && out->len < until && !out->failed)
		at->part = write_next(from, at, out);
	return at->part != PART_END && !out->failed;
}
