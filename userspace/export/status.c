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

void status_add_service_rates(json_t *service, const struct history *h,
			      const struct history_service *past)
{
	if (past)
		json_object_set_new(service, "rates",
				    json_pack("{s:o, s:o}", "packets_per_s",
					      list_of(h, &past->packets), "bytes_per_s",
					      list_of(h, &past->bytes)));
}

void status_add_newest_rate(json_t *service, const struct history_service *past)
{
	if (past)
		json_object_set_new(
			service, "rates",
			json_pack("{s:[f]}", "packets_per_s", (double)history_now(&past->packets)));
}

void status_add_backend_rates(json_t *backend, const struct history_backend *past)
{
	if (past)
		json_object_set_new(backend, "rates",
				    json_pack("{s:f, s:f, s:f}", "packets_per_s",
					      (double)past->packets_per_s, "bytes_per_s",
					      (double)past->bytes_per_s, "connections_per_s",
					      (double)past->opened_per_s));
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
	add_reasons(status, h);
}
