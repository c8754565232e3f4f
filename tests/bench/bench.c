/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does the balancer cost a packet? Its object file is loaded as often as
 * there are ways of forwarding, over maps full of services, and run on packets
 * of many flows beside programs of known cost.
 *
 *	bench [-q] [-m MATCH] [-o OTHER] [-s FILE] [-c FILE] OBJECT
 *
 *	-q	short run
 *	-m	only the cases whose name has MATCH in it
 *	-o	another object, interleaved with the first: is a change worth it?
 *	-s, -c	save times and instructions; compare with saved ones
 *
 * Read the ratios: nanoseconds are those of this machine at this moment. To judge a
 * change, use -o, and the instructions, which are exact. The bars at the end are what
 * the balancer is meant to reach; to miss one is no error.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bars.h"
#include "cases.h"
#include "harness.h"
#include "insns.h"
#include "report.h"
#include "saved.h"
#include "shunt/reason.h"

/* As many packets as fill the caches, whatever was there. */
#define WARM_FLOWS 3
#define WARM_MOST 1000000
#define WARM_LEAST 20000

#define OBJECTS 2
/* Of a program: they lie elsewhere, which alone makes them faster or slower. */
#define COPIES REFS_COPIES
/* The world that programs are loaded into to see their sizes. */
static const struct world_shape report_shape = { .services = 100, .slots = 1024, .nat = true };

struct options {
	const char *objects[OBJECTS];
	const char *match;
	const char *save;
	const char *compare;
	int rounds;
	int samples; /* in a row, after the caches are warm */
	bool quick;
};

/* Maps of a shape, and what was loaded over them. */
struct place {
	struct world_shape shape;
	struct world *world;
	int fds[COPIES][OBJECTS][MODES][VARIANTS]; /* 0: not loaded */
};

#define PLACES 16

struct bench {
	const struct options *options;
	struct refs *refs;
	struct harness *harness;
	struct place places[PLACES];
	int copy; /* of this round */
	size_t n;
	struct bench_case cases[CASES_MAX];
	struct result results[OBJECTS][CASES_MAX];
};

static bool is_shape(const struct world_shape *a, const struct world_shape *b)
{
	return a->services == b->services && a->slots == b->slots && a->own == b->own &&
	       a->nat == b->nat && a->prefixes == b->prefixes;
}

static struct place *find_place(struct bench *b, const struct world_shape *shape)
{
	struct place *p = b->places;

	while (p->world && !is_shape(&p->shape, shape))
		if (++p == b->places + PLACES)
			errx(EXIT_FAILURE, "no room for another shape");
	if (!p->world) {
		p->shape = *shape;
		p->world = world_open(shape);
	}
	return p;
}

static int find_program(struct bench *b, const struct bench_case *c, int object)
{
	struct place *p = find_place(b, &c->shape);
	int *fd = &p->fds[b->copy][object][c->mode][c->variant];
	const struct shunt_rodata ro = mode_rodata(c->mode, c->variant);

	if (!*fd)
		*fd = world_load(p->world, b->options->objects[object], &ro);
	return *fd;
}

static __u32 warm_packets(const struct traffic *t)
{
	const __u64 n = t->flows * WARM_FLOWS;

	if (t->syn || n < WARM_LEAST)
		return WARM_LEAST;
	return n < WARM_MOST ? n : WARM_MOST;
}

static void take_samples(struct bench *b, size_t i, const struct subject subjects[], int n)
{
	harness_warm(b->harness, &subjects[0], warm_packets(subjects[0].traffic));
	for (int s = 0; s < b->options->samples * n; s++) {
		const struct sample sample = harness_sample(b->harness, &subjects[s % n]);

		result_add(&b->results[s % n][i], &sample);
	}
}

static void measure_ref(struct bench *b, size_t i)
{
	const struct bench_case *c = &b->cases[i];
	const struct subject subject = { refs_fd(b->refs, c->ref, b->copy), XDP_TX, &c->traffic };

	take_samples(b, i, &subject, 1);
}

