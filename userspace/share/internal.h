/* SPDX-License-Identifier: BSD-2-Clause */
/* struct share, for the files of this floor. */
#ifndef SHARE_INTERNAL_H
#define SHARE_INTERNAL_H

#include "dataplane/shared.h"
#include "share/budget.h"
#include "share/catch_up.h"
#include "share/idents.h"
#include "share/link.h"
#include "share/session.h"
#include "share/share.h"

/**
 * struct share_peer - somebody of the config, or of the group
 * @expected: he is in the config
 * @heard: and that was said; since then he has not been silent
 * @heard_ms, @round_ms: 0: never
 */
struct share_peer {
	char name[MESSAGE_MAX_NAME + 1];
	bool expected;
	bool heard;
	uint64_t heard_ms;
	uint64_t round_ms;
	uint64_t datagrams;
};

/**
 * struct share_round - telling all there is
 * @number: of the last one that has begun
 * @pieces: datagrams of it so far
 * @began_ms: 0: it has not
 * @hurry: somebody has begun anew: as fast as the rate allows
 * @with_theirs: and knows nothing: of what others have told us, too
 * @is_over: it waits for the next one
 * @line: of the flow cache, the next one
 */
struct share_round {
	uint32_t number;
	uint32_t pieces;
	uint64_t began_ms;
	bool hurry;
	bool with_theirs;
	bool is_over;
	size_t line;
	double took_s;
};

/**
 * struct share - see share/share.h
 * @conf, @listen, @group, ...: a copy; texts are owned
 * @is_open: @link and @sessions are
 * @trouble: why not; @trouble_err: what of it was logged
 * @idents: unless @is_unnamed, of @plan
 * @name: that others know us by
 * @dp: NULL: nothing is shared
 * @budget: datagrams that may be sent now
 * @answer: somebody waits for a hello
 * @catch_up: what we wait for
 * @draft: what is being put together, if @has_draft
 */
struct share {
	struct conf_peers conf;
	char *texts[4];
	struct conf_endpoint *send_to;
	int epoll_fd, timer_fd;
	bool is_open;
	char trouble[SNAPSHOT_PATH];
	int trouble_err;
	struct link link;
	struct sessions sessions;
	struct idents idents;
	bool is_unnamed;
	char name[MESSAGE_MAX_NAME + 1];
	struct dataplane *dp;
	const struct plan *plan;
	const struct conf *plan_conf;
	struct share_peer peers[SNAPSHOT_PEERS];
	size_t n_peers;
	struct share_round round;
	uint64_t tick_ms, second_ms;
	struct budget budget;
	bool has_draft;
	bool answer;
	struct catch_up catch_up;
	struct message draft;
	struct snapshot_peers count;
};

/* --- peers.c: who they are ------------------------------------------------------------- */

/* Those of the config, and how we are called ourselves. */
void peers_expect(struct share *s);
/* Somebody who has proved himself has told something; once a second: who has not. */
void peers_note(struct share *s, const struct session *who, const struct message *m,
		uint64_t now_ms);
void peers_note_silence(struct share *s, uint64_t now_ms);

/* --- tell.c: what others are to know --------------------------------------------------- */

/* A tick: what is new, and the next part of a round. */
void tell_tick(struct share *s, uint64_t now_ms);
/* Once a second: that we are here. */
void tell_hello(struct share *s, uint64_t now_ms);
/* All there is is to be told as soon as possible. */
void tell_all(struct share *s);
/* And what others have told us, to one who asks for it again until he has heard it. */
void tell_every(struct share *s);

/* --- take.c: what others tell ----------------------------------------------------------- */

/* What is left of a datagram of somebody who has proved himself. */
void take_message(struct share *s, const struct message *m, uint64_t now_ms);

#endif /* SHARE_INTERNAL_H */
