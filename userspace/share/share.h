/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Balancers tell each other what cannot be computed, so that one of them goes on with what
 * another one had: connections of nat and fullnat, and what the flow cache knows.
 *
 * - What is new is told within a tenth of a second, entries of the flow cache within a
 *   second; all of it again in rounds of ha.peers.refresh, which make up for what was
 *   lost. Nothing is acknowledged.
 * - Who has begun anew is told all at once, as fast as the rate allows; and asks for it once
 *   more if some of it was lost. Until he knows what others have, packets had better go there.
 * - Within the rate, ends of connections come first, then what is new, then rounds, which
 *   have a quarter of it to themselves. What does not fit waits, and is counted.
 *
 * What is sent is in share/message.h, who is believed in share/session.h; what becomes of
 * it in tables/conns_share.h and tables/flows_share.h.
 */
#ifndef SHARE_SHARE_H
#define SHARE_SHARE_H

#include "conf/conf.h"
#include "dataplane/dataplane.h"
#include "plan/plan.h"

struct share;

/**
 * share_create() - begin to hear others
 * @conf: with @listen; copied
 *
 * What cannot be had, as an address that is not there yet or a secret that others may
 * read, is logged and tried again once a second. Return: 0 or a negative errno, logged.
 */
int share_create(const struct conf_peers *conf, struct share **out);
void share_free(struct share *s);

/* It goes by @conf already; its secret may be another one by now. */
bool share_is_of(const struct share *s, const struct conf_peers *conf);
/* The secret is read again. */
void share_reload(struct share *s);

/**
 * share_follow() - the maps are those of @dp and hold @plan now
 * @plan, @conf: that it was made of; they live until the next call. NULL: it is not known
 *	what they hold, and nothing is shared meanwhile
 */
void share_follow(struct share *s, struct dataplane *dp, const struct plan *plan,
		  const struct conf *conf);

/* Readable when share_dispatch() has something to do. */
int share_fd(const struct share *s);
void share_dispatch(struct share *s, uint64_t now_ms);

/**
 * share_catch_up() - we have begun anew, and ask others for what they have
 * @is_empty: our maps hold nothing
 */
void share_catch_up(struct share *s, bool is_empty, uint64_t now_ms);
/* Others may have what is not here yet; not for ever. Changes in share_dispatch(). */
bool share_is_behind(const struct share *s);

void share_describe(const struct share *s, uint64_t now_ms, struct snapshot_peers *out);

#endif /* SHARE_SHARE_H */
