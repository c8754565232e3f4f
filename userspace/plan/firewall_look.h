/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firewall's prefixes say of an address, found by looking at each: for people who
 * ask why. The program finds the same by shunt/guard.h.
 */
#ifndef PLAN_FIREWALL_LOOK_H
#define PLAN_FIREWALL_LOOK_H

#include "plan/firewall.h"

/**
 * struct firewall_match - a prefix that has the address: of its list and kind the longest
 * @service: whose list it is; NULL: that of all
 * @rule: as in struct firewall_rule
 * @prefix: with the line of the file that it is in
 */
struct firewall_match {
	enum firewall_kind kind;
	const char *service;
	const char *rule;
	bool is_file;
	bool is_runtime;
	bool monitor;
	struct conf_prefix prefix;
};

/**
 * struct firewall_word
 * @match: @n of them: who is allowed before who is denied, by all services' before by its own
 * @decides: whoever lets it pass or keeps it out; NULL: nobody does, and it passes
 */
struct firewall_word {
	struct firewall_match match[4];
	size_t n;
	const struct firewall_match *decides;
};

/* Points into @conf and @admin. @service: NULL: of services that have no list. */
void firewall_look(const struct conf *conf, const struct admin *admin,
		   const struct conf_service *service, const struct shunt_addr *addr,
		   struct firewall_word *out);

#endif /* PLAN_FIREWALL_LOOK_H */
