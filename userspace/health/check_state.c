/* SPDX-License-Identifier: BSD-2-Clause */
#include "health/check_state.h"

/* splitmix64: any seed will do, and 64 bits of state are plenty for jitter. */
uint64_t check_state_draw(struct check_state *s, uint64_t bound)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return bound ? z % bound : 0;
}

void check_state_init(struct check_state *s, uint64_t seed, uint64_t due_ms)
{
	*s = (struct check_state){ .random = seed, .due_ms = due_ms };
}

void check_state_adopt(struct check_state *s, enum health_state state)
{
	s->state = state;
	s->rising = 0;
	s->falling = 0;
}

void check_state_start(struct check_state *s, uint64_t now_ms)
{
	s->started_ms = now_ms;
}

static void note_pass(struct check_state *s, const struct check_timing *t)
{
	s->falling = 0;
	if (s->state == HEALTH_UP)
		return;
	s->rising++;
	if (s->state == HEALTH_UNKNOWN || s->rising >= t->rise)
		check_state_adopt(s, HEALTH_UP);
}

static void note_failure(struct check_state *s, const struct check_timing *t)
{
	s->rising = 0;
	if (s->state == HEALTH_DOWN)
		return;
	s->falling++;
	if (s->state == HEALTH_UNKNOWN || s->falling >= t->fall)
		check_state_adopt(s, HEALTH_DOWN);
}

static uint32_t pick_interval_ms(const struct check_state *s, const struct check_timing *t)
{
	if (s->state == HEALTH_UNKNOWN || s->rising || s->falling)
		return t->fast_interval_ms;
	return s->state == HEALTH_DOWN ? t->down_interval_ms : t->interval_ms;
}

static uint64_t draw_wait_ms(struct check_state *s, const struct check_timing *t)
{
	uint64_t wait = pick_interval_ms(s, t);
	uint64_t span = wait * (t->jitter_percent < 100 ? t->jitter_percent : 100) / 100;

	if (s->apart || s->state == HEALTH_UNKNOWN)
		return wait - span + check_state_draw(s, 2 * span + 1);
	s->apart = true;
	return 1 + check_state_draw(s, wait);
}

bool check_state_finish(struct check_state *s, const struct check_timing *t,
			enum check_outcome outcome, uint64_t now_ms)
{
	enum health_state old = s->state;

	if (outcome == CHECK_PASSED)
		note_pass(s, t);
	else if (outcome == CHECK_FAILED)
		note_failure(s, t);
	s->due_ms = s->started_ms + draw_wait_ms(s, t);
	if (s->due_ms < now_ms)
		s->due_ms = now_ms;
	return s->state != old;
}

static uint64_t soonest_ms(const struct check_state *s, const struct check_timing *t,
			   uint64_t now_ms)
{
	const uint64_t fast_ms = s->started_ms + t->fast_interval_ms;

	return fast_ms > now_ms ? fast_ms : now_ms;
}

bool check_state_may_hasten(const struct check_state *s, const struct check_timing *t,
			    uint64_t now_ms)
{
	return s->state == HEALTH_UP && !s->falling && soonest_ms(s, t, now_ms) < s->due_ms;
}

void check_state_hasten(struct check_state *s, const struct check_timing *t, uint64_t now_ms)
{
	s->due_ms = soonest_ms(s, t, now_ms);
	s->apart = false;
}

bool check_state_hasten_down(struct check_state *s, const struct check_timing *t, uint64_t now_ms)
{
	const uint64_t soon_ms = soonest_ms(s, t, now_ms);

	if (s->state != HEALTH_DOWN || soon_ms >= s->due_ms)
		return false;
	s->due_ms = soon_ms;
	return true;
}

uint64_t check_state_first_ms(const struct check_timing *t, size_t index, size_t n)
{
	/* Tens of thousands of targets take longer than the usual spread. */
	uint64_t spread = n / 4 > CHECK_SPREAD_MS ? n / 4 : CHECK_SPREAD_MS;

	if (spread > t->interval_ms)
		spread = t->interval_ms;
	return n ? spread * index / n : 0;
}
