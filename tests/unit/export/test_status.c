/* SPDX-License-Identifier: BSD-2-Clause */
/* The status of a thousand services: how much of it is described, and in which pieces. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/snapshot_fixture.h"
#include "base/cleanup.h"
#include "export/status.h"

#define SERVICES 1000
#define BACKENDS 10
#define HOPS 10000

static size_t n_services, n_backends, n_hops;

static json_t *describe(const struct snapshot *s)
{
	return json_pack("{s:{s:s}}", "daemon", "version", s->version);
}

static json_t *describe_service(const struct snapshot_service *s)
{
	n_services++;
	return json_pack("{s:s, s:s, s:i}", "name", s->conf->name, "state",
			 s->n_usable ? "up" : "down", "backends_total", (int)s->n_backends);
}

static json_t *describe_backend(const struct snapshot_service *s, size_t i)
{
	n_backends++;
	return json_pack("{s:s, s:b}", "name", s->backends[i].name, "usable",
			 s->backends[i].usable);
}

static json_t *describe_hop(const struct snapshot_hop *h)
{
	n_hops++;
	return json_pack("{s:s}", "state", hop_state_name(h->state));
}

static const struct exporter_ops ops = {
	.describe = describe,
	.describe_service = describe_service,
	.describe_backend = describe_backend,
	.describe_hop = describe_hop,
};

static const struct history history;
static struct status_source from = { .ops = &ops, .history = &history, .host = "lb1" };

static void add_services(struct snapshot *s)
{
	for (size_t i = 0; i < s->n_services; i++)
		free(s->services[i].backends);
	free(s->services);
	s->services = calloc(SERVICES, sizeof(*s->services));
	cr_assert_not_null(s->services);
	s->n_services = SERVICES;
	for (size_t i = 0; i < SERVICES; i++) {
		s->services[i].conf = &fixture_services[0];
		s->services[i].n_usable = BACKENDS;
		s->services[i].backends = fixture_copy(fixture_web, sizeof(fixture_web));
		fixture_add_backends(&s->services[i], BACKENDS);
	}
}

static void setup(void)
{
	from.snapshot = fixture_snapshot();
	add_services(from.snapshot);
	free(from.snapshot->hops);
	from.snapshot->hops = calloc(HOPS, sizeof(*from.snapshot->hops));
	cr_assert_not_null(from.snapshot->hops);
	from.snapshot->n_hops = HOPS;
}

static void teardown(void)
{
	snapshot_free(from.snapshot);
}

TestSuite(status, .init = setup, .fini = teardown);

Test(status, text_comes_in_pieces)
{
	_cleanup_(json_decrefp) json_t *status = NULL;
	_cleanup_(buf_free) struct buf text = { 0 };
	struct status_place at = { 0 };
	size_t pieces = 1, before = 0;
	const json_t *services;

	while (status_write_piece(&from, &at, &text)) {
		cr_assert_lt(text.len - before, STATUS_PIECE + 1024);
		before = text.len;
		pieces++;
	}
	cr_assert_gt(pieces, text.len / (STATUS_PIECE + 1024));
	status = json_loads(buf_str(&text), 0, NULL);
	cr_assert_not_null(status);
	services = json_object_get(status, "services");
	cr_expect_eq(json_array_size(services), SERVICES);
	for (size_t i = 0; i < SERVICES; i++)
		cr_expect_eq(
			json_array_size(json_object_get(json_array_get(services, i), "backends")),
			BACKENDS);
	cr_expect_eq(json_array_size(json_object_get(status, "neighbors")), HOPS);
	cr_expect_str_eq(json_string_value(json_object_get(status, "host")), "lb1");
	cr_expect_not_null(json_object_get(status, "rates"));
}

/* A service without a backend, and no neighbours: the brackets are right all the same. */
Test(status, text_of_nothing_is_json)
{
	_cleanup_(json_decrefp) json_t *status = NULL;
	_cleanup_(buf_free) struct buf text = { 0 };
	struct status_place at = { 0 };

	from.snapshot->n_hops = 0;
	from.snapshot->services[0].n_backends = 0;
	while (status_write_piece(&from, &at, &text))
		;
	status = json_loads(buf_str(&text), 0, NULL);
	cr_assert_not_null(status, "%.500s", buf_str(&text));
}

static size_t services_with_backends(const json_t *status)
{
	const json_t *services = json_object_get(status, "services"), *s;
	size_t i, n = 0;

	json_array_foreach(services, i, s)
	{
		n += !!json_object_get(s, "backends");
	}
	return n;
}

