/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may send to services: the part of conf.h that is about the firewall. */
#ifndef CONF_CONF_FIREWALL_H
#define CONF_CONF_FIREWALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/conf_limit.h"
#include "shunt/abi.h"

/* Of all lists of a config together. */
#define CONF_MAX_PREFIXES (1 << 20)
/* Rules that a config may have: the rest of SHUNT_GUARD_RULES is for what follows it. */
#define CONF_MAX_RULES 2048

enum conf_firewall_mode {
	CONF_FIREWALL_ENFORCE,
	CONF_FIREWALL_MONITOR, /* what would be refused is counted, and passes */
};

/* When SYNs to services of nat are answered by cookies. */
enum conf_syn_cookies {
	CONF_SYN_COOKIES_NEVER,
	CONF_SYN_COOKIES_AUTO, /* in a flood */
	CONF_SYN_COOKIES_ALWAYS,
};

/**
 * struct conf_prefix - a network
 * @addr: its first address
 * @bits: of its family: at most 32 of IPv4
 * @line: of the file that it is in, else of the config
 */
struct conf_prefix {
	struct shunt_addr addr;
	uint32_t bits;
	uint32_t line;
};

/* It is the same one as far as these first bytes are. */
#define CONF_PREFIX_KEY_BYTES offsetof(struct conf_prefix, line)

/**
 * struct conf_prefix_rule - prefixes that count as one
 * @name: the prefix, as written; or the path of the file that they are in
 */
struct conf_prefix_rule {
	const char *name;
	bool is_file;
	struct conf_prefix *prefixes;
	size_t n;
};

/**
 * struct conf_prefix_list - what stands behind deny: or allow:
 * @patterns: of files, as written
 */
struct conf_prefix_list {
	struct conf_prefix_rule *rules;
	size_t n;
	const char **patterns;
	size_t n_patterns;
};

/**
 * struct conf_firewall - of all services, or of one
 * @is_written: there is such a section
 * @limits: of a service: beside those of all
 * @tcp_flags_pass, @limit_memory_bytes: of all services only
 * @syn_cookies_above: more SYNs are a flood, of all services together
 */
struct conf_firewall {
	bool is_written;
	enum conf_firewall_mode mode;
	enum conf_syn_cookies syn_cookies;
	struct conf_rate syn_cookies_above;
	struct conf_prefix_list deny;
	struct conf_prefix_list allow;
	struct conf_limits limits;
	bool tcp_flags_pass;
	uint64_t limit_memory_bytes;
};

const char *conf_firewall_mode_name(enum conf_firewall_mode m);
const char *conf_syn_cookies_name(enum conf_syn_cookies c);

/* "192.0.2.0/24", "2001:db8::/32"; without a length it is one address. */
#define CONF_PREFIX_TEXT 50
#define CONF_PREFIX_FLAW "is not a prefix such as 192.0.2.0/24 or 2001:db8::/32"

/* Text to prefix. 0; or -EINVAL, @flaw gets why, "is not ...", and @out is untouched. */
int conf_prefix_parse(const char *text, struct conf_prefix *out, struct buf *flaw);
const char *conf_prefix_format(const struct conf_prefix *p, char out[CONF_PREFIX_TEXT]);

/* A number that another file would hardly have. */
uint64_t conf_prefixes_sum(const struct conf_prefix_rule *rule);

/* @addr is in it. */
bool conf_prefix_has(const struct conf_prefix *p, const struct shunt_addr *addr);
bool conf_prefix_is_equal(const struct conf_prefix *a, const struct conf_prefix *b);

#endif /* CONF_CONF_FIREWALL_H */
