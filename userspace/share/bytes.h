/* SPDX-License-Identifier: BSD-2-Clause */
/* Big-endian numbers, and a cursor over bytes that may end at any place. */
#ifndef SHARE_BYTES_H
#define SHARE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void bytes_store(uint8_t *at, uint64_t value, size_t n)
{
	while (n--) {
		at[n] = value;
		value >>= 8;
	}
}

static inline uint64_t bytes_load(const uint8_t *at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | at[i];
	return value;
}

/**
 * struct bytes - what is left to be read
 * @short_of: something was read behind the end: all of that was 0
 */
struct bytes {
	const uint8_t *at;
	size_t n;
	bool short_of;
};

/* The next @n of them, or NULL. */
static inline const uint8_t *bytes_take(struct bytes *b, size_t n)
{
	const uint8_t *at = b->at;

	if (b->n < n) {
		b->short_of = true;
		b->n = 0;
		return NULL;
	}
	b->at += n;
	b->n -= n;
	return at;
}

static inline uint64_t bytes_number(struct bytes *b, size_t n)
{
	const uint8_t *at = bytes_take(b, n);

	return at ? bytes_load(at, n) : 0;
}

static inline void bytes_copy(struct bytes *b, void *out, size_t n)
{
	const uint8_t *at = bytes_take(b, n);

	if (at)
		memcpy(out, at, n);
	else
		memset(out, 0, n);
}

#endif /* SHARE_BYTES_H */
