/* SPDX-License-Identifier: BSD-2-Clause */
/* What survives a restart: in memory (state.c), and as a file (state_file.c). */
#ifndef APP_STATE_H
#define APP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "health/health.h"
#include "plan/admin.h"
#include "plan/life.h"
#include "plan/plan.h"
#include "plan/rules.h"

/* Packets and bytes of backends that a service no longer has. */
struct retired {
	char *service;
	uint64_t packets;
	uint64_t bytes;
};

/**
 * struct state - what survives a restart, kept in the state directory
 * @hash_key: of the flow hash, made once
 * @edits: backends that came or went at runtime; strings are owned
 * @is_fresh: there was nothing to load: pinned maps cannot be ours
 */
struct state {
	struct ids *ids;
	struct admin admin;
	struct rules rules;
	struct retired *retired;
	size_t n_retired;
	struct conf_edit *edits;
	size_t n_edits;
	uint8_t hash_key[16];
	bool is_fresh;
};

/* Make the state directory and take its lock: -EADDRINUSE if somebody holds it. */
int state_lock(const char *dir, int *lock_fd);

/**
 * struct state_verdict - the health of a backend as it was
 * @state: HEALTH_UNKNOWN if the machine was started again since
 * @warming_wall_s: when it began to warm up (struct life); 0: it does not
 */
struct state_verdict {
	const char *service;
	const char *backend;
	enum health_state state;
	uint64_t since_wall_s;
	uint64_t warming_wall_s;
	enum health_agent agent;
	uint8_t agent_percent;
};

/*
 * What a former daemon left, or a fresh start. A file that cannot be understood is put
 * aside, not overwritten, and said. 0 or a negative errno, logged.
 */
int state_load(struct state *s, const char *dir);
int state_each_verdict(const char *dir, void (*fn)(void *arg, const struct state_verdict *v),
		       void *arg);

/*
 * Write the file in one step: the old one stands until the new one is whole. With
 * @health NULL no verdicts are written. @lives follow @conf. 0 or a negative errno, not
 * logged.
 */
int state_save(const struct state *s, const char *dir, const struct conf *conf,
	       const struct health *health, const struct lives *lives);

#define STATE_BOOT_ID 40

/* Which start of this machine it is, as random(4) tells; "" if it does not. */
void state_boot_id(char out[STATE_BOOT_ID]);

/* A moment on the clock of the wall, on that of clock_now_ms(): never 0; and back. */
uint64_t state_from_wall(uint64_t wall_s);
uint64_t state_to_wall(uint64_t ms);
void state_free(struct state *s);

/* The key of @conf if it has one, else the one that was made. */
void state_hash_key(const struct state *s, const struct conf *conf, __u64 key[2]);

/* 2 * @n hex digits to @n bytes; -EINVAL, and @out untouched, if they are not. */
int state_hex_decode(const char *hex, uint8_t *out, size_t n);

/* Add an edit, copied; -ENOMEM. */
int state_add_edit(struct state *s, const struct conf_edit *edit);
void edits_free(struct conf_edit *edits, size_t n);

/* The sums of a service's former backends; made if absent, NULL without memory. */
struct retired *state_retired(struct state *s, const char *service);

#endif /* APP_STATE_H */
