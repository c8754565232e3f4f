/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom we hear, and whether they say it now. Whoever knows the secret could have said what
 * is sealed with it; but a stranger can send it again, later or after a restart. So:
 *
 * - Within a session a sequence number counts once (a window as in RFC 4303, 3.4.3).
 * - What is told counts only with the nonce that we have drawn for that session and that
 *   the other end has heard from us. A session that is not known, of a peer that has begun
 *   anew, or one recorded long ago, is asked first: it gets a nonce of its own. So does
 *   one that was silent: what comes then may have been held back on the way.
 *
 * A peer is known by its name. Its new session takes the place of the former one as soon
 * as it has proved itself, and not before: a recording takes nobody's place.
 *
 * Pure but for OpenSSL's random numbers.
 */
#ifndef SHARE_SESSION_H
#define SHARE_SESSION_H

#include "base/ration.h"
#include "share/message.h"
#include "share/seal.h"

/* How long something has to be silent until its place is free. */
#define SESSION_SILENT_MS 3000
/* How long one that was asked has its place for certain: a few datagrams each way. */
#define SESSION_PROVE_MS 1000
#define SESSION_WINDOW 64
/* Datagrams of sessions that are not known, whose keys are made to look at them, in a second. */
#define SESSION_STRANGERS_PER_S 500

/**
 * struct session_rounds - of those in which it tells somebody who has asked all there is
 * @number: of the one that is heard now, of which @pieces were, of @total; 0: it is not over
 * @over: so many were over; @is_whole: nothing of one of these was lost
 */
struct session_rounds {
	uint32_t number;
	uint32_t pieces, total;
	uint32_t over;
	bool is_whole;
};

/**
 * struct session - of somebody whom we hear; zeroed is nobody's
 * @key: that it seals with
 * @id: the first half of @session, by which others speak of it
 * @nonce: that it has to prove itself with, drawn at @asked_ms
 * @proved: it has; @was_proved: it had, be it before a silence
 * @their_nonce: that it has drawn for us; 0: none that we know
 * @highest, @window: sequence numbers that were seen: bit i is @highest - i
 * @heard_ms: when it was last
 * @greeted: it will be told all there is
 */
struct session {
	bool used;
	uint8_t session[SEAL_SESSION];
	uint8_t key[SEAL_KEY];
	uint64_t nonce;
	uint64_t asked_ms;
	bool proved, was_proved;
	uint64_t their_nonce;
	uint64_t highest;
	uint64_t window;
	uint64_t heard_ms;
	bool greeted;
	struct message_hello hello;
	struct session_rounds rounds;
};

static inline uint64_t session_id(const uint8_t session[SEAL_SESSION])
{
	uint64_t id;

	__builtin_memcpy(&id, session, sizeof(id));
	return __builtin_bswap64(id);
}

/* Of peers, as many again may have come back or be recordings. */
#define SESSIONS (2 * MESSAGE_MAX_PEERS)

/* Why a datagram, or what it tells, is not believed. */
enum session_verdict {
	SESSION_OK,
	SESSION_ASKED, /* it has to prove itself first; its hello is fine */
	SESSION_OWN, /* we have sent it ourselves */
	SESSION_FOREIGN, /* not a datagram of ours, or with another key */
	SESSION_REPLAYED, /* it came before */
	SESSION_MALFORMED, /* of a friend, and not to be understood */
	SESSION_CROWDED, /* more peers than there is room for */
	SESSION_VERDICTS,
};

/**
 * struct sessions - all of them
 * @secret: of all
 * @own, @key, @sequence: what we seal with, and the next number
 * @strangers: looked at
 */
struct sessions {
	uint8_t secret[SEAL_KEY];
	uint8_t own[SEAL_SESSION];
	uint8_t key[SEAL_KEY];
	uint64_t sequence;
	struct ration strangers;
	struct session at[SESSIONS];
};

/* A session of ours that is new. 0 or -EIO. */
int sessions_begin(struct sessions *s, const uint8_t secret[SEAL_KEY]);

/* Nothing of it is left, the secret neither. */
void sessions_end(struct sessions *s);

/* What was received, and when. */
struct received {
	const uint8_t *bytes;
	size_t n;
	uint64_t now_ms;
};

/* What was heard of rounds until now does not count: they are heard from the next one on. */
void sessions_begin_rounds(struct sessions *s);

/**
 * sessions_open() - what a datagram says
 * @m: what it says, if the verdict is SESSION_OK or SESSION_ASKED
 * @who: whose it is then
 */
enum session_verdict sessions_open(struct sessions *s, const struct received *in, struct message *m,
				   struct session **who);

/*
 * What each datagram has to say of us and of others: that we hear them, and the nonces that
 * they want to see. Before anything else is put in it.
 */
void sessions_begin_message(const struct sessions *s, uint64_t now_ms, struct message *m);

/* Sealed. Return: its length; -EIO. */
int sessions_close(struct sessions *s, const struct message *m, uint8_t out[SEAL_MAX]);

bool session_is_silent(const struct session *s, uint64_t now_ms);
/* Somebody who has proved himself not long ago would believe what we tell. */
bool session_listens(const struct session *s, uint64_t now_ms);

#endif /* SHARE_SESSION_H */
