/* SPDX-License-Identifier: BSD-2-Clause */
/* A string that grows. Zero-initialised is empty and valid. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/**
 * struct buf - growable text
 * @data: NUL-terminated at @len, NULL while nothing was added
 * @len: bytes without the NUL
 * @failed: an allocation failed; everything added since is lost. Checked once,
 *	at the end, instead of after each step.
 */
struct buf {
	char *data;
	size_t len;
	size_t size;
	bool failed;
};

/* buf_add() where there is no room. */
void buf_add_more(struct buf *b, const void *data, size_t len);

/* These two are here because texts of megabytes are put together of such pieces. */
static inline void buf_add(struct buf *b, const void *data, size_t len)
{
	if (b->failed || len >= b->size - b->len) {
		buf_add_more(b, data, len);
		return;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

static inline void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);

/* Drop the first @len bytes: what was consumed by a reader. */
void buf_skip(struct buf *b, size_t len);

/* Drop all but the first @len bytes: what was added since it was that long. */
void buf_cut(struct buf *b, size_t len);

/* The text, "" if empty; owned by @b. */
const char *buf_str(const struct buf *b);

/* Release the memory; @b is empty and valid again. Usable as _cleanup_(buf_free). */
void buf_free(struct buf *b);

#endif /* BASE_BUF_H */
