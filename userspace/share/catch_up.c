/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/catch_up.h"

#include "base/array.h"

struct catch_up catch_up_begin(const struct conf_peers *conf, bool is_empty, uint64_t now_ms)
{
	return (struct catch_up){
		.began_ms = now_ms,
		.answer_ms = is_empty ? CATCH_UP_EMPTY_MS : CATCH_UP_ADOPTED_MS,
		.expected = conf->n_send_to,
		.are_all = !conf->group,
	};
}

static bool has_told(const struct session *at)
{
	return at->rounds.is_whole || at->rounds.over >= CATCH_UP_ROUNDS;
}

/* He answers, and has not told all. That he has proved himself need not be known yet. */
static bool is_owing(const struct session *at, uint64_t now_ms)
{
	return at->used && at->their_nonce && !session_is_silent(at, now_ms) && !has_told(at);
}

size_t catch_up_told(const struct sessions *s)
{
	size_t n = 0;

	array_for_each (at, s->at, array_len(s->at))
		n += at->used && at->was_proved && has_told(at);
	return n;
}

bool catch_up_waits(const struct catch_up *c, const struct sessions *s, uint64_t now_ms)
{
	const uint64_t passed_ms = now_ms - c->began_ms;

	if (!c->began_ms || passed_ms >= CATCH_UP_MAX_MS)
		return false;
	array_for_each (at, s->at, array_len(s->at))
		if (at->was_proved && is_owing(at, now_ms))
			return true;
	return passed_ms < c->answer_ms && (!c->are_all || catch_up_told(s) < c->expected);
}

void catch_up_ask(const struct catch_up *c, const struct sessions *s, uint64_t now_ms,
		  struct message *m)
{
	if (!c->began_ms || now_ms - c->began_ms >= CATCH_UP_ASK_MS)
		return;
	array_for_each (at, s->at, array_len(s->at))
		if (is_owing(at, now_ms) && m->n_wants < array_len(m->wants))
			m->wants[m->n_wants++] = session_id(at->session);
}
