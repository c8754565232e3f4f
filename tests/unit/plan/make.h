/* SPDX-License-Identifier: BSD-2-Clause */
/* Configs, plans and tables by hand, for the tests of this floor. */
#ifndef TESTS_UNIT_PLAN_MAKE_H
#define TESTS_UNIT_PLAN_MAKE_H

#include "plan/plan.h"

#define MAKE_SERVICES 16
#define MAKE_BACKENDS 1024

/* An empty config with room for MAKE_SERVICES, @slots a table or 0 for auto; released
 * with make_free(). */
struct conf *make_conf(uint32_t slots);
void make_free(struct conf **conf);

/* A service of @vip and 80/tcp, with room for MAKE_BACKENDS. */
struct conf_service *make_service(struct conf *conf, const char *name, const char *vip);
void make_vip(struct conf *conf, struct conf_service *s, const char *vip);
/* Named b@number, address 10.0.x.y from @number. */
struct conf_backend *make_backend(struct conf *conf, struct conf_service *s, uint32_t number,
				  uint32_t weight);
/* One service "web" of @n backends b1, b2, ... of weight @weight. */
struct conf *make_web(uint32_t slots, uint32_t n, uint32_t weight);

struct shunt_addr make_addr(const char *text);

/* plan_build() that must succeed; all healthy, nothing said by the operator. */
struct plan *make_plan(const struct conf *conf, struct ids *ids);

/* table_build() that must succeed; released with free(). */
uint32_t *make_words(const struct plan_table *table);

/* How many of @slots words are @member's. */
uint32_t count_words(const uint32_t *words, uint32_t slots, uint32_t member);
/* How many words differ. */
uint32_t count_moved(const uint32_t *a, const uint32_t *b, uint32_t slots);

/* A number in [0, @n), the same in every run. */
uint32_t make_random(uint64_t *state, uint32_t n);

#endif /* TESTS_UNIT_PLAN_MAKE_H */
