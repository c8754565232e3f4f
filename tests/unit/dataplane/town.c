/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "dataplane/dataplane.h"
#include "net/addr.h"
#include "town.h"

static const unsigned int servers[TOWN_SERVICES][TOWN_BACKENDS] = { { 1, 2, 3 }, { 1, 2, 4 } };

struct shunt_addr town_address(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

struct shunt_addr town_server(unsigned int last)
{
	char text[ADDR_TEXT];

	snprintf(text, sizeof(text), "198.51.100.%u", last);
	return town_address(text);
}

struct shunt_backend town_backend(unsigned int last)
{
	return (struct shunt_backend){ .leg[SHUNT_V4] = { .addr = town_server(last),
							  .forward = SHUNT_FORWARD_DIRECT } };
}

struct shunt_service_key town_key(unsigned int which)
{
	static const __u16 ports[TOWN_KEYS] = { 80, 443, 53 };

	return (struct shunt_service_key){
		.vip = town_address(which == 2 ? "192.0.2.81" : "192.0.2.80"),
		.port = htons(ports[which]),
		.proto = which == 2 ? IPPROTO_UDP : IPPROTO_TCP,
	};
}

static void make_backends(struct town *town, const struct town_shape *shape, unsigned int service)
{
	for (unsigned int b = 0; b < TOWN_BACKENDS; b++) {
		const uint32_t member = shape->backwards ? TOWN_BACKENDS - b : b + 1;
		const uint32_t first =
			shape->base[service] > shape->base[!service] ? TOWN_BACKENDS : 0;
		const uint32_t index = first + member - 1;

		town->backends[index] = (struct plan_backend){
			.id = shape->base[service] + member,
			.conf_service = service,
			.conf_backend = b,
			.leg[SHUNT_V4] = { town_server(servers[service][b]), SHUNT_FORWARD_DIRECT },
			.weight = 1,
			.weight_enabled = 1,
			.usable = true,
			.alive = true,
		};
		town->positions[service][b] = (struct plan_position){ member, PLAN_KEEP_ALL };
		town->backend_of[service * TOWN_BACKENDS + b] = index;
		id_set_add(&town->plan.alive, shape->base[service] + member);
	}
}

static void make_table(struct town *town, const struct town_shape *shape, unsigned int service)
{
	const uint32_t index = shape->table[service] > shape->table[!service];

	town->tables[index] = (struct plan_table){ .number = shape->table[service],
						   .base = shape->base[service],
						   .span = TOWN_SPAN,
						   .slots = shape->slots,
						   .positions = town->positions[service],
						   .n_positions = TOWN_BACKENDS };
	town->table_of[service] = index;
}

void town_make(struct town *town, const struct town_shape *shape)
{
	memset(town, 0, sizeof(*town));
	for (unsigned int s = 0; s < TOWN_SERVICES; s++) {
		make_backends(town, shape, s);
		make_table(town, shape, s);
		town->first_backend[s + 1] = (s + 1) * TOWN_BACKENDS;
		town->vips[s] = town_key(s ? 2 : 0).vip;
	}
	for (unsigned int k = 0; k < TOWN_KEYS; k++)
		town->services[k] = (struct plan_service){ .key = town_key(k),
							   .table = shape->table[k == 2],
							   .base = shape->base[k == 2],
							   .conf_service = k == 2 };
	town->plan.services = town->services;
	town->plan.n_services = TOWN_KEYS;
	town->plan.backends = town->backends;
	town->plan.n_backends = TOWN_SERVICES * TOWN_BACKENDS;
	town->plan.tables = town->tables;
	town->plan.n_tables = TOWN_SERVICES;
	town->plan.vips = town->vips;
	town->plan.n_vips = TOWN_SERVICES;
	town->plan.flow_early_s = 2;
	town->plan.flow_idle_s = 300;
	town->plan.n_conf_services = TOWN_SERVICES;
	town->plan.first_backend = town->first_backend;
	town->plan.backend_of = town->backend_of;
	town->plan.table_of = town->table_of;
}

void town_apply(const struct town *town, struct dataplane *dp, uint64_t now_ms)
{
	_cleanup_free_ struct plan_op *steps = NULL;
	size_t n;

	cr_assert_eq(plan_diff(NULL, &town->plan, &steps, &n), 0);
	cr_assert_eq(dataplane_apply(dp, &town->plan, steps, n, now_ms), 0);
}
