/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static bool buf_reserve(struct buf *b, size_t extra)
{
	size_t size = b->size ? b->size : 128;
	char *data;

	if (b->failed)
		return false;
	if (b->len + extra + 1 <= b->size)
		return true;
	while (size < b->len + extra + 1)
		size *= 2;
	data = realloc(b->data, size);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->size = size;
	return true;
}

void buf_add_more(struct buf *b, const void *data, size_t len)
{
	if (!buf_reserve(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	const size_t room = b->failed ? 0 : b->size - b->len;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, again);
	va_end(again);
	if (n >= 0 && (size_t)n >= room) {
		if (!buf_reserve(b, n)) {
			if (room)
				b->data[b->len] = '\0';
			return;
		}
		vsnprintf(b->data + b->len, n + 1, fmt, ap);
	}
	b->len += n > 0 ? n : 0;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_skip(struct buf *b, size_t len)
{
	if (!b->data)
		return;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

void buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->data[len] = '\0';
	b->len = len;
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
