/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the page share. */
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

/* A word for a state, with a dot of its colour. */
void page_state(struct buf *out, const char *state);

/* page_services.c: the table of services and backends. */
void page_write_services(const json_t *status, struct buf *out);

/* page_host.c: packets by reason, room, interfaces, next hops. */
void page_write_host(const json_t *status, struct buf *out);

#endif /* EXPORT_PAGE_H */
