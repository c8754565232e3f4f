/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's state with its rates, as JSON, and the page that is made of it. The
 * page needs no script: one only fetches it again every few seconds.
 */
#ifndef EXPORT_STATUS_H
#define EXPORT_STATUS_H

#include <jansson.h>

#include "export/history.h"

/**
 * status_add_rates() - what the history knows, put beside what it is about
 * @status: of exporter_ops.describe
 *
 * "rates" of the whole, of each service and of each reason are lists, the newest last;
 * those of backends are numbers, the newest alone.
 */
void status_add_rates(json_t *status, const struct history *h);

/* The page. @host: of this machine. Pure: @status is all that is shown. */
void page_write(const json_t *status, const char *host, struct buf *out);

/* Backends that are well are folded away if there are more in all than this. */
#define PAGE_BACKENDS 400

/* What the page refers to, as text. */
extern const char page_css[];
extern const char page_js[];

#endif /* EXPORT_STATUS_H */
