/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who gets a new flow: the owner of the slot that its hash picks, or, where the service
 * has a choice (enum shunt_choice) or limits, of another one. The table says in all
 * cases who may get flows at all and how many, so weights, drains and failures are in it.
 *
 * The least loaded of all would have to be looked for, and would get every new flow until
 * somebody else is. Here two are compared, the owner of the slot and one more, and the
 * first keeps the flow unless it has clearly more to do: that nearly evens the load out,
 * and most flows stay where their hash says.
 *
 * Who is down, or has as many connections as it may, is passed over. Limits are looked at
 * before a connection is counted, so of two CPUs that do so at once both may be let in.
 */
#ifndef BPF_SCHED_H
#define BPF_SCHED_H

#include "load.h"
#include "table.h"
#include "shunt/hash.h"

/* Services that have a choice. */
#define SCHED_CHOOSES (3U << SHUNT_SERVICE_CHOICE_SHIFT | SHUNT_SERVICE_LIMITED)
/* Services of whose flows each stays where it was sent, whatever it is that it sends. */
#define SCHED_DEALS (SCHED_CHOOSES | SHUNT_SERVICE_AFFINITY | SHUNT_SERVICE_COUNTED)

/* Instead of an id: all that were asked have as many connections as they may. */
#define SCHED_OVER_LIMIT 0xffffffffU

/* Slots that the hash picks after the first one, to find somebody else. */
#define SCHED_TRIES 4
/* Slots that are walked along after that: of a hundred backends, most. */
#define SCHED_WALK 128

/*
 * How much more an owner may have to do than another: a sixteenth, and two connections.
 * Simulated with 10 backends that have 500 connections each, the fullest has 3.5 % more
 * than its share (7 % by the hash alone), and 2 % of the flows are not where their hash
 * says; with 50 each 8.5 % and 11 %. Half of that sixteenth moves twice as many.
 */
#define SCHED_SHARE 16
#define SCHED_SLACK 2

enum sched_fit {
	SCHED_FITS,
	SCHED_NOBODY, /* or down, or without a way for this family */
	SCHED_FULL,
};

/* May backend @id get a flow? @flags: of its service. Return: enum sched_fit. */
__noinline __u32 sched_fit(__u32 id, __u32 flags, __u32 v6)
{
	const struct shunt_backend *b = bpf_map_lookup_elem(&shunt_backends, &id);
	const struct shunt_leg *leg;

	if (!id || !b)
		return SCHED_NOBODY;
	leg = v6 ? &b->leg[SHUNT_V6] : &b->leg[SHUNT_V4];
	if (!leg->forward || leg->flags & (SHUNT_LEG_DEAD | SHUNT_LEG_RESET))
		return SCHED_NOBODY;
	return flags & SHUNT_SERVICE_LIMITED && load_is_over(id, 1) ? SCHED_FULL : SCHED_FITS;
}

/* Another hash of the same flow, of which nothing follows from the first. */
static __always_inline __u64 sched_rehash(__u64 hash)
{
	return shunt_hash_word(hash, 0xd6e8feb86659fd93ULL);
}

/* Has @own clearly more to do, for its weight, than @other? */
static __always_inline bool sched_is_busier(__u32 own, __u32 other)
{
	const struct shunt_load *a = load_find(own), *b = load_find(other);

	if (!a || !b || !b->weight)
		return false;
	return (__u64)load_active(a) * b->weight * SCHED_SHARE >
	       (__u64)load_active(b) * a->weight * (SCHED_SHARE + 1) +
		       (__u64)SCHED_SLACK * b->weight * SCHED_SHARE;
}

/* The slot that is asked first. */
static __always_inline __u32 sched_slot(__u64 hash, __u32 base, __u32 choice)
{
	struct shunt_load *load;

	if (choice == SHUNT_CHOICE_RANDOM)
		return bpf_get_prandom_u32();
	if (choice != SHUNT_CHOICE_TURN)
		return hash;
	load = load_find(base);
	return load ? __sync_fetch_and_add(&load->turn, 1) : hash;
}

/* The owner of the slot of @hash, or of another one that has less to do. */
static __always_inline __u32 sched_least(__u64 hash, const struct shunt_service *s, __u32 flags,
					 __u32 v6)
{
	const __u32 own = table_owner(s, hash);
	__u32 other = own;

	for (int i = 0; i < SCHED_TRIES && other == own; i++) {
		hash = sched_rehash(hash);
		other = table_owner(s, hash);
	}
	if (other == own || sched_fit(other, flags, v6) != SCHED_FITS)
		return own;
	return sched_is_busier(own, other) ? other : own;
}

/* Who is asked first, and then those that the hash picks; turns are not picked by it. */
__noinline __u32 sched_by_hash(__u64 hash, __u64 service, __u32 flags, __u32 v6)
{
	const struct shunt_service s = table_unpack(service);
	const __u32 choice = SHUNT_SERVICE_CHOICE(flags);
	__u32 id = choice == SHUNT_CHOICE_LEAST ? sched_least(hash, &s, flags, v6)
						: table_owner(&s, sched_slot(hash, s.base, choice));

	if (!(flags & SCHED_CHOOSES))
		return id;
	for (int i = 0; sched_fit(id, flags, v6) != SCHED_FITS; i++) {
		if (i == SCHED_TRIES || choice == SHUNT_CHOICE_TURN)
			return 0;
		hash = sched_rehash(hash);
		id = table_owner(&s, hash);
	}
	return id;
}

/*
 * Slots in a row, from the next turn on, or from anywhere, so that a flow that comes again
 * is not refused for the same reason again. Where all are down the owner of the slot is as
 * good as any.
 */
__noinline __u32 sched_walk(__u64 hash, __u64 service, __u32 flags, __u32 v6)
{
	const struct shunt_service s = table_unpack(service);
	const bool turns = SHUNT_SERVICE_CHOICE(flags) == SHUNT_CHOICE_TURN;
	const __u32 slot = sched_slot(0, s.base, turns ? SHUNT_CHOICE_TURN : SHUNT_CHOICE_RANDOM);
	__u32 none = 0;

	for (int i = 0; i < SCHED_WALK; i++) {
		const __u32 id = table_owner(&s, slot + i);
		const __u32 fit = sched_fit(id, flags, v6);

		if (fit == SCHED_FITS)
			return id;
		if (fit == SCHED_FULL)
			none = SCHED_OVER_LIMIT;
	}
	return none ?: table_owner(&s, hash);
}

/**
 * sched_pick() - who gets a new flow
 * @hash: of the flow
 * @service: table_pack()
 * @flags: SHUNT_SERVICE_*
 * @v6: the family of its packets
 *
 * Nothing is counted, but whose turn it is. Return: an id; 0 for nobody; SCHED_OVER_LIMIT.
 */
static __always_inline __u32 sched_pick(__u64 hash, __u64 service, __u32 flags, __u32 v6)
{
	const __u32 id = sched_by_hash(hash, service, flags, v6);

	return id || !(flags & SCHED_CHOOSES) ? id : sched_walk(hash, service, flags, v6);
}

#endif /* BPF_SCHED_H */
