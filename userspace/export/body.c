/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "export/body.h"

bool body_write_metrics(struct body *b, struct buf *out)
{
	return metrics_write_piece(b->from.snapshot, &b->metrics, out);
}

bool body_write_status(struct body *b, struct buf *out)
{
	return status_write_piece(&b->from, &b->status, out);
}

static void body_free(void *arg)
{
	struct body *b = arg;

	if (!b)
		return;
	snapshot_free(b->from.snapshot);
	buf_free(&b->text);
	free(b);
}

static void body_freep(struct body **b)
{
	body_free(*b);
}

/* The next piece, in place of the one that is gone. */
static bool advance(struct body *b)
{
	buf_cut(&b->text, 0);
	b->taken = 0;
	b->has_more = b->write(b, &b->text);
	return !b->text.failed;
}

/* The library asks for as much as there is room for in the socket, and once a turn. */
static ssize_t take(void *arg, uint64_t at, char *out, size_t room)
{
	struct body *b = arg;
	size_t n;

	(void)at;
	if (b->taken == b->text.len && b->has_more && !advance(b))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = b->text.len - b->taken;
	if (!n)
		return MHD_CONTENT_READER_END_OF_STREAM;
	n = n < room ? n : room;
	memcpy(out, b->text.data + b->taken, n);
	b->taken += n;
	return (ssize_t)n;
}

struct MHD_Response *body_respond(const struct status_source *from,
				  bool (*write)(struct body *b, struct buf *out))
{
	_cleanup_(body_freep) struct body *b = calloc(1, sizeof(*b));
	struct MHD_Response *r;

	if (!b) {
		snapshot_free(from->snapshot);
		return NULL;
	}
	b->from = *from;
	b->write = write;
	/* What cannot be begun is not promised. */
	if (!advance(b))
		return NULL;
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, METRICS_PIECE, take, b, body_free);
	if (r)
		take_ptr(&b);
	return r;
}
