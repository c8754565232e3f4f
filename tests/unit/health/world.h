/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for tests of health: a config of one service, a prober in a child,
 * and servers on the loopback that are played by the test itself, in one loop.
 * Nothing sleeps: the loop runs until what is awaited has happened, or fails.
 */
#ifndef TEST_HEALTH_WORLD_H
#define TEST_HEALTH_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "conf/conf.h"
#include "health/health.h"

#define WORLD_BACKENDS 4

/* Long enough for a loaded machine under sanitizers. */
#define WORLD_PATIENCE_MS 20000

/**
 * struct server - what answers behind one backend
 * @listener: -1 if nobody listens
 * @reply: sent after the request's blank line; NULL: nothing is ever said
 * @speaks_first: @reply waits for no request
 * @bytewise: one byte a turn
 * @hang_up: close after @reply
 * @peer: the connection of now, or -1
 * @from: whose it is, or the last one's: it may be over before anybody asks
 * @request: of the last connection
 * @is_udp: of checks over UDP; the rest is theirs: @answer returns the bytes of
 *	the answer, 0 for none, and @n_questions is how often it was asked
 */
struct server {
	int listener;
	uint16_t port;
	const char *reply;
	size_t reply_len;
	bool bytewise;
	bool hang_up;
	bool speaks_first;
	int peer;
	struct sockaddr_storage from;
	size_t sent;
	char request[1024];
	size_t request_len;
	bool is_udp;
	size_t (*answer)(const uint8_t *question, size_t n, uint8_t *out);
	size_t n_questions;
};

struct world {
	struct conf conf;
	struct conf_service service;
	struct conf_backend backends[WORLD_BACKENDS];
	struct server servers[WORLD_BACKENDS];
	struct health *health;
	int changes;
};

/* Intervals of 100 ms, a timeout of 5 s, rise 2 and fall 3, no jitter. */
void world_init(struct world *w);
void world_free(struct world *w);

/* Add a backend named b0, b1, ... at @address; the server listens from now on. */
struct server *world_add(struct world *w, const char *address, enum conf_check_type type);

/* Start the prober, in a child that runs @run, and configure. */
void world_start(struct world *w, int (*run)(int socket_fd));

/* Give the present backends to health. */
void world_configure(struct world *w);

/* Play the servers and dispatch, for a moment. */
void world_turn(struct world *w);

/* Turn until @backend was probed @n times in all. */
void world_wait_probes(struct world *w, size_t backend, uint64_t n);

void world_wait_state(struct world *w, size_t backend, enum health_state state);

/* Wait until the prober's pid is neither @old nor none. */
int world_wait_other_prober(struct world *w, int old);

const struct health_status *world_status(const struct world *w, size_t backend);

/* What /proc/@pid/status says of @key, "" if nothing; returns @out. */
const char *status_of(int pid, const char *key, char *out, size_t size);

/* Stop listening; connections are refused from now on. */
void server_close(struct server *s);

#endif /* TEST_HEALTH_WORLD_H */
