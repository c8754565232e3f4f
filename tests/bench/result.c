/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "result.h"

void result_add(struct result *r, const struct sample *s)
{
	r->tried++;
	if (!s->steady || s->floor_ns <= 0 || r->n == RESULT_SAMPLES)
		return;
	r->ns[r->n] = s->ns;
	r->harness_ns[r->n] = s->harness_ns;
	r->ratio[r->n++] = s->ns / s->floor_ns;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of @n > 0 numbers, that which @share of them are below. */
static double quantile(const double *numbers, size_t n, double share)
{
	double sorted[RESULT_SAMPLES];

	memcpy(sorted, numbers, n * sizeof(*numbers));
	qsort(sorted, n, sizeof(*sorted), compare);
	return sorted[(size_t)(share * (n - 1) + 0.5)];
}

struct summary result_summary(const struct result *r)
{
	if (!r->n)
		return (struct summary){ 0 };
	return (struct summary){
		.ns = quantile(r->ns, r->n, 0.5),
		.harness_ns = quantile(r->harness_ns, r->n, 0.5),
		.ratio = quantile(r->ratio, r->n, 0.5),
		.low = quantile(r->ratio, r->n, 0.25),
		.high = quantile(r->ratio, r->n, 0.75),
	};
}
