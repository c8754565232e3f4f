/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of the status as the page shows: to describe ten thousand backends, of which a
 * few are shown, would keep the daemon from everything else for too long.
 */
#include "base/array.h"
#include "base/cleanup.h"
#include "export/page.h"
#include "export/status.h"

json_t *status_begin(const struct status_source *from)
{
	json_t *status = from->ops->describe(from->snapshot);

	json_object_set_new(status, "host", json_string(from->host));
	if (status)
		status_add_rates(status, from->history);
	return status;
}

static json_t *all_services(const struct status_source *from)
{
	const struct snapshot *s = from->snapshot;
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_services; i++) {
		json_t *service = from->ops->describe_service(&s->services[i]);

		status_add_newest_rate(service,
				       history_find(from->history, s->services[i].conf->name, i));
		json_array_append_new(list, service);
	}
	return list;
}

/* As the page has it: in use, and nobody has said anything else. */
static bool is_well(const struct snapshot_backend *b)
{
	return b->usable && b->admin == ADMIN_ENABLED && b->health.state == HEALTH_UP &&
	       b->health.agent <= HEALTH_AGENT_READY;
}

/* What backends that are not described would have added to the line of their service. */
struct hidden {
	size_t well, more;
	double connections, connections_per_s;
	bool counted;
};

static void hide(const struct snapshot_backend *b, const struct history_backend *past,
		 struct hidden *hidden)
{
	if (is_well(b))
		hidden->well++;
	else
		hidden->more++;
	hidden->counted |= b->counted;
	if (b->counted)
		hidden->connections += b->connections;
	if (b->counted && past)
		hidden->connections_per_s += (double)past->opened_per_s;
}

static void add_hidden(json_t *service, const struct hidden *h)
{
	json_t *json =
		json_pack("{s:I, s:I}", "well", (json_int_t)h->well, "more", (json_int_t)h->more);

	if (h->counted) {
		json_object_set_new(json, "connections", json_real(h->connections));
		json_object_set_new(json, "connections_per_s", json_real(h->connections_per_s));
	}
	json_object_set_new(service, "hidden", json);
}

/* Its graph and its backends: if @fold, a few that are not well. */
static void complete(const struct status_source *from, json_t *service, size_t at, bool fold)
{
	const struct snapshot_service *s = &from->snapshot->services[at];
	const struct history_service *past = history_find(from->history, s->conf->name, at);
	const struct history_backend *before;
	json_t *backends = json_array(), *backend;
	struct hidden hidden = { 0 };

	for (size_t i = 0; i < s->n_backends; i++) {
		const struct snapshot_backend *b = &s->backends[i];

		before = history_find_backend(past, b->name, i);
		if (fold && (is_well(b) || json_array_size(backends) == PAGE_BACKENDS_EACH)) {
			hide(b, before, &hidden);
			continue;
		}
		backend = from->ops->describe_backend(s, i);
		status_add_backend_rates(backend, before);
		json_array_append_new(backends, backend);
	}
	status_add_service_rates(service, from->history, past);
	json_object_set_new(service, "backends", backends);
	add_hidden(service, &hidden);
}

static void complete_shown(const struct status_source *from, json_t *services, const char *filter)
{
	_cleanup_free_ struct page_row *rows = calloc(json_array_size(services) + 1, sizeof(*rows));
	const size_t wanted = rows ? page_choose(services, filter, rows) : 0;
	const size_t shown = wanted < PAGE_SERVICES ? wanted : PAGE_SERVICES;
	const bool fold = page_is_folded(rows, shown);

	array_for_each (row, rows, shown)
		complete(from, json_array_get(services, row->at), row->at, fold);
}

static void add_hops(const struct status_source *from, json_t *status)
{
	json_t *list = json_array();
	size_t lost = 0;

	array_for_each (hop, from->snapshot->hops, from->snapshot->n_hops) {
		if (hop->state != HOP_RESOLVED && lost++ < PAGE_LINES)
			json_array_append_new(list, from->ops->describe_hop(hop));
	}
	json_object_set_new(status, "neighbors", list);
	json_object_set_new(status, "neighbors_total", json_integer(from->snapshot->n_hops));
	json_object_set_new(status, "neighbors_lost", json_integer(lost));
}

json_t *status_for_page(const struct status_source *from, const char *filter)
{
	json_t *status = status_begin(from), *services = all_services(from);

	complete_shown(from, services, filter);
	add_hops(from, status);
	json_object_set_new(status, "services", services);
	return status;
}
