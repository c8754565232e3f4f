/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits of packets: the part of conf_firewall.h that is about them. */
#ifndef CONF_CONF_LIMIT_H
#define CONF_CONF_LIMIT_H

#include <stddef.h>
#include <stdint.h>

/* Of one service or of all; a service has at most those of both. */
#define CONF_MAX_LIMITS 8
#define CONF_MAX_RATE (10 * 1000 * 1000)

/* What is counted. */
enum conf_limit_match {
	CONF_LIMIT_TCP_SYN, /* the first packets of connections */
	CONF_LIMIT_UDP,
	CONF_LIMIT_PACKETS, /* all */
	CONF_LIMIT_ICMP, /* to VIPs: pings and errors */
};

/* And what the limit is of. */
enum conf_limit_by {
	CONF_LIMIT_BY_SOURCE, /* each of them */
	CONF_LIMIT_BY_SERVICE, /* all of them together, for each service */
};

/* @count in each @per_s seconds: 1, 60 or 3600 of them. */
struct conf_rate {
	uint32_t count;
	uint32_t per_s;
};

/**
 * struct conf_limit
 * @prefix4, @prefix6: sources with so many leading bits in common are one
 * @burst: that may come at once, never 0
 */
struct conf_limit {
	const char *name;
	enum conf_limit_match match;
	enum conf_limit_by by;
	uint32_t prefix4;
	uint32_t prefix6;
	struct conf_rate rate;
	uint32_t burst;
};

/* What stands behind rate_limit:. */
struct conf_limits {
	struct conf_limit *limits;
	size_t n;
};

const char *conf_limit_match_name(enum conf_limit_match m);
const char *conf_limit_by_name(enum conf_limit_by b);

/* "200/s", "10/m", "1/h" */
#define CONF_RATE_TEXT 16
const char *conf_rate_format(const struct conf_rate *r, char out[CONF_RATE_TEXT]);

#endif /* CONF_CONF_LIMIT_H */
