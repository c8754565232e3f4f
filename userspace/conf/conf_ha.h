/* SPDX-License-Identifier: BSD-2-Clause */
/* ha: several balancers for the same addresses, and how the network learns of one. */
#ifndef CONF_CONF_HA_H
#define CONF_CONF_HA_H

#include <stdbool.h>
#include <stdint.h>

/* Who is told that packets for the VIPs may come here. */
enum conf_announce {
	CONF_ANNOUNCE_NONE, /* nobody, by us */
	CONF_ANNOUNCE_ROUTES, /* a routing daemon, which learns routes from the kernel */
	CONF_ANNOUNCE_VRRP_FILE, /* keepalived, which looks at a file */
};

/**
 * struct conf_ha_routes - the routes that say that an address is here
 * @table, @protocol: nobody else uses both; of RTA_TABLE and rtm_protocol
 * @metric: 0 is 1024 for IPv6, as the kernel takes it
 * @drain_metric: greater than that: of a balancer that is drained
 * @pool: addresses of nat.pool have one, too
 */
struct conf_ha_routes {
	uint32_t table;
	uint32_t protocol;
	uint32_t metric;
	uint32_t drain_metric;
	bool pool;
};

struct conf_ha {
	enum conf_announce announce;
	struct conf_ha_routes routes;
	const char *vrrp_file;
};

/* What the kernel makes of the metric 0 of an IPv6 route (IP6_RT_PRIO_USER). */
#define CONF_HA_IPV6_METRIC 1024

const char *conf_announce_name(enum conf_announce a);

#endif /* CONF_CONF_HA_H */
