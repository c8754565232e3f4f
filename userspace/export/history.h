/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the last minutes were like: counters as rates, for the graphs of the status
 * page. Fed with a snapshot every HISTORY_GAP_MS; pure, on the caller's clock.
 *
 * Services and backends are known by name, so a reload loses nothing of those that
 * stay; one that is new has no past.
 */
#ifndef EXPORT_HISTORY_H
#define EXPORT_HISTORY_H

#include <stdint.h>

#include "dataplane/snapshot.h"

#define HISTORY_GAP_MS 5000
#define HISTORY_SAMPLES 60
#define HISTORY_NAME 64

/**
 * struct history_track - a counter, and its rates by the second
 * @per_s: the newest at the end; 0 before the first
 */
struct history_track {
	uint64_t count;
	float per_s[HISTORY_SAMPLES];
};

/* Of a backend only the newest rates are kept: there are many. */
struct history_backend {
	char name[HISTORY_NAME];
	uint64_t packets, bytes;
	uint32_t opened;
	float packets_per_s, bytes_per_s;
	float opened_per_s; /* connections, where they are counted */
};

struct history_service {
	char name[HISTORY_NAME];
	struct history_track packets, bytes;
	struct history_backend *backends;
	size_t n_backends;
};

/**
 * struct history - zero-initialised is empty and valid
 * @n: samples so far, HISTORY_SAMPLES at most
 * @seen: packets of any reason; of these @forwarded to backends, and @dropped
 * @bytes: of packets to backends
 */
struct history {
	size_t n;
	uint64_t last_ms;
	struct history_track seen, forwarded, dropped, bytes;
	struct history_track reasons[SHUNT_REASONS];
	struct history_service *services;
	size_t n_services;
};

/**
 * history_add() - the next sample
 *
 * Return: 0, or -ENOMEM, and nothing changed.
 */
int history_add(struct history *h, const struct snapshot *s, uint64_t now_ms);
void history_free(struct history *h);

/*
 * By name; @at is where it probably is: at the same place as in the config. NULL if it
 * is not known.
 */
const struct history_service *history_find(const struct history *h, const char *name, size_t at);
const struct history_backend *history_find_backend(const struct history_service *s_or_null,
						   const char *name, size_t at);

/* The newest rate; and the greatest. */
static inline float history_now(const struct history_track *t)
{
	return t->per_s[HISTORY_SAMPLES - 1];
}
float history_peak(const struct history_track *t);

#endif /* EXPORT_HISTORY_H */
