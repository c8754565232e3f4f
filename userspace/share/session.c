/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/session.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/array.h"

int sessions_begin(struct sessions *s, const uint8_t secret[SEAL_KEY])
{
	memset(s, 0, sizeof(*s));
	memcpy(s->secret, secret, sizeof(s->secret));
	if (RAND_bytes(s->own, sizeof(s->own)) != 1)
		return -EIO;
	return seal_derive(s->secret, s->own, s->key);
}

void sessions_end(struct sessions *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

/* --- who it is ---------------------------------------------------------------------------- */

static struct session *find(struct sessions *s, const uint8_t session[SEAL_SESSION])
{
	array_for_each (at, s->at, array_len(s->at))
		if (at->used && !memcmp(at->session, session, SEAL_SESSION))
			return at;
	return NULL;
}

bool session_is_silent(const struct session *s, uint64_t now_ms)
{
	return now_ms - s->heard_ms > SESSION_SILENT_MS;
}

/* It had time to prove itself, and did not. */
static bool is_idle_talk(const struct session *at, uint64_t now_ms)
{
	return !at->proved &&
	       (session_is_silent(at, now_ms) || now_ms - at->asked_ms > SESSION_PROVE_MS);
}

/* A free one; else that of somebody who did not prove himself, or at least of one silent. */
static struct session *find_room(struct sessions *s, uint64_t now_ms)
{
	struct session *silent = NULL, *unproved = NULL;

	array_for_each (at, s->at, array_len(s->at)) {
		if (!at->used)
			return at;
		if (is_idle_talk(at, now_ms) && (!unproved || at->heard_ms < unproved->heard_ms))
			unproved = at;
		if (session_is_silent(at, now_ms) && (!silent || at->heard_ms < silent->heard_ms))
			silent = at;
	}
	return unproved ?: silent;
}

/* From now on it has to prove itself with another nonce. */
static int ask_anew(struct session *at, uint64_t now_ms)
{
	uint64_t nonce;

	if (RAND_bytes((unsigned char *)&nonce, sizeof(nonce)) != 1)
		return -EIO;
	at->nonce = nonce | 1;
	at->asked_ms = now_ms;
	at->proved = at->greeted = false;
	return 0;
}

/* Of a session that is not known: what it would be. */
static int prepare(struct sessions *s, const uint8_t session[SEAL_SESSION], uint64_t now_ms,
		   struct session *out)
{
	if (!ration_take(&s->strangers, SESSION_STRANGERS_PER_S, now_ms))
		return -EBUSY;
	*out = (struct session){ .used = true };
	memcpy(out->session, session, SEAL_SESSION);
	return seal_derive(s->secret, session, out->key);
}

/* --- what came before --------------------------------------------------------------------- */

static bool is_replayed(const struct session *at, uint64_t sequence)
{
	const uint64_t behind = at->highest - sequence;

	if (sequence > at->highest)
		return false;
	return behind >= SESSION_WINDOW || at->window >> behind & 1;
}

static void note_sequence(struct session *at, uint64_t sequence)
{
	const uint64_t ahead = sequence - at->highest;

	if (sequence > at->highest) {
		at->window = ahead < SESSION_WINDOW ? at->window << ahead : 0;
		at->highest = sequence;
	}
	at->window |= 1ULL << (at->highest - sequence);
}

/* --- open -------------------------------------------------------------------------------------- */

/* It has proved itself: the former session of the same peer is over. */
static void replace_former(struct sessions *s, const struct session *who)
{
	array_for_each (at, s->at, array_len(s->at))
		if (at->used && at != who && *who->hello.name &&
		    !strcmp(at->hello.name, who->hello.name))
			*at = (struct session){ 0 };
}

static void note_hello(struct sessions *s, struct session *who, const struct message *m)
{
	if (m->has_hello)
		who->hello = m->hello;
	array_for_each (ask, m->asks, m->n_asks)
		if (ask->session == session_id(s->own))
			who->their_nonce = ask->nonce;
}

static bool proves(const struct session *who, const struct message *m)
{
	array_for_each (proof, m->proofs, m->n_proofs)
		if (*proof == who->nonce)
			return true;
	return false;
}

/* In any order; what is of a former round comes too late. */
static void note_piece(struct session_rounds *r, const struct message *m)
{
	if ((int32_t)(m->piece.round - r->number) < 0)
		return;
	if (m->piece.round != r->number) {
		r->number = m->piece.round;
		r->pieces = r->total = 0;
	}
	r->pieces++;
	if (m->has_round)
		r->total = m->piece.index + 1;
	r->over += m->has_round;
	r->is_whole |= r->pieces == r->total;
}

void sessions_begin_rounds(struct sessions *s)
{
	array_for_each (at, s->at, array_len(s->at))
		at->rounds = (struct session_rounds){ .number = at->rounds.number + 1 };
}

static enum session_verdict judge(struct sessions *s, struct session *who, const struct message *m)
{
	if (!proves(who, m)) {
		/* What an unproved one says of itself is needed for the next step only. */
		if (!who->proved)
			note_hello(s, who, m);
		return SESSION_ASKED;
	}
	note_hello(s, who, m);
	if (!who->proved) {
		who->proved = who->was_proved = true;
		replace_former(s, who);
	}
	if (m->has_piece)
		note_piece(&who->rounds, m);
	return SESSION_OK;
}

enum session_verdict sessions_open(struct sessions *s, const struct received *in, struct message *m,
				   struct session **who)
{
	struct session *at, new, *known;
	uint8_t text[SEAL_MAX];
	struct seal_head head;
	int len;

	if (!seal_read_head(in->bytes, in->n, &head))
		return SESSION_FOREIGN;
	if (!memcmp(head.session, s->own, SEAL_SESSION))
		return SESSION_OWN;
	known = at = find(s, head.session);
	if (known && is_replayed(known, head.sequence))
		return SESSION_REPLAYED;
	if (!known && prepare(s, head.session, in->now_ms, &new))
		return SESSION_FOREIGN;
	len = seal_open(known ? known->key : new.key, in->bytes, in->n, text);
	if (len < 0)
		return SESSION_FOREIGN;
	if (message_parse(m, text, len))
		return SESSION_MALFORMED;
	/* What comes after a silence may have been held back: it is to be said anew. */
	if ((!known || session_is_silent(known, in->now_ms)) && ask_anew(known ?: &new, in->now_ms))
		return SESSION_FOREIGN;
	if (!known) {
		at = find_room(s, in->now_ms);
		if (!at)
			return SESSION_CROWDED;
		*at = new;
	}
	note_sequence(at, head.sequence);
	at->heard_ms = in->now_ms;
	*who = at;
	return judge(s, at, m);
}

/* --- close ------------------------------------------------------------------------------------ */

bool session_listens(const struct session *s, uint64_t now_ms)
{
	return s->used && s->proved && s->their_nonce && !session_is_silent(s, now_ms);
}

static void speak_to(const struct session *at, uint64_t now_ms, struct message *m)
{
	if (!at->used || session_is_silent(at, now_ms))
		return;
	if (m->n_asks < array_len(m->asks))
		m->asks[m->n_asks++] = (struct message_ask){ session_id(at->session), at->nonce };
	if (at->their_nonce && m->n_proofs < array_len(m->proofs))
		m->proofs[m->n_proofs++] = at->their_nonce;
}

/*
 * There is not room for all. Of those who have not proved themselves others come first each
 * time, from anywhere on: hellos are said at regular times.
 */
void sessions_begin_message(const struct sessions *s, uint64_t now_ms, struct message *m)
{
	const size_t first = (now_ms * 0x9e3779b97f4a7c15ULL >> 32) % SESSIONS;

	memset(m, 0, sizeof(*m));
	array_for_each (at, s->at, array_len(s->at))
		if (at->proved)
			speak_to(at, now_ms, m);
	for (size_t i = 0; i < SESSIONS; i++) {
		const struct session *at = &s->at[(first + i) % SESSIONS];

		if (!at->proved)
			speak_to(at, now_ms, m);
	}
}

int sessions_close(struct sessions *s, const struct message *m, uint8_t out[SEAL_MAX])
{
	struct seal_head head = { .sequence = ++s->sequence };
	uint8_t text[MESSAGE_BYTES];
	const size_t n = message_write(m, text);

	memcpy(head.session, s->own, SEAL_SESSION);
	return seal_close(s->key, &head, text, n, out);
}
