/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps of version 2 for the services of town.h and another one, and what becomes of
 * their numbers in a plan of now.
 */
#ifndef TEST_V2_TOWN_H
#define TEST_V2_TOWN_H

#include "town.h"
#include "v2.h"

extern const struct v2_rodata v2_rodata;
/* Of the plan. */
extern const struct town_shape v2_shape;

/* Ids of version 2, which give no hint of the ids that they become. */
enum {
	WEB_1 = 5,
	WEB_2 = 9,
	WEB_3 = 11,
	DNS_1 = 6,
	DNS_2 = 12,
	DNS_4 = 7,
	OTHER_1 = 20,
	NOBODY = 40
};
/* And these are what they become: members count backwards. */
enum {
	NEW_WEB_1 = 35,
	NEW_WEB_2 = 34,
	NEW_WEB_3 = 33,
	NEW_DNS_1 = 19,
	NEW_DNS_2 = 18,
	NEW_DNS_4 = 17
};

#define WEB_TABLE 2
#define DNS_TABLE 1
#define OTHER_TABLE 0

/**
 * v2_town_make() - the maps, pinned
 *
 * All slots are at rest: odd ones have the first server, even ones the second, and of
 * DNS the third. The third of the web servers and the second of the DNS servers are
 * drained: no slots.
 */
void v2_town_make(struct v2 *v2, const struct v2_rodata *rodata);

/* A word as it was, and what becomes of it. */
struct v2_word {
	uint32_t was;
	uint32_t is;
};

#define V2_WORDS 13
extern const struct v2_word v2_words[V2_WORDS];

/* The first slots of the web servers are these. */
void v2_put_words(struct v2 *v2);

#endif /* TEST_V2_TOWN_H */
