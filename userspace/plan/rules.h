/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ids of the firewall's rules, by which the program counts hits. A rule keeps its id as long
 * as it is there, over reloads and restarts, so that its counter goes on.
 */
#ifndef PLAN_RULES_H
#define PLAN_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct rule_id
 * @name: what the rule is, and of whom; owned
 * @wanted: since the last rules_begin()
 * @is_new: given out since then, too: its counter is somebody else's still
 */
struct rule_id {
	char *name;
	uint32_t id;
	bool wanted;
	bool is_new;
};

/* Zero-initialised is empty and valid. */
struct rules {
	struct rule_id *ids;
	size_t n;
};

/* From here on up to rules_end() ids are asked for, each of those that are wanted. */
void rules_begin(struct rules *r);

/*
 * The id of a rule: that which it has, or one that nobody has, not even one of those who
 * have lost theirs since rules_begin(). 0: there is none left, or no memory.
 */
uint32_t rules_get(struct rules *r, const char *name);

/* Those that nobody has asked for are free. */
void rules_end(struct rules *r);

/* An id that was given out before a restart. -EINVAL if that cannot be; -ENOMEM. */
int rules_restore(struct rules *r, const char *name, uint32_t id);

void rules_free(struct rules *r);

#endif /* PLAN_RULES_H */
