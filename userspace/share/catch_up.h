/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has begun anew does not know what others have, and had better not take packets
 * before: their connections would be nobody's. So it asks each of them for all it has,
 * in each hello until a round was heard whole, or so many were that what is missing
 * still has been lost each time. A round is told with the rate that others keep, and to
 * ask again while one is under way changes nothing.
 *
 * Nobody is waited for who says nothing, nor for ever. Pure, on the caller's clock.
 */
#ifndef SHARE_CATCH_UP_H
#define SHARE_CATCH_UP_H

#include "conf/conf.h"
#include "share/session.h"

/* For those who have not answered yet: with empty maps, and with those of a former daemon. */
#define CATCH_UP_EMPTY_MS 5000
#define CATCH_UP_ADOPTED_MS 2000
/* For all of it. */
#define CATCH_UP_MAX_MS 60000
/* Who is heard only later is asked, too, for so long. */
#define CATCH_UP_ASK_MS 600000
/* Rounds that do, whatever is lost of them. */
#define CATCH_UP_ROUNDS 5

/**
 * struct catch_up - zeroed, nothing is waited for
 * @began_ms: 0: it has not
 * @is_over: nobody is waited for any more
 * @answer_ms: for so long somebody may answer first
 * @expected: peers of the config; @are_all: there are no others
 */
struct catch_up {
	uint64_t began_ms;
	bool is_over;
	uint32_t answer_ms;
	size_t expected;
	bool are_all;
};

struct catch_up catch_up_begin(const struct conf_peers *conf, bool is_empty, uint64_t now_ms);

/* How many have told all they have. */
size_t catch_up_told(const struct sessions *s);

/* Somebody who answers has not, or somebody may yet answer. */
bool catch_up_waits(const struct catch_up *c, const struct sessions *s, uint64_t now_ms);

/* Put into a hello whom we ask. */
void catch_up_ask(const struct catch_up *c, const struct sessions *s, uint64_t now_ms,
		  struct message *m);

#endif /* SHARE_CATCH_UP_H */
