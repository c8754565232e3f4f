/* SPDX-License-Identifier: BSD-2-Clause */
/* Results as a table, to a file, and against those of a file. */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include "cases.h"
#include "result.h"

/**
 * struct report - what a run found
 * @results: one a case
 * @others: of another object in the same run, or NULL
 */
struct report {
	const struct bench_case *cases;
	size_t n;
	const struct result *results;
	const struct result *others;
};

/* @saved: a file of report_save() to compare with, or NULL. Ends the program if unreadable. */
void report_print(const struct report *r, const char *saved);

/* Tab-separated: name, ns, ratio, quartiles of the ratio. */
void report_save(const struct report *r, const char *path);

/*
 * Size of @object with each set of constants, and what it does for a packet:
 * instructions, lookups in arrays, in hashes, other helpers. No clock involved.
 */
void report_sizes(struct world *w, const char *object, const struct refs *refs);

#endif /* TESTS_BENCH_REPORT_H */
