/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Targets: the backends as health sees them, and the set of those of a config.
 *
 * A set is built from a config and the set before it. A target keeps its id and
 * its memory for as long as a backend of that name is in the config, so that
 * probes under way find it after a reload. Building may fail half way: nothing
 * of the old set is changed before target_set_switch(), which cannot fail.
 */
#ifndef HEALTH_TARGET_H
#define HEALTH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dict.h"
#include "base/ration.h"
#include "conf/conf.h"
#include "health/check_state.h"
#include "health/health.h"
#include "health/prober_proto.h"
#include "health/trust.h"

/* What the last target_set_switch() meant for a target. */
enum target_news {
	TARGET_SAME,
	TARGET_CHECK, /* another check of the same backend: the verdict stands */
	TARGET_NEW, /* new, or at another address: nothing is known of it */
};

struct target_queue;

/**
 * struct target - one backend of one service
 * @name: "service/backend", what it is known by; names have no slash in them
 * @id: index in target_set.by_id
 * @service: index in the config
 * @kept: scratch: is in the next set, too
 * @resting: it is not probed, and nothing is known of it
 * @warned: the last probe that passed came with a warning
 * @words, @n_quiet: lines about what it says of itself, and those that were too many
 * @queue, @next: where it stands, with those that could not be sent yet, or NULL
 * @via: of its sockets, if @request.via is set
 * @request: what the prober is told; serial 0 unless a probe is under way
 */
struct target {
	char *name;
	uint32_t id;
	size_t service;
	enum target_news news;
	bool checked;
	bool kept;
	bool resting;
	bool warned;
	struct ration words;
	uint64_t n_quiet;
	struct target_queue *queue;
	struct target *next;
	struct check_timing timing;
	struct check_state check;
	struct health_status status;
	struct shunt_probe via;
	struct prober_request request;
};

/**
 * struct target_set - zero-initialised is empty and valid
 * @trust: whom their checks trust
 * @by_id: NULL where an id is free
 * @by_place: in the order of the config; service s starts at @first[s]
 */
struct target_set {
	struct trust_set trust;
	struct target **by_id;
	size_t n_ids;
	struct target **by_place;
	struct dict by_name;
	size_t n;
	size_t *first;
	size_t n_services;
};

/**
 * target_set_build() - the set of @conf, with the targets that @old has already
 * @next: empty; then shares targets with @old, and marks those as kept
 *
 * Return: 0; -ENOMEM; -EINVAL, logged, if a check cannot be put to the prober.
 */
int target_set_build(struct target_set *next, struct target_set *old, const struct conf *conf);

/* Undo target_set_build(). */
void target_set_discard(struct target_set *next);

/**
 * target_set_switch() - make @next the set
 * @set: its targets that are not kept are freed
 * @seed: of all the targets' own generators
 */
void target_set_switch(struct target_set *set, struct target_set *next, const struct conf *conf,
		       uint64_t seed);

/* What was known of it is not known any more. */
void target_forget(struct target *t, uint64_t seed);

/* Release everything. */
void target_set_free(struct target_set *set);

/* NULL if there is none. */
struct target *target_set_find(const struct target_set *set, const char *name);
struct target *target_set_find_backend(const struct target_set *set, const char *service,
				       const char *backend);

#endif /* HEALTH_TARGET_H */
