/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/json_put.h"

/* Bytes that stand in a string as they are. */
static size_t plain_length(const char *s)
{
	const char *p = s;

	while ((unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
		p++;
	return p - s;
}

void json_put_text(struct buf *out, const char *text)
{
	size_t n = plain_length(text);

	buf_add(out, "\"", 1);
	buf_add(out, text, n);
	for (text += n; *text; text += n) {
		buf_printf(out, "\\u%04x", (unsigned char)*text++);
		n = plain_length(text);
		buf_add(out, text, n);
	}
	buf_add(out, "\"", 1);
}

void json_put_text_or_null(struct buf *out, const char *text)
{
	if (text)
		json_put_text(out, text);
	else
		buf_puts(out, "null");
}

void json_put_number(struct buf *out, int64_t n)
{
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[24];
	char *p = digits + sizeof(digits);

	do {
		*--p = '0' + left % 10;
		left /= 10;
	} while (left);
	if (n < 0)
		*--p = '-';
	buf_add(out, p, digits + sizeof(digits) - p);
}

static void put_key(struct buf *out, const char *key)
{
	buf_add(out, "\"", 1);
	buf_puts(out, key);
	buf_add(out, "\":", 2);
}

void json_put_member_text(struct buf *out, const char *key, const char *text)
{
	put_key(out, key);
	json_put_text(out, text);
}

void json_put_member_number(struct buf *out, const char *key, int64_t n)
{
	put_key(out, key);
	json_put_number(out, n);
}
