/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "insns.h"
#include "origin.h"
#include "saved.h"

/* Numbers of a row: sizes, the sum, stages, what else is counted. */
#define NUMBERS (3 + STAGES + 5)
/* Of a reference program only the sum. */
#define STAGES_WIDTH 8
#define SAVED_PREFIX "insns "

struct kind {
	const char *name;
	enum mode mode;
	enum variant variant;
	enum world_state state;
	__u8 proto;
	bool syn;
	bool stranger;
};

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

/* clang-format off */
static const struct kind kinds[] = {
	{ "direct4 tcp",	MODE_DIRECT4,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 0 },
	{ "direct4 udp",	MODE_DIRECT4,	VARIANT_LEAN,	WORLD_STABLE,	UDP, 0, 0 },
	{ "direct6 tcp",	MODE_DIRECT6,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 0 },
	{ "direct6 udp",	MODE_DIRECT6,	VARIANT_LEAN,	WORLD_STABLE,	UDP, 0, 0 },
	{ "4in4 tcp",		MODE_4IN4,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 0 },
	{ "4in4 udp",		MODE_4IN4,	VARIANT_LEAN,	WORLD_STABLE,	UDP, 0, 0 },
	{ "4in4 syn",		MODE_4IN4,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 1, 0 },
	{ "6in6 tcp",		MODE_6IN6,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 0 },
	{ "6in6 udp",		MODE_6IN6,	VARIANT_LEAN,	WORLD_STABLE,	UDP, 0, 0 },
	{ "4in6 tcp",		MODE_4IN6,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 0 },
	{ "6in4 tcp",		MODE_6IN4,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 0 },
	{ "4in4 full tcp",	MODE_4IN4,	VARIANT_FULL,	WORLD_STABLE,	TCP, 0, 0 },
	{ "6in6 full tcp",	MODE_6IN6,	VARIANT_FULL,	WORLD_STABLE,	TCP, 0, 0 },
	{ "4in4 tcp migrating",	MODE_4IN4,	VARIANT_LEAN,	WORLD_MIGRATING, TCP, 0, 0 },
	{ "4in4 syn migrating",	MODE_4IN4,	VARIANT_LEAN,	WORLD_MIGRATING, TCP, 1, 0 },
	{ "4in4 tcp pinned",	MODE_4IN4,	VARIANT_LEAN,	WORLD_PINNED,	TCP, 0, 0 },
	{ "4in4 tcp tracked",	MODE_4IN4,	VARIANT_TRACKED, WORLD_TRACKED,	TCP, 0, 0 },
	{ "nat4 tcp",		MODE_NAT4,	VARIANT_LEAN,	WORLD_CONNECTED, TCP, 0, 0 },
	{ "nat6 tcp",		MODE_NAT6,	VARIANT_LEAN,	WORLD_CONNECTED, TCP, 0, 0 },
	{ "fullnat4 tcp",	MODE_FULLNAT4,	VARIANT_LEAN,	WORLD_CONNECTED, TCP, 0, 0 },
	{ "fullnat6 tcp",	MODE_FULLNAT6,	VARIANT_LEAN,	WORLD_CONNECTED, TCP, 0, 0 },
	{ "4in4 stranger",	MODE_4IN4,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 1 },
	{ "6in6 stranger",	MODE_6IN6,	VARIANT_LEAN,	WORLD_STABLE,	TCP, 0, 1 },
	{ "4in4 full stranger",	MODE_4IN4,	VARIANT_FULL,	WORLD_STABLE,	TCP, 0, 1 },
};
/* clang-format on */

static void ask_sizes(int fd, struct insns_row *row)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err(EXIT_FAILURE, "ask about the program");
	row->loaded = info.xlated_prog_len / sizeof(struct bpf_insn);
	row->jited_bytes = info.jited_prog_len;
}

/* @fd: a program that can do it */
static struct insns_row measure_kind(struct world *w, int fd, const struct kind *k,
				     const struct origin *origin)
{
	const struct traffic t = {
		.v6 = mode_is_v6(k->mode),
		.proto = k->proto,
		.syn = k->syn,
		.stranger = k->stranger,
		.flows = 1,
		.services = 1,
	};
	const struct bpf_program *prog = world_program(w, fd);
	_cleanup_free_ const char **files = origin_files(origin, prog);
	struct insns_row row = { .state = k->state };

	snprintf(row.name, sizeof(row.name), "%s", k->name);
	world_set_mode(w, k->mode);
	world_set_state(w, k->state, k->mode, &t);
	ask_sizes(fd, &row);
	row.count = count_packet(prog, files, &t);
	if (row.count.action != (k->stranger ? XDP_PASS : XDP_TX))
		errx(EXIT_FAILURE, "%s: done by hand, a packet ended with action %u", k->name,
		     row.count.action);
	return row;
}

