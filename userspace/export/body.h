/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An answer that is made piece by piece, as it is taken: however long it is, the daemon's
 * loop gets to everything else between two pieces, and no more of it than one is kept. All
 * of it is of one snapshot.
 */
#ifndef EXPORT_BODY_H
#define EXPORT_BODY_H

#include <microhttpd.h>

#include "export/status.h"

/**
 * struct body - of an answer
 * @from: its snapshot is the body's own
 * @write: add the next piece to @out. Return: false: that was the last one. Without
 *	memory @out has failed.
 * @metrics, @status: where it goes on
 * @text: written; of which @taken bytes are gone
 * @has_more: @write has not said that it was the last piece
 */
struct body {
	struct status_source from;
	bool (*write)(struct body *b, struct buf *out);
	struct metrics_place metrics;
	struct status_place status;
	struct buf text;
	size_t taken;
	bool has_more;
};

bool body_write_metrics(struct body *b, struct buf *out);
bool body_write_status(struct body *b, struct buf *out);

/**
 * body_respond() - begin such an answer
 * @from: copied; its snapshot is taken over
 *
 * Return: the response, to be released with MHD_destroy_response(); NULL without memory.
 */
struct MHD_Response *body_respond(const struct status_source *from,
				  bool (*write)(struct body *b, struct buf *out));

#endif /* EXPORT_BODY_H */
