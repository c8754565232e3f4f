/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is released all at once: what one config file needs. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Zero-initialised is empty and valid. */
struct arena {
	struct arena_chunk *chunks;
};

/* @size zeroed bytes, aligned for any type; NULL if out of memory. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of the first @len bytes of @s, NUL-terminated; NULL if out of memory. */
char *arena_strndup(struct arena *a, const char *s, size_t len);

void arena_free(struct arena *a);

#endif /* BASE_ARENA_H */
