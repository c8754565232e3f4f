/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make.h"
#include "net/addr.h"

struct conf *make_conf(uint32_t slots)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	conf->slots = slots;
	conf->services = arena_alloc(&conf->arena, MAKE_SERVICES * sizeof(*conf->services));
	return conf;
}

void make_free(struct conf **conf)
{
	if (!*conf)
		return;
	arena_free(&(*conf)->arena);
	free(*conf);
	*conf = NULL;
}

struct shunt_addr make_addr(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

void make_vip(struct conf *conf, struct conf_service *s, const char *vip)
{
	if (!s->vips)
		s->vips = arena_alloc(&conf->arena, 8 * sizeof(*s->vips));
	s->vips[s->n_vips++] = make_addr(vip);
}

struct conf_service *make_service(struct conf *conf, const char *name, const char *vip)
{
	struct conf_service *s = &conf->services[conf->n_services++];

	cr_assert_leq(conf->n_services, MAKE_SERVICES);
	*s = (struct conf_service){ .name = arena_strndup(&conf->arena, name, strlen(name)) };
	s->forward = SHUNT_FORWARD_DIRECT;
	s->ports = arena_alloc(&conf->arena, 8 * sizeof(*s->ports));
	s->ports[s->n_ports++] = (struct conf_port){ 80, IPPROTO_TCP };
	s->backends = arena_alloc(&conf->arena, MAKE_BACKENDS * sizeof(*s->backends));
	make_vip(conf, s, vip);
	return s;
}

struct conf_backend *make_backend(struct conf *conf, struct conf_service *s, uint32_t number,
				  uint32_t weight)
{
	struct conf_backend *b = &s->backends[s->n_backends++];
	char text[64];

	cr_assert_leq(s->n_backends, MAKE_BACKENDS);
	snprintf(text, sizeof(text), "b%u", number);
	b->name = arena_strndup(&conf->arena, text, strlen(text));
	snprintf(text, sizeof(text), "10.0.%u.%u", number >> 8, number & 255);
	b->address = make_addr(text);
	b->has_address = true;
	b->weight = weight;
	return b;
}

struct conf *make_web(uint32_t slots, uint32_t n, uint32_t weight)
{
	struct conf *conf = make_conf(slots);
	struct conf_service *s = make_service(conf, "web", "192.0.2.80");

	for (uint32_t i = 1; i <= n; i++)
		make_backend(conf, s, i, weight);
	return conf;
}

struct plan *make_plan(const struct conf *conf, struct ids *ids)
{
	const struct admin nothing = { 0 };
	struct plan *plan = NULL;

	cr_assert_eq(plan_build(conf, &nothing, ids, NULL, NULL, &plan), 0);
	return plan;
}

uint32_t *make_words(const struct plan_table *table)
{
	uint32_t *words = malloc(table->slots * sizeof(*words));

	cr_assert_eq(table_build(table, words), 0);
	return words;
}

uint32_t count_words(const uint32_t *words, uint32_t slots, uint32_t member)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < slots; i++)
		n += words[i] == SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, member);
	return n;
}

uint32_t count_moved(const uint32_t *a, const uint32_t *b, uint32_t slots)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < slots; i++)
		n += a[i] != b[i];
	return n;
}

uint32_t make_random(uint64_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) * n >> 32;
}
