/* SPDX-License-Identifier: BSD-2-Clause */
/* A saved run: lines of a name, a tab, and numbers. */
#ifndef TESTS_BENCH_SAVED_H
#define TESTS_BENCH_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* NULL for NULL. Ends the program if it cannot be read. */
FILE *saved_open(const char *path);

/* The first @n numbers behind @name; false if there are not as many. */
bool saved_find(FILE *f, const char *name, double numbers[], size_t n);

#endif /* TESTS_BENCH_SAVED_H */
