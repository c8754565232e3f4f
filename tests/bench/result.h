/* SPDX-License-Identifier: BSD-2-Clause */
/* What was measured, of every case; as a table, as a file, against a file. */
#ifndef TESTS_BENCH_RESULT_H
#define TESTS_BENCH_RESULT_H

#include <stddef.h>

#include "harness.h"

#define RESULT_SAMPLES 256

/**
 * struct result - samples of a case that are worth something
 * @harness_ns: taken off already
 * @ratio: to the floor at the same time
 * @tried: samples taken
 */
struct result {
	double ns[RESULT_SAMPLES];
	double harness_ns[RESULT_SAMPLES];
	double ratio[RESULT_SAMPLES];
	size_t n;
	size_t tried;
};

/* A sample that is not steady only counts as tried. */
void result_add(struct result *r, const struct sample *s);

/**
 * struct summary - of a result; all 0 if no sample was steady
 * @ns, @harness_ns, @ratio: medians
 * @low, @high: quartiles of the ratio
 */
struct summary {
	double ns;
	double harness_ns;
	double ratio;
	double low;
	double high;
};

struct summary result_summary(const struct result *r);

#endif /* TESTS_BENCH_RESULT_H */
