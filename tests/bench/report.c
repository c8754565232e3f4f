/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"
#include "saved.h"

/* What is saved of a case. */
enum number {
	NUMBER_NS,
	NUMBER_RATIO,
	NUMBER_LOW,
	NUMBER_HIGH,
	NUMBERS,
};

/* The ratio of a case in a saved run; 0 if it is not there. */
static double saved_ratio(FILE *f, const char *name)
{
	double numbers[NUMBERS];

	return saved_find(f, name, numbers, NUMBERS) ? numbers[NUMBER_RATIO] : 0;
}

static void print_change(double now, double then)
{
	if (now > 0 && then > 0)
		printf(" %8.2f %+6.1f%%", then, (now / then - 1) * 100);
	else
		printf(" %8s %7s", "-", "-");
}

static void print_row(const struct report *r, size_t i, FILE *saved)
{
	const struct summary s = result_summary(&r->results[i]);

	printf("%-44s %7.1f %7.1f %7.2f  %5.2f..%-5.2f %3zu/%-3zu", r->cases[i].name, s.harness_ns,
	       s.ns, s.ratio, s.low, s.high, r->results[i].n, r->results[i].tried);
	if (r->others)
		print_change(s.ratio, result_summary(&r->others[i]).ratio);
	if (saved)
		print_change(s.ratio, saved_ratio(saved, r->cases[i].name));
	printf("\n");
}

void report_print(const struct report *r, FILE *saved)
{
	printf("%-44s %7s %7s %7s  %-12s %-7s%s%s\n", "case", "harness", "net ns", "x floor",
	       "quartiles", "samples", r->others ? "    other  change" : "",
	       saved ? "    saved  change" : "");
	for (size_t i = 0; i < r->n; i++)
		print_row(r, i, saved);
}

void report_save(const struct report *r, FILE *f)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct summary s = result_summary(&r->results[i]);

		fprintf(f, "%s\t%.2f\t%.3f\t%.3f\t%.3f\n", r->cases[i].name, s.ns, s.ratio, s.low,
			s.high);
	}
}
