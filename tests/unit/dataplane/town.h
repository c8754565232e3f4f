/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan of two services, made by hand, whose numbers a test chooses: 192.0.2.80 with
 * TCP ports 80 and 443, and 192.0.2.81 with UDP port 53. Each has three backends,
 * two of which are the same servers: 198.51.100.1, .2 and .3; and .1, .2 and .4.
 */
#ifndef TEST_TOWN_H
#define TEST_TOWN_H

#include "plan/plan.h"

#define TOWN_SERVICES 2
#define TOWN_KEYS 3
#define TOWN_BACKENDS 3 /* of each */
#define TOWN_SPAN 16

/**
 * struct town_shape
 * @base, @table: of each service
 * @slots: of each table
 * @backwards: the first backend has the last member
 */
struct town_shape {
	uint32_t base[TOWN_SERVICES];
	uint32_t table[TOWN_SERVICES];
	uint32_t slots;
	bool backwards;
};

struct town {
	struct plan_service services[TOWN_KEYS];
	struct plan_backend backends[TOWN_SERVICES * TOWN_BACKENDS];
	struct plan_position positions[TOWN_SERVICES][TOWN_BACKENDS];
	struct plan_table tables[TOWN_SERVICES];
	struct shunt_addr vips[TOWN_SERVICES];
	uint32_t first_backend[TOWN_SERVICES + 1];
	uint32_t backend_of[TOWN_SERVICES * TOWN_BACKENDS];
	uint32_t table_of[TOWN_SERVICES];
	struct plan plan;
};

/* @town is not to be copied: it points into itself. */
void town_make(struct town *town, const struct town_shape *shape);

struct shunt_addr town_address(const char *text);
/* "198.51.100.1" */
struct shunt_addr town_server(unsigned int last);
/* As shunt_backend: a backend that is reached by IPv4. */
struct shunt_backend town_backend(unsigned int last);
struct shunt_service_key town_key(unsigned int which);

struct dataplane;

/* All steps from nothing to the town's plan. */
void town_apply(const struct town *town, struct dataplane *dp, uint64_t now_ms);

#endif /* TEST_TOWN_H */
