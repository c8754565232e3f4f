/* SPDX-License-Identifier: BSD-2-Clause */
/* Times as a table, to a file, and against those of a file. */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include <stdio.h>

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

/* @saved: of report_save(), to compare with, or NULL */
void report_print(const struct report *r, FILE *saved);

/* Name, ns, ratio, quartiles of the ratio: a line a case. */
void report_save(const struct report *r, FILE *f);

#endif /* TESTS_BENCH_REPORT_H */
