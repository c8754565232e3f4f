/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the page share: page_parts.c, where nothing else is said. */
#ifndef EXPORT_PAGE_H
#define EXPORT_PAGE_H

#include <jansson.h>

#include "base/buf.h"
#include "export/status.h"

/* A member of an object; "", 0, false or NULL where there is none. */
const char *page_text(const json_t *object, const char *key);
double page_number(const json_t *object, const char *key);
bool page_bool(const json_t *object, const char *key);
/* By a path of two keys. */
const json_t *page_member(const json_t *object, const char *key, const char *key2);

/* The newest of a list of rates. */
double page_newest(const json_t *rates);

/* How many members of @list have this word at @key. */
size_t page_count(const json_t *list, const char *key, const char *word);

/* A word for a state, with a mark of its shape and colour, and what it means. */
void page_state(struct buf *out, const char *state);

/* One more of some notes: "3h, 148 flows kept". */
__attribute__((format(printf, 2, 3))) void page_note(struct buf *notes, const char *fmt, ...);

/* How many services are in that state. */
size_t page_count_services(const json_t *status, const char *state);

/* page_trouble.c: the verdict, and whatever is wrong. */
void page_write_trouble(const json_t *status, struct buf *out);

/* page_services.c: the table of services and backends; of those whose name or address has
 * @filter in it, if that is not "". */
void page_write_services(const json_t *status, const char *filter, struct buf *out);

/**
 * struct page_row - a service that may be shown
 * @at: its place in the config
 */
struct page_row {
	const json_t *service;
	size_t at;
	bool is_up;
	double packets_per_s;
};

/**
 * page_choose() - the services that are wanted, in the order of the config or, if there
 *	are more than PAGE_SERVICES, of interest: these are shown
 * @rows: room for all of them
 *
 * Return: how many.
 */
size_t page_choose(const json_t *services, const char *filter, struct page_row *rows);

/* They have more backends than PAGE_BACKENDS. */
bool page_is_folded(const struct page_row *rows, size_t n);

/* page_notes.c: what was said at runtime, and what happened. */
void page_write_notes(const json_t *status, struct buf *out);

/* page_host.c: packets by reason, room, interfaces, next hops. */
void page_write_host(const json_t *status, struct buf *out);

#endif /* EXPORT_PAGE_H */
