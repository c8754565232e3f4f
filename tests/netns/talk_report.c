/* SPDX-License-Identifier: BSD-2-Clause */
/* What talk tells: for people to read, and for the scripts that run it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "base/clock.h"
#include "talk.h"

#define MAX_TOLD 20

static double seconds(uint64_t us)
{
	return (double)us / 1e6;
}

void talk_tell_broken(struct talk *t, const struct session *s, const char *why)
{
	const uint64_t now = clock_now_us();

	if (s->server >= 0)
		t->servers[s->server].broken++;
	if (t->broken++ < MAX_TOLD)
		printf("%.3f s: connection %" PRIu64 " with %s, %.3f s old: %s\n",
		       seconds(now - t->start_us), s->id >> 32,
		       s->server < 0 ? "nobody yet" : t->servers[s->server].name,
		       seconds(now - s->opened_us), why);
}

static const unsigned int limits_ms[] = { 1, 5, 20, 50, 100, 200, 1000 };
#define LIMITS (sizeof(limits_ms) / sizeof(*limits_ms))

static void count_group(const struct group *g, uint64_t counts[LIMITS + 1], uint64_t *open)
{
	array_for_each (s, g->sessions, g->n) {
		size_t b = 0;

		while (b < LIMITS && s->longest_us > limits_ms[b] * 1000ULL)
			b++;
		counts[b]++;
		*open += s->fd >= 0;
	}
}

static void print_waits(const uint64_t counts[LIMITS + 1])
{
	printf("longest wait of a connection:");
	for (size_t b = 0; b < LIMITS; b++)
		printf(" %" PRIu64 " up to %u ms,", counts[b], limits_ms[b]);
	printf(" %" PRIu64 " above\n", counts[LIMITS]);
}

void talk_report(struct talk *t)
{
	uint64_t counts[LIMITS + 1] = { 0 }, open = 0;

	for (size_t g = 0; g < t->n_groups; g++)
		count_group(&t->groups[g], counts, &open);
	print_waits(counts);
	printf("report %u: open %" PRIu64 " connections %" PRIu64 " answers %" PRIu64
	       " broken %" PRIu64 " moved %" PRIu64 " refused %" PRIu64 " stalls %" PRIu64
	       " slowest_ms %.1f",
	       ++t->reports, open, t->connections, t->answers, t->broken, t->moved, t->refused,
	       t->stalls, (double)t->slowest_us / 1e3);
	for (int i = 0; i < t->n_servers; i++)
		printf("; %s answers %" PRIu64 " broken %" PRIu64, t->servers[i].name,
		       t->servers[i].answers, t->servers[i].broken);
	printf("\n");
	t->slowest_us = 0;
}
