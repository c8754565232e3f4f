/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <stdlib.h>

#include "tables/loads.h"

static uint32_t read_word(const __u32 *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

void loads_before(struct loads_look *l, const struct shunt_load *load)
{
	l->active = read_word(&load->active);
	l->opened = read_word(&load->opened);
}

void loads_after(struct loads_look *l, const struct shunt_load *load, uint32_t found)
{
	const uint32_t active = read_word(&load->active);
	const int32_t opened = read_word(&load->opened) - l->opened;
	const int32_t ended = opened - (int32_t)(active - l->active);

	l->sum += (int64_t)(int32_t)l->active + (int32_t)active;
	l->moved += abs(opened) + abs(ended);
	l->found += found;
	l->parts++;
}

int32_t loads_correct(const struct loads_look *l, struct shunt_load *load)
{
	const int64_t wrong = l->parts ? l->sum / (2 * (int64_t)l->parts) - l->found : 0;
	int32_t sure = 0;

	if (wrong > l->moved)
		sure = wrong - l->moved;
	else if (-wrong > l->moved)
		sure = wrong + l->moved;
	if (sure)
		__atomic_fetch_sub(&load->active, sure, __ATOMIC_RELAXED);
	return sure;
}

uint32_t loads_active(const struct shunt_load *load)
{
	const int32_t active = read_word(&load->active);

	return active < 0 ? 0 : active;
}

static void move_word(__u32 *from, __u32 *to)
{
	const uint32_t all = __atomic_exchange_n(from, 0, __ATOMIC_RELAXED);

	if (to)
		__atomic_fetch_add(to, all, __ATOMIC_RELAXED);
}

void loads_move(struct shunt_load *from, struct shunt_load *to)
{
	move_word(&from->active, to ? &to->active : NULL);
	move_word(&from->opened, to ? &to->opened : NULL);
}
