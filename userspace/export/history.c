/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "export/history.h"

/* A counter that goes back has begun anew. */
static float rate(uint64_t before, uint64_t now, uint64_t gap_ms)
{
	return gap_ms && now > before ? (float)((double)(now - before) * 1000 / gap_ms) : 0;
}

/* With a @gap_ms of 0 there is no former count. */
static void advance(struct history_track *t, uint64_t count, uint64_t gap_ms)
{
	memmove(t->per_s, t->per_s + 1, sizeof(t->per_s) - sizeof(*t->per_s));
	t->per_s[HISTORY_SAMPLES - 1] = rate(t->count, count, gap_ms);
	t->count = count;
}

const struct history_service *history_find(const struct history *h, const char *name, size_t at)
{
	if (at < h->n_services && !strcmp(h->services[at].name, name))
		return &h->services[at];
	array_for_each (s, h->services, h->n_services)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

const struct history_backend *history_find_backend(const struct history_service *s,
						   const char *name, size_t at)
{
	if (!s)
		return NULL;
	if (at < s->n_backends && !strcmp(s->backends[at].name, name))
		return &s->backends[at];
	array_for_each (b, s->backends, s->n_backends)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

float history_peak(const struct history_track *t)
{
	float peak = 0;

	array_for_each (v, t->per_s, HISTORY_SAMPLES)
		peak = *v > peak ? *v : peak;
	return peak;
}

/* --- the next sample ---------------------------------------------------------- */

static void add_backend(struct history_backend *out, const struct history_backend *before,
			const struct snapshot_backend *b, uint64_t gap_ms)
{
	/* Modulo 2^32, so it never goes back. */
	const uint32_t opened = before ? b->connections_opened - before->opened : 0;

	*out = (struct history_backend){
		.packets = b->packets,
		.bytes = b->bytes,
		.opened = b->connections_opened,
		.packets_per_s = before ? rate(before->packets, b->packets, gap_ms) : 0,
		.bytes_per_s = before ? rate(before->bytes, b->bytes, gap_ms) : 0,
		.opened_per_s = rate(0, opened, gap_ms),
	};
	snprintf(out->name, sizeof(out->name), "%s", b->name);
}

static int add_service(struct history_service *out, const struct history_service *before,
		       const struct snapshot_service *s, uint64_t gap_ms)
{
	if (before)
		*out = *before;
	snprintf(out->name, sizeof(out->name), "%s", s->conf->name);
	out->n_backends = 0;
	out->backends = calloc(s->n_backends ? s->n_backends : 1, sizeof(*out->backends));
	if (!out->backends)
		return -ENOMEM;
	out->n_backends = s->n_backends;
	advance(&out->packets, s->packets, before ? gap_ms : 0);
	advance(&out->bytes, s->bytes, before ? gap_ms : 0);
	for (size_t i = 0; i < s->n_backends; i++)
		add_backend(&out->backends[i], history_find_backend(before, s->backends[i].name, i),
			    &s->backends[i], gap_ms);
	return 0;
}

static void services_free(struct history_service *services, size_t n)
{
	array_for_each (s, services, n)
		free(s->backends);
	free(services);
}

/* What is there goes to @out, what was there before is read for its past. */
static int add_services(const struct history *h, const struct snapshot *s, uint64_t gap_ms,
			struct history_service *out)
{
	for (size_t i = 0; i < s->n_services; i++) {
		const struct snapshot_service *service = &s->services[i];

		if (add_service(&out[i], history_find(h, service->conf->name, i), service, gap_ms))
			return -ENOMEM;
	}
	return 0;
}

static uint64_t sum_of(const struct snapshot *s, const char *action)
{
	uint64_t sum = 0;

	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		if (!action || !strcmp(reason_action(r), action))
			sum += s->reasons[r];
	return sum;
}

static void add_packets(struct history *h, const struct snapshot *s, uint64_t gap_ms)
{
	float bytes = 0;

	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		advance(&h->reasons[r], s->reasons[r], gap_ms);
	advance(&h->seen, sum_of(s, NULL), gap_ms);
	advance(&h->forwarded, s->reasons[SHUNT_FORWARDED] + s->reasons[SHUNT_REDIRECTED], gap_ms);
	advance(&h->dropped, sum_of(s, "drop"), gap_ms);
	/* The sum of the rates: that of the counters falls when a service goes. */
	array_for_each (service, h->services, h->n_services)
		bytes += history_now(&service->bytes);
	advance(&h->bytes, 0, 0);
	h->bytes.per_s[HISTORY_SAMPLES - 1] = bytes;
}

int history_add(struct history *h, const struct snapshot *s, uint64_t now_ms)
{
	struct history_service *services =
		calloc(s->n_services ? s->n_services : 1, sizeof(*services));
	const uint64_t gap_ms = h->n ? now_ms - h->last_ms : 0;

	if (!services)
		return -ENOMEM;
	if (add_services(h, s, gap_ms, services)) {
		services_free(services, s->n_services);
		return -ENOMEM;
	}
	services_free(h->services, h->n_services);
	h->services = services;
	h->n_services = s->n_services;
	add_packets(h, s, gap_ms);
	h->last_ms = now_ms;
	h->n += h->n < HISTORY_SAMPLES;
	return 0;
}

void history_free(struct history *h)
{
	services_free(h->services, h->n_services);
	*h = (struct history){ 0 };
}
