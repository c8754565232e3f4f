/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What talk and talk_server say to each other, and what talk knows of the
 * conversations it holds. Times are of CLOCK_MONOTONIC.
 */
#ifndef NETNS_TALK_H
#define NETNS_TALK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define TALK_NAME 24
#define TALK_MAX_SERVERS 16
#define TALK_MAX_GROUPS 8

struct talk_ask {
	uint64_t id;
};

struct talk_answer {
	uint64_t id; /* as asked */
	char name[TALK_NAME]; /* of the server, filled up with zeroes */
};

enum session_state {
	SESSION_CLOSED,
	SESSION_CONNECTING,
	SESSION_IDLE,
	SESSION_ASKED,
	SESSION_BROKEN, /* and not opened again */
};

/**
 * struct session - one connection, and those that follow in its place
 * @id: number of the connection in the high half, of the question in the low one
 * @asked_us: when it was asked last, or when connecting began
 * @longest_us: the longest wait for an answer
 * @server: which of struct talk's, -1 before the first answer
 */
struct session {
	struct group *group;
	enum session_state state;
	int fd;
	uint64_t id;
	uint64_t opened_us;
	uint64_t asked_us;
	uint64_t longest_us;
	int server;
};

/**
 * struct group - connections to one VIP in one rhythm, taking turns
 * @pace_us: from one question of a connection to its next
 * @life_us: a connection's age when it is replaced; 0: never
 */
struct group {
	struct sockaddr_storage to;
	struct session *sessions;
	uint64_t n;
	uint64_t pace_us;
	uint64_t life_us;
	uint64_t turns;
};

struct server {
	char name[TALK_NAME];
	uint64_t answers;
	uint64_t broken;
};

/**
 * struct talk - all of it
 * @scale: how much slower than usual this machine may be
 * @opened: sessions of the first round
 * @stalls: answers that came later than TCP takes to send again what was lost
 * @lost: segments of connections that are gone that TCP had to send again, and
 *	that the server did not have already
 * @pause_us: the longest time that this process itself was not run, or was busy
 * @slowest_us: since the last report
 */
struct talk {
	struct group groups[TALK_MAX_GROUPS];
	struct server servers[TALK_MAX_SERVERS];
	size_t n_groups;
	int n_servers;
	int epoll_fd;
	unsigned int reports;
	uint64_t start_us;
	uint64_t scale;
	uint64_t opened;
	uint64_t connections, answers, broken, moved, refused, stalls, lost;
	uint64_t slowest_us;
	uint64_t pause_us;
};

/* Tell of a connection that is @s's no more, and why; it is counted. */
void talk_tell_broken(struct talk *t, const struct session *s, const char *why);

/* Segments of the connection @fd that were lost on their way, as far as TCP knows. */
uint64_t talk_count_lost(int fd);

/* Print how things are, in two lines. */
void talk_report(struct talk *t);

#endif /* NETNS_TALK_H */
