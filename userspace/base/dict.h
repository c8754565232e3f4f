/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds things by names, which may be of two parts with a slash between them: so nobody
 * has to put "service/backend" together only to look for it.
 */
#ifndef BASE_DICT_H
#define BASE_DICT_H

#include <stdbool.h>
#include <stddef.h>

struct dict_place;

/* Zero-initialised is empty and valid. */
struct dict {
	struct dict_place *places;
	size_t mask;
};

/* Room for @n things in @d, which is empty. 0 or -ENOMEM. */
int dict_reserve(struct dict *d, size_t n);

/* There is room for it, and nothing of that name; @name lives as long as it is in @d. */
void dict_add(struct dict *d, const char *name, void *thing);

/* NULL if there is none. */
void *dict_find(const struct dict *d, const char *name);

/* The same for "@first/@second". */
void *dict_find_pair(const struct dict *d, const char *first, const char *second);

/* Whether @name is "@first/@second". */
bool dict_is_pair(const char *name, const char *first, const char *second);

/* Release the memory; @d is empty and valid again. */
void dict_free(struct dict *d);

#endif /* BASE_DICT_H */
