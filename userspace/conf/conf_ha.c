/* SPDX-License-Identifier: BSD-2-Clause */
/* ha: what has to do with other balancers: what the network is told, and who shares what. */
#include <linux/rtnetlink.h>

#include "conf/conf_tables.h"

#define OFF(member) offsetof(struct conf_ha, member)

static const struct conf_field routes_rows[] = {
	{
		.key = "table",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(routes.table),
		.min = 1,
		.max = UINT32_MAX,
		.preset = "250",
		.doc = "The routing table that they are in. Best one that nothing else uses, and "
		       "that no rule leads to: packets are not to take these routes.",
	},
	{
		.key = "protocol",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(routes.protocol),
		.min = RTPROT_STATIC + 1,
		.max = 255,
		.preset = "233",
		.doc = "The protocol that they are marked with. In the table, routes with this "
		       "mark "
		       "belong to the daemon, which removes those that it does not want; no other "
		       "is touched. Two daemons in one network namespace need different ones, or "
		       "different tables: else each removes what the other one announces, and so "
		       "does shuntd --detach.",
	},
	{
		.key = "metric",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(routes.metric),
		.max = UINT32_MAX,
		.preset = "0",
		.doc = "Their metric. 0 is 1024 for IPv6, as with ip route.",
	},
	{
		.key = "drain_metric",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(routes.drain_metric),
		.min = 1,
		.max = UINT32_MAX,
		.preset = "4096",
		.doc = "Their metric after `shunt announce drain`, by which the routing daemon "
		       "knows "
		       "that others are to be preferred. Greater than the other one.",
	},
	{
		.key = "pool",
		.kind = CONF_BOOL,
		.effect = CONF_LIVE,
		.off = OFF(routes.pool),
		.preset = "false",
		.doc = "Whether the addresses of nat.pool have routes, too, so that answers of "
		       "backends find this host. They stay when the daemon is drained or stops, "
		       "as long as the program is on the interfaces. Each balancer needs a pool of "
		       "its own.",
	},
};

static void verify_routes(struct conf_job *job, const struct conf_node *node, void *base)
{
	const struct conf_ha_routes *r = &((const struct conf_ha *)base)->routes;
	const uint32_t least = r->metric ?: CONF_HA_IPV6_METRIC;

	if (r->table == RT_TABLE_LOCAL)
		conf_error(job, conf_node_get(node, "table"),
			   "%d is the table of this host's own addresses", RT_TABLE_LOCAL);
	if (r->drain_metric <= least)
		conf_error(job,
			   conf_node_get(node, "drain_metric") ?: conf_node_get(node, "metric"),
			   "drain_metric must be greater than metric, which is %u%s", least,
			   r->metric ? "" : " for IPv6");
}

static const struct conf_fields routes_fields = {
	CONF_FIELDS(routes_rows),
	.verify = verify_routes,
};

static const struct conf_field vrrp_rows[] = {
	{
		.key = "file",
		.kind = CONF_FILE,
		.effect = CONF_LIVE,
		.off = OFF(vrrp_file),
		.max = 1023,
		.preset = "/run/shunt.vrrp",
		.doc = "The file, for track_file of keepalived. It is replaced in one step.",
	},
};

static const struct conf_fields vrrp_fields = { CONF_FIELDS(vrrp_rows) };

static const struct conf_field ha_rows[] = {
	{
		.key = "announce",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf, ha.announce),
		.words = conf_announce_words,
		.preset = "none",
		.doc = "How the network learns that it may send packets for the VIPs here: routes "
		       "puts a route for each VIP into the kernel, for a routing daemon that "
		       "learns and exports it; vrrp_file writes 0 (fit) or 1 (unfit) to a file, "
		       "for keepalived. After a reload with another value, or another file, the "
		       "former file says 1 for good: take it out of track_file of keepalived "
		       "before that. A VIP is not announced before its backends have their "
		       "first verdicts, before peers have told what they have, and while a service "
		       "of it has fewer usable backends than "
		       "min_healthy.",
	},
	{
		.key = "routes",
		.kind = CONF_GROUP,
		.fields = &routes_fields,
		.off = offsetof(struct conf, ha),
		.doc = "The routes of announce: routes.",
	},
	{
		.key = "vrrp",
		.kind = CONF_GROUP,
		.fields = &vrrp_fields,
		.off = offsetof(struct conf, ha),
		.doc = "What announce: vrrp_file writes.",
	},
	{
		.key = "peers",
		.kind = CONF_GROUP,
		.fields = &conf_peers_fields,
		.off = offsetof(struct conf, peers),
		.doc = "Balancers that tell each other what cannot be computed: connections of "
		       "nat and fullnat, and what the flow cache knows. So one of them goes on "
		       "with what another one had.",
	},
};

const struct conf_fields conf_ha_fields = { CONF_FIELDS(ha_rows) };
