/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON straight into a text, for what is written often and long: a tree of it first would
 * take ten times as long. Commas and braces are the caller's.
 */
#ifndef BASE_JSON_PUT_H
#define BASE_JSON_PUT_H

#include <stdint.h>

#include "base/buf.h"

/* In quotes; @text is UTF-8. */
void json_put_text(struct buf *out, const char *text);

/* The same, or null. */
void json_put_text_or_null(struct buf *out, const char *text);

void json_put_number(struct buf *out, int64_t n);

/* "key": and a text or a number; @key has nothing to escape. */
void json_put_member_text(struct buf *out, const char *key, const char *text);
void json_put_member_number(struct buf *out, const char *key, int64_t n);

#endif /* BASE_JSON_PUT_H */
