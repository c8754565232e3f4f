/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "export/answer.h"

/* Of every answer. The page gets nothing from elsewhere and runs no script but its own. */
static const char *const headers[][2] = {
	{ MHD_HTTP_HEADER_CONNECTION, "close" },
	{ MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "
				     "connect-src 'self'; img-src data:; base-uri 'none'; "
				     "form-action 'self'; frame-ancestors 'none'" },
};

static bool add_headers(struct MHD_Response *r, unsigned int status, const char *type)
{
	bool ok = MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES;

	array_for_each (h, headers, array_len(headers))
		ok &= MHD_add_response_header(r, (*h)[0], (*h)[1]) == MHD_YES;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		ok &= MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES;
	return ok;
}

static enum MHD_Result respond(struct MHD_Connection *conn, unsigned int status, struct buf *body,
			       const char *type)
{
	size_t len = body->len;
	struct MHD_Response *r =
		MHD_create_response_from_buffer(len, take_ptr(&body->data), MHD_RESPMEM_MUST_FREE);
	enum MHD_Result ok = MHD_NO;

	if (!r)
		return MHD_NO;
	if (add_headers(r, status, type))
		ok = MHD_queue_response(conn, status, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result respond_text(struct MHD_Connection *conn, unsigned int status,
				    const char *text)
{
	_cleanup_(buf_free) struct buf body = { 0 };

	buf_puts(&body, text);
	return respond(conn, status, &body, "text/plain; charset=utf-8");
}

static bool write_healthz(const struct answerer *a, const char *query, struct buf *out)
{
	(void)a, (void)query;
	buf_puts(out, "ok\n");
	return true;
}

static bool write_metrics(const struct answerer *a, const char *query, struct buf *out)
{
	_cleanup_(snapshot_freep) struct snapshot *s = a->ops->snapshot(a->app);

	(void)query;
	if (s)
		metrics_write(s, out);
	return s;
}

/* To be released; NULL without memory. */
static json_t *status_of(const struct answerer *a)
{
	_cleanup_(snapshot_freep) struct snapshot *s = a->ops->snapshot(a->app);
	json_t *status = s ? a->ops->describe(s) : NULL;

	if (!status)
		return NULL;
	json_object_set_new(status, "host", json_string(a->host));
	status_add_rates(status, &a->history);
	return status;
}

static bool write_status(const struct answerer *a, const char *query, struct buf *out)
{
	_cleanup_(json_decrefp) json_t *status = status_of(a);
	_cleanup_free_ char *text = status ? json_dumps(status, JSON_COMPACT) : NULL;

	(void)query;
	if (text)
		buf_puts(out, text);
	return text;
}

static bool write_page(const struct answerer *a, const char *query, struct buf *out)
{
	_cleanup_(json_decrefp) json_t *status = status_of(a);

	if (status)
		page_write(status, a->host, query, out);
	return status;
}

static bool write_css(const struct answerer *a, const char *query, struct buf *out)
{
	(void)a, (void)query;
	buf_puts(out, page_css);
	return true;
}

static bool write_js(const struct answerer *a, const char *query, struct buf *out)
{
	(void)a, (void)query;
	buf_puts(out, page_js);
	return true;
}

/* @write is false without memory; @query is what was asked for by ?q=, or "". */
static const struct place {
	const char *path;
	const char *type;
	bool (*write)(const struct answerer *a, const char *query, struct buf *out);
} places[] = {
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics },
	{ "/healthz", "text/plain; charset=utf-8", write_healthz },
	{ "/", "text/html; charset=utf-8", write_page },
	{ "/page.css", "text/css; charset=utf-8", write_css },
	{ "/page.js", "text/javascript; charset=utf-8", write_js },
	{ "/status.json", "application/json", write_status },
};

static enum MHD_Result respond_place(const struct answerer *a, struct MHD_Connection *conn,
				     const struct place *place)
{
	const char *query = MHD_lookup_connection_value(conn, MHD_GET_ARGUMENT_KIND, "q");
	_cleanup_(buf_free) struct buf body = { 0 };

	if (!place->write(a, query ?: "", &body) || body.failed)
		return respond_text(conn, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n");
	return respond(conn, MHD_HTTP_OK, &body, place->type);
}

enum MHD_Result answer_request(const struct answerer *a, struct MHD_Connection *conn,
			       const char *url, const char *method)
{
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return respond_text(conn, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
	array_for_each (place, places, array_len(places))
		if (!strcmp(url, place->path))
			return respond_place(a, conn, place);
	return respond_text(conn, MHD_HTTP_NOT_FOUND, "see / and /metrics\n");
}
