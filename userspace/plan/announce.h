/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which addresses the network shall know to be here: pure, on the caller's clock.
 *
 * A VIP is announced while each of its services has as many usable backends as its
 * min_healthy says: what one of them lacks may be elsewhere, and packets of the VIP go
 * one way. A service with min_healthy 0 lacks none.
 *
 * Until the backends of its services have their first verdicts nothing changes: what a
 * former daemon has announced stays announced, and what is not is not yet. Those that
 * get none within ANNOUNCE_PATIENCE_MS are not waited for any longer. So it is with what
 * comes later, a service for a VIP that is announced, or other backends: no reload withdraws
 * what works.
 *
 * Who has begun anew is held until peers have told what they have: what is not announced
 * is not yet, the pool neither. Its packets are better off where they are known.
 *
 * While the operator drains the whole balancer, what would be announced is announced as
 * the last resort.
 */
#ifndef PLAN_ANNOUNCE_H
#define PLAN_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

#define ANNOUNCE_PATIENCE_MS 10000

/* X(name, text for people) */
#define ANNOUNCE_STATE_LIST(X)                                                                     \
	X(WAITING, "waiting") /* as it was, until more is known */                                 \
	X(WITHDRAWN, "withdrawn")                                                                  \
	X(DRAINED, "drained") /* for whoever has no other way */                                   \
	X(ANNOUNCED, "announced")

enum announce_state {
#define ANNOUNCE_STATE_ENUM(name, text) ANNOUNCE_##name,
	ANNOUNCE_STATE_LIST(ANNOUNCE_STATE_ENUM)
#undef ANNOUNCE_STATE_ENUM
	ANNOUNCE_STATES,
};

const char *announce_state_name(enum announce_state s);

/**
 * struct announce_addr - one address
 * @is_pool: of nat.pool, which is announced whatever its backends do; else a VIP
 * @since_wall_s: when @state was entered, seconds since 1970
 * @service: of a VIP that is withdrawn: the first service that lacks backends; or NULL
 * @usable, @wanted: backends of that service
 * @first_ms: when it was first seen
 * @is_judged: it has waited, or needed not
 * @is_held: it waits for peers
 * @is_open: a backend of it has no verdict; @open_ms: since when, or 0
 * @was_told: the network was told of it when it was judged last, so verdicts may be waited for
 * @is_in_doubt: it lacks backends only because some that have come later have no verdict
 *	yet, and is announced all the same
 */
struct announce_addr {
	struct shunt_addr addr;
	enum announce_state state;
	bool is_pool;
	uint64_t since_wall_s;
	char *service;
	uint32_t usable;
	uint32_t wanted;
	uint64_t first_ms;
	bool is_judged;
	bool is_held;
	bool is_open;
	bool was_told;
	bool is_in_doubt;
	uint64_t open_ms;
};

/* All of them, each once, sorted. Zero-initialised is empty and valid. */
struct announce {
	struct announce_addr *list;
	size_t n;
};

/**
 * struct announce_scene - what is decided from
 * @plan: built from @conf
 * @is_known: of a backend, by indices in @conf: there is a verdict, or there will be none
 * @arg: for @is_known
 * @is_drained: the whole balancer is
 * @is_held: peers have not told yet what they have
 * @now_ms, @now_wall_s: the time, on both clocks
 */
struct announce_scene {
	const struct conf *conf;
	const struct plan *plan;
	bool (*is_known)(void *arg, size_t service, size_t backend);
	void *arg;
	bool is_drained;
	bool is_held;
	uint64_t now_ms;
	uint64_t now_wall_s;
};

/* As things stand. Return: 0, or -ENOMEM and nothing changed. */
int announce_follow(struct announce *a, const struct announce_scene *scene);
void announce_free(struct announce *a);

/**
 * announce_keep() - those of @a that are addresses of @plan, too, as they are
 * @out: released with free() of its list; services are still @a's. With none of them its
 *	list is NULL
 *
 * Return: 0, or -ENOMEM and @out is untouched.
 */
int announce_keep(const struct announce *a, const struct plan *plan, struct announce *out);

/* No VIP any more, whatever its services have. */
void announce_withdraw(struct announce *a, uint64_t now_wall_s);

/* NULL if it is none of them. */
const struct announce_addr *announce_find(const struct announce *a, const struct shunt_addr *addr);

/* Time alone may change something. */
bool announce_is_open(const struct announce *a);

/* One of them is in that state. */
bool announce_has(const struct announce *a, enum announce_state state);

#endif /* PLAN_ANNOUNCE_H */
