/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "maps.h"
#include "net/addr.h"

void maps_free(struct maps *m)
{
	for (size_t i = 0; i < MAPS_TABLES; i++)
		free(m->words[i]);
}

static size_t find_service(const struct maps *m, const struct shunt_service_key *key)
{
	size_t i = 0;

	while (i < m->n_services && memcmp(&m->service[i].key, key, sizeof(*key)))
		i++;
	return i;
}

static size_t find_vip(const struct maps *m, const struct shunt_addr *vip)
{
	size_t i = 0;

	while (i < m->n_vips && !addr_is_equal(&m->vips[i], vip))
		i++;
	return i;
}

static void name_copy(char *to, const char *name)
{
	cr_assert_lt(strlen(name), MAPS_NAME);
	strcpy(to, name);
}

static void put_backend(struct maps *m, const struct plan_backend *b, const struct conf *conf)
{
	cr_assert_lt(b->id, MAPS_BACKENDS);
	cr_assert(!*m->owner[b->id], "backend %u is there", b->id);
	name_copy(m->owner[b->id], conf->services[b->conf_service].name);
	memcpy(m->legs[b->id], b->leg, sizeof(b->leg));
	m->dead[b->id] = !b->alive;
}

static void mark_backend(struct maps *m, const struct plan_backend *b)
{
	cr_assert(*m->owner[b->id]);
	cr_assert_eq(m->dead[b->id], b->alive, "nothing to mark");
	m->dead[b->id] = !b->alive;
}

/* A word may be seen as soon as it is written, so each is looked at on its own. */
static void fill_table(struct maps *m, const struct plan_table *t)
{
	_cleanup_free_ uint32_t *words = make_words(t);

	cr_assert_lt(t->number, MAPS_TABLES);
	if (!m->words[t->number])
		m->words[t->number] = calloc(t->slots, sizeof(*words));
	for (uint32_t s = 0; s < t->slots; s++) {
		uint32_t *at = &m->words[t->number][s];

		*at = slot_step(*at, SHUNT_SLOT_CUR(words[s]), &m->alive);
	}
}

static void put_service(struct maps *m, const struct plan_service *s, const struct conf *conf)
{
	size_t i = find_service(m, &s->key);

	cr_assert_lt(i, MAPS_SERVICES);
	if (i == m->n_services)
		m->n_services++;
	else
		cr_assert(m->service[i].table != s->table || m->service[i].flags != s->flags,
			  "nothing to put");
	m->service[i] = *s;
	name_copy(m->service_name[i], conf->services[s->conf_service].name);
}

static void del_service(struct maps *m, const struct plan_service *s)
{
	size_t i = find_service(m, &s->key);

	cr_assert_lt(i, m->n_services);
	m->n_services--;
	m->service[i] = m->service[m->n_services];
	memmove(m->service_name[i], m->service_name[m->n_services], MAPS_NAME);
}

static void put_vip(struct maps *m, const struct shunt_addr *vip)
{
	cr_assert_eq(find_vip(m, vip), m->n_vips);
	m->vips[m->n_vips++] = *vip;
}

static void del_vip(struct maps *m, const struct shunt_addr *vip)
{
	size_t i = find_vip(m, vip);

	cr_assert_lt(i, m->n_vips);
	m->vips[i] = m->vips[--m->n_vips];
}

static void step(struct maps *m, const struct plan_op *op, const struct conf *conf)
{
	switch (op->kind) {
	case PLAN_PUT_BACKEND:
		put_backend(m, op->backend, conf);
		break;
	case PLAN_MARK_BACKEND:
		mark_backend(m, op->backend);
		break;
	case PLAN_FILL_TABLE:
		fill_table(m, op->table);
		break;
	case PLAN_PUT_VIP:
		put_vip(m, op->vip);
		break;
	case PLAN_PUT_SERVICE:
		put_service(m, op->service, conf);
		break;
	case PLAN_DEL_SERVICE:
		del_service(m, op->service);
		break;
	case PLAN_DEL_VIP:
		del_vip(m, op->vip);
		break;
	case PLAN_CLEAR_TABLE:
		cr_assert_not_null(m->words[op->table->number]);
		free(m->words[op->table->number]);
		m->words[op->table->number] = NULL;
		break;
	case PLAN_DEL_BACKEND:
		cr_assert(*m->owner[op->backend->id]);
		*m->owner[op->backend->id] = '\0';
		break;
	}
}

