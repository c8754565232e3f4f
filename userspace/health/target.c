/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "health/request.h"
#include "health/target.h"
#include "net/addr.h"

/* --- one target ------------------------------------------------------------ */

static struct check_timing timing_of(const struct conf_check *c)
{
	return (struct check_timing){
		.interval_ms = c->interval_ms,
		.fast_interval_ms = c->fast_interval_ms,
		.down_interval_ms = c->down_interval_ms,
		.rise = c->rise,
		.fall = c->fall,
		.jitter_percent = c->jitter_percent,
	};
}

/* FNV-1a: targets that differ in name get different waits. */
static uint64_t seed_of(const char *name, uint64_t seed)
{
	uint64_t h = 0xcbf29ce484222325ULL ^ seed;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ULL;
	return h;
}

static void forget_agent(struct target *t)
{
	t->status.agent = HEALTH_AGENT_SILENT;
	t->status.agent_percent = 100;
}

static void forget_certificate(struct target *t)
{
	t->status.cert_ends_s = 0;
	t->warned = false;
}

void target_forget(struct target *t, uint64_t seed)
{
	check_state_init(&t->check, seed_of(t->name, seed), 0);
	t->status.state = HEALTH_UNKNOWN;
	t->status.since_wall_s = clock_wall_s();
	t->status.code = HEALTH_NONE_CODE;
	t->status.detail[0] = '\0';
	t->status.duration_us = 0;
	t->status.rising = 0;
	t->status.falling = 0;
	forget_agent(t);
	forget_certificate(t);
}

static void pass_unchecked(struct target *t)
{
	check_state_adopt(&t->check, HEALTH_UP);
	if (t->status.state != HEALTH_UP)
		t->status.since_wall_s = clock_wall_s();
	t->status.state = HEALTH_UP;
	t->status.code = HEALTH_UNCHECKED_CODE;
	t->status.detail[0] = '\0';
	t->status.duration_us = 0;
	t->status.rising = 0;
	t->status.falling = 0;
}

/* What the config says of a target. */
struct wanted {
	struct check_timing timing;
	struct prober_request request;
	struct shunt_probe via;
};

static int want(struct wanted *w, const struct conf_service *s, const struct conf_backend *b,
		const struct trust_set *trust)
{
	w->timing = timing_of(&b->check);
	return request_fill(&w->request, s->name, b, trust)
		       ?: request_fill_via(&w->request, &w->via, s, b);
}

/* What is not of all types stands at the end, and is long: zero where it is of none. */
static bool is_same_kind(const struct prober_request *a, const struct prober_request *b)
{
	const size_t common = offsetof(struct prober_request, tls);

	if (a->type != b->type)
		return false;
	return !prober_request_has_more(a->type) ||
	       !memcmp((const char *)a + common, (const char *)b + common, sizeof(*a) - common);
}

/* @w as request_fill() leaves it, which sets every byte. */
static bool is_same_request(const struct prober_request *now, const struct prober_request *w)
{
	/* Else what the last probe went by. */
	const bool is_own = now->via == PROBER_VIA_OWN;

	return now->timeout_ms == w->timeout_ms && now->port == w->port &&
	       is_own == (w->via == PROBER_VIA_OWN) && is_same_kind(now, w);
}

static enum target_news compare(const struct target *t, const struct wanted *w)
{
	if (!addr_is_equal(&t->request.addr, &w->request.addr))
		return TARGET_NEW;
	return is_same_request(&t->request, &w->request) &&
			       !memcmp(&t->via, &w->via, sizeof(t->via)) &&
			       !memcmp(&t->timing, &w->timing, sizeof(t->timing))
		       ? TARGET_SAME
		       : TARGET_CHECK;
}

/* Take over what the config says of the target now. */
static void follow(struct target *t, const struct conf_service *s, const struct conf_backend *b,
		   const struct trust_set *trust, uint64_t seed)
{
	struct wanted w;
	int err = want(&w, s, b, trust);

	assert(!err); /* target_set_build() has tried it */
	/* This, too; if the file has gone since, the server will say what it misses. */
	err = request_read_password(&w.request, &b->check);
	if (err)
		log_err(err, "%s: %s", t->name, b->check.password_file);
	t->news = t->kept ? compare(t, &w) : TARGET_NEW;
	t->kept = false;
	if (t->news == TARGET_SAME)
		return;
	if (t->news == TARGET_NEW)
		target_forget(t, seed);
	t->timing = w.timing;
	t->via = w.via;
	t->request = w.request;
	t->request.target = t->id;
	t->checked = b->check.type != CONF_CHECK_NONE;
	if (b->check.type != CONF_CHECK_AGENT)
		forget_agent(t);
	if (b->check.type != CONF_CHECK_HTTPS && b->check.type != CONF_CHECK_TLS)
		forget_certificate(t);
	if (!t->checked)
		pass_unchecked(t);
}

static void target_free(struct target *t)
{
	free(t->name);
	free(t);
}

/* --- the set --------------------------------------------------------------- */

