/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two balancers with one config and one hash key choose the same backend for every flow,
 * whatever each of them has gone through: failures and recoveries in any order, drains,
 * restarts, and reloads in which backends come and go.
 *
 * Who promises that: maglev and first; consistent and source where all backends have an
 * id, or where both had the same backends all the time. The other schedulers choose for
 * each flow, and do not.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/cleanup.h"
#include "desk.h"
#include "shunt/hash.h"

#define BACKENDS 12
#define EVENTS 80
#define FLOWS 100000
#define HISTORIES 6

/**
 * struct balancer - one of the two
 * @all: the backends that its config has in the end
 * @random: of its history
 */
struct balancer {
	struct desk desk;
	struct conf_backend all[BACKENDS];
	uint64_t random;
};

struct fleet {
	enum conf_scheduler scheduler;
	bool has_ids;
	bool reloads; /* with other backends */
};

static struct conf *make_config(const struct fleet *f)
{
	struct conf *conf = make_conf(0);
	struct conf_service *s = make_service(conf, "web", "192.0.2.80");

	s->scheduler = f->scheduler;
	s->failback = true;
	for (uint32_t i = 1; i <= BACKENDS; i++) {
		struct conf_backend *b = make_backend(conf, s, i, i % 3 ? 100 : 50);

		b->id = f->has_ids ? i : 0;
	}
	return conf;
}

static void balancer_open(struct balancer *b, const struct fleet *f, uint64_t seed)
{
	struct conf_service *s;

	*b = (struct balancer){ .random = seed };
	b->desk.conf = make_config(f);
	b->desk.ids = ids_create();
	s = &b->desk.conf->services[0];
	memcpy(b->all, s->backends, sizeof(b->all));
}

static void balancer_close(struct balancer *b)
{
	desk_close(&b->desk);
}

/* Some of them, at least one, in any order. */
static void reload(struct balancer *b)
{
	struct conf_service *s = &b->desk.conf->services[0];

	memcpy(s->backends, b->all, sizeof(b->all));
	for (size_t i = BACKENDS; i > 1; i--) {
		const size_t j = make_random(&b->random, i);
		const struct conf_backend t = s->backends[i - 1];

		s->backends[i - 1] = s->backends[j];
		s->backends[j] = t;
	}
	s->n_backends = 1 + make_random(&b->random, BACKENDS);
}

static void happen(struct balancer *b, const struct fleet *f)
{
	const size_t which = make_random(&b->random, BACKENDS);
	struct desk *d = &b->desk;

	switch (make_random(&b->random, 6)) {
	case 0:
		desk_restart(d);
		break;
	case 1:
		desk_drain(d, b->all[which].name, make_random(&b->random, 2));
		break;
	case 2:
		d->unknown[which] = make_random(&b->random, 2);
		break;
	case 3:
		if (f->reloads)
			reload(b);
		break;
	default:
		d->down[which] = make_random(&b->random, 2);
	}
}

/* After all that it is as the other one is: two are down, one is drained. */
static void live(struct balancer *b, const struct fleet *f)
{
	struct conf_service *s = &b->desk.conf->services[0];

	for (int i = 0; i < EVENTS; i++) {
		happen(b, f);
		desk_plan(&b->desk);
	}
	memcpy(s->backends, b->all, sizeof(b->all));
	s->n_backends = BACKENDS;
	memset(b->desk.unknown, 0, sizeof(b->desk.unknown));
	for (size_t i = 0; i < BACKENDS; i++) {
		b->desk.down[i] = i == 2 || i == 7;
		desk_drain(&b->desk, b->all[i].name, i == 4);
	}
	desk_plan(&b->desk);
}

static const char *choice(const struct balancer *b, uint64_t hash)
{
	const struct desk *d = &b->desk;
	const struct plan_table *t = plan_table_of(d->plan, 0);
	const uint32_t word = d->words[hash & (t->slots - 1)];
	const struct plan_backend *chosen =
		plan_backend_by_id(d->plan, t->base + SHUNT_SLOT_CUR(word));

	cr_assert_not_null(chosen);
	return d->conf->services[0].backends[chosen->conf_backend].name;
}

static uint64_t random_flow(uint64_t *random, bool v6)
{
	static const __u64 key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	const struct shunt_addr vip = make_addr(v6 ? "2001:db8::80" : "192.0.2.80");
	struct shunt_addr src = make_addr(v6 ? "2001:db8:1::" : "198.51.100.0");

	src.w[3] = make_random(random, UINT32_MAX);
	return shunt_hash_flow(key, &src, &vip, make_random(random, UINT32_MAX), 6, v6);
}

/* Of FLOWS, those that the two send to backends of different names. */
static uint32_t count_split(const struct balancer *a, const struct balancer *b)
{
	uint64_t random = 42;
	uint32_t n = 0;

	for (uint32_t i = 0; i < FLOWS; i++) {
		const uint64_t hash = random_flow(&random, i % 2);

		n += strcmp(choice(a, hash), choice(b, hash)) != 0;
	}
	return n;
}

/* The greatest number over several pairs of histories. */
static uint32_t worst_split(const struct fleet *f)
{
	uint32_t worst = 0;

	for (uint64_t i = 1; i <= HISTORIES; i++) {
		_cleanup_(balancer_close) struct balancer a, b;
		uint32_t n;

		balancer_open(&a, f, 2 * i);
		live(&a, f);
		balancer_open(&b, f, 2 * i + 1);
		live(&b, f);
		n = count_split(&a, &b);
		worst = n > worst ? n : worst;
	}
	return worst;
}

Test(agree, maglev_whatever_happened)
{
	const struct fleet f = { CONF_SCHEDULER_MAGLEV, false, true };

	cr_expect_eq(worst_split(&f), 0);
}

Test(agree, consistent_with_ids_whatever_happened)
{
	const struct fleet f = { CONF_SCHEDULER_CONSISTENT, true, true };

	cr_expect_eq(worst_split(&f), 0);
}

Test(agree, source_with_ids_whatever_happened)
{
	const struct fleet f = { CONF_SCHEDULER_SOURCE, true, true };

	cr_expect_eq(worst_split(&f), 0);
}

Test(agree, first_with_failback_whatever_happened)
{
	const struct fleet f = { CONF_SCHEDULER_FIRST, false, true };

	cr_expect_eq(worst_split(&f), 0);
}

/* Health, drains and restarts leave no trace. */
Test(agree, consistent_without_ids_if_nobody_came_or_went)
{
	const struct fleet f = { CONF_SCHEDULER_CONSISTENT, false, false };

	cr_expect_eq(worst_split(&f), 0);
}

/* Places are given as backends come: that is why a fleet needs ids. */
Test(agree, consistent_without_ids_not_if_some_did)
{
	const struct fleet f = { CONF_SCHEDULER_CONSISTENT, false, true };

	cr_expect_gt(worst_split(&f), FLOWS / 10);
}
