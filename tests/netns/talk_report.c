/* SPDX-License-Identifier: BSD-2-Clause */
/* What talk tells: for people to read, and for the scripts that run it. */
#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
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

/* What was sent again although it had arrived is told by the other side (D-SACK). */
uint64_t talk_count_lost(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ||
	    info.tcpi_total_retrans < info.tcpi_dsack_dups)
		return 0;
	return info.tcpi_total_retrans - info.tcpi_dsack_dups;
}

static const unsigned int limits_ms[] = { 1, 5, 20, 50, 100, 200, 1000 };
#define LIMITS (sizeof(limits_ms) / sizeof(*limits_ms))

struct counts {
	uint64_t waits[LIMITS + 1];
	uint64_t open, lost;
	uint64_t waiting_us; /* for the oldest answer that has not come */
};

static void count_group(const struct group *g, struct counts *counts)
{
	const uint64_t now_us = clock_now_us();

	array_for_each (s, g->sessions, g->n) {
		size_t b = 0;

		while (b < LIMITS && s->longest_us > limits_ms[b] * 1000ULL)
			b++;
		counts->waits[b]++;
		counts->open += s->fd >= 0;
		counts->lost += s->fd >= 0 ? talk_count_lost(s->fd) : 0;
		if ((s->state == SESSION_ASKED || s->state == SESSION_CONNECTING) &&
		    now_us - s->asked_us > counts->waiting_us)
			counts->waiting_us = now_us - s->asked_us;
	}
}

static void print_waits(const uint64_t waits[LIMITS + 1])
{
	printf("longest wait of a connection:");
	for (size_t b = 0; b < LIMITS; b++)
		printf(" %" PRIu64 " up to %u ms,", waits[b], limits_ms[b]);
	printf(" %" PRIu64 " above\n", waits[LIMITS]);
}

void talk_report(struct talk *t)
{
	struct counts counts = { .lost = t->lost };

	for (size_t g = 0; g < t->n_groups; g++)
		count_group(&t->groups[g], &counts);
	print_waits(counts.waits);
	printf("report %u: open %" PRIu64 " connections %" PRIu64 " answers %" PRIu64
	       " broken %" PRIu64 " moved %" PRIu64 " refused %" PRIu64 " stalls %" PRIu64
	       " lost %" PRIu64 " slowest_ms %.1f pause_ms %.1f waiting_ms %" PRIu64,
	       ++t->reports, counts.open, t->connections, t->answers, t->broken, t->moved,
	       t->refused, t->stalls, counts.lost, (double)t->slowest_us / 1e3,
	       (double)t->pause_us / 1e3, counts.waiting_us / 1000);
	for (int i = 0; i < t->n_servers; i++)
		printf("; %s answers %" PRIu64 " broken %" PRIu64, t->servers[i].name,
		       t->servers[i].answers, t->servers[i].broken);
	printf("\n");
	t->slowest_us = 0;
}
