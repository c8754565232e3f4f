/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's state with its rates, as JSON, and the page that is made of it. The
 * page needs no script: one only fetches it again every few seconds.
 */
#ifndef EXPORT_STATUS_H
#define EXPORT_STATUS_H

#include <jansson.h>

#include "export/export.h"
#include "export/history.h"

/*
 * What the history knows, put beside what it is about: rates of the whole, of reasons and
 * of services are lists, the newest last; those of backends are numbers, the newest alone.
 * Without a @past nothing is added.
 */
void status_add_rates(json_t *status, const struct history *h); /* the whole and reasons */
void status_add_service_rates(json_t *service, const struct history *h,
			      const struct history_service *past);
void status_add_backend_rates(json_t *backend, const struct history_backend *past);

/* Of a service, a list of only the newest. */
void status_add_newest_rate(json_t *service, const struct history_service *past);

/**
 * struct status_source - what a status is made of
 * @snapshot: whose it is, is said elsewhere; while its status is begun it is new: see
 *	exporter_ops.describe
 * @history: as of now
 */
struct status_source {
	const struct exporter_ops *ops;
	struct snapshot *snapshot;
	const struct history *history;
	const char *host;
};

/* All but services and neighbors, with its rates. To be released; NULL without memory. */
json_t *status_begin(const struct status_source *from);

/* Where the text of a status goes on; zero-initialised is its beginning. */
struct status_place {
	int part;
	size_t service, backend, hop;
};

/*
 * The whole status as text, in pieces of STATUS_PIECE bytes and little more, however many
 * backends there are. Return: false: that was the last one. Without memory @out has failed.
 */
bool status_write_piece(const struct status_source *from, struct status_place *at, struct buf *out);
#define STATUS_PIECE 16384

/*
 * What the page shows of it, and counts of what it does not: of services that it has no
 * room for, no backends; of those that are well where there are many, none; and only
 * neighbors that nothing can be sent to. To be released; NULL without memory.
 */
json_t *status_for_page(const struct status_source *from, const char *filter);

/**
 * page_write() - the page
 * @host: of this machine
 * @filter: only services with that in their name or address; "" is all of them
 *
 * Pure: @status, of status_for_page() or of the whole, is all that is shown. Its size is bounded by what follows.
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