struct target *target_set_find(const struct target_set *set, const char *name)
{
	return dict_find(&set->by_name, name);
}

struct target *target_set_find_backend(const struct target_set *set, const char *service,
				       const char *backend)
{
	return dict_find_pair(&set->by_name, service, backend);
}

/* Mostly it stands where it stood: its number among all is @place. */
static struct target *find_near(const struct target_set *set, size_t place, const char *service,
				const char *backend)
{
	struct target *t = place < set->n ? set->by_place[place] : NULL;

	return t && dict_is_pair(t->name, service, backend)
		       ? t
		       : target_set_find_backend(set, service, backend);
}

/* The target of that name, kept from @old or new. NULL if out of memory. */
static struct target *adopt(const struct target_set *old, size_t place, const char *service,
			    const char *backend)
{
	struct target *t = find_near(old, place, service, backend);

	if (t) {
		assert(!t->kept); /* names are unique */
		t->kept = true;
		return t;
	}
	t = calloc(1, sizeof(*t));
	if (t && asprintf(&t->name, "%s/%s", service, backend) < 0) {
		free(t);
		return NULL;
	}
	return t;
}

static int allocate(struct target_set *next, const struct target_set *old, const struct conf *conf)
{
	size_t n = 0;

	for (size_t s = 0; s < conf->n_services; s++)
		n += conf->services[s].n_backends;
	next->n_ids = old->n_ids + n;
	next->by_id = calloc(next->n_ids + 1, sizeof(*next->by_id));
	next->by_place = calloc(n + 1, sizeof(*next->by_place));
	next->first = calloc(conf->n_services + 1, sizeof(*next->first));
	if (!next->by_id || !next->by_place || !next->first)
		return -ENOMEM;
	return dict_reserve(&next->by_name, n);
}

static int add_service(struct target_set *next, struct target_set *old,
		       const struct conf_service *service)
{
	struct wanted unused;
	int err;

	for (size_t b = 0; b < service->n_backends; b++) {
		const struct conf_backend *backend = &service->backends[b];

		if (want(&unused, service, backend, &next->trust))
			return log_err(0, "%s/%s: this check cannot be made", service->name,
				       backend->name);
		err = request_read_password(&unused.request, &backend->check);
		if (err)
			return log_err(err, "%s/%s: %s", service->name, backend->name,
				       backend->check.password_file);
		next->by_place[next->n] = adopt(old, next->n, service->name, backend->name);
		if (!next->by_place[next->n])
			return -ENOMEM;
		next->n++;
	}
	return 0;
}

/* Kept targets keep their ids; new ones take the lowest free. */
static void assign_ids(struct target_set *next)
{
	size_t id = 0, top = 0;

	for (size_t i = 0; i < next->n; i++) {
		if (next->by_place[i]->kept)
			next->by_id[next->by_place[i]->id] = next->by_place[i];
	}
	for (size_t i = 0; i < next->n; i++) {
		struct target *t = next->by_place[i];

		if (!t->kept) {
			while (next->by_id[id])
				id++;
			t->id = id;
			next->by_id[id] = t;
		}
		if (t->id >= top)
			top = t->id + 1;
	}
	next->n_ids = top;
}

int target_set_build(struct target_set *next, struct target_set *old, const struct conf *conf)
{
	int err = trust_set_build(&next->trust, &old->trust, conf) ?: allocate(next, old, conf);

	for (size_t s = 0; s < conf->n_services && !err; s++) {
		next->first[next->n_services++] = next->n;
		err = add_service(next, old, &conf->services[s]);
	}
	if (err) {
		target_set_discard(next);
		return err;
	}
	assign_ids(next);
	for (size_t i = 0; i < next->n; i++)
		dict_add(&next->by_name, next->by_place[i]->name, next->by_place[i]);
	return 0;
}

static void free_arrays(struct target_set *set)
{
	trust_set_free(&set->trust);
	free(set->by_id);
	free(set->by_place);
	dict_free(&set->by_name);
	free(set->first);
	*set = (struct target_set){ 0 };
}

void target_set_discard(struct target_set *next)
{
	for (size_t i = 0; i < next->n; i++) {
		if (!next->by_place[i]->kept)
			target_free(next->by_place[i]);
		else
			next->by_place[i]->kept = false;
	}
	free_arrays(next);
}

void target_set_switch(struct target_set *set, struct target_set *next, const struct conf *conf,
		       uint64_t seed)
{
	size_t i = 0;

	for (size_t t = 0; t < set->n; t++) {
		if (!set->by_place[t]->kept)
			target_free(set->by_place[t]);
	}
	for (size_t s = 0; s < conf->n_services; s++) {
		const struct conf_service *service = &conf->services[s];

		for (size_t b = 0; b < service->n_backends; b++) {
			next->by_place[i]->service = s;
			follow(next->by_place[i++], service, &service->backends[b], &next->trust,
			       seed);
		}
	}
	free_arrays(set);
	*set = *next;
	*next = (struct target_set){ 0 };
}

void target_set_free(struct target_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		target_free(set->by_place[i]);
	free_arrays(set);
}
