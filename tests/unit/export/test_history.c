/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters become rates; what is renamed, new or begun anew has no past. */
#include <criterion/criterion.h>
#include <string.h>

#include "../../lib/snapshot_fixture.h"
#include "export/history.h"
#include "export/status.h"

static struct history h;
static struct snapshot *snap;

static void setup(void)
{
	snap = fixture_snapshot();
}

static void teardown(void)
{
	history_free(&h);
	snapshot_free(snap);
}

TestSuite(history, .init = setup, .fini = teardown);

static void add(uint64_t now_ms)
{
	cr_assert_eq(history_add(&h, snap, now_ms), 0);
}

static const struct history_backend *nginx1(void)
{
	return history_find_backend(history_find(&h, "web", 0), "nginx1", 0);
}

Test(history, knows_no_rate_after_one_sample)
{
	add(1000);
	cr_assert_eq(h.n, 1);
	cr_assert_eq(history_now(&h.seen), 0);
	cr_assert_eq(history_now(&history_find(&h, "web", 0)->packets), 0);
	cr_assert_eq(nginx1()->packets_per_s, 0);
}

Test(history, divides_by_the_time_that_has_passed)
{
	add(1000);
	snap->services[0].packets += 3000;
	snap->services[0].bytes += 30000;
	snap->services[0].backends[0].packets += 1500;
	snap->services[0].backends[0].connections_opened += 30;
	snap->reasons[SHUNT_FORWARDED] += 3000;
	snap->reasons[SHUNT_REDIRECTED] += 1500;
	snap->reasons[SHUNT_NO_BACKEND] += 300;
	add(4000);
	cr_assert_eq(history_now(&history_find(&h, "web", 0)->packets), 1000);
	cr_assert_eq(history_now(&h.bytes), 10000);
	cr_assert_eq(history_now(&h.forwarded), 1500);
	cr_assert_eq(history_now(&h.dropped), 100);
	cr_assert_eq(history_now(&h.seen), 1600);
	cr_assert_eq(history_now(&h.reasons[SHUNT_NO_BACKEND]), 100);
	cr_assert_eq(nginx1()->packets_per_s, 500);
	cr_assert_eq(nginx1()->opened_per_s, 10);
}

Test(history, keeps_the_last_samples_only)
{
	for (uint64_t i = 0; i < HISTORY_SAMPLES + 10; i++) {
		snap->services[0].packets += i;
		add(i * 1000);
	}
	cr_assert_eq(h.n, HISTORY_SAMPLES);
	cr_assert_eq(history_find(&h, "web", 0)->packets.per_s[0], 10);
	cr_assert_eq(history_now(&history_find(&h, "web", 0)->packets), HISTORY_SAMPLES + 9);
}

Test(history, knows_services_by_name)
{
	struct snapshot_service web;

	add(1000);
	web = snap->services[0];
	snap->services[0] = snap->services[1];
	snap->services[1] = web;
	snap->services[1].packets += 500;
	add(2000);
	cr_assert_eq(history_now(&history_find(&h, "web", 1)->packets), 500);
	cr_assert_eq(history_find(&h, "web", 0), history_find(&h, "web", 1));
	cr_assert_null(history_find(&h, "gone", 0));
}

Test(history, begins_anew_where_a_counter_does)
{
	add(1000);
	snap->services[0].packets = 7;
	snap->services[0].backends[0].packets = 0;
	/* Of 32 bits, and it wraps. */
	snap->services[0].backends[1].connections_opened = UINT32_MAX;
	add(2000);
	cr_assert_eq(history_now(&history_find(&h, "web", 0)->packets), 0);
	cr_assert_eq(nginx1()->packets_per_s, 0);
	snap->services[0].backends[1].connections_opened = 9;
	add(3000);
	cr_assert_eq(history_find(&h, "web", 0)->backends[1].opened_per_s, 10);
}

Test(history, stands_beside_what_it_is_about)
{
	json_t *status = json_pack("{s:[{}, {}]}", "reasons"), *web = json_object();
	json_t *other = json_object(), *backend = json_object(), *rates;

	add(1000);
	snap->services[0].packets += 500;
	snap->services[0].backends[0].packets += 400;
	snap->reasons[SHUNT_REDIRECTED] += 30;
	add(2000);
	status_add_rates(status, &h);
	status_add_service_rates(web, &h, history_find(&h, "web", 0));
	status_add_service_rates(other, &h, history_find(&h, "new", 0));
	status_add_backend_rates(backend, nginx1());
	cr_assert_null(json_object_get(other, "rates"));
	rates = json_object_get(json_object_get(web, "rates"), "packets_per_s");
	cr_assert_eq(json_array_size(rates), 2);
	cr_assert_eq(json_number_value(json_array_get(rates, 1)), 500);
	status_add_newest_rate(web, history_find(&h, "web", 0));
	rates = json_object_get(json_object_get(web, "rates"), "packets_per_s");
	cr_assert_eq(json_array_size(rates), 1);
	cr_assert_eq(json_number_value(json_array_get(rates, 0)), 500);
	rates = json_object_get(backend, "rates");
	cr_assert_eq(json_number_value(json_object_get(rates, "packets_per_s")), 400);
	rates = json_object_get(json_array_get(json_object_get(status, "reasons"), 1), "rates");
	rates = json_object_get(rates, "packets_per_s");
	cr_assert_eq(json_number_value(json_array_get(rates, 1)), 30);
	json_decref(status);
	json_decref(web);
	json_decref(other);
	json_decref(backend);
}
