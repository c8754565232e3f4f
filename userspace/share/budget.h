/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much may be told: datagrams of a rate, thousandths of one being tokens. A part is kept
 * for rounds: however much is new, others hear again what is old, before they take it for
 * gone. What rounds do not need is there for what is new, and the other way round.
 */
#ifndef SHARE_BUDGET_H
#define SHARE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Of a datagram. */
#define BUDGET_TOKEN 1000

/**
 * struct budget - zeroed, nothing may be sent
 * @tokens: that are there
 * @kept: of these, for rounds
 * @least: what has to be left of @tokens by whoever tells now
 * @held_back: somebody was
 */
struct budget {
	uint64_t tokens;
	uint64_t kept;
	uint64_t least;
	bool held_back;
};

/* What @passed_ms are worth, of @rate datagrams a second: no more than a burst is there. */
void budget_refill(struct budget *b, uint32_t rate, uint64_t passed_ms);

/* From now on it is what is new; @is_round: a round is under way, and its part stays. */
void budget_begin_news(struct budget *b, bool is_round);
/* From now on it is a round; @is_all: nothing new waits. */
void budget_begin_round(struct budget *b, bool is_all);
/* Neither. */
void budget_end(struct budget *b);

/* One datagram may be sent; it was not. */
bool budget_take(struct budget *b);
void budget_return(struct budget *b);

#endif /* SHARE_BUDGET_H */
