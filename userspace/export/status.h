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

/**
 * page_write() - the page
 * @host: of this machine
 * @filter: only services with that in their name or address; "" is all of them
 *
 * Pure: @status is all that is shown. Its size is bounded by what follows.
 */
void page_write(const json_t *status, const char *host, const char *filter, struct buf *out);

/* Backends that are well are folded away if there are more in all than this, */
#define PAGE_BACKENDS 400
/* and then no more of the others are shown of each service. */
#define PAGE_BACKENDS_EACH 10
/* If there are more services: those that are not up, and those with most packets. */
#define PAGE_SERVICES 100
/* Lines of each of the other lists. */
#define PAGE_LINES 40

/* What the page refers to, as text. */
extern const char page_css[];
extern const char page_js[];

#endif /* EXPORT_STATUS_H */