/* Both backends that a word names are there. */
static void expect_word(const struct maps *m, uint32_t word)
{
	const uint32_t cur = SHUNT_SLOT_CUR(word), prev = SHUNT_SLOT_PREV(word);

	cr_assert(!cur || *m->owner[cur], "a slot leads to a missing backend");
	cr_assert(!prev || *m->owner[prev], "flows are kept at a missing backend");
	cr_assert(!cur || !prev || !strcmp(m->owner[prev], m->owner[cur]),
		  "flows are kept at a backend of another service");
}

/* Every slot of every table leads to a backend; a service's to one of its own. */
static void expect_safe(const struct maps *m)
{
	for (size_t t = 0; t < MAPS_TABLES; t++)
		for (uint32_t s = 0; m->words[t] && s < m->slots; s++)
			expect_word(m, m->words[t][s]);
	for (size_t i = 0; i < m->n_services; i++) {
		const uint32_t *words = m->words[m->service[i].table];

		cr_assert_not_null(words, "a service without a table");
		for (uint32_t s = 0; s < m->slots; s++) {
			uint32_t id = SHUNT_SLOT_CUR(words[s]);

			cr_assert(!id || !strcmp(m->owner[id], m->service_name[i]),
				  "%s leads to a backend of %s", m->service_name[i], m->owner[id]);
		}
	}
}

size_t maps_carry_out(struct maps *m, const struct plan *old, const struct plan *new,
		      const struct conf *conf)
{
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n = 0;

	cr_assert_eq(plan_diff(old, new, &ops, &n), 0);
	m->alive = new->alive;
	for (size_t i = 0; i < n; i++) {
		cr_assert(!i || ops[i].kind >= ops[i - 1].kind, "not the safe order");
		step(m, &ops[i], conf);
		expect_safe(m);
	}
	return n;
}

void maps_pass_time(struct maps *m, uint64_t *random)
{
	for (size_t t = 0; t < MAPS_TABLES; t++)
		for (uint32_t s = 0; m->words[t] && s < m->slots; s++) {
			const uint32_t word = m->words[t][s], cur = SHUNT_SLOT_CUR(word);
			const uint32_t state = SHUNT_SLOT_STATE(word);

			if (state == SHUNT_SLOT_STABLE || make_random(random, 8))
				continue;
			m->words[t][s] =
				state == SHUNT_SLOT_PINNED
					? SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, cur)
					: SHUNT_SLOT(state + 1, SHUNT_SLOT_PREV(word), cur);
		}
}

/* The slots of @t belong to whom the recipe says; what is kept is kept at the living. */
static void expect_table(const struct maps *m, const struct plan_table *t)
{
	_cleanup_free_ uint32_t *words = make_words(t);

	for (uint32_t s = 0; s < t->slots; s++) {
		const uint32_t word = m->words[t->number][s];
		const uint32_t prev = SHUNT_SLOT_PREV(word);

		cr_assert_eq(SHUNT_SLOT_CUR(word), SHUNT_SLOT_CUR(words[s]));
		cr_assert(!prev || id_set_has(&m->alive, prev));
	}
}

void maps_expect(const struct maps *m, const struct plan *plan)
{
	size_t n_backends = 0, n_tables = 0;

	for (size_t i = 0; i < MAPS_BACKENDS; i++)
		n_backends += !!*m->owner[i];
	for (size_t i = 0; i < MAPS_TABLES; i++)
		n_tables += !!m->words[i];
	cr_assert_eq(n_backends, plan->n_backends);
	cr_assert_eq(n_tables, plan->n_tables);
	cr_assert_eq(m->n_services, plan->n_services);
	cr_assert_eq(m->n_vips, plan->n_vips);
	array_for_each (b, plan->backends, plan->n_backends) {
		cr_assert(*m->owner[b->id]);
		cr_assert_eq(m->dead[b->id], !b->alive);
		for (int f = 0; f < SHUNT_FAMILIES; f++) {
			cr_assert_eq(m->legs[b->id][f].forward, b->leg[f].forward);
			cr_assert(addr_is_equal(&m->legs[b->id][f].addr, &b->leg[f].addr));
		}
	}
	array_for_each (t, plan->tables, plan->n_tables)
		expect_table(m, t);
	array_for_each (s, plan->services, plan->n_services)
		cr_assert_eq(m->service[find_service(m, &s->key)].table, s->table);
	array_for_each (v, plan->vips, plan->n_vips)
		cr_assert_lt(find_vip(m, v), m->n_vips);
}
