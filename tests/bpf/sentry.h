/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program with a firewall, in the town: who is let through, by what a naive search
 * through the lists says. What is let through goes where the reference says, as if there
 * was no firewall; what is not ends in DENIED, untouched; and each is counted by its rule.
 */
#ifndef TESTS_BPF_SENTRY_H
#define TESTS_BPF_SENTRY_H

#include "../lib/guard_ref.h"
#include "rig.h"
#include "tables/guard.h"

#define SENTRY_PREFIXES 30
#define SENTRY_RULES 64

#define DENY(rule) (SHUNT_GUARD_DENY | (rule))
#define ALLOW(rule) (SHUNT_GUARD_ALLOW | (rule))

/**
 * struct sentry
 * @lists: of all services, and that of the services on PORT_DIRECT_OTHER
 * @hits: that rules should have
 */
struct sentry {
	struct rig *rig;
	struct firewall_prefix prefixes[2][SENTRY_PREFIXES];
	struct firewall_list lists[2];
	struct guard_owner owners[SHUNT_FAMILIES];
	__u64 hits[SENTRY_RULES];
};

/* Without lists; never NULL. */
struct sentry *sentry_open(void);
void sentry_close(struct sentry *g);
static inline void sentry_closep(struct sentry **g)
{
	sentry_close(*g);
}

#define _cleanup_sentry_ _cleanup_(sentry_closep)

struct firewall_prefix sentry_prefix(const char *addr, __u32 bits, __u32 verdict);
/* One more in list 0 or 1; and what there is, in place of what was published. */
void sentry_add(struct sentry *g, int list, struct firewall_prefix p);
void sentry_publish(struct sentry *g);

/* One packet; its rules are the caller's to count. */
void sentry_expect(struct sentry *g, const struct packet *p, bool denied);
/* A SYN of @src to a service without a list of its own and to one with, counted. */
void sentry_check(struct sentry *g, const struct shunt_addr *src);
/* All counters. */
void sentry_expect_totals(const struct sentry *g);

#endif /* TESTS_BPF_SENTRY_H */