/* Every packet must have ended as it should, by the balancer's own count. */
static void measure_shunt(struct bench *b, size_t i)
{
	const int n = b->options->objects[1] ? 2 : 1;
	const struct bench_case *c = &b->cases[i];
	const bool passes = c->traffic.stranger && c->state != WORLD_ANSWERED;
	const int reason = passes ? SHUNT_NOT_SERVICE : SHUNT_FORWARDED;
	const __u64 packets =
		warm_packets(&c->traffic) + (__u64)b->options->samples * n * HARNESS_REPEAT;
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	struct subject subjects[OBJECTS];
	struct world *world;

	for (int object = 0; object < n; object++)
		subjects[object] = (struct subject){
			find_program(b, c, object),
			passes ? XDP_PASS : XDP_TX,
			&c->traffic,
		};
	world = find_place(b, &c->shape)->world;
	world_set_mode(world, c->mode);
	world_set_state(world, c->state, c->mode, &c->traffic);
	world_read_reasons(world, before);
	take_samples(b, i, subjects, n);
	world_read_reasons(world, after);
	if (after[reason] - before[reason] != packets)
		errx(EXIT_FAILURE, "%s: %llu packets ended otherwise", c->name,
		     packets - (after[reason] - before[reason]));
}

static void measure(struct bench *b)
{
	for (int round = 0; round < b->options->rounds; round++) {
		b->copy = round % COPIES;
		harness_renew(b->harness);
		for (size_t i = 0; i < b->n; i++)
			(b->cases[i].shunt ? measure_shunt : measure_ref)(b, i);
	}
}

static void save(const struct report *r, const struct insns *insns, const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "w");

	if (!f)
		err(EXIT_FAILURE, "%s", path);
	report_save(r, f);
	insns_save(insns, f);
	if (fflush(f) || ferror(f))
		err(EXIT_FAILURE, "%s", path);
}

static void report_insns(struct bench *b, struct insns *insns, FILE *saved)
{
	struct world *world = find_place(b, &report_shape)->world;
	const char *object = b->options->objects[1];
	struct insns other = { .n = 0 };

	insns_measure(world, b->options->objects[0], insns);
	if (object)
		insns_measure(world, object, &other);
	else if (saved)
		insns_load(saved, insns, &other);
	insns_print_refs(b->refs);
	insns_print(insns, object || saved ? &other : NULL, object ? "other" : "saved");
}

static void report(struct bench *b)
{
	const struct options *o = b->options;
	_cleanup_fclose_ FILE *saved = saved_open(o->compare);
	const struct report r = {
		.cases = b->cases,
		.n = b->n,
		.results = b->results[0],
		.others = o->objects[1] ? b->results[1] : NULL,
	};
	struct insns insns;

	report_print(&r, saved);
	report_insns(b, &insns, saved);
	bars_print(&r, &insns);
	if (o->save)
		save(&r, &insns, o->save);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: bench [-q] [-m MATCH] [-o OTHER] [-s SAVE] [-c COMPARE] OBJECT\n");
	exit(EXIT_FAILURE);
}

static struct options parse_options(int argc, char **argv)
{
	struct options o = { .rounds = 20, .samples = 5 };
	int c;

	while ((c = getopt(argc, argv, "qm:o:s:c:")) != -1) {
		switch (c) {
		case 'q':
			o.quick = true;
			o.rounds = 10;
			break;
		case 'm':
			o.match = optarg;
			break;
		case 'o':
			o.objects[1] = optarg;
			break;
		case 's':
			o.save = optarg;
			break;
		case 'c':
			o.compare = optarg;
			break;
		default:
			usage();
		}
	}
	if (optind != argc - 1)
		usage();
	o.objects[0] = argv[optind];
	return o;
}

static struct harness *open_harness(const struct refs *refs)
{
	struct yardsticks y;

	_Static_assert(HARNESS_COPIES <= REFS_COPIES, "each is another one");
	for (int i = 0; i < HARNESS_COPIES; i++) {
		y.drop[i] = refs_fd(refs, REF_DROP, i);
		y.floor[i] = refs_fd(refs, REF_FLOOR_4IN4, i);
	}
	return harness_open(&y);
}

int main(int argc, char **argv)
{
	_cleanup_free_ struct bench *b = calloc(1, sizeof(*b));
	const struct options o = parse_options(argc, argv);

	if (!b)
		err(EXIT_FAILURE, "bench");
	if (o.compare && access(o.compare, R_OK))
		err(EXIT_FAILURE, "%s", o.compare);
	if (geteuid())
		errx(EXIT_FAILURE, "loading a BPF program needs root");
	b->options = &o;
	b->n = cases_build(o.quick, o.match, b->cases);
	b->refs = refs_open();
	b->harness = open_harness(b->refs);
	measure(b);
	report(b);
	for (int i = 0; i < PLACES; i++)
		world_close(b->places[i].world);
	harness_close(b->harness);
	refs_close(b->refs);
	return EXIT_SUCCESS;
}
