/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "export/answer.h"
#include "export/body.h"

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

/* @r is released; NULL: without memory. */
static enum MHD_Result queue(struct MHD_Connection *conn, unsigned int status,
			     struct MHD_Response *r, const char *type)
{
	enum MHD_Result ok = MHD_NO;

	if (!r)
		return MHD_NO;
	if (add_headers(r, status, type))
		ok = MHD_queue_response(conn, status, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result respond(struct MHD_Connection *conn, unsigned int status, struct buf *body,
			       const char *type)
{
	size_t len = body->len;

	return queue(
		conn, status,
		MHD_create_response_from_buffer(len, take_ptr(&body->data), MHD_RESPMEM_MUST_FREE),
		type);
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

static struct status_source source_of(const struct answerer *a)
{
	return (struct status_source){ a->ops, a->ops->snapshot(a->app), &a->history, a->host };
}

static bool write_page(const struct answerer *a, const char *query, struct buf *out)
{
	const struct status_source from = source_of(a);
	_cleanup_(json_decrefp) json_t *status = NULL;

	if (from.snapshot)
		status = status_for_page(&from, query);
	if (status)
		page_write(status, a->host, query, out);
	snapshot_free(from.snapshot);
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

/*
 * @write is false without memory; @query is what was asked for by ?q=, or "". What may be
 * long is written by @pieces instead.
 */
static const struct place {
	const char *path;
	const char *type;
	bool (*write)(const struct answerer *a, const char *query, struct buf *out);
	bool (*pieces)(struct body *b, struct buf *out);
} places[] = {
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", .pieces = body_write_metrics },
	{ "/healthz", "text/plain; charset=utf-8", .write = write_healthz },
	{ "/", "text/html; charset=utf-8", .write = write_page },
	{ "/page.css", "text/css; charset=utf-8", .write = write_css },
	{ "/page.js", "text/javascript; charset=utf-8", .write = write_js },
	{ "/status.json", "application/json", .pieces = body_write_status },
};

static enum MHD_Result respond_failed(struct MHD_Connection *conn)
{
	return respond_text(conn, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n");
}

static enum MHD_Result respond_pieces(const struct answerer *a, struct MHD_Connection *conn,
				      const struct place *place)
{
	const struct status_source from = source_of(a);
	struct MHD_Response *r = from.snapshot ? body_respond(&from, place->pieces) : NULL;

	return r ? queue(conn, MHD_HTTP_OK, r, place->type) : respond_failed(conn);
}

static enum MHD_Result respond_place(const struct answerer *a, struct MHD_Connection *conn,
				     const struct place *place)
{
	const char *query = MHD_lookup_connection_value(conn, MHD_GET_ARGUMENT_KIND, "q");
	_cleanup_(buf_free) struct buf body = { 0 };

	if (place->pieces)
		return respond_pieces(a, conn, place);
	if (!place->write(a, query ?: "", &body) || body.failed)
		return respond_failed(conn);
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
