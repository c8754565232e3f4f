/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Each chunk is twice as large as the one before, between these. */
#define CHUNK_MIN_BYTES (16 << 10)
#define CHUNK_MAX_BYTES (1 << 20)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

static struct arena_chunk *arena_chunk_add(struct arena *a, size_t size)
{
	struct arena_chunk *c = calloc(1, sizeof(*c) + size);

	if (!c)
		return NULL;
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

static size_t next_chunk_size(const struct arena_chunk *last, size_t least)
{
	size_t size = last ? 2 * last->size : CHUNK_MIN_BYTES;

	if (size > CHUNK_MAX_BYTES)
		size = CHUNK_MAX_BYTES;
	return size > least ? size : least;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	void *p;

	size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (!c || c->size - c->used < size)
		c = arena_chunk_add(a, next_chunk_size(c, size));
	if (!c)
		return NULL;
	p = c->data + c->used;
	c->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	return copy ? memcpy(copy, s, len) : NULL;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	a->chunks = NULL;
}
