/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void *array_grow(void *data, size_t n, size_t size)
{
	size_t room = n ? n * 2 : 4;
	char *p = data;

	/* Full when empty, or when the length has reached a power of two from 4 on. */
	if (n == 0 || (n >= 4 && !(n & (n - 1)))) {
		if (room > SIZE_MAX / size)
			return NULL;
		p = realloc(data, room * size);
		if (!p)
			return NULL;
	}
	memset(p + n * size, 0, size);
	return p;
}

void array_sort(void *data, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
	const char *p = data;

	for (size_t i = 1; i < n; i++, p += size) {
		if (compare(p, p + size) <= 0)
			continue;
		qsort(data, n, size, compare);
		return;
	}
}
