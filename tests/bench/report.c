/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "count.h"
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

void report_print(const struct report *r, const char *saved)
{
	_cleanup_fclose_ FILE *f = saved ? fopen(saved, "r") : NULL;

	if (saved && !f)
		err(EXIT_FAILURE, "%s", saved);
	printf("%-44s %7s %7s %7s  %-12s %-7s%s%s\n", "case", "harness", "net ns", "x floor",
	       "quartiles", "samples", r->others ? "    other  change" : "",
	       f ? "    saved  change" : "");
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

/* What a packet needs of the program; the action must be the right one. */
static void print_count(const struct bpf_program *prog, bool v6, bool stranger)
{
	const struct traffic t = { .v6 = v6, .proto = IPPROTO_TCP, .stranger = stranger };
	const struct count c = count_packet(prog, &t);

	if (c.action != (stranger ? XDP_PASS : XDP_TX))
		errx(EXIT_FAILURE, "done by hand, a packet ended with action %u", c.action);
	printf(" %7zu %3u %3u %3u", c.insns, c.array_lookups, c.hash_lookups, c.calls);
}

static void print_size(const char *name, int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err(EXIT_FAILURE, "ask about the program");
	printf("%-24s %7zu %7u", name, info.xlated_prog_len / sizeof(struct bpf_insn),
	       info.jited_prog_len);
}

static void print_mode(struct world *w, const char *object, enum mode mode,
		       const struct shunt_rodata *ro, const char *what)
{
	const int fd = world_load(w, object, ro);
	char name[CASE_NAME];

	snprintf(name, sizeof(name), "%s %s", mode_name(mode), what);
	print_size(name, fd);
	world_set_mode(w, mode);
	print_count(world_program(w, fd), mode_is_v6(mode), false);
	print_count(world_program(w, fd), mode_is_v6(mode), true);
	printf("\n");
}

static void print_floors(const struct refs *refs)
{
	print_size("floor 4in4", refs_fd(refs, REF_FLOOR_4IN4));
	print_count(refs_program(refs, REF_FLOOR_4IN4), false, false);
	printf("\n");
	print_size("floor 6in6", refs_fd(refs, REF_FLOOR_6IN6));
	print_count(refs_program(refs, REF_FLOOR_6IN6), true, false);
	printf("\n");
}

void report_sizes(struct world *w, const char *object, const struct refs *refs)
{
	const struct shunt_rodata full = mode_rodata(MODE_4IN4, VARIANT_FULL);

	printf("%-24s %7s %7s  forwarded:          not ours:\n", "", "", "");
	printf("%-24s %7s %7s", "constants", "insns", "bytes");
	for (int i = 0; i < 2; i++)
		printf(" %7s %3s %3s %3s", "insns", "arr", "hsh", "fn");
	printf("\n");
	print_floors(refs);
	for (enum mode m = 0; m < MODES; m++) {
		struct shunt_rodata ro = mode_rodata(m, VARIANT_LEAN);

		print_mode(w, object, m, &ro, "tcp+udp");
		ro.udp = 0;
		print_mode(w, object, m, &ro, "tcp");
	}
	print_mode(w, object, MODE_4IN4, &full, "everything");
	print_mode(w, object, MODE_6IN6, &full, "everything");
}
