/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What others call what we have: 64 bits of an HMAC of the names and addresses that make
 * it what it is. A backend is one of a service, by its name, that is reached so and at
 * these addresses: if anything of that differs on another balancer it is another backend,
 * and nothing of it is shared, be it for a moment, while a config is rolled out.
 */
#ifndef SHARE_IDENTS_H
#define SHARE_IDENTS_H

#include "plan/plan.h"
#include "share/seal.h"

/**
 * struct ident_backend - one of ours
 * @id: local; @name: everywhere
 * @table: of its service; its flows are in slots, but for those that are @tracked
 * @base: of the block of its service
 * @alive: flows that are pinned to it count
 * @affine: flows stand for clients, and are known by the block
 * @counted: flows in the cache are
 */
struct ident_backend {
	uint64_t name;
	uint32_t id;
	uint16_t base;
	const struct plan_table *table;
	bool is_nat;
	bool alive;
	bool tracked;
	bool affine;
	bool counted;
};

/* An interface that clients come by. */
struct ident_interface {
	uint64_t name;
	int ifindex;
	uint8_t mac[6];
};

/**
 * struct idents - zeroed is empty and valid
 * @by_name: the backends, @n of them, sorted
 * @by_id: indices + 1 in @by_name, @n_ids of them; 0: none
 * @flow_key: which hash key flows are known by
 */
struct idents {
	struct ident_backend *by_name;
	size_t n;
	uint32_t *by_id;
	size_t n_ids;
	struct ident_interface *interfaces;
	size_t n_interfaces;
	uint64_t flow_key;
};

/* Of @plan, which was made of @conf and outlives @out. 0 or a negative errno. */
int idents_make(const struct plan *plan, const struct conf *conf, const uint8_t secret[SEAL_KEY],
		struct idents *out);
void idents_free(struct idents *idents);

/* NULL: there is none. */
const struct ident_backend *idents_by_id(const struct idents *idents, uint32_t id);
const struct ident_backend *idents_find(const struct idents *idents, uint64_t name);

/* By index in the kernel, or by name; the first one if it is not known; NULL: there is none. */
const struct ident_interface *idents_interface_by_index(const struct idents *idents, int ifindex);
const struct ident_interface *idents_find_interface(const struct idents *idents, uint64_t name);

#endif /* SHARE_IDENTS_H */
