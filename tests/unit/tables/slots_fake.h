/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps that tables are written to, in memory: lines of slots, listings, and what
 * a former data plane had.
 */
#ifndef TESTS_SLOTS_FAKE_H
#define TESTS_SLOTS_FAKE_H

#include "tables/tables.h"

#define FAKE_LINES 8192
#define FAKE_LISTING_LINES 256

/**
 * struct slots_fake
 * @look: called before each write, if it is not NULL: what do packets see?
 * @fail_lines: lines() calls from now on until one fails; 0: none does
 * @former, @has_former: what read_former() says, of which tables; NULL: none, all
 * @repoints: calls of repoint()
 */
struct slots_fake {
	struct shunt_slot_line lines[FAKE_LINES];
	struct shunt_service_line listings[FAKE_LISTING_LINES];
	uint32_t n_lines;
	void (*look)(struct slots_fake *fake);
	unsigned int fail_lines;
	const uint32_t *former;
	bool (*has_former)(uint32_t number);
	unsigned int repoints;
};

extern const struct map_ops slots_fake_ops;

/* The key of the service that a test calls @n. */
struct shunt_service_key slots_fake_key(uint32_t n);
/* Its listing, or NULL. */
const struct shunt_listing *slots_fake_listing(const struct slots_fake *fake, uint32_t n);
/* The slot that packets of a service see, as a word. */
uint32_t slots_fake_word(const struct slots_fake *fake, const struct shunt_service *s,
			 uint32_t slot);

#endif /* TESTS_SLOTS_FAKE_H */
