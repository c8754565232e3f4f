/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "bars.h"

/**
 * struct bar - @subject costs at most @most times what @base does
 * @subject: name of a case; " services=100" is added
 * @base: of another one, or NULL for the floor
 */
struct bar {
	const char *subject;
	const char *base;
	double most;
};

/* What two runs of one and the same may differ by. */
#define NOISE 1.05

static const struct bar bars[] = {
	{ "4in4 tcp flows=1", NULL, 3 },
	{ "4in4 tcp flows=64k", NULL, 4 },
	{ "4in4 tcp flows=1M", NULL, 4.5 },
	{ "direct4 tcp flows=1", NULL, 2.5 },
	{ "direct4 tcp flows=64k", NULL, 3.5 },
	{ "direct4 tcp flows=1M", NULL, 4 },
	{ "6in6 tcp flows=1", "4in4 tcp flows=1", 1.3 },
	{ "6in6 tcp flows=64k", "4in4 tcp flows=64k", 1.3 },
	{ "6in6 tcp flows=1M", "4in4 tcp flows=1M", 1.3 },
	{ "direct6 tcp flows=1", "direct4 tcp flows=1", 1.3 },
	{ "direct6 tcp flows=64k", "direct4 tcp flows=64k", 1.3 },
	{ "direct6 tcp flows=1M", "direct4 tcp flows=1M", 1.3 },
	{ "4in4 udp flows=64k", "4in4 tcp flows=64k", 1.1 },
	{ "direct4 udp flows=64k", "direct4 tcp flows=64k", 1.1 },
	{ "6in6 udp flows=64k", "6in6 tcp flows=64k", 1.1 },
	{ "direct6 udp flows=64k", "direct6 tcp flows=64k", 1.1 },
	/* As many flows as there are packets: like a million, both are far more than fit. */
	{ "4in4 tcp flows=syn", "4in4 tcp flows=1M", NOISE },
	{ "direct4 tcp flows=syn", "direct4 tcp flows=1M", NOISE },
	{ "6in6 tcp flows=syn", "6in6 tcp flows=1M", NOISE },
	{ "4in4 tcp migrating flows=64k", NULL, 10 },
	{ "4in4 tcp stranger flows=1", NULL, 1.5 },
	{ "4in4 tcp stranger flows=64k", NULL, 1.5 },
	{ "6in6 tcp stranger flows=1", NULL, 1.5 },
};

/* 0 if it was not measured. */
static double find_ratio(const struct report *r, const char *subject)
{
	char name[CASE_NAME];

	snprintf(name, sizeof(name), "%s services=100", subject);
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->cases[i].name, name))
			return result_summary(&r->results[i]).ratio;
	return 0;
}

static void print_line(const char *what, const char *base, double measured, double most)
{
	printf("%-30s %-24s %8.2f %8.2f  %s\n", what, base, measured, most,
	       measured <= most ? "ok" : "MISS");
}

/* False if it was not measured. */
static bool print_bar(const struct report *r, const struct bar *bar)
{
	const double subject = find_ratio(r, bar->subject),
		     base = bar->base ? find_ratio(r, bar->base) : 1;

	if (subject <= 0 || base <= 0)
		return false;
	print_line(bar->subject, bar->base ?: "floor", subject / base, bar->most);
	return true;
}

/*
 * What connections cost by the kernel's means: ipip, and the lookup of a 5-tuple in a
 * hash map, which is what is between two of the references.
 */
static bool print_exact(const struct report *r)
{
	const double subject = find_ratio(r, "fullnat4 tcp flows=64k"),
		     ipip = find_ratio(r, "4in4 tcp flows=64k"),
		     exact = find_ratio(r, "ref exact 4in4 tcp flows=64k");

	if (subject <= 0 || ipip <= 0 || exact <= 1)
		return false;
	print_line("fullnat4 tcp flows=64k", "4in4 + one exact lookup",
		   subject / (ipip + exact - 1), 2.5);
	return true;
}

/* What is known of flows costs nothing where no packet asks for it. */
static void print_unused(const struct insns *insns)
{
	__u32 most = 0;

	for (size_t i = 0; i < insns->n; i++) {
		const struct insns_row *row = &insns->rows[i];

		if (row->state == WORLD_STABLE && row->count.stages[STAGE_MOVE] > most)
			most = row->count.stages[STAGE_MOVE];
	}
	print_line("stable slots", "instructions to move", most, 0);
}

void bars_print(const struct report *r, const struct insns *insns)
{
	size_t left_out = 0;

	printf("\n%-30s %-24s %8s %8s\n", "bars", "times", "measured", "at most");
	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++)
		left_out += !print_bar(r, &bars[i]);
	left_out += !print_exact(r);
	print_unused(insns);
	if (left_out)
		printf("%zu bars are of cases that this run leaves out\n", left_out);
}
