/* SPDX-License-Identifier: BSD-2-Clause */
/* All keys, for those who write configs. */
#ifndef CONF_CONF_REFERENCE_H
#define CONF_CONF_REFERENCE_H

#include "base/buf.h"

/*
 * The reference of all keys, from the tables of fields: one paragraph a key.
 * With a key, those it means: a path ("services.web.backends[2].weight", or its
 * beginning: all that is below) or some words of one ("weight",
 * "check.interval"). Nothing is added to @out if there is no such key.
 */
void conf_explain(const char *key_or_null, struct buf *out);

/* The paths of all keys, one a line, as conf_explain() has them. */
void conf_list_keys(struct buf *out);

/*
 * A JSON Schema (draft 7) of the file, from the same tables. What it refuses
 * conf_load() refuses; the reverse does not hold.
 */
void conf_schema(struct buf *out);

#endif /* CONF_CONF_REFERENCE_H */
