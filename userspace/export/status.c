/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>

#include "base/array.h"
#include "export/status.h"

/* As many as there are; the places before the first sample are left out. */
static json_t *list_of(const struct history *h, const struct history_track *t)
{
	json_t *list = json_array();

	for (size_t i = HISTORY_SAMPLES - h->n; i < HISTORY_SAMPLES; i++)
		json_array_append_new(list, json_real(roundf(t->per_s[i] * 10) / 10));
	return list;
}

static void add_backends(json_t *service, const struct history_service *past)
{
	const json_t *backends = json_object_get(service, "backends");
	const struct history_backend *b;
	json_t *backend;
	size_t i;

	json_array_foreach(backends, i, backend)
	{
		b = history_find_backend(past, json_string_value(json_object_get(backend, "name")),
					 i);
		if (b)
			json_object_set_new(backend, "rates",
					    json_pack("{s:f, s:f, s:f}", "packets_per_s",
						      (double)b->packets_per_s, "bytes_per_s",
						      (double)b->bytes_per_s, "connections_per_s",
						      (double)b->opened_per_s));
	}
}

static void add_services(json_t *status, const struct history *h)
{
	const json_t *services = json_object_get(status, "services");
	const struct history_service *past;
	json_t *service;
	size_t i;

	json_array_foreach(services, i, service)
	{
		past = history_find(h, json_string_value(json_object_get(service, "name")), i);
		if (!past)
			continue;
		json_object_set_new(service, "rates",
				    json_pack("{s:o, s:o}", "packets_per_s",
					      list_of(h, &past->packets), "bytes_per_s",
					      list_of(h, &past->bytes)));
		add_backends(service, past);
	}
}

/* The list has them in the order of the enum, as it is the order of the counters. */
static void add_reasons(json_t *status, const struct history *h)
{
	json_t *reasons = json_object_get(status, "reasons"), *reason;
	size_t i;

	json_array_foreach(reasons, i, reason)
	{
		const struct history_track *t = &h->reasons[SHUNT_CONTINUE + 1 + i];

		json_object_set_new(reason, "rates",
				    json_pack("{s:o}", "packets_per_s", list_of(h, t)));
	}
}

void status_add_rates(json_t *status, const struct history *h)
{
	json_object_set_new(status, "rates",
			    json_pack("{s:i, s:o, s:o, s:o, s:o}", "gap_ms", HISTORY_GAP_MS,
				      "packets_per_s", list_of(h, &h->seen), "forwarded_per_s",
				      list_of(h, &h->forwarded), "dropped_per_s",
				      list_of(h, &h->dropped), "bytes_per_s",
				      list_of(h, &h->bytes)));
	add_services(status, h);
	add_reasons(status, h);
}
