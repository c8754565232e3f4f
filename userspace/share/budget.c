/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/budget.h"

/* Of the rate, what may be sent at once after a pause. */
#define BURST_MS 200
/* One in so many datagrams is kept for rounds. */
#define ROUNDS_PART 4

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* There is always room for one. */
static uint64_t at_most(uint64_t tokens, uint64_t most)
{
	return least_of(tokens, most > BUDGET_TOKEN ? most : BUDGET_TOKEN);
}

void budget_refill(struct budget *b, uint32_t rate, uint64_t passed_ms)
{
	const uint64_t more = rate * passed_ms, most = (uint64_t)rate * BURST_MS;

	b->tokens = at_most(b->tokens + more, most);
	b->kept = at_most(b->kept + more / ROUNDS_PART, most / ROUNDS_PART);
	b->kept = least_of(b->kept, b->tokens);
	b->held_back = false;
}

void budget_begin_news(struct budget *b, bool is_round)
{
	b->least = is_round ? b->kept : 0;
}

void budget_begin_round(struct budget *b, bool is_all)
{
	b->kept = least_of(b->kept, b->tokens);
	b->least = is_all ? 0 : b->tokens - b->kept;
}

void budget_end(struct budget *b)
{
	/* If something new waits, a round has taken what was kept for it. */
	b->kept = b->tokens > b->least ? least_of(b->kept, b->tokens - b->least) : 0;
	b->least = 0;
}

bool budget_take(struct budget *b)
{
	if (b->tokens < BUDGET_TOKEN + b->least) {
		b->held_back = true;
		return false;
	}
	b->tokens -= BUDGET_TOKEN;
	return true;
}

void budget_return(struct budget *b)
{
	b->tokens += BUDGET_TOKEN;
}
