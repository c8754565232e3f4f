/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fewer slots, the more of a table is in the processor's cache; the more
 * slots, the more even the shares. At 100 slots a position one slot is one percent.
 *
 * What the config says counts. Where it says nothing:
 *
 * - A table has what it had, because with other slots all flows are in transition.
 *   It only gets more, and not before it has come down to 25 slots a position.
 * - A new one gets 100 slots a position, and a unit of weight so coarse that each
 *   backend has some 16 positions at most: what a unit is too coarse for is made up
 *   by plan_position.keep, to a few slots. So there is no more than SLOTS_LASTING
 *   for odd weights; only for more backends than these are enough for.
 * - Balancers of a fleet must agree whatever happened to them before, so what a
 *   table had cannot count where all else follows from the config: with `id:` and
 *   with maglev. Nor may the number of backends, as long as that can be avoided:
 *   flows would break where a backend goes and the slots get fewer.
 */
#include "plan/recipe.h"
#include "plan/seats.h"
#include "plan/slots.h"

#define SLOTS_PER_SEAT 100
#define SLOTS_PER_SEAT_LEAST 25

/* However fine its weights are, a table is even to one slot in eight. */
#define SLOTS_PER_SEAT_EVER 8

#define SEATS_PER_BACKEND 16

/* With turns, shares are even to one slot in eight, too: weights 1 and 1000 take 8192. */
#define SLOTS_PER_TURN 8

static uint32_t power_of_two(uint64_t least)
{
	uint32_t n = SHUNT_MIN_SLOTS;

	while (n < least && n < SHUNT_MAX_SLOTS)
		n *= 2;
	return n;
}

static uint32_t most_slots(size_t n_backends)
{
	return n_backends * SLOTS_PER_SEAT_LEAST <= SLOTS_LASTING ? SLOTS_LASTING : SHUNT_MAX_SLOTS;
}

static uint32_t new_slots(size_t n_backends, size_t n_positions)
{
	const uint32_t most = most_slots(n_backends);
	const uint32_t slots = power_of_two((uint64_t)n_positions * SLOTS_PER_SEAT);

	return slots < most ? slots : most;
}

static bool follows_from_config(const struct conf_service *service)
{
	if (service->scheduler == CONF_SCHEDULER_ROUND_ROBIN)
		return false; /* each balancer counts turns of its own */
	return service->scheduler == CONF_SCHEDULER_MAGLEV || seats_are_fixed(service);
}

struct slots_wish slots_wish_of(const struct conf *conf, const struct conf_service *service,
				uint32_t before)
{
	struct slots_wish wish = {
		.fixed = service->slots ? service->slots : conf->slots,
		.before = before,
		.n_backends = service->n_backends,
	};

	if (!wish.fixed && follows_from_config(service)) {
		wish.fixed = new_slots(service->n_backends, service->n_backends);
		if (wish.fixed < SLOTS_LASTING)
			wish.fixed = SLOTS_LASTING;
	}
	return wish;
}

uint32_t slots_seats_max(const struct slots_wish *wish)
{
	const uint32_t most = SLOTS_LASTING / SLOTS_PER_SEAT_LEAST;
	uint64_t seats = (uint64_t)wish->n_backends * SEATS_PER_BACKEND;

	if (wish->fixed)
		return wish->fixed / SLOTS_PER_SEAT_EVER;
	if (seats > most)
		seats = most;
	/* What was dealt out stays, when backends have gone and when rules have changed. */
	if (seats < wish->before / SLOTS_PER_SEAT_EVER)
		seats = wish->before / SLOTS_PER_SEAT_EVER;
	return seats;
}

uint32_t slots_of(const struct slots_wish *wish, size_t n_positions)
{
	uint32_t slots;

	if (wish->fixed)
		return wish->fixed;
	if (wish->before && n_positions * SLOTS_PER_SEAT_LEAST <= wish->before)
		return wish->before;
	slots = new_slots(wish->n_backends, n_positions);
	return slots > wish->before ? slots : wish->before;
}

/* Neither health nor a drain changes how many there are. */
size_t slots_turns(const struct conf_service *service, const struct plan_backend *backends)
{
	size_t most = service->n_backends;

	for (enum plan_pool pool = 0; pool < POOLS; pool++) {
		uint32_t common = 0;
		uint64_t sum = 0;

		for (size_t i = 0; i < service->n_backends; i++) {
			const uint32_t weight = backends[i].weight_enabled;

			if (service->backends[i].backup != (pool == POOL_BACKUP))
				continue;
			common = greatest_common_divisor(weight, common);
			sum += weight;
		}
		sum = common ? sum / common * SLOTS_PER_TURN / SLOTS_PER_SEAT + 1 : 0;
		most = sum > most ? sum : most;
	}
	return most;
}
