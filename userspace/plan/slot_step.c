/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/slot_step.h"

/* Packets that know no better go to prev. */
static bool state_uses_prev(uint32_t state)
{
	return state == SHUNT_SLOT_MIGRATING || state == SHUNT_SLOT_PINNING;
}

static uint32_t step_same_owner(uint32_t word, bool prev_lives)
{
	const uint32_t state = SHUNT_SLOT_STATE(word);

	if (prev_lives)
		return word;
	return SHUNT_SLOT(state_uses_prev(state) ? SHUNT_SLOT_PINNED : state, 0,
			  SHUNT_SLOT_CUR(word));
}

static uint32_t step_new_owner(uint32_t word, uint32_t owner, bool prev_lives, bool cur_lives)
{
	const uint32_t state = SHUNT_SLOT_STATE(word);

	if (state_uses_prev(state) && prev_lives)
		return SHUNT_SLOT(SHUNT_SLOT_MIGRATING, SHUNT_SLOT_PREV(word), owner);
	if (cur_lives)
		return SHUNT_SLOT(SHUNT_SLOT_MIGRATING, SHUNT_SLOT_CUR(word), owner);
	return SHUNT_SLOT(state == SHUNT_SLOT_STABLE ? SHUNT_SLOT_STABLE : SHUNT_SLOT_PINNED, 0,
			  owner);
}

/* Words may be those of a former daemon: no member is too large to be asked of. */
static bool lives(const struct id_set *alive, uint32_t base, uint32_t member)
{
	const uint32_t id = base + member;

	return member && id < SHUNT_MAX_BACKENDS && id_set_has(alive, id);
}

uint32_t slot_step(uint32_t word, uint32_t owner, uint32_t base, const struct id_set *alive)
{
	const uint32_t cur = SHUNT_SLOT_CUR(word), prev = SHUNT_SLOT_PREV(word);
	const bool prev_lives = lives(alive, base, prev);

	return owner == cur ? step_same_owner(word, prev_lives)
			    : step_new_owner(word, owner, prev_lives, lives(alive, base, cur));
}