/* What is well is counted, not described. */
Test(status, page_describes_no_backend_that_it_does_not_show)
{
	_cleanup_(json_decrefp) json_t *status = status_for_page(&from, "");
	_cleanup_(buf_free) struct buf page = { 0 };

	cr_assert_not_null(status);
	cr_expect_eq(n_services, SERVICES);
	cr_expect_eq(n_backends, 0);
	cr_expect_eq(services_with_backends(status), PAGE_SERVICES);
	page_write(status, "lb1", "", &page);
	cr_expect_not_null(strstr(buf_str(&page), "1000 services, all up"));
	cr_expect_not_null(strstr(buf_str(&page), "900 more services"));
}

static void fail_all(struct snapshot *s)
{
	for (size_t i = 0; i < s->n_services; i++) {
		s->services[i].n_usable = 0;
		for (size_t b = 0; b < s->services[i].n_backends; b++)
			s->services[i].backends[b].usable = false;
	}
}

/* At worst: all of them are ill. */
Test(status, page_describes_a_few_of_those_that_are_ill)
{
	_cleanup_(json_decrefp) json_t *status = NULL;
	_cleanup_(buf_free) struct buf page = { 0 };

	fixture_add_backends(&from.snapshot->services[0], 5 * PAGE_BACKENDS_EACH);
	fail_all(from.snapshot);
	status = status_for_page(&from, "");
	cr_assert_not_null(status);
	cr_expect_leq(n_backends, PAGE_SERVICES * PAGE_BACKENDS_EACH);
	cr_expect_gt(n_backends, 0);
	cr_expect_eq(n_hops, PAGE_LINES);
	page_write(status, "lb1", "", &page);
	cr_expect_not_null(strstr(buf_str(&page), "1000 services, 1000 down"));
	cr_expect_not_null(strstr(buf_str(&page), "10000 of 10000 without a way"));
	cr_expect_not_null(strstr(buf_str(&page), ">40 more that are not<"));
}

/* Connections of backends that are folded away are in the sum all the same. */
Test(status, page_counts_what_it_hides)
{
	_cleanup_(json_decrefp) json_t *status = status_for_page(&from, "");
	const json_t *first, *hidden;

	cr_assert_not_null(status);
	first = json_array_get(json_object_get(status, "services"), 0);
	hidden = json_object_get(first, "hidden");
	cr_expect_eq(json_integer_value(json_object_get(hidden, "well")), BACKENDS);
	cr_expect_eq(json_integer_value(json_object_get(hidden, "more")), 0);
	cr_expect_float_eq(json_real_value(json_object_get(hidden, "connections")), 12.0 * BACKENDS,
			   0.1);
}

/* Few are all there. */
Test(status, page_describes_what_is_few)
{
	_cleanup_(json_decrefp) json_t *status = NULL;

	for (size_t i = PAGE_BACKENDS / BACKENDS; i < SERVICES; i++)
		free(from.snapshot->services[i].backends);
	from.snapshot->n_services = PAGE_BACKENDS / BACKENDS;
	status = status_for_page(&from, "");
	cr_assert_not_null(status);
	cr_expect_eq(n_backends, PAGE_BACKENDS);
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

/* No family begins twice, and no sample is lost, wherever a piece ends. */
Test(status, metrics_come_in_pieces)
{
	static const char *const words[] = { "# TYPE shunt_service_up ", "shunt_service_up{",
					     "# TYPE shunt_backend_state ", "shunt_backend_state{",
					     "shunt_backend_weight{" };
	const size_t wanted[] = { 1, SERVICES, 1, SERVICES * BACKENDS * 5, SERVICES * BACKENDS };
	size_t n[array_len(words)] = { 0 }, pieces = 0;
	_cleanup_(buf_free) struct buf text = { 0 };
	struct metrics_place at = { 0 };
	bool more;

	do {
		buf_cut(&text, 0);
		more = metrics_write_piece(from.snapshot, &at, &text);
		cr_assert_lt(text.len, 2 * METRICS_PIECE);
		for (size_t i = 0; i < array_len(words); i++)
			n[i] += count(buf_str(&text), words[i]);
		pieces++;
	} while (more);
	for (size_t i = 0; i < array_len(words); i++)
		cr_expect_eq(n[i], wanted[i], "%zu times %s", n[i], words[i]);
	cr_expect_gt(pieces, 100);
}
