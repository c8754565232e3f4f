/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the maps: takes the steps of a diff one by one and after each looks
 * at everything a packet could do then.
 */
#ifndef TESTS_UNIT_PLAN_MAPS_H
#define TESTS_UNIT_PLAN_MAPS_H

#include "make.h"

#define MAPS_TABLES 64
#define MAPS_BACKENDS 2048
#define MAPS_SERVICES 256
#define MAPS_NAME 8

/* Where the slots of a table lie. */
struct maps_place {
	uint32_t *words;
	uint32_t slots;
	uint32_t base; /* of who sends packets there */
};

/**
 * struct maps
 * @owner: name of the service that each backend id is there for; "": not there
 * @alive: ids of the plan that is carried out
 * @dead: by backend id: it is marked
 * @place: of each table; no words: cleared or never filled
 * @before: of tables that moved to another block, until their services are put again
 * @service: where each key points, and whose it is
 * @moved: backends whose flows were moved to another id
 */
struct maps {
	struct plan_leg legs[MAPS_BACKENDS][SHUNT_FAMILIES];
	char owner[MAPS_BACKENDS][MAPS_NAME];
	struct id_set alive;
	bool dead[MAPS_BACKENDS];
	uint32_t limit[MAPS_BACKENDS];
	uint32_t load_weight[MAPS_BACKENDS];
	struct maps_place place[MAPS_TABLES];
	struct maps_place before[MAPS_TABLES];
	struct plan_service service[MAPS_SERVICES];
	char service_name[MAPS_SERVICES][MAPS_NAME];
	size_t n_services;
	struct shunt_addr vips[MAPS_SERVICES];
	size_t n_vips;
	uint32_t moved;
};

void maps_free(struct maps *m);

/*
 * Carry out the diff from @old to @new; @conf is what @new was made from. Asserts
 * that no step repeats or contradicts what is there, and that packets are safe after
 * each: a service's table is there, and its slots lead to backends of that service.
 * Return: the number of steps.
 */
size_t maps_carry_out(struct maps *m, const struct plan *old, const struct plan *new,
		      const struct conf *conf);

/* Some slots in transition go on to their next state, as time passes. */
void maps_pass_time(struct maps *m, uint64_t *random);

/* Assert that the maps hold exactly what @plan says. */
void maps_expect(const struct maps *m, const struct plan *plan);

#endif /* TESTS_UNIT_PLAN_MAPS_H */
