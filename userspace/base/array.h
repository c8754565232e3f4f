/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A typed array that grows:
 *	struct conf_backend *backends; size_t n_backends;
 *	b = array_add(&backends, &n_backends);	// zeroed element, NULL on ENOMEM
 * Capacity is the next power of two of the length, so none is stored.
 */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/* Room for one more element of @size bytes in @data; NULL if out of memory. */
void *array_grow(void *data, size_t n, size_t size);

/*
 * qsort(), but what is in order already is only looked at: most lists are, because the one
 * before them was sorted.
 */
void array_sort(void *data, size_t n, size_t size, int (*compare)(const void *a, const void *b));

#define array_add(data, n)                                                                         \
	({                                                                                         \
		__typeof__(*(data)) array_new_ = array_grow(*(data), *(n), sizeof(**(data)));      \
		if (array_new_) {                                                                  \
			*(data) = array_new_;                                                      \
			array_new_ += (*(n))++;                                                    \
		}                                                                                  \
		array_new_;                                                                        \
	})

/* An empty array may be NULL, to which not even 0 may be added. */
#define array_for_each(item, data, n)                                                              \
	for (__typeof__((data) + 0) item = (data), item##_end_ = item ? item + (n) : item;         \
	     item < item##_end_; item++)

#define array_len(a) (sizeof(a) / sizeof((a)[0]))

#endif /* BASE_ARRAY_H */
