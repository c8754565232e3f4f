/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "report.h"

/* The ratio of a case in a saved run; 0 if it is not there. */
static double saved_ratio(FILE *f, const char *name)
{
	char line[256];

	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		char *tab = strchr(line, '\t');
		double ns, ratio;

		if (!tab || strncmp(line, name, tab - line) || name[tab - line])
			continue;
		return sscanf(tab, "%lf %lf", &ns, &ratio) == 2 ? ratio : 0;
	}
	return 0;
}

static void print_change(double now, double then)
{
	if (now > 0 && then > 0)
		printf(" %8.2f %+6.1f%%", then, (now / then - 1) * 100);
}

static void print_row(const struct report *r, size_t i, FILE *saved)
{
	const struct summary s = result_summary(&r->results[i]);

	printf("%-42s %7.1f %7.2f  %5.2f..%-5.2f %3zu/%-3zu", r->cases[i].name, s.ns, s.ratio,
	       s.low, s.high, r->results[i].n, r->results[i].tried);
	if (r->others && r->cases[i].shunt)
		print_change(s.ratio, result_summary(&r->others[i]).ratio);
	if (saved)
		print_change(s.ratio, saved_ratio(saved, r->cases[i].name));
	printf("\n");
}

void report_print(const struct report *r, const char *saved)
{
	_cleanup_fclose_ FILE *f = saved ? fopen(saved, "r") : NULL;

	if (saved && !f)
		err(EXIT_FAILURE, "%s", saved);
	printf("%-42s %7s %7s  %-12s %-7s%s%s\n", "case", "ns", "x floor", "quartiles", "samples",
	       r->others ? "    other  change" : "", f ? "    saved  change" : "");
	for (size_t i = 0; i < r->n; i++)
		print_row(r, i, f);
}

void report_save(const struct report *r, const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "w");

	if (!f)
		err(EXIT_FAILURE, "%s", path);
	for (size_t i = 0; i < r->n; i++) {
		const struct summary s = result_summary(&r->results[i]);

		fprintf(f, "%s\t%.2f\t%.3f\t%.3f\t%.3f\n", r->cases[i].name, s.ns, s.ratio, s.low,
			s.high);
	}
	if (fflush(f) || ferror(f))
		err(EXIT_FAILURE, "%s", path);
}

static void print_size(const char *name, int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err(EXIT_FAILURE, "ask about the program");
	printf("%-42s %7zu %7u %9u\n", name, info.xlated_prog_len / sizeof(struct bpf_insn),
	       info.jited_prog_len, info.verified_insns);
}

void report_sizes(struct world *w, const char *object)
{
	const struct shunt_rodata full = world_rodata_full();

	printf("%-42s %7s %7s %9s\n", "constants", "insns", "bytes", "verified");
	for (enum mode m = 0; m < MODES; m++) {
		struct shunt_rodata ro = world_rodata_of(m);
		char name[CASE_NAME];

		snprintf(name, sizeof(name), "%s tcp+udp", mode_name(m));
		print_size(name, world_load(w, object, &ro));
		ro.udp = 0;
		snprintf(name, sizeof(name), "%s tcp", mode_name(m));
		print_size(name, world_load(w, object, &ro));
	}
	print_size("everything", world_load(w, object, &full));
}