void insns_measure(struct world *w, const char *object, struct insns *out)
{
	struct origin *origin = origin_open(object);
	int fds[MODES][VARIANTS] = { 0 };

	_Static_assert(sizeof(kinds) / sizeof(kinds[0]) <= INSNS_ROWS, "room");
	for (out->n = 0; out->n < sizeof(kinds) / sizeof(kinds[0]); out->n++) {
		const struct kind *k = &kinds[out->n];
		const struct shunt_rodata ro = mode_rodata(k->mode, k->variant);
		int *fd = &fds[k->mode][k->variant];

		if (!*fd)
			*fd = world_load(w, object, &ro);
		out->rows[out->n] = measure_kind(w, *fd, k, origin);
	}
	origin_close(origin);
}

const struct insns_row *insns_find(const struct insns *insns, const char *name)
{
	for (size_t i = 0; i < insns->n; i++)
		if (!strcmp(insns->rows[i].name, name))
			return &insns->rows[i];
	return NULL;
}

/* All that is printed, saved and compared, in one order. */
static void list_numbers(const struct insns_row *row, __u32 out[NUMBERS])
{
	const struct count *c = &row->count;

	*out++ = row->loaded;
	*out++ = row->jited_bytes;
	*out++ = c->insns;
	for (enum stage s = 0; s < STAGES; s++)
		*out++ = c->stages[s];
	*out++ = c->constants;
	*out++ = c->switches;
	*out++ = c->array_lookups;
	*out++ = c->hash_lookups;
	*out++ = c->calls;
}

static void take_numbers(const double *numbers, struct insns_row *row)
{
	struct count *c = &row->count;

	row->loaded = *numbers++;
	row->jited_bytes = *numbers++;
	c->insns = *numbers++;
	for (enum stage s = 0; s < STAGES; s++)
		c->stages[s] = *numbers++;
	c->constants = *numbers++;
	c->switches = *numbers++;
	c->array_lookups = *numbers++;
	c->hash_lookups = *numbers++;
	c->calls = *numbers++;
}

static void print_row(const char *name, const struct insns_row *row)
{
	const struct count *c = &row->count;

	printf("%-20s %6u %6u  %5u ", name, row->loaded, row->jited_bytes, c->insns);
	for (enum stage s = 0; s < STAGES; s++)
		printf(" %*u", STAGES_WIDTH - 1, c->stages[s]);
	printf("  %5u %6u %3u %3u %3u\n", c->constants, c->switches, c->array_lookups,
	       c->hash_lookups, c->calls);
}

static void print_ref(const char *name, const struct refs *refs, enum ref ref)
{
	const struct traffic t = { .v6 = ref == REF_FLOOR_6IN6, .proto = TCP, .services = 1 };
	struct insns_row row = { 0 };

	ask_sizes(refs_fd(refs, ref, 0), &row);
	row.count = count_packet(refs_program(refs, ref), NULL, &t);
	printf("%-20s %6u %6u  %5u\n", name, row.loaded, row.jited_bytes, row.count.insns);
}

void insns_print_refs(const struct refs *refs)
{
	printf("\n%-20s %6s %6s  %5s  in the sources of...\n", "instructions", "loaded", "bytes",
	       "done");
	printf("%-36s%5s ", "", "");
	for (enum stage s = 0; s < STAGES; s++)
		printf(" %*s", STAGES_WIDTH - 1, count_stage_name(s));
	printf("  const switch arr hsh  fn\n");
	print_ref("floor 4in4", refs, REF_FLOOR_4IN4);
	print_ref("floor 6in6", refs, REF_FLOOR_6IN6);
}

static bool is_equal(const struct insns_row *a, const struct insns_row *b)
{
	__u32 x[NUMBERS], y[NUMBERS];

	list_numbers(a, x);
	list_numbers(b, y);
	return !memcmp(x, y, sizeof(x));
}

void insns_print(const struct insns *now, const struct insns *other, const char *what)
{
	size_t known = 0, differ = 0;

	for (size_t i = 0; i < now->n; i++) {
		const struct insns_row *row = &now->rows[i];
		const struct insns_row *was = other ? insns_find(other, row->name) : NULL;

		print_row(row->name, row);
		known += !!was;
		if (!was || is_equal(row, was))
			continue;
		print_row(what, was);
		differ++;
	}
	if (other)
		printf("%zu of %zu rows differ from %s\n", differ, known, what);
}

void insns_save(const struct insns *insns, FILE *f)
{
	__u32 numbers[NUMBERS];

	for (size_t i = 0; i < insns->n; i++) {
		list_numbers(&insns->rows[i], numbers);
		fprintf(f, SAVED_PREFIX "%s", insns->rows[i].name);
		for (size_t j = 0; j < NUMBERS; j++)
			fprintf(f, "\t%u", numbers[j]);
		fprintf(f, "\n");
	}
}

void insns_load(FILE *f, const struct insns *like, struct insns *out)
{
	double numbers[NUMBERS];
	char name[sizeof(SAVED_PREFIX) + INSNS_NAME];

	out->n = 0;
	for (size_t i = 0; i < like->n; i++) {
		struct insns_row *row = &out->rows[out->n];

		snprintf(name, sizeof(name), SAVED_PREFIX "%s", like->rows[i].name);
		if (!saved_find(f, name, numbers, NUMBERS))
			continue;
		memcpy(row->name, like->rows[i].name, sizeof(row->name));
		take_numbers(numbers, row);
		out->n++;
	}
}
