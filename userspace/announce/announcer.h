/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the network what plan/announce.h has decided, in the way that the config names.
 *
 * Nothing is remembered that could be wrong: what is announced now is asked of the
 * kernel, or read, each time. So a daemon that comes after a crash takes over what it
 * finds, without a gap, and what somebody else has taken away is put back.
 */
#ifndef ANNOUNCE_ANNOUNCER_H
#define ANNOUNCE_ANNOUNCER_H

#include <stdbool.h>

#include "conf/conf_ha.h"
#include "plan/announce.h"

struct announcer;

/**
 * announcer_open() - nothing is announced or withdrawn yet
 * @ha: copied; not CONF_ANNOUNCE_NONE
 *
 * Return: 0 or a negative errno, logged.
 */
int announcer_open(const struct conf_ha *ha, struct announcer **out);

/* What is announced stays so. */
void announcer_close(struct announcer *a);

/* It would be the same if it were opened for @ha. */
bool announcer_is_for(const struct announcer *a, const struct conf_ha *ha);
/* One that is opened for @ha takes over what it has announced. */
bool announcer_is_followed_by(const struct announcer *a, const struct conf_ha *ha);

/* One address can be withdrawn; else one word speaks for all of them. */
bool announcer_is_by_address(const struct announcer *a);

/**
 * announcer_follow() - make it so, and say each change
 * @wanted: what is not in it is withdrawn
 *
 * Of an address that is announced in another way afterwards, the new one is there before
 * the old one goes. Return: 0, or a negative errno, logged when it begins: as much as is
 * possible was done, and announcer_is_behind().
 */
int announcer_follow(struct announcer *a, const struct announce *wanted);

/* To be followed again: it did not go well, or somebody has changed what was announced. */
bool announcer_is_behind(struct announcer *a);

/* Readable when it may be behind; then call announcer_dispatch(). -1: there is none. */
int announcer_fd(const struct announcer *a);
void announcer_dispatch(struct announcer *a);

/* The address is announced now, as far as is known. */
bool announcer_has(const struct announcer *a, const struct shunt_addr *addr);

#endif /* ANNOUNCE_ANNOUNCER_H */
